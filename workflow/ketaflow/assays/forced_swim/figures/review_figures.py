"""What the reviewer of a swim sees: the scene, a filmstrip that colours what moved, and the activity over time."""

import io

import numpy as np
import pandas as pd

from ketaflow.core.records import Figure, Record
from ketaflow.core.svg import Chart, stacked

COLOURS = {"immobility": "blue", "climbing": "orange", "diving": "green", "unscored": "pink"}
# The same (Okabe & Ito 2008) as pixels; swimming has none.
BLUE, ORANGE, GREEN, GREY = (0, 114, 178), (213, 94, 0), (0, 158, 115), (110, 110, 110)
INKS = {"immobility": BLUE, "climbing": ORANGE, "diving": GREEN, "swimming": GREY}
STRIP_PICTURES = 10
LINE_POINTS, LIGHT_POINTS = 600, 200
# Lost and repeated pictures are drawn at least this wide (share of the axis).
LEAST_WIDE = 1 / 400


def swim_figures(
    recording: Record, facts: dict, trace: pd.DataFrame, spans: pd.DataFrame, scored: dict, activity: np.ndarray
) -> list[Figure]:
    """All figures of one swim; ``activity`` is what was compared with the threshold, one value for each row."""
    name = str(trace["recording"].iloc[0])
    shown = [activity_chart(recording, trace, spans, scored, activity)]
    if "background" in recording.arrays:
        shown = scene_figure(recording, facts) + filmstrip(recording, name, spans) + shown
    return shown


