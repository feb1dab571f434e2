"""Samples: replicate wells taken together, and the dilutions of one sample."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ketaflow.assays.elisa.calibration import inverse, logistic
from ketaflow.assays.elisa.calibration.curve import Curve
from ketaflow.assays.elisa.calibration.limits import Range
from ketaflow.assays.elisa.model import AnimalResult, QuantifySettings, SampleResult, Well

OK, BELOW, ABOVE = "ok", "< LLOQ", "> ULOQ"


@dataclass(frozen=True)
class Calibration:
    """What samples of one analyte on one plate are read from.

    Attributes
    ----------
    curve : Curve or None
        None where no curve could be fitted.
    range : Range or None
        None where the curve is not accepted.
    note : str
        Why the curve is not accepted; else empty.
    """

    curve: Curve | None
    range: Range | None
    note: str


def replicate_key(well: Well) -> tuple[object, ...]:
    """What replicate wells have in common: sample, analyte and dilution."""
    own = well.content
    if own.sample == "standard":
        return own.sample, own.analyte, own.concentration_pg_per_ml
    if own.sample == "blank":
        return own.sample, own.analyte
    nominal = own.concentration_pg_per_ml if own.sample == "control" else None
    named = (own.animal, own.control) if own.sample == "control" else (own.animal, None)
    dilution = own.dilution_factor or 1.0
    return own.sample, own.analyte, *named, own.matrix, own.session, own.time_min, nominal, dilution


def replicates(wells: Sequence[Well]) -> list[list[Well]]:
    """Wells in groups of replicates, in the order of the plate."""
    groups: dict[tuple[object, ...], list[Well]] = {}
    for well in wells:
        groups.setdefault(replicate_key(well), []).append(well)
    return list(groups.values())


def named(wells: Sequence[Well]) -> str:
    """Names of wells as tables and messages give them."""
    return ", ".join(well.name for well in wells)


def sample_result(
    wells: Sequence[Well], calibration: Calibration, withheld: str, plate: str, settings: QuantifySettings
) -> SampleResult:
    """Read the concentration of a sample at one dilution from the curve.

    Parameters
    ----------
    wells : sequence of Well
        Its replicates.
    calibration : Calibration
        Curve and range of the analyte.
    withheld : str
        Why no value may be read from these wells; else empty.
    plate : str
        Name of the plate.
    settings : QuantifySettings
        Level of the interval, largest variation of replicates.

    Returns
    -------
    SampleResult
        The concentration of the mean response, not the mean of concentrations, so that a well beyond the end of the
        curve counts.
    """
    own = wells[0].content
    factor = own.dilution_factor or 1.0
    read = np.array([well.response for well in wells if not math.isnan(well.response)])
    mean = float(read.mean()) if len(read) and np.isfinite(read).all() else None
    in_well, state = _in_well(wells, read, calibration)
    if withheld:
        in_well, state = None, withheld
    cv_pct = _cv_pct(read, calibration.curve)
    low = high = None
    if in_well is not None and mean is not None and calibration.curve is not None and calibration.curve.df > 0:
        low, high = (
            factor * end for end in inverse.interval(calibration.curve, mean, len(read), settings.interval_level_pct)
        )
        high = high if math.isfinite(high) else None
    return SampleResult(
        plate=plate,
        sample=own.sample,
        animal=own.animal,
        control=own.control,
        analyte=own.analyte,
        matrix=own.matrix,
        session=own.session,
        time_min=own.time_min,
        dilution_factor=factor,
        protein_mg_per_ml=own.protein_mg_per_ml,
        nominal_pg_per_ml=own.concentration_pg_per_ml if own.sample == "control" else None,
        wells=named(wells),
        n=len(read),
        response=mean,
        cv_pct=cv_pct,
        in_well_pg_per_ml=in_well,
        concentration_pg_per_ml=None if in_well is None else factor * in_well,
        low_pg_per_ml=low,
        high_pg_per_ml=high,
        state=state,
        doubt=_doubt(wells, cv_pct, settings),
    )


def _in_well(wells: Sequence[Well], read: np.ndarray, calibration: Calibration) -> tuple[float | None, str]:
    """Concentration in the well, and the state."""
    curve, limits = calibration.curve, calibration.range
    if not len(read):
        return None, f"the file has no value for {named(wells)}"
    if curve is None or limits is None:
        return None, calibration.note
    saturated = np.isinf(read)
    rises = curve.d > curve.a
    if saturated.any():
        end = ABOVE if rises else BELOW
        rest = read[~saturated]
        if not len(rest):
            return None, end
        concentrations = logistic.concentration(curve, rest)
        if (concentrations > limits.high).all() if rises else (concentrations < limits.low).all():
            return None, end
        too_high = named([well for well in wells if math.isinf(well.response)])
        return None, f"the detector was saturated in {too_high}, but not in the other replicates"
    value = float(logistic.concentration(curve, np.array([read.mean()]))[0])
    if value < limits.low:
        return None, BELOW
    if value > limits.high:
        return None, ABOVE
    return value, OK


def _cv_pct(read: np.ndarray, curve: Curve | None) -> float | None:
    """Coefficient of variation of the concentrations, or of the responses where one has no concentration (%)."""
    if len(read) < 2 or not np.isfinite(read).all():
        return None
    values = read
    if curve is not None:
        concentrations = logistic.concentration(curve, read)
        if (np.isfinite(concentrations) & (concentrations > 0)).all():
            values = concentrations
    return float(100 * values.std(ddof=1) / abs(values.mean())) if values.mean() else None


def _doubt(wells: Sequence[Well], cv_pct: float | None, settings: QuantifySettings) -> str:
    if cv_pct is not None and cv_pct > settings.replicate_cv_max_pct:
        return f"replicates differ (CV {cv_pct:.0f} %): {named(wells)}"
    return ""


def animal_results(
    found: Sequence[SampleResult], calibration: Calibration, settings: QuantifySettings
) -> list[AnimalResult]:
    """Take the dilutions of each animal's sample together.

    Parameters
    ----------
    found : sequence of SampleResult
        Samples of one analyte on one plate.
    calibration : Calibration
        Range of the analyte.
    settings : QuantifySettings
        Largest difference between dilutions.

    Returns
    -------
    list of AnimalResult
        One for each animal, matrix, session and time.
    """
    groups: dict[tuple[object, ...], list[SampleResult]] = {}
    for one in found:
        if one.sample == "animal" and one.animal:
            groups.setdefault((one.animal, one.matrix, one.session, one.time_min), []).append(one)
    return [_animal(group, calibration, settings) for group in groups.values()]


def _animal(group: Sequence[SampleResult], calibration: Calibration, settings: QuantifySettings) -> AnimalResult:
    dilutions = sorted(group, key=lambda one: one.dilution_factor)
    usable = [one for one in dilutions if one.concentration_pg_per_ml is not None]
    hooked = _hooked(usable, calibration, settings)
    used = [one for one in usable if one not in hooked]
    n = sum(one.n for one in used)
    value = sum(one.n * (one.concentration_pg_per_ml or 0) for one in used) / n if n else None
    deviation_pct = None
    if value and len(used) > 1:
        deviation_pct = max(abs(100 * ((one.concentration_pg_per_ml or 0) / value - 1)) for one in used)
    doubts = [one.doubt for one in used if one.doubt]
    if deviation_pct is not None and deviation_pct > settings.dilution_difference_max_pct:
        doubts.append(f"dilutions differ by up to {deviation_pct:.0f} % from their mean: {_wells(used)}")
    if hooked:
        doubts.append(f"hook effect suspected in {_wells(hooked)}: only higher dilutions are used")
    first, protein = group[0], next((one.protein_mg_per_ml for one in group if one.protein_mg_per_ml), None)
    only = used[0] if len(used) == 1 else None
    return AnimalResult(
        plate=first.plate,
        animal=first.animal or "",
        analyte=first.analyte,
        matrix=first.matrix,
        session=first.session,
        time_min=first.time_min,
        wells=_wells(dilutions),
        n=n,
        concentration_pg_per_ml=value,
        low_pg_per_ml=only.low_pg_per_ml if only else None,
        high_pg_per_ml=only.high_pg_per_ml if only else None,
        concentration_pg_per_mg_protein=value / protein if value is not None and protein else None,
        has_protein=protein is not None,
        largest_deviation_pct=deviation_pct,
        hook=bool(hooked),
        state=OK if used else _missing(dilutions),
        doubt="; ".join(doubts),
    )


def _hooked(usable: Sequence[SampleResult], calibration: Calibration, settings: QuantifySettings) -> list[SampleResult]:
    """Dilutions that read within the range although a higher one shows that they should lie above it."""
    if calibration.range is None:
        return []
    beyond = 1 + settings.dilution_difference_max_pct / 100
    return [
        one
        for place, one in enumerate(usable)
        if any(
            (higher.concentration_pg_per_ml or 0) / one.dilution_factor > beyond * calibration.range.high
            for higher in usable[place + 1 :]
        )
    ]


def _missing(dilutions: Sequence[SampleResult]) -> str:
    """Why no dilution has a value; a sentence before a limit, and both limits where they contradict each other."""
    states = list(dict.fromkeys(one.state for one in dilutions))
    return "; ".join(states)


def _wells(samples: Sequence[SampleResult]) -> str:
    return ", ".join(one.wells for one in samples)
