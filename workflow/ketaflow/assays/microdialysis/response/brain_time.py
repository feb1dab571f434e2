"""Fractions in brain time: the fluid in a tube left the brain earlier, by the transit of the dead volume."""

import re
from dataclasses import dataclass

import numpy as np

from ketaflow.assays.microdialysis import constants
from ketaflow.assays.microdialysis.cohort_rows import FractionRow

# What separates the chromatograms of a tube that was injected several times.
PATHS_BY = "; "
WHOLE, MIXED, MISSED = "whole", "mixed", "missed"
NOT_COLLECTED = re.compile(r"\b(missed|missing|lost|empty|spilled|not collected|no sample)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Fraction:
    """One fraction, with the times at which its fluid was in the brain (minutes from the dose).

    Attributes
    ----------
    name : str
        The fraction.
    start_min, stop_min : float
        Start and end of its collection, in brain time.
    kind : str
        ``whole``, ``mixed`` (holds both sides of the dose) or ``missed``.
    merged : bool
        Whether it is longer than the animal's usual fraction.
    flow_ul_per_min, lag_min : float
        Flow of the perfusion, and the delay from brain to tube at its start.
    chromatogram : str or None
        Recording of its chromatogram; of several injections all names, separated by semicolons.
    recovery_pct : float or None
        Relative recovery of the probe in vitro.
    dilution_factor : float
        How many times the sample was diluted.
    injections : int
        How often the tube was injected.
    """

    name: str
    start_min: float
    stop_min: float
    kind: str
    merged: bool
    flow_ul_per_min: float
    lag_min: float
    chromatogram: str | None = None
    recovery_pct: float | None = None
    dilution_factor: float = 1.0
    injections: int = 1

    @property
    def middle_min(self) -> float:
        """Time at which the fraction is plotted."""
        return (self.start_min + self.stop_min) / 2


def reported_min(fraction: Fraction, grid_min: float) -> float:
    """Return the time at which the values of a fraction are listed.

    Parameters
    ----------
    fraction : Fraction
        In brain time.
    grid_min : float
        Times are rounded to multiples of this (minutes); 0 leaves them exact.

    Returns
    -------
    float
        Middle of the fraction (minutes from the dose).
    """
    return round(round(fraction.middle_min / grid_min) * grid_min, 3) if grid_min else round(fraction.middle_min, 3)


def in_brain_time(
    tubes: list[list[FractionRow]], *, flow_ul_per_min: float, dead_volume_ul: float, merged_factor: float
) -> list[Fraction]:
    """Move the fractions of one animal back in time by the transit of the dead volume.

    Parameters
    ----------
    tubes : list of list of FractionRow
        Fractions of one animal and region, on the clock of the tube: for each its injections.
    flow_ul_per_min, dead_volume_ul : float
        Flow and dead volume of rows that give none.
    merged_factor : float
        A fraction longer than this factor times the median one is merged.

    Returns
    -------
    list of Fraction
        In the order of time.

    Notes
    -----
    The transit is followed through changes of flow: fluid that reaches the tube at time t left the brain when the pump
    had delivered one dead volume less.
    """
    tubes = sorted(tubes, key=lambda injections: injections[0].start_min)
    rows = [injections[0] for injections in tubes]
    flows = np.array([_or(row.flow_ul_per_min, flow_ul_per_min) for row in rows])
    starts, stops = np.array([row.start_min for row in rows], float), np.array([row.stop_min for row in rows], float)
    usual = float(np.median(stops - starts))
    times, volume = _delivered(starts, stops, flows)
    made = []
    for injections, start, stop, flow in zip(tubes, starts, stops, flows, strict=True):
        row = injections[0]
        dead_ul = _or(row.dead_volume_ul, dead_volume_ul)
        left, right = (_left_brain(t, dead_ul, times, volume, flows) for t in (start, stop))
        kind = MIXED if left < -constants.EDGE_MIN and right > constants.EDGE_MIN else WHOLE
        if all(NOT_COLLECTED.search(one.note or "") for one in injections):
            kind = MISSED
        merged = bool(stop - start > merged_factor * usual)
        lag_min = float(start - left)
        made.append(
            Fraction(
                row.fraction, left, right, kind, merged, float(flow), lag_min, _paths(injections), row.recovery_pct,
                row.dilution_factor or 1.0, len(injections),
            )
        )  # fmt: skip
    return made


def _paths(injections: list[FractionRow]) -> str | None:
    """Name of the chromatogram's recording, or names of several."""
    return PATHS_BY.join(dict.fromkeys(row.name for row in injections if row.name)) or None


def _or(value: float | None, default: float) -> float:
    return default if value is None else float(value)


def _delivered(starts: np.ndarray, stops: np.ndarray, flows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Volume the pump has delivered at each change (microlitres); in a pause the pump runs on as before it."""
    times, volume = [starts[0]], [0.0]
    for index, (start, stop, flow) in enumerate(zip(starts, stops, flows, strict=True)):
        if start > times[-1]:
            volume.append(volume[-1] + (start - times[-1]) * flows[max(index - 1, 0)])
            times.append(start)
        volume.append(volume[-1] + (stop - times[-1]) * flow)
        times.append(stop)
    return np.array(times), np.array(volume)


def _left_brain(time: float, dead_ul: float, times: np.ndarray, volume: np.ndarray, flows: np.ndarray) -> float:
    wanted = float(np.interp(time, times, volume)) - dead_ul
    if wanted < 0:
        return float(times[0] + wanted / flows[0])
    return float(np.interp(wanted, volume, times))
