"""Charts for the reviewer: a trace with its areas, calibration, the standards' drift, time course, no-net-flux line."""

from typing import NamedTuple

import numpy as np

from ketaflow.assays.microdialysis import constants
from ketaflow.assays.microdialysis.model import Chromatogram, FluxExperiment
from ketaflow.assays.microdialysis.response.brain_time import MISSED, MIXED, WHOLE
from ketaflow.assays.microdialysis.result_rows import (
    CalibrationLine,
    FluxLine,
    FractionResult,
    PeakRow,
    StandardReadBack,
)
from ketaflow.core.results import Figure
from ketaflow.core.svg import COLOURS, Chart, panels

CYCLE = ("blue", "orange", "green", "pink", "yellow", "sky")
# How a fraction without a number is marked at the foot of the time course, by its state.
MARKS = {"below_loq": "▽", "not_found": "▽", "above_range": "△", "saturated": "△"}
NO_VALUE = "×"
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class CourseBaseline(NamedTuple):
    """Baseline of one analyte: mean (uM), coefficient of variation (%) and number of fractions."""

    mean_um: float
    cv_pct: float
    n_fractions: int


def trace_figure(chromatogram: Chromatogram, peaks: list[PeakRow]) -> Figure:
    """Draw a chromatogram with the area of every peak shaded down to its baseline.

    Parameters
    ----------
    chromatogram : Chromatogram
        One with a signal.
    peaks : list of PeakRow
        Its peaks; the named ones are drawn in colour.

    Returns
    -------
    Figure
        The stretch of the run that holds the named peaks.
    """
    trace, unit = np.stack([chromatogram.time_min, chromatogram.signal]), chromatogram.unit
    named = [peak for peak in peaks if peak.analyte]
    first, last = _stretch(trace[0], named or peaks)
    inside = (trace[0] >= first) & (trace[0] <= last)
    time, signal = trace[:, inside]
    shown = [peak for peak in peaks if peak.start_min < last and peak.stop_min > first]
    lines = [end for peak in shown for end in (peak.line_start, peak.line_stop) if np.isfinite(end)]
    top = _highest(time, signal, named or peaks)
    low = min([float(signal.min()), *(line for line in lines if line < top)])
    room = max(top - low, 1e-12)
    power = 3 * int(np.floor(np.log10(max(abs(top), abs(low), 1e-12)) / 3))
    scale = 10.0**power
    label = _axis_label("Signal", power, unit.replace("uV", "µV"))
    limits = ((low - 0.06 * room) / scale, (top + 0.16 * room) / scale)
    chart = Chart((first, last), limits, "Time (min)", label, height=190)
    xs, ys = thinned(time, np.clip(signal / scale, *limits))
    for peak in shown:
        _shade(chart, xs, ys, peak, scale, CYCLE[named.index(peak) % len(CYCLE)] if peak in named else "grey")
    chart.line(xs, ys, "black")
    for peak in named:
        _name(chart, xs, ys, peak)
    caption = (
        "Shaded: the areas that were measured. The line under them is their baseline, upright edges part neighbours. "
        "Grey peaks are not among the standards; taller ones than the named are cut off."
    )
    return Figure(
        "Are the peaks and their baselines right?", chart.svg("chromatogram with integrated areas"), caption=caption
    )


def _stretch(time: np.ndarray, peaks: list[PeakRow]) -> tuple[float, float]:
    """First and last minute that show the named peaks; the whole run where none was found."""
    if not peaks:
        return float(time[0]), float(time[-1])
    starts, stops = np.array([peak.start_min for peak in peaks]), np.array([peak.stop_min for peak in peaks])
    room = 0.15 * max(stops.max() - starts.min(), 1.0)
    return float(max(time[0], starts.min() - room)), float(min(time[-1], stops.max() + room))


def _highest(time: np.ndarray, signal: np.ndarray, peaks: list[PeakRow]) -> float:
    """Top of the tallest of these peaks: others, such as the void before them, may be far taller."""
    tops = [signal[(time >= peak.start_min) & (time <= peak.stop_min)].max(initial=-np.inf) for peak in peaks]
    top = max(tops, default=-np.inf)
    return float(top if np.isfinite(top) else signal.max())


