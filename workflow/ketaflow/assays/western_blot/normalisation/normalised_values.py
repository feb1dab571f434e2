"""Rows of the measurements table from the bands of a group of membranes.

In: views with their bands. Out: ``band_volume``, ``normalised_density``, ``phospho_to_total_ratio`` and
``loading_factor`` by animal and membrane, each flagged with what is doubtful about the bands behind it.
"""

import numpy as np

from ketaflow.assays.western_blot.bands.densitometry import EXPECTED
from ketaflow.assays.western_blot.bands.membrane_view import View
from ketaflow.assays.western_blot.normalisation.exposures import used
from ketaflow.assays.western_blot.normalisation.loading_control import CONTROL_ROLES, factors, sample_name, volumes
from ketaflow.assays.western_blot.normalisation.normalise import geometric_mean, referenced
from ketaflow.core.measures import measurement
from ketaflow.core.records import Record


def animal_values(
    recording: Record,
    seen: list[View],
    dilutions: list[dict],
    *,
    detection_snr: float,
    saturated_limit_pct: float,
    specks_limit_pct: float,
    background_error_limit_pct: float,
) -> list[dict]:
    """All values of a group's animals."""
    limits = {
        "detection_snr": detection_snr,
        "saturated_limit_pct": saturated_limit_pct,
        "specks_limit_pct": specks_limit_pct,
        "background_error_limit_pct": background_error_limit_pct,
    }
    made, told = [], set()
    for view in seen:
        for row in view.targets:
            doubts = [_doubts(view, row, lane, dilutions, **limits) for lane in range(1, len(view.lane_map) + 1)]
            own = volumes(view, row["target"])
            made += _rows(view, row, "band_volume", own, "counts", doubts, mean=np.nanmean)
            if not used(row):
                continue
            if row["role"] in CONTROL_ROLES:
                made += _loading_rows(seen, view, row, told)
                continue
            made += _density_rows(seen, view, row, own, doubts)
            if row["role"] == "phospho":
                made += _ratio_rows(seen, view, row, own, doubts, dilutions, limits)
    return made


def lanes_of(view: View, kind: str) -> np.ndarray:
    """Lanes of the map that hold this kind of sample, (n_lanes,) bool."""
    return np.array([row["sample"] == kind for row in view.lane_map], bool)


def total_of(seen: list[View], view: View, row: dict) -> tuple[View, dict] | None:
    """The picture of the same membrane that shows the total protein of a phosphorylated one."""
    totals = [
        (other, target)
        for other in seen
        for target in other.targets
        if other.membrane == view.membrane
        and target["target"] != row["target"]
        and target["role"] in ("total", "target")
        and used(target)
    ]
    named = [pair for pair in totals if row["total_target"] and pair[1]["target"] == row["total_target"]]
    if not row["total_target"]:
        named = [pair for pair in totals if pair[1]["role"] == "total"]
        named = named if len({pair[1]["target"] for pair in named}) == 1 else []
    same_repeat = [pair for pair in named if pair[1]["repeat"] == row["repeat"]]
    whole = [pair for pair in named if pair[1]["repeat"] is None]
    return next(iter(same_repeat or whole), None)


def _density_rows(seen: list[View], view: View, row: dict, own: np.ndarray, doubts: list[str]) -> list[dict]:
    animals = lanes_of(view, "animal")
    load, names = factors(seen, row, animals)
    values, _ = referenced(own / load, animals, lanes_of(view, "pool"))
    lacking = "" if names else "no loading control on this membrane"
    unloaded = ["the lane's loading control could not be measured" if not np.isfinite(part) else "" for part in load]
    words = [_joined(doubt, lacking, lost) for doubt, lost in zip(doubts, unloaded, strict=True)]
    return _rows(view, row, "normalised_density", values, "ratio", words, mean=geometric_mean)


