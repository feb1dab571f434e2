"""The loss of every threshold and duration that a calibration tried."""

from ketaflow.assays.forced_swim.figures import constants
from ketaflow.assays.forced_swim.raters.threshold_fitting import Place, SettingsGrid
from ketaflow.assays.forced_swim.settings import Source
from ketaflow.core.svg import Chart

# Factor and unit in which the threshold of each kind of file is shown, and what its duration is one of.
THRESHOLD_UNITS: dict[Source, tuple[float, str, str]] = {
    "video": (1, "share of the body", "bouts"),
    "ethovision": (100, "%", "samples"),
    "pose": (1, "body lengths/s", "bouts"),
}


def calibration_curve(grid: SettingsGrid, chosen: Place, present: float, source: Source) -> str:
    """Draw loss against threshold, one line for each duration; the chosen one in colour.

    Parameters
    ----------
    grid : SettingsGrid
        The loss of every pair of settings.
    chosen : Place
        The fitted pair.
    present : float
        The present threshold, in the unit of the trace's motion.
    source : str
        Kind of file; EthoVision's mobility is shown in percent.

    Returns
    -------
    str
        SVG.
    """
    factor, unit, what = THRESHOLD_UNITS[source]
    mean_s, x = grid.loss_s().mean(axis=0), factor * grid.thresholds
    size = constants.CURVE_WIDTH_PX, constants.CURVE_HEIGHT_PX
    x_limits, y_limits = (float(x[0]), float(x[-1])), (0.0, 1.05 * float(mean_s.max()))
    chart = Chart(x_limits, y_limits, f"Threshold ({unit})", "Distance from raters (s)", *size)
    for place in range(len(grid.durations_s)):
        chart.line(x.tolist(), mean_s[:, place].tolist(), "blue" if place == chosen.duration else "grey")
    chart.moment(factor * present, "now")
    label = f"fitted, {what} of {grid.durations_s[chosen.duration]:g} s"
    chart.moment(float(x[chosen.threshold]), label, "orange")
    return chart.svg("Distance of immobility from human scores at every threshold; one line for each duration")
