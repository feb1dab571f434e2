"""Read the two channels of a field: from one file, or from one file each.

In: the rows that name one recording. Out: for each row its two channels at one scale, or the reason why not.
"""

import math
from pathlib import Path

import numpy as np

from ketaflow.core import images
from ketaflow.core.errors import IngestError
from ketaflow.core.images import Image
from ketaflow.core.records import Record

SCALE_TOLERANCE = 0.01
FIRST_AND_SECOND = {"pre": "1", "post": "2"}


def ingest(rows: dict[str, list[dict]], folder: Path) -> Record:
    """Read the channels of one recording; ``arrays`` holds ``<row>.pre`` and ``<row>.post``, (z, y, x) or (y, x)."""
    record = Record(facts={"fields": []})
    for number, row in enumerate(rows["synaptic_puncta"]):
        pair = {side: _channel(row, side, folder) for side in ("pre", "post")}
        _refuse_unlike(row, pair)
        for side, image in pair.items():
            record.arrays[f"{number}.{side}"] = image.pixels[0] if len(image.pixels) == 1 else image.pixels
        record.facts["fields"].append(_facts(pair))
    return record


def _channel(row: dict, side: str, folder: Path) -> Image:
    """One channel of a row: of its own file, or of the file both share."""
    own = row.get(f"{side}_image")
    wanted = row.get(f"{side}_channel")
    scale = {"pixel_size_um": row.get("pixel_size_um"), "z_step_um": row.get("z_step_um")}
    if own or wanted:
        return images.read(folder / (own or row["image"]), channel=wanted, **scale)
    path = folder / row["image"]
    try:
        return images.read(path, channel=row[f"{side}_marker"], **scale)
    except IngestError:
        return images.read(path, channel=FIRST_AND_SECOND[side], **scale)


def _refuse_unlike(row: dict, pair: dict[str, Image]) -> None:
    """Two channels that cannot be laid over each other."""
    pre, post = pair["pre"], pair["post"]
    names = f"{row.get('pre_image') or row.get('image')} and {row.get('post_image') or row.get('image')}"
    if pre.pixels.shape != post.pixels.shape:
        sizes = " and ".join(" x ".join(map(str, image.pixels.shape)) for image in (pre, post))
        raise IngestError(
            f"{names}: the channels are {sizes} (planes, height, width), expected the same size. "
            "Name the two channels of one field."
        )
    if not math.isclose(pre.pixel_size_um, post.pixel_size_um, rel_tol=SCALE_TOLERANCE):
        raise IngestError(
            f"{names}: pixels are {pre.pixel_size_um:.4g} um in one channel and {post.pixel_size_um:.4g} um in the "
            "other, expected the same. Enter the true size in the column pixel_size_um."
        )
    same_file = (row.get("pre_image") or row.get("image")) == (row.get("post_image") or row.get("image"))
    if same_file and pre.channel == post.channel:
        raise IngestError(
            f"{names}: pre and post are the same channel ({pre.channel}). "
            "Correct the columns pre_channel and post_channel."
        )


def _facts(pair: dict[str, Image]) -> dict:
    pre = pair["pre"]
    return {
        "pixel_size_um": pre.pixel_size_um,
        "z_step_um": None if math.isnan(pre.z_step_um) else pre.z_step_um,
        "scale_source": pre.scale_source,
        "channels": {side: image.channel for side, image in pair.items()},
        "saturated_pct": {side: _saturated_pct(image) for side, image in pair.items()},
        "notes": sorted({note for image in pair.values() for note in image.notes}),
    }


def _saturated_pct(image: Image) -> float | None:
    """Share of pixels at the detector's highest number (%); None where that is not known."""
    if math.isnan(image.saturation_level):
        return None
    return 100 * float(np.mean(image.pixels >= image.saturation_level))
