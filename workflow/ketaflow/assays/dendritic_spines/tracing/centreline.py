"""A path of pixels as a smooth centreline in three dimensions, in the middle of its shaft."""

import numpy as np
from scipy import ndimage

from ketaflow.assays.dendritic_spines.tracing import shaft_profile
from ketaflow.assays.dendritic_spines.tracing.dendrite import Dendrite

# Steps along the centreline (um), and how far noise in it is smoothed across and in depth.
LINE_STEP_UM = 0.1
SMOOTH_UM, SMOOTH_DEPTH_UM = 0.9, 1.5
# An end is sought within this far of where the ridge ends.
END_UM = 1.5
# So much of a path (um) at its ends may lead from the middle to a corner of the ridge: a wide shaft's radius.
CORNER_UM = 0.6


def dendrite_along(path: np.ndarray, stack: np.ndarray, picture: np.ndarray, voxel_um: np.ndarray) -> Dendrite:
    """A path of pixels as a smooth line in three dimensions, with the shaft's radius and brightness along it."""
    pixel_um = float(voxel_um[1])
    border_um = np.array([[-0.5, -0.5], np.array(picture.shape) - 0.5]) * pixel_um
    flat_um = _middle(picture, _resampled(path * pixel_um), pixel_um)
    flat_um = flat_um[((flat_um > border_um[0]) & (flat_um < border_um[1])).all(1)]
    flat_um = flat_um[_lit(picture, flat_um, pixel_um)]
    flat_um = _resampled(_to_border(flat_um, border_um))
    at = (flat_um / pixel_um).T
    depth_um = _depth(stack, at, voxel_um) if len(stack) > 1 else np.zeros(len(flat_um))
    line = np.column_stack([depth_um, flat_um])
    sides, brightness = shaft_profile.surface_distances(picture, flat_um, pixel_um, LINE_STEP_UM)
    return Dendrite(line, sides.mean(1).clip(0.1), brightness)


def _middle(picture: np.ndarray, flat_um: np.ndarray, pixel_um: float) -> np.ndarray:
    """A path brought to the middle of the shaft; its last steps, into a corner of the ridge, go straight on."""
    corner = min(int(CORNER_UM / LINE_STEP_UM), len(flat_um) // 3)
    flat_um = _smooth(flat_um[corner : len(flat_um) - corner], SMOOTH_UM)
    flat_um = _smooth(shaft_profile.centre_line(picture, flat_um, pixel_um, LINE_STEP_UM, SMOOTH_UM), SMOOTH_UM)
    back = min(int(END_UM / LINE_STEP_UM), len(flat_um) - 1)
    on = np.arange(1, corner + 1)[:, None] / back
    before, after = on[::-1] * (flat_um[0] - flat_um[back]), on * (flat_um[-1] - flat_um[-1 - back])
    return _resampled(np.vstack([flat_um[0] + before, flat_um, flat_um[-1] + after]))


def _resampled(points_um: np.ndarray) -> np.ndarray:
    """The same line in even steps of ``LINE_STEP_UM``."""
    run = np.append(0, np.cumsum(np.linalg.norm(np.diff(points_um, axis=0), axis=1)))
    places = np.linspace(0, run[-1], max(4, int(run[-1] / LINE_STEP_UM) + 1))
    return np.column_stack([np.interp(places, run, axis) for axis in points_um.T])


def _smooth(line_um: np.ndarray, sigma_um: float) -> np.ndarray:
    """The line without its pixels' steps; its ends stay where they are."""
    steps = sigma_um / LINE_STEP_UM
    beyond = min(int(4 * steps), len(line_um) - 1)
    longer = np.pad(line_um, ((beyond, beyond), (0, 0)), mode="reflect", reflect_type="odd")
    return ndimage.gaussian_filter1d(longer, steps, axis=0, mode="nearest")[beyond : beyond + len(line_um)]


def _lit(picture: np.ndarray, flat_um: np.ndarray, pixel_um: float) -> slice:
    """The part of a line that lies in the shaft: an end is where half the brightness near it is left."""
    bright = ndimage.map_coordinates(picture, (flat_um / pixel_um).T, order=1, mode="nearest")
    near = int(END_UM / LINE_STEP_UM)
    first, last = (np.median(part) / 2 for part in (bright[: 2 * near], bright[-2 * near :]))
    start = int(np.argmax(bright[:near] >= first))
    stop = len(bright) - int(np.argmax(bright[::-1][:near] >= last))
    return slice(start, max(stop, start + 4))


def _to_border(flat_um: np.ndarray, border_um: np.ndarray) -> np.ndarray:
    """The line, carried on straight to the image's border (2, 2: low, high) um where it ends just before it."""
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


def _depth(stack: np.ndarray, at: np.ndarray, voxel_um: np.ndarray) -> np.ndarray:
    """Depth of the shaft along the line (um): centre of light of the brighter half of each column, smoothed."""
    columns = np.stack([ndimage.map_coordinates(plane, at, order=1, mode="nearest") for plane in stack])
    columns = ndimage.uniform_filter1d(columns, 5, axis=1, mode="nearest")
    weight = np.maximum(columns - (columns.max(0) + columns.min(0)) / 2, 0) + 1e-9
    depth = (weight * np.arange(len(stack))[:, None]).sum(0) / weight.sum(0) * voxel_um[0]
    return _smooth(ndimage.median_filter(depth, 9, mode="nearest")[:, None], SMOOTH_DEPTH_UM)[:, 0]
