"""Measurements from weighed bottles: intake, preference and side bias.

In: a recording and the intake from its bottles. Out: rows of the measurements table. What leaked, ran dry or was not
read gives no value but a reason.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ketaflow.assays.sucrose_preference import constants
from ketaflow.assays.sucrose_preference.model import BottleIntake, BottleTest, Intake
from ketaflow.assays.sucrose_preference.preference import preference_pct, side_difference_points, solution_of
from ketaflow.assays.sucrose_preference.reporting import Subject, reported, subject_of
from ketaflow.assays.sucrose_preference.settings import QuantifySettings
from ketaflow.core.results import Measurement

NO_WEIGHT = "the body weight is not known"


class Amount(NamedTuple):
    """Value of a measure (NaN where undefined), and the reason in that case."""

    measure: str
    value: float
    undefined: str


def intake_measures(
    test: BottleTest, bottles: Sequence[BottleIntake], intake: Intake, settings: QuantifySettings
) -> list[Measurement]:
    """Intake, preference and side bias of one recording.

    Parameters
    ----------
    test : BottleTest
        One recording.
    bottles, intake
        As ``bottles.intake.corrected_intake`` returns them.
    settings : QuantifySettings
        Precision of the balance, and the concentration of sucrose where the table gives none.

    Returns
    -------
    list of Measurement
        Empty if no bottle was weighed and the recording has a log. Where the bottle on one side was not read, only the
        intake from the other is given.
    """
    if not bottles:
        return _without_readings(test)
    offered = {bottle.content for bottle in test.bottles}
    pair = solution_of(offered)
    solution = pair or (constants.SUCROSE if constants.SUCROSE in offered else None)
    subject = subject_of(test, solution)
    doubt = "; ".join(intake.doubts)
    unread = _unread(test)
    rows = [
        reported(subject, one.measure, one.value, refusal=intake.refusal, undefined=one.undefined, doubt=doubt)
        for one in _amounts(test, bottles, intake, solution, settings)
    ]
    little = "" if unread else _too_little(_sum_g(bottles), settings.precision_g)
    if solution:
        choice = "" if pair else "no water was offered: there was no choice"
        why = intake.refusal or unread or little or choice
        preference = None if why else preference_pct(*_as_read(test, bottles, solution))
        rows.append(reported(subject, "sucrose_preference_pct", preference, refusal=why, doubt=doubt))
    return rows + _side_bias(subject_of(test), bottles, intake.refusal or unread or little)


def _without_readings(test: BottleTest) -> list[Measurement]:
    """An empty preference with its reason where bottles have neither readings nor logs."""
    if test.logs:
        return []
    reason = "the first or the last reading of a bottle is missing"
    return [reported(subject_of(test), "sucrose_preference_pct", None, refusal=reason)]


def _amounts(
    test: BottleTest,
    bottles: Sequence[BottleIntake],
    intake: Intake,
    solution: str | None,
    settings: QuantifySettings,
) -> list[Amount]:
    """Intakes of a recording; a content one of whose bottles was not read twice has none."""
    unread = _unread(test)
    unread_contents = {bottle.content for bottle in test.bottles if bottle.lost is None}
    weight_kg = (test.weight_g or np.nan) / 1000

    def grams(content: str) -> float:
        return np.nan if content in unread_contents else _sum_g(bottles, content)

    total_ml = np.nan if unread else intake.total_ml or 0.0
    made = [Amount("total_intake_g", np.nan if unread else _sum_g(bottles), unread)]
    if any(bottle.content == constants.WATER for bottle in test.bottles):
        made.append(Amount("water_intake_g", grams(constants.WATER), unread))
    if solution:
        own, strength_pct = grams(solution), _concentration_pct(test, solution, settings.sucrose_pct)
        made.append(Amount("sucrose_intake_g", own, unread))
        made.append(Amount("sucrose_intake_g_per_kg", own / weight_kg, unread or NO_WEIGHT))
        made.append(Amount("sucrose_solute_g_per_kg", own * strength_pct / 100 / weight_kg, unread or NO_WEIGHT))
    made.append(Amount("total_intake_ml_per_kg", total_ml / weight_kg, unread or NO_WEIGHT))
    return made


def _sum_g(bottles: Sequence[BottleIntake], content: str | None = None) -> float:
    """Intake from all bottles, or from those of one content (g); a bottle without intake counts as 0."""
    return sum(one.drunk_g or 0.0 for one in bottles if content is None or one.content == content)


def _concentration_pct(test: BottleTest, content: str, default_pct: float) -> float:
    """Concentration of a solution (%), from the first bottle that gives it."""
    return next(
        (one.concentration_pct for one in test.bottles if one.content == content and one.concentration_pct), default_pct
    )


def _unread(test: BottleTest) -> str:
    """Message about bottles without two readings; empty if all were read."""
    missing = [bottle for bottle in test.bottles if bottle.lost is None]
    return "; ".join(
        f"the {one.content} bottle on the {one.side} lacks its first or its last reading" for one in missing
    )


def _as_read(test: BottleTest, bottles: Sequence[BottleIntake], solution: str) -> tuple[float, float]:
    """Intake of solution and of water: in millilitres if all bottles were read so, else in grams."""
    in_ml = all(bottle.unit == "ml" for bottle in test.bottles if bottle.lost is not None)

    def drunk(content: str) -> float:
        return sum((one.drunk_ml if in_ml else one.drunk_g) or 0.0 for one in bottles if one.content == content)

    return drunk(solution), drunk(constants.WATER)


def _too_little(total_g: float, precision_g: float) -> str:
    """Message if the intake is no larger than the error of reading two bottles; else empty."""
    if total_g > constants.LEAST_INTAKE_PRECISIONS * precision_g:
        return ""
    return f"the total intake of {total_g:.2f} g is within the precision of the balance"


def _side_bias(subject: Subject, bottles: Sequence[BottleIntake], refusal: str) -> list[Measurement]:
    """Side bias where both sides held the same, or where the bottles changed places within the recording."""
    left, right = _by_content(bottles, "left"), _by_content(bottles, "right")
    if set(left) != set(right):
        return []
    solution = solution_of(set(left))
    bias: float | None
    if len(left) == 1:
        bias = side_difference_points(*left.values(), *right.values())
    elif solution and len(left) == 2:
        shares = [
            preference_pct(here[solution], there[constants.WATER]) for here, there in ((left, right), (right, left))
        ]
        bias = None if shares[0] is None or shares[1] is None else abs(shares[0] - shares[1])
    else:
        return []
    return [reported(subject, "side_bias_pct", bias, refusal=refusal, undefined="nothing was drunk")]


def _by_content(bottles: Sequence[BottleIntake], side: str) -> dict[str, float]:
    """Intake on one side (g), by content."""
    amounts: dict[str, float] = defaultdict(float)
    for one in bottles:
        if one.side == side:
            amounts[one.content] += one.drunk_g or 0.0
    return amounts
