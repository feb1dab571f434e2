"""What a reviewer sees: a trace with its areas, the calibration, the standards' drift, the animal's time course."""

import numpy as np

from ketaflow.assays.microdialysis.fractions import MIXED
from ketaflow.core.records import Figure
from ketaflow.core.svg import COLOURS, Chart

# Points drawn of a trace: twice the width of the chart in pixels shows every spike.
DRAWN = 400
# Standards nearer to their line than this carry no number (%).
TOLD_PCT = 5.0
CYCLE = ("blue", "orange", "green", "pink", "yellow", "sky")


def trace_figure(trace: np.ndarray, peaks: list[dict], unit: str) -> Figure:
    """A chromatogram, the area of every peak shaded down to its baseline; named peaks in colour."""
    time, signal = trace
    named = [peak for peak in peaks if peak["analyte"]]
    first, last, top = _view(time, signal, named or peaks)
    inside = (time >= first) & (time <= last)
    low = float(signal[inside].min())
    chart = Chart((first, last), (low - 0.05 * (top - low), top), "Minutes", unit or "Signal")
    for peak in peaks:
        _shade(chart, time, signal, peak, CYCLE[named.index(peak) % len(CYCLE)] if peak in named else "grey")
    xs, ys = thinned(time[inside], np.minimum(signal[inside], top))
    chart.line(xs, ys, "grey")
    for peak in named:
        chart.text(peak["retention_min"], min(peak["height"] + peak["line_start"], 0.93 * top), peak["analyte"])
    caption = "Shaded: the areas that were measured, down to their baseline; grey peaks are not among the standards."
    return Figure(
        "Are the peaks and their baselines right?", chart.svg("chromatogram with integrated areas"), caption=caption
    )


def _view(time: np.ndarray, signal: np.ndarray, peaks: list[dict]) -> tuple[float, float, float]:
    """Limits that show the named peaks: the void before them may be far taller."""
    if not peaks:
        return float(time[0]), float(time[-1]), float(signal.max())
    starts, stops = (np.array([peak[name] for peak in peaks]) for name in ("start_min", "stop_min"))
    room = 0.15 * max(stops.max() - starts.min(), 1.0)
    first, last = max(time[0], starts.min() - room), min(time[-1], stops.max() + room)
    top = max(peak["height"] + max(peak["line_start"], peak["line_stop"]) for peak in peaks)
    return float(first), float(last), float(top + 0.12 * abs(top))


def _shade(chart: Chart, time: np.ndarray, signal: np.ndarray, peak: dict, colour: str) -> None:
    inside = (time >= max(peak["start_min"], chart.x_limits[0])) & (time <= min(peak["stop_min"], chart.x_limits[1]))
    if inside.sum() < 2:
        return
    xs, ys = thinned(time[inside], np.minimum(signal[inside], chart.y_limits[1]), 60)
    points = "L".join(f"{chart.x(x):.1f} {chart.y(y):.1f}" for x, y in zip(xs, ys, strict=True))
    left, right = (chart.y(min(peak[name], chart.y_limits[1])) for name in ("line_start", "line_stop"))
    path = f"M{chart.x(xs[0]):.1f} {left:.1f}L{points}L{chart.x(xs[-1]):.1f} {right:.1f}Z"
    fill = COLOURS[colour]
    chart.parts.append(f'<path d="{path}" fill="{fill}" fill-opacity="0.35" stroke="{fill}" stroke-width="0.7"/>')


def thinned(xs: np.ndarray, ys: np.ndarray, most: int = DRAWN) -> tuple[np.ndarray, np.ndarray]:
    """A curve of at most ``most`` points that keeps the lowest and highest of every stretch."""
    if len(xs) <= most:
        return xs, ys
    size = int(np.ceil(2 * len(xs) / most))
    count = len(xs) // size
    blocks = ys[: count * size].reshape(count, size)
    ends = np.sort(np.stack([blocks.argmin(axis=1), blocks.argmax(axis=1)], axis=1), axis=1)
    picked = np.unique(np.concatenate([[0], (ends + np.arange(count)[:, None] * size).ravel(), [len(xs) - 1]]))
    return xs[picked], ys[picked]


