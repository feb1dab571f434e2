"""Which peak is which analyte: expected retention from the standards, and the shift from run to run."""

from collections.abc import Collection, Mapping

import numpy as np

from ketaflow.assays.microdialysis import constants
from ketaflow.assays.microdialysis.cohort_rows import StandardRow
from ketaflow.assays.microdialysis.model import Peak


def elution(
    rows: list[StandardRow],
    peaks: dict[str, list[Peak]],
    by_name_min: Mapping[str, float] | None = None,
    internals: Collection[str] = (),
) -> dict[str, float]:
    """Find the expected retention of each analyte.

    Parameters
    ----------
    rows : list of StandardRow
        The standards; their order is the order of elution.
    peaks : dict of str to list of Peak
        Peaks of each standard's chromatogram, in time order, by path.
    by_name_min : mapping of str to float, optional
        Retentions (minutes) of the analytes that the instruments' peak tables name; NaN where they give no time.
    internals : collection of str
        Analytes that are internal standards.

    Returns
    -------
    dict of str to float
        Retention (minutes) by analyte: that of the standards table, else that of a peak table, else found. Analytes
        without one are given the largest unsaturated peaks of the strongest standard, in the order of their rows. An
        internal standard of one concentration throughout is the peak whose area changes least from standard to
        standard, wherever its rows are.
    """
    names = list(dict.fromkeys(row.analyte for row in rows))
    known: dict[str, float] = {}
    for name in names:
        given = [row.retention_min for row in rows if row.analyte == name and row.retention_min is not None]
        if given:
            known[name] = float(np.median(given))
        elif by_name_min and name in by_name_min:
            known[name] = by_name_min[name]
    for chromatogram in sorted(dict.fromkeys(row.path for row in rows), key=lambda one: -_strength(rows, one)):
        unknown = [
            row.analyte
            for row in rows
            if row.path == chromatogram and row.analyte not in known and row.concentration_um
        ]
        largest = _largest(peaks.get(chromatogram, []), len(unknown)) if unknown else []
        steady = [name for name in unknown if name in internals and _is_constant(rows, name)]
        if len(steady) == 1 and len(largest) > 1:
            place = _steadiest(largest, peaks)
            known[steady[0]] = largest.pop(place)
            unknown.remove(steady[0])
        known.update(zip(unknown, largest, strict=False))
    return {name: time for name, time in known.items() if np.isfinite(time)}


def _is_constant(rows: list[StandardRow], analyte: str) -> bool:
    """Whether an analyte has one concentration in all standards, while another changes."""
    levels: dict[str, set[float]] = {}
    for row in rows:
        levels.setdefault(row.analyte, set()).add(row.concentration_um)
    return len(levels[analyte]) == 1 and any(len(own) > 1 for own in levels.values())


def _steadiest(times_min: list[float], peaks: dict[str, list[Peak]]) -> int:
    """Which of some retentions has the peak whose area changes least over the standards."""
    spreads = []
    for time in times_min:
        areas = [
            min(own, key=lambda peak: abs(peak.retention_min - time)).area for own in peaks.values() if own
        ]  # fmt: skip
        logs = np.log(np.maximum(areas, 1e-12))
        spreads.append(float(logs.std()))
    return int(np.argmin(spreads))


def _largest(peaks: list[Peak], count: int) -> list[float]:
    """Retentions of the ``count`` tallest whole peaks of one stretch, in time order; empty where there are too few.

    A saturated peak (void, reagent) ends a stretch, and a peak cut by the end of the run does not count. Of several
    stretches the one whose smallest chosen peak is the tallest is taken.
    """
    stretches: list[list[Peak]] = [[]]
    for peak in peaks:
        if peak.saturated:
            stretches.append([])
        elif not peak.cut:
            stretches[-1].append(peak)
    chosen = [sorted(one, key=lambda peak: -peak.height)[:count] for one in stretches if len(one) >= count]
    if not chosen:
        return []
    best = max(chosen, key=lambda one: one[-1].height)
    return sorted(peak.retention_min for peak in best)


def _strength(rows: list[StandardRow], chromatogram: str) -> float:
    """Highest concentration of any analyte in a standard."""
    return max(row.concentration_um or 0.0 for row in rows if row.path == chromatogram)


