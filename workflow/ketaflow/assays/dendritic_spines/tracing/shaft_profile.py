"""The two surfaces of a shaft, so that its line lies in the middle and the shaft has its own width.

In: a projection and a line that follows a shaft. A ridge of light leads the path through bright heads and across the
inside of bends; here the line is moved to the middle between the two surfaces. Spines only ever put a surface
farther out, so along a few micrometres a low quantile of where the light ends is the shaft's own surface.
"""

import numpy as np
from scipy import ndimage

from ketaflow.assays.dendritic_spines.tracing import constants


def surface_distances(
    pixels: np.ndarray, flat_um: np.ndarray, pixel_um: float, step_um: float
) -> tuple[np.ndarray, np.ndarray]:
    """Distance of both surfaces of a shaft from its line.

    Parameters
    ----------
    pixels : (rows, columns) float32
        Projection without background.
    flat_um : (n, 2) float
        Points of the line: y, x (um).
    pixel_um, step_um : float
        Size of a pixel, and distance between points of the line (um).

    Returns
    -------
    distances_um : (n, 2) float
        Distance of the first and the second surface, at which half of the brightness on the line is left (um).
    brightness : (n,) float
        Brightness on the line, smoothed by a median over 2 um.
    """
    reach_um = np.arange(0, constants.SURFACE_REACH_UM + constants.SURFACE_STEP_UM / 2, constants.SURFACE_STEP_UM)
    across = normals(flat_um)
    places = flat_um[:, None, None] + np.array([-1, 1])[None, :, None, None] * reach_um[:, None] * across[:, None, None]
    profile = ndimage.map_coordinates(pixels, np.moveaxis(places, -1, 0) / pixel_um, order=1, mode="nearest")
    brightness = ndimage.median_filter(profile[:, 0, 0], int(2 / step_um) + 1, mode="nearest")
    below = profile < 0.5 * brightness[:, None, None]
    half_um = np.where(below.any(-1), reach_um[below.argmax(-1)], np.nan)
    # Where the light goes on, as at a crossing, the other side gives the width.
    half_um = np.where(np.isnan(half_um), half_um[:, ::-1], half_um)
    half_um = np.nan_to_num(half_um, nan=constants.SURFACE_REACH_UM)
    window = int(constants.SURFACE_WINDOW_UM / step_um) | 1
    percentile = 100 * constants.SURFACE_QUANTILE
    sides = [ndimage.percentile_filter(side, percentile, size=window, mode="nearest") for side in half_um.T]
    return np.column_stack(sides), brightness


def centre_line(
    pixels: np.ndarray, flat_um: np.ndarray, pixel_um: float, step_um: float, smooth_um: float
) -> np.ndarray:
    """Move a line to the middle between the surfaces of its shaft.

    Parameters
    ----------
    pixels : (rows, columns) float32
        Projection without background.
    flat_um : (n, 2) float
        Points of the line: y, x (um).
    pixel_um, step_um : float
        Size of a pixel, and distance between points of the line (um).
    smooth_um : float
        Smoothing of the shift along the line (um, sigma).

    Returns
    -------
    (n, 2) float
        The line with as many points (um).
    """
    for _ in range(constants.CENTRING_ROUNDS):
        sides, _ = surface_distances(pixels, flat_um, pixel_um, step_um)
        shift = ((sides[:, 1] - sides[:, 0]) / 2).clip(-constants.MAX_SHIFT_UM, constants.MAX_SHIFT_UM)
        shift = ndimage.gaussian_filter1d(shift, smooth_um / step_um, mode="nearest")
        flat_um = flat_um + shift[:, None] * normals(flat_um)
    return flat_um


def normals(flat_um: np.ndarray) -> np.ndarray:
    """Unit vectors perpendicular to a line in the plane.

    Parameters
    ----------
    flat_um : (n, 2) float
        Points of the line: y, x (um).

    Returns
    -------
    (n, 2) float
        They point to the second surface of ``surface_distances``.
    """
    along = np.gradient(flat_um, axis=0)
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    return np.column_stack([along[:, 1], -along[:, 0]])
