"""Read one file of the forced swim test: a video with its cylinders, an export of EthoVision, or a file of poses.

In: the rows that name the file. Out: the motion trace of each animal, what was found of the scene, and small images for
the reviewer. A video is decoded once for all its cylinders. Nothing is scored here, so that a changed threshold never
decodes again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ketaflow.assays.forced_swim.model import AnimalRow, SwimFile, SwimRow
from ketaflow.assays.forced_swim.poses import pose_files
from ketaflow.assays.forced_swim.readers import ethovision, video
from ketaflow.assays.forced_swim.readers.review_film import review_films
from ketaflow.assays.forced_swim.score_files import formats
from ketaflow.assays.forced_swim.settings import IngestSettings
from ketaflow.assays.forced_swim.tracking import constants, video_tracking
from ketaflow.core.errors import IngestError
from ketaflow.core.inputs import Rows

# Beginnings of the word for a mouse or rat in the column species, in the order of the test.
SPECIES = {
    "mouse": ("mouse", "mice", "mus", "maus", "souris", "rató", "raton", "muis", "topo"),
    "rat": ("rat", "rattus", "ratte"),
}


# Endings of text files.
OTHER_TEXT = (".csv", ".txt", ".tsv", ".asc", ".dat")


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
    """Read an EthoVision export; the settings concern videos and poses."""
    try:
        return ethovision.read(path, rows)
    except ethovision.NoExportError as error:
        raise IngestError(scores_instead(path) or str(error)) from error


def scores_instead(path: Path) -> str:
    """Return what to do with a file that holds scores instead of a swim; empty if it holds none."""
    known = formats.format_of(path)
    if known is None:
        return ""
    return (
        f"{path.name}: the file holds scores ({known[1].name}), not a swim. List it in forced_swim_human_files, and "
        "enter the video, EthoVision export or file of poses here. Where there is none, enter its values into the "
        "table measurements."
    )


def is_other_text(path: Path) -> bool:
    """Return whether a file is text, which no video is."""
    return path.is_file() and path.suffix.lower() in OTHER_TEXT


def refuse_text(path: Path, rows: Sequence[SwimRow], settings: IngestSettings) -> SwimFile:
    """Refuse a text that holds no swim, with what it is."""
    raise IngestError(
        scores_instead(path)
        or f"{path.name}: the text is neither an EthoVision export (header lines above the samples) nor poses of "
        "DeepLabCut (headings scorer, bodyparts, coords) or SLEAP (track, frame_idx ...). Enter the path of the video, "
        "the export or the poses in the column video."
    )


def read_video(path: Path, rows: Sequence[SwimRow], settings: IngestSettings) -> SwimFile:
    """Track every animal of a video; a video with few key frames is decoded again to find the scene."""
    index, frames = video.index_video(path, settings.background_frames)
    if len(frames) < constants.MIN_KEY_FRAMES:
        frames = video.sample_frames(path, settings.background_frames, index.duration_s)
    tracked = video_tracking.track_video(index, frames, rows, settings)
    return with_films(tracked, path, index.duration_s, settings.review_film_s) if settings.review_film_s else tracked


def with_films(swim_file: SwimFile, path: Path, duration_s: float, length_s: float) -> SwimFile:
    """Add a film of each animal, from the middle of the video, for the reviewer."""
    seen = [(place, swim.view.region_px) for place, swim in enumerate(swim_file.swims) if swim.view is not None]
    films = review_films(path, [region for _, region in seen], max((duration_s - length_s) / 2, 0.0), length_s)
    by_place = {place: film for (place, _), film in zip(seen, films, strict=False)}
    swims = [replace(swim, film=by_place.get(place)) for place, swim in enumerate(swim_file.swims)]
    return replace(swim_file, swims=swims)


# The first that fits is used.
READERS = (
    Reader("Poses of DeepLabCut (.csv, .h5) or SLEAP (.h5, .csv)", pose_files.recognises, pose_files.read),
    Reader("EthoVision XT raw data or statistics (.xlsx, text)", ethovision.recognises, read_export),
    Reader("Other text (refused)", is_other_text, refuse_text),
    Reader("Video", lambda path: True, read_video),
)
