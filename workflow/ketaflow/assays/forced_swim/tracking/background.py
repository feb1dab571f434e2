"""The scene without animals, and how an animal stands out from it.

In: key frames and cylinders. Out: the empty background, the camera's noise, the amplitude of ripples, and the level,
contrast and size of each animal.
"""

import numpy as np
from scipy import ndimage

from ketaflow.assays.forced_swim.tracking import constants
from ketaflow.assays.forced_swim.tracking.scene import Appearance, Cylinder, EmptyScene, KeyFrames


def animal_polarity(seen: KeyFrames, cylinders: list[Cylinder]) -> int:
    """Decide whether the animals are darker or lighter than the water.

    Where something moves, the brightest and the darkest value of each pixel are compared with the still pixels of the
    same row: the empty scene looks like its neighbours, the animal does not.

    Parameters
    ----------
    seen : KeyFrames
        Key frames of the video.
    cylinders : list of Cylinder
        Where animals move.

    Returns
    -------
    int
        1 if the animals are darker, -1 if they are lighter.
    """
    low, middle, high = seen.quantile(0.05), seen.quantile(0.5), seen.quantile(0.95)
    vote = 0.0
    for cylinder in cylinders:
        box = (slice(int(cylinder.top), int(cylinder.bottom)), slice(int(cylinder.left) + 2, int(cylinder.right) - 1))
        moving = seen.variability[box] > max(6.0, 0.25 * float(seen.variability[box].max()))
        still = np.where(moving, np.nan, middle[box])
        filled = np.isfinite(still).any(axis=1)
        usual = np.full(len(still), np.nanmedian(still) if filled.any() else np.nan)
        usual[filled] = np.nanmedian(still[filled], axis=1)
        usual = np.nan_to_num(usual, nan=float(np.median(middle[box])))[:, None]
        vote += float(np.sum((np.abs(low[box] - usual) - np.abs(high[box] - usual))[moving]))
    return 1 if vote >= 0 else -1


def estimate_background(seen: KeyFrames, sign: int, cylinders: list[Cylinder]) -> EmptyScene:
    """Estimate the scene without animals and the camera's noise.

    Each pixel takes its usual value. Where an animal often is, it takes the value seen when the animal is elsewhere
    (the brighter values for a dark animal); where an animal never leaves, the value of the same row of its cylinder.

    Parameters
    ----------
    seen : KeyFrames
        Key frames of the video.
    sign : int
        1 if the animals are darker than the background, -1 if they are lighter.
    cylinders : list of Cylinder
        Where animals may rest.

    Returns
    -------
    EmptyScene
    """
    middle = seen.quantile(0.5)
    clear, clearest = (seen.quantile(one) for one in ((0.85, 0.95) if sign > 0 else (0.15, 0.05)))
    spread = np.abs(seen.quantile(0.85) - seen.quantile(0.15))
    sample = (slice(None, None, 2), slice(None, None, 2))
    still = spread[sample] <= np.percentile(spread[sample], 60)
    bias = float(np.median((clear - middle)[sample][still]))
    residuals = seen.frames[:, ::2, ::2][:, still] - middle[sample][still]
    noise_sd = constants.SD_PER_MAD * float(np.median(np.abs(residuals)))
    often = sign * (clearest - middle) > max(10.0, 6 * noise_sd, 0.4 * float(seen.variability.max()))
    empty = np.where(ndimage.maximum_filter(often, 3), clear - bias, middle).astype(np.float32)
    for cylinder in cylinders:
        box = interior(cylinder)
        empty[box] = without_resting_animal(empty[box], seen.frames[(slice(None), *box)], seen.variability[box], sign)
    return EmptyScene(empty, noise_sd, sign)


def interior(cylinder: Cylinder) -> tuple[slice, slice]:
    """Return the rows and columns of a cylinder, its walls left out."""
    inset = max(2, round(0.04 * cylinder.width))
    rows = slice(int(cylinder.top), int(cylinder.bottom))
    return rows, slice(int(cylinder.left) + inset, int(cylinder.right) - inset + 1)


def without_resting_animal(here: np.ndarray, frames: np.ndarray, variability: np.ndarray, sign: int) -> np.ndarray:
    """Replace an animal that hardly ever left its place by the median of the rest of each row.

    Parameters
    ----------
    here : (height, width) float32
        Background inside a cylinder.
    frames : (n, height, width) uint8
        Key frames inside the cylinder.
    variability : (height, width) float
        Range of each pixel (grey levels).
    sign : int
        1 for dark animals, -1 for light ones.

    Returns
    -------
    (height, width) float32
    """
    animal = resting_animal_mask(here, frames, variability, sign)
    rows = np.nonzero(animal.any(axis=1))[0]
    if not len(rows):
        return here
    found = here.copy()
    rest = np.where(animal, np.nan, here)[rows]
    level = np.nanmedian(np.where(np.isfinite(rest).any(axis=1, keepdims=True), rest, here[rows]), axis=1)
    found[rows] = np.where(animal[rows], level[:, None], here[rows])
    return found