def named(peaks: list[Peak], expected: dict[str, float], *, window_min: float, shift_min: float) -> dict[str, int]:
    """Find the peak of each analyte in one chromatogram.

    Parameters
    ----------
    peaks : list of Peak
        In time order.
    expected : dict of str to float
        Expected retention (minutes) by analyte.
    window_min : float
        Largest distance from the expected retention, once the shift of the run is removed.
    shift_min : float
        Largest shift of a whole run.

    Returns
    -------
    dict of str to int
        Index of the peak of each analyte that is there.

    Notes
    -----
    The shift of the run is the one under which the most analytes meet a peak, tall peaks rather than small. Then each
    analyte takes a peak within the window, in the order of elution.
    """
    if not peaks or not expected:
        return {}
    names = sorted(expected, key=lambda name: expected[name])
    wanted = np.array([expected[name] for name in names])
    there = np.array([peak.retention_min for peak in peaks])
    weight = np.log1p(np.array([max(peak.height, 0.0) for peak in peaks]) / _floor(peaks))
    moved = wanted + shift_of(wanted, there, weight, window_min=window_min, shift_min=shift_min)
    first = _in_order(names, moved, there, weight, window_min)
    return _in_order(names, wanted + local_shift(names, wanted, there, first), there, weight, window_min)


def local_shift(names: list[str], wanted: np.ndarray, there: np.ndarray, found: dict[str, int]) -> np.ndarray:
    """Estimate the shift at each analyte, as early and late peaks drift differently.

    Parameters
    ----------
    names : list of str
        Analytes, in the order of elution.
    wanted : (n_analytes,) float
        Their expected retentions (minutes).
    there : (n_peaks,) float
        Retentions of the peaks (minutes).
    found : dict of str to int
        Index of the peak of each analyte found so far.

    Returns
    -------
    (n_analytes,) float
        Minutes: the median shift of the three nearest analytes that were found.
    """
    known = [index for index, name in enumerate(names) if name in found]
    if not known:
        return np.zeros(len(names))
    rests = np.array([there[found[names[index]]] - wanted[index] for index in known])
    near = np.abs(wanted[:, None] - wanted[known][None, :]).argsort(axis=1, kind="stable")[
        :, : constants.LOCAL_SHIFT_ANALYTES
    ]
    return np.median(rests[near], axis=1)


def _floor(peaks: list[Peak]) -> float:
    heights = [peak.height for peak in peaks if peak.height > 0]
    return constants.SMALL_PEAK_FRACTION * float(np.median(heights)) if heights else 1.0


def shift_of(
    wanted: np.ndarray, there: np.ndarray, weight: np.ndarray, *, window_min: float, shift_min: float
) -> float:
    """Estimate the shift of a run against the standards.

    Parameters
    ----------
    wanted : (n_analytes,) float
        Expected retentions (minutes).
    there, weight : (n_peaks,) float
        Retentions of the peaks (minutes), and how much each counts.
    window_min, shift_min : float
        See ``named``.

    Returns
    -------
    float
        Minutes. Of equally good shifts the smaller one is taken.
    """
    apart = (there[None, :] - wanted[:, None]).ravel()
    candidates = np.concatenate([[0.0], apart[np.abs(apart) <= shift_min]])
    spread = window_min / 2
    near = np.exp(-(((there[None, None, :] - wanted[None, :, None] - candidates[:, None, None]) / spread) ** 2) / 2)
    score = (near * weight).max(axis=2).sum(axis=1) - constants.SHIFT_COST_FRACTION * weight.max() * np.abs(
        candidates
    ) / max(shift_min, 1e-9)
    best = candidates[np.argmax(score)]
    close = np.abs(there[None, :] - wanted[:, None] - best)
    matched = close.min(axis=1) < spread
    if not matched.any():
        return float(best)
    rest = (there[close.argmin(axis=1)] - wanted)[matched]
    return float(np.median(rest))


def _in_order(
    names: list[str], wanted: np.ndarray, there: np.ndarray, weight: np.ndarray, window_min: float
) -> dict[str, int]:
    """The best assignment that keeps the order of elution (dynamic programming over analytes and peaks)."""
    gain = weight * np.clip(1 - (np.abs(there[None, :] - wanted[:, None]) / window_min) ** 2, 0, None)
    best = np.zeros((len(names) + 1, len(there) + 1))
    for i in range(1, len(names) + 1):
        for j in range(1, len(there) + 1):
            best[i, j] = max(best[i - 1, j], best[i, j - 1], best[i - 1, j - 1] + gain[i - 1, j - 1])
    found, i, j = {}, len(names), len(there)
    while i and j:
        if best[i, j] == best[i - 1, j]:
            i -= 1
        elif best[i, j] == best[i, j - 1]:
            j -= 1
        else:
            found[names[i - 1]] = j - 1
            i, j = i - 1, j - 1
    return found
