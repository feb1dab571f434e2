"""Candidates for spines: positions, frames, patches of image and descriptors."""

from dataclasses import dataclass

import numpy as np

# Grid of the patch around a candidate (um): outwards from the shaft, which lies in it, and along it; in steps of half
# a microscope's resolution.
OUTWARD_UM = np.arange(-1.8, 1.21, 0.15)
ALONG_UM = np.arange(-1.5, 1.51, 0.15)
# Surroundings brighter than the first of these (of the shaft's brightness) are tissue, darker than the second clear.
HAZES = (0.05, 0.02)
DESCRIPTORS = (
    "distance_um", "distance_in_radii", "radius_um", "brightness_in_brightest", "noise_in_shafts",
    "small_blob", "middle_blob", "large_blob", "brightness_in_shafts", "surround_in_shafts",
    "branch_in_brightest", "branch_in_longest", "branch_radius_in_longest", "branch_length_in_longest",
    "standing_out_in_shafts", "small_blob_in_clutter", "middle_blob_in_clutter", "large_blob_in_clutter",
    "shaft_unevenness", "standing_out_in_unevenness",
)  # fmt: skip


@dataclass
class Candidates:
    """Places (n, 3) um, the dendrite each belongs to and where on its line, its frame, patch and facts."""

    places_um: np.ndarray
    dendrite: np.ndarray
    point: np.ndarray
    outward: np.ndarray
    along: np.ndarray
    patches: np.ndarray
    descriptors: np.ndarray

    def __len__(self) -> int:
        return len(self.places_um)

    def subset(self, which: np.ndarray) -> "Candidates":
        """Some of the candidates, by index or mask."""
        return Candidates(**{name: getattr(self, name)[which] for name in Candidates.__annotations__})


def clearness(found: Candidates) -> float:
    """How dark it is around the candidates, from 0 (tissue) to 1 (a clear image)."""
    if not len(found):
        return 0.0
    haze = float(np.median(found.descriptors[:, DESCRIPTORS.index("surround_in_shafts")]))
    return float(np.clip((HAZES[0] - haze) / (HAZES[0] - HAZES[1]), 0, 1))


def concatenate(parts: list[Candidates]) -> Candidates:
    """Several sets of candidates as one."""
    return Candidates(
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in Candidates.__annotations__}
    )