def _ratio_rows(
    seen: list[View], view: View, row: dict, own: np.ndarray, doubts: list[str], dilutions: list[dict], limits: dict
) -> list[dict]:
    """Phosphorylated over total, lane by lane; loading cancels, as both come from the same lane."""
    pair = total_of(seen, view, row)
    if pair is None:
        return []
    other, total = pair
    below = volumes(other, total["target"])
    below = np.where(below > 0, below, np.nan)[: len(own)]
    if len(below) < len(own):
        below = np.pad(below, (0, len(own) - len(below)), constant_values=np.nan)
    values, _ = referenced(own / below, lanes_of(view, "animal"), lanes_of(view, "pool"))
    words = []
    for lane, doubt in enumerate(doubts, start=1):
        under = _doubts(other, total, lane, dilutions, **limits)
        words.append(_joined(doubt, f"total: {under}" if under else ""))
    return _rows(view, row, "phospho_to_total_ratio", values, "ratio", words, mean=geometric_mean)


def _loading_rows(seen: list[View], view: View, row: dict, told: set) -> list[dict]:
    """The loading factor of each animal, once per membrane and repeat: statistics test whether it follows the arms."""
    key = (view.membrane, row["repeat"])
    if key in told:
        return []
    told.add(key)
    load, names = factors(seen, row, lanes_of(view, "animal"))
    marked = {**row, "target": "+".join(names)}
    return _rows(view, marked, "loading_factor", load, "ratio", [""] * len(load), mean=geometric_mean)


def _rows(
    view: View, row: dict, measure: str, values: np.ndarray, unit: str, doubts: list[str], *, mean: object
) -> list[dict]:
    """One row per animal: the mean of its lanes; empty with the reason where no lane gave a value."""
    made = []
    lanes: dict[str, list[int]] = {}
    for index, lane in enumerate(view.lane_map):
        if lane["sample"] == "animal" and lane["animal"]:
            lanes.setdefault(lane["animal"], []).append(index)
    for animal, indices in lanes.items():
        known = [index for index in indices if np.isfinite(values[index]) and values[index] > 0]
        words = _joined(*(doubts[index] for index in indices))
        missing = words or view.refusal or "no signal above the background"
        made.append(
            measurement(
                measure,
                float(mean(values[known])) if known else None,
                unit=unit,
                animal=animal,
                recording=view.image,
                status="flagged" if known and words else None,
                reason=words if known else missing,
                analyte=row["target"],
                region=row["region"],
                sample=sample_name(row),
                n=len(known),
            )
        )
    return made


def _doubts(
    view: View,
    row: dict,
    lane: int,
    dilutions: list[dict],
    *,
    detection_snr: float,
    saturated_limit_pct: float,
    specks_limit_pct: float,
    background_error_limit_pct: float,
) -> str:
    """What is doubtful about the band of a target in a lane, in words; empty where nothing is."""
    band = next((b for b in view.reading.bands if b["target"] == row["target"] and b["lane"] == lane), None)
    if band is None:
        if view.comb is None:
            return f"lanes not found ({view.refusal}): draw boxes in western_blot_boxes"
        return "no row of bands was found for this target"
    words = []
    if not band["volume"] > 0:
        words.append("no signal above the background")
    elif band["snr"] < detection_snr:
        words.append(f"faint: {band['snr']:.1f} times the noise")
    if band["saturated_pct"] > saturated_limit_pct:
        words.append(f"saturated: {band['saturated_pct']:.1f} % of the box at the detector's ceiling")
    if band["box"] == EXPECTED:
        words.append("no band seen: measured where it should be")
    if band["specks_pct"] > specks_limit_pct:
        words.append(f"{band['specks_pct']:.0f} % of the box is dust, a scratch or a bubble")
    if band["background_error_pct"] > background_error_limit_pct:
        words.append(f"uneven background: the volume may be off by {band['background_error_pct']:.0f} %")
    words += _range_doubts(view, row, band, dilutions)
    return "; ".join(words)


def _range_doubts(view: View, row: dict, band: dict, dilutions: list[dict]) -> list[str]:
    for fit in dilutions:
        if (fit["image"], fit["membrane"], fit["target"]) == (view.image, view.membrane, row["target"]):
            if band["volume"] > fit["highest_volume"]:
                return ["stronger than the linear range of the dilution lanes"]
            if 0 < band["volume"] < fit["lowest_volume"]:
                return ["fainter than the linear range of the dilution lanes"]
    return []


def _joined(*words: str) -> str:
    return "; ".join(dict.fromkeys(word for word in words if word))
