"""Checks of whole membranes: loading, linear range, even transfer, even background.

In: the scans of a group and what was measured on them. Out: rows of the checks table.
"""

import numpy as np
import pandas as pd

from ketaflow.assays.western_blot.bands.membrane_view import lane_map
from ketaflow.assays.western_blot.integrity import transfer_gradient
from ketaflow.assays.western_blot.normalisation.loading_control import CONTROL_ROLES
from ketaflow.assays.western_blot.normalisation.normalise import variation_pct
from ketaflow.core.measures import check, within
from ketaflow.core.records import Record

PROFILE, OWN, OTHER = 0, 1, 2
TELLING = ("animal", "pool")
DOUBTS = {
    "transfer": "uneven transfer or loading",
    "transfer_corner": "uneven transfer",
    "background_gradient": "do both backgrounds give the same values",
}


def loading_checks(measured: Record, limit_pct: float) -> list[dict]:
    """How much loading varies over the animals of a membrane."""
    rows = measured.table("measurements")
    load = rows[rows["measure"].eq("loading_factor")] if len(rows) else rows
    made = []
    for (image, sample), part in load.groupby(["recording", "sample"]) if len(load) else ():
        spread = variation_pct(part["value"].to_numpy(float))
        if np.isfinite(spread):
            message = f"loading of {sample} varies by {spread:.0f} %"
            made.append(
                check(
                    "loading_cv", spread, recording=image, place=sample, unit="%", high=limit_pct,
                    verdict=within(spread, None, limit_pct), message=message,
                )
            )  # fmt: skip
    return made


def pool_checks(recording: Record, measured: Record, limit_pct: float) -> list[dict]:
    """How well lanes of the pooled sample agree, once loading is taken out: the error of one lane on this membrane."""
    bands, targets, made = measured.table("bands"), measured.table("targets"), []
    for row in targets.itertuples() if len(bands) and len(targets) else ():
        pools = [lane["lane"] for lane in lane_map(recording, row.membrane) if lane["sample"] == "pool"]
        if len(pools) < 2 or row.role in CONTROL_ROLES:
            continue
        of_pools = bands[bands["membrane"].eq(row.membrane) & bands["lane"].isin(pools) & bands["target"].notna()]
        volumes = of_pools.groupby(["target", "lane"])["volume"].first().unstack()
        controls = [name for name in row.loading_controls.split("+") if name in volumes.index]
        load = np.exp(np.log(volumes.loc[controls].clip(lower=1e-9)).mean()) if controls else 1.0
        spread = variation_pct((volumes.loc[row.target] / load).to_numpy()) if row.target in volumes.index else np.nan
        if np.isfinite(spread):
            message = f"{row.target}: {len(pools)} lanes of the pooled sample differ by {spread:.0f} % (CV)"
            made.append(
                check(
                    "pool_cv", spread, recording=row.image, place=row.target, unit="%", high=limit_pct,
                    verdict=within(spread, None, limit_pct), message=message,
                )
            )  # fmt: skip
    return made


def exposure_checks(measured: Record) -> list[dict]:
    """Pictures another exposure of the same blot stands for."""
    targets = measured.table("targets")
    rows = targets[targets["superseded_by"].notna()] if len(targets) else targets
    return [
        check(
            "exposure", None, recording=row.image, place=row.target, verdict="pass",
            message=f"{row.target}: another exposure of membrane {row.membrane} gives the values (fewer saturated "
            "lanes, or further above the noise)",
        )
        for row in rows.itertuples()
    ]  # fmt: skip


def dilution_checks(measured: Record) -> list[dict]:
    """Whether signal is proportional to load."""
    made = []
    for row in measured.table("dilutions").itertuples():
        if row.saturating:
            message = (
                f"{row.target}: a saturating curve fits the dilution lanes better than a line; "
                f"proportional to {row.linear_to_ug:.3g} ug only"
            )
        elif not row.through_zero:
            message = f"{row.target}: the line through the dilution lanes misses zero; ratios to it are biased"
        else:
            message = f"{row.target}: proportional from {row.lowest_ug:g} to {row.highest_ug:g} ug"
        good = row.through_zero and not row.saturating
        verdict = "pass" if good else "warn"
        made.append(
            check("linear_range", row.r2, recording=row.image, place=row.target, verdict=verdict, message=message)
        )
    return made


