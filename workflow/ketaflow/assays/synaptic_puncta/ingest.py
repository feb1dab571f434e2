"""Read the channels of each field, from one file or from one file each, and the region that is measured.

In: the rows that share an image, and the secondary-only rows of the same marker. Out: for each row its channels at one
scale, or a message that says why not.
"""

import math
from pathlib import Path

import numpy as np

from ketaflow.assays.synaptic_puncta import constants
from ketaflow.assays.synaptic_puncta.model import Channel, Field, FieldRow, Fields, IngestSettings, Region, Side
from ketaflow.core import images
from ketaflow.core.errors import IngestError
from ketaflow.core.images import Image
from ketaflow.core.inputs import Rows

# Which channel of a file is which, where neither the table nor the file names them.
DEFAULT_CHANNEL: dict[Side, str] = {"pre": "1", "post": "2"}


def ingest(rows: Rows, folder: Path, settings: IngestSettings) -> Fields:
    """Read the fields of one recording, and their secondary-only controls.

    Parameters
    ----------
    rows : Rows
        Rows of the table ``synaptic_puncta`` that share an image, and those marked ``secondary_only``.
    folder : Path
        The cohort folder.
    settings : IngestSettings
        Has no fields.

    Returns
    -------
    Fields
        One field per row, pixels (rows, columns) or (planes, rows, columns) in the file's own numbers. A control that
        cannot be read becomes a note of every field.

    Raises
    ------
    IngestError
        If a file cannot be read, or if channels, mask and region cannot be laid over each other.
    """
    listed = rows.of("synaptic_puncta", FieldRow)
    controls, notes = [], []
    for row in listed:
        if row.secondary_only:
            try:
                controls.append(_field(row, folder))
            except IngestError as error:
                notes.append(f"the secondary-only image was not used: {error}")
    return Fields([_field(row, folder, notes) for row in listed if not row.secondary_only], controls)


def _field(row: FieldRow, folder: Path, notes: list[str] | None = None) -> Field:
    """The field of one row; ``notes`` are added to those of its files."""
    found = {side: _image(row, side, folder) for side in row.sides}
    pre, post = found["pre"], found.get("post")
    if post is not None:
        _refuse_mismatch(row, pre, post)
    limits, doubts = _limits(row, pre, folder)
    own_notes = {*doubts, *(note for image in found.values() for note in image.notes)}
    return Field(
        recording=row.recording,
        animal=row.animal,
        region=row.region,
        section=row.section,
        pre=_channel(row, "pre", pre),
        post=None if post is None else _channel(row, "post", post),
        pixel_size_um=pre.pixel_size_um,
        z_step_um=None if math.isnan(pre.z_step_um) else pre.z_step_um,
        scale_source=pre.scale_source,
        notes=(*sorted(own_notes), *(notes or ())),
        limits=limits,
    )


def _image(row: FieldRow, side: Side, folder: Path) -> Image:
    """One channel of a row: named by the table, else by its marker, else by its place in the file."""
    path, name = folder / row.file(side), row.channel(side)
    has_own_file = (row.pre_image if side == "pre" else row.post_image) is not None
    if has_own_file or name:
        return _read(row, path, name)
    try:
        return _read(row, path, row.marker(side))
    except IngestError:
        # A single marker needs no default: a file with one channel is read, one with several is refused.
        return _read(row, path, DEFAULT_CHANNEL[side] if len(row.sides) > 1 else None)


def _read(row: FieldRow, path: Path, channel: str | None) -> Image:
    """One channel of a file at the scale of the row."""
    return images.read(
        path, channel=channel, pixel_size_um=row.pixel_size_um, z_step_um=row.z_step_um, series=row.series
    )


def _channel(row: FieldRow, side: Side, image: Image) -> Channel:
    """A channel as the later stages need it; an image of one plane is flat."""
    recorded = image.acquisition
    return Channel(
        row.file(side), row.marker(side), _flat(image), _saturated_pct(image), recorded.exposure_ms, recorded.gain
    )


def _flat(image: Image) -> np.ndarray:
    """The pixels; an image of one plane has two axes."""
    return image.pixels[0] if len(image.pixels) == 1 else image.pixels


def _limits(row: FieldRow, pre: Image, folder: Path) -> tuple[Region, tuple[str, ...]]:
    """Region of interest and mask of a row, and doubts about their files."""
    in_plane = (pre.pixels.shape[1], pre.pixels.shape[2])
    roi = images.read_roi(folder / row.roi, in_plane) if row.roi else None
    mask = None
    if row.mask_channel or row.mask_image:
        path = folder / (row.mask_image or row.file("pre"))
        # The scale of a mask is that of its field.
        step = None if math.isnan(pre.z_step_um) else pre.z_step_um
        # A mask in a file of its own is the only image of that file.
        series = None if row.mask_image and row.mask_image not in (row.file("pre"), row.file("post")) else row.series
        mask = images.read(
            path,
            channel=row.mask_channel,
            pixel_size_um=pre.pixel_size_um,
            z_step_um=step or 1.0,
            series=series,
        )
        if mask.pixels.shape[1:] != in_plane:
            found, wanted = (" x ".join(map(str, shape)) for shape in (mask.pixels.shape[1:], in_plane))
            raise IngestError(
                f"{path.name}: the mask is {found} (height, width), expected {wanted} as the field. "
                "Name the mask channel of this field."
            )
    limits = Region(None if roi is None else roi.mask, None if mask is None else _flat(mask))
    return limits, (() if roi is None else roi.notes)


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
