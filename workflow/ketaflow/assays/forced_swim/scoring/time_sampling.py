"""Time sampling as people do it: each interval of a swim is immobile or not, by what filled more than half of it.

In: the mobility that EthoVision exports. Out: a code for each interval. One limit decides; there is no smoothing and no
shortest bout, for the interval itself is both.
"""

import numpy as np
import pandas as pd

from ketaflow.assays.forced_swim.scoring import constants
from ketaflow.assays.forced_swim.scoring.bouts import IMMOBILE, SWIMMING, UNSCORED
from ketaflow.assays.forced_swim.scoring.states import CodedFrames
from ketaflow.assays.forced_swim.settings import SamplingRule


def classify_intervals(
    trace: pd.DataFrame, starts: np.ndarray, stops: np.ndarray, rule: SamplingRule, origin_s: float
) -> CodedFrames:
    """Decide the state of every interval.

    An interval is immobile if mobility is below the limit for more than half of the time that was seen, after the
    predominant behaviour of 5 s of Detke et al. [1]_. One of which less than half was seen is unscored. Mobility
    does not tell swimming from climbing: both are coded as swimming.

    Parameters
    ----------
    trace : data frame
        ``motion`` (mobility as a fraction of the body) and ``seen``.
    starts, stops : (n_samples,) float
        The interval each sample represents (seconds of the recording).
    rule : SamplingRule
        Limit and length of an interval.
    origin_s : float
        Where an interval begins (seconds of the recording): the start of the scoring window.

    Returns
    -------
    CodedFrames
        One code for each interval, from the first sample to the last.

    References
    ----------
    .. [1] Detke, Rickels, Lucki (1995), Psychopharmacology 121:66-72, doi:10.1007/BF02245592
    """
    first = np.floor((starts[0] - origin_s) / rule.sample_s + constants.SAME_TIME_S)
    last = np.ceil((stops[-1] - origin_s) / rule.sample_s - constants.SAME_TIME_S)
    edges_s = origin_s + rule.sample_s * np.arange(first, last + 1)
    motion, seen = trace["motion"].to_numpy(float), trace["seen"].to_numpy(bool)
    lengths_s = np.where(seen, stops - starts, 0.0)
    below_s = np.where(motion < rule.threshold, lengths_s, 0.0)
    interval = np.searchsorted(edges_s, (starts + stops) / 2, "right") - 1
    count = len(edges_s) - 1
    seen_s = np.bincount(interval, lengths_s, count)
    still_s = np.bincount(interval, below_s, count)
    begins_s, ends_s = np.maximum(edges_s[:-1], starts[0]), np.minimum(edges_s[1:], stops[-1])
    codes = np.where(still_s > 0.5 * seen_s, IMMOBILE, SWIMMING)
    codes[seen_s < 0.5 * (ends_s - begins_s)] = UNSCORED
    return CodedFrames(codes, begins_s, ends_s)
