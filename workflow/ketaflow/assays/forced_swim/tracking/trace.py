"""The motion trace of one animal: one row per frame, in units that do not depend on the camera.

In: what a tracker measured, in pixels. Out: time, motion, position, posture and whether the animal was seen. Scoring
needs nothing else, so a changed threshold never decodes a video again.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.ndimage import binary_closing

from ketaflow.assays.forced_swim.constants import DARK_FRACTION
from ketaflow.assays.forced_swim.time_series import moving_mean, true_runs
from ketaflow.assays.forced_swim.tracking import constants
from ketaflow.assays.forced_swim.tracking.motion import AnimalTracker, oscillation

FROM_ABOVE = (
    "A chamber or cage without water cannot be scored; a swim filmed from above can, without climbing and diving, if "
    "forced_swim.ingest.view is top"
)


@dataclass(frozen=True)
class FrameLog:
    """The analysed frames of a video.

    Attributes
    ----------
    times_s : (n,) float
        Seconds of the video.
    light : (n,) float
        Brightness relative to the background.
    is_repeat : (n,) bool
        Whether a frame equals the one before.
    """

    times_s: np.ndarray
    light: np.ndarray
    is_repeat: np.ndarray


@dataclass(frozen=True)
class TraceLimits:
    """Settings of ``ingest`` that concern the trace: the view, and how long a camera may repeat a frame."""

    from_above: bool
    max_frozen_s: float


@dataclass(frozen=True)
class AnimalTrace:
    """The trace of one animal.

    Attributes
    ----------
    trace : data frame
        See ``scaled_trace``.
    reason : str
        Why the swim cannot be scored; empty if it can.
    release_s : float or None
        When the animal was released (seconds of the video); None if no animal was seen, NaN if it never settled.
    """

    trace: pd.DataFrame
    reason: str
    release_s: float | None


def build_trace(tracker: AnimalTracker, frames: FrameLog, release_s: float | None, limits: TraceLimits) -> AnimalTrace:
    """Make the trace of one animal.

    Parameters
    ----------
    tracker : AnimalTracker
        After the last frame.
    frames : FrameLog
        The analysed frames.
    release_s : float or None
        Moment of release from the table (seconds of the video); found from the video if None.
    limits : TraceLimits
        Settings.

    Returns
    -------
    AnimalTrace
    """
    table = tracker.table()
    table["light"] = frames.light
    table["frozen"] = frozen_frames(table["time_s"].to_numpy(), tracker.repeats_water(), limits.max_frozen_s)
    usable = (table["light"] > DARK_FRACTION).to_numpy() & ~table["frozen"].to_numpy()
    usual = typical_area(table["area"].to_numpy()[usable])
    low, high = constants.MIN_AREA_FRACTION * usual, constants.MAX_AREA_FRACTION * usual
    alone = table["area"].between(low, high).to_numpy() & usable
    reason = refusal_reason(table[alone], tracker, limits.from_above)
    if not alone.any():
        return AnimalTrace(scaled_trace(table, alone, 1.0, 1.0, tracker.width), reason, None)
    settled = alone if limits.from_above else in_water(table, usual) & usable
    found_s = first_settled_s(table["time_s"].to_numpy(), settled)
    trace = scaled_trace(table, alone, body_length(table[alone]), usual, tracker.width)
    if limits.from_above:
        trace = trace.drop(columns=["height", "depth"])
    return AnimalTrace(trace, reason, found_s if release_s is None else float(release_s))


def refusal_reason(seen: pd.DataFrame, tracker: AnimalTracker, from_above: bool) -> str:
    """Decide whether a swim can be scored.

    Parameters
    ----------
    seen : data frame
        Rows of ``AnimalTracker.table`` in which a body was seen.
    tracker : AnimalTracker
        The tracker.
    from_above : bool
        Whether the camera looks from above.

    Returns
    -------
    str
        Why the swim cannot be scored; empty if it can.
    """
    if not np.isfinite(tracker.appearance.contrast) or not len(seen):
        return "no animal was seen in this cylinder. Check cylinder number and file"
    if len(seen) > constants.MIN_TRACKED_FRAMES and median_speed_per_s(seen) > constants.MAX_MEDIAN_SPEED_PER_S:
        return (
            "no animal was seen in this cylinder: what stands out from the background is noise that jumps about. Check "
            "cylinder number and file"
        )
    vertical_range = float(np.ptp(np.percentile(seen["y"], [10, 90]))) / tracker.width
    if vertical_range > constants.MAX_VERTICAL_RANGE_FRACTION and not from_above:
        return (
            f"no swim filmed from the side: the animal moves up and down by {vertical_range:.0%} of the cylinder "
            f"width, whereas a swimming one stays at the surface. {FROM_ABOVE}"
        )
    depth = constants.SUBMERGED_DEPTH * body_length(seen)
    if not from_above and float(np.mean(-seen["top"] > depth)) > constants.SUBMERGED_FRACTION:
        return (
            "no water surface was found at the animal: the strongest level edge lies well above it most of the time. "
            f"If the animal swims, enter water_line_px. {FROM_ABOVE}"
        )
    separated = float(np.mean(seen["gap"] >= constants.SEPARATION_FRACTION * tracker.width))
    if separated > constants.SEPARATED_FRAMES_FRACTION:
        return (
            f"two animals seem to be in this cylinder (two separate bodies in {separated:.0%} of the frames). "
            "Check the video; if it is one animal and its mirror image, enter region_x_px and the other region columns"
        )
    return ""


def median_speed_per_s(seen: pd.DataFrame) -> float:
    """Median speed of the body's centre from frame to frame.

    Parameters
    ----------
    seen : data frame
        Rows of ``AnimalTracker.table`` in which a body was seen: ``time_s``, ``x``, ``y``, ``length``.

    Returns
    -------
    float
        Body lengths per second.
    """
    step = np.hypot(np.diff(seen["x"]), np.diff(seen["y"]))
    return float(np.median(step / np.diff(seen["time_s"]))) / body_length(seen)


def body_length(seen: pd.DataFrame) -> float:
    """Return the length of an animal (pixels after reduction), seen from whichever side.

    Parameters
    ----------
    seen : data frame
        Rows of ``AnimalTracker.table`` in which a body was seen.

    Returns
    -------
    float
        Pixels after reduction: a high percentile of ``length``.
    """
    return float(np.nanpercentile(seen["length"], constants.BODY_LENGTH_PERCENTILE))


def frozen_frames(times_s: np.ndarray, repeats: np.ndarray, min_s: float) -> np.ndarray:
    """Find frames of a camera that hung: long stretches in which each frame repeats the one before.

    Parameters
    ----------
    times_s : (n,) float
        Seconds of the video.
    repeats : (n,) bool
        Whether a frame repeats the one before; interruptions by a key frame are tolerated.
    min_s : float
        Shortest stretch (seconds).

    Returns
    -------
    (n,) bool
        True in the frames of such stretches.
    """
    same = without_interruptions(repeats)
    found = np.zeros(len(same), bool)
    for first, after in true_runs(same):
        found[first:after] = times_s[after - 1] - times_s[first] >= min_s
    return found


def without_interruptions(repeats: np.ndarray) -> np.ndarray:
    """Bridge the key frames in a stretch of repeated frames: an encoder draws each of them slightly differently.

    Parameters
    ----------
    repeats : (n,) bool
        Whether a frame repeats the one before.

    Returns
    -------
    (n,) bool
        True also in interruptions of at most ``KEY_FRAME_TOLERANCE`` frames.
    """
    pad = constants.KEY_FRAME_TOLERANCE
    same: np.ndarray = binary_closing(np.pad(repeats, pad), np.ones(pad + 1, bool))[pad:-pad]
    return same


def typical_area(area: np.ndarray) -> float:
    """Return the usual area of the animal.

    Parameters
    ----------
    area : (n,) float
        Area in each frame (pixels after reduction).

    Returns
    -------
    float
        Median of the frames in which a body was seen; NaN if there are fewer than ten.
    """
    seen = area[area > 4]
    if len(seen) < 10:
        return np.nan
    strong = seen[seen > 0.25 * np.percentile(seen, 90)]
    return float(np.median(strong))


def in_water(table: pd.DataFrame, usual: float) -> np.ndarray:
    """Find the frames in which the animal's usual body area is under water.

    Parameters
    ----------
    table : data frame
        ``AnimalTracker.table``.
    usual : float
        Usual area of the animal (pixels after reduction).

    Returns
    -------
    (n,) bool
        False while a hand holds the animal above the water.
    """
    low, high = constants.MIN_AREA_FRACTION, constants.MAX_AREA_FRACTION
    area = table["area"].to_numpy()
    below = area * (1 - np.nan_to_num(table["above"].to_numpy(), nan=1.0))
    seen = below[(area > low * usual) & (area < high * usual)]
    typical = float(np.median(seen)) if len(seen) else 0.0
    if typical < low * usual:
        below, typical = area, usual
    return (below > low * typical) & (below < high * typical)


def first_settled_s(times_s: np.ndarray, settled: np.ndarray) -> float:
    """Find the first moment from which a condition holds for 90 % of the next two seconds.

    Parameters
    ----------
    times_s : (n,) float
        Seconds of the video.
    settled : (n,) bool
        The condition: the animal is in the water.

    Returns
    -------
    float
        Seconds of the video; NaN if there is no such moment.
    """
    ends = np.searchsorted(times_s, times_s + constants.SETTLED_S)
    total = np.concatenate([[0], np.cumsum(settled)])
    share = (total[ends] - total[:-1]) / np.maximum(ends - np.arange(len(times_s)), 1)
    starts = np.flatnonzero((share >= 0.9) & settled)
    return float(times_s[starts[0]]) if len(starts) else np.nan


def scaled_trace(table: pd.DataFrame, seen: np.ndarray, length: float, usual: float, width: int) -> pd.DataFrame:
    """Express what a tracker measured in units of the animal's own size.

    Motion of the body's parts is averaged over the body's area (of the change to the power ``CHANGE_POWER``). The area
    is the geometric mean of the present and the usual one: an animal seen from behind is small, yet paddles with the
    same limbs. The oscillation of the centre is added, because a floating animal drifts and sinks evenly.

    Parameters
    ----------
    table : data frame
        ``AnimalTracker.table`` with ``light`` and ``frozen``.
    seen : (n,) bool
        Frames in which the animal alone was seen.
    length, usual : float
        Body length and usual area (pixels after reduction).
    width : int
        Width of the cylinder (pixels after reduction).

    Returns
    -------
    data frame
        ``time_s`` (seconds of the video), ``seen``, ``motion`` (fraction of the body), ``speed`` (body lengths/s),
        ``x`` (cylinder widths), ``depth`` of the highest point and vertical extent ``height`` (body lengths),
        ``above`` (fraction above water), ``area`` (squared cylinder widths), ``light`` (relative), ``frozen``.
    """
    area = np.clip(table["area"], constants.MIN_AREA_FRACTION * usual, constants.MAX_AREA_FRACTION * usual)
    times_s = table["time_s"].to_numpy()
    x, y = (moving_mean(times_s, table[name].to_numpy(), constants.SPEED_WINDOW_S) for name in ("x", "y"))
    several = len(times_s) > 1
    step_s = np.gradient(times_s) if several else np.ones(len(times_s))
    speed = np.hypot(np.gradient(x), np.gradient(y)) / step_s / length if several else np.zeros(len(times_s))
    parts = (table["changed"] / np.sqrt(area * usual)) ** (1 / constants.CHANGE_POWER)
    places = np.where(seen, table[["x", "y"]].to_numpy().T / length, np.nan)
    heaving = np.hypot(*(oscillation(times_s, place) for place in places))
    columns = {
        "time_s": times_s,
        "seen": seen,
        "motion": np.hypot(parts, constants.HEAVING_WEIGHT * np.nan_to_num(heaving)),
        "speed": speed,
        "x": table["x"] / max(width, 1),
        "depth": -table["top"] / length,
        "height": table["height"] / length,
        "above": table["above"],
        "area": table["area"] / width**2,
        "light": table["light"],
        "frozen": table["frozen"],
    }
    exact = ("time_s", "seen", "frozen")
    return pd.DataFrame(columns).astype({name: "float32" for name in columns if name not in exact})