def _shade(chart: Chart, xs: np.ndarray, ys: np.ndarray, peak: PeakRow, scale: float, colour: str) -> None:
    """A peak's area between the drawn curve and its baseline, and the baseline itself."""
    left, right = (float(np.clip(end, *chart.x_limits)) for end in (peak.start_min, peak.stop_min))
    ends = [float(np.clip(end / scale, *chart.y_limits)) for end in (peak.line_start, peak.line_stop)]
    if right <= left or not np.isfinite(ends).all():
        return
    between = (xs > left) & (xs < right)
    curve_x = np.concatenate([[left], xs[between], [right]])
    curve_y = np.concatenate([[np.interp(left, xs, ys)], ys[between], [np.interp(right, xs, ys)]])
    pixels = np.column_stack([chart.x(curve_x), chart.y(curve_y)])
    points = "L".join(["%.1f %.1f"] * len(pixels)) % tuple(pixels.ravel().tolist())
    line = f"M{chart.x(left):.1f} {chart.y(ends[0]):.1f}L{chart.x(right):.1f} {chart.y(ends[1]):.1f}"
    first, last = line.split("L")
    fill = COLOURS[colour]
    chart.parts.append(
        f'<path d="{first}L{points}L{last}Z" fill="{fill}" fill-opacity="0.35" stroke="{fill}" stroke-width="0.7"/>'
        f'<path d="{line}" stroke="{fill}" stroke-width="1.8" fill="none"/>'
    )


def _name(chart: Chart, xs: np.ndarray, ys: np.ndarray, peak: PeakRow) -> None:
    """The analyte's name over the top of its peak."""
    here = (xs >= peak.start_min) & (xs <= peak.stop_min)
    top = float(ys[here].max(initial=chart.y_limits[0]))
    centred = f'x="{chart.x(peak.retention_min):.1f}" y="{chart.y(top) - 5:.1f}" text-anchor="middle"'
    chart.parts.append(f"<text {centred}>{_plain(peak.analyte)}</text>")


