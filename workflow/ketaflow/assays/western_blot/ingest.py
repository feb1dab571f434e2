"""Read the pictures of one membrane, or of the membranes that share a picture.

In: rows of the tables and the picture files. Out: a ``Blot``: one scan per picture and channel, in the file's own
counts and with more protein as a larger number. A picture that cannot be read costs only its own targets.
"""

from dataclasses import replace
from functools import partial
from pathlib import Path

from ketaflow.assays.western_blot.images import intensity_scale
from ketaflow.assays.western_blot.images.readers import Picture, read_picture
from ketaflow.assays.western_blot.model import Blot, IngestSettings, Lane, Polarity, Scan, Target
from ketaflow.assays.western_blot.protein_masses import known_mass_kda
from ketaflow.core import faults
from ketaflow.core.errors import IngestError
from ketaflow.core.inputs import Rows


def ingest(rows: Rows, folder: Path, settings: IngestSettings) -> Blot:
    """Read every picture of a group of membranes.

    Parameters
    ----------
    rows : Rows
        Rows of ``western_blot_images`` and ``western_blot_lanes``.
    folder : Path
        Where the paths of the pictures start.
    settings : IngestSettings
        Polarity of the files.

    Returns
    -------
    Blot

    Raises
    ------
    IngestError
        If no picture could be read.
    OSError, MemoryError
        A fault of the machine.
    """
    targets = rows.of("western_blot_images", Target)
    scans, unreadable = _scans(targets, folder, settings)
    if not scans:
        raise IngestError("; ".join(unreadable.values()))
    masses = {target.target: target.kda or known_mass_kda(target.target) for target in targets}
    return Blot(
        scans=scans,
        targets=[replace(target, kda=masses[target.target]) for target in targets],
        lanes=rows.of("western_blot_lanes", Lane),
        unreadable=unreadable,
    )


def _scans(targets: list[Target], folder: Path, settings: IngestSettings) -> tuple[list[Scan], dict[str, str]]:
    """Scans of all pictures and channels, and the pictures that could not be read, with the reason."""
    scans: dict[tuple[str, str | None], Scan] = {}
    unreadable: dict[str, str] = {}
    # The picture read last: channels of one file follow each other in the table.
    pictures: dict[str, Picture] = {}
    for target in targets:
        image, key = target.image, (target.image, target.channel)
        if image in unreadable or key in scans:
            continue
        try:
            if image not in pictures:
                pictures = {image: faults.read_file(partial(read_picture, folder / image), folder / image)}
            scans[key] = _scan(pictures[image], target, settings)
        except IngestError as error:
            unreadable[image] = str(error)
    return list(scans.values()), unreadable


def _scan(picture: Picture, target: Target, settings: IngestSettings) -> Scan:
    """One channel with more protein as a larger number, and what is known of its counts."""
    name, plane = picture.plane(target.channel, Path(target.image).name)
    seen, clearness = intensity_scale.polarity(plane)
    given: Polarity | None = target.polarity or (settings.polarity if settings.polarity != "auto" else None)
    storage = picture.storage
    full_scale = storage.full_scale or intensity_scale.full_scale(plane, storage.bits)
    signal = intensity_scale.upright(plane, (given or seen) == "dark", full_scale)
    level, source = intensity_scale.saturation_level(signal, full_scale)
    return Scan(
        image=target.image,
        channel=target.channel,
        plane=name,
        pixels=signal,
        storage=storage,
        polarity=given or seen,
        polarity_source="from the table" if target.polarity else "from the settings" if given else "from the picture",
        polarity_clearness=clearness,
        polarity_unsure=not given and clearness < settings.unsure_polarity,
        saturation_level=level,
        saturation_source=source,
        noise_sd=intensity_scale.noise_sd(signal),
        histogram_gaps_pct=intensity_scale.histogram_gaps_pct(plane),
    )
