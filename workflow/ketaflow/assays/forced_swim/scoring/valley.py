"""The threshold of one swim: moved to the valley between floating and swimming, where the swim shows one nearby.

In: activity and the threshold of the settings. Out: the threshold that is used. What a floating animal's image changes
depends on the camera, the codec and the animal's outline, so the two kinds of motion lie elsewhere in each recording.
"""

import numpy as np
from scipy.ndimage import gaussian_filter1d, label

from ketaflow.assays.forced_swim.scoring import constants


def threshold_in_valley(motion: np.ndarray, threshold: float, max_ratio: float) -> float:
    """Move a threshold to the bottom of the nearest valley of the distribution of activity within a ratio of it [1]_.

    Parameters
    ----------
    motion : (n_frames,) float
        Activity (fraction of the body); NaN where the animal was not seen.
    threshold : float
        Threshold of the settings (fraction of the body).
    max_ratio : float
        Largest ratio between the two thresholds, in either direction; 1 keeps the threshold.

    Returns
    -------
    float
        The threshold itself if it lies in a valley already, or if no level within reach does: at most ``VALLEY_DEPTH``
        times as frequent as a less active and a more active level, with ``MIN_VALLEY_SHARE`` of the frames or more on
        either side.

    Notes
    -----
    Of 64 swims in animated photographs 62 were within 5 % of the window; with ``skimage.filters.threshold_minimum`` 57
    and with ``threshold_otsu`` 58, which split the whole distribution; with the threshold of the settings 57.

    References
    ----------
    .. [1] Prewitt, Mendelsohn (1966), Ann N Y Acad Sci 128:1035-1053, doi:10.1111/j.1749-6632.1965.tb11715.x
    """
    known = motion[np.isfinite(motion)]
    if max_ratio <= 1 or not len(known):
        return threshold
    levels, depth, is_divided = _depths(known, threshold)
    within = (np.abs(levels) <= np.log(max_ratio) + constants.VALLEY_STEP / 2) & is_divided
    is_in_valley = depth[len(levels) // 2] <= constants.VALLEY_DEPTH
    if is_in_valley:
        return threshold
    return float(threshold * np.exp(_nearest_valley(levels, depth, within)))


def valley_level(motion: np.ndarray, threshold: float) -> float:
    """Find the level that divides activity in two kinds, however far from the threshold.

    Parameters
    ----------
    motion : (n_frames,) float
        Activity (fraction of the body); NaN where the animal was not seen.
    threshold : float
        Threshold of the settings (fraction of the body).

    Returns
    -------
    float
        Bottom of the valley nearest to the threshold (fraction of the body), as ``threshold_in_valley`` defines it;
        ``threshold`` if the distribution has no valley.
    """
    known = motion[np.isfinite(motion)]
    if not len(known):
        return threshold
    return float(threshold * np.exp(_nearest_valley(*_depths(known, threshold))))


def _depths(known: np.ndarray, threshold: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Levels (logarithm relative to the threshold), how frequent each is beside its peaks, and if it divides frames."""
    step, reach = constants.VALLEY_STEP, np.log(constants.VALLEY_RANGE)
    levels = step * np.arange(-round(reach / step), round(reach / step) + 1)
    logs = np.log(np.maximum(known, constants.MIN_MOTION * 1e-3) / threshold)
    counts, _ = np.histogram(logs, bins=np.append(levels, levels[-1] + step) - step / 2)
    density = gaussian_filter1d(counts.astype(float), constants.VALLEY_SMOOTHING / step)
    peak_below = np.maximum.accumulate(density)
    peak_above = np.maximum.accumulate(density[::-1])[::-1]
    depth = density / np.maximum(np.minimum(peak_below, peak_above), 1e-9)
    share = np.cumsum(density) / max(density.sum(), 1e-9)
    least = constants.MIN_VALLEY_SHARE
    return levels, depth, (share >= least) & (share <= 1 - least)


def _nearest_valley(levels: np.ndarray, depth: np.ndarray, within: np.ndarray) -> float:
    """Deepest level of the nearest valley among those within reach; 0 if there is none."""
    valleys, count = label(within & (depth <= constants.VALLEY_DEPTH))
    if not count:
        return 0.0
    # Beyond the nearest valley lies another, between kinds of swimming, or between kinds of floating.
    nearest = valleys[valleys > 0][np.argmin(np.abs(levels[valleys > 0]))]
    own = valleys == nearest
    deepest = np.flatnonzero(own & (depth <= depth[own].min() + constants.SAME_DEPTH))
    return float(levels[deepest[np.argmin(np.abs(levels[deepest]))]])
