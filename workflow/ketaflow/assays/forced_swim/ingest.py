"""Read one file of the forced swim test: a video with its cylinders, or an EthoVision raw export.

In: the rows that name the file. Out: the motion trace of each animal, what was found of the scene, and small images for
the reviewer. A video is decoded once for all its cylinders. Nothing is scored here, so that a changed threshold never
decodes again.
"""

from pathlib import Path

from ketaflow.assays.forced_swim.model import IngestSettings, SwimFile, SwimRow
from ketaflow.assays.forced_swim.readers import ethovision, video
from ketaflow.assays.forced_swim.tracking import constants, video_tracking
from ketaflow.core.inputs import Rows

EXPORT_ENDINGS = (".xlsx", ".xls")


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
    if path.suffix.lower() in EXPORT_ENDINGS:
        return ethovision.read(path, swims)
    index, frames = video.index_video(path, settings.background_frames)
    if len(frames) < constants.MIN_KEY_FRAMES:
        frames = video.sample_frames(path, settings.background_frames, index.duration_s)
    return video_tracking.track_video(index, frames, swims, settings)
