"""Check each field and show it: sharp, unsaturated, specific, independent channels, pairs beyond chance?

In: the channels and what was measured. Out: checks with their limits, and figures that a reviewer can judge without
knowing animal or arm.
"""

import math
from functools import partial
from itertools import islice

import numpy as np
import pandas as pd

from ketaflow.assays.synaptic_puncta import constants
from ketaflow.assays.synaptic_puncta.detection.coverage import covered_share
from ketaflow.assays.synaptic_puncta.figures import field_images
from ketaflow.assays.synaptic_puncta.model import Channel, Field, Fields, MarkerRow, Measured, QcSettings, Section
from ketaflow.core.images.checks import ChannelSaturation, CheckOf, file_checks, pixel_size_check, saturation_check
from ketaflow.core.results import Check, Checked, Figure, check, within

# Bleed-through is measured at the brightest share of the puncta, which must be numerous enough.
_MIN_PUNCTA_FOR_BLEED = math.ceil(constants.MIN_CROSSTALK_PUNCTA / constants.BRIGHTEST_SHARE)


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
    markers = iter(measured.markers)
    for number, (field, section) in enumerate(zip(fields.fields, measured.sections, strict=True)):
        check_of = partial(check, recording=field.recording, animal=field.animal)
        checks += _image_checks(field, settings, check_of)
        for marker in islice(markers, len(field.channels)):
            checks += _marker_checks(marker, section, settings, check_of)
        if field.post is not None:
            checks += _pair_checks(section, settings, check_of)
        puncta = measured.puncta[measured.puncta["field"].eq(number)]
        checks.append(
            _tissue_check(section, _covered_share(field, puncta, measured.tissue[number]), settings, check_of)
        )
        drawn = _figures(field, section, puncta, measured.tissue[number], settings.picture_px)
        figures.setdefault(field.recording, []).extend(drawn)
    return Checked(checks, figures)


def _image_checks(field: Field, settings: QcSettings, check_of: CheckOf) -> list[Check]:
    """Checks of the images alone: pixel size, saturation, doubts about the files."""
    rows = [
        pixel_size_check(
            check_of,
            field.pixel_size_um,
            field.scale_source,
            high_um=settings.coarse_pixel_um,
            consequence="puncta fall between pixels",
        )
    ]
    for side, channel in field.channels.items():
        found = ChannelSaturation(channel.saturated_pct, "pixels are saturated", side)
        rows.append(saturation_check(check_of, found, high_pct=settings.saturated_pct))
        rows.append(_black_level_check(side, channel, check_of))
    return rows + file_checks(check_of, field.notes)


def _black_level_check(side: str, channel: Channel, check_of: CheckOf) -> Check:
    """Check that the noise of the background was not clipped.

    The noise is taken from the quantile that lies one standard deviation below the median. Where a larger share of the
    pixels has the lowest value, that quantile is the lowest value, and the noise is unknown.
    """
    lowest = channel.pixels.min()
    share, limit = 100 * float(np.mean(channel.pixels == lowest)), 100 * constants.SHARE_BELOW_ONE_SD
    clipped = " The black level was clipped: the noise is unknown, faint puncta are missed or specks are counted."
    return check_of(
        "black level",
        share,
        unit="%",
        place=side,
        high=limit,
        verdict=within(share, None, limit),
        message=f"{share:.3g} % of the pixels have the lowest value, {lowest:g}." + (clipped if share > limit else ""),
    )


def _covered_share(field: Field, puncta: pd.DataFrame, tissue: np.ndarray) -> float:
    """Share of the tissue in which puncta are about as dense as elsewhere; 1 where they are too few to tell."""
    own = puncta.loc[puncta["in_tissue"], ["y_px", "x_px"]].to_numpy(float)
    share = covered_share((own + 0.5) / field.pre.pixels.shape[-2:], tissue)
    return share if math.isfinite(share) else 1.0


def _tissue_check(section: Section, covered: float, settings: QcSettings, check_of: CheckOf) -> Check:
    """Check that enough of the measured area is tissue with puncta."""
    tissue_pct = 100 * section.tissue_um2 / section.region_um2 if section.region_um2 else 0.0
    of = "field" if section.region_um2 == section.field_um2 else f"measured region ({section.region_um2:.0f} um2)"
    share, low = covered * tissue_pct, settings.least_tissue_pct
    message = (
        f"{tissue_pct:.0f} % of the {of} is tissue ({section.tissue_um2:.0f} um2), of which {100 * covered:.0f} % "
        "holds puncta about as densely as the rest."
    )
    if share < low <= tissue_pct:
        message += " An empty part lowers every density: measure the other part as a region of interest."
    return check_of("tissue", share, unit="%", low=low, verdict=within(share, low, None), message=message)


