"""Read one file of the forced swim test: a video with its cylinders, or an export of EthoVision.

In: the rows that name the file. Out: the motion trace of each animal, what was found of the scene, and small images for
the reviewer. A video is decoded once for all its cylinders. Nothing is scored here, so that a changed threshold never
decodes again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ketaflow.assays.forced_swim.model import AnimalRow, SwimFile, SwimRow
from ketaflow.assays.forced_swim.readers import ethovision, video
from ketaflow.assays.forced_swim.settings import IngestSettings
from ketaflow.assays.forced_swim.tracking import constants, video_tracking
from ketaflow.core.inputs import Rows

# Beginnings of the word for a mouse or rat in the column species, in the order of the test.
SPECIES = {
    "mouse": ("mouse", "mice", "mus", "maus", "souris", "rató", "raton", "muis", "topo"),
    "rat": ("rat", "rattus", "ratte"),
}


@dataclass(frozen=True)
class Reader:
    """A kind of file that holds swims.

    Attributes
    ----------
    name : str
        As the documentation lists it.
    recognises : callable
        Returns whether a file is of this kind, by its name and content.
    read : callable
        Reads the swims that rows name in a file.
    """

    name: str
    recognises: Callable[[Path], bool]
    read: Callable[[Path, Sequence[SwimRow], IngestSettings], SwimFile]


def ingest(rows: Rows, folder: Path, settings: IngestSettings) -> SwimFile:
    """Read the file that the rows of one group name.

    Parameters
    ----------
    rows : Rows
        Rows of ``forced_swim`` that share a ``video``, and of ``animals``.
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
    reader = next(one for one in READERS if one.recognises(path))
    made = reader.read(path, swims, settings)
    species = {row.animal: species_of(row.species) for row in rows.of("animals", AnimalRow)}
    return replace(made, swims=[replace(swim, species=species.get(swim.animal, "")) for swim in made.swims])


def species_of(text: str | None) -> str:
    """Return ``mouse`` or ``rat`` for the words a lab may use; empty if it is neither."""
    word = (text or "").strip().lower()
    return next((name for name, stems in SPECIES.items() if word.startswith(stems)), "")


def read_export(path: Path, rows: Sequence[SwimRow], settings: IngestSettings) -> SwimFile:
    """Read an EthoVision export; the settings concern videos alone."""
    return ethovision.read(path, rows)


def read_video(path: Path, rows: Sequence[SwimRow], settings: IngestSettings) -> SwimFile:
    """Track every animal of a video; a video with few key frames is decoded once more to see the scene."""
    index, frames = video.index_video(path, settings.background_frames)
    if len(frames) < constants.MIN_KEY_FRAMES:
        frames = video.sample_frames(path, settings.background_frames, index.duration_s)
    return video_tracking.track_video(index, frames, rows, settings)


# The first that fits is used.
READERS = (
    Reader("EthoVision XT raw data or statistics (.xlsx, text)", ethovision.recognises, read_export),
    Reader("Video", lambda path: True, read_video),
)
