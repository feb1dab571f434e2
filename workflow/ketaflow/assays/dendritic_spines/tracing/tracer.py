"""The dendrites of an image, traced on a scale on which their shafts have an ordinary width.

Ridges, blobs and patches have sizes in micrometres, which fit as long as the shaft has an ordinary width. A shaft far
wider or thinner has a wrong scale in its file, is a trunk or a twig, or was imaged at low resolution; its spines look
larger or smaller with it. Candidates are therefore sought and scored in the image rescaled to bring its shaft to the
nearest ordinary width. Spines are measured on the scale of the file.
"""

from dataclasses import dataclass

import numpy as np

from ketaflow.assays.dendritic_spines.tracing import constants
from ketaflow.assays.dendritic_spines.tracing.centreline import dendrite_along
from ketaflow.assays.dendritic_spines.tracing.dendrite import Dendrite
from ketaflow.assays.dendritic_spines.tracing.paths import ridge_paths
from ketaflow.assays.dendritic_spines.tracing.projection import Projection
from ketaflow.assays.dendritic_spines.tracing.ridges import ridge_strength
from ketaflow.assays.dendritic_spines.tracing.somata import find_somata


@dataclass(frozen=True)
class Tracing:
    """Dendrites of an image.

    Attributes
    ----------
    dendrites : list of Dendrite
        Longest first, on the scale of the file.
    scale_factor : float
        Multiplies lengths so that the median radius of the shafts becomes an ordinary one.
    soma : (rows, columns) bool
        True in cell bodies, where no dendrite is traced.
    """

    dendrites: list[Dendrite]
    scale_factor: float
    soma: np.ndarray

    @property
    def ordinary(self) -> list[Dendrite]:
        """The dendrites laid flat, on the ordinary scale."""
        return [dendrite.flat().scaled(self.scale_factor) for dendrite in self.dendrites]


def trace_dendrites(projection: Projection, *, min_dendrite_um: float, faintest_ratio: float) -> Tracing:
    """Trace every dendrite of an image.

    Parameters
    ----------
    projection : Projection
        The image.
    min_dendrite_um : float
        A shorter branch is a spine or a stump (um).
    faintest_ratio : float
        A dendrite with a ridge fainter than this share of the strongest is out of focus.

    Returns
    -------
    Tracing
        Without dendrites where none was found.
    """
    soma = find_somata(projection.pixels, projection.pixel_um)
    found = _traced(projection, soma, min_dendrite_um, faintest_ratio)
    if not found:
        return Tracing([], 1.0, soma)
    factor = _ordinary_factor(found)
    if not 1 / constants.RETRACE_FACTOR <= factor <= constants.RETRACE_FACTOR:
        again = _traced(projection.rescaled(factor), soma, min_dendrite_um, faintest_ratio)
        found = [dendrite.scaled(1 / factor) for dendrite in again] or found
        factor = _ordinary_factor(found)
    return Tracing(found, factor, soma)


def _traced(projection: Projection, soma: np.ndarray, min_dendrite_um: float, faintest_ratio: float) -> list[Dendrite]:
    """Trace every dendrite on the scale of a projection, longest first, without axons."""
    pixel_um = projection.pixel_um
    ridge = np.where(soma, np.float32(0), ridge_strength(projection.pixels, pixel_um))
    paths = ridge_paths(
        ridge, projection.noise, pixel_um, min_dendrite_um=min_dendrite_um, faintest_ratio=faintest_ratio
    )
    found = sorted((dendrite_along(path, projection) for path in paths), key=lambda dendrite: -dendrite.length_um)
    return [dendrite for dendrite in found if not _is_axon(dendrite, found[0])]


def _is_axon(branch: Dendrite, longest: Dendrite) -> bool:
    """Tell whether a branch is an axon: both much thinner and much dimmer than the longest dendrite."""
    thin = np.median(branch.radius_um) < constants.AXON_RATIO * np.median(longest.radius_um)
    return bool(thin and np.median(branch.brightness) < constants.AXON_RATIO * np.median(longest.brightness))


def _ordinary_factor(dendrites: list[Dendrite]) -> float:
    """Factor that brings the median radius of the shafts to the nearest ordinary one."""
    radius_um = float(np.median(np.concatenate([dendrite.radius_um for dendrite in dendrites])))
    ordinary_um = np.clip(radius_um, constants.MIN_ORDINARY_RADIUS_UM, constants.MAX_ORDINARY_RADIUS_UM)
    return float(ordinary_um / radius_um)
