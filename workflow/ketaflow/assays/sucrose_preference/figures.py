"""Charts of bottles, licks and preference, written as SVG text in well under a millisecond each.

In: a recording and what was measured in it, or the preferences of all sessions. Out: figures that name neither animal
nor recording.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from ketaflow.assays.sucrose_preference import constants
from ketaflow.assays.sucrose_preference.licks.lick_microstructure import binned
from ketaflow.assays.sucrose_preference.licks.lick_summary import stuck_sensors
from ketaflow.assays.sucrose_preference.licks.light_cycle import clock, dark_spans
from ketaflow.assays.sucrose_preference.model import (
    BottleIntake,
    BottleLicks,
    BottleTest,
    Intake,
    LickSummary,
    LightCycle,
    Measured,
)
from ketaflow.assays.sucrose_preference.preference import preference_pct, solution_of
from ketaflow.core.results import Figure
from ketaflow.core.svg import Chart

# Measures of preference, and what their bars are called.
PREFERENCES = (
    ("sucrose_preference_pct", "intake"),
    ("sucrose_lick_preference_pct", "licks"),
    ("sucrose_contact_preference_pct", "contact time"),
    ("sucrose_lick_preference_dark_pct", "licks, dark"),
    ("sucrose_lick_preference_light_pct", "licks, light"),
)
SIDE_COLOURS = {"left": "blue", "right": "orange", "both": "green"}
COLOUR_WORDS = {"sky": "blue", "orange": "orange"}


class _Axis(NamedTuple):
    """Time axis of the lick charts: its length (s), and the unit in which it is drawn (s, and its name)."""

    length_s: float
    unit_s: float
    unit: str

    @property
    def label(self) -> str:
        return f"{self.unit} from the beginning of the log"


class _Placed(NamedTuple):
    """A log, and when it starts on the common time axis (s)."""

    log: BottleLicks
    offset_s: float


def review_figures(test: BottleTest, measured: Measured) -> list[Figure]:
    """Charts of one recording.

    Parameters
    ----------
    test : BottleTest
        The recording.
    measured : Measured
        What was measured in it.

    Returns
    -------
    list of Figure
        What left each bottle, if one was weighed; the preferences of the session; licks and preference over time, if
        there were licks.
    """
    made = []
    if measured.bottles:
        made.append(_bottle_figure(measured.bottles, measured.intake))
    made += _preference_bars(measured)
    if any(spout.licks for spout in measured.spouts):
        placed = _placed(test.logs)
        made.append(_lick_figure(placed, measured.spouts, measured.lights))
        preference = _preference_figure(placed, measured.lights)
        made += [preference] if preference else []
    return made


def _bottle_figure(bottles: Sequence[BottleIntake], intake: Intake) -> Figure:
    """What left each bottle; the part that a leak-control bottle lost too is grey."""
    tops = [max(0.0, one.lost_g) for one in bottles]
    highest = 1.15 * max([*tops, intake.limit_ml * 0.25])
    chart = Chart((0, len(bottles)), (0, highest), "", "left the bottle (g)", width=420, show_x_ticks=False)
    for index, (one, top) in enumerate(zip(bottles, tops, strict=True)):
        chart.bars([index + 0.2], [index + 0.8], [top], _colour(one.content))
        chart.bars([index + 0.2], [index + 0.8], [min(top, max(0.0, one.control_g))], "grey")
        chart.text(index + 0.2, top, f"{one.lost_g:.2f} g")
        chart.caption(index + 0.5, f"{one.side}: {one.content}")
    caption = f"{intake.hours:.1f} h. Grey: what the leak-control bottles lost in that time."
    if intake.refusal:
        caption += f" No preference: {intake.refusal}."
    return Figure("Bottles", chart.svg("Fluid that left each bottle"), caption=caption)


def _preference_bars(measured: Measured) -> list[Figure]:
    """Preferences of the session, by each measure that has a value, and of each part with bottles of its own."""
    values = {one.measure: one.value for one in measured.measurements}
    bars = [(name, value) for measure, name in PREFERENCES if (value := values.get(measure)) is not None]
    if values.get("sucrose_preference_pct") is not None:
        bars[1:1] = _parts(measured.bottles)
    if not bars:
        return []
    chart = Chart((0, len(bars)), (0, 115), "", "preference (%)", width=max(420, 52 + 92 * len(bars)), height=140,
                  show_x_ticks=False)  # fmt: skip
    chart.level(50, colour="grey")
    for place, (name, value) in enumerate(bars):
        chart.bars([place + 0.25], [place + 0.75], [value], "orange")
        chart.text(place + 0.3, value + 3, f"{value:.0f} %")
        chart.caption(place + 0.5, name)
    return [Figure("Preference", chart.svg("Preferences of the session"), caption="Dashed: no preference (50 %).")]


def _parts(bottles: Sequence[BottleIntake]) -> list[tuple[str, float]]:
    """Preference of each part of a recording whose bottles were changed, in the order of time."""
    starts = sorted({one.start_time for one in bottles if one.start_time})
    solution = solution_of({one.content for one in bottles})
    if len(starts) < 2 or solution is None:
        return []
    made = []
    for number, start in enumerate(starts, start=1):
        own = [one for one in bottles if one.start_time == start]
        sweet, water = (
            sum(one.drunk_g or 0.0 for one in own if one.content == name) for name in (solution, constants.WATER)
        )
        value = preference_pct(sweet, water)
        made += [] if value is None else [(f"part {number}", value)]
    return made


def preference_by_session(sessions: pd.DataFrame, title: str) -> Figure:
    """Chart of the preference of every animal in every session.

    Parameters
    ----------
    sessions : data frame
        One row per animal and session, in the order of sessions: ``animal``, ``session``, ``value`` (%), ``side`` of
        the solution (left, right, both) and ``baseline``.
    title : str
        Title of the figure.

    Returns
    -------
    Figure
        A point for each animal, coloured by the side of the solution; a black line for the median of each session.
    """
    names = sessions["session"].drop_duplicates().tolist()
    animals = {name: place for place, name in enumerate(sorted(sessions["animal"].unique()))}
    width = max(constants.CHART_WIDTH_PX, 60 + constants.SESSION_WIDTH_PX * len(names))
    chart = Chart((0, len(names)), (0, 105), "", "preference (%)", width=width, height=240, show_x_ticks=False)
    baseline = sessions.groupby("session")["baseline"].any()
    chart.bands([(place, place + 1) for place, name in enumerate(names) if baseline[name]], "yellow", 0.12)
    chart.level(50, colour="grey")
    at = sessions["session"].map({name: place for place, name in enumerate(names)}) + 0.15
    at += 0.7 * (sessions["animal"].map(animals) + 0.5) / len(animals)
    if len(animals) <= constants.MOST_LINES and len(names) > 1:
        for _, own in sessions.assign(at=at).groupby("animal"):
            chart.line(own["at"].tolist(), own["value"].tolist(), "grey")
    for side, colour in SIDE_COLOURS.items():
        here = sessions["side"].eq(side)
        chart.points(at[here].tolist(), sessions.loc[here, "value"].tolist(), colour, radius=3)
    for place, name in enumerate(names):
        median = float(sessions.loc[sessions["session"].eq(name), "value"].median())
        chart.line([place + 0.08, place + 0.92], [median, median], "black")
        chart.caption(place + 0.5, f"{name}: {median:.0f} %")
    shown = " Lines join the sessions of an animal." if len(animals) <= constants.MOST_LINES and len(names) > 1 else ""
    shade = " Shaded: sessions before the test." if baseline.any() else ""
    caption = (
        f"{len(animals)} animals. A point is an animal: blue with the solution on the left, orange on the right, green "
        f"where it changed places.{shown} Black: median of the session, in numbers below it. Dashed: no "
        f"preference.{shade}"
    )
    return Figure(title, chart.svg("Preference of every animal in every session"), caption=caption)


def _lick_figure(placed: Sequence[_Placed], spouts: Sequence[LickSummary], lights: LightCycle) -> Figure:
    """Cumulative licks of each bottle, over dark phases and gaps."""
    axis = _axis(_length_s(placed) or constants.HOUR_S)
    curves = [
        (one.log, *_thinned((one.log.time_s + one.offset_s) / axis.unit_s, np.cumsum(one.log.licks))) for one in placed
    ]
    most = max([1.0, *(float(total[-1]) for _, _, total in curves if len(total))])
    chart = Chart((0, axis.length_s / axis.unit_s), (0, 1.4 * most), axis.label, "licks so far")
    _shade(chart, placed, axis, lights)
    for place, (log, times, total) in enumerate(curves):
        colour = _colour(log.content)
        chart.line(times.tolist(), total.tolist(), colour, step=True)
        last = total[-1] if len(total) else 0
        legend = f"{log.side}: {log.content}, {last:.0f} ({COLOUR_WORDS[colour]})"
        chart.text(0.01 * axis.length_s / axis.unit_s, most * (1.28 - 0.14 * place), legend)
    caption = "Grey bands: lights off, where the log's clock was set. Pink: the log has a gap."
    if stuck := stuck_sensors(spouts):
        caption += f" No preference from licks: {stuck}."
    return Figure("Licks", chart.svg("Licks of each bottle, added up over time"), caption=caption)


def _placed(logs: Sequence[BottleLicks]) -> list[_Placed]:
    """Logs on one time axis, from the start of the first: bottles that changed places follow each other.

    All logs start together where the clock of one is not known.
    """
    starts = [start for log in logs if (start := clock(log))]
    if len(starts) < len(logs):
        return [_Placed(log, 0.0) for log in logs]
    return [_Placed(log, (start - min(starts)).total_seconds()) for log, start in zip(logs, starts, strict=True)]


def _length_s(placed: Sequence[_Placed]) -> float:
    """Time from the start of the first log to the end of the last (s)."""
    return max(one.offset_s + (one.log.duration_s or 0.0) for one in placed)


def _axis(length_s: float) -> _Axis:
    """Time axis in hours, or in minutes where it is short."""
    if length_s > constants.SHORT_LOG_S:
        return _Axis(length_s, constants.HOUR_S, "hours")
    return _Axis(length_s, constants.MINUTE_S, "minutes")


def _shade(chart: Chart, placed: Sequence[_Placed], axis: _Axis, lights: LightCycle) -> None:
    """Draw dark phases, where a clock is known, gaps of the logs, and when bottles changed places."""
    starts = [start for one in placed if (start := clock(one.log))]
    if starts:
        spans = dark_spans(min(starts), axis.length_s, lights)
        chart.bands([(start_s / axis.unit_s, stop_s / axis.unit_s) for start_s, stop_s in spans], "grey")
    gaps = {
        ((start_s + one.offset_s) / axis.unit_s, (stop_s + one.offset_s) / axis.unit_s)
        for one in placed
        for start_s, stop_s in one.log.quality.gaps
    }
    chart.bands(sorted(gaps), "pink", 0.5)
    for swap_s in sorted({one.offset_s for one in placed if one.offset_s > 0}):
        chart.moment(swap_s / axis.unit_s, "swap")


def _preference_figure(placed: Sequence[_Placed], lights: LightCycle) -> Figure | None:
    """Share of the solution in the licks of each day, or of each few hours where the log is shorter."""
    contents, length_s = {one.log.content for one in placed}, _length_s(placed)
    if len(contents) != 2 or constants.WATER not in contents or length_s <= 0:
        return None
    width_s = _bin_width_s(length_s)
    edges_s = np.arange(0, length_s + width_s * 0.999, width_s)
    share = _shares_pct(placed, edges_s)
    axis = _axis(length_s)
    limits = (0, float(edges_s[-1]) / axis.unit_s)
    chart = Chart(limits, (0, 105), axis.label, "preference (%)", height=130)
    _shade(chart, placed, axis, lights)
    chart.level(50, colour="grey")
    steps, middles = np.repeat(edges_s, 2)[1:-1], (edges_s[:-1] + edges_s[1:]) / 2
    chart.line((steps / axis.unit_s).tolist(), np.repeat(share, 2).tolist(), "orange")
    chart.points((middles / axis.unit_s).tolist(), share.tolist(), "orange")
    caption = (
        f"One dot for every {width_s / axis.unit_s:g} {axis.unit}; none without licks. Dashed: no preference (50 %)."
    )
    return Figure("Preference in licks", chart.svg("Preference in licks over time"), caption=caption, outcome=True)


def _bin_width_s(length_s: float) -> float:
    """Width of the bins of the preference chart (s), so that there are at least two."""
    widths = (*constants.PREFERENCE_BINS_S, length_s / constants.PREFERENCE_BIN_COUNT)
    return next(width_s for width_s in widths if width_s <= length_s / 2)


def _shares_pct(placed: Sequence[_Placed], edges_s: np.ndarray) -> np.ndarray:
    """Share of the solution in the licks of each bin (%), NaN without licks."""
    solution, water = np.zeros(len(edges_s) - 1), np.zeros(len(edges_s) - 1)
    for one in placed:
        counts = binned(one.log.time_s + one.offset_s, one.log.licks, edges_s)
        if one.log.content == constants.WATER:
            water += counts
        else:
            solution += counts
    total = solution + water
    return np.divide(100 * solution, total, out=np.full(len(total), np.nan), where=total > 0)


def _colour(content: str) -> str:
    """Colour of a bottle's bar or curve."""
    return "sky" if content == constants.WATER else "orange"


def _thinned(times: np.ndarray, total: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A cumulative curve with no more points than its chart can show."""
    if len(times) <= constants.CURVE_POINTS:
        return times, total
    kept = np.unique(np.linspace(0, len(times) - 1, constants.CURVE_POINTS).astype(int))
    return times[kept], total[kept]
