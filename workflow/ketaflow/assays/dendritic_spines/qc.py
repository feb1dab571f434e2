"""Checks of one image, and the picture its reviewer judges: the projection with shafts and spines drawn on it."""

from collections.abc import Iterator
from functools import partial
from typing import Any, Protocol

import numpy as np

from ketaflow.assays.dendritic_spines.constants import (
    MAX_AT_STACK_EDGE_PCT,
    MIN_MARKS_IN_CORNER,
    MIN_PLANES_OF_A_STACK,
    NUCLEAR_STAINS,
)
from ketaflow.assays.dendritic_spines.figures import depth_profile, overlay
from ketaflow.assays.dendritic_spines.model import (
    HUMAN_SCORES,
    DendriteImage,
    HumanMark,
    Measured,
    QcSettings,
    ShaftPoint,
)
from ketaflow.assays.dendritic_spines.raters.corrections import is_outside
from ketaflow.assays.dendritic_spines.tracing.image_properties import saturated_pct
from ketaflow.core.inputs import Rows
from ketaflow.core.results import Check, Checked, Figure, check, within

CAPTION = (
    "Brightest point of each column of the stack; saturated pixels magenta. Line: traced shaft. Circles: spines, as "
    "wide as their heads (blue mushroom, yellow thin, green stubby, pink filopodium); dashed: added or moved by a "
    "person. Dotted: a cell body, in which nothing is traced. Press the picture to see it without marks; point at a "
    "spine for its number and place."
)
DEPTH_CAPTION = (
    "Light along the traced shaft in each plane, as a share of the brightest plane; dots: depths of the spines. A "
    "curve that does not fall below half at both ends belongs to a dendrite cut by the first or last plane."
)


class MakeCheck(Protocol):
    """Makes a check of the image that is being judged."""

    def __call__(self, name: str, value: float | None, *, message: str, verdict: str, **limits: Any) -> Check:
        """Return the check."""


def qc(image: DendriteImage, measured: Measured, settings: QcSettings, *, rows: Rows) -> Checked:
    """Check exposure, noise, sampling, depth and length of an image, and draw what was found.

    Parameters
    ----------
    image : DendriteImage
        The image.
    measured : Measured
        What was found in it.
    settings : QcSettings
        Limits of the checks.
    rows : Rows
        ``dendritic_spines_human_scores`` of the image.

    Returns
    -------
    Checked
    """
    make: MakeCheck = partial(check, recording=image.recording, animal=image.animal)
    checks = [
        *_exposure_checks(image, settings, make),
        _sampling_check(image, settings, make),
        *_tracing_checks(measured, settings, make),
        *_channel_checks(image, make),
        *_plausibility_checks(image, measured, settings, make),
        *_depth_checks(measured.shafts, len(image.stack), make),
        *(
            make("correction_applied", None, verdict="warn", message=f"a correction was not applied: {reason}")
            for reason in measured.unmatched_corrections
        ),
        *_mark_checks(rows.of(HUMAN_SCORES, HumanMark), image, make),
        *(make("file_layout", None, verdict="warn", message=note) for note in image.notes),
    ]
    return Checked(checks, {image.recording: _figures(image, measured)})


def _figures(image: DendriteImage, measured: Measured) -> list[Figure]:
    """Draw the projection with what was found and, for a stack, the light over its depth."""
    pixels = image.stack.max(0)
    saturated = pixels >= (np.inf if image.saturation_level is None else image.saturation_level)
    content = overlay.projection_svg(pixels, saturated, image.pixel_size_um, measured)
    figures = [Figure("Is every spine found, and nothing else?", content, caption=CAPTION)]
    if len(image.stack) >= MIN_PLANES_OF_A_STACK and measured.shafts and image.z_step_um is not None:
        depths_um = measured.spines["z_px"].to_numpy(float) * image.z_step_um if len(measured.spines) else np.zeros(0)
        light = depth_profile.shaft_light(image.stack, measured.shafts)
        content = depth_profile.depth_chart(light, image.z_step_um, depths_um)
        figures.append(Figure("Does the stack hold the whole depth of the dendrite?", content, caption=DEPTH_CAPTION))
    return figures


def _mark_checks(marks: list[HumanMark], image: DendriteImage, make: MakeCheck) -> Iterator[Check]:
    """Check for raters with marks outside the image, or all in the corner where micrometres taken for pixels lie."""
    height, width = image.stack.shape[1:]
    for rater in sorted({mark.rater for mark in marks}):
        own = [mark for mark in marks if mark.rater == rater]
        outside = sum(is_outside(mark, (height, width)) for mark in own)
        corner_y, corner_x = height * image.pixel_size_um, width * image.pixel_size_um
        in_corner = all(mark.y_px <= corner_y and mark.x_px <= corner_x for mark in own)
        if outside:
            message = f"{outside} of {len(own)} marks of a rater lie outside the image of {width} x {height} pixels"
            yield make("human_marks", outside, high=0, verdict="warn", message=message)
        elif in_corner and len(own) >= MIN_MARKS_IN_CORNER:
            message = "all marks of a rater lie in the upper left corner, as micrometres do that are entered for pixels"
            yield make("human_marks", None, verdict="warn", message=message)


