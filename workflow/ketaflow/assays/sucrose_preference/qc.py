"""What to doubt in one recording of bottles or licks, and the picture its reviewer judges.

In: the recording and what was measured in it. Out: ``checks`` with their limits, and charts: what left
each bottle, licks over time with the dark phase behind them.
"""

import numpy as np

from ketaflow.assays.sucrose_preference import figures
from ketaflow.core.measures import check, within
from ketaflow.core.records import Record


def qc(
    recording: Record,
    measured: Record,
    *,
    low_intake_ml: float,
    control_warn_g: float,
    side_bias_points: float,
    gap_s: float,
    count_against_contact_points: float,
    battery_v: float,
    clock_from_year: int,
    lick_volume_ul: list[float],
) -> Record:
    """Check one recording."""
    facts, found = recording.facts, measured.facts
    rows = [
        *_bottle_checks(found, low_intake_ml, control_warn_g),
        *_side_check(measured, side_bias_points),
        *_sensor_checks(found, count_against_contact_points),
        *_log_checks(facts["logs"], gap_s, battery_v, clock_from_year),
        *_volume_checks(facts, found, lick_volume_ul),
    ]
    name = next(row["recording"] for row in recording.rows["sucrose_preference"] if not row["dummy"])
    own = {"recording": name, "animal": facts["animal"]}
    return Record(
        tables={"checks": [check(**row, **own) for row in rows]},
        figures={name: figures.review_figures(recording, found)},
    )


def _row(
    name: str,
    value: float | None,
    message: str,
    *,
    low: float | None = None,
    high: float | None = None,
    unit: str = "",
    place: str = "",
    otherwise: str = "warn",
    verdict: str | None = None,
) -> dict:
    return {
        "name": name,
        "value": value,
        "unit": unit,
        "low": low,
        "high": high,
        "place": place,
        "message": message,
        "verdict": verdict or within(value, low, high, otherwise),
    }


def _bottle_checks(found: dict, low_intake_ml: float, control_warn_g: float) -> list[dict]:
    bottles = found["bottles"]
    if not bottles:
        return []
    rows = [_gain(bottle) for bottle in bottles] + [
        _dry(bottle, found["spoilt"]) for bottle in bottles if bottle["ran_empty"]
    ]
    if found["total_ml"] is not None:
        said = "fluid that left both bottles, against what an animal of this size can drink (leak by volume)"
        rows.append(_row("leak_volume", found["total_ml"], said, high=found["limit_ml"], unit="ml", otherwise="fail"))
        lowest = low_intake_ml * found["hours"] / 24
        said = "fluid that left both bottles; less means a blocked spout or an animal that did not drink"
        rows.append(_row("low_intake", found["total_ml"], said, low=lowest, unit="ml"))
        said = "what this bottle gave; nothing at all means a blocked spout, or complete avoidance"
        for bottle in bottles:
            blocked = bottle["drunk_ml"] <= 0
            rows.append(
                _row("blocked_bottle", bottle["drunk_ml"], said, unit="ml", place=_place(bottle), low=0.0)
                | {"verdict": "warn" if blocked else "pass"}
            )
    if found["control_g_per_day"] is not None:
        said = "largest loss of the session's leak-control bottles in 24 h"
        rows.append(_row("leak_control", found["control_g_per_day"], said, high=control_warn_g, unit="g"))
    return rows


def _place(bottle: dict) -> str:
    return f"{bottle['content']}, {bottle['side']}"


def _gain(bottle: dict) -> dict:
    message = bottle["fault"] or "what left the bottle; a bottle cannot gain"
    verdict = "fail" if bottle["fault"] else "pass"
    return _row("negative_intake", bottle["lost_g"], message, unit="g", place=_place(bottle), low=0.0, verdict=verdict)


def _dry(bottle: dict, spoilt: str) -> dict:
    said = "the bottle ran empty: what the animal would have drunk is not known"
    verdict = "fail" if spoilt else "warn"
    return _row("bottle_emptied", bottle["drunk_ml"], said, unit="ml", place=_place(bottle), verdict=verdict)


