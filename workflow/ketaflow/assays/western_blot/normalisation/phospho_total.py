"""Phosphorylated over total protein on parallel membranes that were loaded with the same samples.

In: the measurements and targets of the whole cohort. Out: ratios by animal, and what was divided by what. Nothing
cancels from one membrane to the other. Each side is therefore its membrane's normalised density (own loading, own
reference) before the animal's values are divided. Totals of the same membrane take precedence; they are divided lane by
lane where they are measured.
"""

from dataclasses import dataclass

import numpy as np

from ketaflow.assays.western_blot.model import Target, TargetSummary
from ketaflow.assays.western_blot.normalisation import constants
from ketaflow.assays.western_blot.normalisation.normalise import geometric_mean
from ketaflow.core.results import Check, Measurement, check, measurement

RATIO, DENSITY = "phospho_to_total_ratio", "normalised_density"


@dataclass(frozen=True)
class _Divisor:
    """The total protein a phosphorylated one is divided by; None, and why, where there is none."""

    target: TargetSummary | None
    why: str = ""


def parallel_ratios(
    measured: list[Measurement], targets: list[TargetSummary], images: list[Target]
) -> tuple[list[Measurement], list[Check]]:
    """Compute the ratio of every phosphorylated protein whose total is on another membrane.

    Parameters
    ----------
    measured : list of Measurement
        Measurements of the cohort.
    targets : list of TargetSummary
        Targets of the exposures that count.
    images : list of Target
        The cohort's table, which names the total and its membrane.

    Returns
    -------
    list of Measurement, list of Check
    """
    ratios: list[Measurement] = []
    checks: list[Check] = []
    for own in targets:
        if own.role != "phospho" or _has_ratio(measured, own):
            continue
        row = next((one for one in images if _key(one) == _key(own)), None)
        if row is None or row.total_target is None:
            continue
        divisor = _divisor(targets, measured, own, row.total_target, row.total_membrane)
        total = divisor.target
        if total is None:
            checks.append(
                check("total_found", None, recording=own.image, place=own.target, verdict="warn", message=divisor.why)
            )
            continue
        ratios += _by_animal(measured, own, total)
        message = (
            f"{own.target} is divided by {total.target} of a parallel membrane, each over its own loading first; lane "
            "by lane on one membrane is more exact"
        )
        checks.append(
            check("parallel_membranes", 1, recording=own.image, place=own.target, verdict="pass", message=message)
        )
    return ratios, checks


def _key(target: Target | TargetSummary) -> tuple[str, str, str]:
    return target.image, target.target, target.membrane


def _has_ratio(measured: list[Measurement], own: TargetSummary) -> bool:
    return any((row.recording, row.analyte, row.measure) == (own.image, own.target, RATIO) for row in measured)


def _divisor(
    targets: list[TargetSummary], measured: list[Measurement], own: TargetSummary, name: str, membrane: str | None
) -> _Divisor:
    """The one picture of another membrane that shows the total of the same animals."""
    animals = _densities(measured, own).keys()
    least = max(constants.SHARED_ANIMALS, constants.SHARED_FRACTION * len(animals))
    fitting = [
        one
        for one in targets
        if one.target == name
        and one.role in ("total", "target")
        and (one.membrane == membrane if membrane else one.membrane != own.membrane)
        and len(animals & _densities(measured, one).keys()) >= least
    ]
    fitting = [one for one in fitting if one.repeat == own.repeat] or fitting
    if len(fitting) == 1:
        return _Divisor(fitting[0])
    if not fitting:
        return _Divisor(None, f"no other membrane shows {name} of the animals of {own.target}: no ratio")
    found = ", ".join(sorted({one.membrane for one in fitting}))
    why = f"{name} stands on several membranes ({found}): name one in the column total_membrane"
    return _Divisor(None, why)


def _densities(measured: list[Measurement], target: TargetSummary) -> dict[str, Measurement]:
    """Normalised densities of one target of one picture and membrane, by animal."""
    found: dict[str, Measurement] = {}
    for row in measured:
        same = (row.recording, row.analyte, row.sample) == (target.image, target.target, target.sample_name)
        if same and row.measure == DENSITY and row.animal is not None:
            found.setdefault(row.animal, row)
    return found


def _by_animal(measured: list[Measurement], own: TargetSummary, total: TargetSummary) -> list[Measurement]:
    """The ratio of each animal of the phosphorylated protein's membrane."""
    above, below = _densities(measured, own), _densities(measured, total)
    ratio = np.array([_value(row) / _value(below.get(animal)) for animal, row in above.items()])
    if not own.reference == total.reference == "pool":
        ratio = ratio / geometric_mean(ratio)
    made = []
    for value, (animal, row) in zip(ratio.tolist(), above.items(), strict=True):
        other = below.get(animal)
        under = f"total: no lane on membrane {total.membrane}" if other is None else _prefixed("total: ", other.reason)
        words = "; ".join(filter(None, [row.reason, under]))
        known = np.isfinite(value)
        made.append(
            measurement(
                RATIO,
                value if known else None,
                animal=animal,
                recording=own.image,
                status="flagged" if known and words else None,
                reason=words or ("" if known else "no value to divide"),
                analyte=own.target,
                region=row.region,
                sample=row.sample,
                n=int(min(row.n or 0, other.n or 0)) if other is not None else 0,
            )
        )
    return made


def _value(row: Measurement | None) -> float:
    return float("nan") if row is None or row.value is None else row.value


def _prefixed(before: str, reason: str) -> str:
    return f"{before}{reason}" if reason else ""
