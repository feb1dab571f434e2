"""Checks of every swim, and the pictures its reviewer judges.

In: the records of ingest and quantify. Out: checks, and for each recording the background with the cylinder and its
water line, a filmstrip at changes of state, and the motion trace with threshold and states.
"""

import numpy as np
import pandas as pd

from ketaflow.assays.forced_swim import pictures
from ketaflow.core.measures import check, within
from ketaflow.core.records import Record


def qc(
    recording: Record,
    measured: Record,
    *,
    max_dropped_pct: float,
    max_unscored_pct: float,
    max_brightness_change_pct: float,
    min_contrast_to_noise: float,
    min_cylinder_confidence: float,
    max_threshold_change_s: float,
) -> Record:
    """Checks and figures of every swim of one video."""
    done = Record(tables={"checks": []})
    traces = dict(list(recording.table("trace").groupby("recording", sort=False)))
    spans = measured.table("states")
    values = measured.table("measurements")
    for swim in recording.rows["forced_swim"]:
        name = swim["recording"]
        facts = recording.facts["cylinders"][name]
        about = {"recording": name, "animal": swim["animal"], "place": f"cylinder {swim['cylinder']:g}"}
        own = values[values["recording"] == name].set_index("measure")["value"]
        if facts["reason"]:
            done.tables["checks"].append(
                check("animal seen", 0, **about, unit="", low=1, verdict="fail", message=facts["reason"])
            )
            done.figures[name] = pictures.scene_only(recording, facts)
            continue
        done.tables["checks"] += [
            limited("lost pictures", lost_pct(recording.facts["video"]), "%", None, max_dropped_pct, about),
            limited("unscored", unscored_pct(own, measured.facts.get(name)), "%", None, max_unscored_pct, about),
            limited("cylinder found", facts["confidence"], "", min_cylinder_confidence, None, about),
        ]
        window = measured.facts.get(name, {}).get("window_s", [0, 0])
        if "contrast" in facts:
            noise = max(recording.facts["video"]["noise_sd"], 0.3)
            light = 100 * brightness_change(traces[name], window)
            done.tables["checks"] += [
                limited("contrast to noise", facts["contrast"] / noise, "", min_contrast_to_noise, None, about),
                limited("change of light", light, "%", None, max_brightness_change_pct, about),
            ]
        change = measured.facts.get(name, {}).get("threshold_change_s", np.nan)
        done.tables["checks"].append(
            limited("threshold 20 % up or down", change, "s", None, max_threshold_change_s, about)
        )
        done.figures[name] = pictures.of_swim(
            recording, facts, traces[name], spans[spans["recording"] == name], measured.facts.get(name, {})
        )
    return done


MESSAGES = {
    "lost pictures": "share of the video's pictures that are missing between the first and the last",
    "unscored": "share of the scoring window in which the animal was not seen",
    "cylinder found": "how clearly the walls and the water line stand out; look at the picture of the scene",
    "contrast to noise": "difference between animal and background over the camera's noise",
    "change of light": "change of the light over the scoring window",
    "threshold 20 % up or down": "largest change of immobility when the threshold moves by 20 %",
}


def limited(name: str, value: float, unit: str, low: float | None, high: float | None, about: dict) -> dict:
    """A check that warns outside its limits."""
    return check(
        name, value, unit=unit, low=low, high=high, verdict=within(value, low, high), message=MESSAGES[name], **about
    )


def lost_pct(facts: dict) -> float:
    """Pictures lost between the first and the last (percent)."""
    return 100 * facts["frames_lost"] / max(facts["frames"] + facts["frames_lost"], 1)


def unscored_pct(values: pd.Series, facts: dict | None) -> float:
    """Share of the window not seen (percent)."""
    if not facts:
        return 100.0
    return 100 * float(values.get("unscored_s", np.nan)) / (facts["window_s"][1] - facts["window_s"][0])


def brightness_change(trace: pd.DataFrame, window_s: list[float]) -> float:
    """Range of the light within the window, relative to its median, flicker averaged out."""
    inside = trace.loc[trace["time_s"].between(*window_s), "light"]
    if not len(inside):
        return np.nan
    slow = inside.rolling(25, min_periods=1, center=True).mean()
    return float((slow.max() - slow.min()) / slow.median())
