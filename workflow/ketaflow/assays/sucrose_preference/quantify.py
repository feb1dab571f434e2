"""One recording's intake and preference, from its bottles and from its licks.

In: bottles and licks as ingest left them. Out: ``measurements``, ``bottles`` (what each lost and what
of it was drunk), ``bins`` and ``bursts`` (licks over time), and in ``facts`` what the checks need.
A bottle that leaked or ran dry and a sensor that stuck give no preference: value empty, reason told.
"""

import numpy as np

from ketaflow.assays.sucrose_preference.bottles.intake import Intake, corrected_intake
from ketaflow.assays.sucrose_preference.bottles.loss import SUCROSE, WATER, preference_pct, side_difference_points
from ketaflow.assays.sucrose_preference.licks import lick_microstructure
from ketaflow.assays.sucrose_preference.licks.lick_summary import LickSummary, combined, lick_summary
from ketaflow.core.measures import measurement
from ketaflow.core.records import Record


def quantify(
    recording: Record,
    *,
    mouse_limit_ml: float,
    rat_limit_ml: float,
    rat_from_g: float,
    session_h: float,
    precision_g: float,
    drained_ml: float,
    control_loss_g: float,
    sucrose_pct: float,
    burst_gap_s: float,
    burst_min_licks: int,
    long_lick_s: float,
    bin_min: float,
    lights_on_h: float,
    lights_off_h: float,
    stuck_contact_s: float,
    stuck_duty_pct: float,
) -> Record:
    """Measure one recording."""
    facts = recording.facts
    drunk = corrected_intake(
        facts,
        mouse_limit_ml=mouse_limit_ml,
        rat_limit_ml=rat_limit_ml,
        rat_from_g=rat_from_g,
        session_h=session_h,
        precision_g=precision_g,
        drained_ml=drained_ml,
        control_loss_g=control_loss_g,
        sucrose_pct=sucrose_pct,
    )
    sensors = [
        lick_summary(
            facts["bottles"][int(index)],
            log,
            recording.arrays[f"licks_{index}"],
            burst_gap_s=burst_gap_s,
            burst_min_licks=burst_min_licks,
            long_lick_s=long_lick_s,
            stuck_contact_s=stuck_contact_s,
            stuck_duty_pct=stuck_duty_pct,
        )
        for index, log in facts["logs"].items()
    ]
    lights = {"lights_on_h": lights_on_h, "lights_off_h": lights_off_h}
    bottles = {"precision_g": precision_g, "sucrose_pct": sucrose_pct}
    tables = _tables(recording, drunk, sensors, bottles=bottles, lights=lights, bin_min=bin_min)
    return Record(facts=_for_checks(drunk, sensors, lights), tables={key: rows for key, rows in tables.items() if rows})


def _tables(
    recording: Record, drunk: Intake, sensors: list[LickSummary], *, bottles: dict, lights: dict, bin_min: float
) -> dict[str, list[dict]]:
    """Everything told of a recording, by table; a table may be empty."""
    facts = recording.facts
    row = {"animal": facts["animal"], "recording": _own(recording)["recording"], "session": facts["session"]}
    measured = _intakes(row, drunk, facts, **bottles) + _licks(row, sensors)
    return {
        "measurements": measured + _phase_preferences(row, recording, sensors, lights),
        "bottles": _bottle_rows(row, drunk),
        "bins": _bin_rows(row, recording, bin_min, **lights),
        "bursts": _burst_rows(row, sensors),
    }


def _own(recording: Record) -> dict:
    return next(row for row in recording.rows["sucrose_preference"] if not row["dummy"])


def solution_of(contents: set[str]) -> str | None:
    """The solution offered against water; None where water, or one thing, was all there was."""
    others = contents - {WATER}
    return others.pop() if len(others) == 1 and WATER in contents else None


