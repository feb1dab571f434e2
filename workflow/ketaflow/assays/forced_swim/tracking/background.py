"""The scene without animals, and how an animal stands out from it.

In: key frames and cylinders. Out: the empty background, the camera's noise, and the level, contrast and size of each
animal.
"""

import numpy as np
from scipy import ndimage

from ketaflow.assays.forced_swim.tracking import constants
from ketaflow.assays.forced_swim.tracking.body_mask import block_mean
from ketaflow.assays.forced_swim.tracking.scene import (
    Appearance,
    Cylinder,
    EmptyScene,
    KeyFrames,
    median_where,
)


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

    Each pixel takes its usual value. Where an animal is most of the time, it takes the mean of the values seen when the
    animal is elsewhere; where an animal never leaves, it is inpainted from the surroundings.

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
    step = constants.NOISE_SAMPLING_PX
    sample = (slice(None, None, step), slice(None, None, step))
    spread = seen.quantile(0.85)[sample] - seen.quantile(0.15)[sample]
    still = spread <= np.percentile(spread, 60)
    residuals = seen.frames[(slice(None), *sample)][:, still] - middle[sample][still]
    noise_sd = constants.SD_PER_MAD * float(np.median(np.abs(residuals)))
    empty = middle.copy()
    for cylinder in cylinders:
        box = interior(cylinder)
        frames = seen.frames[(slice(None), *box)]
        uncovered = uncovered_background(frames, seen.sorted_levels[(slice(None), *box)], noise_sd, sign)
        assumed = without_resting_animal(uncovered, frames, seen.variability[box], sign)
        empty[box] = seen_without_animal(assumed, middle[box], frames, seen.variability[box], sign, noise_sd)
    return EmptyScene(empty, noise_sd, sign)


def seen_without_animal(
    assumed: np.ndarray, middle: np.ndarray, frames: np.ndarray, variability: np.ndarray, sign: int, noise_sd: float
) -> np.ndarray:
    """Estimate the background again from the frames in which no animal is near each pixel.

    Along the outline of a floating animal that rises and sinks by a pixel, every level between fur and water is seen,
    and none of them often. Once the animal is known in each frame, its outline is left out as a whole.

    Parameters
    ----------
    assumed : (height, width) float32
        First estimate of the background inside a cylinder.
    middle : (height, width) float32
        Median of all key frames.
    frames : (n, height, width) uint8
        Key frames inside the cylinder.
    variability : (height, width) float
        Range of each pixel (grey levels).
    sign : int
        1 for dark animals, -1 for light ones.
    noise_sd : float
        Standard deviation of the camera's noise (grey levels).

    Returns
    -------
    (height, width) float32
        Median of the frames without an animal within ``ANIMAL_RIM_FRACTION``; inpainted where there are fewer than
        ``MIN_CLEAR_FRAMES``.
    """
    fur, clear = animal_levels(frames, variability, sign)
    limit = max(constants.OUTLINE_FRACTION * sign * (clear - fur), 4 * noise_sd, 4.0)
    reach = max(3, round(constants.ANIMAL_RIM_FRACTION * frames.shape[2]))
    near = ndimage.maximum_filter(stands_out(frames, assumed, sign, limit), (1, reach, reach))
    found, touched = middle.copy(), near.any(axis=0)
    found[touched] = median_where(frames[:, touched], ~near[:, touched])
    hidden = near.sum(axis=0, dtype=np.uint16) > len(frames) - constants.MIN_CLEAR_FRAMES
    again: np.ndarray = np.where(hidden, assumed, found).astype(np.float32)
    return inpainted(again, hidden) if 0 < np.count_nonzero(hidden) < hidden.size else again


