"""Convert rows to masses by the ladder.

In: rows of the bands in a ladder lane, and the masses of the product. Out: a ``Ladder``, and masses at any row. Not
every band of the product need be found, and dirt may be among the bands: the assignment is taken that follows a smooth
curve with the most bands.
"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from scipy.interpolate import PchipInterpolator

from ketaflow.assays.western_blot.bands import constants
from ketaflow.assays.western_blot.model import Ladder


def mass_at(ladder: Ladder, rows: np.ndarray | float) -> np.ndarray:
    """Return the mass at rows of a membrane.

    Parameters
    ----------
    ladder : Ladder
        At least two bands.
    rows : (n,) float
        Rows with the displacement of their lane taken out.

    Returns
    -------
    (n,) float
        Mass (kDa). Beyond the ladder the line through its last two bands (log mass against row) is extrapolated.
    """
    rows = np.asarray(rows, float)
    known, logs = ladder.rows, np.log10(ladder.kda)
    inner = PchipInterpolator(known, logs)(np.clip(rows, known[0], known[-1]))
    above = (logs[1] - logs[0]) / (known[1] - known[0])
    below = (logs[-1] - logs[-2]) / (known[-1] - known[-2])
    inner = inner + np.where(rows < known[0], (rows - known[0]) * above, 0)
    return np.asarray(10 ** (inner + np.where(rows > known[-1], (rows - known[-1]) * below, 0)))


def is_within(ladder: Ladder, kda: float) -> bool:
    """Return whether a mass lies between the ladder's largest and smallest band."""
    return bool(ladder.kda.min() <= kda <= ladder.kda.max())


def calibrate(rows: np.ndarray, heights: np.ndarray, kda: Sequence[float]) -> Ladder | None:
    """Assign masses to the bands of a ladder.

    Parameters
    ----------
    rows, heights : (n_bands,) float
        Rows of the bands found in a ladder lane, and their peak heights (counts).
    kda : sequence of float
        Masses of the product (kDa), in any order.

    Returns
    -------
    Ladder or None
        None where no assignment follows a smooth line.
    """
    masses = np.sort(np.asarray(kda, float))[::-1]
    if len(masses) < constants.FEWEST_LADDER_BANDS or len(rows) < constants.FEWEST_LADDER_BANDS:
        return None
    strongest = np.sort(np.argsort(heights)[::-1][: constants.MOST_LADDER_BANDS])
    rows = np.asarray(rows, float)[strongest]
    order = np.argsort(rows)
    rows, logs = rows[order], np.log10(masses)
    if len(rows) == len(logs):
        pairs = np.column_stack([np.arange(len(rows)), np.arange(len(rows))])
        if _spread(rows, logs) < constants.MASS_TOLERANCE_LOG10:
            return _made(rows, masses, pairs)
    best = _search(rows, logs)
    if best is None or len(best) < max(constants.FEWEST_LADDER_BANDS, 0.6 * min(len(rows), len(logs))):
        return None
    return _made(rows, masses, best)


def _made(rows: np.ndarray, masses: np.ndarray, pairs: np.ndarray) -> Ladder:
    """A ladder from pairs of bands and masses."""
    chosen, named = rows[pairs[:, 0]], masses[pairs[:, 1]]
    return Ladder(chosen, named, 100 * (10 ** _spread(chosen, np.log10(named)) - 1))


def _spread(rows: np.ndarray, logs: np.ndarray) -> float:
    """Root mean square distance (log10 mass) from the best parabola, with its degrees of freedom."""
    scaled = (rows - rows.mean()) / max(np.ptp(rows), 1e-9)
    fit = np.polyfit(scaled, logs, 2)
    return float(np.sqrt(np.square(logs - np.polyval(fit, scaled)).sum() / max(len(rows) - 3, 1)))


def _search(rows: np.ndarray, logs: np.ndarray) -> np.ndarray | None:
    """The largest set of pairs (band, mass) along one curve; of equally large sets the smoothest."""
    best, best_rank = None, (0.0, 0.0)
    for low, high in combinations(range(len(rows)), 2):
        if high - low < min(3, len(rows) - 1):
            continue
        for first, last in combinations(range(len(logs)), 2):
            if last - first < min(3, len(logs) - 1):
                continue
            pairs = _along(rows, logs, (low, high), (first, last))
            if len(pairs) < constants.FEWEST_LADDER_BANDS:
                continue
            spread = _spread(rows[pairs[:, 0]], logs[pairs[:, 1]])
            missed = len(logs) - len(pairs) + len(rows) - len(pairs)
            rank = (2 * len(pairs) - missed - spread / constants.MASS_TOLERANCE_LOG10 * 2, -spread)
            if best is None or rank > best_rank:
                best, best_rank = pairs, rank
    return best


def _along(rows: np.ndarray, logs: np.ndarray, ends: tuple[int, int], masses: tuple[int, int]) -> np.ndarray:
    """Pairs near the line through two of them, refined once by a parabola."""
    slope = (logs[masses[1]] - logs[masses[0]]) / (rows[ends[1]] - rows[ends[0]])
    expected = logs[masses[0]] + slope * (rows - rows[ends[0]])
    pairs = _mutual(expected, logs, 3 * constants.MASS_TOLERANCE_LOG10)
    if len(pairs) >= constants.FEWEST_LADDER_BANDS:
        scaled = (rows - rows.mean()) / max(np.ptp(rows), 1e-9)
        fit = np.polyfit(scaled[pairs[:, 0]], logs[pairs[:, 1]], 2)
        bent = np.polyval(fit, scaled)
        pairs = _mutual(bent, logs, constants.MASS_TOLERANCE_LOG10) if (np.diff(bent) < 0).all() else pairs[:0]
    return pairs


def _mutual(expected: np.ndarray, logs: np.ndarray, near: float) -> np.ndarray:
    """Pairs of bands and masses that are each other's nearest."""
    distance = np.abs(expected[:, None] - logs[None, :])
    to_mass, to_band = distance.argmin(axis=1), distance.argmin(axis=0)
    bands = np.arange(len(expected))
    keep = (to_band[to_mass] == bands) & (distance[bands, to_mass] < near)
    return np.column_stack([bands[keep], to_mass[keep]])
