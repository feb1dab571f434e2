"""Check one plate: standards, curve, blanks, controls, replicates, dilutions, and patterns over the plate.

In: the plate and what was measured on it. Out: checks that name the wells, a picture of the plate, and the curves.
"""

import math
import re
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from ketaflow.assays.elisa import constants, samples
from ketaflow.assays.elisa.calibration import inverse, logistic
from ketaflow.assays.elisa.calibration.curve import Curve
from ketaflow.assays.elisa.figures.curve_chart import curve_figures
from ketaflow.assays.elisa.figures.plate_picture import plate_figure
from ketaflow.assays.elisa.model import CurveRow, Measured, Plate, QcSettings, StandardRow, Well
from ketaflow.assays.elisa.plate.pattern import patterns
from ketaflow.assays.elisa.readers.cells import WELL, well_at
from ketaflow.core.results import Check, Checked, check, within

# Separates the names of wells in a place.
BETWEEN_WELLS = re.compile(r"[,\s]+")
# Name and message of the check of a sample outside the range.
OUTSIDE = {
    samples.ABOVE: (
        "above_uloq",
        "above the upper limit of quantification: dilute the sample further and measure it again",
    ),
    samples.BELOW: (
        "below_lloq",
        "below the lower limit of quantification: measure it with less dilution, if it was diluted",
    ),
}


def qc(plate: Plate, measured: Measured, settings: QcSettings) -> Checked:
    """Check one plate.

    Parameters
    ----------
    plate : Plate
        Wells and responses.
    measured : Measured
        Curves, standards and samples.
    settings : QcSettings
        Settings ``elisa.qc``.

    Returns
    -------
    Checked
        Checks and figures under the name of the plate.
    """
    own = partial(check, recording=plate.name)
    checks = [
        *_reading_checks(own, plate, measured),
        *_exchange_checks(own, measured),
        *_curve_checks(own, measured.curves, settings),
        *_standard_checks(own, measured, settings),
        *_blank_checks(own, plate, measured, settings),
        *_sample_checks(own, measured, settings),
        *_animal_checks(own, measured),
        *_pattern_checks(own, plate, settings),
    ]
    named = {
        well
        for one in checks
        if one.verdict != "pass" and not one.check.startswith(("edge", "drift"))
        for well in BETWEEN_WELLS.split(one.place)
        if WELL.fullmatch(well)
    }
    return Checked(checks, {plate.name: [plate_figure(plate, named), *curve_figures(measured)]})


def _reading_checks(own: partial[Check], plate: Plate, measured: Measured) -> Iterator[Check]:
    """How the file was read, and wells that the file or the table lacks."""
    for note in plate.source.notes:
        yield own("reading", None, message=note, verdict="warn")
    if plate.source.reference:
        message = f"the reference ({plate.source.reference}) was subtracted from {plate.source.read}"
        yield own("reference", None, message=message, verdict="pass")
    if plate.excluded:
        message = "left out, as the table says"
        yield own(
            "excluded_wells", len(plate.excluded), message=message, verdict="pass", place=", ".join(plate.excluded)
        )
    without = [well for well in plate.wells if math.isnan(well.response)]
    if without:
        message = "wells of the table without a value in the file: correct the table or the file"
        yield own("wells_without_value", len(without), message=message, verdict="fail", place=samples.named(without))
    saturated = [well for well in plate.wells if math.isinf(well.response)]
    if saturated:
        message = "the detector was saturated: dilute these samples further, or read earlier"
        yield own("saturated_wells", len(saturated), message=message, verdict="warn", place=samples.named(saturated))
    yield from _unlisted(own, plate, measured)


def _unlisted(own: partial[Check], plate: Plate, measured: Measured) -> Iterator[Check]:
    """Wells with a response above the lowest standard of the range that the table does not list."""
    lowest = [
        row.response
        for row in measured.standards
        if row.in_range and row.response is not None and row.concentration_pg_per_ml == _lloq(measured, row.analyte)
    ]
    if not lowest:
        return
    known = {well.name for well in plate.wells} | set(plate.excluded)
    found = [
        name
        for (row, column), value in np.ndenumerate(plate.response)
        if value > max(lowest) and (name := well_at(row, column)) not in known
    ]
    rises = all(one.curve is None or one.curve.d > one.curve.a for one in measured.fitted)
    if found and rises:
        message = "wells with a response that the table does not list: add them, if they hold a sample"
        yield own("wells_not_listed", len(found), message=message, verdict="warn", place=", ".join(found))


