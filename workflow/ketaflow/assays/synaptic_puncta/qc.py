"""Check each field and show it: sharp, unsaturated, two independent channels, pairs beyond chance?

In: the channels and what was measured. Out: checks with their limits, and figures that a reviewer can judge without
knowing animal or arm.
"""

import math
from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from ketaflow.assays.synaptic_puncta import constants
from ketaflow.assays.synaptic_puncta.figures import field_images
from ketaflow.assays.synaptic_puncta.model import SIDES, Field, Fields, Measured, QcSettings, Section
from ketaflow.core.results import Check, Checked, Figure, check, within

# ``check`` for one recording of one animal.
CheckOf = Callable[..., Check]


def qc(fields: Fields, measured: Measured, settings: QcSettings) -> Checked:
    """Check every field of a recording, and draw it.

    Parameters
    ----------
    fields : Fields
        The fields.
    measured : Measured
        What ``quantify`` found in them.
    settings : QcSettings
        Settings ``synaptic_puncta.qc``: the limits of the checks.

    Returns
    -------
    Checked
        Checks of all fields, and for each recording two figures per field: the whole field, and a part enlarged.
    """
    checks: list[Check] = []
    figures: dict[str, list[Figure]] = {}
    for number, (field, section) in enumerate(zip(fields.fields, measured.sections, strict=True)):
        check_of = partial(check, recording=field.recording, animal=field.animal)
        checks += _image_checks(field, settings, check_of)
        checks += _channel_checks(section, settings, check_of)
        checks += _field_checks(section, settings, check_of)
        puncta = measured.puncta[measured.puncta["field"].eq(number)]
        drawn = _figures(field, section, puncta, measured.tissue[number], settings.picture_px)
        figures.setdefault(field.recording, []).extend(drawn)
    return Checked(checks, figures)


def _image_checks(field: Field, settings: QcSettings, check_of: CheckOf) -> list[Check]:
    """Checks of the images alone: pixel size, saturation, doubts about the files."""
    size, limit = field.pixel_size_um, settings.coarse_pixel_um
    rows = [
        check_of(
            "pixel size",
            size,
            unit="um",
            high=limit,
            verdict=within(size, None, limit),
            message=f"A pixel is {size:.3g} um wide (from: {field.scale_source}). "
            f"Above {limit:g} um puncta fall between pixels.",
        )
    ]
    for side in SIDES:
        share = field.channel(side).saturated_pct
        rows.append(
            check_of(
                "saturation",
                share,
                unit="%",
                place=side,
                high=settings.saturated_pct,
                verdict="pass" if share is None else within(share, None, settings.saturated_pct),
                message="Not known for this file." if share is None else f"{share:.2f} % of the pixels are saturated.",
            )
        )
    rows += [check_of("file", None, verdict="warn", message=f"The file: {note}.") for note in field.notes]
    return rows


def _channel_checks(section: Section, settings: QcSettings, check_of: CheckOf) -> list[Check]:
    """Checks of each channel: enough puncta, and no light of the other channel."""
    rows = []
    for side, other, count, z_median, bleed in (
        ("pre", "post", section.pre_puncta, section.pre_z_median, section.bleed_pre_into_post_pct),
        ("post", "pre", section.post_puncta, section.post_z_median, section.bleed_post_into_pre_pct),
    ):
        rows.append(
            check_of(
                "puncta",
                count,
                place=side,
                low=settings.least_puncta,
                verdict=within(count, settings.least_puncta, None),
                message=f"{count} puncta, {z_median:.1f} SD of the noise high (median).",
            )
        )
        known = math.isfinite(bleed)
        rows.append(
            check_of(
                "bleed-through",
                bleed,
                unit="%",
                place=f"{side} into {other}",
                high=settings.bleed_through_pct,
                verdict=within(bleed, None, settings.bleed_through_pct) if known else "pass",
                message=f"The {other} channel shows {bleed:.1f} % of the light of the brightest {side} puncta."
                if known
                else "Too few puncta to tell.",
            )
        )
    return rows


def _field_checks(section: Section, settings: QcSettings, check_of: CheckOf) -> list[Check]:
    """Checks of the field: its tissue, the displacement of the channels, pairs by chance."""
    tissue_pct = 100 * section.tissue_um2 / section.field_um2
    displacement = section.displacement_um
    known = math.isfinite(displacement)
    significant = known and displacement - 2 * section.displacement_error_um > settings.displacement_um
    return [
        check_of(
            "tissue",
            tissue_pct,
            unit="%",
            low=settings.least_tissue_pct,
            verdict=within(tissue_pct, settings.least_tissue_pct, None),
            message=f"{tissue_pct:.0f} % of the field is tissue ({section.tissue_um2:.0f} um2).",
        ),
        check_of(
            "displacement",
            displacement,
            unit="um",
            high=settings.displacement_um,
            verdict="warn" if significant else "pass",
            message=f"The channels lie {displacement:.2f} um apart." if known else "Too few pairs to tell.",
        ),
        check_of(
            "chance",
            section.chance_colocalisation_pct,
            unit="%",
            high=settings.chance_pct,
            verdict=within(section.chance_colocalisation_pct, None, settings.chance_pct),
            message=f"{section.pairs} pairs; chance alone makes {section.chance_pairs:.0f} "
            f"({section.chance_pairs_low:.0f} to {section.chance_pairs_high:.0f}; "
            f"{section.rotated_pairs:.0f} when turned).",
        ),
    ]


def _figures(field: Field, section: Section, puncta: pd.DataFrame, tissue: np.ndarray, side_px: int) -> list[Figure]:
    """The whole field, and its middle enlarged with a ring around every punctum."""
    pre, post = field.pre.pixels, field.post.pixels
    radius_px = np.sqrt(puncta["area_um2"] / math.pi) / field.pixel_size_um
    return [
        Figure(
            "Whole field",
            field_images.whole_field(pre, post, tissue, side_px=constants.FIELD_FIGURE_PX),
            "image/webp",
            f"Magenta pre, green post; {pre.shape[-1] * field.pixel_size_um:.0f} um wide. Yellow: edge of the tissue.",
        ),
        Figure(
            "Enlarged: pre, post, both",
            field_images.enlarged(
                pre, post, puncta.assign(radius_px=radius_px), side_px=side_px, zoom=constants.ENLARGEMENT
            ),
            "image/webp",
            f"White rings: pairs ({section.pairs} in the field). Orange rings: puncta without a partner.",
        ),
    ]