def scene_figure(recording: Record, facts: dict) -> list[Figure]:
    """The empty background: this cylinder with its water line and number, the others numbered in grey."""
    from PIL import Image, ImageDraw, ImageFont

    if "background" not in recording.arrays:
        return []
    factor = recording.facts["video"]["background_bin"]
    picture = Image.fromarray(recording.arrays["background"]).convert("RGB")
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(max(12, picture.width // 26))
    for swim in recording.rows["forced_swim"]:
        other = recording.facts["cylinders"][swim["recording"]]
        left, top, right, bottom = (value / factor for value in other["region_px"])
        own = other["region_px"] == facts["region_px"]
        pen.rectangle([left, top, right, bottom], outline=ORANGE if own else GREY, width=2 if own else 1)
        pen.text((left + 5, top + 2), f"{swim['cylinder']:g}", font=font, fill=ORANGE if own else GREY)
        if own:
            water_left, water_right = (value / factor for value in other["water_px"])
            pen.line([left, water_left, right, water_right], fill=BLUE, width=2)
    caption = "The scene without animals; orange: this cylinder, blue: its water line, grey: the other cylinders."
    return [Figure("Is the right cylinder marked?", webp(picture), "image/webp", caption)]


def filmstrip(recording: Record, name: str, spans: pd.DataFrame) -> list[Figure]:
    """Pictures of the swim in order of time, alternating between states, each with its state and second."""
    from PIL import Image, ImageDraw

    pairs, times_s = recording.arrays[f"strip.{name}"], recording.arrays[f"strip_s.{name}"]
    chosen = representative_frames(times_s, spans)
    if not chosen:
        return []
    high, wide = pairs.shape[2:]
    film = Image.new("RGB", ((wide + 3) * len(chosen), high + 32), "white")
    pen = ImageDraw.Draw(film)
    for place, (index, state) in enumerate(chosen):
        x = place * (wide + 3)
        film.paste(Image.fromarray(red_cyan(*pairs[index])), (x, 0))
        pen.rectangle([x, high, x + wide - 1, high + 4], fill=INKS[state])
        pen.text((x + 2, high + 6), state[: max(4, wide // 6)], fill=(60, 60, 60))
        pen.text((x + 2, high + 17), f"{times_s[index]:.0f} s", fill=(60, 60, 60))
    caption = (
        "Each picture is two, a quarter of a second apart: what moved between them is coloured, what kept still is "
        "grey. From the middle of stretches of one state, in seconds of the video."
    )
    return [Figure("Does each picture show the state written below it?", webp(film), "image/webp", caption)]


def red_cyan(first: np.ndarray, later: np.ndarray) -> np.ndarray:
    """Two grey pictures (height, width) as one: red where only the first is bright, cyan where only the later is."""
    return np.stack([first, later, later], axis=-1)


def representative_frames(times_s: np.ndarray, spans: pd.DataFrame) -> list[tuple[int, str]]:
    """Kept pictures that lie well inside a stretch, a few of each state: (index, state) in order of time."""
    states = []
    for time_s in times_s:
        inside = spans[(spans["start_s"] + 0.3 <= time_s) & (time_s <= spans["stop_s"] - 0.5)]
        states.append(str(inside["state"].iloc[0]) if len(inside) else "")
    states = np.array(states)
    kinds = [state for state in INKS if (states == state).any()]
    chosen = []
    for kind in kinds:
        here = np.flatnonzero(states == kind)
        count = min(len(here), max(2, STRIP_PICTURES // len(kinds)))
        chosen += [(int(here[i]), kind) for i in np.unique(np.linspace(0, len(here) - 1, count).astype(int))]
    return sorted(chosen)


def activity_chart(
    recording: Record, trace: pd.DataFrame, spans: pd.DataFrame, scored: dict, activity: np.ndarray
) -> Figure:
    """Activity over time with the threshold, states as bands behind it; below, the light and the pictures' times."""
    times_s = trace["time_s"].to_numpy()
    x_limits, threshold = (float(times_s[0]), float(times_s[-1])), scored.get("threshold", np.nan)
    most = np.nanpercentile(activity, 99) if np.isfinite(activity).any() else 1.0
    top = float(np.nanmax([most, 2 * threshold]))
    y_label = "Activity (body areas)" if "light" in trace else "Mobility (share of body)"
    chart = Chart(x_limits, (0.0, top), "Time in the video (s)", y_label)
    for state, own in spans[spans["state"].isin(list(COLOURS))].groupby("state"):
        chart.bands(list(zip(own["start_s"], own["stop_s"], strict=True)), COLOURS[state], 0.25)
    chart.line(*decimated(times_s, np.minimum(activity, top), LINE_POINTS), "grey")
    if np.isfinite(threshold):
        chart.level(threshold, "threshold")
    for moment, text in zip(scored.get("window_s", []), ("scored from", "to"), strict=False):
        chart.moment(moment, text)
    charts = [chart]
    if "light" in trace:
        chart.show_x_ticks, chart.x_label = False, ""
        charts.append(light_chart(recording, trace, x_limits))
    below = frame_sentence(recording) if "light" in trace else ""
    caption = "Blue: immobility, white: swimming, orange: climbing, green: diving, pink: not seen. "
    return Figure(
        "Does activity fall below the threshold where the animal floats?",
        stacked(charts, "Activity over time with the threshold, and the light below it"),
        caption=caption + threshold_sentence(scored) + below,
    )


def light_chart(recording: Record, trace: pd.DataFrame, x_limits: tuple[float, float]) -> Chart:
    """Light over time, and where pictures are missing or repeat the one before."""
    times_s, light = trace["time_s"].to_numpy(), 100 * trace["light"].to_numpy(float)
    chart = Chart(x_limits, (0.0, max(120.0, 1.1 * float(np.nanmax(light)))), "Time in the video (s)", "Light (%)",
                  height=92)  # fmt: skip
    wide_s = LEAST_WIDE * (x_limits[1] - x_limits[0])
    repeated, lost = times_s[recording.arrays["repeated"]], recording.facts["video"]["lost_at_s"]
    for moments, colour in ((repeated, "yellow"), (lost, "pink")):
        chart.bands([(moment, moment + wide_s) for moment in moments], colour, 0.8)
    chart.line(*decimated(times_s, light, LIGHT_POINTS), "black")
    return chart


def threshold_sentence(scored: dict) -> str:
    """What another threshold would change, in words."""
    by_threshold = scored.get("immobility_by_threshold_s")
    if not by_threshold:
        return ""
    less, now, more = by_threshold
    return (
        f"Immobility in the window is {now:.0f} s; with a threshold 20 % lower {less:.0f} s, 20 % higher {more:.0f} s. "
    )


def frame_sentence(recording: Record) -> str:
    """What the strip of light shows, with the numbers of lost, repeated and damaged pictures."""
    facts = recording.facts["video"]
    return (
        f"Below: light in percent of the usual; pink, pictures lost ({facts['frames_lost']}); yellow, pictures that "
        f"repeat the one before ({facts['frames_repeated']}); damaged pictures: {facts['frames_damaged']}."
    )


def decimated(times_s: np.ndarray, values: np.ndarray, points: int) -> tuple[list[float], list[float]]:
    """Means of blocks, so that a line has few points; a block without any value breaks it."""
    blocks = np.array_split(np.arange(len(times_s)), min(points, len(times_s)))
    known = [block[np.isfinite(values[block])] for block in blocks]
    heights = [float(values[block].mean()) if len(block) else np.nan for block in known]
    return [float(times_s[block].mean()) for block in blocks], heights


def webp(picture) -> bytes:
    """A picture as WebP, small enough for a page of many."""
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=60, method=2)
    return buffer.getvalue()
