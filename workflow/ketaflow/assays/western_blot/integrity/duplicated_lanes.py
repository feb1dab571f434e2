"""Find lanes that agree down to their noise although they should be different, over all pictures of a cohort.

In: the lane profiles of each picture, later the fingerprints of all of them. Out: fingerprints (one per lane), pairs of
lanes. Bands of one protein look alike and prove nothing. Between them lie noise, dust and texture, which no two lanes
share. The fingerprint is therefore the fine structure of a lane's profile *outside* its bands. As a mean over the
lane's width it does not change with mirroring; evened out, it does not change with contrast; stretching and turning are
searched.
"""

import base64
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ketaflow.assays.western_blot.integrity import constants
from ketaflow.assays.western_blot.lanes.lane_profile import LaneProfile
from ketaflow.assays.western_blot.model import Fingerprint, View


@dataclass(frozen=True)
class Pair:
    """Two lanes that agree.

    Attributes
    ----------
    one, other : int
        Their places in the list of fingerprints.
    correlation, score : float
        Correlation of their fine structure, and its Fisher z over its standard error.
    stretch : float
        How many times the first is as long as the second.
    turned : bool
        Whether one is upside down.
    """

    one: int
    other: int
    correlation: float
    score: float
    stretch: float
    turned: bool


def fingerprints(view: View, lanes: list[LaneProfile]) -> list[Fingerprint]:
    """Compute the fingerprint of each lane of a picture.

    Parameters
    ----------
    view : View
        The membrane on the picture.
    lanes : list of LaneProfile
        Its lanes; empty where they were not found.

    Returns
    -------
    list of Fingerprint
        Lanes without a band are left out.
    """
    if not lanes:
        return []
    fine, kept = (np.array(part) for part in zip(*(fine_structure(lane) for lane in lanes), strict=True))
    fine = np.where(kept, fine - _common(fine, kept), 0.0)
    made = []
    for lane, values, known in zip(lanes, fine, kept, strict=True):
        peaks = _anchors(lane.net)
        if not peaks:
            continue
        first = max(0, round(peaks[0]) - constants.FINGERPRINT_REACH)
        coded = np.rint(values * constants.BYTE_SCALE).clip(-127, 127)
        coded = np.where(known, np.where(coded == 0, 1, coded), 0).astype(np.int8)[
            first : first + 2 * constants.FINGERPRINT_REACH
        ]
        made.append(
            Fingerprint(
                image=view.image,
                membrane=view.membrane,
                channel=view.channel,
                lane=lane.lane,
                rows=len(values),
                anchor=peaks[0] - first,
                second=peaks[1] - first if len(peaks) > 1 else None,
                fine=base64.b64encode(coded.tobytes()).decode(),
            )
        )
    return made


def fine_structure(lane: LaneProfile) -> tuple[np.ndarray, np.ndarray]:
    """Compute the fine structure of a lane's profile.

    It is the difference of two smoothed profiles, evened out by its local strength.

    Parameters
    ----------
    lane : LaneProfile
        The lane.

    Returns
    -------
    (n_rows,) float, (n_rows,) bool
        The fine structure (local standard deviations), and the rows in which it is known: those outside bands.
    """
    band = ndimage.binary_dilation(lane.net > constants.BAND_SNR * lane.noise, iterations=constants.BESIDE_BAND_ROWS)
    fine = ndimage.gaussian_filter1d(lane.profile, constants.FINE_ROWS) - ndimage.gaussian_filter1d(
        lane.profile, constants.COARSE_ROWS
    )
    fine = np.where(band, 0.0, fine)
    share = ndimage.gaussian_filter1d((~band).astype(float), constants.EVEN_ROWS)
    usual = np.sqrt(ndimage.gaussian_filter1d(np.square(fine), constants.EVEN_ROWS) / np.maximum(share, 0.05))
    least = 0.01 * float(np.median(usual[~band])) if not band.all() else 0.0
    known = ~band & (usual > max(least, 1e-9))
    return np.clip(
        np.divide(fine, usual, out=np.zeros_like(fine), where=known), -constants.FINE_LIMIT_SD, constants.FINE_LIMIT_SD
    ), known


