"""Overlapping peaks of a trace shared out by fitted shapes: which groups are fitted, and from which centres."""

from collections.abc import Sequence

import numpy as np

from ketaflow.assays.microdialysis.integration import constants, deconvolution, known_retentions
from ketaflow.assays.microdialysis.integration.preprocessing import smoothed
from ketaflow.assays.microdialysis.model import KnownPeak, Peak


def separated(
    time_min: np.ndarray,
    height: np.ndarray,
    found: list[Peak],
    width: float,
    noise: float,
    *,
    wanted_min: Sequence[float] | None = None,
    known: Sequence[KnownPeak] = (),
) -> list[Peak]:
    """Separate overlapping peaks, and peaks that hide on the side of others, by fitted shapes that explain them.

    Parameters
    ----------
    time_min, height : (n_points,) float
        Times (minutes) and the trace above its baseline (unit of the signal).
    found : list of Peak
        Peaks between perpendicular drops, in time order.
    width : float
        Width of the trace's peaks at half height (samples).
    noise : float
        Standard deviation of the noise (unit of the signal).
    wanted_min : sequence of float, optional
        Only groups that hold one of these times (minutes) are fitted; all by default.
    known : sequence of KnownPeak
        What is known of the analytes. A fit starts from those without a maximum of their own as well.

    Returns
    -------
    list of Peak
        In time order. The fitted areas share out the area measured between the outer limits, so that the total stays
        that of the trace.
    """
    made: list[Peak] = []
    bend: np.ndarray | None = None
    step_s = 60 * float(time_min[-1] - time_min[0]) / (len(time_min) - 1)
    for group in deconvolution.flagged_groups(found, height):
        own = [found[index] for index in group]
        start, stop = own[0].start, own[-1].stop
        if wanted_min is not None and not _within(wanted_min, own[0].start_min, own[-1].stop_min):
            made += own
            continue
        if bend is None:
            bend = -np.gradient(np.gradient(smoothed(height, max(constants.CURVATURE_SMOOTHING_WIDTHS * width, 1.0))))
        inside = [one for one in known if own[0].start_min <= one.retention_min <= own[-1].stop_min]
        if any(one.hidden for one in inside):
            made += known_retentions.separated(time_min, height, own, inside, width, noise)
            continue
        apexes = [peak.apex for peak in own]
        hidden = deconvolution.hidden_centres(height, bend, start, stop, width, noise, apexes)
        if (len(own) == 1 and not hidden) or len(own) + len(hidden) > constants.MAX_FITTED_PEAKS:
            made += own
            continue
        centres = sorted([*apexes, *hidden])
        near = [deconvolution.nearest(own, centre).width_s for centre in centres]
        widths_s = [float(np.clip(one, width * step_s / 4, 1.5 * width * step_s)) for one in near]
        stretch = slice(start, stop + 1)
        fit = deconvolution.parted(
            60 * time_min[stretch], height[stretch], [one - start for one in centres], widths_s, noise
        )
        small = fit is not None and hidden and fit.areas.min() < constants.HIDDEN_AREA_FRACTION * fit.areas.sum()
        made += own if fit is None or small else deconvolution.shared(height, own, centres, fit)
    return made


def _within(times_min: Sequence[float], start_min: float, stop_min: float) -> list[float]:
    return [at for at in times_min if start_min <= at <= stop_min]