def _intakes(row: dict, drunk: Intake, facts: dict, precision_g: float, sucrose_pct: float) -> list[dict]:
    """Intake, preference and side bias from weighed bottles; none where no bottle was weighed."""
    bottles = drunk.bottles
    if not bottles:
        return _unweighed(row, facts)
    status = {"status": "flagged", "reason": "; ".join(drunk.doubts)} if drunk.doubts and not drunk.spoilt else {}
    offered = {bottle["content"] for bottle in facts["bottles"]}
    solution = solution_of(offered)
    wanted = solution or (SUCROSE if SUCROSE in offered else None)
    more = {"analyte": wanted} if wanted and wanted != SUCROSE else {}
    unread = _unread(facts)
    rows = [
        _value(row, name, value, unit, drunk.spoilt, missing, more | status)
        for name, value, unit, missing in _amounts(drunk, facts, wanted, unread, sucrose_pct)
    ]
    little = "" if unread else _too_little(sum(bottle["drunk_g"] or 0.0 for bottle in bottles), precision_g)
    if wanted:
        why = drunk.spoilt or unread or little or ("" if solution else "no water was offered: there was no choice")
        preference = None if why else preference_pct(*_as_read(bottles, wanted))
        rows.append(_value(row, "sucrose_preference_pct", preference, "%", why, "", more | status))
    return rows + _side_bias(row, bottles, drunk.spoilt or unread or little)


def _amounts(drunk: Intake, facts: dict, wanted: str | None, unread: str, sucrose_pct: float) -> list[tuple]:
    """Name, value, unit of each intake, and why it may be missing; contents with an unread bottle are missing."""
    bottles = drunk.bottles
    unread_contents = {bottle["content"] for bottle in facts["bottles"] if bottle["lost"] is None}
    weight_kg = (facts["weight_g"] or np.nan) / 1000
    unweighed = "the body weight is not known"

    def grams(content: str) -> float:
        return (
            np.nan if content in unread_contents else sum(b["drunk_g"] or 0 for b in bottles if b["content"] == content)
        )

    total_g = np.nan if unread else sum(bottle["drunk_g"] or 0 for bottle in bottles)
    total_ml = np.nan if unread else drunk.total_ml or 0.0
    made = [("total_intake_g", total_g, "g", unread)]
    if any(bottle["content"] == WATER for bottle in facts["bottles"]):
        made.append(("water_intake_g", grams(WATER), "g", unread))
    if wanted:
        own, strength = grams(wanted), _strength_pct(facts, wanted, sucrose_pct)
        made.append(("sucrose_intake_g", own, "g", unread))
        made.append(("sucrose_intake_g_per_kg", own / weight_kg, "g/kg", unread or unweighed))
        made.append(("sucrose_solute_g_per_kg", own * strength / 100 / weight_kg, "g/kg", unread or unweighed))
    made.append(("total_intake_ml_per_kg", total_ml / weight_kg, "ml/kg", unread or unweighed))
    return made


def _strength_pct(facts: dict, content: str, sucrose_pct: float) -> float:
    told = [b["concentration_pct"] for b in facts["bottles"] if b["content"] == content and b["concentration_pct"]]
    return told[0] if told else sucrose_pct


def _unread(facts: dict) -> str:
    """Which bottles lack a reading, where others have theirs."""
    missing = [bottle for bottle in facts["bottles"] if bottle["lost"] is None]
    return "; ".join(f"the {b['content']} bottle on the {b['side']} was not read before and after" for b in missing)


def _as_read(bottles: list[dict], solution: str) -> tuple[float, float]:
    """Solution and water drunk, in millilitres where all bottles were read so, else in grams."""
    unit = "drunk_ml" if all(bottle["unit"] == "ml" for bottle in bottles) else "drunk_g"
    drunk, water = (sum(b[unit] or 0.0 for b in bottles if b["content"] == what) for what in (solution, WATER))
    return drunk, water


def _unweighed(row: dict, facts: dict) -> list[dict]:
    """A bottle whose readings are missing and that has no log gives an empty preference with the reason."""
    if facts["logs"]:
        return []
    return [_value(row, "sucrose_preference_pct", None, "%", "a bottle's start or end was not written down", "", {})]


def _too_little(total_g: float, precision_g: float) -> str:
    """Whether both bottles together gave more than the balance can tell apart."""
    if total_g > 2 * precision_g:
        return ""
    return f"only {total_g:.2f} g were drunk, no more than the balance can tell apart: no preference follows from it"


