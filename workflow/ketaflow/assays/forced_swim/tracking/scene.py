"""The scene without the animals: what each pixel usually looks like, how it changes, and how an animal stands out.

In: pictures spread over the video, and its cylinders. Out: the empty background, the camera's noise, ripples, fur.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ketaflow.core.errors import IngestError

# A clock stands within this share of the rows at the upper or lower end of the picture.
CLOCK_ROWS = 0.15
# A picture without a brighter pixel shows nothing (grey levels; black is 16 in video).
BLACK = 30


@dataclass
class Cylinder:
    """A cylinder in pixels of the video: its box, and the water surface at its left and right wall.

    ``rows`` are those in which its animal moves (first, after last): the surface is among them.
    """

    left: float
    right: float
    top: float
    bottom: float
    water_left: float
    water_right: float
    confidence: float = 1.0
    rows: tuple[int, int] = (0, 0)

    @property
    def width(self) -> float:
        """Distance of the walls (pixels)."""
        return self.right - self.left


@dataclass(frozen=True)
class Appearance:
    """How an animal stands out: its grey level, its usual difference from what is behind, the root of its area (px)."""

    level: float
    contrast: float
    size: float


@dataclass
class KeyFrames:
    """Pictures spread over a video, of one brightness: in order of time, and each pixel's values in rising order.

    ``activity`` is how much each pixel changes, ``clock`` where that is a clock's doing.
    """

    frames: np.ndarray
    sorted_levels: np.ndarray
    variability: np.ndarray
    clock_mask: np.ndarray

    def quantile(self, share: float) -> np.ndarray:
        """The value below which each pixel lies for a share of the time (height, width)."""
        return self.sorted_levels[round(share * (len(self.sorted_levels) - 1))].astype(np.float32)


def key_frames(pictures: list[np.ndarray], name: str) -> KeyFrames:
    """Bring pictures to one brightness, and tell how much each pixel changes beyond the camera's noise."""
    even = equalised(pictures)
    if even.max(initial=0) < BLACK:
        raise IngestError(f"{name}: the picture is black throughout. Check that it is the right file.")
    ranked = np.sort(even, axis=0)
    found = KeyFrames(even, ranked, np.zeros(0), np.zeros(0))
    spread = ndimage.gaussian_filter(found.quantile(0.95) - found.quantile(0.05), 1.0)
    activity = np.maximum(spread - 2.0 * np.median(spread[::2, ::2]), 0)
    found.clock_mask = find_clock(activity)
    found.variability = np.where(found.clock_mask, 0, activity)
    return found


def find_clock(activity: np.ndarray) -> np.ndarray:
    """Where something changes (height, width) that lies wholly within the outermost rows: a clock in the picture."""
    height = len(activity)
    labels, _ = ndimage.label(activity > 6.0)
    clock = np.zeros(activity.shape, bool)
    for number, (rows, columns) in enumerate(ndimage.find_objects(labels), start=1):
        if rows.stop <= CLOCK_ROWS * height or rows.start >= (1 - CLOCK_ROWS) * height:
            clock[rows, columns] |= labels[rows, columns] == number
    return ndimage.binary_dilation(clock, iterations=2) if clock.any() else clock


def equalised(pictures: list[np.ndarray]) -> np.ndarray:
    """Pictures (n, height, width) uint8 brought to one brightness, so that light is no motion."""
    levels = np.array([np.median(picture[::4, ::4]) for picture in pictures])
    usual = np.percentile(levels, 80)
    usable = levels > 0.4 * usual
    even = np.empty((np.count_nonzero(usable), *pictures[0].shape), np.uint8)
    for place, index in enumerate(np.flatnonzero(usable)):
        scale = np.clip(np.rint(np.arange(256) * usual / levels[index]), 0, 255).astype(np.uint8)
        np.take(scale, pictures[index], out=even[place])
    return even


def camera_shift_px(seen: KeyFrames) -> float:
    """How far (pixels) the scene stands apart in the first and the last third of the film: a camera that was pushed.

    Where the phases of both agree best (Kuglin and Hines 1975); half the resolution will do.
    """
    from skimage.registration import phase_cross_correlation

    third = max(1, len(seen.frames) // 3)
    early, late = (part[:, ::2, ::2].mean(axis=0) for part in (seen.frames[:third], seen.frames[-third:]))
    shift, _, _ = phase_cross_correlation(early, late, upsample_factor=10)
    return 2 * float(np.hypot(*shift))
