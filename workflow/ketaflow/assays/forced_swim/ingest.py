"""Read one file of the forced swim test: a video with its cylinders, or an EthoVision raw export.

In: the rows that name the file. Out: the motion trace of each animal, what was found of the scene, and small images for
the reviewer. A video is decoded once for all its cylinders. Nothing is scored here, so that a changed threshold never
decodes again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ketaflow.assays.forced_swim.model import IngestSettings, SwimFile, SwimRow
from ketaflow.assays.forced_swim.readers import ethovision, video
from ketaflow.assays.forced_swim.tracking import constants, video_tracking
from ketaflow.core.inputs import Rows


@dataclass(frozen=True)
class Reader:
    """A kind of file that holds swims.

    Attributes
    ----------
    name : str
        As the documentation lists it.
    endings : tuple of str
        Endings of its files; any file if empty.
    read : callable
        Reads the swims that rows name in a file.
    """

    name: str
    endings: tuple[str, ...]
    read: Callable[[Path, Sequence[SwimRow], IngestSettings], SwimFile]


def ingest(rows: Rows, folder: Path, settings: IngestSettings) -> SwimFile:
    """Read the file that the rows of one group name.

    Parameters
    ----------
    rows : Rows
        Rows of ``forced_swim`` that share a ``video``.
    folder : Path
        Where its path starts.
    settings : IngestSettings
        Settings.

    Returns
    -------
    SwimFile

    Raises
    ------
    IngestError
        If the file cannot be read, or none of its swims can be scored.
    """
    swims = rows.of("forced_swim", SwimRow)
    path = folder / swims[0].video
    reader = next(one for one in READERS if not one.endings or path.suffix.lower() in one.endings)
    return reader.read(path, swims, settings)


def read_export(path: Path, rows: Sequence[SwimRow], settings: IngestSettings) -> SwimFile:
    """Read an EthoVision raw export; the settings concern videos alone."""
    return ethovision.read(path, rows)


def read_video(path: Path, rows: Sequence[SwimRow], settings: IngestSettings) -> SwimFile:
    """Track every animal of a video; a video with few key frames is decoded once more to see the scene."""
    index, frames = video.index_video(path, settings.background_frames)
    if len(frames) < constants.MIN_KEY_FRAMES:
        frames = video.sample_frames(path, settings.background_frames, index.duration_s)
    return video_tracking.track_video(index, frames, rows, settings)


# The first that fits is used.
READERS = (
    Reader("EthoVision XT raw export", (".xlsx", ".xls"), read_export),
    Reader("Video", (), read_video),
)
