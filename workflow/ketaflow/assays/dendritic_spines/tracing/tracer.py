"""Dendrites of a stack, traced on a scale on which their shafts have an ordinary width.

Ridges, blobs and patches have sizes in micrometres, and they fit as long as the shaft has an ordinary width. A shaft
far wider or thinner than that has been given a wrong scale, is a trunk or a twig, or lies under a coarse microscope;
in all four its spines look larger or smaller with it, so candidates are sought and judged on the image rescaled to
bring its shaft to the nearest ordinary width. What is measured of a spine afterwards is on the scale the file tells.
"""

from dataclasses import dataclass

import numpy as np

from ketaflow.assays.dendritic_spines.tracing.centreline import dendrite_along
from ketaflow.assays.dendritic_spines.tracing.dendrite import Dendrite
from ketaflow.assays.dendritic_spines.tracing.paths import ridge_paths
from ketaflow.assays.dendritic_spines.tracing.ridges import ridge_strength
from ketaflow.assays.dendritic_spines.tracing.somata import find_somata

# Half widths at half height of a blurred shaft within which nothing is rescaled (um).
ORDINARY_RADIUS_UM = (0.3, 0.6)
# A first trace on a scale wrong by more than this is done again on the right one.
RETRACE = 1.25
# Thinner and dimmer than this share of the longest dendrite: an axon (ratio).
AXON_RATIO = 0.65


@dataclass
class Tracing:
    """Dendrites in true micrometres, the factor that brings their shafts to an ordinary width, somata (y, x)."""

    dendrites: list[Dendrite]
    factor: float
    soma: np.ndarray


def trace_dendrites(
    stack: np.ndarray, picture: np.ndarray, voxel_um: np.ndarray, noise: float, *, min_dendrite_um: float,
    faintest_dendrite_ratio: float,
) -> Tracing:  # fmt: skip
    """Trace the dendrites of a stack without background (z, y, x), ``picture`` its projection (y, x)."""
    rules = {"min_dendrite_um": min_dendrite_um, "faintest_dendrite_ratio": faintest_dendrite_ratio}
    soma = find_somata(picture, float(voxel_um[1]))
    found = _trace(stack, picture, voxel_um, noise, soma, **rules)
    if not found:
        return Tracing([], 1.0, soma)
    factor = _ordinary_scale(found)
    if not 1 / RETRACE <= factor <= RETRACE:
        again = _trace(stack, picture, voxel_um * factor, noise, soma, **rules)
        found = [dendrite.scaled(1 / factor) for dendrite in again] or found
        factor = _ordinary_scale(found)
    return Tracing(found, factor, soma)


def _ordinary_scale(dendrites: list[Dendrite]) -> float:
    """What the median radius of the shaft has to be multiplied by to be an ordinary one."""
    radius = float(np.median(np.concatenate([dendrite.radius_um for dendrite in dendrites])))
    return float(np.clip(radius, *ORDINARY_RADIUS_UM) / radius)


def _trace(
    stack: np.ndarray, picture: np.ndarray, voxel_um: np.ndarray, noise: float, soma: np.ndarray, *,
    min_dendrite_um: float, faintest_dendrite_ratio: float,
) -> list[Dendrite]:  # fmt: skip
    """Every dendrite of a stack (z, y, x) and its projection (y, x), longest first.

    ``noise`` is the standard deviation of a pixel of the projection; where ``soma`` (y, x) is true no dendrite is
    looked for. A branch shorter than ``min_dendrite_um`` is taken for a spine or a stump; a dendrite whose ridge is
    fainter than ``faintest_dendrite_ratio`` of the strongest is taken for one out of focus.
    """
    pixel_um = float(voxel_um[1])
    ridge = np.where(soma, np.float32(0), ridge_strength(picture, pixel_um))
    paths = ridge_paths(ridge, noise, pixel_um, min_dendrite_um=min_dendrite_um, faintest=faintest_dendrite_ratio)
    found = sorted((dendrite_along(path, stack, picture, voxel_um) for path in paths), key=lambda made: -made.length_um)
    return [dendrite for dendrite in found if not _is_axon(dendrite, found[0])]


def _is_axon(dendrite: Dendrite, main: Dendrite) -> bool:
    """Whether a branch is an axon: both much thinner and much dimmer than the longest dendrite."""
    thin = np.median(dendrite.radius_um) < AXON_RATIO * np.median(main.radius_um)
    return bool(thin and np.median(dendrite.brightness) < AXON_RATIO * np.median(main.brightness))
