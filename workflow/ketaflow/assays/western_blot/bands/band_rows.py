"""Bands of one protein across the lanes: the rows of a membrane, though it tilts and smiles.

In: the strips of a membrane. Out: how far each lane is displaced, the rows of the membrane, and the band of each lane
that belongs to a row. A protein runs alike in all lanes; what tilts the picture shifts all its bands together.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ketaflow.assays.western_blot.lanes.curves import peaks
from ketaflow.assays.western_blot.lanes.lane_profile import Strip
from ketaflow.assays.western_blot.lanes.profile_baseline import Band

STEPS = 400
TILTS = np.linspace(-0.14, 0.14, 29)
SMILES = np.linspace(-0.06, 0.06, 13)


@dataclass(frozen=True)
class Row:
    """A row of bands: its place in the first-to-last-lane frame (rows of the file, displacement removed), the rows a
    band takes up above and below its peak, and how strongly it shows over the lanes."""

    place: float
    above: float
    below: float
    strength: float


def displacements(strips: list[Strip], centres: np.ndarray, lead: np.ndarray) -> np.ndarray:
    """Rows by which each lane lies lower than the membrane's middle, (n_lanes,) float.

    A tilt and a smile (a parabola over the width) are searched that bring the profiles of the lanes ``lead`` marks into
    register; what each lane then still differs is added.
    """
    count, rows = len(strips), len(strips[0].profile)
    step = max(1, round(rows / STEPS))
    profiles = np.array([_compressed(strip)[: rows // step * step].reshape(-1, step).mean(axis=1) for strip in strips])
    if lead.sum() < 2:
        return np.zeros(count)
    across = centres - centres[lead].mean()
    half = max(np.abs(across[lead]).max(), 1.0)
    options = [(t, s) for t in TILTS for s in SMILES]
    curves = np.array([t * across + s * 2 * half * (across / half) ** 2 for t, s in options])
    curves -= curves[:, lead].mean(axis=1, keepdims=True)
    agreement = np.array([_agreement(profiles[lead], curve[lead] / step) for curve in curves])
    penalty = 1 - 0.02 * np.array([abs(t) / TILTS[-1] + abs(s) / SMILES[-1] for t, s in options])
    smooth = curves[int((agreement * penalty).argmax())]
    own = _own_shifts(profiles, smooth / step, lead) * step
    return smooth + own


def _compressed(strip: Strip) -> np.ndarray:
    return np.log1p(np.maximum(strip.net / max(strip.noise, 1e-9) - 3, 0))


def _agreement(profiles: np.ndarray, shifts: np.ndarray) -> float:
    total = np.zeros(profiles.shape[1])
    for profile, shift in zip(profiles, np.rint(shifts).astype(int), strict=True):
        total += _moved(profile, -shift)
    return float(np.square(ndimage.gaussian_filter1d(total, 1.0)).sum())


def _moved(profile: np.ndarray, by: int) -> np.ndarray:
    moved = np.zeros_like(profile)
    by = int(np.clip(by, -len(profile), len(profile)))
    if by > 0:
        moved[by:] = profile[:-by]
    elif by < 0:
        moved[:by] = profile[-by:]
    else:
        moved[:] = profile
    return moved


def _own_shifts(profiles: np.ndarray, shifts: np.ndarray, lead: np.ndarray) -> np.ndarray:
    """What each lane still differs from the mean of the others, within 2 % of the height; 0 where it shows nothing."""
    reach = max(1, profiles.shape[1] // 50)
    moved = np.array([_moved(profile, -round(shift)) for profile, shift in zip(profiles, shifts, strict=True)])
    total = moved[lead].sum(axis=0)
    own = np.zeros(len(profiles))
    for lane in np.flatnonzero(lead):
        others = ndimage.gaussian_filter1d(total - moved[lane], 1.0)
        lags = np.arange(-reach, reach + 1)
        agree = np.array([float(_moved(moved[lane], -lag) @ others) for lag in lags])
        if agree.max() > 0:
            best = lags[agree >= agree.max() - 1e-9]
            own[lane] = best[np.abs(best).argmin()]
    return own


def membrane_rows(strips: list[Strip], shifts: np.ndarray, lead: np.ndarray) -> list[Row]:
    """Rows of bands seen across the lanes ``lead`` marks, strongest first."""
    rows = len(strips[0].profile)
    total = np.zeros(rows)
    for lane in np.flatnonzero(lead):
        total += _moved(_compressed(strips[lane]), -round(shifts[lane]))
    smooth = max(1.0, rows / 1000)
    total = ndimage.gaussian_filter1d(total, smooth)
    found = []
    for peak in peaks(total, prominence=0.15 * np.log(3) * lead.sum()):
        members = [band_near(strips[lane], peak + shifts[lane], 0.02 * rows) for lane in np.flatnonzero(lead)]
        seen = [band for band in members if band is not None]
        if seen:
            above = float(np.median([band.peak - band.top for band in seen]))
            below = float(np.median([band.bottom - band.peak for band in seen]))
            found.append(Row(float(peak), above, below, float(total[peak])))
    return sorted(found, key=lambda row: -row.strength)


def band_near(strip: Strip, place: float, reach: float) -> Band | None:
    """The lane's band at a place: strong and near, within ``reach`` rows; None where there is none."""
    near = [band for band in strip.bands if abs(band.peak - place) <= reach]
    return max(near, key=lambda band: band.height * np.exp(-2 * ((band.peak - place) / reach) ** 2), default=None)
