"""Checks of whole membranes: loading, pooled samples, linear range, even transfer, even background.

In: a blot and what was measured on it. Out: rows of the checks table.
"""

from collections import defaultdict

import numpy as np

from ketaflow.assays.western_blot.integrity import constants
from ketaflow.assays.western_blot.integrity.transfer_gradient import (
    Far,
    Gradient,
    corner,
    direction,
    gradient,
)
from ketaflow.assays.western_blot.model import (
    CONTROL_ROLES,
    Blot,
    Lane,
    Measured,
    Target,
    TargetSummary,
    View,
    ViewSummary,
)
from ketaflow.assays.western_blot.normalisation.normalise import variation_pct
from ketaflow.core.results import Check, check, within

# Lanes that hold the study's samples.
STUDY_SAMPLES = ("animal", "pool")
DOUBTS = {
    "transfer": "uneven transfer or loading",
    "transfer_corner": "uneven transfer",
    "background_gradient": "do both backgrounds give the same values",
}


def loading_checks(measured: Measured, limit_pct: float) -> list[Check]:
    """Check how much loading varies over the animals of a membrane.

    Parameters
    ----------
    measured : Measured
        Measurements of the group.
    limit_pct : float
        Largest coefficient of variation that passes (%).

    Returns
    -------
    list of Check
        One for each membrane and repeat with a loading control.
    """
    values: dict[tuple[str, str], list[float | None]] = defaultdict(list)
    for row in measured.measurements:
        if row.measure == "loading_factor":
            values[row.recording, row.sample or ""].append(row.value)
    made = []
    for (image, sample), load in sorted(values.items()):
        spread = variation_pct(np.array(load, float))
        if np.isfinite(spread):
            message = f"loading of {sample} varies by {spread:.0f} %"
            made.append(
                check(
                    "loading_cv", spread, recording=image, place=sample, unit="%", high=limit_pct,
                    verdict=within(spread, None, limit_pct), message=message,
                )
            )  # fmt: skip
    return made


def pool_checks(blot: Blot, measured: Measured, limit_pct: float) -> list[Check]:
    """Check how well the lanes of the pooled sample agree once loading is taken out.

    They hold the same sample, so that their variation is the error of one lane on this membrane.

    Parameters
    ----------
    blot : Blot
        Lane maps.
    measured : Measured
        Bands and targets of the group.
    limit_pct : float
        Largest coefficient of variation that passes (%).

    Returns
    -------
    list of Check
        One for each target of a membrane with several lanes of the pool.
    """
    made = []
    for target in measured.targets:
        pools = [lane.lane for lane in blot.lane_map(target.membrane) if lane.sample == "pool"]
        if len(pools) < 2 or target.role in CONTROL_ROLES:
            continue
        spread = _pool_variation_pct(measured, target, pools)
        if np.isfinite(spread):
            message = f"{target.target}: {len(pools)} lanes of the pooled sample differ by {spread:.0f} % (CV)"
            made.append(
                check(
                    "pool_cv", spread, recording=target.image, place=target.target, unit="%", high=limit_pct,
                    verdict=within(spread, None, limit_pct), message=message,
                )
            )  # fmt: skip
    return made


def _pool_variation_pct(measured: Measured, target: TargetSummary, pools: list[int]) -> float:
    """Coefficient of variation (%) of a target over the lanes of the pool, each over the lane's loading."""
    volumes: dict[str, dict[int, float]] = defaultdict(dict)
    for band in measured.bands:
        if band.membrane == target.membrane and band.lane in pools and band.target is not None:
            volumes[band.target].setdefault(band.lane, band.volume)
    if target.target not in volumes:
        return float("nan")
    lanes = sorted({lane for by_lane in volumes.values() for lane in by_lane})

    def by_lane(name: str) -> np.ndarray:
        return np.array([volumes[name].get(lane, np.nan) for lane in lanes])

    controls = [by_lane(name) for name in target.loading_controls.split("+") if name in volumes]
    load = np.exp(np.nanmean(np.log(np.maximum(controls, constants.LEAST_VOLUME)), axis=0)) if controls else 1.0
    return variation_pct(by_lane(target.target) / load)


def exposure_checks(measured: Measured) -> list[Check]:
    """Report the pictures for which another exposure of the same blot counts.

    Parameters
    ----------
    measured : Measured
        Targets of the group.

    Returns
    -------
    list of Check
    """
    return [
        check(
            "exposure", None, recording=target.image, place=target.target, verdict="pass",
            message=f"{target.target}: another exposure of membrane {target.membrane} gives the values (fewer "
            "saturated lanes, or further above the noise)",
        )
        for target in measured.targets
        if target.superseded_by is not None
    ]  # fmt: skip


def dilution_checks(blot: Blot, measured: Measured) -> list[Check]:
    """Check whether the signal is proportional to the load of the dilution lanes.

    Parameters
    ----------
    blot : Blot
        Scans and targets.
    measured : Measured
        Dilution lanes of the group.

    Returns
    -------
    list of Check
        One for each target with dilution lanes, or on a picture that may be film.
    """
    known = {(fit.image, fit.target) for fit in measured.dilutions}
    made = [
        check(
            "linear_range", None, recording=target.image, place=target.target, verdict="warn",
            message=f"{target.target}: {blot.scan(target.image, target.channel).film_doubt}",
        )
        for target in blot.targets
        if target.image not in blot.unreadable
        and (target.image, target.target) not in known
        and blot.scan(target.image, target.channel).film_doubt
    ]  # fmt: skip
    for fit in measured.dilutions:
        if fit.saturating:
            message = (
                f"{fit.target}: a saturating curve fits the dilution lanes better than a line; "
                f"proportional to {fit.linear_to_ug:.3g} ug only"
            )
        elif not fit.through_zero:
            message = f"{fit.target}: the line through the dilution lanes misses zero; ratios to it are biased"
        else:
            message = f"{fit.target}: proportional from {fit.lowest_ug:g} to {fit.highest_ug:g} ug"
        verdict = "pass" if fit.through_zero and not fit.saturating else "warn"
        made.append(
            check("linear_range", fit.r2, recording=fit.image, place=fit.target, verdict=verdict, message=message)
        )
    return made


