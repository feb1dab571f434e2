"""Checks of lanes and bands: found, saturated, faint, robust to the background, at the right mass.

In: a view of a picture and its bands. Out: rows of the checks table.
"""

from itertools import groupby

import numpy as np

from ketaflow.assays.western_blot.integrity import constants
from ketaflow.assays.western_blot.model import Band, Ladder, QcSettings, View, ViewSummary
from ketaflow.core.results import Check, check, within


def lane_checks(summary: ViewSummary) -> list[Check]:
    """Check whether the lanes of a view were found, and on which picture.

    Parameters
    ----------
    summary : ViewSummary
        A membrane on a picture.

    Returns
    -------
    list of Check
        One check.
    """
    view = summary.view
    place = f"membrane {view.membrane}"
    if view.grid is None:
        message = f"lanes not certain: {view.refusal}. {_remedy(view)}"
        return [check("lanes", None, recording=view.image, place=place, verdict="fail", message=message)]
    message = f"{len(view.lanes)} lanes found"
    if view.lanes_given:
        message = f"{len(view.lanes)} lanes in the {view.lanes_given} given by {view.lanes_given_by}"
    if view.borrowed:
        message = f"{view.refusal}; lanes taken from another picture of this membrane"
    verdict = "warn" if view.borrowed else "pass"
    return [check("lanes", view.grid.margin, recording=view.image, place=place, verdict=verdict, message=message)]


def _remedy(view: View) -> str:
    """What to do where lanes are not certain: the proposed frame as a row of the table, or rows and boxes."""
    grid = view.proposed
    if grid is None:
        return "Correct the lane map, or give western_blot_rows or western_blot_boxes."
    lean = grid.lean * (view.bottom - view.top)
    left, right = grid.centres[0] - grid.pitch / 2, grid.centres[-1] + grid.pitch / 2
    offset = grid.lean * ((view.bottom - view.top) / 2 - grid.middle)
    return (
        "Proposed lanes are drawn on the picture: confirm or move them there, or correct the lane map. As a row of "
        f"western_blot_frames they are left_px {left + offset:.0f}, right_px {right + offset:.0f}, lean_px {lean:.0f}; "
        "western_blot_rows and western_blot_boxes help, too."
    )


def ladder_checks(summary: ViewSummary) -> list[Check]:
    """Check whether a person named the ladder of a view.

    Parameters
    ----------
    summary : ViewSummary
        A membrane on a picture.

    Returns
    -------
    list of Check
        Empty without a ladder.
    """
    ladder, view = summary.ladder, summary.view
    if ladder is None:
        return []
    message = ladder.doubt or "masses of the ladder given by a person"
    return [
        check(
            "ladder", ladder.spread_pct, recording=view.image, place=f"membrane {view.membrane}", unit="%",
            verdict="warn" if ladder.doubt else "pass", message=message,
        )
    ]  # fmt: skip


def band_checks(summary: ViewSummary, bands: list[Band], settings: QcSettings) -> list[Check]:
    """Check the bands of a view: saturation lane by lane, all else target by target.

    Parameters
    ----------
    summary : ViewSummary
        A membrane on a picture.
    bands : list of Band
        Its bands.
    settings : QcSettings
        Limits of the difference between the backgrounds and of the signal over the noise.

    Returns
    -------
    list of Check
    """
    image = summary.view.image
    made = [
        check(
            "target_found",
            None,
            recording=image,
            place=name,
            verdict="fail",
            message=f"{name}: {summary.chosen[name]}",
        )
        for name in summary.lost
    ]
    for target, own in by_target(bands):
        made += _saturation(image, target, own) + _boxes(image, target, own)
        made += _faint(image, target, own, settings.least_snr)
        made += _background(image, target, own, settings.background_difference_pct)
    return made


def by_target(bands: list[Band]) -> list[tuple[str, list[Band]]]:
    """Group the bands of targets by target, in alphabetical order."""
    named = [(band.target, band) for band in bands if band.target is not None]
    named.sort(key=lambda pair: pair[0])
    return [(target, [band for _, band in pairs]) for target, pairs in groupby(named, key=lambda pair: pair[0])]


