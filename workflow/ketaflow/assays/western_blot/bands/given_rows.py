"""The row of bands of a target, between two rows that a person gave.

In: the profiles of the lanes and the rows. Out: a ``RowChoice`` with the place of the band in each lane, so that tilt
and smile need not be known.
"""

import numpy as np

from ketaflow.assays.western_blot.bands.band_rows import BandRow
from ketaflow.assays.western_blot.bands.targets import RowChoice
from ketaflow.assays.western_blot.lanes.lane_profile import LaneProfile
from ketaflow.core.overlays import SOMEBODY


def row_between(
    lanes: list[LaneProfile], lead: np.ndarray, top: float, bottom: float, given_by: str = SOMEBODY
) -> RowChoice:
    """Place a target's band in every lane between two given rows.

    Parameters
    ----------
    lanes : list of LaneProfile
        Lanes of the membrane from left to right.
    lead : (n_lanes,) bool
        Lanes that hold samples.
    top, bottom : float
        Rows of the membrane between which the bands lie.
    given_by : str
        Who gave them.

    Returns
    -------
    RowChoice
        The strongest peak of each lane between the rows; in lanes without one, the place interpolated from their
        neighbours.
    """
    strongest = {}
    for index in np.flatnonzero(lead).tolist():
        inside = [peak for peak in lanes[index].peaks if top <= peak.row <= bottom]
        if inside:
            strongest[index] = max(inside, key=lambda peak: peak.height)
    if not strongest:
        how = f"no band between the rows {top:.0f} and {bottom:.0f} given by {given_by}"
        return RowChoice(None, how, given_by=given_by)
    known = sorted(strongest)
    rows = [strongest[index].row for index in known]
    above = float(np.median([peak.row - peak.top for peak in strongest.values()]))
    below = float(np.median([peak.bottom - peak.row for peak in strongest.values()]))
    return RowChoice(
        BandRow(0.0, above, below, float(len(known))),
        f"rows given by {given_by}",
        np.interp(np.arange(len(lanes)), known, rows),
        given_by,
    )
