"""The shaft as it would look without its spines, and what stands out from that: spines without a neck show there.

In: a blurred projection and a dendrite in its middle. The picture is laid out along the shaft, one row for each point
of its line; at each distance from the line a low quantile along a few micrometres is the bare shaft, for a spine
only adds light, and that of one place. A stubby spine that melts into the shaft has no peak of its own in the
picture, but one in what is left.
"""

import numpy as np
from scipy import ndimage
from scipy.stats import norm

from ketaflow.assays.dendritic_spines.tracing import shaft_profile
from ketaflow.assays.dendritic_spines.tracing.centreline import LINE_STEP_UM
from ketaflow.assays.dendritic_spines.tracing.dendrite import Dendrite

# Distances from the line that are looked at (um), to both sides.
ACROSS_UM = np.arange(-2.0, 2.01, 0.1)
# Stubby spines end within this of the shaft's surface (um); those that stand off have a peak of their own.
REACH_UM = 0.8
# Bulges fainter than this share of the shaft are its own unevenness.
FAINTEST_IN_SHAFTS = 0.08


def residual(smooth: np.ndarray, pixel_um: float, dendrite: Dendrite) -> np.ndarray:
    """Light beyond that of the bare shaft (points of the line, ``ACROSS_UM``)."""
    flat_um = dendrite.line_um[:, 1:]
    places = flat_um[:, None] + ACROSS_UM[:, None] * shaft_profile.normals(flat_um)[:, None]
    laid_out = ndimage.map_coordinates(smooth, np.moveaxis(places, -1, 0) / pixel_um, order=1, mode="nearest")
    window = int(shaft_profile.ALONG_UM / LINE_STEP_UM) | 1
    bare = ndimage.percentile_filter(
        laid_out, 100 * shaft_profile.SURFACE_QUANTILE, size=(min(window, len(laid_out)), 1), mode="nearest"
    )
    return laid_out - bare


def bulge_positions(out: np.ndarray, dendrite: Dendrite, noise: float) -> np.ndarray:
    """Places (n, 2: y, x) um beside the shaft's surface where most stands ``out``; ``noise`` is that of the picture."""
    away = np.abs(ACROSS_UM) - dendrite.radius_um[:, None]
    beside = (away > -0.5 * dendrite.radius_um[:, None]) & (away < REACH_UM)
    least = np.maximum(FAINTEST_IN_SHAFTS * dendrite.brightness, 2 * noise)[:, None]
    point, side = np.nonzero((out == ndimage.maximum_filter(out, 3)) & (out > least) & beside)
    flat_um = dendrite.line_um[:, 1:]
    return flat_um[point] + ACROSS_UM[side, None] * shaft_profile.normals(flat_um)[point]


def shaft_unevenness(out: np.ndarray, dendrite: Dendrite) -> float:
    """Standard deviation of what stands out on the shaft itself: its swellings and the noise over it, without spines.

    It is read off the lower side, to which no spine adds.
    """
    on_shaft = out[np.abs(ACROSS_UM) <= dendrite.radius_um[:, None]]
    low, middle = np.quantile(on_shaft, [0.05, shaft_profile.SURFACE_QUANTILE])
    return float((middle - low) / (norm.ppf(shaft_profile.SURFACE_QUANTILE) - norm.ppf(0.05)))


def residual_at(
    outs: list[np.ndarray], dendrites: list[Dendrite], owner: np.ndarray, point: np.ndarray, flat_um: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What stands out of each dendrite (``outs``) at places (n, 2) um beside a ``point`` of its ``owner``'s line, (n,).

    It is 0 far off the line. And the unevenness (n,) of that shaft.
    """
    told, uneven = np.zeros((2, len(flat_um)), np.float32)
    for number, (out, dendrite) in enumerate(zip(outs, dendrites, strict=True)):
        mine = np.flatnonzero(owner == number)
        line = dendrite.line_um[:, 1:]
        across = ((flat_um[mine] - line[point[mine]]) * shaft_profile.normals(line)[point[mine]]).sum(1)
        column = (across - ACROSS_UM[0]) / (ACROSS_UM[1] - ACROSS_UM[0])
        told[mine] = ndimage.map_coordinates(out, [point[mine], column], order=1, mode="constant")
        uneven[mine] = shaft_unevenness(out, dendrite)
    return told, uneven