def resting_animal_mask(here: np.ndarray, frames: np.ndarray, variability: np.ndarray, sign: int) -> np.ndarray:
    """Find an animal in the background of its cylinder.

    It is a patch as unlike its row as animals are, constant inside and changing at its rim, while nothing else of its
    size is ever seen except what is connected to it: limbs, and the ends of a body that only turns.

    Parameters
    ----------
    here, frames, variability, sign
        As in ``without_resting_animal``.

    Returns
    -------
    (height, width) bool
        The animal with a margin; all False if there is none.
    """
    beside = np.median(here, axis=1, keepdims=True)
    unlike = ndimage.gaussian_filter(sign * (beside - here), 1.0)
    limit = max(15.0, 0.4 * float(unlike.max(initial=0)))
    labels, count = ndimage.label(unlike > limit)
    nowhere = np.zeros(here.shape, bool)
    if not count:
        return nowhere
    patch = labels == 1 + int(np.argmax(ndimage.sum_labels(variability, labels, np.arange(1, count + 1))))
    contrast = float(np.percentile(sign * (beside - frames)[:, ::2, ::2], 99))
    small = patch.sum() < 0.006 * here.size or np.ptp(np.nonzero(patch)[1]) > 0.8 * here.shape[1]
    faint = float(np.median((sign * (beside - here))[patch])) < constants.RESTING_CONTRAST_FRACTION * contrast
    if small or faint:
        return nowhere
    margin = max(2, round(constants.RESTING_MARGIN_FRACTION * here.shape[1]))
    wide: np.ndarray = ndimage.binary_dilation(patch, iterations=margin)
    rim = wide & ~ndimage.binary_erosion(patch, iterations=2)
    unlike_background = sign * (here - frames) > 0.5 * limit
    elsewhere = np.median([np.count_nonzero(one & ~connected_to(wide, one)) for one in unlike_background])
    rests = elsewhere < 0.4 * patch.sum() and float(np.percentile(variability[rim], 75)) > 4
    return wide if rests else nowhere


def connected_to(patch: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Join a patch with the parts of a mask that touch it.

    Parameters
    ----------
    patch, mask : (height, width) bool
        The patch and the mask.

    Returns
    -------
    (height, width) bool
    """
    labels, _ = ndimage.label(patch | mask)
    return np.isin(labels, np.unique(labels[patch]))


def ripple_amplitude(seen: KeyFrames, cylinder: Cylinder, sign: int) -> np.ndarray:
    """Measure how far ripples carry each pixel from its usual brightness.

    Ripples brighten and darken, an animal does only one of the two. So the other side is measured: of the whole row,
    and of each pixel with its neighbours, for the glint where water meets glass does not fill a row.

    Parameters
    ----------
    seen : KeyFrames
        Key frames of the video.
    cylinder : Cylinder
        Where to measure.
    sign : int
        1 for dark animals, -1 for light ones.

    Returns
    -------
    (height, width) float32
        Grey levels; 0 outside the cylinder.
    """
    box = interior(cylinder)
    opposite = sign * (seen.quantile(0.95 if sign > 0 else 0.05)[box] - seen.quantile(0.5)[box])
    rows = ndimage.maximum_filter1d(np.median(opposite, axis=1), 3)[:, None]
    # Where the animal often is, its leaving is a large change to this side too: neither it nor its soft rim, where the
    # change is smaller, tells the size of ripples.
    near = ndimage.maximum_filter(opposite, max(3, round(constants.ANIMAL_RIM_FRACTION * cylinder.width)))
    largest = float(np.abs(seen.variability).max())
    glint = np.where(near < constants.GLINT_FRACTION * largest, opposite, 0)
    ripple = np.zeros(seen.frames.shape[1:], np.float32)
    ripple[box] = np.maximum(rows, ndimage.maximum_filter(glint, 3))
    return ripple


def animal_appearance(seen: KeyFrames, empty: EmptyScene, cylinder: Cylinder) -> Appearance:
    """Measure level, contrast and size of the animal in a cylinder.

    Parameters
    ----------
    seen : KeyFrames
        Key frames of the video.
    empty : EmptyScene
        The scene without animals.
    cylinder : Cylinder
        Where the animal is.

    Returns
    -------
    Appearance
        NaN if nothing stands out from the background.
    """
    box = (slice(int(cylinder.top), int(cylinder.bottom)), slice(int(cylinder.left) + 2, int(cylinder.right) - 1))
    here = seen.frames[(slice(None), *box)]
    difference = empty.sign * (empty.background[box] - here)
    strongest = float(np.percentile(difference[:, ::2, ::2], 99.7))
    if strongest < max(8.0, 5 * empty.noise_sd):
        return Appearance(np.nan, np.nan, np.nan)
    body = difference > 0.5 * strongest
    areas = np.count_nonzero(body, axis=(1, 2))
    usual = float(np.median(areas[areas >= 0.3 * np.percentile(areas, 90)]))
    return Appearance(float(np.median(here[body])), float(np.median(difference[body])), float(np.sqrt(usual)))
