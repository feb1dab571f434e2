"""The pictures of one membrane (or of those that share a picture), read and turned so that protein is a large number.

In: the rows of the pictures. Out: ``arrays["scan_<n>"]``, one plane per picture and channel in the file's own counts,
and in ``facts["scans"]`` what was decided about each: polarity, ceiling, how it was stored. A picture that cannot be
read is listed in ``facts["unreadable"]`` and costs only its own targets.
"""

import csv
import re
from functools import cache
from pathlib import Path

from ketaflow.assays.western_blot.images import intensity_scale
from ketaflow.assays.western_blot.images.readers import Picture, read_picture
from ketaflow.core.errors import IngestError
from ketaflow.core.records import Record

PROTEINS = Path(__file__).resolve().parents[4] / "resources" / "reference" / "proteins.csv"


def ingest(rows: dict, folder: Path, *, polarity: str, unsure_polarity: float) -> Record:
    """Read every picture of a group of membranes."""
    record = Record()
    scans, unreadable, pictures = [], {}, {}
    for row in rows["western_blot_images"]:
        image, channel = row["image"], row["channel"]
        if image in unreadable or (image, channel) in {(each["image"], each["channel"]) for each in scans}:
            continue
        try:
            if image not in pictures:
                pictures = {image: read_picture(folder / image)}
            plane_name, facts, signal = _scan(pictures[image], row, polarity, unsure_polarity)
        except IngestError as error:
            unreadable[image] = str(error)
            continue
        key = f"scan_{len(scans)}"
        record.arrays[key] = signal
        scans.append({"image": image, "channel": channel, "plane": plane_name, "key": key, **facts})
    if not scans:
        raise IngestError("; ".join(unreadable.values()))
    masses = {row["target"]: row["kda"] or known_mass(row["target"]) for row in rows["western_blot_images"]}
    record.facts = {"scans": scans, "unreadable": unreadable, "kda": masses}
    return record


def _scan(picture: Picture, row: dict, setting: str, unsure: float) -> tuple[str, dict, object]:
    """One plane turned upright, with all that was found out about it."""
    name, plane = picture.plane(row["channel"], Path(row["image"]).name)
    seen, clearness = intensity_scale.polarity(plane)
    told = row["polarity"] or (setting if setting != "auto" else None)
    side = told or seen
    full = picture.facts.get("full_scale") or intensity_scale.full_scale(plane, picture.facts.get("bits"))
    signal = intensity_scale.upright(plane, side == "dark", full)
    ceiling, why = intensity_scale.clipping(signal, full)
    facts = {
        **picture.facts,
        "height_px": plane.shape[0],
        "width_px": plane.shape[1],
        "polarity": side,
        "polarity_source": "told" if told else "seen in the picture",
        "polarity_clearness": clearness,
        "polarity_seen": seen,
        "polarity_unsure": not told and clearness < unsure,
        "ceiling": ceiling,
        "ceiling_source": why,
        "noise_sd": intensity_scale.noise_sd(signal),
        "histogram_gaps_pct": intensity_scale.histogram_gaps_pct(plane),
    }
    return name, facts, signal


def known_mass(target: str) -> float | None:
    """Mass of a protein by its name in the reference table (kDa), None where it is not listed."""
    name = plain(target)
    return _masses().get(name) or (_masses().get(name[1:]) if name.startswith("p") else None)


@cache
def _masses() -> dict[str, float]:
    """Masses by every name the reference table gives a protein."""
    masses = {}
    with PROTEINS.open(encoding="utf-8") as table:
        for row in csv.DictReader(table):
            for name in (row["protein"], *row["synonyms"].split(";")):
                masses[plain(name)] = float(row["kda"])
    return masses


def plain(name: str) -> str:
    """A protein's name without what labs write differently: case, hyphens, Greek letters, the phosphorylated site."""
    for letter, word in (("β", "b"), ("α", "a"), ("beta", "b"), ("alpha", "a")):
        name = name.lower().replace(letter, word)
    name = re.sub(r"\(.*?\)", "", name)
    name = re.sub(r"^(phospho|p)[-_ ]+|[-_ ]+(p?[sty]\d+)(/[sty]?\d+)*$", "", name.strip())
    name = re.sub(r"^(phospho|p)[-_ ]*[sty]\d+[-_ ]*", "", name)
    return re.sub(r"[^a-z0-9]", "", name)
