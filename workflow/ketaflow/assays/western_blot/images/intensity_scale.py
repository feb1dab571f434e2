"""Determine what the numbers of a scan mean: polarity, saturation level, noise.

In: planes as stored. Out: a plane with more protein as a larger number, and the level at which it clips.
"""

import numpy as np
from scipy import ndimage

from ketaflow.assays.western_blot.images import constants
from ketaflow.assays.western_blot.model import Polarity


def reduced(plane: np.ndarray, factor: int) -> np.ndarray:
    """Average a picture over square blocks.

    Parameters
    ----------
    plane : (n_rows, n_columns) array
        Pixels.
    factor : int
        Side of a block (pixels).

    Returns
    -------
    (n_rows // factor, n_columns // factor) float32
        Block means; incomplete blocks at the end are left out.
    """
    if factor <= 1:
        return plane.astype(np.float32)
    rows, columns = (size // factor * factor for size in plane.shape)
    blocks = plane[:rows, :columns].reshape(rows // factor, factor, columns // factor, factor)
    return blocks.mean(axis=(1, 3), dtype=np.float32)


def polarity(plane: np.ndarray) -> tuple[Polarity, float]:
    """Decide whether bands are large or small numbers.

    A band differs from what lies above and below it within a tenth of the height, from what lies left and right of it
    within a fifth of the width, and from the median of its wider surroundings. The smallest of the three differences
    counts, so that the gaps of a ladder, paper, towels, strips of table, the cut between two membranes and the corners
    of a rotated picture have no influence.

    Parameters
    ----------
    plane : (n_rows, n_columns) array
        Pixels as stored.

    Returns
    -------
    {"bright", "dark"}, float
        The polarity, and how clearly the picture shows it (0 to 1).
    """
    small = reduced(plane, max(1, round(max(plane.shape) / constants.PREVIEW_PX)))
    small = ndimage.gaussian_filter(small, 0.7)
    height, width = small.shape
    spans = (max(5, height // 10) | 1, max(5, width // 5) | 1)
    around = ndimage.median_filter(small, size=(max(7, height // 6) | 1, max(7, width // 6) | 1))
    inside, wide = _inside(small), max(3, width // 60)
    bright, dark = (
        _energy(ndimage.grey_opening(_standing(sign * small, sign * around, spans), size=(1, wide))[inside])
        for sign in (1, -1)
    )
    way: Polarity = "bright" if bright >= dark else "dark"
    return way, abs(bright - dark) / max(bright + dark, 1e-12)


def _standing(small: np.ndarray, around: np.ndarray, spans: tuple[int, int]) -> np.ndarray:
    """Height of pixels above their neighbours along either direction within a span, and above their surroundings.

    The picture is extended beyond its edges at constant level, so that what is cut off there is not raised.
    """
    rows, columns = spans
    beyond = np.pad(small, (2 * (rows,), 2 * (columns,)), mode="edge")
    lower = np.maximum(ndimage.grey_opening(beyond, size=(rows, 1)), ndimage.grey_opening(beyond, size=(1, columns)))
    return small - np.maximum(lower[rows:-rows, columns:-columns], around)


def _energy(deviation: np.ndarray) -> float:
    """Mean square of the largest 2 %."""
    largest = np.sort(deviation)[-max(20, deviation.size // 50) :]
    return float(np.square(np.maximum(largest, 0)).mean())


def _inside(small: np.ndarray) -> np.ndarray:
    """Pixels away from constant areas (corners of a rotated picture, paper beyond the scan) and from their edges."""
    spread = ndimage.maximum_filter(small, 5) - ndimage.minimum_filter(small, 5)
    flat = spread <= 1e-6 * max(float(np.ptp(small)), 1e-12)
    labels, count = ndimage.label(flat)
    if count:
        sizes = ndimage.sum_labels(flat, labels, np.arange(1, count + 1))
        flat = np.isin(labels, 1 + np.flatnonzero(sizes > 0.01 * small.size))
    inside = ~ndimage.binary_dilation(flat, iterations=max(3, max(small.shape) // 40))
    return inside if inside.sum() > 0.1 * small.size else np.ones_like(inside)


def full_scale(plane: np.ndarray, bits: int | None) -> float:
    """Determine the end of the scale.

    Parameters
    ----------
    plane : (n_rows, n_columns) array
        Pixels as stored.
    bits : int or None
        Bits of a number as the file says.

    Returns
    -------
    float
        Largest number the file could hold (counts); for real numbers the largest it does hold.
    """
    if plane.dtype.kind == "f":
        return float(plane.max())
    return float(2 ** min(bits or plane.dtype.itemsize * 8, plane.dtype.itemsize * 8) - 1)


def upright(plane: np.ndarray, dark: bool, full: float) -> np.ndarray:
    """Invert a picture with dark bands, so that more protein is a larger number.

    Parameters
    ----------
    plane : (n_rows, n_columns) array
        Pixels as stored.
    dark : bool
        Whether bands are small numbers.
    full : float
        End of the scale (counts).

    Returns
    -------
    (n_rows, n_columns) array
        In the file's own counts and type.
    """
    if not dark:
        return plane
    return (full - plane).astype(plane.dtype)


def saturation_level(signal: np.ndarray, full: float) -> tuple[float, str]:
    """Determine the level at which the detector clips.

    It is the end of the scale, or the picture's own largest value if too many pixels share it: a 12- or 14-bit
    detector in a 16-bit file, or contrast stretched before saving.

    Parameters
    ----------
    signal : (n_rows, n_columns) array
        Pixels with more protein as a larger number (counts).
    full : float
        End of the scale (counts).

    Returns
    -------
    float, str
        Saturation level (counts), and how it was determined.
    """
    largest = float(signal.max())
    if largest >= full:
        return full, "end of the scale"
    ulp = 1.0 if signal.dtype.kind in "ui" else max(full * 1e-6, 1e-12)
    at_top = int((signal >= largest - 0.5 * ulp).sum())
    width = max(ulp, round(0.01 * largest))
    beside = int(((signal < largest - 0.5 * ulp) & (signal >= largest - width - 0.5 * ulp)).sum())
    expected = beside * ulp / width
    if at_top >= constants.PLATEAU_PIXELS and at_top > constants.PLATEAU_EXCESS * max(expected, 1.0):
        return largest, "plateau at the picture's largest value"
    return full, "end of the scale"


def noise_sd(signal: np.ndarray) -> float:
    """Estimate the noise of the pixels from the median difference of neighbours in a row, which bands hardly change.

    Parameters
    ----------
    signal : (n_rows, n_columns) array
        Pixels (counts).

    Returns
    -------
    float
        Standard deviation (counts).
    """
    rows = signal[:: max(1, signal.shape[0] // 400)].astype(np.float32)
    steps = np.abs(np.diff(rows, axis=1))
    return float(np.median(steps)) / 0.6745 / np.sqrt(2)


def histogram_gaps_pct(plane: np.ndarray) -> float:
    """Compute the share of values between the 5th and 95th percentile that no pixel has.

    Gaps in the histogram show that contrast was stretched. Detectors of 12 or 14 bits whose values were multiplied to
    fill 16 bits leave even gaps, which do not count.

    Parameters
    ----------
    plane : (n_rows, n_columns) array
        Pixels as stored.

    Returns
    -------
    float
        Share of the values (%); NaN for real numbers, and where pixels are too few for the number of values.
    """
    if plane.dtype.kind == "f":
        return float("nan")
    counts = np.bincount(plane.ravel())
    if plane.dtype.itemsize > 1:
        taken = np.flatnonzero(counts)
        counts = counts[taken[0] :: int(np.gcd.reduce(np.diff(taken))) or 1] if len(taken) > 1 else counts
    total = np.cumsum(counts)
    low, high = np.searchsorted(total, [0.05 * plane.size, 0.95 * plane.size])
    levels = counts[low : high + 1]
    if len(levels) < 8 or levels.sum() < 20 * len(levels):
        return float("nan")
    return 100.0 * float((levels == 0).mean())
