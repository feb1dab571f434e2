"""Rows of bands across the lanes of a membrane, though it tilts and smiles.

In: the profiles of the lanes. Out: how far each lane is displaced, the rows of the membrane, and the band of each lane
that belongs to a row. A protein runs equally far in all lanes; what tilts the picture shifts all its bands together.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage, signal

from ketaflow.assays.western_blot.bands import constants
from ketaflow.assays.western_blot.lanes.lane_profile import LaneProfile
from ketaflow.assays.western_blot.lanes.profile_baseline import Peak, moved


@dataclass(frozen=True)
class BandRow:
    """A row of bands across the lanes.

    Attributes
    ----------
    place : float
        Row of the membrane, the displacement of each lane taken out.
    above, below : float
        Usual distance from a band's peak to its upper and lower edge (rows).
    strength : float
        Sum over the lanes of the compressed signal at the row.
    """

    place: float
    above: float
    below: float
    strength: float


def lane_displacements(lanes: list[LaneProfile], centres: np.ndarray, lead: np.ndarray) -> np.ndarray:
    """Estimate how far tilt and smile displace each lane.

    The tilt and smile (a parabola over the width) are taken that bring the profiles of the leading lanes best into
    register; the displacement that remains in each lane is added.

    Parameters
    ----------
    lanes : list of LaneProfile
        All lanes of the membrane.
    centres : (n_lanes,) float
        Columns of their centres.
    lead : (n_lanes,) bool
        Lanes whose profiles are compared.

    Returns
    -------
    (n_lanes,) float
        Rows by which each lane lies lower than the middle of the membrane.
    """
    count, rows = len(lanes), len(lanes[0].profile)
    step = max(1, round(rows / constants.REGISTER_ROWS))
    profiles = np.array([_compressed(lane)[: rows // step * step].reshape(-1, step).mean(axis=1) for lane in lanes])
    if lead.sum() < 2:
        return np.zeros(count)
    across = centres - centres[lead].mean()
    half = max(np.abs(across[lead]).max(), 1.0)
    options = [(t, s) for t in constants.TILTS for s in constants.SMILES]
    curves = np.array([t * across + s * 2 * half * (across / half) ** 2 for t, s in options])
    curves -= curves[:, lead].mean(axis=1, keepdims=True)
    agreement = np.array([_agreement(profiles[lead], curve[lead] / step) for curve in curves])
    penalty = 1 - 0.02 * np.array([abs(t) / constants.TILTS[-1] + abs(s) / constants.SMILES[-1] for t, s in options])
    smooth = curves[int((agreement * penalty).argmax())]
    own = _own_shifts(profiles, smooth / step, lead) * step
    return smooth + own


def _compressed(lane: LaneProfile) -> np.ndarray:
    """Logarithm of the signal above three times the noise."""
    return np.log1p(np.maximum(lane.net / max(lane.noise, 1e-9) - 3, 0))


def _agreement(profiles: np.ndarray, shifts: np.ndarray) -> float:
    """How well shifted profiles agree: the sum of squares of their sum."""
    total = np.zeros(profiles.shape[1])
    for profile, shift in zip(profiles, np.rint(shifts).astype(int), strict=True):
        total += moved(profile, -shift)
    return float(np.square(ndimage.gaussian_filter1d(total, 1.0)).sum())


def _own_shifts(profiles: np.ndarray, shifts: np.ndarray, lead: np.ndarray) -> np.ndarray:
    """Displacement that remains between each lane and the mean of the others, within 2 % of the height."""
    reach = max(1, profiles.shape[1] // 50)
    level = np.array([moved(profile, -round(shift)) for profile, shift in zip(profiles, shifts, strict=True)])
    total = level[lead].sum(axis=0)
    own = np.zeros(len(profiles))
    for lane in np.flatnonzero(lead):
        others = ndimage.gaussian_filter1d(total - level[lane], 1.0)
        lags = np.arange(-reach, reach + 1)
        agree = np.array([float(moved(level[lane], -lag) @ others) for lag in lags])
        if agree.max() > 0:
            best = lags[agree >= agree.max() - 1e-9]
            own[lane] = best[np.abs(best).argmin()]
    return own


def find_band_rows(lanes: list[LaneProfile], shifts: np.ndarray, lead: np.ndarray) -> list[BandRow]:
    """Find the rows of bands that cross a membrane.

    Parameters
    ----------
    lanes : list of LaneProfile
        All lanes of the membrane.
    shifts : (n_lanes,) float
        Displacement of each lane (rows).
    lead : (n_lanes,) bool
        Lanes in which rows are sought.

    Returns
    -------
    list of BandRow
        Strongest first.
    """
    rows = len(lanes[0].profile)
    total = np.zeros(rows)
    for lane in np.flatnonzero(lead):
        total += moved(_compressed(lanes[lane]), -round(shifts[lane]))
    smooth = max(1.0, rows / 1000)
    total = ndimage.gaussian_filter1d(total, smooth)
    found = []
    for place in signal.find_peaks(total, prominence=0.15 * np.log(3) * lead.sum())[0]:
        members = [peak_near(lanes[lane], place + shifts[lane], 0.02 * rows) for lane in np.flatnonzero(lead)]
        seen = [peak for peak in members if peak is not None]
        if seen:
            above = float(np.median([peak.row - peak.top for peak in seen]))
            below = float(np.median([peak.bottom - peak.row for peak in seen]))
            found.append(BandRow(float(place), above, below, float(total[place])))
    return sorted(found, key=lambda row: -row.strength)


def peak_near(lane: LaneProfile, place: float, reach: float) -> Peak | None:
    """Return the strongest peak of a lane near a row, weighted by its distance; None if none is within ``reach``."""
    near = [peak for peak in lane.peaks if abs(peak.row - place) <= reach]
    return max(near, key=lambda peak: peak.height * np.exp(-2 * ((peak.row - place) / reach) ** 2), default=None)
