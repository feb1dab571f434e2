"""Candidates for spines: positions, frames, patches of image and descriptors."""

from dataclasses import dataclass, fields

import numpy as np

from ketaflow.assays.dendritic_spines.detection import constants

_STEP = constants.PATCH_STEP_UM
# Grid of a patch (um): distance outwards from the candidate, negative towards the shaft, and along the shaft.
OUTWARD_UM = np.arange(constants.PATCH_INWARD_UM, constants.PATCH_OUTWARD_UM + _STEP / 15, _STEP)
ALONG_UM = np.arange(-constants.PATCH_ALONG_UM, constants.PATCH_ALONG_UM + _STEP / 15, _STEP)

# Names of the descriptors. "In shafts" is in units of the shaft's brightness beside the candidate, "in brightest" and
# "in longest" compare with the brightest and the longest branch, "in clutter" with blobs beside the shafts.
DESCRIPTORS = (
    "distance_um", "distance_in_radii", "radius_um", "brightness_in_brightest", "noise_in_shafts",
    "small_blob", "middle_blob", "large_blob", "brightness_in_shafts", "surround_in_shafts",
    "branch_in_brightest", "branch_in_longest", "branch_radius_in_longest", "branch_length_in_longest",
    "residual_in_shafts", "small_blob_in_clutter", "middle_blob_in_clutter", "large_blob_in_clutter",
    "shaft_unevenness", "residual_in_unevenness",
)  # fmt: skip


@dataclass(frozen=True)
class Candidates:
    """Places that could be spines.

    Attributes
    ----------
    positions_um : (n, 3) float
        Depth, y, x (um).
    dendrite : (n,) int
        Index of the dendrite each belongs to.
    point : (n,) int
        Index of the nearest point of that dendrite's line.
    outward, along : (n, 3) float
        Unit vectors away from the shaft, and along it.
    patches : (n, outward, along) float32
        Image on the grid ``OUTWARD_UM``, ``ALONG_UM`` around each, in units of the shaft's brightness.
    descriptors : (n, descriptors) float32
        ``DESCRIPTORS`` of each.
    """

    positions_um: np.ndarray
    dendrite: np.ndarray
    point: np.ndarray
    outward: np.ndarray
    along: np.ndarray
    patches: np.ndarray
    descriptors: np.ndarray

    def __len__(self) -> int:
        return len(self.positions_um)

    def descriptor(self, name: str) -> np.ndarray:
        """Return one descriptor of each candidate.

        Parameters
        ----------
        name : str
            One of ``DESCRIPTORS``.

        Returns
        -------
        (n,) float32
            Values in the order of the candidates, in the unit of the descriptor.
        """
        values: np.ndarray = self.descriptors[:, DESCRIPTORS.index(name)]
        return values

    def subset(self, which: np.ndarray) -> "Candidates":
        """Return some of the candidates.

        Parameters
        ----------
        which : (m,) int or (n,) bool
            Indices, or a mask.

        Returns
        -------
        Candidates
            The chosen candidates, in the order of ``which``.
        """
        return Candidates(*(getattr(self, field.name)[which] for field in fields(self)))


def concatenate(parts: list[Candidates]) -> Candidates:
    """Join several sets of candidates.

    Parameters
    ----------
    parts : list of Candidates
        At least one.

    Returns
    -------
    Candidates
        In the order of the parts.
    """
    return Candidates(*(np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(Candidates)))


def clearness(candidates: Candidates) -> float:
    """How dark the surroundings of the candidates are.

    Parameters
    ----------
    candidates : Candidates
        All candidates of an image.

    Returns
    -------
    float
        From 0 (tissue, or no candidates) to 1 (a clear image).
    """
    if not len(candidates):
        return 0.0
    haze = float(np.median(candidates.descriptor("surround_in_shafts")))
    tissue, clear = constants.HAZE_OF_TISSUE, constants.HAZE_OF_CLEAR
    return float(np.clip((tissue - haze) / (tissue - clear), 0, 1))