def _common(fine: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """The part of each lane that the mean of the others predicts, row by row; (n_lanes, n_rows) float."""
    count = len(fine)
    if count < 4:
        return np.zeros_like(fine)
    squares = np.square(fine) @ kept.T.astype(float)
    alike = (fine @ fine.T) / np.sqrt(np.maximum(squares * squares.T, 1e-9))
    shared = float(np.median(alike[np.triu_indices(count, 1)]))
    if shared < constants.COMMON_CORRELATION:
        return np.zeros_like(fine)
    others = np.maximum(kept.sum(axis=0) - kept, 0)
    mean = (fine.sum(axis=0) - fine) / np.maximum(others, 1)
    return others * shared / (1 + (others - 1).clip(0) * shared) * mean


def _anchors(net: np.ndarray) -> list[float]:
    """Rows of the strongest band and of a second one at least 0.6 times as high."""
    smooth = ndimage.gaussian_filter1d(net, 1.5)
    found: list[float] = []
    highest = float(smooth.max())
    while len(found) < 2:
        peak = int(smooth.argmax())
        if not smooth[peak] > 0.6 * highest > 0:
            break
        below = np.flatnonzero(smooth < smooth[peak] / 2)
        top = int(below[below < peak].max(initial=-1)) + 1
        bottom = int(below[below > peak].min(initial=len(smooth)))
        weight = smooth[top:bottom] - smooth[peak] / 2
        found.append(float((np.arange(top, bottom) * weight).sum() / max(weight.sum(), 1e-12)))
        smooth[max(0, top - constants.BESIDE_BAND_ROWS) : bottom + constants.BESIDE_BAND_ROWS] = -np.inf
    return found


def decoded(texts: list[str]) -> np.ndarray:
    """Decode fingerprints.

    Parameters
    ----------
    texts : list of str
        Signed bytes in base64.

    Returns
    -------
    (n_lanes, 1024) float32
        Fine structure; 0 where nothing is known.
    """
    stack = np.zeros((len(texts), 2 * constants.FINGERPRINT_REACH), np.float32)
    for row, text in enumerate(texts):
        values = np.frombuffer(base64.b64decode(text), np.int8)[: 2 * constants.FINGERPRINT_REACH]
        stack[row, : len(values)] = values
    return stack


def matching_lanes(
    fine: np.ndarray, anchors: np.ndarray, seconds: np.ndarray, rows: np.ndarray, *, least: float, least_score: float
) -> list[Pair]:
    """Find all pairs of lanes that agree.

    Parameters
    ----------
    fine : (n_lanes, 1024) float32
        Fingerprints.
    anchors, seconds : (n_lanes,) float
        Places of each lane's strongest bands; NaN where there is no second.
    rows : (n_lanes,) float
        Rows of the picture each lane comes from.
    least : float
        Least correlation.
    least_score : float
        Least z score: Fisher's z times the root of the independent observations.

    Returns
    -------
    list of Pair
        Ordered by the numbers of the two lanes.
    """
    if not len(fine):
        return []
    looked = [_close_look(fine, *candidate) for candidate in _candidates(fine, anchors, seconds, rows)]
    alike = [pair for pair in looked if pair is not None and pair.correlation >= least and pair.score >= least_score]
    return sorted(alike, key=lambda pair: (pair.one, pair.other))


def _candidates(
    fine: np.ndarray, anchors: np.ndarray, seconds: np.ndarray, rows: np.ndarray
) -> list[tuple[int, int, float, float]]:
    """Pairs to compare closely: lane, lane, stretch (negative: turned), offset of the second in the first (rows).

    Every window around a strongest band, at every stretch, is correlated with all windows as they are: one matrix
    product per stretch, in blocks that bound the memory. The window of a lane grows with its picture.
    """
    twice = np.flatnonzero(np.isfinite(seconds))
    lanes = np.concatenate([np.arange(len(fine)), twice])
    places = np.concatenate([anchors, seconds[twice]])
    sizes = np.maximum(np.rint(rows / constants.USUAL_ROWS), 1.0)
    best: dict[tuple[int, int], tuple[float, float, float]] = {}
    for size in np.unique(sizes):
        own = np.flatnonzero(sizes == size)
        smooth = _smoothed(fine, constants.WINDOW_SMOOTHING * size)
        plain = _windows(smooth, lanes, places, size)
        for stretch in [*constants.STRETCHES, -1.0]:
            asked = _windows(smooth, own, anchors[own], size * stretch)
            for start in range(0, len(own), constants.BLOCK_LANES):
                agree = (asked[start : start + constants.BLOCK_LANES] @ plain.T).ravel()
                for hit in np.flatnonzero(agree > constants.QUICK_CORRELATION).tolist():
                    row, column = divmod(hit, len(plain))
                    one, other, value = int(own[start + row]), int(lanes[column]), float(agree[hit])
                    if one != other and value > best.get((one, other), (0.0,))[0]:
                        best[one, other] = (value, float(stretch), float(anchors[one] - stretch * places[column]))
    ranked = sorted(best.items(), key=lambda item: -item[1][0])
    unlike: dict[tuple[int, int], tuple[int, int, float, float]] = {}
    for (one, other), (_, stretch, offset) in ranked:
        unlike.setdefault((min(one, other), max(one, other)), (one, other, stretch, offset))
    return list(unlike.values())[: constants.MOST_CANDIDATES]


def _smoothed(fine: np.ndarray, sd_rows: float) -> np.ndarray:
    """Smoothed fingerprints, 0 where less than half of the averaged values are known."""
    known = ndimage.gaussian_filter1d((fine != 0).astype(np.float32), sd_rows, axis=1, truncate=3)
    return np.where(known < 0.5, 0, ndimage.gaussian_filter1d(fine, sd_rows, axis=1, truncate=3))


def _windows(fine: np.ndarray, lanes: np.ndarray, places: np.ndarray, step: float) -> np.ndarray:
    """Samples around a place of each lane as unit vectors; 0 where too few are known."""
    at = np.rint(places[:, None] + step * constants.WINDOW_ROWS).astype(np.int64)
    inside = (at >= 0) & (at < fine.shape[1])
    cut = np.where(inside, fine[lanes[:, None], at.clip(0, fine.shape[1] - 1)], 0).astype(np.float32)
    cut[(cut != 0).sum(axis=1) < constants.FEWEST_SAMPLES] = 0
    size = np.sqrt(np.square(cut).sum(axis=1, keepdims=True))
    return cut / np.maximum(size, 1e-9)


def _close_look(fine: np.ndarray, one: int, other: int, stretch: float, offset: float) -> Pair | None:
    """Best agreement of two lanes near a stretch and an offset, over all rows known in both."""
    centre = float(np.flatnonzero(fine[other]).mean()) if fine[other].any() else 0.0
    best = (-1.0, 0, stretch, offset)
    for width, moves, steps in constants.LOOKS:
        _, _, middle_stretch, middle = best
        for tried in middle_stretch * np.exp(np.linspace(-width, width, steps)):
            for move in np.linspace(-moves, moves, 2 * steps - 1):
                start = middle + move + (middle_stretch - tried) * centre
                value, common = _agreement(fine[one], fine[other], tried, start)
                if value > best[0]:
                    best = (value, common, float(tried), float(start))
        if best[0] < constants.QUICK_CORRELATION:
            return None
    value, common, stretch, _ = best
    if common < constants.FEWEST_ROWS:
        return None
    score = float(np.arctanh(min(value, 0.9999)) * np.sqrt(common / constants.ROWS_PER_OBSERVATION))
    return Pair(one, other, value, score, abs(stretch), stretch < 0)


def _agreement(one: np.ndarray, other: np.ndarray, stretch: float, offset: float) -> tuple[float, int]:
    """Correlation of two lanes and number of rows; row ``y`` of the other is ``stretch * y + offset`` of the first."""
    place = stretch * np.arange(len(other)) + offset
    low = np.floor(place).astype(np.int64)
    both = (low >= 0) & (low < len(one) - 1) & (other != 0)
    low, part = low[both], (place - low)[both]
    left, right = one[low], one[low + 1]
    known = (left != 0) & (right != 0)
    if known.sum() < constants.FEWEST_ROWS:
        return -1.0, 0
    first = (left * (1 - part) + right * part)[known]
    second = other[both][known]
    size = float(np.sqrt((first @ first) * (second @ second)))
    return (float(first @ second) / size if size > 0 else -1.0), int(known.sum())
