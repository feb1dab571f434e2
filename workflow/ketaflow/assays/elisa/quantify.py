"""Measure one plate: the curve of each analyte, its range, and the concentration of every sample.

In: a ``Plate``. Out: tables of curves, standards, wells, samples and animals. The values of animals become measurements
in the stage ``cohort``, since an animal may be on several plates.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ketaflow.assays.elisa import constants, samples
from ketaflow.assays.elisa.calibration import fitting, inverse, limits, logistic
from ketaflow.assays.elisa.calibration.curve import Curve
from ketaflow.assays.elisa.calibration.fitting import Standards
from ketaflow.assays.elisa.model import (
    AnimalResult,
    CurveRow,
    Exchange,
    FittedCurve,
    Measured,
    Plate,
    QuantifySettings,
    SampleResult,
    StandardRow,
    Well,
    WellResult,
)
from ketaflow.assays.elisa.plate.exchange import find_exchange
from ketaflow.assays.elisa.samples import Calibration

NO_CURVE = "no standard curve could be fitted: {levels} standard levels with a value, {needed} are needed"
NOT_ACCEPTED = "the standard curve is not accepted: {passed} of {levels} levels read back within the limits"


def quantify(plate: Plate, settings: QuantifySettings) -> Measured:
    """Measure one plate.

    Parameters
    ----------
    plate : Plate
        Wells and responses.
    settings : QuantifySettings
        Settings ``elisa.quantify``.

    Returns
    -------
    Measured
        Wells of rows or columns that seem to be exchanged have no value.
    """
    exchange = find_exchange(plate.wells, plate.response)
    analytes = dict.fromkeys(well.content.analyte for well in plate.wells)
    found = [_analyte(plate, analyte, exchange, settings) for analyte in analytes]
    return Measured(
        fitted=[one.fitted for one in found],
        exchange=exchange,
        replicate_cv_max_pct=settings.replicate_cv_max_pct,
        dilution_difference_max_pct=settings.dilution_difference_max_pct,
        curves=[one.curve for one in found],
        standards=[row for one in found for row in one.standards],
        wells=[row for one in found for row in one.wells],
        samples=[row for one in found for row in one.samples],
        animals=[row for one in found for row in one.animals],
    )


class _Analyte(NamedTuple):
    """What was measured of one analyte on one plate."""

    fitted: FittedCurve
    curve: CurveRow
    standards: list[StandardRow]
    wells: list[WellResult]
    samples: list[SampleResult]
    animals: list[AnimalResult]


def _analyte(plate: Plate, analyte: str, exchange: Exchange | None, settings: QuantifySettings) -> _Analyte:
    wells = [well for well in plate.wells if well.content.analyte == analyte]
    moved = set(exchange.wells) if exchange else set()
    groups = samples.replicates([well for well in wells if well.content.sample in ("animal", "control")])
    counted = groups or samples.replicates(wells)
    n_replicates = max(1, int(np.median([len(group) for group in counted])))
    sound = [well for well in wells if math.isfinite(well.response) and well.name not in moved]
    curve, kept, zeros = _curve(
        [well for well in sound if well.content.sample == "standard"],
        [well for well in sound if well.content.sample == "blank"],
        settings,
    )
    calibration, levels = _calibration(curve, kept, n_replicates, settings)
    read = np.array([well.response for well in wells], float)
    x = logistic.concentration(curve, read) if curve else np.full(len(read), np.nan)
    read_back = dict(zip((well.name for well in wells), x.tolist(), strict=True))
    found = [
        samples.sample_result(group, calibration, _withheld(group, exchange), plate.name, settings) for group in groups
    ]
    return _Analyte(
        FittedCurve(analyte, curve),
        _curve_row(plate.name, analyte, calibration, levels, bool(zeros), settings),
        [
            _standard_row(plate.name, well, read_back[well.name], well in kept, (calibration, levels), settings)
            for well in wells
            if well.content.sample == "standard"
        ],
        [_well_result(plate.name, well, read_back[well.name], calibration, well.name in moved) for well in wells],
        found,
        samples.animal_results(found, calibration, settings),
    )


def _curve(
    usable: Sequence[Well], blanks: Sequence[Well], settings: QuantifySettings
) -> tuple[Curve | None, list[Well], list[Well]]:
    """The curve, the standards in the fit, and the blanks in it."""
    kept = _without_outliers(usable, settings) if settings.exclude_outlying_standards else list(usable)
    curve = fitting.fitted(_arrays(kept), settings.curve, settings.weighting)
    zeros: list[Well] = []
    if curve is not None and settings.blank_is_zero_standard and blanks:
        zeros = [well for well in blanks if _on_curve(curve, well)]
        both = fitting.fitted(_arrays([*kept, *zeros]), settings.curve, settings.weighting, curve) if zeros else None
        curve, zeros = (both, zeros) if both is not None else (curve, [])
    return curve, kept, zeros


def _arrays(wells: Sequence[Well]) -> Standards:
    x = [well.content.concentration_pg_per_ml or 0.0 if well.content.sample == "standard" else 0.0 for well in wells]
    return Standards(np.array(x, float), np.array([well.response for well in wells], float))


def _on_curve(curve: Curve, well: Well) -> bool:
    """Whether a blank lies within the two-sided prediction limits of the curve at concentration zero."""
    zero = float(logistic.response(curve, np.zeros(1))[0])
    limit = inverse.upper_limit(curve, 0.0, 1, constants.BLANK_PREDICTION_PCT)
    return abs(well.response - zero) <= abs(limit - zero)


def _without_outliers(wells: Sequence[Well], settings: QuantifySettings) -> list[Well]:
    """Standards without those that are outliers and do not read back, left out one after the other."""
    kept = list(wells)
    curve = fitting.robust(_arrays(kept), settings.curve, settings.weighting)
    distinct = {well.content.concentration_pg_per_ml for well in wells if well.content.concentration_pg_per_ml}
    fewest = len(distinct) - int(len(distinct) * (1 - settings.passing_levels_min_pct / 100))
    while curve is not None:
        found = fitting.outlier(curve, _arrays(kept))
        if found is None or found.probability > constants.OUTLIER_PROBABILITY:
            break
        rest = [well for place, well in enumerate(kept) if place not in found.places]
        left = {well.content.concentration_pg_per_ml for well in rest if well.content.concentration_pg_per_ml}
        again = fitting.robust(_arrays(rest), settings.curve, settings.weighting, curve)
        if len(left) < fewest or again is None:
            # Too many levels would go: the standards contradict each other, and none of them is right.
            return list(wells)
        out = _arrays([kept[place] for place in found.places])
        error_pct = 100 * np.abs(logistic.concentration(again, out.y) / np.where(out.x > 0, out.x, np.nan) - 1)
        if (error_pct <= settings.read_back_max_pct).all():
            break
        curve, kept = again, rest
    return kept


def _calibration(
    curve: Curve | None, kept: Sequence[Well], replicates: int, settings: QuantifySettings
) -> tuple[Calibration, list[limits.Level]]:
    x = _arrays(kept)
    needed = constants.PARAMETERS[settings.curve] + constants.SPARE_LEVELS
    if curve is None:
        count = len(np.unique(x.x[x.x > 0]))
        return Calibration(None, None, NO_CURVE.format(levels=count, needed=needed)), []
    levels = limits.levels(curve, x.x, x.y, replicates)
    fewest = constants.PARAMETERS[settings.curve]
    found = limits.working_range(levels, fewest, settings)
    passed = sum(one.passes(settings.read_back_max_pct, settings.precision_max_pct) for one in levels)
    note = "" if found else NOT_ACCEPTED.format(passed=passed, levels=len(levels))
    return Calibration(curve, found, note), levels


def _curve_row(
    plate: str,
    analyte: str,
    calibration: Calibration,
    levels: Sequence[limits.Level],
    blanks_in_fit: bool,
    settings: QuantifySettings,
) -> CurveRow:
    curve, found = calibration.curve, calibration.range
    return CurveRow(
        plate=plate,
        analyte=analyte,
        model=settings.curve,
        weighting=settings.weighting,
        a=curve.a if curve else None,
        b=curve.b if curve else None,
        c_pg_per_ml=curve.c if curve else None,
        d=curve.d if curve else None,
        g=curve.g if curve else None,
        ec50_pg_per_ml=logistic.ec50(curve) if curve else None,
        lloq_pg_per_ml=found.low if found else None,
        uloq_pg_per_ml=found.high if found else None,
        residual_pct=_residual_pct(curve) if curve else None,
        levels=len(levels),
        levels_passed=found.passed if found else 0,
        blanks_in_fit=blanks_in_fit,
        accepted=found is not None,
        note=calibration.note,
    )


def _residual_pct(curve: Curve) -> float | None:
    """Residual standard deviation in percent of the response at the EC50."""
    middle = logistic.response(curve, np.array([logistic.ec50(curve)]))
    size = float(np.sqrt(logistic.variance_scale(curve, middle)[0]) / abs(middle[0])) if middle[0] else 1.0
    return 100 * curve.residual_sd * size if math.isfinite(curve.residual_sd) else None


def _standard_row(
    plate: str,
    well: Well,
    read_back: float,
    in_fit: bool,
    calibration: tuple[Calibration, Sequence[limits.Level]],
    settings: QuantifySettings,
) -> StandardRow:
    x = well.content.concentration_pg_per_ml or 0.0
    level = next((one for one in calibration[1] if one.x == x), None)
    found = calibration[0].range
    at_low_end = found is not None and x == found.low
    return StandardRow(
        plate=plate,
        analyte=well.content.analyte,
        well=well.name,
        concentration_pg_per_ml=x,
        response=_finite(well.response),
        read_back_pg_per_ml=_finite(read_back),
        error_pct=100 * (read_back / x - 1) if math.isfinite(read_back) and x > 0 else None,
        level_error_pct=_finite(level.error_pct) if level else None,
        level_cv_pct=_finite(level.cv_pct) if level else None,
        limit_pct=settings.read_back_lowest_max_pct if at_low_end else settings.read_back_max_pct,
        in_fit=in_fit,
        in_range=found is not None and found.low <= x <= found.high,
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _withheld(group: Sequence[Well], exchange: Exchange | None) -> str:
    if exchange is None or not any(well.name in exchange.wells for well in group):
        return ""
    return f"{exchange.what} of the plate look exchanged: {samples.named(group)}"


def _well_result(plate: str, well: Well, read_back: float, calibration: Calibration, moved: bool) -> WellResult:
    """A well with its own concentration; ``state`` says why there is none."""
    own, found = well.content, calibration.range
    if math.isnan(well.response):
        state = "no value in the file"
    elif moved:
        state = "exchanged"
    elif found is None or math.isnan(read_back):
        state = "no curve"
    else:
        state = samples.BELOW if read_back < found.low else samples.ABOVE if read_back > found.high else samples.OK
    return WellResult(
        plate=plate,
        well=well.name,
        sample=own.sample,
        animal=own.animal,
        analyte=own.analyte,
        matrix=own.matrix,
        dilution_factor=own.dilution_factor or 1.0,
        response=_finite(well.response),
        saturated=math.isinf(well.response),
        in_well_pg_per_ml=read_back if state == samples.OK else None,
        state=state,
    )