def _value(row: dict, name: str, value: float | None, unit: str, spoilt: str, missing: str, more: dict) -> dict:
    """One measurement; ``spoilt`` empties it, ``missing`` explains a value that cannot be computed."""
    undefined = value is None or not np.isfinite(value)
    if spoilt or undefined:
        plain = {key: cell for key, cell in more.items() if key not in ("status", "reason")}
        return measurement(name, None, unit=unit, reason=spoilt or missing, **row, **plain)
    return measurement(name, value, unit=unit, **row, **more)


def _side_bias(row: dict, bottles: list[dict], spoilt: str) -> list[dict]:
    """Side bias where both sides held the same, or where the bottles changed places within the recording."""
    by_side = {side: {} for side in ("left", "right")}
    for bottle in bottles:
        amounts = by_side[bottle["side"]]
        amounts[bottle["content"]] = amounts.get(bottle["content"], 0.0) + (bottle["drunk_g"] or 0.0)
    left, right = by_side["left"], by_side["right"]
    solution = solution_of(set(left) | set(right))
    if set(left) == set(right) and len(left) == 1:
        bias = side_difference_points(*left.values(), *right.values())
    elif solution and set(left) == set(right) == {solution, WATER}:
        shares = [preference_pct(a[solution], b[WATER]) for a, b in ((left, right), (right, left))]
        bias = abs(shares[0] - shares[1]) if None not in shares else None
    else:
        return []
    return [_value(row, "side_bias_pct", bias, "%", spoilt, "nothing was drunk", {})]


def _licks(row: dict, sensors: list[LickSummary]) -> list[dict]:
    """Licks, contact, bursts and the preferences they show."""
    rows = []
    solution = solution_of({sensor.content for sensor in sensors})
    names = {WATER: "water", **({solution or SUCROSE: "sucrose"})}
    more = {"analyte": solution} if solution and solution != SUCROSE else {}
    for content, name in names.items():
        own = [sensor for sensor in sensors if sensor.content == content]
        if own:
            rows += _one_content(row, combined(own), name, more)
    stuck = "; ".join(sensor.stuck for sensor in sensors if sensor.stuck)
    if solution:
        shares = {"lick": lambda s: s.licks, "contact": lambda s: s.contact_s}
        for what, amount in shares.items():
            amounts = {kind: [amount(s) for s in sensors if s.content == kind] for kind in (solution, WATER)}
            if None in [*amounts[solution], *amounts[WATER]]:
                continue
            share = preference_pct(sum(amounts[solution]), sum(amounts[WATER]))
            rows.append(_value(row, f"sucrose_{what}_preference_pct", share, "%", stuck, "no lick was counted", more))
    return rows


def _phase_preferences(row: dict, recording: Record, sensors: list[LickSummary], lights: dict) -> list[dict]:
    """Lick preference while the light was off and while it was on, where the clock is known."""
    facts = recording.facts
    solution = solution_of({sensor.content for sensor in sensors})
    if not solution or not all(lick_microstructure.clock(log) for log in facts["logs"].values()):
        return []
    more = {"analyte": solution} if solution != SUCROSE else {}
    stuck = "; ".join(sensor.stuck for sensor in sensors if sensor.stuck)
    licks = {True: {solution: 0.0, WATER: 0.0}, False: {solution: 0.0, WATER: 0.0}}
    for index, log in facts["logs"].items():
        time_s, counts, _ = recording.arrays[f"licks_{index}"]
        dark = lick_microstructure.dark_at(time_s, lick_microstructure.clock(log), **lights)
        content = facts["bottles"][int(index)]["content"]
        for phase in (True, False):
            licks[phase][content] += float(counts[dark == phase].sum())
    return [
        _value(
            row, f"sucrose_lick_preference_{name}_pct", preference_pct(licks[phase][solution], licks[phase][WATER]),
            "%", stuck, "no lick was counted in this phase", more,
        )
        for name, phase in (("dark", True), ("light", False))
        if any(licks[phase].values())
    ]  # fmt: skip


