"""Intake from each bottle of a recording, and faults that make it unusable.

In: the bottles and leak-control bottles of a recording. Out: grams and millilitres drunk from each bottle, and the
reasons why a bottle, or the whole recording, gives no intake. A leak, a refilled bottle and an empty bottle are found
here, because the intake itself would not show them.
"""

from collections import defaultdict
from collections.abc import Sequence

from ketaflow.assays.sucrose_preference.bottles.loss import (
    ControlLoss,
    control_loss_g_per_h,
    density_g_per_ml,
    intake_limit_ml,
)
from ketaflow.assays.sucrose_preference.model import Bottle, BottleIntake, BottleTest, Intake
from ketaflow.assays.sucrose_preference.settings import QuantifySettings


def corrected_intake(test: BottleTest, settings: QuantifySettings) -> tuple[list[BottleIntake], Intake]:
    """Correct every weighed bottle for the session's leak controls, and find leaks, empty bottles and gains.

    Parameters
    ----------
    test : BottleTest
        One recording.
    settings : QuantifySettings
        Limits of intake, precision of the balance, loss of a sound control.

    Returns
    -------
    bottles : list of BottleIntake
        The bottles that were read twice, in the order of the recording.
    intake : Intake
        The recording as a whole.
    """
    hours = session_hours(test, settings.session_h)
    controls = [
        ControlLoss(one.content, _grams(one, settings), one.hours or settings.session_h)
        for one in test.controls
        if one.lost is not None
    ]
    bottles = [_bottle_intake(test, one, controls, hours, settings) for one in test.bottles if one.lost is not None]
    drunk_ml = [one.drunk_ml for one in bottles if one.drunk_ml is not None]
    total_ml = sum(drunk_ml) if bottles and len(drunk_ml) == len(bottles) else None
    limit_ml = intake_limit_ml(test.weight_g, hours, settings)
    refusal = _refusal(bottles, total_ml, limit_ml, hours) or _drained(bottles, settings.drained_ml)
    return bottles, Intake(
        hours=hours,
        control_g_per_day=max((one.lost_g / one.hours * 24 for one in controls), default=None),
        limit_ml=limit_ml,
        total_ml=total_ml,
        refusal=refusal,
        doubts=tuple(_emptied(one) for one in bottles if one.ran_empty),
    )


def session_hours(test: BottleTest, session_h: float) -> float:
    """Length of a session: from the times of its bottles, else from its logs, else ``session_h``.

    Parameters
    ----------
    test : BottleTest
        One recording. Bottles that followed each other on one side add up.
    session_h : float
        Length where neither table nor log gives one (h).

    Returns
    -------
    float
        Hours.
    """
    if any(one.hours for one in test.bottles):
        by_side: dict[str, float] = defaultdict(float)
        for one in test.bottles:
            by_side[one.side] += one.hours or 0.0
        return max(by_side.values())
    lengths_s = [log.duration_s for log in test.logs if log.duration_s]
    return max(lengths_s) / 3600 if lengths_s else session_h


def _density(bottle: Bottle, settings: QuantifySettings) -> float:
    """Density of a bottle's content (g/ml)."""
    known = bottle.concentration_pct
    return density_g_per_ml(bottle.content, settings.sucrose_pct if known is None else known)


def _grams(bottle: Bottle, settings: QuantifySettings) -> float:
    """Loss of a bottle that was read twice (g)."""
    lost = bottle.lost or 0.0
    return lost * (_density(bottle, settings) if bottle.unit == "ml" else 1.0)


def _bottle_intake(
    test: BottleTest, bottle: Bottle, controls: Sequence[ControlLoss], session_h: float, settings: QuantifySettings
) -> BottleIntake:
    """Intake from one bottle; a bottle that lost no more than its control gave nothing."""
    hours = bottle.hours or session_h
    lost_g = _grams(bottle, settings)
    rate = control_loss_g_per_h(controls, bottle.content, settings.control_loss_g, settings.precision_g)
    control_g = rate * hours
    gained = lost_g < -settings.precision_g
    drunk_g = None if gained else max(0.0, lost_g - control_g)
    return BottleIntake(
        animal=test.animal,
        recording=test.recording,
        session=test.session,
        side=bottle.side,
        content=bottle.content,
        concentration_pct=bottle.concentration_pct,
        start_time=bottle.start_time,
        hours=hours,
        lost_g=lost_g,
        control_g=control_g,
        drunk_g=drunk_g,
        drunk_ml=None if drunk_g is None else drunk_g / _density(bottle, settings),
        ran_empty=bottle.ran_empty,
        fault=_gain(bottle, lost_g) if gained else "",
    )


def _gain(bottle: Bottle, lost_g: float) -> str:
    """Message about a bottle that is heavier at the end than at the start."""
    return (
        f"the {bottle.content} bottle on the {bottle.side} gained {-lost_g:.2f} g: a reading is wrong, "
        "or it was refilled"
    )


def _emptied(bottle: BottleIntake) -> str:
    """Message about a bottle that ran empty."""
    return f"the {bottle.content} bottle on the {bottle.side} ran empty"


def _refusal(bottles: Sequence[BottleIntake], total_ml: float | None, limit_ml: float, hours: float) -> str:
    """Why what left the bottles cannot have been drunk, or says nothing about a choice; else empty."""
    faults = [one.fault for one in bottles if one.fault]
    if faults:
        return "; ".join(faults)
    if total_ml is not None and total_ml > limit_ml:
        return (
            f"{total_ml:.1f} ml left the bottles in {hours:.0f} h, more than the {limit_ml:.0f} ml "
            "an animal of this size can drink: a bottle leaked"
        )
    if len(bottles) > 1 and all(one.ran_empty for one in bottles):
        return "both bottles ran empty: what the animal would have chosen is not known"
    return ""


def _drained(bottles: Sequence[BottleIntake], drained_ml: float) -> str:
    """Why a bottle that ran empty gives no intake: it gave too much before; else empty."""
    for one in bottles:
        if one.ran_empty and one.drunk_ml is not None and one.drunk_ml >= drained_ml:
            return f"{_emptied(one)} after {one.drunk_ml:.1f} ml: it leaked, or held too little"
    return ""
