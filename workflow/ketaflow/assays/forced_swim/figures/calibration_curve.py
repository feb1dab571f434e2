"""The loss of every threshold and shortest bout that a calibration tried."""

from ketaflow.assays.forced_swim.figures import constants
from ketaflow.assays.forced_swim.raters.threshold_fitting import Place, SettingsGrid
from ketaflow.core.svg import Chart


def calibration_curve(grid: SettingsGrid, chosen: Place, present: float, *, is_export: bool) -> str:
    """Draw loss against threshold, one line for each shortest bout; the chosen one in colour.

    Parameters
    ----------
    grid : SettingsGrid
        The loss of every pair of settings.
    chosen : Place
        The fitted pair.
    present : float
        The present threshold, in the unit of the trace's motion.
    is_export : bool
        Whether the motion is EthoVision's mobility, shown in percent.

    Returns
    -------
    str
        SVG.
    """
    factor, unit = (100, "%") if is_export else (1, "share of the body")
    mean_s, x = grid.loss_s().mean(axis=0), factor * grid.thresholds
    size = constants.CURVE_WIDTH_PX, constants.CURVE_HEIGHT_PX
    x_limits, y_limits = (float(x[0]), float(x[-1])), (0.0, 1.05 * float(mean_s.max()))
    chart = Chart(x_limits, y_limits, f"Threshold ({unit})", "Unlike people (s)", *size)
    for bout in range(len(grid.min_bouts_s)):
        chart.line(x.tolist(), mean_s[:, bout].tolist(), "blue" if bout == chosen.bout else "grey")
    chart.moment(factor * present, "now")
    label = f"fitted, bouts of {grid.min_bouts_s[chosen.bout]:g} s"
    chart.moment(float(x[chosen.threshold]), label, "orange")
    return chart.svg("How unlike people immobility is at every threshold; one line for each shortest bout")