def _one_content(row: dict, sensor: LickSummary, name: str, more: dict) -> list[dict]:
    doubt = {"status": "flagged", "reason": sensor.stuck} if sensor.stuck else {}
    rows = [measurement(f"{name}_licks", sensor.licks, unit="licks", **row, **more, **doubt)]
    if sensor.contact_s is not None:
        rows.append(measurement(f"{name}_contact_s", sensor.contact_s, unit="s", **row, **more, **doubt))
    if sensor.bursts is not None:
        sizes = sensor.bursts.licks
        mean = float(sizes.mean()) if len(sizes) else None
        rows.append(measurement(f"{name}_burst_count", len(sizes), unit="bursts", **row, **more, **doubt))
        rows.append(_value(row, f"{name}_licks_per_burst", mean, "licks", "", "there was no burst", more | doubt))
    if sensor.rate_hz is not None:
        rows.append(measurement(f"{name}_lick_rate_hz", sensor.rate_hz, unit="Hz", **row, **more, **doubt))
    if sensor.long_licks is not None:
        rows.append(measurement(f"{name}_long_lick_count", sensor.long_licks, unit="licks", **row, **more, **doubt))
    return rows


def _bottle_rows(row: dict, drunk: Intake) -> list[dict]:
    kept = ("side", "content", "concentration_pct", "start_time", "hours", "lost_g", "control_g", "drunk_g", "drunk_ml")
    return [{**row, **{key: bottle[key] for key in kept}} for bottle in drunk.bottles]


def _bin_rows(row: dict, recording: Record, bin_min: float, *, lights_on_h: float, lights_off_h: float) -> list[dict]:
    """Licks and contact of each bottle in each bin, and how much of the bin was dark where the clock is known."""
    rows = []
    for index, log in recording.facts["logs"].items():
        time_s, licks, contact = recording.arrays[f"licks_{index}"]
        bottle, length_s = recording.facts["bottles"][int(index)], log.get("duration_s") or 0.0
        edges = np.arange(0, length_s + bin_min * 60, bin_min * 60)
        if len(edges) < 2:
            continue
        counts, contacts = (lick_microstructure.binned(time_s, amounts, edges) for amounts in (licks, contact))
        middles = (edges[:-1] + edges[1:]) / 2
        lights = {"lights_on_h": lights_on_h, "lights_off_h": lights_off_h}
        start = lick_microstructure.clock(log)
        dark = lick_microstructure.dark_at(middles, start, **lights) if start else [None] * len(middles)
        for i in range(len(middles)):
            rows.append(
                {
                    **row,
                    "side": bottle["side"],
                    "content": bottle["content"],
                    "bin_start_min": edges[i] / 60,
                    "bin_stop_min": edges[i + 1] / 60,
                    "licks": counts[i],
                    "contact_s": contacts[i],
                    "dark": None if dark[i] is None else bool(dark[i]),
                }
            )
    return rows


def _burst_rows(row: dict, sensors: list[LickSummary]) -> list[dict]:
    return [
        {**row, "side": s.side, "content": s.content, "start_s": start, "stop_s": stop, "licks": count}
        for s in sensors
        if s.bursts is not None
        for start, stop, count in zip(s.bursts.start_s, s.bursts.stop_s, s.bursts.licks, strict=True)
    ]


def _for_checks(drunk: Intake, sensors: list[LickSummary], lights: dict) -> dict:
    """What qc needs to know, in numbers."""
    return {
        "hours": drunk.hours,
        "control_g_per_day": drunk.control_g_per_day,
        "limit_ml": drunk.limit_ml,
        "total_ml": drunk.total_ml,
        "spoilt": drunk.spoilt,
        "doubts": drunk.doubts,
        "bottles": drunk.bottles,
        "lights": lights,
        "sensors": [
            {
                "side": s.side,
                "content": s.content,
                "licks": s.licks,
                "contact_s": s.contact_s,
                "mean_contact_s": s.mean_contact_s,
                "duty_pct": s.duty_pct,
                "stuck": s.stuck,
            }
            for s in sensors
        ],
    }