def _lloq(measured: Measured, analyte: str) -> float | None:
    return next((row.lloq_pg_per_ml for row in measured.curves if row.analyte == analyte), None)


def _exchange_checks(own: partial[Check], measured: Measured) -> Iterator[Check]:
    """Rows or columns that look exchanged."""
    found = measured.exchange
    if found is not None:
        message = (
            f"{found.what}, or the standards in them, look exchanged: {found.disorders} groups of replicates or "
            f"standard levels are out of order, {found.disorders_after} with them put back. Their wells have no value; "
            "correct elisa_wells if the table is wrong"
        )
        yield own(
            "exchanged_wells", found.disorders, message=message, verdict="fail", unit="groups", high=1,
            place=", ".join(found.wells),
        )  # fmt: skip


def _curve_checks(own: partial[Check], curves: Sequence[CurveRow], settings: QcSettings) -> Iterator[Check]:
    """Whether each curve is accepted, on how many levels, and how closely the standards lie to it."""
    for row in curves:
        message = (
            row.note or f"values are reported from {row.lloq_pg_per_ml:g} to {row.uloq_pg_per_ml:g} pg/ml in the well"
        )
        verdict = "pass" if row.accepted else "fail"
        yield own("curve_accepted", row.levels_passed, message=message, verdict=verdict, place=row.analyte)
        if not row.accepted:
            continue
        yield own(
            "standard_levels", row.levels_passed, message="standard levels that read back within the limits",
            verdict=within(row.levels_passed, settings.levels_min_count, None), low=settings.levels_min_count,
            place=row.analyte,
        )  # fmt: skip
        if row.residual_pct is not None:
            yield own(
                "curve_scatter", row.residual_pct, message="scatter of the standards around the curve",
                verdict=within(row.residual_pct, None, settings.residual_max_pct), unit="%",
                high=settings.residual_max_pct, place=row.analyte,
            )  # fmt: skip


def _standard_checks(own: partial[Check], measured: Measured, settings: QcSettings) -> Iterator[Check]:
    """Replicates of standards that differ, levels that do not read back, and standards left out of the fit."""
    by_level: dict[tuple[str, float], list[StandardRow]] = {}
    for row in measured.standards:
        by_level.setdefault((row.analyte, row.concentration_pg_per_ml), []).append(row)
    for (_, x), rows in by_level.items():
        wells = ", ".join(row.well for row in rows)
        first = rows[0]
        responses = np.array([row.response for row in rows if row.response is not None])
        if len(responses) > 1 and responses.mean() > 0:
            cv_pct, limit = float(100 * responses.std(ddof=1) / responses.mean()), settings.standard_cv_max_pct
            yield own(
                "standard_replicates", cv_pct, message=f"coefficient of variation of the responses of {x:g} pg/ml",
                verdict=within(cv_pct, None, limit), unit="%", high=limit, place=wells,
            )  # fmt: skip
        if first.level_error_pct is not None and first.in_range:
            yield own(
                "standard_read_back", first.level_error_pct, message=f"error of the standard of {x:g} pg/ml read back",
                verdict=within(first.level_error_pct, -first.limit_pct, first.limit_pct), unit="%",
                low=-first.limit_pct, high=first.limit_pct, place=wells,
            )  # fmt: skip
        out = [row for row in rows if not row.in_fit and row.response is not None]
        if out:
            message = f"the standard of {x:g} pg/ml does not lie on the curve of the others and is left out of the fit"
            error = out[0].error_pct
            yield own(
                "standard_left_out", error, message=message, verdict="warn", unit="%",
                low=-first.limit_pct, high=first.limit_pct, place=", ".join(row.well for row in out),
            )  # fmt: skip


