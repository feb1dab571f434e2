"""Checks of every picture of a group of membranes, and what its reviewer sees.

In: the scans and what was measured on them. Out: ``checks`` and figures by picture. Doubts are told, values are kept.
"""

import numpy as np
import pandas as pd

from ketaflow.assays.western_blot import figures, integrity, membrane_checks
from ketaflow.assays.western_blot.pictures import lane_map
from ketaflow.core.measures import check, within
from ketaflow.core.records import Figure, Record

TWIN_COLUMNS, TWIN_ROWS = 48, 600
# A mass this many times beyond the ladder's last band is read off a curve that nothing supports.
FAR_BEYOND = 1.25

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
        checks += _scan_checks(scan, recording.arrays[scan["key"]], splice_score, histogram_gaps_pct, jpeg_score)
    for view in views:
        own = _of_view(bands, view)
        animals = {int(row["lane"]): row["animal"] for row in lane_map(recording, view["membrane"])}
        checks += _lane_checks(view, recording)
        checks += _band_checks(view, own, animals, recording, background_difference_pct, least_snr)
        checks += _mass_checks(view, own, recording, mass_off_pct) + _twin_checks(view, recording, twin_correlation)
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


def _scan_checks(
    scan: dict, signal: np.ndarray, splice_score: float, gaps_limit: float, jpeg_score: float
) -> list[dict]:
    """How the picture was stored, and whether it looks worked on."""
    image, place = scan["image"], "" if scan["channel"] is None else f"channel {scan['channel']}"
    bits, gaps = scan["bits"], scan["histogram_gaps_pct"]
    made = [
        check(
            "bit_depth", bits, recording=image, place=place, low=10, unit="bits", verdict=within(bits, 10, None),
            message=f"{bits:.0f}-bit {scan['format']}" + ("" if bits >= 10 else ": export 16-bit TIFF from the imager"),
        ),
        _lossless_check(scan, signal, jpeg_score, image, place),
        check(
            "polarity", scan["polarity_clearness"], recording=image, place=place,
            verdict="warn" if scan["polarity_unsure"] else "pass",
            message=f"bands taken as {scan['polarity']} ({scan['polarity_source']})"
            + ("; enter the column polarity to be sure" if scan["polarity_unsure"] else ""),
        ),
    ]  # fmt: skip
    if scan.get("colour"):
        made.append(
            check("grey", 0.0, recording=image, place=place, verdict="warn", message="a colour picture, not a scan")
        )
    if np.isfinite(gaps):
        message = "some values are never taken: contrast was stretched, please check" if gaps > gaps_limit else "even"
        made.append(
            check(
                "histogram_gaps", gaps, recording=image, place=place, unit="%", high=gaps_limit,
                verdict=within(gaps, None, gaps_limit), message=message,
            )
        )  # fmt: skip
    score, at = integrity.seam(signal)
    message = f"a straight jump at column {at}: please check" if score > splice_score else "no straight jump"
    made.append(
        check(
            "seam", score, recording=image, place=place, high=splice_score, verdict=within(score, None, splice_score),
            message=message,
        )
    )  # fmt: skip
    return made


def _lossless_check(scan: dict, signal: np.ndarray, limit: float, image: str, place: str) -> dict:
    """Whether the picture is, or once was, a JPEG."""
    score = integrity.jpeg_grid(signal)
    message = "stored without loss"
    if scan.get("lossy"):
        message = "JPEG changes what it stores: export TIFF"
    elif score > limit:
        message = f"the blocks of JPEG show although the file is {scan['format']}: please check, export TIFF anew"
    return check(
        "lossless", score, recording=image, place=place, high=limit, message=message,
        verdict="pass" if message == "stored without loss" else "warn",
    )  # fmt: skip


def _lane_checks(view: dict, recording: Record) -> list[dict]:
    lanes, comb = lane_map(recording, view["membrane"]), view.get("comb")
    place = f"membrane {view['membrane']}"
    if comb is None:
        message = f"lanes not found: {view['refusal']}. Draw boxes in western_blot_boxes, or correct the lane map."
        return [check("lanes", None, recording=view["image"], place=place, verdict="fail", message=message)]
    count = len(lanes)
    message = f"{count} lanes found"
    if view["borrowed"]:
        message = f"{view['refusal']}; lanes taken from another picture of this membrane"
    verdict = "warn" if view["borrowed"] else "pass"
    return [check("lanes", comb["margin"], recording=view["image"], place=place, verdict=verdict, message=message)]


