"""Charts for the reviewer of bottles and licks, written as SVG text in well under a millisecond each."""

from datetime import datetime

import numpy as np

from ketaflow.assays.sucrose_preference import licking
from ketaflow.assays.sucrose_preference.bottles import WATER
from ketaflow.core.records import Figure, Record
from ketaflow.core.svg import Chart

# Points a cumulative curve is drawn with at most: more than a screen has pixels for.
MOST_POINTS = 400


def figures(recording: Record, found: dict) -> list[Figure]:
    """What the reviewer sees: one chart of the bottles, one of the licks, where there are any."""
    made = []
    if found["bottles"]:
        made.append(_bottle_figure(found))
    if found["sensors"] and any(sensor["licks"] for sensor in found["sensors"]):
        made.append(_lick_figure(recording, found["lights"]))
    return made


def _bottle_figure(found: dict) -> Figure:
    """What left each bottle, the part a leak control lost too marked in grey."""
    bottles = found["bottles"]
    tops = [max(0.0, bottle["lost_g"]) for bottle in bottles]
    chart = Chart(
        (0, len(bottles)), (0, 1.15 * max([*tops, found["limit_ml"] * 0.25])), "", "left the bottle (g)", width=420
    )
    chart.show_x_ticks = False
    for index, (bottle, top) in enumerate(zip(bottles, tops, strict=True)):
        colour = "sky" if bottle["content"] == WATER else "orange"
        chart.bars([index + 0.2], [index + 0.8], [top], colour)
        chart.bars([index + 0.2], [index + 0.8], [min(top, max(0.0, bottle["control_g"]))], "grey")
        chart.text(index + 0.2, top, f"{bottle['lost_g']:.2f} g")
        chart.caption(index + 0.5, f"{bottle['side']}: {bottle['content']}")
    caption = f"{found['hours']:.1f} h. Grey: what the leak-control bottles lost in that time."
    if found["spoilt"]:
        caption += f" No preference: {found['spoilt']}."
    return Figure("Bottles", chart.svg("Fluid that left each bottle"), caption=caption)


def _lick_figure(recording: Record, lights: dict) -> Figure:
    """Licks of each bottle added up over time; dark phases behind them."""
    logs = recording.facts["logs"]
    length_h = max((log.get("duration_s") or 0.0) for log in logs.values()) / 3600 or 1.0
    curves, most = [], 1.0
    for index in logs:
        time_s, licks, _ = recording.arrays[f"licks_{index}"]
        hours, total = _thinned(time_s / 3600, np.cumsum(licks))
        curves.append((recording.facts["bottles"][int(index)], hours, total))
        most = max(most, float(total[-1]) if len(total) else 0.0)
    chart = Chart((0, length_h), (0, 1.1 * most), "hours from the beginning of the log", "licks so far")
    start = next((log["start"] for log in logs.values() if log.get("start")), None)
    if start:
        spans = licking.dark_spans_s(datetime.fromisoformat(start), length_h * 3600, **lights)
        chart.bands([(a / 3600, b / 3600) for a, b in spans], "grey")
    for log in logs.values():
        chart.bands([(a / 3600, b / 3600) for a, b in log.get("gaps") or []], "pink", 0.5)
    for bottle, hours, total in curves:
        chart.line(hours, total, "sky" if bottle["content"] == WATER else "orange", step=True)
        if len(total):
            chart.text(length_h * 0.01, float(total[-1]), f"{bottle['side']}: {bottle['content']} {total[-1]:.0f}")
    caption = "Grey bands: lights off, where the log's clock was set. Pink: the log has a gap."
    return Figure("Licks", chart.svg("Licks of each bottle, added up over time"), caption=caption)


def _thinned(hours: np.ndarray, total: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if len(hours) <= MOST_POINTS:
        return hours, total
    kept = np.unique(np.linspace(0, len(hours) - 1, MOST_POINTS).astype(int))
    return hours[kept], total[kept]
