"""The shaft's surfaces on both sides of its line, so that the line lies in the middle and the shaft has its own width.

In: a picture and a line that follows a shaft. A ridge of light leads a path through bright heads and across the
inside of bends; here the line is brought back to the middle between the two surfaces. Spines only ever put a surface
farther out, so that along a few micrometres a low quantile of where the light ends is the shaft's own surface.
"""

import numpy as np
from scipy import ndimage

# Surfaces are looked for up to this far from the line, in such steps (um).
REACH_UM, STEP_UM = 2.0, 0.05
# The surface is this quantile of where the light ends over so many micrometres of line: it holds while spines take up
# less than two thirds of a side. Twice the spacing of dense spines.
SURFACE_QUANTILE, ALONG_UM = 0.3, 3.0
# The line is moved so often, each time by at most this (um), and what it is moved by is smoothed as the line was.
ROUNDS, MOST_UM = 2, 0.4


def surface_distances(
    picture: np.ndarray, flat_um: np.ndarray, pixel_um: float, step_um: float
) -> tuple[np.ndarray, np.ndarray]:
    """Distance of the shaft's two surfaces (n, 2) from each point of a line (n, 2) um, and its brightness (n,).

    A surface is where half the brightness on the line is left. ``step_um`` is the distance of the line's points.
    """
    reach_um = np.arange(0, REACH_UM + STEP_UM / 2, STEP_UM)
    across = normals(flat_um)
    places = flat_um[:, None, None] + np.array([-1, 1])[None, :, None, None] * reach_um[:, None] * across[:, None, None]
    profile = ndimage.map_coordinates(picture, np.moveaxis(places, -1, 0) / pixel_um, order=1, mode="nearest")
    brightness = ndimage.median_filter(profile[:, 0, 0], int(2 / step_um) + 1, mode="nearest")
    below = profile < 0.5 * brightness[:, None, None]
    half = np.where(below.any(-1), reach_um[below.argmax(-1)], np.nan)
    # Where the light goes on, as at a crossing, only the other side tells.
    half = np.where(np.isnan(half), half[:, ::-1], half)
    half = np.nan_to_num(half, nan=REACH_UM)
    window = int(ALONG_UM / step_um) | 1
    quantile = [ndimage.percentile_filter(side, 100 * SURFACE_QUANTILE, size=window, mode="nearest") for side in half.T]
    return np.column_stack(quantile), brightness


def centre_line(
    picture: np.ndarray, flat_um: np.ndarray, pixel_um: float, step_um: float, smooth_um: float
) -> np.ndarray:
    """The line (n, 2) um brought to the middle between the shaft's surfaces; it keeps its number of points."""
    for _ in range(ROUNDS):
        sides, _ = surface_distances(picture, flat_um, pixel_um, step_um)
        off = ((sides[:, 1] - sides[:, 0]) / 2).clip(-MOST_UM, MOST_UM)
        off = ndimage.gaussian_filter1d(off, smooth_um / step_um, mode="nearest")
        flat_um = flat_um + off[:, None] * normals(flat_um)
    return flat_um


def normals(flat_um: np.ndarray) -> np.ndarray:
    """Unit vectors (n, 2) square to a line; a positive distance lies on the second side of ``surfaces``."""
    along = np.gradient(flat_um, axis=0)
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    return np.column_stack([along[:, 1], -along[:, 0]])