def _saturation(image: str, target: str, bands: list[Band]) -> list[Check]:
    return [
        check(
            "saturated", band.saturated_pct, recording=image, animal=band.animal, unit="%", high=0,
            place=f"lane {band.lane} {target}", verdict="warn",
            message=f"{target}, lane {band.lane}: {band.saturated_pct:.1f} % of the box is at the saturation level",
        )
        for band in bands
        if band.saturated_pct > 0
    ]  # fmt: skip


def _boxes(image: str, target: str, bands: list[Band]) -> list[Check]:
    """Boxes that a person drew, and lanes without a band."""
    made = []
    drawn = [band for band in bands if band.box == "given"]
    empty = [band for band in bands if band.box == "expected"]
    if drawn:
        people = ", ".join(sorted({band.given_by for band in drawn}))
        message = f"{target}: {len(drawn)} of {len(bands)} boxes given by {people}"
        made.append(check("boxes", len(drawn), recording=image, place=target, verdict="pass", message=message))
    if empty:
        message = f"{target}: no band found in lane {_lanes(empty)}"
        made.append(check("empty", len(empty), recording=image, place=target, verdict="warn", message=message))
    return made


def _faint(image: str, target: str, bands: list[Band], least_snr: float) -> list[Check]:
    """How far the bands that were found rise above the noise."""
    seen = [band for band in bands if band.box != "expected" and not np.isnan(band.snr)]
    if not seen:
        return []
    faint = [band for band in seen if band.snr < least_snr]
    message = f"{target}: median signal-to-noise ratio {np.median([band.snr for band in seen]):.0f}"
    if faint:
        message = f"{target}: faint in lane {_lanes(faint)}"
    return [
        check(
            "snr", min(band.snr for band in seen), recording=image, place=target, low=least_snr, message=message,
            verdict="warn" if faint else "pass",
        )
    ]  # fmt: skip


def _background(image: str, target: str, bands: list[Band], limit_pct: float) -> list[Check]:
    """How much volumes depend on the background and on the limits of the boxes."""
    known = [band.uncertainty_pct for band in bands if np.isfinite(band.uncertainty_pct)]
    if not known:
        return []
    usual = float(np.median(known))
    methods = ", ".join(sorted({band.background_method for band in bands}))
    message = f"{target}: median uncertainty of the volumes {usual:.0f} % (background: {methods})"
    return [
        check(
            "background", usual, recording=image, place=target, unit="%", high=limit_pct, message=message,
            verdict=within(usual, None, limit_pct),
        )
    ]  # fmt: skip


def _lanes(bands: list[Band]) -> str:
    return ", ".join(str(band.lane) for band in bands)


def mass_checks(summary: ViewSummary, bands: list[Band], limit_pct: float) -> list[Check]:
    """Check at which mass the ladder places each target.

    Parameters
    ----------
    summary : ViewSummary
        A membrane on a picture.
    bands : list of Band
        Its bands.
    limit_pct : float
        Largest distance from the expected mass that passes (%).

    Returns
    -------
    list of Check
        One for each target with a known mass; empty without a ladder.
    """
    if summary.ladder is None:
        return []
    expected = {target.target: target.kda for target in summary.view.targets}
    made = []
    for target, own in by_target(bands):
        masses, kda = [band.kda for band in own if band.kda is not None], expected.get(target)
        if kda and masses:
            beyond = target in summary.beyond_ladder
            made.append(
                _mass(summary.view.image, target, kda, float(np.median(masses)), summary.ladder, beyond, limit_pct)
            )
    return made


def _mass(
    image: str, target: str, expected_kda: float, seen_kda: float, ladder: Ladder, beyond: bool, limit_pct: float
) -> Check:
    off = 100 * (seen_kda / expected_kda - 1)
    message = f"{target}: runs at {seen_kda:.0f} kDa, expected {expected_kda:g}"
    message += "; beyond the ladder, extrapolated" if beyond else ""
    far = max(expected_kda / ladder.kda.max(), ladder.kda.min() / expected_kda) > constants.FAR_BEYOND_LADDER
    return check(
        "mass", off, recording=image, place=target, unit="%", low=-limit_pct, high=limit_pct,
        verdict="warn" if far else within(off, -limit_pct, limit_pct), message=message,
    )  # fmt: skip
