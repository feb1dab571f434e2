"""The area above baseline: the excess that the fractions held, from one moment to another.

A fraction is a mean over its length, so the excess collected up to its end is known exactly. Between ends it is read
from a curve. The same account serves a window's edge within a long fraction and a lost fraction.
"""

import numpy as np

from ketaflow.assays.microdialysis import constants
from ketaflow.assays.microdialysis.response.brain_time import MISSED, Fraction


def incremental_area(
    fractions: list[Fraction],
    pct: np.ndarray,
    window_min: tuple[float, float],
    *,
    missing_max_pct: float,
    method: str,
    scatter_pct: float,
) -> tuple[float, str, str]:
    """Compute the area above 100 % of baseline within a window.

    Parameters
    ----------
    fractions : list of Fraction
        In brain time.
    pct : (n_fractions,) float
        Percent of baseline; NaN where there is no value.
    window_min : (float, float)
        Start and end (minutes from the dose).
    missing_max_pct : float
        Largest share of the window without values (%).
    method : {"fraction", "trapezoid"}
        Whether each fraction counts over its whole length, or the middles of the fractions are joined.
    scatter_pct : float
        Coefficient of variation of the animal's baseline (%); NaN where it is unknown.

    Returns
    -------
    area : float
        In % x min; NaN if too much of the window is missing.
    note : str
        The interpolated share and its 95 % interval, where more than a tenth of the window is interpolated.
    reason : str
        Why there is no area.

    Notes
    -----
    A fraction that holds both sides of the dose counts whole, as it held 100 % before the dose. What no fraction covers
    is interpolated from its neighbours.
    """
    first, last = window_min
    present = [index for index in range(len(pct)) if np.isfinite(pct[index]) and fractions[index].kind != MISSED]
    spans = np.array([(fractions[index].start_min, fractions[index].stop_min) for index in present]).reshape(-1, 2)
    excess = pct[present] - 100 if present else np.empty(0)
    inside = np.clip(np.minimum(spans[:, 1], last) - np.maximum(spans[:, 0], first), 0, None)
    missing_pct = 100 * max(0.0, 1 - inside.sum() / (last - first))
    if not present or missing_pct > missing_max_pct:
        return np.nan, "", f"{missing_pct:.0f} % of {first:g} to {last:g} min hold no value"
    middles = spans.mean(axis=1)
    if method == "trapezoid":
        grid = np.unique(np.concatenate([[first, last], middles[(middles > first) & (middles < last)]]))
        return float(np.trapezoid(np.interp(grid, middles, excess), grid)), "", ""
    area, straight = (_area(spans, excess, first, last, straight=straight) for straight in (False, True))
    if missing_pct <= constants.INTERPOLATED_MAX_PCT:
        return area, "", ""
    lost_min = missing_pct / 100 * (last - first)
    tubes = (
        constants.GAP_SCATTER_FACTOR
        * np.nan_to_num(scatter_pct)
        / 100
        * lost_min
        * max(100 + area / (last - first), 0.0)
    )
    either_way = 1.96 * float(np.hypot(area - straight, tubes))
    return area, f"{missing_pct:.0f} % of the window interpolated, which leaves +-{either_way:.0f} % x min (95 %)", ""


def _area(spans: np.ndarray, excess: np.ndarray, first: float, last: float, *, straight: bool) -> float:
    ends, collected = cumulative(spans, excess, first, last, straight=straight)
    return cubic_through(last, ends, collected) - cubic_through(first, ends, collected)


def cumulative(
    spans: np.ndarray, excess: np.ndarray, first: float, last: float, *, straight: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Add up the excess over baseline that was collected, from the dose to the end of the window at least.

    Parameters
    ----------
    spans : (n, 2) float
        Start and end of each fraction with a value (minutes from the dose).
    excess : (n,) float
        Percent of baseline minus 100.
    first, last : float
        The window (minutes); one that begins before the dose is counted from its own beginning.
    straight : bool
        Whether gaps are crossed in straight lines instead of cubics.

    Returns
    -------
    ends : (n_ends,) float
        Ends of fractions and gaps (minutes).
    collected : (n_ends,) float
        Excess collected up to each (% x min).
    """
    origin = min(0.0, first)
    ends, collected = [origin], [0.0]
    middles, known = _after_dose(spans, excess)
    for (start, stop), above in zip(spans, excess, strict=True):
        if stop <= origin:
            continue
        if start > ends[-1]:
            collected.append(collected[-1] + _gap(ends[-1], start, middles, known, straight))
            ends.append(start)
        # A mixed fraction's excess is the dose's alone; of one that a window of its own cuts, the part inside counts.
        length = stop - start if origin == 0 else stop - max(start, origin)
        collected.append(collected[-1] + above * length)
        ends.append(stop)
    if ends[-1] < last:
        collected.append(collected[-1] + _gap(ends[-1], last, middles, known, straight))
        ends.append(last)
    return np.array(ends), np.array(collected)


def _gap(start: float, stop: float, middles: np.ndarray, known: np.ndarray, straight: bool) -> float:
    """Excess over what no fraction covers; two points of Gauss-Legendre quadrature integrate a cubic exactly.

    After the last fraction its value is held; ``straight`` continues the line through the last two.
    """
    moments = (start + stop) / 2 + (stop - start) / np.sqrt(12) * np.array([-1, 1])
    right = int(np.searchsorted(middles, moments.mean()))
    if 1 <= right <= len(middles) - 2 and not straight:
        values = [cubic_through(moment, middles, known) for moment in moments]
    elif right == len(middles) > 1 and straight:
        values = known[-1] + (known[-1] - known[-2]) / (middles[-1] - middles[-2]) * (moments - middles[-1])
    else:
        values = np.interp(moments, middles, known)
    return float(np.mean(values)) * (stop - start)


def _after_dose(spans: np.ndarray, excess: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(moments, excess) from which a lost fraction is interpolated: 0 at the dose, then the fractions after it.

    A fraction that holds both sides of the dose represents its later part, if that is at least half of it.
    """
    later = np.clip(spans[:, 1] - np.maximum(spans[:, 0], 0), 0, None)
    length = spans[:, 1] - spans[:, 0]
    used = later >= length / 2
    middles = (np.maximum(spans[:, 0], 0) + spans[:, 1]) / 2
    return np.append(0.0, middles[used]), np.append(0.0, (excess * length)[used] / later[used])


def cubic_through(moment: float, known_at: np.ndarray, values: np.ndarray) -> float:
    """Interpolate by the cubic through four neighbouring points.

    Parameters
    ----------
    moment : float
        Where to interpolate.
    known_at, values : (n,) float
        Known points, in increasing order; fewer than four are joined by straight lines.

    Returns
    -------
    float
        Value at the moment, in the unit of ``values``.

    Notes
    -----
    On drawn courses that peak 25 to 50 min after the dose, the error at a lost 20-min fraction nearest the top is two
    to six times smaller than that of a straight line where fractions scatter by 1 %, and equal where they scatter by 6
    %.
    """
    if len(known_at) < 4:
        return float(np.interp(moment, known_at, values))
    first = int(np.clip(np.searchsorted(known_at, moment) - 2, 0, len(known_at) - 4))
    x, y = known_at[first : first + 4], values[first : first + 4]
    weights = [
        np.prod([(moment - x[other]) / (x[own] - x[other]) for other in range(4) if other != own]) for own in range(4)
    ]
    return float(weights @ y)