def transfer_checks(recording: Record, measured: Record, limit_pct: float) -> list[dict]:
    """Gradients of the loading controls across each membrane, and of total protein from corner to corner."""
    bands, made = measured.table("bands"), []
    controls = [row for row in recording.rows["western_blot_images"] if row["role"] in CONTROL_ROLES]
    for row in controls if len(bands) else ():
        shown = bands["image"].eq(row["image"]) & bands["membrane"].eq(row["membrane"])
        own = bands[shown & bands["target"].eq(row["target"])].set_index("lane")["volume"]
        found = transfer_gradient.gradient(*_by_lane(lane_map(recording, row["membrane"]), own))
        if found is not None:
            way = transfer_gradient.direction(found.factor, "right")
            made.append(_told("transfer", found, row, limit_pct, row["target"], way))
    for view in measured.facts["views"]:
        stained = [row for row in controls if row["role"] == "total_protein" and _shows(view, row)]
        found = _corner(recording, measured, view) if stained and view["profiles"] else None
        if found is not None:
            way = f"towards the lower {'right' if found.factor >= 1 else 'left'} corner"
            made.append(_told("transfer_corner", found, view, limit_pct, stained[0]["target"], way))
    return made


def _corner(recording: Record, measured: Record, view: dict) -> transfer_gradient.Gradient | None:
    """Whether total protein leans towards a lower corner, once tilt and smile are taken out."""
    stack, lanes = measured.arrays[view["profiles"]], lane_map(recording, view["membrane"])
    telling = [index for index, lane in enumerate(lanes) if lane["sample"] in TELLING]
    net = stack[telling, PROFILE] - np.minimum(stack[telling, OWN], stack[telling, OTHER])
    shifts = view["shifts"] or [0.0] * len(lanes)
    level = np.array([np.roll(lane, -round(shifts[index])) for lane, index in zip(net, telling, strict=True)])
    return transfer_gradient.corner(np.maximum(level, 0))


def background_checks(measured: Record, limit_pct: float) -> list[dict]:
    """Gradient of the background beside and below the lanes, across or down each picture, whichever is steeper."""
    made = []
    for view in measured.facts["views"]:
        if not view["profiles"]:
            continue
        stack = measured.arrays[view["profiles"]]
        under = np.minimum(stack[:, OWN], stack[:, OTHER])
        rows = under.shape[1] // transfer_gradient.ROW_BINS
        down = (
            under[:, : rows * transfer_gradient.ROW_BINS]
            .reshape(len(under), transfer_gradient.ROW_BINS, -1)
            .mean(axis=(0, 2))
        )
        ways = {"right": under.mean(axis=1), "bottom": down}
        found = {
            far: transfer_gradient.gradient(np.linspace(0, 1, len(amount)), amount) for far, amount in ways.items()
        }
        steeper = max(found, key=lambda far: abs(np.log(found[far].factor)) if found[far] else -1.0)
        if found[steeper] is not None:
            way = transfer_gradient.direction(found[steeper].factor, steeper)
            made.append(_told("background_gradient", found[steeper], view, limit_pct, "background", way))
    return made


def _by_lane(lanes: list[dict], volume: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Place across the membrane and volume per microgram of the lanes that hold the study's samples.

    An animal (or the pool) in several lanes counts once in each, as transfer differs between them. Where loads are not
    all known, lanes count as loaded alike.
    """
    telling = [row for row in lanes if row["sample"] in TELLING and row["lane"] in volume.index]
    known = all(row["load_ug"] for row in telling)
    amount = [volume[row["lane"]] / (row["load_ug"] if known else 1.0) for row in telling]
    place = [(row["lane"] - 1) / max(len(lanes) - 1, 1) for row in telling]
    return np.array(place, float), np.array(amount, float)


def _shows(view: dict, row: dict) -> bool:
    return all(view[name] == row[name] for name in ("image", "membrane", "channel"))


def _told(name: str, found: transfer_gradient.Gradient, where: dict, limit_pct: float, what: str, way: str) -> dict:
    """A row about one gradient, in words: how much more there is at the fuller end."""
    uneven = found.beyond(limit_pct)
    rising = found if found.factor >= 1 else transfer_gradient.Gradient(1 / found.factor, 1 / found.high, 1 / found.low)
    message = (
        f"{what} rises {way} by {rising.change_pct:.0f} % "
        f"(95 % CI {100 * (rising.low - 1):.0f} to {100 * (rising.high - 1):.0f})"
    )
    if uneven:
        message += f": {DOUBTS[name]}, please check"
    return check(
        name, found.change_pct, recording=where["image"], place=f"membrane {where['membrane']}, {way}", unit="%",
        low=100 / (1 + limit_pct / 100) - 100, high=limit_pct, verdict="warn" if uneven else "pass", message=message,
    )  # fmt: skip