def transfer_checks(blot: Blot, measured: Measured, limit_pct: float) -> list[Check]:
    """Check for gradients of the loading controls across each membrane, and of total protein from corner to corner.

    Parameters
    ----------
    blot : Blot
        Targets and lane maps.
    measured : Measured
        Bands and profiles of the group.
    limit_pct : float
        Least change that is reported as uneven (%); the whole 95 % interval must lie beyond it.

    Returns
    -------
    list of Check
    """
    made = []
    controls = [target for target in blot.targets if target.is_control]
    for control in controls:
        volumes = {
            band.lane: band.volume
            for band in measured.bands
            if (band.image, band.membrane, band.target) == (control.image, control.membrane, control.target)
        }
        found = gradient(*_by_lane(blot.lane_map(control.membrane), volumes))
        if found is not None:
            way = direction(found.factor, "right")
            made.append(_gradient_check("transfer", found, control, limit_pct, control.target, way))
    for summary in measured.views:
        view = summary.view
        stained = [target for target in controls if target.role == "total_protein" and _shows(view, target)]
        found = _corner(summary) if stained else None
        if found is not None:
            way = f"towards the lower {'right' if found.factor >= 1 else 'left'} corner"
            made.append(_gradient_check("transfer_corner", found, view, limit_pct, stained[0].target, way))
    return made


def _corner(summary: ViewSummary) -> Gradient | None:
    """Whether total protein increases towards a lower corner, once tilt and smile are taken out."""
    profiles, lanes = summary.profiles, summary.view.lanes
    if profiles is None:
        return None
    study = [index for index, lane in enumerate(lanes) if lane.sample in STUDY_SAMPLES]
    net = profiles.signal[study] - np.minimum(profiles.background[study], profiles.other_background[study])
    shifts = profiles.shifts or [0.0] * len(lanes)
    level = np.array([np.roll(lane, -round(shifts[index])) for lane, index in zip(net, study, strict=True)])
    return corner(np.maximum(level, 0))


def background_checks(measured: Measured, limit_pct: float) -> list[Check]:
    """Check for a gradient of the background, across or down each picture, whichever is steeper.

    Parameters
    ----------
    measured : Measured
        Profiles of the group.
    limit_pct : float
        Least change that is reported (%); the whole 95 % interval must lie beyond it.

    Returns
    -------
    list of Check
    """
    made = []
    for summary in measured.views:
        if summary.profiles is None:
            continue
        under = np.minimum(summary.profiles.background, summary.profiles.other_background)
        rows = under.shape[1] // constants.ROW_BINS
        down = under[:, : rows * constants.ROW_BINS].reshape(len(under), constants.ROW_BINS, -1).mean(axis=(0, 2))
        amounts: dict[Far, np.ndarray] = {"right": under.mean(axis=1), "bottom": down}
        steepest: tuple[Far, Gradient] | None = None
        for far, amount in amounts.items():
            found = gradient(np.linspace(0, 1, len(amount)), amount)
            if found is not None and (steepest is None or found.steepness > steepest[1].steepness):
                steepest = far, found
        if steepest is not None:
            way = direction(steepest[1].factor, steepest[0])
            made.append(_gradient_check("background_gradient", steepest[1], summary.view, limit_pct, "background", way))
    return made


def _by_lane(lanes: list[Lane], volumes: dict[int, float]) -> tuple[np.ndarray, np.ndarray]:
    """Place across the membrane and volume per microgram of the lanes that hold the study's samples.

    An animal, or the pool, in several lanes counts once in each, as transfer differs between them. Where loads are not
    all known, lanes count as equally loaded.
    """
    study = [lane for lane in lanes if lane.sample in STUDY_SAMPLES and lane.lane in volumes]
    loads = [lane.load_ug for lane in study if lane.load_ug]
    loads = loads if len(loads) == len(study) else [1.0] * len(study)
    amount = [volumes[lane.lane] / load for lane, load in zip(study, loads, strict=True)]
    place = [(lane.lane - 1) / max(len(lanes) - 1, 1) for lane in study]
    return np.array(place, float), np.array(amount, float)


def _shows(view: View, target: Target) -> bool:
    return (view.image, view.membrane, view.channel) == (target.image, target.membrane, target.channel)


def _gradient_check(name: str, found: Gradient, where: View | Target, limit_pct: float, what: str, way: str) -> Check:
    """A check of one gradient: how much more there is at the fuller end."""
    uneven = found.beyond(limit_pct)
    rising = found if found.factor >= 1 else Gradient(1 / found.factor, 1 / found.high, 1 / found.low)
    message = (
        f"{what} rises {way} by {rising.change_pct:.0f} % "
        f"(95 % CI {100 * (rising.low - 1):.0f} to {100 * (rising.high - 1):.0f})"
    )
    if uneven:
        message += f": {DOUBTS[name]}, please check"
    return check(
        name, found.change_pct, recording=where.image, place=f"membrane {where.membrane}, {way}", unit="%",
        low=100 / (1 + limit_pct / 100) - 100, high=limit_pct, verdict="warn" if uneven else "pass", message=message,
    )  # fmt: skip
