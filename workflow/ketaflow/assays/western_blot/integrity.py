"""Signs that a picture is not what the camera saw: for a person to look at, never a verdict.

In: the signal and lanes' pixels. Out: scores. Near-identical lanes, straight seams, stretched contrast.
"""

import numpy as np
from scipy import ndimage

SEAM_ROWS = 300


def twins(lanes: np.ndarray, heads: list[int]) -> list[tuple[int, int, float]]:
    """How nearly identical lanes are, pair by pair.

    Parameters
    ----------
    lanes : (n_lanes, n_rows, n_columns) float
        Pixels of each lane, cut to one size.
    heads
        Numbers of the lanes.

    Returns
    -------
    list of (lane, lane, correlation)
        Best correlation of the pixels' fine structure (each pixel less the mean of its neighbours, evened out) over all
        displacements of one lane against the other, as it is or mirrored. Bands look alike; noise does not.
    """
    plain = np.array([np.fft.rfft2(_fine(lane)) for lane in lanes])
    turned = np.array([np.fft.rfft2(_fine(lane[:, ::-1])) for lane in lanes])
    size = lanes.shape[1:]
    found = []
    for one in range(len(heads) - 1):
        others = np.concatenate([plain[one + 1 :], turned[one + 1 :]])
        agree = np.fft.irfft2(np.conj(plain[one]) * others, s=size).max(axis=(1, 2)).reshape(2, -1).max(axis=0)
        found += [(heads[one], heads[one + 1 + step], float(score)) for step, score in enumerate(agree)]
    return found


def _fine(lane: np.ndarray) -> np.ndarray:
    fine = lane - ndimage.uniform_filter(lane, 3)
    usual = ndimage.uniform_filter(np.abs(fine), 9)
    fine = np.clip(fine / np.maximum(usual, 0.05 * usual.mean() + 1e-9), -4, 4)
    fine = fine - fine.mean()
    size = float(np.sqrt(np.square(fine).sum()))
    return fine / size if size > 0 else fine


def seam(signal: np.ndarray) -> tuple[float, int]:
    """The straightest jump between two columns, from the top of the picture to its bottom: strength and place.

    The strength is the median over the rows of the step from one column to the next, in multiples of the usual one; no
    real picture changes in a straight line over its whole height. (Rows of bands do look like level seams, so only
    upright ones are sought.)
    """
    rows = signal[:: max(1, signal.shape[0] // SEAM_ROWS)].astype(np.float32)
    steps = np.diff(rows, axis=1)
    along = np.abs(np.median(steps, axis=0))
    usual = max(float(np.median(np.abs(steps))) / np.sqrt(len(rows)) * 2, float(along.std()), 0.2)
    margin = max(2, len(along) // 50)
    along[:margin] = along[-margin:] = 0
    place = int(along.argmax())
    return float(along[place] / usual), place
