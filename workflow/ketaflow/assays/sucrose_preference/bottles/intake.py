"""What was drunk from each bottle of a recording, and which faults make that unusable.

In: bottles and leak-control bottles as ingest left them. Out: the same with grams and millilitres drunk,
and reasons why a bottle, or the whole recording, gives no intake. Plain numbers: a study has thousands.
"""

from dataclasses import dataclass, field

from ketaflow.assays.sucrose_preference.bottles.loss import (
    control_loss_g_per_h,
    daily_limit_ml,
    density_g_per_ml,
)


@dataclass
class Intake:
    """A recording's bottles after correction.

    ``bottles`` carry hours, lost_g, control_g, drunk_g, drunk_ml and ``fault`` (why its intake cannot be had, or
    empty). ``spoilt`` says why no intake of the recording can be had; ``doubts`` what is doubtful but usable.
    """

    bottles: list[dict]
    hours: float
    control_g_per_day: float | None
    limit_ml: float
    total_ml: float | None
    spoilt: str = ""
    doubts: list[str] = field(default_factory=list)


def corrected_intake(
    facts: dict,
    *,
    mouse_limit_ml: float,
    rat_limit_ml: float,
    rat_from_g: float,
    session_h: float,
    precision_g: float,
    drained_ml: float,
    control_loss_g: float,
    sucrose_pct: float,
) -> Intake:
    """Correct every weighed bottle for the session's leak controls, and find leaks, dry bottles and gains."""
    weighed = [dict(bottle) for bottle in facts["bottles"] if bottle["lost"] is not None]
    hours = session_hours(facts, session_h)
    controls = _controls(facts["controls"], session_h, sucrose_pct)
    for bottle in weighed:
        rate = control_loss_g_per_h(controls, bottle["content"], control_loss_g, precision_g)
        _correct(bottle, rate, bottle["hours"] or hours, sucrose_pct, precision_g)
    limits = {"mouse_ml": mouse_limit_ml, "rat_ml": rat_limit_ml, "rat_from_g": rat_from_g}
    limit_ml = daily_limit_ml(facts["weight_g"], hours, **limits)
    rates = [loss / length * 24 for _, loss, length in controls]
    drunk = [bottle["drunk_ml"] for bottle in weighed]
    total_ml = sum(drunk) if drunk and None not in drunk else None
    found = Intake(weighed, hours, max(rates) if rates else None, limit_ml, total_ml)
    _find_leaks(found, drained_ml)
    return found


def session_hours(facts: dict, session_h: float) -> float:
    """How long the bottles hung: by their times, else by the log, else as the settings say."""
    starts = [bottle["start_time"] for bottle in facts["bottles"] if bottle["hours"]]
    if starts:
        by_side: dict[str, float] = {}
        for bottle in facts["bottles"]:
            by_side[bottle["side"]] = by_side.get(bottle["side"], 0.0) + (bottle["hours"] or 0.0)
        return max(by_side.values())
    lengths = [log["duration_s"] for log in facts["logs"].values() if log.get("duration_s")]
    return max(lengths) / 3600 if lengths else session_h


def _controls(controls: list[dict], session_h: float, sucrose_pct: float) -> list[tuple[str, float, float]]:
    """Content, loss (grams) and hours of each leak-control bottle that was read twice."""
    return [
        (bottle["content"], _grams(bottle, sucrose_pct), bottle["hours"] or session_h)
        for bottle in controls
        if bottle["lost"] is not None
    ]


def _grams(bottle: dict, sucrose_pct: float) -> float:
    return bottle["lost"] * (_density(bottle, sucrose_pct) if bottle["unit"] == "ml" else 1.0)


def _density(bottle: dict, sucrose_pct: float) -> float:
    strength = bottle["concentration_pct"]
    return density_g_per_ml(bottle["content"], sucrose_pct if strength is None else strength)


def _correct(bottle: dict, control_g_per_h: float, hours: float, sucrose_pct: float, precision_g: float) -> None:
    """Add what was drunk; a bottle that lost no more than its control gave nothing."""
    lost_g = _grams(bottle, sucrose_pct)
    control_g = control_g_per_h * hours
    drunk_g = lost_g - control_g
    bottle |= {"hours": hours, "lost_g": lost_g, "control_g": control_g, "fault": ""}
    if lost_g < -precision_g:
        bottle["fault"] = (
            f"the {bottle['content']} bottle on the {bottle['side']} gained {-lost_g:.2f} g: a reading is wrong, "
            "or it was refilled"
        )
        bottle |= {"drunk_g": None, "drunk_ml": None}
        return
    bottle["drunk_g"] = max(0.0, drunk_g)
    bottle["drunk_ml"] = bottle["drunk_g"] / _density(bottle, sucrose_pct)


def _find_leaks(found: Intake, drained_ml: float) -> None:
    """Decide whether what left the bottles can have been drunk at all."""
    gained = [bottle["fault"] for bottle in found.bottles if bottle["fault"]]
    dry = [bottle for bottle in found.bottles if bottle["ran_empty"]]
    if gained:
        found.spoilt = "; ".join(gained)
    elif found.total_ml is not None and found.total_ml > found.limit_ml:
        found.spoilt = (
            f"{found.total_ml:.1f} ml left the bottles in {found.hours:.0f} h, more than the {found.limit_ml:.0f} ml "
            "an animal of this size can drink: a bottle leaked"
        )
    elif len(dry) > 1 and len(dry) == len(found.bottles):
        found.spoilt = "both bottles ran empty: what the animal would have chosen is not known"
    for bottle in dry:
        said = f"the {bottle['content']} bottle on the {bottle['side']} ran empty"
        if not found.spoilt and bottle["drunk_ml"] >= drained_ml:
            found.spoilt = f"{said} after {bottle['drunk_ml']:.1f} ml: it leaked, or held too little"
        found.doubts.append(said)
