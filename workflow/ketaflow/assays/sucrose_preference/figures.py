"""Charts for the reviewer of bottles and licks, written as SVG text in well under a millisecond each."""

import numpy as np

from ketaflow.assays.sucrose_preference.bottles.loss import WATER
from ketaflow.assays.sucrose_preference.licks import lick_microstructure
from ketaflow.core.records import Figure, Record
from ketaflow.core.svg import Chart

# Points a cumulative curve is drawn with at most: more than a screen has pixels for.
MOST_POINTS = 400
HOUR_S = 3600.0
# Shorter logs are drawn in minutes.
SHORT_S = 2 * HOUR_S
COLOUR_WORDS = {"sky": "blue", "orange": "orange"}


def review_figures(recording: Record, found: dict) -> list[Figure]:
    """What the reviewer sees: one chart of the bottles, one of the licks, where there are any."""
    made = []
    if found["bottles"]:
        made.append(_bottle_figure(found))
    if found["sensors"] and any(sensor["licks"] for sensor in found["sensors"]):
        made.append(_lick_figure(recording, found))
        preference = _preference_figure(recording, found)
        made += [preference] if preference else []
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
        chart.bars([index + 0.2], [index + 0.8], [top], _colour(bottle))
        chart.bars([index + 0.2], [index + 0.8], [min(top, max(0.0, bottle["control_g"]))], "grey")
        chart.text(index + 0.2, top, f"{bottle['lost_g']:.2f} g")
        chart.caption(index + 0.5, f"{bottle['side']}: {bottle['content']}")
    caption = f"{found['hours']:.1f} h. Grey: what the leak-control bottles lost in that time."
    if found["spoilt"]:
        caption += f" No preference: {found['spoilt']}."
    return Figure("Bottles", chart.svg("Fluid that left each bottle"), caption=caption)


def _lick_figure(recording: Record, found: dict) -> Figure:
    """Licks of each bottle added up over time; dark phases and gaps behind them."""
    logs, bottles = recording.facts["logs"], recording.facts["bottles"]
    offsets = _offsets_s(logs)
    length_s = _length_s(logs, offsets) or HOUR_S
    unit_s, unit = (HOUR_S, "hours") if length_s > SHORT_S else (60.0, "minutes")
    curves = []
    for index in logs:
        time_s, licks, _ = recording.arrays[f"licks_{index}"]
        curves.append((bottles[int(index)], *_thinned((time_s + offsets[index]) / unit_s, np.cumsum(licks))))
    most = max([1.0, *(float(total[-1]) for _, _, total in curves if len(total))])
    chart = Chart((0, length_s / unit_s), (0, 1.4 * most), f"{unit} from the beginning of the log", "licks so far")
    _shade(chart, logs, offsets, length_s, unit_s, found["lights"])
    for place, (bottle, times, total) in enumerate(curves):
        chart.line(times, total, _colour(bottle), step=True)
        last = total[-1] if len(total) else 0
        said = f"{bottle['side']}: {bottle['content']}, {last:.0f} ({COLOUR_WORDS[_colour(bottle)]})"
        chart.text(0.01 * length_s / unit_s, most * (1.28 - 0.14 * place), said)
    caption = "Grey bands: lights off, where the log's clock was set. Pink: the log has a gap."
    stuck = "; ".join(sensor["stuck"] for sensor in found["sensors"] if sensor["stuck"])
    if stuck:
        caption += f" No preference from licks: {stuck}."
    return Figure("Licks", chart.svg("Licks of each bottle, added up over time"), caption=caption)


def _offsets_s(logs: dict[str, dict]) -> dict[str, float]:
    """When each bottle's log begins, from the first of them: bottles that changed places follow each other."""
    starts = {index: lick_microstructure.clock(log) for index, log in logs.items()}
    if None in starts.values():
        return dict.fromkeys(logs, 0.0)
    first = min(starts.values())
    return {index: (start - first).total_seconds() for index, start in starts.items()}


def _length_s(logs: dict[str, dict], offsets: dict[str, float]) -> float:
    return max(offsets[index] + (log.get("duration_s") or 0.0) for index, log in logs.items())


def _shade(chart: Chart, logs: dict, offsets: dict, length_s: float, unit_s: float, lights: dict) -> None:
    """Dark phases, where the clock is known, gaps of the log, and when bottles changed places."""
    starts = [start for log in logs.values() if (start := lick_microstructure.clock(log))]
    if starts:
        spans = lick_microstructure.dark_spans_s(min(starts), length_s, **lights)
        chart.bands([(a / unit_s, b / unit_s) for a, b in spans], "grey")
    gaps = {(a + offsets[index], b + offsets[index]) for index, log in logs.items() for a, b in log.get("gaps") or []}
    chart.bands([(a / unit_s, b / unit_s) for a, b in sorted(gaps)], "pink", 0.5)
    for swap_s in sorted({offset for offset in offsets.values() if offset > 0}):
        chart.moment(swap_s / unit_s, "swap")


def _preference_figure(recording: Record, found: dict) -> Figure | None:
    """Share of the solution in the licks of each day, or of each few hours where the log is shorter."""
    logs, bottles = recording.facts["logs"], recording.facts["bottles"]
    offsets = _offsets_s(logs)
    length_s = _length_s(logs, offsets)
    contents = {bottles[int(index)]["content"] for index in logs}
    if len(contents) != 2 or WATER not in contents or length_s <= 0:
        return None
    step_s = next(step for step in (24 * HOUR_S, 4 * HOUR_S, length_s / 6) if step <= length_s / 2)
    edges = np.arange(0, length_s + step_s * 0.999, step_s)
    wanted, water = np.zeros(len(edges) - 1), np.zeros(len(edges) - 1)
    for index in logs:
        time_s, licks, _ = recording.arrays[f"licks_{index}"]
        counts = lick_microstructure.binned(time_s + offsets[index], licks, edges)
        if bottles[int(index)]["content"] == WATER:
            water += counts
        else:
            wanted += counts
    total = wanted + water
    share = np.divide(100 * wanted, total, out=np.full(len(total), np.nan), where=total > 0)
    unit_s, unit = (HOUR_S, "hours") if length_s > SHORT_S else (60.0, "minutes")
    chart = Chart(
        (0, edges[-1] / unit_s), (0, 105), f"{unit} from the beginning of the log", "preference (%)", height=130
    )
    _shade(chart, logs, offsets, length_s, unit_s, found["lights"])
    chart.level(50, "no preference", "grey")
    chart.line(np.repeat(edges, 2)[1:-1] / unit_s, np.repeat(share, 2), "orange")
    chart.points((edges[:-1] + edges[1:]) / 2 / unit_s, share, "orange")
    caption = f"One dot for every {step_s / unit_s:g} {unit}; none where nothing was licked."
    return Figure("Preference in licks", chart.svg("Preference in licks over time"), caption=caption)


def _colour(bottle: dict) -> str:
    return "sky" if bottle["content"] == WATER else "orange"


def _thinned(hours: np.ndarray, total: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if len(hours) <= MOST_POINTS:
        return hours, total
    kept = np.unique(np.linspace(0, len(hours) - 1, MOST_POINTS).astype(int))
    return hours[kept], total[kept]