def uncovered_background(frames: np.ndarray, rising: np.ndarray, noise_sd: float, sign: int) -> np.ndarray:
    """Estimate the background from the frames in which each pixel is not covered by the animal.

    A pixel whose median lies nearer to the animal's side of its range than to the other is covered most of the time:
    it takes the mean of the values near the other end, and so do the pixels around it, which the soft rim of the animal
    covers in part. Every other pixel takes its median, so that glints, which are brief, do not count.

    Parameters
    ----------
    frames, rising : (n, height, width) uint8
        Key frames inside a cylinder; the same with the values of each pixel in rising order.
    noise_sd : float
        Standard deviation of the camera's noise (grey levels).
    sign : int
        1 for dark animals, -1 for light ones.

    Returns
    -------
    (height, width) float32
        Grey levels.
    """
    rising = rising if sign > 0 else rising[::-1]
    last = len(rising) - 1
    # An animal that rests for 95 % of the time leaves its place in two of 40 key frames.
    places = (int(0.05 * last), int(0.5 * last), -int(-0.95 * last))
    covered, middle, clear = (sign * rising[place].astype(np.float32) for place in places)
    contrast = clear - covered
    strong = contrast > max(10.0, 6 * noise_sd, constants.COVERED_FRACTION * float(contrast.max(initial=0)))
    size = max(3, round(constants.ANIMAL_RIM_FRACTION * frames.shape[2]))
    near = ndimage.maximum_filter(strong & (clear - middle > 0.5 * contrast), size)
    often = near & (clear - middle > max(5.0, 3 * noise_sd))
    # The median of the upper values: the brightest of all may be the meniscus that moves with a dark animal.
    levels, found = frames[:, often], sign * middle
    is_upper = sign * levels.astype(np.float32) >= (clear - np.maximum(0.4 * contrast, 2 * noise_sd))[often]
    # Of an even number of values, the median is the lower of the middle two for dark animals, the upper for light ones.
    found[often] = median_where(levels, is_upper) if sign > 0 else 255 - median_where(255 - levels, is_upper)
    return found


def stands_out(frames: np.ndarray, background: np.ndarray, sign: int, limit: float) -> np.ndarray:
    """Find the pixels that are darker than the background, or lighter, by more than a limit.

    Parameters
    ----------
    frames : (n, height, width) uint8
        Grey levels.
    background : (height, width) float32
        Grey levels.
    sign : int
        1 for darker, -1 for lighter.
    limit : float
        Smallest difference (grey levels).

    Returns
    -------
    (n, height, width) bool
        True where the difference exceeds the limit.
    """
    # Compared as whole numbers, which takes a fifth of the time of the difference.
    if sign > 0:
        return frames < np.clip(np.ceil(background - limit), 0, 255).astype(np.uint8)
    return frames > np.clip(np.floor(background + limit), 0, 255).astype(np.uint8)


def interior(cylinder: Cylinder) -> tuple[slice, slice]:
    """Return the rows and columns of a cylinder, its walls left out."""
    inset = max(2, round(0.04 * cylinder.width))
    rows = slice(int(cylinder.top), int(cylinder.bottom))
    return rows, slice(int(cylinder.left) + inset, int(cylinder.right) - inset + 1)


def without_resting_animal(here: np.ndarray, frames: np.ndarray, variability: np.ndarray, sign: int) -> np.ndarray:
    """Inpaint an animal that hardly ever left its place.

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
        Grey levels; unchanged if no such animal is found.
    """
    animal = resting_animal_mask(here, frames, variability, sign)
    return inpainted(here, animal) if animal.any() else here