def _exposure_checks(image: DendriteImage, settings: QcSettings, make: MakeCheck) -> Iterator[Check]:
    """Check saturation, where the level is known."""
    if image.saturation_level is None:
        return
    share, most = saturated_pct(image.stack, image.saturation_level), settings.max_saturated_pct
    message = f"{share:.1f} % of the bright pixels are saturated"
    yield make("saturated_pct", share, unit="%", high=most, verdict=within(share, None, most), message=message)


def _sampling_check(image: DendriteImage, settings: QcSettings, make: MakeCheck) -> Check:
    """Check the size of a pixel."""
    size_um, most_um = image.pixel_size_um, settings.max_pixel_size_um
    message = f"a pixel is {size_um:.3g} um ({image.scale_source})"
    if size_um > most_um:
        message += "; too coarse for head diameters and classes, the density may be used"
    verdict = within(size_um, None, most_um)
    return make("pixel_size_um", size_um, unit="um", high=most_um, verdict=verdict, message=message)


def _tracing_checks(measured: Measured, settings: QcSettings, make: MakeCheck) -> Iterator[Check]:
    """Check the length of the dendrites, and the brightness of their shafts in noise."""
    branches, least_um, least_snr = measured.dendrites, settings.min_length_um, settings.min_snr_ratio
    if not branches:
        message = "no dendrite was found in the image"
        yield make("dendrite_length_um", None, unit="um", low=least_um, verdict="fail", message=message)
        return
    lengths_um = np.array([branch.length_um for branch in branches])
    length_um = float(lengths_um.sum())
    snr = float(np.average([branch.brightness for branch in branches], weights=lengths_um)) / measured.noise
    message = f"{length_um:.1f} um of dendrite in {len(branches)} branch{'es' * (len(branches) != 1)}"
    verdict = within(length_um, least_um, None)
    yield make("dendrite_length_um", length_um, unit="um", low=least_um, verdict=verdict, message=message)
    message = f"the shaft is {snr:.1f} standard deviations of the noise brighter than the background"
    yield make("snr", snr, low=least_snr, verdict=within(snr, least_snr, None), message=message)


def _channel_checks(image: DendriteImage, make: MakeCheck) -> Iterator[Check]:
    """Check that the channel is not named like a stain of nuclei."""
    name = image.channel.lower()
    if any(stain in name for stain in NUCLEAR_STAINS):
        message = f"channel {image.channel} is named like a stain of nuclei; is it the one of the dendrite?"
        yield make("channel_name", None, verdict="warn", message=message)


def _plausibility_checks(
    image: DendriteImage, measured: Measured, settings: QcSettings, make: MakeCheck
) -> Iterator[Check]:
    """Check that what was traced has the sizes of a dendrite and its spines, and name the likely cause if not."""
    branches = measured.dendrites
    if not branches:
        return
    scale = f"is a pixel {image.pixel_size_um:.3g} um wide ({image.scale_source})?"
    channel = f"is channel {image.channel} the one of the dendrite?"
    lengths_um = [branch.length_um for branch in branches]
    radius_um = float(np.average([branch.radius_um for branch in branches], weights=lengths_um))
    ratio, most = measured.foreground_ratio, settings.max_foreground_ratio
    crowded = within(ratio, None, most) != "pass"
    low, high = settings.min_shaft_radius_um, settings.max_shaft_radius_um
    verdict = within(radius_um, low, high)
    message = f"the mean half width of the shafts is {radius_um:.2f} um"
    if verdict != "pass":
        what = "axons or noise" if radius_um < low else "cell bodies or vessels"
        message += f", plausible are {low:g} to {high:g}; {what}, or a wrong scale: {scale}"
    # Where the shafts have the width of dendrites, nothing tells a wrong channel from a wrong scale.
    cause = scale if verdict != "pass" else channel if crowded else f"{channel} {scale[0].upper()}{scale[1:]}"
    yield make("shaft_radius_um", radius_um, unit="um", low=low, high=high, verdict=verdict, message=message)
    message = f"the bright area is {ratio:.1f} times that of the traced shafts"
    if crowded:
        message += f", plausible is up to {most:g}; the image may show nuclei, puncta or haze: {channel}"
    yield make("foreground_ratio", ratio, high=most, verdict=within(ratio, None, most), message=message)
    if not len(measured.spines):
        return
    for column, limit, what in (
        ("head_diameter_um", settings.max_head_um, "diameter of the heads"),
        ("length_um", settings.max_spine_um, "length of the spines"),
    ):
        mean_um = float(measured.spines[column].mean())
        verdict = within(mean_um, None, limit)
        message = f"the mean {what} is {mean_um:.2f} um"
        if verdict != "pass":
            message += f", plausible is up to {limit:g}; {cause}"
        yield make(f"mean_{column}", mean_um, unit="um", high=limit, verdict=verdict, message=message)


def _depth_checks(shafts: list[ShaftPoint], planes: int, make: MakeCheck) -> Iterator[Check]:
    """Check for a shaft along the first or last plane, whose spines lie partly outside the stack."""
    if planes < MIN_PLANES_OF_A_STACK or not shafts:
        return
    at_edge = [point.z_px <= 0.5 or point.z_px >= planes - 1.5 for point in shafts]
    share = float(np.mean(at_edge) * 100)
    message = f"{share:.0f} % of the shaft lies in the first or last plane"
    verdict = within(share, None, MAX_AT_STACK_EDGE_PCT)
    yield make("shaft_at_stack_edge_pct", share, unit="%", high=MAX_AT_STACK_EDGE_PCT, verdict=verdict, message=message)