def calibration_figure(line: dict, standards: list[dict]) -> Figure:
    """Standards and their line, the residuals as percent written beside each."""
    xs = np.array([row["concentration_um"] for row in standards], float)
    ys = np.array([row["response"] for row in standards], float)
    power = 3 * int(np.floor(np.log10(max(float(np.nanmax(ys)), 1e-12)) / 3))
    scale, label = 10.0**power, f"Response (1e{power})" if power else "Response"
    chart = Chart((0, float(xs.max()) * 1.1), (0, float(np.nanmax(ys)) / scale * 1.1), "Concentration (uM)", label)
    ends = np.array([max(0.0, -line["intercept"] / line["slope"]), xs.max() * 1.08])
    chart.line(ends, (line["slope"] * ends + line["intercept"]) / scale, "grey")
    chart.points(xs, ys / scale, "blue")
    for x, y, row in zip(xs, ys / scale, standards, strict=True):
        if np.isfinite(y) and abs(row["error_pct"]) >= TOLD_PCT:
            chart.text(x, y, f" {row['error_pct']:+.0f} %")
    caption = (
        f"{line['analyte']}: weight {line['weighting']}, r2 {line['r_squared']:.4f}, LOQ {line['loq_um']:.3g} uM. "
        f"Standards that read back {TOLD_PCT:g} % or more off carry the difference."
    )
    return Figure(
        "Do the standards lie on their line?", chart.svg(f"calibration of {line['analyte']}"), caption=caption
    )


def drift_figure(standards: list[dict]) -> Figure:
    """Response over concentration of every standard, in the order of the table."""
    analytes = list(dict.fromkeys(row["analyte"] for row in standards))[: len(CYCLE)]
    shares = {}
    for analyte in analytes:
        rows = [row for row in standards if row["analyte"] == analyte and row["concentration_um"]]
        shares[analyte] = 100 + np.array([row["error_pct"] for row in rows], float)
    values = np.concatenate(list(shares.values()))
    values = values[np.isfinite(values)]
    low, high = (min(80.0, values.min()), max(120.0, values.max())) if len(values) else (80.0, 120.0)
    most = max(len(share) for share in shares.values())
    chart = Chart((0.5, most + 0.5), (low - 5, high + 5), "Standard, in the order of the table", "Read back (%)")
    chart.level(100, "", "grey")
    for analyte, colour in zip(shares, CYCLE, strict=False):
        chart.line(np.arange(1, len(shares[analyte]) + 1), shares[analyte], colour)
        chart.points(np.arange(1, len(shares[analyte]) + 1), shares[analyte], colour)
    caption = "Lines: " + ", ".join(f"{name} {colour}" for name, colour in zip(shares, CYCLE, strict=False)) + "."
    return Figure("Do the standards drift?", chart.svg("standards read back, in order"), caption=caption)


def course_figure(fractions: list[dict], baseline: dict[str, tuple[float, float]]) -> Figure:
    """The animal's time course in percent of baseline, with baseline and dose marked."""
    analytes = [name for name in dict.fromkeys(row["analyte"] for row in fractions) if name in baseline][: len(CYCLE)]
    curves = {}
    for analyte in analytes:
        rows = [row for row in fractions if row["analyte"] == analyte]
        middles = np.array([(row["start_min"] + row["stop_min"]) / 2 for row in rows])
        curves[analyte] = (
            middles,
            100 * np.array([row["concentration_um"] for row in rows], float) / baseline[analyte][0],
        )
    edges = [(row["start_min"], row["stop_min"]) for row in fractions]
    tops = [pct[np.isfinite(pct)].max() for _, pct in curves.values() if np.isfinite(pct).any()]
    chart = Chart(
        (min(start for start, _ in edges), max(stop for _, stop in edges)),
        (0, max([150.0, *tops]) * 1.08),
        "Minutes from the dose, in the brain",
        "% of baseline",
    )
    chart.bands([(row["start_min"], row["stop_min"]) for row in fractions if row["kind"] == MIXED], "yellow", 0.3)
    chart.level(100, "baseline", "grey")
    chart.moment(0, "dose", "orange")
    for (middles, pct), colour in zip(curves.values(), CYCLE, strict=False):
        chart.line(middles, pct, colour)
        chart.points(middles, pct, colour)
    spreads = "; ".join(
        f"{name} ({colour}) {baseline[name][0]:.3g} uM, CV {baseline[name][1]:.0f} %"
        for name, colour in zip(curves, CYCLE, strict=False)
    )
    caption = f"Baselines: {spreads}. Yellow: a fraction that holds both sides of the dose. Gaps: no value."
    return Figure("Is the baseline steady, and the course believable?", chart.svg("time course"), caption=caption)
