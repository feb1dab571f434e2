"""Checks of every swim, and the pictures its reviewer judges.

In: the records of ingest and quantify. Out: checks, and for each recording the background with the cylinder and its
water line, a filmstrip, and activity and light over time with threshold and states.
"""

import numpy as np
import pandas as pd

from ketaflow.assays.forced_swim.figures import review_figures
from ketaflow.assays.forced_swim.raters import human_scores
from ketaflow.core.measures import check, within
from ketaflow.core.records import Record

# People may score to this long behind the last picture (s); frame rates may differ by this share.
BEHIND_S, RATE_SHARE = 1.0, 0.02
# Unit of every check, and what it tells.
CHECK_TEXTS = {
    "lost pictures": ("%", "share of the video's pictures that are missing between the first and the last"),
    "camera hung": (
        "s",
        "longest stretch in which every picture repeats the one before; nothing is known of that time",
    ),
    "unscored": ("%", "share of the scoring window in which the animal was not seen"),
    "cylinder found": ("", "how clearly the walls and the water line stand out; look at the picture of the scene"),
    "contrast to noise": ("", "difference between animal and background over the camera's noise"),
    "change of light": ("%", "change of the light over the scoring window"),
    "camera moved": (
        "%",
        "how far the scene at the end of the film stands from that at its beginning, in cylinder widths; if the camera "
        "was pushed, cut the film there or film again",
    ),
    "threshold 20 % up or down": ("s", "largest change of immobility when the threshold moves by 20 %"),
}


def qc(
    recording: Record,
    measured: Record,
    *,
    max_dropped_pct: float,
    max_repeated_s: float,
    max_unscored_pct: float,
    max_brightness_change_pct: float,
    min_contrast_to_noise: float,
    min_cylinder_confidence: float,
    max_camera_shift_pct: float,
    max_threshold_change_s: float,
) -> Record:
    """Checks and figures of every swim of one video."""
    limits = {
        "lost pictures": (None, max_dropped_pct),
        "camera hung": (None, max_repeated_s),
        "unscored": (None, max_unscored_pct),
        "cylinder found": (min_cylinder_confidence, None),
        "contrast to noise": (min_contrast_to_noise, None),
        "change of light": (None, max_brightness_change_pct),
        "camera moved": (None, max_camera_shift_pct),
        "threshold 20 % up or down": (None, max_threshold_change_s),
    }
    done = Record(tables={"checks": []})
    traces = dict(list(recording.table("trace").groupby("recording", sort=False)))
    spans = measured.table("states")
    for swim in recording.rows["forced_swim"]:
        name = swim["recording"]
        facts = recording.facts["cylinders"][name]
        about = {"recording": name, "animal": swim["animal"], "place": f"cylinder {swim['cylinder']:g}"}
        if facts["reason"]:
            unseen = check("animal seen", 0, **about, low=1, verdict="fail", message=facts["reason"])
            done.tables["checks"].append(unseen)
            done.figures[name] = review_figures.scene_figure(recording, facts)
            continue
        scored, trace = measured.facts.get(name, {}), traces[name]
        values = check_values(recording, measured, name, trace)
        done.tables["checks"] += [
            limit_check(one, value, *CHECK_TEXTS[one], limits[one], about) for one, value in values.items()
        ]
        done.tables["checks"] += human_score_checks(recording, name, float(trace["time_s"].iloc[-1]), about)
        activity = measured.arrays.get(f"activity.{name}", np.full(len(trace), np.nan))
        done.figures[name] = review_figures.swim_figures(
            recording, facts, trace, spans[spans["recording"] == name], scored, activity
        )
    return done


def check_values(recording: Record, measured: Record, name: str, trace: pd.DataFrame) -> dict[str, float]:
    """The value of every check that applies: an export without pictures has no light, contrast or camera."""
    facts, film, scored = recording.facts["cylinders"][name], recording.facts["video"], measured.facts.get(name, {})
    found = {
        "lost pictures": 100 * film["frames_lost"] / max(film["frames"] + film["frames_lost"], 1),
        "unscored": unscored_share_pct(measured, name),
        "cylinder found": facts["confidence"],
        "threshold 20 % up or down": scored.get("threshold_change_s", np.nan),
    }
    if "contrast" in facts:
        found["camera hung"] = film["longest_still_s"]
        found["contrast to noise"] = facts["contrast"] / max(film["noise_sd"], 0.3)
        left, _, right, _ = facts["region_px"]
        found["camera moved"] = 100 * film["camera_moved_px"] / max(right - left, 1)
        found["change of light"] = brightness_change_pct(trace, scored.get("window_s", [0, 0]))
    return found


def human_score_checks(recording: Record, name: str, end_s: float, about: dict) -> list[dict]:
    """Whether what people scored lies within the recording, and was scored at its frame rate."""
    scored = pd.DataFrame(human_scores.human_score_rows(recording.rows))
    if not len(scored):
        return []
    timed = scored[(scored["recording"] == name) & scored["stop_s"].notna()]
    found = []
    for rater, own in timed.groupby("rater"):
        told = f"end of the last bout {rater} scored; times count from the start of the video"
        found.append(
            limit_check("scores within the video", own["stop_s"].max(), "s", told, (0, end_s + BEHIND_S), about)
        )
        rates = own["fps"].dropna() if "fps" in own else ()
        if len(rates):
            rate_hz = recording.facts["video"]["frame_rate_hz"]
            limits = (rate_hz * (1 - RATE_SHARE), rate_hz * (1 + RATE_SHARE))
            told = f"frame rate in the program {rater} scored with; where it is not the video's, times may be stretched"
            found.append(limit_check("frame rate of scores", rates.iloc[0], "Hz", told, limits, about))
    return found


def limit_check(name: str, value: float, unit: str, message: str, limits: tuple, about: dict) -> dict:
    """A check that warns outside its limits."""
    low, high = limits
    verdict = within(value, low, high)
    return check(name, value, unit=unit, low=low, high=high, verdict=verdict, message=message, **about)


def unscored_share_pct(measured: Record, name: str) -> float:
    """Share of the window not seen (percent)."""
    if "window_s" not in measured.facts.get(name, {}):
        return 100.0
    values = measured.table("measurements").set_index(["recording", "measure"])["value"]
    start_s, stop_s = measured.facts[name]["window_s"]
    return 100 * float(values[name, "unscored_s"]) / (stop_s - start_s)


def brightness_change_pct(trace: pd.DataFrame, window_s: list[float]) -> float:
    """Range of the light within the window relative to its median (percent), flicker averaged out."""
    inside = trace.loc[trace["time_s"].between(*window_s), "light"]
    if not len(inside):
        return np.nan
    slow = inside.rolling(25, min_periods=1, center=True).mean()
    return 100 * float((slow.max() - slow.min()) / slow.median())
