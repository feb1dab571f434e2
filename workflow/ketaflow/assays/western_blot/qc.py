"""Checks of every picture of a group of membranes, and what its reviewer sees.

In: the scans and what was measured on them. Out: ``checks`` and figures by picture. Doubts are told, values are kept.
"""

import pandas as pd

from ketaflow.assays.western_blot.bands.membrane_view import lane_map
from ketaflow.assays.western_blot.figures import blot_figures
from ketaflow.assays.western_blot.integrity import altered_pixels, band_checks, image_checks, membrane_checks
from ketaflow.core.measures import check
from ketaflow.core.records import Figure, Record

OVERLAY_CAPTION = (
    "The whole picture, bands dark. Blue: band of a target as found; pink: saturated; orange: where it should be; "
    "green: drawn by a person; grey: other bands; yellow line: a straight jump. L ladder, P pool, D dilution, - blank."
)
PROFILE_CAPTION = (
    "Grey: strongest signal of each row, scaled to the lane's strongest band. Blue: mean of the rows, eight times "
    "enlarged and cut; orange: its background, enlarged alike. Below: boxes of targets, pink if saturated."
)
MAP_CAPTION = (
    "Volume over the median of the membrane's animals and pools, before loading is taken out; blue above, yellow "
    "below. s saturated, n no band seen, f faint, b box drawn by a person."
)


def qc(
    recording: Record,
    measured: Record,
    *,
    background_difference_pct: float,
    loading_cv_pct: float,
    pool_cv_pct: float,
    mass_off_pct: float,
    twin_correlation: float,
    splice_score: float,
    jpeg_score: float,
    least_snr: float,
    histogram_gaps_pct: float,
    transfer_change_pct: float,
    background_change_pct: float,
) -> Record:
    """Check the pictures of a group and draw them."""
    bands, views = measured.table("bands"), measured.facts["views"]
    checks = []
    for image, reason in recording.facts["unreadable"].items():
        checks.append(check("readable", None, recording=image, verdict="fail", message=reason))
    for scan in recording.facts["scans"]:
        signal = recording.arrays[scan["key"]]
        checks += image_checks.scan_checks(scan, signal, splice_score, histogram_gaps_pct, jpeg_score)
    for view in views:
        own = _of_view(bands, view)
        checks += band_checks.lane_checks(view, recording)
        checks += band_checks.band_checks(
            view, own, recording, background_difference_pct=background_difference_pct, least_snr=least_snr
        )
        checks += band_checks.mass_checks(view, own, recording, mass_off_pct)
        checks += image_checks.twin_checks(view, recording, twin_correlation)
    checks += membrane_checks.loading_checks(measured, loading_cv_pct) + membrane_checks.dilution_checks(measured)
    checks += membrane_checks.exposure_checks(measured)
    checks += membrane_checks.pool_checks(recording, measured, pool_cv_pct)
    checks += membrane_checks.transfer_checks(recording, measured, transfer_change_pct)
    checks += membrane_checks.background_checks(measured, background_change_pct)
    return Record(tables={"checks": checks}, figures=_figures(recording, measured, bands, splice_score, least_snr))


def _of_view(bands: pd.DataFrame, view: dict) -> pd.DataFrame:
    if bands.empty:
        return bands
    same = bands["image"].eq(view["image"]) & bands["membrane"].eq(view["membrane"])
    channel = bands["channel"].isna() if view["channel"] is None else bands["channel"].eq(view["channel"])
    return bands[same & channel]


def _figures(
    recording: Record, measured: Record, bands: pd.DataFrame, splice_score: float, least_snr: float
) -> dict[str, list[Figure]]:
    """What the reviewer of each picture sees: the picture, its lanes' profiles, the map of its membrane."""
    made: dict[str, list[Figure]] = {}
    for scan in recording.facts["scans"]:
        views = [
            view for view in measured.facts["views"]
            if (view["image"], view["channel"]) == (scan["image"], scan["channel"])
        ]  # fmt: skip
        own = [row for view in views for row in _of_view(bands, view).to_dict("records")]
        kinds = {view["membrane"]: [row["sample"] for row in lane_map(recording, view["membrane"])] for view in views}
        signal = recording.arrays[scan["key"]]
        score, column = altered_pixels.seam(signal)
        picture = blot_figures.overlay(signal, views, own, kinds, [column] if score > splice_score else [])
        shown = made.setdefault(scan["image"], [])
        shown.append(Figure("Are lanes and bands where they belong?", picture, "image/webp", OVERLAY_CAPTION))
        for view in views:
            if view["profiles"]:
                stack, boxes = measured.arrays[view["profiles"]], _of_view(bands, view).to_dict("records")
                drawing = blot_figures.profiles(stack, view["methods"], view["top"], boxes)
                shown.append(Figure("Does the baseline follow the background?", drawing, caption=PROFILE_CAPTION))
    for image, membrane in dict.fromkeys((view["image"], view["membrane"]) for view in measured.facts["views"]):
        rows = bands[bands["membrane"].eq(membrane) & bands["target"].notna()] if len(bands) else bands
        if len(rows):
            kinds = [row["sample"] for row in lane_map(recording, membrane)]
            drawing = blot_figures.membrane_map(rows.to_dict("records"), kinds, least_snr)
            made[image].append(Figure("What does each lane of the membrane hold?", drawing, caption=MAP_CAPTION))
    for image in recording.facts["unreadable"]:
        made.setdefault(image, [])
    return made
