"""Check every picture of a group of membranes, and draw what its reviewer sees.

In: the blot and what was measured on it. Out: ``Checked``: checks, and figures by picture. Checks never change a value.
"""

from ketaflow.assays.western_blot.figures import blot_figures, correctable
from ketaflow.assays.western_blot.integrity import altered_pixels, band_checks, image_checks, membrane_checks
from ketaflow.assays.western_blot.model import Blot, Measured, QcSettings, Scan, ViewSummary
from ketaflow.core.results import Check, Checked, Figure, check

OVERLAY_CAPTION = (
    "The whole picture, bands dark. Blue: lanes and bands of targets as found; pink: saturated; orange: expected place "
    "of a band, or proposed lanes; green: given by a person; grey: other bands; yellow line: a straight jump. L "
    "ladder, P pool, D dilution, - blank."
)
PROFILE_CAPTION = (
    "Grey: strongest signal of each row, scaled to the lane's strongest band. Blue: mean of the rows, eight times "
    "enlarged and cut; orange: its baseline, enlarged alike. Below: boxes of targets, pink if saturated."
)
MAP_CAPTION = (
    "Volume over the median of the membrane's animals and pools, before loading is taken out; blue above, yellow "
    "below. s saturated, n no band found, f faint, b box drawn by a person."
)


def qc(blot: Blot, measured: Measured, settings: QcSettings) -> Checked:
    """Check the pictures of a group and draw them.

    Parameters
    ----------
    blot : Blot
        Scans, targets and lane maps.
    measured : Measured
        Bands, values and views of the group.
    settings : QcSettings
        Limits from which a check warns.

    Returns
    -------
    Checked
        Figures are keyed by picture.
    """
    checks = [
        check("readable", None, recording=image, verdict="fail", message=reason)
        for image, reason in blot.unreadable.items()
    ]
    for scan in blot.scans:
        checks += image_checks.scan_checks(scan, settings)
    for summary in measured.views:
        checks += _view_checks(blot, measured, summary, settings)
    checks += membrane_checks.loading_checks(measured, settings.loading_cv_pct)
    checks += membrane_checks.dilution_checks(blot, measured)
    checks += membrane_checks.exposure_checks(measured)
    checks += membrane_checks.pool_checks(blot, measured, settings.pool_cv_pct)
    checks += membrane_checks.transfer_checks(blot, measured, settings.transfer_change_pct)
    checks += membrane_checks.background_checks(measured, settings.background_change_pct)
    return Checked(checks=checks, figures=_figures(blot, measured, settings))


def _view_checks(blot: Blot, measured: Measured, summary: ViewSummary, settings: QcSettings) -> list[Check]:
    """Checks of the lanes and bands of one view."""
    view, bands = summary.view, measured.bands_of(summary.view)
    return [
        *band_checks.lane_checks(summary),
        *band_checks.ladder_checks(summary),
        *band_checks.band_checks(summary, bands, settings),
        *band_checks.mass_checks(summary, bands, settings.mass_off_pct),
        *image_checks.twin_checks(view, blot.scan(view.image, view.channel), settings.twin_correlation),
    ]


def _figures(blot: Blot, measured: Measured, settings: QcSettings) -> dict[str, list[Figure]]:
    """What the reviewer of each picture sees: the picture, its lanes' profiles, the map of its membrane."""
    made: dict[str, list[Figure]] = {}
    for scan in blot.scans:
        made.setdefault(scan.image, []).extend(_scan_figures(scan, measured, settings))
    for image, membrane in dict.fromkeys((one.view.image, one.view.membrane) for one in measured.views):
        bands = [band for band in measured.bands if band.membrane == membrane and band.target is not None]
        if bands:
            drawing = blot_figures.membrane_map(bands, blot.lane_map(membrane), settings.least_snr)
            made[image].append(Figure("What does each lane of the membrane hold?", drawing, caption=MAP_CAPTION))
    return made | {image: made.get(image, []) for image in blot.unreadable}


def _scan_figures(scan: Scan, measured: Measured, settings: QcSettings) -> list[Figure]:
    """The picture with its lanes and boxes, and the profiles of its lanes."""
    views = [one for one in measured.views if (one.view.image, one.view.channel) == (scan.image, scan.channel)]
    bands = [band for one in views for band in measured.bands_of(one.view)]
    seam = altered_pixels.seam(scan.pixels)
    seams = [seam.column] if seam.score > settings.splice_score else []
    picture, factor = blot_figures.plain_picture(scan.pixels)
    rows, columns = (size // factor * factor for size in scan.pixels.shape)
    over = correctable.overlay((rows, columns), views, bands, seams)
    figures = [Figure("Are lanes and bands where they belong?", picture, "image/webp", OVERLAY_CAPTION, overlay=over)]
    for one in views:
        if one.profiles is not None:
            drawing = blot_figures.profiles(one.profiles, one.view.top, measured.bands_of(one.view))
            figures.append(Figure("Does the baseline follow the background?", drawing, caption=PROFILE_CAPTION))
    return figures
