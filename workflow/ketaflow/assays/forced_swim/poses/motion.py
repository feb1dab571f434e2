"""How fast the parts of a body move, in body lengths per second.

In: positions of parts. Out: a trace with the motion of each frame, and what a reviewer must know of the poses.
"""

import re
import warnings
from typing import NamedTuple

import numpy as np
import pandas as pd

from ketaflow.assays.forced_swim.model import PoseFacts
from ketaflow.assays.forced_swim.poses import constants
from ketaflow.assays.forced_swim.poses.model import Poses
from ketaflow.core.errors import IngestError


class PoseTrace(NamedTuple):
    """Trace of a swim that was followed by poses.

    Attributes
    ----------
    trace : data frame
        One row per frame, as for a video.
    facts : PoseFacts
        What is known of the poses.
    xy : (n_frames, n_parts, 2) float
        Positions that were used (pixels); NaN where a part was not found.
    """

    trace: pd.DataFrame
    facts: PoseFacts
    xy: np.ndarray


def body_parts(poses: Poses, wanted: tuple[str, ...] | None, file: str) -> list[int]:
    """Choose the parts whose speeds are averaged.

    Parameters
    ----------
    poses : Poses
        All parts of the file.
    wanted : tuple of str or None
        Names that the settings give; None: all but the tail and marks of the scene, by their names.
    file : str
        Name of the file, for messages.

    Returns
    -------
    list of int
        Places of the parts.

    Raises
    ------
    IngestError
        If a wanted part is not there, or too few are left.
    """
    plain = [re.sub(r"[\s_.-]+", "", part.lower()) for part in poses.parts]
    held = ", ".join(poses.parts)
    if wanted is not None:
        missing = [name for name in wanted if name not in poses.parts]
        if missing:
            raise IngestError(
                f"{file}: there is no part {missing[0]}; it has {held}. Correct forced_swim.ingest.pose_parts."
            )
        chosen = [poses.parts.index(name) for name in wanted]
    else:
        chosen = [place for place, name in enumerate(plain) if not constants.LEFT_OUT.match(name)]
    if len(chosen) < constants.MIN_PARTS:
        raise IngestError(
            f"{file}: {len(chosen)} parts of the body were found, {constants.MIN_PARTS} are needed; it has {held}. "
            "Name the parts of the body in forced_swim.ingest.pose_parts."
        )
    return chosen


def pose_trace(
    poses: Poses, rate_hz: float, min_likelihood: float, wanted: tuple[str, ...] | None, program: str, file: str
) -> PoseTrace:
    """Compute the motion of a body from its parts.

    Positions are smoothed over 0.1 s. Motion is the mean speed of the parts by its fourth power, in which the limbs
    that stroke and the body that travels count most. A floating animal has the speed of drifting and of the jitter of
    its positions, which is about 0.1 body lengths per second for the jitter of 1 % of two public files of mice.

    Parameters
    ----------
    poses : Poses
        Of one individual.
    rate_hz : float
        Frames per second.
    min_likelihood : float
        Positions that are less likely are missing.
    wanted : tuple of str or None
        As in ``body_parts``.
    program, file : str
        For messages.

    Returns
    -------
    PoseTrace
        ``time_s`` (seconds of the video), ``seen``, ``motion`` (body lengths per second).

    Raises
    ------
    IngestError
        If the length of the body cannot be measured.
    """
    chosen = body_parts(poses, wanted, file)
    unsure = (poses.likelihood[:, chosen] < min_likelihood) | ~np.isfinite(poses.xy[:, chosen]).all(axis=2)
    xy = np.where(unsure[..., None], np.nan, poses.xy[:, chosen])
    found = np.isfinite(xy).all(axis=2)
    extents = body_extents(xy)
    known = extents[np.isfinite(extents) & (extents > 0)]
    if not len(known):
        raise IngestError(
            f"{file}: no frame shows two parts of the body with a likelihood of at least {min_likelihood:g}. Check the "
            "poses in the program, or set forced_swim.ingest.pose_min_likelihood."
        )
    together = known[known <= constants.SCATTERED_RATIO * np.median(known)]
    length_px = float(np.percentile(together, constants.LENGTH_PERCENTILE))
    xy, jumps = without_jumps(xy, length_px)
    is_long = body_extents(xy) > constants.LONG_RATIO * length_px
    xy[is_long] = np.nan
    speeds = np.linalg.norm(part_velocities(xy, rate_hz), axis=2) / length_px
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        motion = np.nanmean(speeds**constants.MEAN_EXPONENT, axis=1) ** (1 / constants.MEAN_EXPONENT)
    seen = np.isfinite(speeds).mean(axis=1) >= constants.MIN_SEEN_FRACTION
    trace = pd.DataFrame({
        "time_s": poses.frames / rate_hz, "seen": seen & np.isfinite(motion),
        "motion": motion.astype("float32"),
    })  # fmt: skip
    facts = PoseFacts(
        program=program,
        parts=tuple(poses.parts[place] for place in chosen),
        parts_left_out=tuple(part for place, part in enumerate(poses.parts) if place not in chosen),
        length_px=length_px,
        found_pct=100 * float(found.mean()),
        jumps_pct=100 * float(jumps.sum() / max(found.sum(), 1)),
        long_pct=100 * float(is_long.mean()),
    )
    return PoseTrace(trace, facts, xy)


