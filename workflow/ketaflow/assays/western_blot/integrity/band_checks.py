"""Checks of lanes and bands: found, saturated, faint, over a sure background, at the right mass.

In: a view of a picture and its bands. Out: rows of the checks table.
"""

import numpy as np
import pandas as pd

from ketaflow.assays.western_blot.bands.membrane_view import lane_map
from ketaflow.core.measures import check, within
from ketaflow.core.records import Record

# A mass this many times beyond the ladder's last band is read off a curve that nothing supports.
FAR_BEYOND = 1.25


def lane_checks(view: dict, recording: Record) -> list[dict]:
    """Whether the lanes were found, and on which picture."""
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


def band_checks(
    view: dict, bands: pd.DataFrame, recording: Record, *, background_difference_pct: float, least_snr: float
) -> list[dict]:
    """Saturation lane by lane; missing and faint lanes, boxes and backgrounds target by target."""
    image, made = view["image"], []
    for name in view["lost"]:
        message = f"{name}: {view['chosen'][name]}"
        made.append(check("target_found", None, recording=image, place=name, verdict="fail", message=message))
    animals = {int(row["lane"]): row["animal"] for row in lane_map(recording, view["membrane"])}
    named = bands[bands["target"].notna()] if len(bands) else bands
    for target, rows in named.groupby("target") if len(named) else ():
        made += _saturated(image, target, rows, animals) + _boxes(image, target, rows)
        made += _faint(image, target, rows, least_snr) + _background(image, target, rows, background_difference_pct)
    return made


def _saturated(image: str, target: str, rows: pd.DataFrame, animals: dict[int, str | None]) -> list[dict]:
    return [
        check(
            "saturated", row.saturated_pct, recording=image, animal=animals.get(int(row.lane)), unit="%", high=0,
            place=f"lane {row.lane} {target}", verdict="warn",
            message=f"{target}, lane {row.lane}: {row.saturated_pct:.1f} % of the box is at the detector's ceiling",
        )
        for row in rows[rows["saturated_pct"] > 0].itertuples()
    ]  # fmt: skip


def _boxes(image: str, target: str, rows: pd.DataFrame) -> list[dict]:
    """Boxes a person drew, and lanes without a band."""
    made, drawn, empty = [], int(rows["box"].eq("given").sum()), rows[rows["box"].eq("expected")]
    if drawn:
        message = f"{target}: {drawn} of {len(rows)} boxes were drawn by a person"
        made.append(check("boxes", drawn, recording=image, place=target, verdict="pass", message=message))
    if len(empty):
        message = f"{target}: no band seen in lane {_numbers(empty)}"
        made.append(check("empty", len(empty), recording=image, place=target, verdict="warn", message=message))
    return made


def _faint(image: str, target: str, rows: pd.DataFrame, least_snr: float) -> list[dict]:
    """How far the bands that were seen stand above the noise."""
    seen = rows[rows["box"].ne("expected") & rows["snr"].notna()]
    if seen.empty:
        return []
    faint = seen[seen["snr"] < least_snr]
    message = f"{target}: bands stand {seen['snr'].median():.0f} times above the noise"
    if len(faint):
        message = f"{target}: faint in lane {_numbers(faint)}"
    return [
        check(
            "snr", float(seen["snr"].min()), recording=image, place=target, low=least_snr, message=message,
            verdict="warn" if len(faint) else "pass",
        )
    ]  # fmt: skip


def _background(image: str, target: str, rows: pd.DataFrame, limit_pct: float) -> list[dict]:
    """How much volumes depend on where the background is taken from."""
    strong = rows[rows["volume"] > 0]
    if strong.empty:
        return []
    change = 100 * float(np.median(np.abs(strong["volume_other_background"] / strong["volume"] - 1)))
    message = f"{target}: volumes differ by {change:.0f} % between the two backgrounds"
    return [
        check(
            "background", change, recording=image, place=target, unit="%", high=limit_pct, message=message,
            verdict=within(change, None, limit_pct),
        )
    ]  # fmt: skip


def _numbers(rows: pd.DataFrame) -> str:
    return ", ".join(str(lane) for lane in rows["lane"])


def mass_checks(view: dict, bands: pd.DataFrame, recording: Record, limit: float) -> list[dict]:
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
