"""One image: microscope file in, checked stack with its scale out.

The laboratory's own scorer is read here too, where the settings name one, because only this stage opens files.
"""

import zipfile
import zlib
from pathlib import Path, PurePosixPath

import numpy as np

from ketaflow.assays.dendritic_spines.detection import scorer_file
from ketaflow.assays.dendritic_spines.model import MAIN, DendriteImage, ImageRow, IngestSettings, Weights
from ketaflow.assays.dendritic_spines.tracing.image_properties import is_dark_on_light
from ketaflow.core import images
from ketaflow.core.errors import IngestError
from ketaflow.core.inputs import Rows, recording_name

INVERTED = (
    "dark dendrites were turned into bright ones; ketaflow was measured on simulated Golgi stains alone: mark the "
    "spines of some images yourself and look at agreement.csv"
)
# What NumPy raises for a file that is missing, cut short, or something else.
UNREADABLE = (OSError, ValueError, KeyError, AttributeError, TypeError, EOFError, zipfile.BadZipFile, zlib.error)


def ingest(rows: Rows, folder: Path, settings: IngestSettings) -> DendriteImage:
    """Read one image, and the laboratory's own scorer.

    Parameters
    ----------
    rows : Rows
        The row of the table ``dendritic_spines``.
    folder : Path
        The cohort folder.
    settings : IngestSettings
        Polarity of the dendrites, and the file of the scorer.

    Returns
    -------
    DendriteImage
        With the counts of the file; inverted where dendrites are dark.

    Raises
    ------
    IngestError
        If the image or the scorer cannot be read, or the polarity is not that of the settings.
    """
    (row,) = rows.of(MAIN, ImageRow)
    found = images.read(
        folder / row.image,
        channel=row.channel,
        pixel_size_um=row.pixel_size_um,
        z_step_um=row.z_step_um,
        series=row.series,
    )
    is_dark = settings.dendrites == "dark"
    _refuse_other_polarity(found, row.image, is_dark=is_dark)
    known_level = None if np.isnan(found.saturation_level) else found.saturation_level
    return DendriteImage(
        recording=row.recording,
        image=row.image,
        animal=row.animal,
        region=row.region,
        sample=_sample(row),
        stack=found.pixels.max() - found.pixels if is_dark else found.pixels,
        pixel_size_um=found.pixel_size_um,
        z_step_um=None if np.isnan(found.z_step_um) else found.z_step_um,
        saturation_level=None if is_dark else known_level,
        scale_source=found.scale_source,
        channel=found.channel,
        notes=[*found.notes, *([INVERTED] if is_dark else [])],
        lab_weights=_lab_weights(folder, settings.scorer_file),
    )


def _sample(row: ImageRow) -> str:
    """Name the dendrite below the animal: cell and dendrite, or the image where the table names no dendrite."""
    named = [name for name in (row.cell, row.dendrite) if name]
    return (
        "/".join(named)
        if row.dendrite
        else "/".join([*named, recording_name(PurePosixPath(row.image).stem, row.series)])
    )


def _refuse_other_polarity(found: images.Image, name: str, *, is_dark: bool) -> None:
    """Raise unless the dendrites of an image are dark or bright as the settings say."""
    looks_dark = is_dark_on_light(found.pixels, found.pixel_size_um)
    if looks_dark and not is_dark:
        raise IngestError(
            f"{name}: the dendrites are darker than what is around them (a Golgi stain, or an inverted image); "
            "expected fluorescence, bright on dark. If it is fluorescence, invert it back (in Fiji: Edit, Invert). If "
            "the stain is dark, put all such images into a cohort of their own and set "
            "dendritic_spines.ingest.dendrites to 'dark' there."
        )
    if is_dark and not looks_dark:
        raise IngestError(
            f"{name}: the dendrites are brighter than what is around them, but dendritic_spines.ingest.dendrites says "
            "'dark'. Keep fluorescence and dark stains in cohorts of their own, and set it to 'bright' for this one."
        )


def _lab_weights(folder: Path, scorer_file_name: str) -> Weights:
    """Read the weights of the laboratory's scorer; none where the settings name no file."""
    if not scorer_file_name:
        return {}
    try:
        return scorer_file.decode(folder / scorer_file_name)
    except UNREADABLE as error:
        raise IngestError(
            f"{scorer_file_name}: cannot be used as a scorer: {error}. Expected the file that the calibration wrote, "
            "in the cohort folder. Run snakemake calibrate_dendritic_spines and enter its file in "
            "dendritic_spines.ingest.scorer_file, or leave that setting empty."
        ) from error
