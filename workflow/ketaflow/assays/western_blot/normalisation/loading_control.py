"""Which picture of a membrane is the loading control of which, and how each target was read.

In: the cohort's rows and the views measured. Out: volumes by lane, loading factors, the table ``targets``.
"""

import hashlib

import numpy as np

from ketaflow.assays.western_blot.bands.membrane_view import View, lane_map
from ketaflow.assays.western_blot.normalisation.exposures import used
from ketaflow.assays.western_blot.normalisation.normalise import loading_factors, referenced
from ketaflow.core.records import Record

CONTROL_ROLES = ("loading_control", "total_protein")
# What the table of targets repeats from the cohort's table of pictures.
COPIED = ("image", "membrane", "channel", "target", "role", "total_target", "repeat", "region")


def sample_name(row: dict) -> str:
    """Name of what lies below the animal: the membrane, with its repeat where the table has one."""
    repeat = row["repeat"]
    return f"{row['membrane']}_{repeat}" if repeat else str(row["membrane"])


def animals_of(recording: Record, membrane: str) -> list[str]:
    """Animals of a membrane in the order of their lanes, each once."""
    lanes = lane_map(recording, membrane)
    return list(dict.fromkeys(row["animal"] for row in lanes if row["sample"] == "animal" and row["animal"]))


def volumes(view: View, target: str) -> np.ndarray:
    """Volume of a target's band by lane, (n_lanes,); NaN where a lane has none."""
    by_lane = np.full(len(view.lane_map), np.nan)
    for band in view.reading.bands:
        if band["target"] == target and 1 <= band["lane"] <= len(by_lane):
            by_lane[int(band["lane"]) - 1] = band["volume"]
    return by_lane


def controls(seen: list[View], row: dict) -> list[tuple[View, dict]]:
    """Loading controls of a picture: those of its membrane and repeat (or of the membrane as a whole)."""
    return [
        (view, target)
        for view in seen
        for target in view.targets
        if view.membrane == row["membrane"]
        and target["role"] in CONTROL_ROLES
        and used(target)
        and target["repeat"] in (row["repeat"], None)
    ]


def factors(seen: list[View], row: dict, animals: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Loading factor of every lane and the names of the controls behind it."""
    found = controls(seen, row)
    stacked = np.array([volumes(view, target["target"]) for view, target in found])
    return loading_factors(stacked, animals), [target["target"] for _, target in found]


def target_rows(recording: Record, seen: list[View]) -> list[dict]:
    """How each target of each picture was read: what legends and parallel membranes need to know."""
    made = []
    for view in seen:
        kinds = [row["sample"] for row in view.lane_map]
        animals, pools = (np.array([kind == wanted for kind in kinds], bool) for wanted in ("animal", "pool"))
        for target in view.targets:
            own = volumes(view, target["target"])
            load, names = factors(seen, target, animals)
            bands = [band for band in view.reading.bands if band["target"] == target["target"]]
            masses = [band["kda"] for band in bands if band["kda"]]
            choice = view.reading.choices.get(target["target"])
            made.append(
                {
                    **{name: target[name] for name in COPIED},
                    "expected_kda": target["kda"],
                    "seen_kda": float(np.median(masses)) if masses else None,
                    "chosen_by": choice.how if choice else None,
                    "loading_controls": "+".join(names),
                    "reference": referenced(own / load, animals, pools)[1],
                    "background_method": "+".join(sorted({band["background_method"] for band in bands})),
                    "lanes": len(kinds),
                    **{f"{kind}_lanes": kinds.count(kind) for kind in ("animal", "pool", "ladder", "dilution")},
                    "animals": len(animals_of(recording, view.membrane)),
                    "superseded_by": target["superseded"],
                    "boxes_drawn": sum(band["box"] == "given" for band in bands),
                    "bits": view.scan["bits"],
                    "format": view.scan["format"],
                    "picture_sha256": _content(recording, view),
                }
            )
    return made


def _content(recording: Record, view: View) -> str:
    """Fingerprint of the pixels of a view, whatever file they came from."""
    signal = recording.arrays[view.scan["key"]][view.top : view.bottom]
    return hashlib.sha256(np.ascontiguousarray(signal).tobytes()).hexdigest()
