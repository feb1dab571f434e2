"""Read the image of each field, and the region of interest that is measured in it.

In: the rows that share an image. Out: for each row one channel, or the three colours of a DAB image, with the scale and
the region; or a message that says why not.
"""

import math
from pathlib import Path

import numpy as np

from ketaflow.assays.stained_cells import constants
from ketaflow.assays.stained_cells.model import MAIN, Field, FieldRow, Fields, IngestSettings, Stain
from ketaflow.core import images
from ketaflow.core.errors import IngestError
from ketaflow.core.images import Image
from ketaflow.core.inputs import Rows

COLOURS = ("red", "green", "blue")


def ingest(rows: Rows, folder: Path, settings: IngestSettings) -> Fields:
    """Read the fields of one image.

    Parameters
    ----------
    rows : Rows
        Rows of the table ``stained_cells`` that share an image.
    folder : Path
        The cohort folder.
    settings : IngestSettings
        Has no fields.

    Returns
    -------
    Fields
        One field per row, pixels in the file's own numbers.

    Raises
    ------
    IngestError
        If a file cannot be read, or if a DAB image is not in colour.
    """
    return Fields([_field(row, folder) for row in rows.of(MAIN, FieldRow)])


def _field(row: FieldRow, folder: Path) -> Field:
    """The field of one row."""
    stain: Stain = "dab" if row.stain == "dab" else "fluorescence"
    bands = _colours(row, folder) if stain == "dab" else [_channel(row, folder)]
    image = bands[0]
    planes = len(image.pixels)
    if stain == "dab" and planes > 1:
        raise IngestError(
            f"{row.image}: holds {planes} planes, expected one for DAB. Save the plane in focus, or a projection "
            "with extended focus, as a file of its own."
        )
    pixels = image.pixels.max(0) if stain == "fluorescence" else np.stack([band.pixels[0] for band in bands], axis=-1)
    roi = images.read_roi(folder / row.roi, pixels.shape[:2]) if row.roi else None
    levels = [band.saturation_level for band in bands if math.isfinite(band.saturation_level)]
    return Field(
        recording=row.recording,
        image=row.image,
        animal=row.animal,
        region=row.region,
        section=row.section,
        marker=row.marker,
        stain=stain,
        pixels=pixels,
        roi=roi.mask if roi else None,
        pixel_size_um=image.pixel_size_um,
        planes=planes,
        saturation_level=max(levels) if levels else None,
        scale_source=image.scale_source,
        notes=(*image.notes, *(roi.notes if roi else ())),
        exposure_ms=image.acquisition.exposure_ms,
        gain=image.acquisition.gain,
    )


def _channel(row: FieldRow, folder: Path) -> Image:
    """One channel: named by the table, else the only one, else the one named like the marker."""
    try:
        return _read(row, folder, row.channel)
    except IngestError as error:
        if row.channel:
            raise
        try:
            return _read(row, folder, row.marker)
        except IngestError:
            raise error from None


def _colours(row: FieldRow, folder: Path) -> list[Image]:
    """Red, green and blue of a colour image."""
    try:
        return [_read(row, folder, colour) for colour in COLOURS]
    except IngestError as error:
        raise IngestError(
            f"{error} (The table says dab: an image in colour, red, green and blue, is expected.)"
        ) from error


def _read(row: FieldRow, folder: Path, channel: str | None) -> Image:
    """One channel of the image of a row."""
    return images.read(
        folder / row.image,
        channel=channel,
        pixel_size_um=row.pixel_size_um,
        z_step_um=constants.ANY_Z_STEP_UM,
        series=row.series,
    )