def _band_checks(
    view: dict,
    bands: pd.DataFrame,
    animals: dict,
    recording: Record,
    background_difference_pct: float,
    least_snr: float,
) -> list[dict]:
    """Saturation lane by lane; faint lanes, boxes and backgrounds target by target."""
    made = []
    for name in view["lost"]:
        message = f"{name}: {view['chosen'][name]}"
        made.append(check("target_found", None, recording=view["image"], place=name, verdict="fail", message=message))
    named = bands[bands["target"].notna()] if len(bands) else bands
    for target, rows in named.groupby("target") if len(named) else ():
        for row in rows[rows["saturated_pct"] > 0].itertuples():
            animal = animals.get(int(row.lane))
            message = f"{target}, lane {row.lane}: {row.saturated_pct:.1f} % of the box is at the detector's ceiling"
            made.append(
                check(
                    "saturated", row.saturated_pct, recording=view["image"], animal=animal, unit="%",
                    high=0, place=f"lane {row.lane} {target}", verdict="warn", message=message,
                )
            )  # fmt: skip
        drawn = int(rows["box"].eq("given").sum())
        if drawn:
            message = f"{target}: {drawn} of {len(rows)} boxes were drawn by a person"
            made.append(check("boxes", drawn, recording=view["image"], place=target, verdict="pass", message=message))
        empty = rows[rows["box"].eq("expected")]
        if len(empty):
            message = f"{target}: no band seen in lane {', '.join(str(lane) for lane in empty['lane'])}"
            made.append(
                check("empty", len(empty), recording=view["image"], place=target, verdict="warn", message=message)
            )
        seen = rows[rows["box"].ne("expected") & rows["snr"].notna()]
        if len(seen):
            faint = seen[seen["snr"] < least_snr]
            message = f"{target}: bands stand {seen['snr'].median():.0f} times above the noise"
            if len(faint):
                message = f"{target}: faint in lane {', '.join(str(lane) for lane in faint['lane'])}"
            made.append(
                check(
                    "snr", float(seen["snr"].min()), recording=view["image"], place=target, low=least_snr,
                    verdict="warn" if len(faint) else "pass", message=message,
                )
            )  # fmt: skip
        strong = rows[rows["volume"] > 0]
        if len(strong):
            change = 100 * float(np.median(np.abs(strong["volume_other_background"] / strong["volume"] - 1)))
            message = f"{target}: volumes differ by {change:.0f} % between the two backgrounds"
            made.append(
                check(
                    "background", change, recording=view["image"], place=target, unit="%", message=message,
                    high=background_difference_pct, verdict=within(change, None, background_difference_pct),
                )
            )  # fmt: skip
    return made


def _mass_checks(view: dict, bands: pd.DataFrame, recording: Record, limit: float) -> list[dict]:
    """Where the ladder puts each target."""
    if not len(bands) or "ladder" not in view:
        return []
    made = []
    for target, rows in bands[bands["target"].notna()].groupby("target"):
        expected, seen = recording.facts["kda"].get(target), rows["kda"].dropna()
        if not expected or seen.empty:
            continue
        off = 100 * (float(seen.median()) / expected - 1)
        message = f"{target}: runs at {seen.median():.0f} kDa, expected {expected:g}"
        beyond = target in view["beyond_ladder"]
        message += "; beyond the ladder, extrapolated" if beyond else ""
        kda = view["ladder"]["kda"]
        far = max(expected / max(kda), min(kda) / expected) > FAR_BEYOND
        verdict = "warn" if far else within(off, -limit, limit)
        made.append(
            check(
                "mass", off, recording=view["image"], place=target, unit="%", low=-limit, high=limit, verdict=verdict,
                message=message,
            )
        )  # fmt: skip
    return made


def _twin_checks(view: dict, recording: Record, limit: float) -> list[dict]:
    """Lanes that agree down to their noise."""
    comb = view.get("comb")
    scan = next(
        scan
        for scan in recording.facts["scans"]
        if (scan["image"], scan["channel"]) == (view["image"], view["channel"])
    )
    if comb is None or len(comb["centres"]) < 2:
        return []
    signal = recording.arrays[scan["key"]][view["top"] : view["bottom"]]
    half = int(min(comb["pitch"] * 0.3, TWIN_COLUMNS / 2))
    step = max(1, len(signal) // TWIN_ROWS)
    lefts = [int(np.clip(round(centre) - half, 0, signal.shape[1] - 2 * half)) for centre in comb["centres"]]
    if half < 3 or min(lefts) < 0:
        return []
    cut = np.array([signal[: len(signal) // step * step : step, left : left + 2 * half] for left in lefts], np.float32)
    pairs = integrity.twins(cut, list(range(1, len(lefts) + 1)))
    return [
        check(
            "near_identical_lanes", score, recording=view["image"], place=f"lanes {one} and {other}", high=limit,
            verdict="warn", message=f"lanes {one} and {other} agree down to their noise: please check",
        )
        for one, other, score in pairs
        if score > limit
    ]  # fmt: skip


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
        score, column = integrity.seam(signal)
        picture = figures.overlay(signal, views, own, kinds, [column] if score > splice_score else [])
        shown = made.setdefault(scan["image"], [])
        shown.append(Figure("Are lanes and bands where they belong?", picture, "image/webp", OVERLAY_CAPTION))
        for view in views:
            if view["profiles"]:
                stack, boxes = measured.arrays[view["profiles"]], _of_view(bands, view).to_dict("records")
                drawing = figures.profiles(stack, view["methods"], view["top"], boxes)
                shown.append(Figure("Does the baseline follow the background?", drawing, caption=PROFILE_CAPTION))
    for image, membrane in dict.fromkeys((view["image"], view["membrane"]) for view in measured.facts["views"]):
        rows = bands[bands["membrane"].eq(membrane) & bands["target"].notna()] if len(bands) else bands
        if len(rows):
            kinds = [row["sample"] for row in lane_map(recording, membrane)]
            drawing = figures.membrane_map(rows.to_dict("records"), kinds, least_snr)
            made[image].append(Figure("What does each lane of the membrane hold?", drawing, caption=MAP_CAPTION))
    for image in recording.facts["unreadable"]:
        made.setdefault(image, [])
    return made