def body_extents(xy: np.ndarray) -> np.ndarray:
    """Compute the largest distance between two parts.

    Parameters
    ----------
    xy : (n_frames, n_parts, 2) float
        Positions (pixels).

    Returns
    -------
    (n_frames,) float
        Pixels; NaN where fewer than two parts were found.
    """
    largest = np.full(len(xy), np.nan)
    for place in range(xy.shape[1] - 1):
        distances = np.linalg.norm(xy[:, place + 1 :] - xy[:, [place]], axis=2)
        for column in distances.T:
            largest = np.fmax(largest, column)
    return largest


def without_jumps(xy: np.ndarray, length_px: float) -> tuple[np.ndarray, np.ndarray]:
    """Remove positions far from the median of the frames around them.

    Parameters
    ----------
    xy : (n_frames, n_parts, 2) float
        Positions (pixels).
    length_px : float
        Length of the body (pixels).

    Returns
    -------
    xy : (n_frames, n_parts, 2) float
        The positions (pixels); NaN where they were removed.
    jumps : (n_frames, n_parts) bool
        What was removed.
    """
    flat = pd.DataFrame(xy.reshape(len(xy), -1))
    median = flat.rolling(constants.JUMP_FRAMES, center=True, min_periods=1).median().to_numpy().reshape(xy.shape)
    jumps = np.linalg.norm(xy - median, axis=2) > constants.JUMP_LENGTHS * length_px
    return np.where(jumps[..., None], np.nan, xy), jumps


def part_velocities(xy: np.ndarray, rate_hz: float) -> np.ndarray:
    """Compute the velocity of each part from its smoothed positions.

    Parameters
    ----------
    xy : (n_frames, n_parts, 2) float
        Positions (pixels).
    rate_hz : float
        Frames per second.

    Returns
    -------
    (n_frames, n_parts, 2) float
        Pixels per second; NaN where a part was not found.
    """
    frames = max(2 * int(constants.SMOOTHING_S * rate_hz / 2) + 1, constants.MIN_SMOOTHING_FRAMES)
    return np.gradient(rolling_mean(xy, frames), 1 / rate_hz, axis=0)


def rolling_mean(values: np.ndarray, frames: int) -> np.ndarray:
    """Average over an odd number of frames, of which at least half must be known.

    Parameters
    ----------
    values : (n_frames, n_parts, 2) float
        Any values.
    frames : int
        Width of the window; odd.

    Returns
    -------
    (n_frames, n_parts, 2) float
        Means around each frame, in the unit of the values; NaN where too few frames are known.
    """
    flat = pd.DataFrame(values.reshape(len(values), -1))
    return flat.rolling(frames, center=True, min_periods=(frames + 1) // 2).mean().to_numpy().reshape(values.shape)