def _marker_checks(marker: MarkerRow, section: Section, settings: QcSettings, check_of: CheckOf) -> list[Check]:
    """Checks of one marker: enough puncta, and few of them without the primary antibody."""
    z_median = section.pre_z_median if marker.channel == "pre" else section.post_z_median
    rows = [
        check_of(
            "puncta",
            marker.puncta,
            place=marker.channel,
            low=settings.least_puncta,
            verdict=within(marker.puncta, settings.least_puncta, None),
            message=f"{marker.puncta} puncta; their median height is {z_median:.1f} SD of the noise."
            if marker.puncta
            else "No punctum was found.",
        )
    ]
    if math.isfinite(marker.control_density_per_um2) and marker.puncta:
        share = 100 * marker.control_density_per_um2 / marker.puncta_density_per_um2
        rows.append(
            check_of(
                "secondary only",
                share,
                unit="%",
                place=marker.channel,
                high=settings.secondary_only_pct,
                verdict=within(share, None, settings.secondary_only_pct),
                message=f"Secondary-only images show {marker.control_density_per_um2:.3g} puncta per um2, "
                f"{share:.0f} % of the density here.",
            )
        )
    return rows


def _pair_checks(section: Section, settings: QcSettings, check_of: CheckOf) -> list[Check]:
    """Checks of two channels: bleed-through, their displacement, pairs by chance."""
    rows = []
    for place, bleed in (
        ("pre into post", section.bleed_pre_into_post_pct),
        ("post into pre", section.bleed_post_into_pre_pct),
    ):
        bright, other = place.split(" into ")
        known = math.isfinite(bleed)
        rows.append(
            check_of(
                "bleed-through",
                bleed,
                unit="%",
                place=place,
                high=settings.bleed_through_pct,
                verdict=within(bleed, None, settings.bleed_through_pct) if known else "pass",
                message=f"{bleed:.1f} % of the light of the brightest {bright} puncta appears in the {other} channel."
                if known
                else f"Not estimated: fewer than {_MIN_PUNCTA_FOR_BLEED} {bright} puncta.",
            )
        )
    displacement = section.displacement_um
    known = math.isfinite(displacement)
    significant = known and displacement - 2 * section.displacement_error_um > settings.displacement_um
    return [
        *rows,
        check_of(
            "displacement",
            displacement,
            unit="um",
            high=settings.displacement_um,
            verdict="warn" if significant else "pass",
            message=f"The channels are displaced by {displacement:.2f} um."
            if known
            else f"Not estimated: fewer than {constants.MIN_CROSSTALK_PUNCTA} pairs.",
        ),
        check_of(
            "chance",
            section.chance_colocalisation_pct,
            unit="%",
            high=settings.chance_pct,
            verdict=within(section.chance_colocalisation_pct, None, settings.chance_pct),
            message=f"{section.pairs} pairs; {section.chance_pairs:.0f} ({section.chance_pairs_low:.0f} to "
            f"{section.chance_pairs_high:.0f}) are expected by chance from shifts, {section.rotated_pairs:.0f} from "
            "rotations.",
        ),
    ]


def _figures(field: Field, section: Section, puncta: pd.DataFrame, tissue: np.ndarray, side_px: int) -> list[Figure]:
    """The whole field, and its middle enlarged with a ring around every punctum."""
    pixels, pixel_um = [channel.pixels for channel in field.channels.values()], field.pixel_size_um
    rings = puncta.assign(radius_px=np.sqrt(puncta["area_um2"] / math.pi) / pixel_um)
    single = len(pixels) == 1
    whole = field_images.whole_field(pixels, tissue, pixel_um=pixel_um, side_px=constants.FIELD_FIGURE_PX)
    part = field_images.enlarged(pixels, rings, pixel_um=pixel_um, side_px=side_px, zoom=constants.ENLARGEMENT)
    return [
        Figure(
            "Whole field",
            whole,
            caption=f"{pixels[0].shape[-1] * pixel_um:.0f} µm wide. Yellow: edge of the measured area."
            + ("" if single else " Magenta: pre; green: post."),
        ),
        Figure(
            "Enlarged" if single else "Enlarged: pre, post, both",
            part,
            caption=(
                "Rings: puncta."
                if single
                else f"White rings: pairs ({section.pairs} in the field). Orange rings: puncta without a partner."
            )
            + " Press the picture to hide them.",
        ),
    ]
