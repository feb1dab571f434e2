"""The shaft without its spines, and what is brighter than that: spines without a neck.

In: a blurred projection and a dendrite in it. The projection is resampled along the shaft, one row for each point of
its line. At each distance from the line a low quantile along a few micrometres is the bare shaft, because a spine only
adds light, and only at one place. A stubby spine that merges with the shaft has no peak of its own in the projection,
but one in the residual.
"""

import numpy as np
from scipy import ndimage
from scipy.stats import norm
from skimage.feature import peak_local_max

from ketaflow.assays.dendritic_spines.tracing import constants, shaft_profile
from ketaflow.assays.dendritic_spines.tracing.constants import ACROSS_STEP_UM, ACROSS_UM, LINE_STEP_UM
from ketaflow.assays.dendritic_spines.tracing.dendrite import Dendrite

# Distances from the line at which the shaft is sampled (um), negative on its first side.
OFFSETS_UM = np.arange(-ACROSS_UM, ACROSS_UM + ACROSS_STEP_UM / 10, ACROSS_STEP_UM)


def shaft_residual(blurred: np.ndarray, pixel_um: float, dendrite: Dendrite) -> np.ndarray:
    """Light beyond that of the bare shaft, along and across a dendrite.

    Parameters
    ----------
    blurred : (rows, columns) float32
        Projection without background, blurred.
    pixel_um : float
        Size of a pixel (um).
    dendrite : Dendrite
        A dendrite in it.

    Returns
    -------
    (points, offsets) float32
        For each point of the line and each of ``OFFSETS_UM`` (counts).
    """
    flat_um = dendrite.line_um[:, 1:]
    places = flat_um[:, None] + OFFSETS_UM[:, None] * shaft_profile.normals(flat_um)[:, None]
    light = ndimage.map_coordinates(blurred, np.moveaxis(places, -1, 0) / pixel_um, order=1, mode="nearest")
    window = int(constants.SURFACE_WINDOW_UM / LINE_STEP_UM) | 1
    bare = ndimage.percentile_filter(
        light, 100 * constants.SURFACE_QUANTILE, size=(min(window, len(light)), 1), mode="nearest"
    )
    residual: np.ndarray = light - bare
    return residual


def bulge_positions(residual: np.ndarray, dendrite: Dendrite, noise: float) -> np.ndarray:
    """Places beside a shaft at which it bulges.

    Parameters
    ----------
    residual : (points, offsets) float32
        See ``shaft_residual``.
    dendrite : Dendrite
        The dendrite.
    noise : float
        Standard deviation of a pixel of the blurred projection.

    Returns
    -------
    (n, 2) float
        Local maxima of the residual near the surface: y, x (um).
    """
    from_surface_um = np.abs(OFFSETS_UM) - dendrite.radius_um[:, None]
    beside = (from_surface_um > -0.5 * dendrite.radius_um[:, None]) & (from_surface_um < constants.BULGE_REACH_UM)
    least = np.maximum(constants.MIN_BULGE * dendrite.brightness, 2 * noise)[:, None]
    peaks = peak_local_max(residual, min_distance=1, exclude_border=False)
    peaks = peaks[np.lexsort((peaks[:, 1], peaks[:, 0]))]
    point, offset = peaks[((residual > least) & beside)[tuple(peaks.T)]].T
    flat_um = dendrite.line_um[:, 1:]
    positions_um: np.ndarray = flat_um[point] + OFFSETS_UM[offset, None] * shaft_profile.normals(flat_um)[point]
    return positions_um


def shaft_unevenness(residual: np.ndarray, dendrite: Dendrite) -> float:
    """Standard deviation of the residual on the shaft itself: its swellings and noise, without spines.

    Parameters
    ----------
    residual : (points, offsets) float32
        See ``shaft_residual``.
    dendrite : Dendrite
        The dendrite.

    Returns
    -------
    float
        In counts, estimated from the lower side of the distribution, to which no spine adds.
    """
    on_shaft = residual[np.abs(OFFSETS_UM) <= dendrite.radius_um[:, None]]
    low, middle = np.quantile(on_shaft, [0.05, constants.SURFACE_QUANTILE])
    return float((middle - low) / (norm.ppf(constants.SURFACE_QUANTILE) - norm.ppf(0.05)))


def residual_at(
    residuals: list[np.ndarray], dendrites: list[Dendrite], owner: np.ndarray, point: np.ndarray, flat_um: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Residual at places beside the shafts.

    Parameters
    ----------
    residuals : list of (points, offsets) float32
        ``shaft_residual`` of each dendrite.
    dendrites : list of Dendrite
        The dendrites.
    owner, point : (n,) int
        For each place the index of its dendrite, and of the nearest point of that dendrite's line.
    flat_um : (n, 2) float
        The places: y, x (um).

    Returns
    -------
    residual : (n,) float32
        At each place (counts); 0 far from the line.
    unevenness : (n,) float32
        ``shaft_unevenness`` of the dendrite of each place (counts).
    """
    found, uneven = np.zeros((2, len(flat_um)), np.float32)
    for number, (residual, dendrite) in enumerate(zip(residuals, dendrites, strict=True)):
        own = np.flatnonzero(owner == number)
        line = dendrite.line_um[:, 1:]
        across = ((flat_um[own] - line[point[own]]) * shaft_profile.normals(line)[point[own]]).sum(1)
        column = (across - OFFSETS_UM[0]) / (OFFSETS_UM[1] - OFFSETS_UM[0])
        found[own] = ndimage.map_coordinates(residual, [point[own], column], order=1, mode="constant")
        uneven[own] = shaft_unevenness(residual, dendrite)
    return found, uneven