def _side_check(measured: Record, side_bias_points: float) -> list[dict]:
    table = measured.table("measurements")
    columns = [table[name].tolist() for name in ("measure", "status", "value")] if len(table) else []
    said = "difference between the sides where both held the same, or the bottles changed places"
    return [
        _row("side_bias", value, said, high=side_bias_points, unit="points")
        for measure, status, value in zip(*columns, strict=True)
        if measure == "side_bias_pct" and status != "failed"
    ]


def _sensor_checks(found: dict, count_against_contact_points: float) -> list[dict]:
    rows = []
    for sensor in found["sensors"]:
        if sensor["mean_contact_s"] is not None:
            message = sensor["stuck"] or "mean length of a contact with the spout"
            verdict = "fail" if sensor["stuck"] else "pass"
            place = _place(sensor)
            rows.append(_row("sensor_stuck", sensor["mean_contact_s"], message, unit="s", place=place, verdict=verdict))
    gap = _count_against_contact(found["sensors"])
    if gap is not None:
        said = "preference in licks against preference in contact time; far apart means a sensor that lies"
        rows.append(_row("count_against_contact", gap, said, high=count_against_contact_points, unit="points"))
    return rows


def _count_against_contact(sensors: list[dict]) -> float | None:
    """Difference between the shares of the first bottle in licks and in contact time (points)."""
    licks, contact = [s["licks"] for s in sensors], [s["contact_s"] for s in sensors]
    if len(sensors) < 2 or None in contact or not sum(licks) or not sum(contact):
        return None
    return 100 * abs(licks[0] / sum(licks) - contact[0] / sum(contact))


def _log_checks(logs: dict, gap_s: float, battery_v: float, clock_from_year: int) -> list[dict]:
    rows, seen = [], set()
    for log in logs.values():
        key = (log["device"], log.get("start"), log.get("duration_s"), log.get("side_contradicted"))
        if key not in seen:
            seen.add(key)
            rows += _one_log(log, gap_s, battery_v, clock_from_year)
    return rows


def _one_log(log: dict, gap_s: float, battery_v: float, clock_from_year: int) -> list[dict]:
    rows = []
    if log.get("interval_s"):
        longest = max((stop - start for start, stop in log["gaps"]), default=log["interval_s"])
        rows.append(_row("log_gap", longest, "longest pause between two rows of the log", high=gap_s, unit="s"))
    for name, key, said in (
        ("counter_reset", "resets", "times the counter fell back; it counts from zero after each"),
        ("duplicated_rows", "duplicated_rows", "rows of the log that stand twice in a row"),
        ("broken_rows", "broken_rows", "rows of the log that could not be read and were left out"),
    ):
        if log.get(key) is not None:
            rows.append(_row(name, float(log[key]), said, high=0.0, unit="rows" if "rows" in name else ""))
    if log.get("battery_v") is not None:
        rows.append(_row("battery_low", log["battery_v"], "lowest voltage of the battery", low=battery_v, unit="V"))
    if log.get("start"):
        year = float(log["start"][:4])
        said = "year the log says; an earlier one was written by a clock that was never set"
        rows.append(_row("clock_not_set", year, said, low=float(clock_from_year)))
    if log.get("clock_off"):
        said = "the log's clock and the bottle's times do not overlap: the whole log was used"
        rows.append(_row("clock_disagrees", None, said, verdict="warn"))
    if log.get("side_contradicted"):
        said = f"the log says the solution hung on the {log['side_contradicted']}, the table says the other side"
        rows.append(_row("side_contradicted", None, said, verdict="fail"))
    return rows


def _volume_checks(facts: dict, found: dict, lick_volume_ul: list[float]) -> list[dict]:
    """Volume of a lick where a bottle was weighed and its licks were counted."""
    low, high = lick_volume_ul
    rows = []
    for sensor in found["sensors"]:
        drunk = [
            b["drunk_ml"] for b in found["bottles"] if (b["side"], b["content"]) == (sensor["side"], sensor["content"])
        ]
        if not drunk or None in drunk or not sensor["licks"]:
            continue
        volume_ul = 1000 * float(np.sum(drunk)) / sensor["licks"]
        said = "volume of one lick; outside the limits the bottle leaked or the sensor missed licks"
        rows.append(_row("lick_volume", volume_ul, said, low=low, high=high, unit="ul", place=_place(sensor)))
    return rows