def _plain(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def thinned(xs: np.ndarray, ys: np.ndarray, most: int = constants.DRAWN_POINTS_MAX) -> tuple[np.ndarray, np.ndarray]:
    """Reduce a curve to the points that can be seen.

    Parameters
    ----------
    xs, ys : (n_points,) float
        The curve.
    most : int
        Largest number of points.

    Returns
    -------
    xs, ys : (n_kept,) float
        The lowest and highest point of every stretch.
    """
    if len(xs) <= most:
        return xs, ys
    size = int(np.ceil(2 * len(xs) / most))
    count = len(xs) // size
    blocks = ys[: count * size].reshape(count, size)
    ends = np.sort(np.stack([blocks.argmin(axis=1), blocks.argmax(axis=1)], axis=1), axis=1)
    picked = np.unique(np.concatenate([[0], (ends + np.arange(count)[:, None] * size).ravel(), [len(xs) - 1]]))
    return xs[picked], ys[picked]


def calibration_figure(
    line: CalibrationLine, standards: list[StandardReadBack], measured_um: np.ndarray, error_max_pct: float
) -> Figure:
    """Draw the standards with their line, and beside it how far each reads back from its concentration.

    Parameters
    ----------
    line : CalibrationLine
        The line.
    standards : list of StandardReadBack
        The standards of the analyte.
    measured_um : (n,) float
        The animal's own concentrations (uM); their range is shaded.
    error_max_pct : float
        Limit of the standards' error (%), shaded.

    Returns
    -------
    Figure
        The two charts side by side, with a caption.
    """
    xs = np.array([row.concentration_um for row in standards], float)
    ys = np.array([row.response for row in standards], float)
    errors = np.array([row.error_pct for row in standards], float)
    own = measured_um[np.isfinite(measured_um)]
    charts = [_line_chart(line, xs, ys, own), _residual_chart(xs, errors, own, error_max_pct)]
    fit = f"r2 {line.r_squared:.4f}" if np.isfinite(line.r_squared) else "one level, through zero"
    caption = (
        f"{line.analyte}: weight {line.weighting}, {fit}, limit of quantification {line.loq_um:.3g} uM, "
        f"highest standard {line.highest_um:.3g} uM. Blue band: this animal's values. Grey band: within "
        f"{error_max_pct:g} %; standards that read back {constants.LABELLED_ERROR_PCT:g} % or more off carry the "
        "difference."
    )
    drawn = panels(charts, [[line.analyte], ["Read back"]], 2, f"calibration of {line.analyte}")
    return Figure("Do the standards lie on their line?", drawn, caption=caption)


def _axis_label(quantity: str, power: int, unit: str) -> str:
    """Name of an axis whose values are given in this power of ten of the unit."""
    ten = f"10{str(power).translate(SUPERSCRIPTS)}" if power else ""
    return f"{quantity} ({' '.join(filter(None, (ten, unit)))})" if ten or unit else quantity


def _line_chart(line: CalibrationLine, xs: np.ndarray, ys: np.ndarray, own: np.ndarray) -> Chart:
    high = float(np.nanmax(ys, initial=0)) or 1.0
    power = 3 * int(np.floor(np.log10(max(high, 1e-12)) / 3))
    scale, label = 10.0**power, _axis_label("Response", power, "")
    chart = Chart((0, float(xs.max()) * 1.1), (0, high / scale * 1.1), "Concentration (µM)", label, width=320)
    if len(own):
        chart.bands([(float(own.min()), float(own.max()))], "sky")
    ends = np.array([max(0.0, -line.intercept / line.slope), xs.max() * 1.08])
    chart.line(ends, (line.slope * ends + line.intercept) / scale, "grey")
    chart.points(xs, ys / scale, "blue")
    return chart


def _residual_chart(xs: np.ndarray, errors: np.ndarray, own: np.ndarray, error_max_pct: float) -> Chart:
    """Difference of each standard (%), its concentration on a logarithmic axis so that low ones are apart."""
    real = xs > 0
    places = np.log10(xs[real])
    most = max(1.6 * error_max_pct, 1.15 * float(np.nanmax(np.abs(errors[real]), initial=0)))
    wide = 0.1 * max(float(np.ptp(places)), 1.0)
    chart = Chart(
        (places.min() - wide, places.max() + wide), (-most, most), "Concentration (µM)", "Difference (%)", width=320,
        show_x_ticks=False,
    )  # fmt: skip
    chart.stripe(-error_max_pct, error_max_pct, "grey", 0.15)
    if len(own) and own.min() > 0:
        chart.bands([tuple(np.log10([own.min(), own.max()]).tolist())], "sky")
    chart.level(0, "", "grey")
    chart.points(places, errors[real], "blue")
    last = -np.inf
    for place in np.unique(places):
        if chart.x(place) - last > 24:
            chart.caption(place, f"{10**place:.3g}")
            last = chart.x(place)
    for place, error in zip(places, errors[real], strict=True):
        if np.isfinite(error) and abs(error) >= constants.LABELLED_ERROR_PCT:
            chart.text(place, error, f" {error:+.0f}")
    return chart


def drift_figure(standards: list[StandardReadBack]) -> Figure | None:
    """Draw the concentrations that the standards read back, in the order of the table.

    Parameters
    ----------
    standards : list of StandardReadBack
        Standards of all analytes.

    Returns
    -------
    Figure or None
        None with a single injection, which shows no drift.
    """
    analytes = list(dict.fromkeys(row.analyte for row in standards))[: len(CYCLE)]
    shares = {}
    for analyte in analytes:
        rows = [row for row in standards if row.analyte == analyte and row.concentration_um]
        shares[analyte] = 100 + np.array([row.error_pct for row in rows], float)
    most = max((len(share) for share in shares.values()), default=0)
    values = np.concatenate([*shares.values(), np.empty(0)])
    values = values[np.isfinite(values)]
    if most < 2 or not len(values):
        return None
    low, high = min(80.0, values.min()), max(120.0, values.max())
    label = "Standard, in the order of the table"
    chart = Chart((0.5, most + 0.5), (low - 5, high + 5), label, "Read back (%)", show_x_ticks=False)
    for number in range(1, most + 1, int(np.ceil(most / 20))):
        chart.caption(number, str(number))
    chart.level(100, "", "grey")
    for share, colour in zip(shares.values(), CYCLE, strict=False):
        chart.line(np.arange(1, len(share) + 1), share, colour)
        chart.points(np.arange(1, len(share) + 1), share, colour)
    caption = "Lines: " + ", ".join(f"{name} {colour}" for name, colour in zip(shares, CYCLE, strict=False)) + "."
    return Figure("Do the standards drift?", chart.svg("standards read back, in order"), caption=caption)


def course_figure(fractions: list[FractionResult], baseline: dict[str, CourseBaseline], region: str = "") -> Figure:
    """Draw an animal's time course in percent of baseline, with the fractions of the baseline and the dose marked.

    Parameters
    ----------
    fractions : list of FractionResult
        Fractions of one region.
    baseline : dict of str to CourseBaseline
        By analyte; analytes without a baseline are left out.
    region : str
        Region for the caption.

    Returns
    -------
    Figure
    """
    analytes = [name for name in dict.fromkeys(row.analyte for row in fractions) if name in baseline][: len(CYCLE)]
    curves = {analyte: [row for row in fractions if row.analyte == analyte] for analyte in analytes}
    shares = {name: _shares(rows, baseline[name].mean_um) for name, rows in curves.items()}
    tops = [share[np.isfinite(share)].max(initial=0) for share in shares.values()]
    edges = [edge for row in fractions for edge in (row.start_min, row.stop_min)]
    chart = Chart(
        (min(edges), max(edges)), (0, max([150.0, *tops]) * 1.12), "Minutes from the dose, in the brain",
        "% of baseline", height=210,
    )  # fmt: skip
    used = [span for name, rows in curves.items() for span in _baseline_spans(rows, baseline[name].n_fractions)]
    chart.bands(list(dict.fromkeys(used)), "grey", 0.18)
    chart.bands([(row.start_min, row.stop_min) for row in curves[analytes[0]] if row.kind == MIXED], "yellow", 0.3)
    chart.level(100, "", "grey")
    chart.moment(0, "dose", "orange")
    for (name, rows), colour in zip(curves.items(), CYCLE, strict=False):
        _draw_course(chart, rows, shares[name], colour)
    _mark_gaps(chart, curves)
    spreads = "; ".join(
        f"{name} ({colour}) {baseline[name].mean_um:.3g} uM, CV {baseline[name].cv_pct:.0f} %"
        for name, colour in zip(curves, CYCLE, strict=False)
    )
    caption = (
        f"{f'Region: {region}. ' if region else ''}Grey: fractions of the baseline. {spreads}. Bars: as long as the "
        "tube was under the outlet. Yellow: a fraction that holds both sides of the dose. At the foot, fractions "
        "without a number: ▽ below the limit, △ above the range or saturated, × missed or not readable."
    )
    return Figure(
        "Is the baseline steady, and the course believable?", chart.svg("time course"), caption=caption, outcome=True
    )


def _shares(rows: list[FractionResult], mean_um: float) -> np.ndarray:
    return 100 * np.array([row.concentration_um for row in rows], float) / mean_um


def _baseline_spans(rows: list[FractionResult], count: int) -> list[tuple[float, float]]:
    before = [
        (row.start_min, row.stop_min)
        for row in rows
        if row.kind == WHOLE and row.stop_min <= constants.EDGE_MIN and np.isfinite(row.concentration_um)
    ]
    return before[-count:] if count else []


def _draw_course(chart: Chart, rows: list[FractionResult], share: np.ndarray, colour: str) -> None:
    """A bar as long as each fraction, their middles joined."""
    chart.line([(row.start_min + row.stop_min) / 2 for row in rows], share, colour)
    bars = "".join(
        f"M{chart.x(row.start_min):.1f} {chart.y(value):.1f}H{chart.x(row.stop_min):.1f}"
        for row, value in zip(rows, share, strict=True)
        if np.isfinite(value)
    )
    chart.parts.append(f'<path d="{bars}" stroke="{COLOURS[colour]}" stroke-width="3" fill="none"/>')


def _mark_gaps(chart: Chart, curves: dict[str, list[FractionResult]]) -> None:
    """A mark at the foot for each fraction without a number; one line for each analyte where they differ."""
    for level, rows in enumerate(curves.values()):
        for row in rows:
            if not np.isfinite(row.concentration_um):
                mark = NO_VALUE if row.kind == MISSED else MARKS.get(row.state, NO_VALUE)
                x = chart.x((row.start_min + row.stop_min) / 2)
                y = chart.y(0) - 4 - 11 * level
                fill = COLOURS[CYCLE[level]]
                chart.parts.append(
                    f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle" style="fill:{fill}">{mark}</text>'
                )


def flux_figure(experiment: FluxExperiment, fit: FluxLine) -> Figure:
    """Draw the loss against the perfused concentration, with the fitted line and the interval of its crossing.

    Parameters
    ----------
    experiment : FluxExperiment
        The perfused and collected concentrations.
    fit : FluxLine
        Its line.

    Returns
    -------
    Figure
    """
    infused_um, lost_um, analyte = experiment.infused_um, experiment.lost_um, experiment.analyte
    wide = 0.08 * float(np.ptp(infused_um))
    low, high = min(0.0, float(lost_um.min())), max(0.0, float(lost_um.max()))
    room = 0.1 * (high - low)
    chart = Chart(
        (float(infused_um.min()) - wide, float(infused_um.max()) + wide), (low - room, high + room),
        f"{analyte} perfused (µM)", "Lost (µM)", height=190,
    )  # fmt: skip
    span = np.clip([fit.crossing_um_low, fit.crossing_um_high], *chart.x_limits)
    if np.isfinite([fit.crossing_um_low, fit.crossing_um_high]).all():
        chart.bands([tuple(span.tolist())], "sky", 0.3)
    chart.level(0, "", "grey")
    ends = np.array(chart.x_limits)
    chart.line(ends, fit.slope * ends + fit.intercept_um, "grey")
    chart.points(infused_um, lost_um, "blue")
    caption = (
        f"{analyte}: slope (extraction fraction) {fit.slope:.2g}, 95 % interval {fit.slope_low:.2g} to "
        f"{fit.slope_high:.2g}. The line crosses zero at the concentration outside the probe; blue: its 95 % "
        "interval."
    )
    return Figure("Is the concentration outside the probe known?", chart.svg("no net flux"), caption=caption)
