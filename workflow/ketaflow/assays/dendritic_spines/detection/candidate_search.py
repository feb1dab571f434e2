"""From a stack to its dendrites and the places that could be spines, on a scale on which spines look alike.

Blobs and patches have sizes in micrometres, and they fit as long as the shaft has an ordinary width. A shaft far
wider or thinner than that has been given a wrong scale, is a trunk or a twig, or lies under a coarse microscope; in all
four its spines look larger or smaller with it, so candidates are sought and judged on the image rescaled to bring
its shaft to the nearest ordinary width. What is measured of a spine afterwards is on the scale the file tells.
"""

from dataclasses import dataclass

import numpy as np

from ketaflow.assays.dendritic_spines.detection import candidate_merging, candidates
from ketaflow.assays.dendritic_spines.detection.candidate_merging import SameSpine
from ketaflow.assays.dendritic_spines.detection.candidates import Candidates
from ketaflow.assays.dendritic_spines.tracing import shaft
from ketaflow.assays.dendritic_spines.tracing.shaft import Dendrite

# Half widths at half height of a blurred shaft within which nothing is rescaled (um).
ORDINARY_RADIUS_UM = (0.3, 0.6)
# Blur under which it is looked for a dip between two candidates (um, sigma): it takes off some noise, but adds next to
# nothing to a microscope's own blur, which leaves little of the dip between two heads.
DIP_SIGMA_UM = 0.06
# A first trace on a scale wrong by more than this is done again on the right one.
RETRACE = 1.25


@dataclass
class Traced:
    """Dendrites in true micrometres, the factor that brings their shafts to an ordinary width, somata (y, x)."""

    dendrites: list[Dendrite]
    factor: float
    soma: np.ndarray


def traced(
    stack: np.ndarray, picture: np.ndarray, voxel_um: np.ndarray, noise: float, *, min_dendrite_um: float,
    faintest_dendrite_ratio: float,
) -> Traced:  # fmt: skip
    """Trace the dendrites of a stack without background (z, y, x), ``picture`` its projection (y, x)."""
    rules = {"min_dendrite_um": min_dendrite_um, "faintest_dendrite_ratio": faintest_dendrite_ratio}
    soma = shaft.somata(picture, float(voxel_um[1]))
    found = shaft.dendrites(stack, picture, voxel_um, noise, soma, **rules)
    if not found:
        return Traced([], 1.0, soma)
    factor = _factor(found)
    if not 1 / RETRACE <= factor <= RETRACE:
        again = shaft.dendrites(stack, picture, voxel_um * factor, noise, soma, **rules)
        found = [dendrite.scaled(1 / factor) for dendrite in again] or found
        factor = _factor(found)
    return Traced(found, factor, soma)


def _factor(dendrites: list[Dendrite]) -> float:
    """What the median radius of the shaft has to be multiplied by to be an ordinary one."""
    radius = float(np.median(np.concatenate([dendrite.radius_um for dendrite in dendrites])))
    return float(np.clip(radius, *ORDINARY_RADIUS_UM) / radius)


def offered(picture: np.ndarray, voxel_um: np.ndarray, found: Traced, noise: float, *, reach_um: float) -> Candidates:
    """Candidates in a projection (y, x), their places on the ordinary scale (``found.factor`` times micrometres)."""
    flat = [dendrite.flat().scaled(found.factor) for dendrite in found.dendrites]
    made = candidates.candidates(picture, float(voxel_um[1]) * found.factor, flat, noise, reach_um=reach_um)
    if not found.soma.any():
        return made
    y, x = np.rint(made.places_um[:, 1:] / found.factor / voxel_um[1:]).astype(int).T
    return made.chosen(~found.soma[y, x])


def same_spine(
    picture: np.ndarray, voxel_um: np.ndarray, found: Traced, offered: Candidates, min_distance_um: float
) -> SameSpine:
    """Which of the candidates offered in a projection (y, x) are one spine."""
    pixel_um = float(voxel_um[1]) * found.factor
    smooth = candidates.blurred(picture, DIP_SIGMA_UM, pixel_um)
    return candidate_merging.same_spine(smooth, pixel_um, offered, min_distance_um)


def placed(picture: np.ndarray, voxel_um: np.ndarray, found: Traced, noise: float, places_um: np.ndarray) -> Candidates:
    """Candidates where a person says there are spines (n, 3), in true micrometres."""
    flat = [dendrite.flat().scaled(found.factor) for dendrite in found.dendrites]
    flat_um = places_um[:, 1:] * found.factor
    made = candidates.placed(picture, float(voxel_um[1]) * found.factor, flat, noise, flat_um)
    made.places_um = places_um
    return made
