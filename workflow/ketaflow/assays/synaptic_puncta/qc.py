"""Check each field and show it: is it sharp, unsaturated, of two independent channels, and told from chance?

In: the channels and what was measured. Out: checks with their limits, and pictures a reviewer can judge without
knowing animal or arm.
"""

import math

import numpy as np
import pandas as pd

from ketaflow.assays.synaptic_puncta import overlay
from ketaflow.core.measures import check, within
from ketaflow.core.records import Figure, Record

COARSE_PIXEL_UM = 0.2
SIDES = ("pre", "post")
ZOOM = 2
FIELD_PX = 400


def qc(
    recording: Record,
    measured: Record,
    *,
    saturated_pct: float,
    least_puncta: int,
    least_tissue_pct: float,
    bleed_through_pct: float,
    displacement_um: float,
    chance_pct: float,
    picture_px: int,
) -> Record:
    """Checks of every row of a recording, and its pictures."""
    checked = Record(tables={"checks": []})
    puncta, sections = measured.table("puncta"), measured.table("sections").to_dict("records")
    for number, (row, section) in enumerate(zip(recording.rows["synaptic_puncta"], sections, strict=True)):
        facts, name = recording.facts["fields"][number], section["recording"]
        rows = [
            *_image_checks(facts, saturated_pct),
            *_channel_checks(section, least_puncta, bleed_through_pct),
            *_field_checks(section, least_tissue_pct, displacement_um, chance_pct),
        ]
        about = {"recording": name, "animal": row["animal"]}
        checked.tables["checks"] += [check(**one, **about) for one in rows]
        own = puncta[puncta["field"].eq(number)]
        images = [recording.arrays[f"{number}.{side}"] for side in SIDES]
        pictures = _pictures(images, measured.arrays[f"{number}.tissue"], own, facts, section, picture_px)
        checked.figures.setdefault(name, []).extend(pictures)
    return checked


def _image_checks(facts: dict, saturated_pct: float) -> list[dict]:
    """What can be told from the images alone."""
    size = facts["pixel_size_um"]
    rows = [
        {
            "name": "pixel size",
            "value": size,
            "unit": "um",
            "high": COARSE_PIXEL_UM,
            "verdict": within(size, None, COARSE_PIXEL_UM),
            "message": f"A pixel is {size:.3g} um wide (from: {facts['scale_source']}). "
            f"Above {COARSE_PIXEL_UM:g} um puncta fall between pixels.",
        }
    ]
    for side in SIDES:
        share = facts["saturated_pct"][side]
        known = share is not None
        rows.append(
            {
                "name": "saturation",
                "value": share,
                "unit": "%",
                "place": side,
                "high": saturated_pct,
                "verdict": within(share, None, saturated_pct) if known else "pass",
                "message": f"{share:.2f} % of the pixels are saturated." if known else "Not known for this file.",
            }
        )
    for note in facts["notes"]:
        rows.append({"name": "file", "value": None, "verdict": "warn", "message": f"The file: {note}."})
    return rows


def _channel_checks(section: dict, least_puncta: int, bleed_through_pct: float) -> list[dict]:
    """Enough puncta in each channel, and light that stays in its own."""
    rows = []
    for side, other, leak in (
        ("pre", "post", section["bleed_pre_into_post_pct"]),
        ("post", "pre", section["bleed_post_into_pre_pct"]),
    ):
        count = section[f"{side}_puncta"]
        rows.append(
            {
                "name": "puncta",
                "value": count,
                "place": side,
                "low": least_puncta,
                "verdict": within(count, least_puncta, None),
                "message": f"{count} puncta, {section[f'{side}_z_median']:.1f} SD of the noise high (median).",
            }
        )
        known = math.isfinite(leak)
        rows.append(
            {
                "name": "bleed-through",
                "value": leak,
                "unit": "%",
                "place": f"{side} into {other}",
                "high": bleed_through_pct,
                "verdict": within(leak, None, bleed_through_pct) if known else "pass",
                "message": f"The {other} channel shows {leak:.1f} % of the light of the brightest {side} puncta."
                if known
                else "Too few puncta to tell.",
            }
        )
    return rows


def _field_checks(section: dict, least_tissue_pct: float, displacement_um: float, chance_pct: float) -> list[dict]:
    """The area, the match of the channels, and how far pairs are told from chance."""
    tissue = 100 * section["tissue_um2"] / section["field_um2"]
    moved, error = section["displacement_um"], section["displacement_error_um"]
    sure = math.isfinite(moved) and moved - 2 * error > displacement_um
    share = section["chance_colocalisation_pct"]
    return [
        {
            "name": "tissue",
            "value": tissue,
            "unit": "%",
            "low": least_tissue_pct,
            "verdict": within(tissue, least_tissue_pct, None),
            "message": f"{tissue:.0f} % of the field is tissue ({section['tissue_um2']:.0f} um2).",
        },
        {
            "name": "displacement",
            "value": moved,
            "unit": "um",
            "high": displacement_um,
            "verdict": "warn" if sure else "pass",
            "message": f"The channels lie {moved:.2f} um apart." if math.isfinite(moved) else "Too few pairs to tell.",
        },
        {
            "name": "chance",
            "value": share,
            "unit": "%",
            "high": chance_pct,
            "verdict": within(share, None, chance_pct),
            "message": f"{section['pairs']} pairs; chance alone makes {section['chance_pairs']:.0f} "
            f"({section['chance_pairs_low']:.0f} to {section['chance_pairs_high']:.0f}; "
            f"{section['rotated_pairs']:.0f} when turned).",
        },
    ]


def _pictures(
    images: list[np.ndarray], tissue: np.ndarray, puncta: pd.DataFrame, facts: dict, section: dict, picture_px: int
) -> list[Figure]:
    ringed = puncta.assign(radius_px=np.sqrt(puncta["area_um2"] / math.pi) / facts["pixel_size_um"])
    field = overlay.whole_field(*images, tissue, side_px=FIELD_PX)
    part = overlay.enlarged(*images, ringed, side_px=picture_px, zoom=ZOOM)
    width = images[0].shape[-1] * facts["pixel_size_um"]
    return [
        Figure(
            "Whole field",
            field,
            "image/webp",
            f"Magenta pre, green post; {width:.0f} um wide. Yellow: edge of the tissue.",
        ),
        Figure(
            "Enlarged: pre, post, both",
            part,
            "image/webp",
            f"White rings: pairs ({section['pairs']} in the field). Orange rings: puncta without a partner.",
        ),
    ]
