"""From a path of pixels to a smooth centreline in three dimensions, in the middle of its shaft."""

import numpy as np
from scipy import ndimage

from ketaflow.assays.dendritic_spines.tracing import shaft_profile
from ketaflow.assays.dendritic_spines.tracing.constants import (
    CORNER_UM,
    END_UM,
    LINE_STEP_UM,
    SMOOTH_DEPTH_UM,
    SMOOTH_UM,
)
from ketaflow.assays.dendritic_spines.tracing.dendrite import Dendrite
from ketaflow.assays.dendritic_spines.tracing.projection import Projection


def dendrite_along(path: np.ndarray, projection: Projection) -> Dendrite:
    """Trace the dendrite along a path of pixels.

    Parameters
    ----------
    path : (n, 2) int
        Pixels (y, x) along a ridge.
    projection : Projection
        The image.

    Returns
    -------
    Dendrite
        Its line runs through the middle of the shaft, ends where half of the brightness is left or at the border of
        the image, and lies at the depth of the light below it (0 for a single plane).
    """
    pixels, pixel_um = projection.pixels, projection.pixel_um
    border_um = np.array([[-0.5, -0.5], np.array(pixels.shape) - 0.5]) * pixel_um
    flat_um = _centred(pixels, _resampled(path * pixel_um), pixel_um)
    flat_um = flat_um[((flat_um > border_um[0]) & (flat_um < border_um[1])).all(1)]
    flat_um = flat_um[_within_shaft(pixels, flat_um, pixel_um)]
    flat_um = _resampled(_extended_to_border(flat_um, border_um))
    columns = (flat_um / pixel_um).T
    depth_um = _depth_um(projection, columns) if len(projection.stack) > 1 else np.zeros(len(flat_um))
    line = np.column_stack([depth_um, flat_um])
    sides, brightness = shaft_profile.surface_distances(pixels, flat_um, pixel_um, LINE_STEP_UM)
    return Dendrite(line, sides.mean(1).clip(0.1), brightness)


def _centred(pixels: np.ndarray, flat_um: np.ndarray, pixel_um: float) -> np.ndarray:
    """Move a path to the middle of the shaft; its last steps, into a corner of the ridge, go straight on."""
    corner = min(int(CORNER_UM / LINE_STEP_UM), len(flat_um) // 3)
    flat_um = _smoothed(flat_um[corner : len(flat_um) - corner], SMOOTH_UM)
    flat_um = _smoothed(shaft_profile.centre_line(pixels, flat_um, pixel_um, LINE_STEP_UM, SMOOTH_UM), SMOOTH_UM)
    back = min(int(END_UM / LINE_STEP_UM), len(flat_um) - 1)
    on = np.arange(1, corner + 1)[:, None] / back
    before, after = on[::-1] * (flat_um[0] - flat_um[back]), on * (flat_um[-1] - flat_um[-1 - back])
    return _resampled(np.vstack([flat_um[0] + before, flat_um, flat_um[-1] + after]))


def _resampled(points_um: np.ndarray) -> np.ndarray:
    """Resample a line in even steps of ``LINE_STEP_UM``."""
    run = np.append(0, np.cumsum(np.linalg.norm(np.diff(points_um, axis=0), axis=1)))
    places = np.linspace(0, run[-1], max(4, int(run[-1] / LINE_STEP_UM) + 1))
    return np.column_stack([np.interp(places, run, axis) for axis in points_um.T])


def _smoothed(line_um: np.ndarray, sigma_um: float) -> np.ndarray:
    """Smooth a line; its ends stay where they are."""
    steps = sigma_um / LINE_STEP_UM
    beyond = min(int(4 * steps), len(line_um) - 1)
    longer = np.pad(line_um, ((beyond, beyond), (0, 0)), mode="reflect", reflect_type="odd")
    smooth: np.ndarray = ndimage.gaussian_filter1d(longer, steps, axis=0, mode="nearest")
    return smooth[beyond : beyond + len(line_um)]


def _within_shaft(pixels: np.ndarray, flat_um: np.ndarray, pixel_um: float) -> slice:
    """Part of a line that lies in the shaft: an end is where half of the brightness near it is left."""
    bright = ndimage.map_coordinates(pixels, (flat_um / pixel_um).T, order=1, mode="nearest")
    near = int(END_UM / LINE_STEP_UM)
    first, last = (np.median(part) / 2 for part in (bright[: 2 * near], bright[-2 * near :]))
    start = int(np.argmax(bright[:near] >= first))
    stop = len(bright) - int(np.argmax(bright[::-1][:near] >= last))
    return slice(start, max(stop, start + 4))


def _extended_to_border(flat_um: np.ndarray, border_um: np.ndarray) -> np.ndarray:
    """Extend a line straight on to the border of the image (2, 2: low, high; um) where it ends just before it."""
    for _ in range(2):
        flat_um = flat_um[::-1]
        back = min(int(END_UM / LINE_STEP_UM), len(flat_um) - 1)
        heading = flat_um[-1] - flat_um[-1 - back]
        heading = heading / max(float(np.linalg.norm(heading)), 1e-9)
        with np.errstate(divide="ignore", invalid="ignore"):
            room = (border_um[(heading > 0).astype(int), [0, 1]] - flat_um[-1]) / heading
        ahead = float(np.min(room[np.isfinite(room)], initial=np.inf))
        if 0 < ahead <= END_UM:
            flat_um = np.vstack([flat_um, flat_um[-1] + ahead * heading])
    return flat_um


def _depth_um(projection: Projection, columns: np.ndarray) -> np.ndarray:
    """Depth of the shaft in each column of pixels (um): centre of light of its brighter half, smoothed."""
    light = np.stack([ndimage.map_coordinates(plane, columns, order=1, mode="nearest") for plane in projection.stack])
    light = ndimage.uniform_filter1d(light, 5, axis=1, mode="nearest")
    weight = np.maximum(light - (light.max(0) + light.min(0)) / 2, 0) + 1e-9
    planes = np.arange(len(projection.stack))[:, None]
    depth = (weight * planes).sum(0) / weight.sum(0) * projection.voxel_um[0]
    return _smoothed(ndimage.median_filter(depth, 9, mode="nearest")[:, None], SMOOTH_DEPTH_UM)[:, 0]
