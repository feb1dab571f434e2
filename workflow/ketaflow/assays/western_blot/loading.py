"""Which picture of a membrane is the loading control of which, and the words for it.

In: the cohort's rows and the views measured. Out: volumes by lane, loading factors, figure legends.
"""

import numpy as np

from ketaflow.assays.western_blot.normalise import loading_factors
from ketaflow.assays.western_blot.pictures import View, lane_map
from ketaflow.core.records import Record

CONTROL_ROLES = ("loading_control", "total_protein")


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
        and target["repeat"] in (row["repeat"], None)
    ]


def factors(seen: list[View], row: dict, animals: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Loading factor of every lane and the names of the controls behind it."""
    found = controls(seen, row)
    stacked = np.array([volumes(view, target["target"]) for view, target in found])
    return loading_factors(stacked, animals), [target["target"] for _, target in found]


def legends(recording: Record, seen: list[View]) -> list[dict]:
    """A figure legend for every picture, to be finished by whoever knows the antibodies."""
    made = []
    for view in seen:
        kinds = [row["sample"] for row in view.lane_map]
        for target in view.targets:
            names = [control["target"] for _, control in controls(seen, target)]
            divided = names and target["role"] not in CONTROL_ROLES
            mass = f", expected at {target['kda']:g} kDa" if target["kda"] else ""
            text = (
                f"Western blot of {target['target']}{mass}. {kinds.count('animal')} lanes carry one animal each"
                f"{', ' + str(kinds.count('pool')) + ' a pooled reference' if 'pool' in kinds else ''}"
                f"{', ' + str(kinds.count('ladder')) + ' the ladder' if 'ladder' in kinds else ''}. "
                "Band volumes less background"
                f"{' were divided by ' + ' and '.join(names) if divided else ''}. "
                f"The picture is uncropped; {int(view.scan['bits'])}-bit {view.scan['format']}."
            )
            made.append({"image": view.image, "membrane": view.membrane, "target": target["target"], "legend": text})
    return made
