"""From peak area to concentration, within the range in which the calibration line is valid."""

import numpy as np

from ketaflow.assays.microdialysis import constants
from ketaflow.assays.microdialysis.result_rows import CalibrationLine

OK, BELOW, ABOVE, ABSENT = "ok", "below_loq", "above_range", "not_found"
# A number whose area depends on how the baseline is drawn.
UNCERTAIN = "uncertain_area"


def fitted(
    analyte: str,
    concentration_um: np.ndarray,
    response: np.ndarray,
    response_noise: float,
    *,
    model: str,
    weighting: str,
) -> CalibrationLine | None:
    """Fit a weighted straight line through the standards.

    Parameters
    ----------
    analyte : str
        Name of the analyte.
    concentration_um, response : (n,) float
        Standards: concentration (uM) and area, or area over that of the internal standard. Blanks (0 uM) count for the
        line but not for the scale of the weights.
    response_noise : float
        Response that noise alone would give, one standard deviation; NaN where there is no trace.
    model : str
        Either linear or through_zero; with fewer than three concentrations the line goes through zero.
    weighting : str
        One of none, 1/x and 1/x2.

    Returns
    -------
    CalibrationLine or None
        None where no rising line can be fitted.

    Notes
    -----
    LOD and LOQ are 3.3 and 10 standard deviations over the slope (ICH Q2(R1)). The deviation is the smaller of that of
    the noise and that of the residuals near the lowest standard. The LOQ is not above the lowest standard if that reads
    back within 20 % (ICH M10), and not below a third of the lowest standard.
    """
    real = concentration_um > 0
    if real.sum() < 1 or not np.isfinite(response[real]).all() or np.ptp(np.append(response, 0)) == 0:
        return None
    through_zero = model == "through_zero" or len(np.unique(concentration_um)) < constants.LEAST_LEVELS
    weight = _weights(concentration_um, weighting)
    slope, intercept = _solve(concentration_um, response, weight, through_zero)
    if slope <= 0:
        return None
    rest = response - slope * concentration_um - intercept
    total = weight @ (response - np.average(response, weights=weight)) ** 2
    lowest, highest = float(concentration_um[real].min()), float(concentration_um.max())
    lod_um, loq_um = _limits(concentration_um, rest, slope, response_noise, lowest)
    return CalibrationLine(
        analyte, float(slope), float(intercept), weighting, float(1 - weight @ rest**2 / total) if total else np.nan,
        lod_um, loq_um, lowest, highest, len(np.unique(concentration_um[real])),
    )  # fmt: skip


def _weights(concentration_um: np.ndarray, weighting: str) -> np.ndarray:
    floor = concentration_um[concentration_um > 0].min()
    return np.maximum(concentration_um, floor) ** {"none": 0.0, "1/x": -1.0, "1/x2": -2.0}[weighting]


def _solve(x: np.ndarray, y: np.ndarray, weight: np.ndarray, through_zero: bool) -> tuple[float, float]:
    if through_zero:
        return float(weight @ (x * y) / (weight @ x**2)), 0.0
    mean_x, mean_y = np.average(x, weights=weight), np.average(y, weights=weight)
    slope = weight @ ((x - mean_x) * (y - mean_y)) / (weight @ (x - mean_x) ** 2)
    return float(slope), float(mean_y - slope * mean_x)


def _limits(
    concentration_um: np.ndarray, rest: np.ndarray, slope: float, response_noise: float, lowest: float
) -> tuple[float, float]:
    low = (concentration_um <= constants.LOW_STANDARDS_FACTOR * lowest) & (concentration_um > 0)
    scatter = float(np.sqrt(np.mean(rest[low] ** 2)))
    sigma = min(scatter, response_noise) if np.isfinite(response_noise) else scatter
    lod_um, loq_um = constants.LOD_SDS * sigma / slope, constants.LOQ_SDS * sigma / slope
    reads_back = np.abs(rest[low]) <= constants.LOQ_ERROR_FRACTION * slope * concentration_um[low]
    if reads_back.any():
        loq_um = min(loq_um, lowest)
    loq_um = max(loq_um, lowest / constants.LOQ_EXTRAPOLATION_FACTOR)
    return min(lod_um, loq_um), loq_um


def quantified(
    line: CalibrationLine | None, response: float | None, *, extrapolate_factor: float
) -> tuple[float | None, str]:
    """Calculate a concentration, only where the line is valid.

    Parameters
    ----------
    line : CalibrationLine or None
        None where the analyte has no line.
    response : float or None
        None where its peak is missing.
    extrapolate_factor : float
        Up to this factor above the highest standard a concentration is given.

    Returns
    -------
    concentration_um : float or None
        None outside the range.
    state : str
        ok, below_loq, above_range or not_found.
    """
    if response is None or line is None:
        return None, ABSENT
    value = line.concentration_um(response)
    if response <= 0 or value < line.loq_um:
        return None, BELOW
    if value > line.highest_um * extrapolate_factor:
        return None, ABOVE
    return float(value), ABOVE if value > line.highest_um * constants.RANGE_ROUNDING_FACTOR else OK
