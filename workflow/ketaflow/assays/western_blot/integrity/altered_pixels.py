"""Signs that a picture was altered: near-identical lanes, straight seams, traces of JPEG.

In: the signal, and the pixels of lanes. Out: scores. They ask a person to look; they are no verdict.
"""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from ketaflow.assays.western_blot.integrity import constants


def lane_correlations(lanes: np.ndarray) -> list[tuple[int, int, float]]:
    """Correlate the fine structure of lanes, pair by pair.

    Parameters
    ----------
    lanes : (n_lanes, n_rows, n_columns) float
        Pixels of each lane, cut to one size.

    Returns
    -------
    list of (lane, lane, correlation)
        Numbers of the lanes, from 1, and best correlation of the pixels' fine structure (each pixel less the mean of
        its neighbours, evened out) over all displacements of one lane against the other, as it is or mirrored. Bands
        look alike; noise does not.
    """
    plain = np.array([np.fft.rfft2(_fine(lane)) for lane in lanes])
    turned = np.array([np.fft.rfft2(_fine(lane[:, ::-1])) for lane in lanes])
    size = lanes.shape[1:]
    found = []
    for one in range(len(lanes) - 1):
        others = np.concatenate([plain[one + 1 :], turned[one + 1 :]])
        agree = np.fft.irfft2(np.conj(plain[one]) * others, s=size).max(axis=(1, 2)).reshape(2, -1).max(axis=0)
        found += [(one + 1, one + 2 + step, float(score)) for step, score in enumerate(agree)]
    return found


def _fine(lane: np.ndarray) -> np.ndarray:
    """Fine structure of a lane's pixels, of unit length: each pixel less the mean around it, evened out."""
    fine = lane - ndimage.uniform_filter(lane, 3)
    usual = ndimage.uniform_filter(np.abs(fine), 9)
    fine = np.clip(fine / np.maximum(usual, 0.05 * usual.mean() + 1e-9), -4, 4)
    fine = fine - fine.mean()
    size = float(np.sqrt(np.square(fine).sum()))
    return fine / size if size > 0 else fine


class Seam(NamedTuple):
    """The strongest jump between two columns: its score, and the column right of it."""

    score: float
    column: int


def seam(signal: np.ndarray) -> Seam:
    """Find the strongest jump between two columns that runs from the top of the picture to its bottom.

    A splice jumps within one pixel; what a camera sees changes over several. So a jump counts by how much it exceeds
    the steps beside it, in multiples of the usual excess around it, averaged over each eighth of the height. The
    strength is the one that six of eight parts reach, in multiples of what is usual among columns. (Rows of bands do
    look like level seams, so only upright ones are sought.)

    Parameters
    ----------
    signal : (n_rows, n_columns) array
        Pixels (counts).

    Returns
    -------
    Seam
        With score 0 for pictures that are too small.
    """
    rows = signal[:: max(1, signal.shape[0] // constants.COMPARED_ROWS)].astype(np.float32)
    height = len(rows) // constants.SEAM_PARTS
    if height < 2 or rows.shape[1] < 16:
        return Seam(0.0, 0)
    excess = _excess(rows)
    usual = ndimage.uniform_filter1d(np.abs(excess), constants.SEAM_AROUND, axis=1, mode="nearest")
    usual = np.maximum(usual, max(0.5 * float(np.median(usual)), 0.25))
    clipped = np.clip(excess / usual, -constants.SEAM_LIMIT, constants.SEAM_LIMIT)[: height * constants.SEAM_PARTS]
    parts = clipped.reshape(constants.SEAM_PARTS, height, -1).mean(axis=1)
    spread = 1.4826 * np.median(np.abs(parts - np.median(parts, axis=1, keepdims=True)), axis=1, keepdims=True)
    strength = np.abs(parts) / np.maximum(spread, 0.5 / np.sqrt(height))
    along = np.sort(strength, axis=0)[constants.SEAM_PARTS // 4]
    margin = max(3, len(along) // 50)
    along[:margin] = along[-margin:] = 0
    place = int(along.argmax())
    return Seam(float(along[place]), place + 1)


def jpeg_block_score(plane: np.ndarray) -> float:
    """Score how clearly a picture shows the 8-pixel blocks of JPEG, whatever its file is called now.

    For each of the eight places in a block: its mean excess of steps over those beside them, against the block's mean,
    in standard errors over the blocks. The smaller of the two directions' largest; chance stays below 4.

    Parameters
    ----------
    plane : (n_rows, n_columns) array
        Pixels.

    Returns
    -------
    float
        Standard errors; 0 for pictures of fewer than 8 blocks.
    """
    scores = []
    for lines in (plane, plane.T):
        excess = np.abs(_excess(lines[:: max(1, len(lines) // constants.GRID_LINES)].astype(np.float32)))[:, 1:-1]
        along = np.minimum(excess, np.percentile(excess, 90) or 1.0).mean(axis=0)
        blocks = along[: len(along) // 8 * 8].reshape(-1, 8)
        if len(blocks) < 8:
            return 0.0
        beyond = blocks - blocks.mean(axis=1, keepdims=True)
        scores.append(float((beyond.mean(axis=0) / (beyond.std(axis=0) / np.sqrt(len(blocks)) + 1e-9)).max()))
    return min(scores)


def _excess(rows: np.ndarray) -> np.ndarray:
    """Steps from each column to the next less the mean of the two steps beside them; 0 at the ends."""
    steps = np.diff(rows, axis=1)
    excess = np.zeros_like(steps)
    excess[:, 1:-1] = steps[:, 1:-1] - 0.5 * (steps[:, :-2] + steps[:, 2:])
    return excess
