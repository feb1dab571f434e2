"""Files in which DeepLabCut or SLEAP wrote where the parts of animals are, read as swims.

In: a file and the rows that name it. Out: a ``SwimFile`` whose motion is that of the body's parts in body lengths per
second. The files hold no times, so the table must give the frame rate of the video.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ketaflow.assays.forced_swim.model import Swim, SwimFile, SwimRow
from ketaflow.assays.forced_swim.poses import constants, deeplabcut, individuals, motion, sketch, sleap
from ketaflow.assays.forced_swim.poses.model import PoseFile, Poses
from ketaflow.assays.forced_swim.settings import IngestSettings
from ketaflow.assays.forced_swim.time_series import true_runs
from ketaflow.core.errors import IngestError

if TYPE_CHECKING:
    import h5py

H5_ENDINGS = (".h5", ".hdf5")
TEXT_ENDINGS = (".csv",)
# The first that fits is used.
READERS = (sleap.READER, deeplabcut.READER)
EXPECTED = "Expected poses of DeepLabCut (csv, h5) or an analysis file of SLEAP (h5, csv)"


def recognises(path: Path) -> bool:
    """Return whether a file is an h5, or a csv with the headings of DeepLabCut or SLEAP."""
    if path.suffix.lower() in H5_ENDINGS:
        return True
    if path.suffix.lower() not in TEXT_ENDINGS or not path.is_file():
        return False
    lines = first_lines(path)
    return any(one.recognises_text(lines) for one in READERS)


def first_lines(path: Path) -> list[str]:
    """Return the first four lines of a text."""
    with path.open(encoding="utf-8-sig", errors="replace") as lines:
        return [line.rstrip("\r\n") for line, _ in zip(lines, range(4), strict=False)]


def read_poses(path: Path) -> PoseFile:
    """Read the poses of every individual.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    PoseFile

    Raises
    ------
    IngestError
        If the file is not there, or of neither program.
    """
    if not path.is_file():
        raise IngestError(f"{path.name}: the file is not there. Put it where the table says, or correct the path.")
    if path.suffix.lower() in TEXT_ENDINGS:
        lines = first_lines(path)
        reader = next((one for one in READERS if one.recognises_text(lines)), None)
        if reader is None:
            raise IngestError(f"{path.name}: the headings are of neither program. {EXPECTED}.")
        return reader.read_csv(path)
    # Imported here, for most cohorts hold no h5.
    import h5py

    try:
        with h5py.File(path, "r") as file:
            refuse_large(file, path.name)
            for one in READERS:
                if one.recognises_h5(file):
                    return one.read_h5(file, path.name)
            held = ", ".join(list(file)[:6]) or "nothing"
    except (IngestError, MemoryError):
        raise
    except Exception as error:
        # h5py raises errors of many kinds for a damaged file.
        raise IngestError(f"{path.name}: this is no whole h5 file. Copy it again. {EXPECTED}.") from error
    raise IngestError(f"{path.name}: the h5 file holds {held}. {EXPECTED}.")


def refuse_large(file: "h5py.File", name: str) -> None:
    """Refuse a file whose arrays declare more than hours of poses need, before anything is read.

    Parameters
    ----------
    file : h5py.File
        The open file.
    name : str
        Its name, for messages.

    Raises
    ------
    IngestError
        With what it declares.
    """
    sizes = [0]
    file.visititems(lambda _, one: sizes.append(int(getattr(one, "nbytes", 0))))
    if sum(sizes) > constants.MAX_H5_MB * constants.BYTES_PER_MB:
        raise IngestError(
            f"{name}: declares {sum(sizes) / constants.BYTES_PER_MB:,.0f} MB of arrays, expected at most "
            f"{constants.MAX_H5_MB:,}. Export the poses alone, one file for each video."
        )


def read(path: Path, rows: Sequence[SwimRow], settings: IngestSettings) -> SwimFile:
    """Read the swims that rows name in a file of poses.

    Parameters
    ----------
    path : Path
        The file.
    rows : sequence of SwimRow
        With the frame rate of the video.
    settings : IngestSettings
        Parts and likelihood.

    Returns
    -------
    SwimFile

    Raises
    ------
    IngestError
        If the frame rate is missing or contradictory, or the file cannot be read.
    """
    rates_hz = {row.frame_rate_hz for row in rows}
    rate_hz = next(iter(rates_hz))
    if len(rates_hz) != 1 or rate_hz is None:
        what = "no frame rate" if rate_hz is None else "several frame rates"
        raise IngestError(
            f"{path.name}: files of poses hold no times, and the table gives {what}. Enter the frame rate of the video "
            "in the column frame_rate_hz of forced_swim."
        )
    held = read_poses(path)
    least = settings.pose_min_likelihood
    min_likelihood = constants.MIN_LIKELIHOOD[held.program] if least is None else least
    seen = [one for one in held.individuals if one.is_seen.sum() >= constants.MIN_TRACK_S * rate_hz]
    if not seen:
        raise IngestError(f"{path.name}: no individual is seen for {constants.MIN_TRACK_S:g} s. Check the poses.")
    chosen = individuals.choose(seen, rows, path.name)
    swims = [
        pose_swim(row, poses, held.program, rate_hz, min_likelihood, settings)
        for row, poses in zip(rows, chosen, strict=True)
    ]
    frames = held.individuals[0].frames
    lost = int(frames[-1] - frames[0] + 1 - len(frames))
    return SwimFile(rows[0].video, len(frames), lost, rate_hz, swims, source="pose")


def pose_swim(
    row: SwimRow, poses: Poses, program: str, rate_hz: float, min_likelihood: float, settings: IngestSettings
) -> Swim:
    """Make the swim of one individual.

    Parameters
    ----------
    row : SwimRow
        The row that names it.
    poses : Poses
        Its parts.
    program : str
        What wrote them.
    rate_hz : float
        Frames per second.
    min_likelihood : float
        Positions that are less likely are missing.
    settings : IngestSettings
        The parts of the body.

    Returns
    -------
    Swim
    """
    trace, facts, xy = motion.pose_trace(
        poses, rate_hz, min_likelihood, settings.pose_parts, program, Path(row.video).name
    )
    release_s = row.release_s if row.release_s is not None else first_seen_s(trace, rate_hz)
    return Swim(
        recording=row.recording,
        animal=row.animal,
        session=row.session,
        cylinder=row.cylinder,
        reason="",
        release_s=release_s,
        max_gap_s=constants.MAX_GAP_S,
        trace=trace,
        strip=sketch.sketches(xy, trace["time_s"].to_numpy(), facts.length_px, settings.filmstrip_every_s),
        poses=facts,
    )


def first_seen_s(trace: pd.DataFrame, rate_hz: float) -> float | None:
    """Find the first moment from which the animal is seen for two seconds.

    Parameters
    ----------
    trace : data frame
        ``time_s`` (seconds of the video) and ``seen``.
    rate_hz : float
        Frames per second.

    Returns
    -------
    float or None
        Seconds of the video; None if there is no such moment.
    """
    for first, after in true_runs(trace["seen"].to_numpy(bool)):
        if after - first >= constants.RELEASE_SEEN_S * rate_hz:
            return float(np.asarray(trace["time_s"])[first])
    return None
