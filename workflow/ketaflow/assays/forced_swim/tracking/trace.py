"""From what a tracker saw to the motion trace: one row a picture, in units that do not depend on the camera.

The trace is what scoring needs and all it needs: time, motion, place and posture, and whether the animal was seen.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.ndimage import binary_closing

from ketaflow.assays.forced_swim.tracking.body_mask import SHAPE_COLUMNS
from ketaflow.assays.forced_swim.tracking.motion import POWER, REPEATED, AnimalTracker, oscillation
from ketaflow.assays.forced_swim.tracking.time_series import moving_mean

COLUMNS = ("time_s", "changed", *SHAPE_COLUMNS)
# A body between these shares of the usual area is taken for the animal alone.
LEAST_AREA, MOST_AREA = 0.3, 2.2
# Around a key picture a codec draws even a picture that stands still anew: so many may differ.
KEY_PICTURES = 3
# Light below this share of the usual is darkness.
DARKEST = 0.4
# Seen from the side a swimmer keeps to the surface: its centre goes up and down by less than this (share of the width).
MOST_ROAMING = 0.3
# Going to and fro by one body length counts as so much motion of the body's parts. Seen from behind, a climbing animal
# hides its paws but heaves itself up 2 to 3 times a second. Of 3 to 8, tried on the films of benchmarks/, 5 told best.
HEAVING = 5.0
# It breathes: its highest point is deeper than this (shares of its length) in less than that share of the pictures.
# Of 106 drawn swims none came to more than 0.07 of them, a mouse filmed from above to 0.84.
SUNKEN, SUNKEN_SHARE = 0.12, 0.5
# An animal seen from behind is short: this percentile of what was seen is its length.
FULL_LENGTH_PCT = 80
# Bodies this far apart (share of the cylinder's width), in more than this share of the pictures, are two animals.
APART_SHARE, TWO_BODIES_SHARE = 0.06, 0.15
# The animal has been released once it was seen in the water for most of this time (s).
SETTLED_S = 2.0


@dataclass(frozen=True)
class TraceLimits:
    """What is taken for a gap, a hung camera and a proper view: settings of ingest."""

    from_above: bool
    max_gap_s: float
    max_frozen_s: float


def build_trace(
    tracker: AnimalTracker, brightness: np.ndarray, release_s: float | None, limits: TraceLimits
) -> tuple[pd.DataFrame, dict]:
    """The trace of one animal and what is told of its cylinder; ``reason`` is empty where it can be scored."""
    frame = pd.DataFrame(tracker.table(), columns=COLUMNS)
    one = tracker.cylinder
    facts = {
        "region_px": [float(one.left), float(one.top), float(one.right), float(one.bottom)],
        "water_px": [float(one.water_left), float(one.water_right)],
        "confidence": float(one.confidence),
        "contrast": float(tracker.appearance.contrast),
        "release_s": None,
        "gap_s": limits.max_gap_s,
    }
    frame["light"] = brightness[:, 1]
    frame["frozen"] = frozen_frames(
        frame["time_s"].to_numpy(), np.array(tracker.unrest) < REPEATED, limits.max_frozen_s
    )
    usable = (frame["light"] > DARKEST).to_numpy() & ~frame["frozen"].to_numpy()
    usual = typical_area(frame["area"].to_numpy()[usable])
    alone = frame["area"].between(LEAST_AREA * usual, MOST_AREA * usual).to_numpy() & usable
    facts["reason"] = refusal_reason(frame[alone], tracker, limits.from_above)
    if not alone.any():
        return scaled_trace(frame, alone, 1.0, 1.0, tracker), facts
    there = alone if limits.from_above else in_water(frame, usual) & usable
    found = release_time_s(frame["time_s"].to_numpy(), there)
    facts["release_s"] = found if release_s is None else float(release_s)
    table = scaled_trace(frame, alone, body_length(frame[alone]), usual, tracker)
    return table.drop(columns=["height", "depth"]) if limits.from_above else table, facts


def refusal_reason(seen: pd.DataFrame, tracker: AnimalTracker, from_above: bool) -> str:
    """Why a swim cannot be scored, by the pictures in which a body was seen; empty where it can."""
    wide = tracker.offset.shape[1]
    if not np.isfinite(tracker.appearance.contrast) or not len(seen):
        return "no animal was seen in this cylinder. Check cylinder number and file"
    divided = float(np.mean(seen["apart"] >= APART_SHARE * wide))
    if divided > TWO_BODIES_SHARE:
        return (
            f"two animals seem to be in this cylinder (two separate bodies in {divided:.0%} of the pictures). "
            "Check the video; if it is one animal and its mirror image, give region_x_px and the other region columns"
        )
    roaming = float(np.ptp(np.percentile(seen["y"], [10, 90]))) / wide
    if roaming > MOST_ROAMING and not from_above:
        return (
            f"the animal moves up and down by {roaming:.0%} of the cylinder's width, as one filmed from above does; "
            "expected a camera that looks from the side. To score a film from above without climbing and diving, set "
            "forced_swim.ingest.view to top"
        )
    if not from_above and float(np.mean(-seen["top"] > SUNKEN * body_length(seen))) > SUNKEN_SHARE:
        return (
            "the animal is below the water line most of the time; expected one that swims at the surface, filmed from "
            "the side. Look at the scene: if the line is wrong, give water_line_px; to score a film from above without "
            "climbing and diving, set forced_swim.ingest.view to top"
        )
    return ""


def body_length(seen: pd.DataFrame) -> float:
    """Length of an animal (binned pixels) from the pictures in which it was seen, from whichever side."""
    return float(np.nanpercentile(seen["length"], FULL_LENGTH_PCT))


def frozen_frames(times_s: np.ndarray, repeats: np.ndarray, least_s: float) -> np.ndarray:
    """Pictures (n,) in stretches of at least ``least_s`` that repeat the one before, key pictures aside."""
    same = binary_closing(np.pad(repeats, KEY_PICTURES), np.ones(KEY_PICTURES + 1))[KEY_PICTURES:-KEY_PICTURES]
    found = np.zeros(len(same), bool)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], same, [0]])))
    for first, after in zip(edges[::2], edges[1::2], strict=True):
        found[first:after] = times_s[after - 1] - times_s[first] >= least_s
    return found


def typical_area(area: np.ndarray) -> float:
    """Area of the animal in binned pixels: the median of what was seen; NaN where there was nothing to see."""
    seen = area[area > 4]
    if len(seen) < 10:
        return np.nan
    strong = seen[seen > 0.25 * np.percentile(seen, 90)]
    return float(np.median(strong))


def in_water(frame: pd.DataFrame, usual: float) -> np.ndarray:
    """Where as much of a body is below the surface as an animal puts there; a hand that holds it stays above."""
    area = frame["area"].to_numpy()
    below = area * (1 - np.nan_to_num(frame["above"].to_numpy(), nan=1.0))
    seen = below[(area > LEAST_AREA * usual) & (area < MOST_AREA * usual)]
    typical = float(np.median(seen)) if len(seen) else 0.0
    if typical < LEAST_AREA * usual:
        below, typical = area, usual
    return (below > LEAST_AREA * typical) & (below < MOST_AREA * typical)


def release_time_s(times_s: np.ndarray, there: np.ndarray) -> float:
    """First moment from which the animal is there for 90 % of the next seconds; NaN if there is none."""
    ends = np.searchsorted(times_s, times_s + SETTLED_S)
    total = np.concatenate([[0], np.cumsum(there)])
    share = (total[ends] - total[:-1]) / np.maximum(ends - np.arange(len(times_s)), 1)
    starts = np.flatnonzero((share >= 0.9) & there)
    return float(times_s[starts[0]]) if len(starts) else np.nan


def scaled_trace(
    frame: pd.DataFrame, seen: np.ndarray, length: float, usual: float, tracker: AnimalTracker
) -> pd.DataFrame:
    """The trace in units of the animal's own size: ``length`` and ``usual`` area are those of its body, in pixels.

    Motion of the body's parts is a mean over its area (of the change to the power ``POWER``): the area is the geometric
    mean of that now and usually, for seen from behind it is small, yet paddles with the same limbs. Added to it is how
    the body as a whole goes to and fro: a float drifts and sinks evenly.
    """
    area = np.clip(frame["area"], LEAST_AREA * usual, MOST_AREA * usual)
    times_s = frame["time_s"].to_numpy()
    x, y = moving_mean(times_s, frame["x"].to_numpy(), 0.4), moving_mean(times_s, frame["y"].to_numpy(), 0.4)
    step_s = np.gradient(times_s) if len(times_s) > 1 else np.ones(len(times_s))
    speed = np.hypot(np.gradient(x), np.gradient(y)) / step_s / length if len(times_s) > 1 else np.zeros(len(times_s))
    parts = (frame["changed"] / np.sqrt(area * usual)) ** (1 / POWER)
    places = np.where(seen, frame[["x", "y"]].to_numpy().T / length, np.nan)
    heaving = np.hypot(*(oscillation(times_s, place) for place in places))
    kept = {
        "time_s": times_s,
        "seen": seen,
        "motion": np.hypot(parts, HEAVING * np.nan_to_num(heaving)),
        "speed": speed,
        "x": frame["x"] / max(tracker.offset.shape[1], 1),
        "depth": -frame["top"] / length,
        "height": frame["height"] / length,
        "above": frame["above"],
        "area": frame["area"] / tracker.offset.shape[1] ** 2,
        "light": frame["light"],
        "frozen": frame["frozen"],
    }
    exact = ("time_s", "seen", "frozen")
    return pd.DataFrame(kept).astype({name: "float32" for name in kept if name not in exact})