def inpainted(here: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """Fill hidden pixels from their surroundings, by biharmonic functions [1]_.

    Parameters
    ----------
    here : (height, width) float32
        Grey levels.
    hidden : (height, width) bool
        Which pixels to fill.

    Returns
    -------
    (height, width) float32
        Grey levels; pixels that are not hidden keep theirs. The image itself if nothing else remains after the
        reduction.

    References
    ----------
    .. [1] Damelin, Hoang (2018), On surface completion and image inpainting by biharmonic functions, Int J Math Math
       Sci 3950312, doi:10.1155/2018/3950312
    """
    from skimage.restoration import inpaint_biharmonic

    factor = max(1, round(np.sqrt(hidden.sum() / constants.INPAINTED_PX)))
    rows, columns = (-(-side // factor) * factor for side in here.shape)
    edges = ((0, rows - here.shape[0]), (0, columns - here.shape[1]))
    small = block_mean(np.pad(here, edges, mode="edge"), factor)
    mask = block_mean(np.pad(hidden.astype(np.float32), edges, mode="edge"), factor) > 0
    if mask.all():
        return here
    filled = inpaint_biharmonic(small / 255, mask) * 255
    # The extrapolation of a wide gap may leave the range of its surroundings.
    around = small[ndimage.binary_dilation(mask, iterations=2) & ~mask]
    filled = np.clip(filled, *(np.percentile(around, (2, 98)) if len(around) else (0, 255)))
    large = np.repeat(np.repeat(filled, factor, axis=0), factor, axis=1)[: here.shape[0], : here.shape[1]]
    return np.where(hidden, large, here).astype(np.float32)


def resting_animal_mask(here: np.ndarray, frames: np.ndarray, variability: np.ndarray, sign: int) -> np.ndarray:
    """Find an animal in the background of its cylinder.

    Its parts (the head above the surface, the limbs below the bright line of the meniscus) are patches as unlike their
    surroundings as animals are, constant inside and changing at their rims, while nothing else of their size is ever
    seen except what is connected to them: limbs, and the ends of a body that only turns.

    Parameters
    ----------
    here : (height, width) float32
        Background inside a cylinder (grey levels).
    frames : (n, height, width) uint8
        Key frames inside the cylinder.
    variability : (height, width) float
        Range of each pixel (grey levels).
    sign : int
        1 for dark animals, -1 for light ones.

    Returns
    -------
    (height, width) bool
        The animal with a margin; all False if there is none.
    """
    beside = np.median(here, axis=1, keepdims=True)
    unlike = ndimage.gaussian_filter(sign * (beside - here), 1.0)
    limit = max(15.0, 0.4 * float(unlike.max(initial=0)))
    fur, clear = animal_levels(frames, variability, sign)
    contrast = sign * (clear - fur)
    likely = (unlike > limit) | (sign * (clear - here) > 0.5 * contrast)
    labels, _ = ndimage.label(likely)
    nowhere = np.zeros(here.shape, bool)
    animal = nowhere.copy()
    # Each patch in its own box: the frames of a damaged video leave thousands.
    for number, (rows, columns) in enumerate(ndimage.find_objects(labels), start=1):
        box = tuple(slice(max(side.start - 3, 0), side.stop + 3) for side in (rows, columns))
        patch = labels[box] == number
        rim = ndimage.binary_dilation(patch, iterations=3) & ~ndimage.binary_erosion(patch, iterations=2)
        level = float(np.median((sign * (clear - here[box]))[patch]))
        is_faint = level < constants.RESTING_CONTRAST_FRACTION * contrast
        is_still = float(np.percentile(variability[box][rim], 75)) <= 4
        if not (is_faint or is_still):
            animal[box] |= patch
    if animal.sum() < 0.006 * here.size:
        return nowhere
    margin = max(2, round(constants.RESTING_MARGIN_FRACTION * here.shape[1]))
    wide: np.ndarray = ndimage.binary_dilation(animal, iterations=margin)
    unlike_background = sign * (here - frames) > 0.5 * limit
    elsewhere = np.median([np.count_nonzero(one & ~connected_to(wide, one)) for one in unlike_background])
    return wide if elsewhere < 0.4 * animal.sum() else nowhere


def animal_levels(frames: np.ndarray, variability: np.ndarray, sign: int) -> tuple[float, float]:
    """Return the grey level of the animal and of the background, where the animal comes and goes.

    Parameters
    ----------
    frames : (n, height, width) uint8
        Key frames inside a cylinder.
    variability : (height, width) float
        Range of each pixel (grey levels).
    sign : int
        1 for dark animals, -1 for light ones.

    Returns
    -------
    fur, clear : float
        Grey levels: medians over the pixels that vary most.
    """
    strong = variability >= constants.COVERED_FRACTION * float(variability.max(initial=0))
    low, high = np.quantile(frames[:, strong], (0.05, 0.95), axis=0)
    fur, clear = (low, high) if sign > 0 else (high, low)
    return float(np.median(fur)), float(np.median(clear))


def connected_to(patch: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Join a patch with the parts of a mask that touch it.

    Parameters
    ----------
    patch, mask : (height, width) bool
        The patch and the mask.

    Returns
    -------
    (height, width) bool
        The patch and every connected region of the two that reaches it.
    """
    labels, _ = ndimage.label(patch | mask)
    return np.isin(labels, np.unique(labels[patch]))


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
    step = constants.CONTRAST_SAMPLING_PX
    some = empty.sign * (empty.background[box][::step, ::step] - here[:, ::step, ::step])
    strongest = float(np.percentile(some, 99.7))
    if strongest < max(8.0, 5 * empty.noise_sd):
        return Appearance(np.nan, np.nan, np.nan)
    body = stands_out(here, empty.background[box], empty.sign, 0.5 * strongest)
    areas = np.array([np.count_nonzero(one) for one in body])
    usual = float(np.median(areas[areas >= 0.3 * np.percentile(areas, 90)]))
    difference = np.abs(np.broadcast_to(empty.background[box], here.shape)[body] - here[body])
    return Appearance(float(np.median(here[body])), float(np.median(difference)), float(np.sqrt(usual)))
