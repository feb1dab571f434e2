"""The standard curve with its band, standards, samples and limits; below it the errors of the standards read back."""

import numpy as np
from scipy import special

from ketaflow.assays.elisa import constants
from ketaflow.assays.elisa.calibration import inverse, logistic
from ketaflow.assays.elisa.calibration.curve import Curve
from ketaflow.assays.elisa.model import CurveRow, Measured, SampleResult, StandardRow
from ketaflow.core.results import Figure
from ketaflow.core.svg import Chart, limits, stacked

CAPTION = (
    "Above: standards (blue; pink if left out of the fit), fitted curve with the 95 % band of a sample's mean, "
    "samples within the range (green) and controls (yellow). Dashed lines: limits of quantification. Below: error of "
    "each standard well read back; the stripe is the limit."
)


def curve_figures(measured: Measured) -> list[Figure]:
    """Draw the curve of each analyte.

    Parameters
    ----------
    measured : Measured
        What was measured on the plate.

    Returns
    -------
    list of Figure
        None for an analyte without a curve.
    """
    made = []
    for row, fitted in zip(measured.curves, measured.fitted, strict=True):
        standards = [
            one for one in measured.standards if one.analyte == row.analyte and one.concentration_pg_per_ml > 0
        ]
        if fitted.curve is None or not standards:
            continue
        found = [one for one in measured.samples if one.analyte == row.analyte]
        charts = [_curve_chart(fitted.curve, row, standards, found), _error_chart(row, standards)]
        title = f"Standard curve of {row.analyte}"
        made.append(Figure(title, stacked(charts, f"{title}, and errors of the standards"), caption=CAPTION))
    return made


def _curve_chart(curve: Curve, row: CurveRow, standards: list[StandardRow], found: list[SampleResult]) -> Chart:
    x_limits = _x_limits(standards)
    x = np.logspace(*x_limits, constants.CURVE_POINTS)
    on_curve = logistic.response(curve, x)
    n = max((one.n for one in found), default=2) or 1
    half = _half_band(curve, x, n)
    responses = [one.response for one in standards if one.response is not None]
    y_limits = limits([*responses, *on_curve], include=[0])
    chart = Chart(
        x_limits, y_limits, "", "response", width=constants.WIDTH_PX, height=constants.CURVE_PX, show_x_ticks=False
    )
    for sign in (-1, 1):
        band = np.clip(on_curve + sign * half, *y_limits)
        chart.line(np.log10(x), band, "sky")
    chart.line(np.log10(x), on_curve, "black")
    for colour, in_fit in (("pink", False), ("blue", True)):
        own = [one for one in standards if one.in_fit is in_fit and one.response is not None]
        chart.points(
            [np.log10(one.concentration_pg_per_ml) for one in own],
            [one.response for one in own if one.response is not None],
            colour,
        )
    for colour, kind in (("green", "animal"), ("yellow", "control")):
        inside = [one for one in found if one.sample == kind and one.in_well_pg_per_ml]
        chart.points(
            [np.log10(one.in_well_pg_per_ml) for one in inside if one.in_well_pg_per_ml],
            [one.response for one in inside if one.response is not None],
            colour,
            radius=2,
        )
    for limit, name in ((row.lloq_pg_per_ml, "LLOQ"), (row.uloq_pg_per_ml, "ULOQ")):
        if limit:
            chart.moment(float(np.log10(limit)), name)
    return chart


def _half_band(curve: Curve, x: np.ndarray, n: int) -> np.ndarray:
    quantile = special.stdtrit(curve.df, 0.5 + constants.BAND_LEVEL_PCT / 200) if curve.df > 0 else np.nan
    return np.asarray(quantile * np.sqrt(inverse.variance(curve, x, n)))


def _error_chart(row: CurveRow, standards: list[StandardRow]) -> Chart:
    x_limits, most = _x_limits(standards), constants.LARGEST_ERROR_PCT
    chart = Chart(
        x_limits, (-most, most), f"{row.analyte} in the well (pg/ml)", "error (%)",
        width=constants.WIDTH_PX, height=constants.ERROR_PX, show_x_ticks=False,
    )  # fmt: skip
    limit = min(one.limit_pct for one in standards)
    chart.stripe(-limit, limit, "sky")
    for colour, in_fit in (("pink", False), ("blue", True)):
        own = [one for one in standards if one.in_fit is in_fit and one.error_pct is not None]
        chart.points(
            [np.log10(one.concentration_pg_per_ml) for one in own],
            [float(np.clip(one.error_pct, -most, most)) for one in own if one.error_pct is not None],
            colour,
        )
    for exponent in range(int(np.ceil(x_limits[0])), int(np.floor(x_limits[1])) + 1):
        chart.caption(exponent, f"{10.0**exponent:g}")
    return chart


def _x_limits(standards: list[StandardRow]) -> tuple[float, float]:
    x = [one.concentration_pg_per_ml for one in standards]
    return float(np.log10(min(x) / constants.BEYOND_FACTOR)), float(np.log10(max(x) * constants.BEYOND_FACTOR))
