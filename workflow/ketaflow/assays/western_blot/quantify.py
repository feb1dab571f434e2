"""One group of membranes: bands, and from them values per animal.

In: scans as ingest left them. Out: ``measurements``; ``bands`` (every band of every lane), ``dilutions`` (linear
range), ``targets`` (how each was read), ``fingerprints`` (what tells a lane from every other); arrays of lane profiles
and facts for the reviewer's pictures.
"""

import numpy as np

from ketaflow.assays.western_blot.bands import membrane_view
from ketaflow.assays.western_blot.bands.membrane_view import View
from ketaflow.assays.western_blot.integrity import duplicated_lanes
from ketaflow.assays.western_blot.normalisation import exposures, loading_control
from ketaflow.assays.western_blot.normalisation.linear_range import Linearity, equivalent_ug, linearity
from ketaflow.assays.western_blot.normalisation.normalised_values import animal_values
from ketaflow.core.measures import measurement
from ketaflow.core.records import Record


def quantify(
    recording: Record,
    *,
    lane_margin: float,
    lane_filled: float,
    lane_outside: float,
    background: str,
    background_length_pct: float,
    min_snr: float,
    min_share: float,
    clear_share: float,
    clear_contrast: float,
    clear_snr: float,
    foot: float,
    max_slope: float,
    ladder_kda: list,
    kda_tolerance_pct: float,
    detection_snr: float,
    saturated_limit_pct: float,
    specks_limit_pct: float,
    background_error_limit_pct: float,
) -> Record:
    """Measure the membranes of a group."""
    seen = membrane_view.views(recording, lane_margin=lane_margin, lane_filled=lane_filled, lane_outside=lane_outside)
    for view in seen:
        view.reading = membrane_view.measured(
            recording, view, background=background, background_length_pct=background_length_pct, min_snr=min_snr,
            min_share=min_share, clear_share=clear_share, clear_contrast=clear_contrast, clear_snr=clear_snr, foot=foot,
            max_slope=max_slope, ladder_kda=ladder_kda, tolerance_pct=kda_tolerance_pct,
        )  # fmt: skip
    exposures.choose(seen, saturated_limit_pct=saturated_limit_pct)
    record = Record()
    dilutions = _dilutions(seen)
    record.tables["bands"] = [_band_row(view, band) for view in seen for band in view.reading.bands]
    record.tables["dilutions"] = dilutions
    record.tables["measurements"] = animal_values(
        recording,
        seen,
        dilutions,
        detection_snr=detection_snr,
        saturated_limit_pct=saturated_limit_pct,
        specks_limit_pct=specks_limit_pct,
        background_error_limit_pct=background_error_limit_pct,
    ) + _unreadable(recording)
    record.tables["targets"] = loading_control.target_rows(recording, seen)
    record.tables["fingerprints"] = [
        {**_names(view), **row} for view in seen for row in duplicated_lanes.fingerprints(view.reading.strips)
    ]
    record.facts["views"] = [_facts(view, record, number) for number, view in enumerate(seen)]
    return record


def _band_row(view: View, band: dict) -> dict:
    return {**_names(view), **band}


def _names(view: View) -> dict:
    return {"image": view.image, "membrane": view.membrane, "channel": view.channel}


def _dilutions(seen: list[View]) -> list[dict]:
    """Signal against load for every target of membranes that carry dilution lanes."""
    made = []
    for view in seen:
        load = {row["lane"]: row["load_ug"] for row in view.lane_map if row["sample"] == "dilution" and row["load_ug"]}
        for target in view.targets:
            lanes = [band for band in view.reading.bands if band["target"] == target["target"] and band["lane"] in load]
            volumes = np.array([band["volume"] for band in lanes], float)
            loads = np.array([load[band["lane"]] for band in lanes], float)
            fit = linearity(loads, volumes)
            if fit is not None:
                for band in view.reading.bands:
                    if band["target"] == target["target"]:
                        band["dilution_ug"] = equivalent_ug(fit, band["volume"])
                made.append(
                    {
                        "image": view.image,
                        "membrane": view.membrane,
                        "target": target["target"],
                        **vars(fit),
                        "through_zero": fit.through_zero,
                        "lowest_volume": float(volumes.min()),
                        "highest_volume": float(volumes.max()) if not fit.saturating else _at(loads, volumes, fit),
                    }
                )
    return made


def _at(loads: np.ndarray, volumes: np.ndarray, fit: Linearity) -> float:
    """Volume at the end of the linear range."""
    order = np.argsort(loads)
    return float(np.interp(fit.linear_to_ug, np.append(0.0, loads[order]), np.append(0.0, volumes[order])))


def _unreadable(recording: Record) -> list[dict]:
    """An empty value with its reason for every animal of a picture that could not be read."""
    made = []
    for row in recording.rows["western_blot_images"]:
        reason = recording.facts["unreadable"].get(row["image"])
        if reason is None:
            continue
        for animal in loading_control.animals_of(recording, row["membrane"]):
            made.append(
                measurement(
                    "band_volume", None, unit="counts", animal=animal, recording=row["image"], reason=reason,
                    analyte=row["target"], region=row["region"], sample=loading_control.sample_name(row), n=0,
                )
            )  # fmt: skip
    return made


def _facts(view: View, record: Record, number: int) -> dict:
    """What qc needs of a view: lanes, rows, calibration, and the profiles as an array."""
    reading, comb = view.reading, view.comb
    facts = {
        "image": view.image, "channel": view.channel, "membrane": view.membrane, "top": view.top, "bottom": view.bottom,
        "refusal": view.refusal, "borrowed": view.borrowed, "profiles": None,
        "chosen": {name: choice.how for name, choice in reading.choices.items()},
        "lost": [name for name, choice in reading.choices.items() if choice.row is None],
    }  # fmt: skip
    if comb is not None:
        facts["comb"] = {
            "centres": comb.centres.tolist(), "borders": comb.borders.tolist(), "lean": comb.lean,
            "middle": comb.middle, "pitch": comb.pitch, "margin": comb.margin, "filled": comb.filled,
            "outside": comb.outside,
        }  # fmt: skip
        facts["profiles"] = f"profiles_{number}"
        facts["methods"] = [strip.method for strip in reading.strips]
        facts["shifts"] = [] if reading.shifts is None else reading.shifts.tolist()
        record.arrays[facts["profiles"]] = np.array(
            [[strip.profile, strip.background, strip.other] for strip in reading.strips], dtype=np.float32
        )
    if reading.calibration is not None:
        fit = reading.calibration
        facts["ladder"] = {"rows": fit.rows.tolist(), "kda": fit.kda.tolist(), "spread_pct": fit.spread_pct}
        facts["beyond_ladder"] = [row["target"] for row in view.targets if row["kda"] and not fit.inside(row["kda"])]
    return facts
