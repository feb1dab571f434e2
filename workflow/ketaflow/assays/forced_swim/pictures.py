"""What the reviewer of a swim sees: the scene, a filmstrip at changes of state, the motion with states behind it."""

import io

import numpy as np
import pandas as pd

from ketaflow.core.records import Figure, Record
from ketaflow.core.svg import Chart

COLOURS = {"immobility": "blue", "climbing": "orange", "diving": "green", "unscored": "pink"}
STRIP_PICTURES = 10
LINE_POINTS = 600


def of_swim(recording: Record, facts: dict, trace: pd.DataFrame, spans: pd.DataFrame, scored: dict) -> list[Figure]:
    """All figures of one swim."""
    name = str(trace["recording"].iloc[0])
    figures = [motion_chart(trace, spans, scored)]
    if "background" in recording.arrays:
        figures = scene_only(recording, facts) + filmstrip(recording, name, spans) + figures
    return figures


def scene_only(recording: Record, facts: dict) -> list[Figure]:
    """The empty background with the cylinder's box and water line."""
    from PIL import Image, ImageDraw

    if "background" not in recording.arrays:
        return []
    factor = recording.facts["video"]["background_bin"]
    picture = Image.fromarray(recording.arrays["background"]).convert("RGB")
    pen = ImageDraw.Draw(picture)
    left, top, right, bottom = (value / factor for value in facts["region_px"])
    water = [value / factor for value in facts["water_px"]]
    pen.rectangle([left, top, right, bottom], outline=(213, 94, 0), width=2)
    pen.line([left, water[0], right, water[1]], fill=(0, 114, 178), width=2)
    caption = "The scene without animals; orange: this cylinder, blue: its water line."
    return [Figure("Is the right cylinder marked?", webp(picture), "image/webp", caption)]


def filmstrip(recording: Record, name: str, spans: pd.DataFrame) -> list[Figure]:
    """Pictures of the swim in order of time, alternating between states, each with its state and second."""
    from PIL import Image, ImageDraw

    strip, times_s = recording.arrays[f"strip.{name}"], recording.arrays[f"strip_s.{name}"]
    chosen = telling(times_s, spans)
    if not chosen:
        return []
    high, wide = strip.shape[1:]
    film = Image.new("RGB", ((wide + 3) * len(chosen), high + 26), "white")
    pen = ImageDraw.Draw(film)
    for place, (index, state) in enumerate(chosen):
        x = place * (wide + 3)
        film.paste(Image.fromarray(strip[index]).convert("RGB"), (x, 0))
        pen.text((x + 2, high + 1), state[: max(4, wide // 6)], fill=(60, 60, 60))
        pen.text((x + 2, high + 12), f"{times_s[index]:.0f} s", fill=(60, 60, 60))
    caption = "Pictures from the middle of stretches of one state, in seconds of the video."
    return [Figure("Does each picture show the state written below it?", webp(film), "image/webp", caption)]


def telling(times_s: np.ndarray, spans: pd.DataFrame) -> list[tuple[int, str]]:
    """Kept pictures that lie well inside a stretch, a few of each state: (index, state) in order of time."""
    states = []
    for time_s in times_s:
        inside = spans[(spans["start_s"] + 0.3 <= time_s) & (time_s <= spans["stop_s"] - 0.3)]
        states.append(str(inside["state"].iloc[0]) if len(inside) else "")
    states = np.array(states)
    kinds = [state for state in ("immobility", "swimming", "climbing", "diving") if (states == state).any()]
    chosen = []
    for kind in kinds:
        here = np.flatnonzero(states == kind)
        count = min(len(here), max(2, STRIP_PICTURES // len(kinds)))
        chosen += [(int(here[i]), kind) for i in np.unique(np.linspace(0, len(here) - 1, count).astype(int))]
    return sorted(chosen)


def motion_chart(trace: pd.DataFrame, spans: pd.DataFrame, scored: dict) -> Figure:
    """The motion over time with the threshold, states as bands behind it, the scoring window marked."""
    times_s, motion = trace["time_s"].to_numpy(), trace["motion"].to_numpy(float)
    threshold = scored.get("threshold", np.nan)
    top = float(np.nanmax([np.nanpercentile(motion, 99) if np.isfinite(motion).any() else 1, 2 * threshold]))
    chart = Chart(
        (float(times_s[0]), float(times_s[-1])), (0.0, top), "Time in the video (s)", "Motion (share of body)"
    )
    for state, own in spans[spans["state"] != "swimming"].groupby("state"):
        chart.bands(list(zip(own["start_s"], own["stop_s"], strict=True)), COLOURS[state], 0.25)
    blocks = np.array_split(np.arange(len(times_s)), min(LINE_POINTS, len(times_s)))
    with np.errstate(all="ignore"):
        heights = [np.nanmean(np.append(motion[block], np.nan)) if np.isfinite(motion[block]).any() else np.nan
                   for block in blocks]  # fmt: skip
    chart.line([times_s[block].mean() for block in blocks], np.minimum(heights, top), "grey")
    if np.isfinite(threshold):
        chart.level(threshold, "threshold")
    for moment, text in zip(scored.get("window_s", []), ("scored from", "to"), strict=False):
        chart.moment(moment, text)
    caption = "Blue: immobility, white: swimming, orange: climbing, green: diving, pink: not seen."
    return Figure(
        "Does motion fall below the threshold where the animal floats?", chart.svg("Motion over time"), caption=caption
    )


def webp(picture) -> bytes:
    """A picture as WebP, small enough for a page of many."""
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=60, method=2)
    return buffer.getvalue()
