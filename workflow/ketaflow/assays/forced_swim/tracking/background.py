"""The scene without the animals, and how an animal stands out from it.

In: key frames and cylinders. Out: the empty background, the camera's noise, ripples, and the contrast of the fur.
"""

import numpy as np
from scipy import ndimage

from ketaflow.assays.forced_swim.tracking.scene import Appearance, Cylinder, KeyFrames

# A change of a pixel larger than this share of the largest in the film is an animal's, not a glint's.
GLINT_SHARE = 0.4
# The rim of an animal is this wide (share of the cylinder's width).
RIM = 0.08
# What of the empty scene differs from its row by this share of what animals do may be an animal.
LIKE_ANIMAL = 0.7
# Around it so much more is filled in (share of the width).
MARGIN = 0.04


def animal_polarity(seen: KeyFrames, cylinders: list[Cylinder]) -> int:
    """1 where the animals are darker than the water, -1 where they are lighter.

    Where something moves, the brightest and the darkest sight of each pixel are compared with the still pixels of the
    same row: the empty scene looks like its neighbours, the animal does not.
    """
    low, middle, high = seen.quantile(0.05), seen.quantile(0.5), seen.quantile(0.95)
    changes = seen.variability
    vote = 0.0
    for cylinder in cylinders:
        box = (slice(int(cylinder.top), int(cylinder.bottom)), slice(int(cylinder.left) + 2, int(cylinder.right) - 1))
        moving = changes[box] > max(6.0, 0.25 * float(changes[box].max()))
        still = np.where(moving, np.nan, middle[box])
        filled = np.isfinite(still).any(axis=1)
        usual = np.full(len(still), np.nanmedian(still) if filled.any() else np.nan)
        usual[filled] = np.nanmedian(still[filled], axis=1)
        usual = np.nan_to_num(usual, nan=float(np.median(middle[box])))[:, None]
        vote += float(np.sum((np.abs(low[box] - usual) - np.abs(high[box] - usual))[moving]))
    return 1 if vote >= 0 else -1


def estimate_background(seen: KeyFrames, sign: int, cylinders: list[Cylinder]) -> tuple[np.ndarray, float]:
    """The scene without animals (height, width), and the camera's noise (standard deviation, grey levels).

    The usual sight of each pixel; where an animal often is, what is seen when it is elsewhere (the brighter sights for
    a dark animal); where an animal never leaves, what the same row of its cylinder looks like.
    """
    middle = seen.quantile(0.5)
    clear, clearest = (
        (seen.quantile(0.85), seen.quantile(0.95)) if sign > 0 else (seen.quantile(0.15), seen.quantile(0.05))
    )
    spread = np.abs(seen.quantile(0.85) - seen.quantile(0.15))
    sample = (slice(None, None, 2), slice(None, None, 2))
    still = spread[sample] <= np.percentile(spread[sample], 60)
    bias = float(np.median((clear - middle)[sample][still]))
    apart = seen.frames[:, ::2, ::2][:, still] - middle[sample][still]
    noise_sd = 1.4826 * float(np.median(np.abs(apart)))
    often = sign * (clearest - middle) > max(10.0, 6 * noise_sd, 0.4 * float(seen.variability.max()))
    empty = np.where(ndimage.maximum_filter(often, 3), clear - bias, middle).astype(np.float32)
    for cylinder in cylinders:
        remove_resting_animal(empty, seen, cylinder, sign)
    return empty, noise_sd


def interior(cylinder: Cylinder) -> tuple[slice, slice]:
    """Rows and columns of a cylinder, its walls left out."""
    inset = max(2, round(0.04 * cylinder.width))
    rows = slice(int(cylinder.top), int(cylinder.bottom))
    return rows, slice(int(cylinder.left) + inset, int(cylinder.right) - inset + 1)


def remove_resting_animal(empty: np.ndarray, seen: KeyFrames, cylinder: Cylinder, sign: int) -> None:
    """Take an animal that hardly ever left its place out of the background, in place."""
    box = interior(cylinder)
    here = empty[box]
    wide = resting_animal_mask(here, seen.frames[(slice(None), *box)], seen.variability[box], sign)
    rows = np.nonzero(wide.any(axis=1))[0]
    if len(rows):
        filled = np.where(wide, np.nan, here)[rows]
        level = np.nanmedian(np.where(np.isfinite(filled).any(axis=1, keepdims=True), filled, here[rows]), axis=1)
        here[rows] = np.where(wide[rows], level[:, None], here[rows])