def _blank_checks(own: partial[Check], plate: Plate, measured: Measured, settings: QcSettings) -> Iterator[Check]:
    """Mean of the blanks against the highest standard, and single blanks above the lower end of the curve."""
    for row, fitted in zip(measured.curves, measured.fitted, strict=True):
        blanks = [
            well
            for well in plate.wells
            if well.content.sample == "blank" and well.content.analyte == row.analyte and math.isfinite(well.response)
        ]
        top = [one.response for one in measured.standards if one.analyte == row.analyte and one.response is not None]
        if not blanks or not top or max(top) <= 0:
            continue
        share_pct = 100 * float(np.mean([well.response for well in blanks])) / max(top)
        if fitted.curve is None or fitted.curve.d > fitted.curve.a:
            yield own(
                "blank_level", share_pct, message="mean of the blanks, as a share of the highest standard",
                verdict=within(share_pct, None, settings.blank_max_pct), unit="%", high=settings.blank_max_pct,
                place=samples.named(blanks),
            )  # fmt: skip
        if fitted.curve is not None:
            yield from _contaminated(own, fitted.curve, blanks)


def _contaminated(own: partial[Check], curve: Curve, blanks: Sequence[Well]) -> Iterator[Check]:
    zero = float(logistic.response(curve, np.zeros(1))[0])
    limit = inverse.upper_limit(curve, 0.0, 1, constants.BLANK_PREDICTION_PCT)
    limit = zero + math.copysign(max(abs(limit - zero), constants.BLANK_EXCESS_MIN * abs(zero)), limit - zero)
    rises = curve.d > curve.a
    for well in blanks:
        verdict = within(well.response, None if rises else limit, limit if rises else None, "fail")
        message = "response of the blank, against that of concentration zero by the standards"
        if verdict != "pass":
            message = "the blank contains the analyte or was not washed: it lies off the curve at concentration zero"
        yield own(
            "blank_contaminated", well.response, message=message, verdict=verdict, place=well.name,
            low=None if rises else limit, high=limit if rises else None,
        )  # fmt: skip


def _sample_checks(own: partial[Check], measured: Measured, settings: QcSettings) -> Iterator[Check]:
    """Replicates that differ, samples outside the range, and recovery of controls."""
    for one in measured.samples:
        if one.cv_pct is not None:
            yield own(
                "replicate_cv", one.cv_pct, message=one.doubt or "coefficient of variation of the replicates",
                verdict="warn" if one.doubt else "pass", unit="%", high=measured.replicate_cv_max_pct, place=one.wells,
                animal=one.animal,
            )  # fmt: skip
        if one.state != samples.OK:
            name, message = OUTSIDE.get(one.state, ("no_value", one.state))
            yield own(name, None, message=message, verdict="warn", place=one.wells, animal=one.animal)
        if one.nominal_pg_per_ml and one.concentration_pg_per_ml is not None:
            recovery_pct = 100 * one.concentration_pg_per_ml / one.nominal_pg_per_ml
            low, high = settings.recovery_low_pct, settings.recovery_high_pct
            yield own(
                "control_recovery", recovery_pct, message=f"recovery of the control of {one.nominal_pg_per_ml:g} pg/ml",
                verdict=within(recovery_pct, low, high), unit="%", low=low, high=high, place=one.wells,
            )  # fmt: skip


def _animal_checks(own: partial[Check], measured: Measured) -> Iterator[Check]:
    """Dilutions of one sample against their mean, and hook effects."""
    for one in measured.animals:
        if one.largest_deviation_pct is not None:
            differ = "dilutions differ" in one.doubt
            yield own(
                "dilution_linearity", one.largest_deviation_pct, unit="%", place=one.wells, animal=one.animal,
                high=measured.dilution_difference_max_pct,
                message="largest deviation of a dilution from the mean of the sample's dilutions",
                verdict="warn" if differ else "pass",
            )  # fmt: skip
        if one.hook:
            message = (
                "a lower dilution reads within the range although a higher one shows that it lies above (hook effect)"
            )
            yield own("hook_effect", None, message=message, verdict="warn", place=one.wells, animal=one.animal)


def _pattern_checks(own: partial[Check], plate: Plate, settings: QcSettings) -> Iterator[Check]:
    """Edge effect and drift over the plate."""
    limit = settings.pattern_max_pct
    for one in patterns(plate.wells, plate.response):
        is_real = one.probability < settings.pattern_max_probability
        inside = within(one.change_pct, -limit, limit)
        message = f"difference between replicates {one.message} (p = {one.probability:.2g})"
        yield own(
            one.name, one.change_pct, message=message, verdict=inside if is_real else "pass", unit="%", low=-limit,
            high=limit, place=one.place,
        )  # fmt: skip
