"""Read the two channels of each field, from one file or from one file each.

In: the rows that share an image. Out: for each row its two channels at one scale, or a message that says why not.
"""

import math
from pathlib import Path

import numpy as np

from ketaflow.assays.synaptic_puncta import constants
from ketaflow.assays.synaptic_puncta.model import SIDES, Channel, Field, FieldRow, Fields, IngestSettings, Side
from ketaflow.core import images
from ketaflow.core.errors import IngestError
from ketaflow.core.images import Image
from ketaflow.core.inputs import Rows

# Which channel of a file is which, where neither the table nor the file names them.
DEFAULT_CHANNEL: dict[Side, str] = {"pre": "1", "post": "2"}


def ingest(rows: Rows, folder: Path, settings: IngestSettings) -> Fields:
    """Read the fields of one recording.

    Parameters
    ----------
    rows : Rows
        Rows of the table ``synaptic_puncta`` that share an image.
    folder : Path
        The cohort folder.
    settings : IngestSettings
        Has no fields.

    Returns
    -------
    Fields
        One field per row, pixels (rows, columns) or (planes, rows, columns) in the file's own numbers.

    Raises
    ------
    IngestError
        If a file cannot be read, or if the two channels cannot be laid over each other.
    """
    return Fields([_field(row, folder) for row in rows.of("synaptic_puncta", FieldRow)])


def _field(row: FieldRow, folder: Path) -> Field:
    """The field of one row."""
    pre, post = (_image(row, side, folder) for side in SIDES)
    _refuse_mismatch(row, pre, post)
    return Field(
        recording=row.recording,
        animal=row.animal,
        region=row.region,
        section=row.section,
        pre=_channel(row, "pre", pre),
        post=_channel(row, "post", post),
        pixel_size_um=pre.pixel_size_um,
        z_step_um=None if math.isnan(pre.z_step_um) else pre.z_step_um,
        scale_source=pre.scale_source,
        notes=tuple(sorted({*pre.notes, *post.notes})),
    )


def _image(row: FieldRow, side: Side, folder: Path) -> Image:
    """One channel of a row: named by the table, else by its marker, else by its place in the file."""
    path, name = folder / row.file(side), row.channel(side)
    has_own_file = (row.pre_image if side == "pre" else row.post_image) is not None
    if has_own_file or name:
        return images.read(path, channel=name, pixel_size_um=row.pixel_size_um, z_step_um=row.z_step_um)
    try:
        return images.read(path, channel=row.marker(side), pixel_size_um=row.pixel_size_um, z_step_um=row.z_step_um)
    except IngestError:
        number = DEFAULT_CHANNEL[side]
        return images.read(path, channel=number, pixel_size_um=row.pixel_size_um, z_step_um=row.z_step_um)


def _channel(row: FieldRow, side: Side, image: Image) -> Channel:
    """A channel as the later stages need it; an image of one plane is flat."""
    pixels = image.pixels[0] if len(image.pixels) == 1 else image.pixels
    return Channel(row.file(side), row.marker(side), pixels, _saturated_pct(image))


def _refuse_mismatch(row: FieldRow, pre: Image, post: Image) -> None:
    """Refuse two channels that cannot be laid over each other, or that are the same."""
    names = f"{row.file('pre')} and {row.file('post')}"
    if pre.pixels.shape != post.pixels.shape:
        sizes = " and ".join(" x ".join(map(str, image.pixels.shape)) for image in (pre, post))
        raise IngestError(
            f"{names}: the channels are {sizes} (planes, height, width), expected the same size. "
            "Name the two channels of one field."
        )
    if not math.isclose(pre.pixel_size_um, post.pixel_size_um, rel_tol=constants.PIXEL_SIZE_TOLERANCE):
        raise IngestError(
            f"{names}: pixels are {pre.pixel_size_um:.4g} um in one channel and {post.pixel_size_um:.4g} um in the "
            "other, expected the same. Enter the true size in the column pixel_size_um."
        )
    if row.file("pre") == row.file("post") and pre.channel == post.channel:
        raise IngestError(
            f"{names}: pre and post are the same channel ({pre.channel}). "
            "Correct the columns pre_channel and post_channel."
        )


def _saturated_pct(image: Image) -> float | None:
    """Share of pixels at the saturation level (%); None where that is unknown."""
    if math.isnan(image.saturation_level):
        return None
    return 100 * float(np.mean(image.pixels >= image.saturation_level))