def resting_animal_mask(here: np.ndarray, pictures: np.ndarray, changes: np.ndarray, sign: int) -> np.ndarray:
    """Where the background of a cylinder (height, width) is an animal, with a margin; nowhere if it is none.

    It is a patch as unlike its row as animals are, that stays as it is inside and changes at its rim, while nothing
    else of its size is ever seen but what hangs together with it: limbs, and the ends of a body that only turns.
    """
    beside = np.median(here, axis=1, keepdims=True)
    unlike = ndimage.gaussian_filter(sign * (beside - here), 1.0)
    limit = max(15.0, 0.4 * float(unlike.max(initial=0)))
    labels, count = ndimage.label(unlike > limit)
    nowhere = np.zeros(here.shape, bool)
    if not count:
        return nowhere
    patch = labels == 1 + int(np.argmax(ndimage.sum_labels(changes, labels, np.arange(1, count + 1))))
    animal = float(np.percentile(sign * (beside - pictures)[:, ::2, ::2], 99))
    small = patch.sum() < 0.006 * here.size or np.ptp(np.nonzero(patch)[1]) > 0.8 * here.shape[1]
    if small or float(np.median((sign * (beside - here))[patch])) < LIKE_ANIMAL * animal:
        return nowhere
    wide = ndimage.binary_dilation(patch, iterations=max(2, round(MARGIN * here.shape[1])))
    rim = wide & ~ndimage.binary_erosion(patch, iterations=2)
    apart = sign * (here - pictures) > 0.5 * limit
    elsewhere = np.median([np.count_nonzero(one & ~connected_to(wide, one)) for one in apart])
    still = elsewhere < 0.4 * patch.sum() and float(np.percentile(changes[rim], 75)) > 4
    return wide if still else nowhere


def connected_to(patch: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """A patch (height, width) with all of ``seen`` that hangs together with it."""
    labels, _ = ndimage.label(patch | seen)
    return np.isin(labels, np.unique(labels[patch]))


def ripple_amplitude(seen: KeyFrames, cylinder: Cylinder, sign: int) -> np.ndarray:
    """How far ripples carry each pixel (height, width) from its usual brightness, grey levels; 0 outside the cylinder.

    Ripples brighten and darken, an animal does only one of them: so the other side is looked at, of the whole row, and
    of the pixel and its neighbours, for the glint where water meets glass fills no row.
    """
    box = interior(cylinder)
    away = sign * (seen.quantile(0.95 if sign > 0 else 0.05)[box] - seen.quantile(0.5)[box])
    rows = ndimage.maximum_filter1d(np.median(away, axis=1), 3)[:, None]
    ripple = np.zeros(seen.frames.shape[1:], np.float32)
    # Where the animal often is, leaving it is a change to this side too, and large: neither it nor its soft rim, at
    # which the change is smaller, tells of ripples.
    near = ndimage.maximum_filter(away, max(3, round(RIM * cylinder.width)))
    glint = np.where(near < GLINT_SHARE * float(np.abs(seen.variability).max()), away, 0)
    ripple[box] = np.maximum(rows, ndimage.maximum_filter(glint, 3))
    return ripple


def animal_appearance(
    seen: KeyFrames, background: np.ndarray, cylinder: Cylinder, sign: int, noise_sd: float
) -> Appearance:
    """How the animal of a cylinder stands out from what is behind it; NaN where nothing does."""
    box = (slice(int(cylinder.top), int(cylinder.bottom)), slice(int(cylinder.left) + 2, int(cylinder.right) - 1))
    here = seen.frames[(slice(None), *box)]
    apart = sign * (background[box] - here)
    strongest = float(np.percentile(apart[:, ::2, ::2], 99.7))
    if strongest < max(8.0, 5 * noise_sd):
        return Appearance(np.nan, np.nan, np.nan)
    body = apart > 0.5 * strongest
    areas = np.count_nonzero(body, axis=(1, 2))
    usual = float(np.median(areas[areas >= 0.3 * np.percentile(areas, 90)]))
    return Appearance(float(np.median(here[body])), float(np.median(apart[body])), float(np.sqrt(usual)))
