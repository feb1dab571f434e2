"""What the reviewer of a swim sees: the scene, a filmstrip that colours what moved, and the activity over time.

In: a swim, its states and its score. Out: figures that name neither animal, arm nor file.
"""

import io
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ketaflow.assays.forced_swim.figures import constants
from ketaflow.assays.forced_swim.model import Swim, SwimFile, VideoProperties
from ketaflow.assays.forced_swim.scoring.model import State, StateBout, SwimScore
from ketaflow.assays.forced_swim.settings import Source
from ketaflow.core.results import Figure
from ketaflow.core.svg import Chart, stacked

# Names of colours in the charts; swimming is not coloured.
COLOURS: dict[State, str] = {"immobility": "blue", "climbing": "orange", "diving": "green", "unscored": "pink"}
INKS: dict[State, tuple[int, int, int]] = {
    "immobility": constants.BLUE, "climbing": constants.ORANGE, "diving": constants.GREEN, "swimming": constants.GREY,
}  # fmt: skip
# What the motion of each kind of file is.
ACTIVITY_LABELS: dict[Source, str] = {
    "video": "Activity (body areas)",
    "ethovision": "Mobility (share of body)",
    "pose": "Speed (body lengths/s)",
}


class ChosenImage(NamedTuple):
    """Place of an image in the strip, and the state it shows."""

    place: int
    state: State


def swim_figures(swim_file: SwimFile, swim: Swim, bouts: Sequence[StateBout], score: SwimScore | None) -> list[Figure]:
    """Draw all figures of one swim.

    Parameters
    ----------
    swim_file, swim : SwimFile, Swim
        What was recorded.
    bouts : sequence of StateBout
        The states of the swim.
    score : SwimScore or None
        How it was scored; None if it could not be.

    Returns
    -------
    list of Figure
        Scene and filmstrip of a video, and the activity.
    """
    activity = activity_chart(swim_file, swim, bouts, score)
    return [*scene_figure(swim_file, swim), *filmstrip(swim, bouts), *film_figure(swim), activity]


def film_figure(swim: Swim) -> list[Figure]:
    """Return the film of a swim; empty if none was made."""
    if swim.film is None:
        return []
    return [Figure("How does the animal move?", swim.film, "video/mp4", "From the middle of the video, in real time.")]


def scene_figure(swim_file: SwimFile, swim: Swim) -> list[Figure]:
    """Draw the scene without animals: this cylinder with its water line and number, the others in grey.

    Parameters
    ----------
    swim_file, swim : SwimFile, Swim
        The video, and the swim to mark.

    Returns
    -------
    list of Figure
        Empty for an export.
    """
    from PIL import Image, ImageDraw, ImageFont

    if swim_file.scene is None or swim.view is None:
        return []
    factor = swim_file.scene.reduction
    image = Image.fromarray(swim_file.scene.background).convert("RGB")
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(max(12, image.width // 26))
    for other in swim_file.swims:
        if other.view is None:
            continue
        left, top, right, bottom = (value / factor for value in other.view.region_px)
        own = other.view.region_px == swim.view.region_px
        colour = constants.ORANGE if own else constants.GREY
        pen.rectangle([left, top, right, bottom], outline=colour, width=2 if own else 1)
        pen.text((left + 5, top + 2), f"{other.cylinder:g}", font=font, fill=colour)
        if own:
            water_left, water_right = (value / factor for value in other.view.water_px)
            pen.line([left, water_left, right, water_right], fill=constants.BLUE, width=2)
    caption = "The scene without animals; orange: this cylinder, blue: its water line, grey: the other cylinders."
    return [Figure("Is the right cylinder marked?", webp(image), "image/webp", caption)]


def filmstrip(swim: Swim, bouts: Sequence[StateBout]) -> list[Figure]:
    """Draw images of the swim in order of time, a few of each state, each with its state and second.

    Parameters
    ----------
    swim : Swim
        With its images.
    bouts : sequence of StateBout
        The states of the swim.

    Returns
    -------
    list of Figure
        Empty for an export, or if no image lies well inside a bout.
    """
    from PIL import Image, ImageDraw

    if swim.strip is None:
        return []
    pairs, times_s = swim.strip.pairs, swim.strip.times_s
    chosen = representative_frames(times_s, bouts)
    if not chosen:
        return []
    high, wide = pairs.shape[2:]
    step = wide + constants.STRIP_GAP_PX
    strip = Image.new("RGB", (step * len(chosen), high + constants.STRIP_WORDS_PX), "white")
    pen = ImageDraw.Draw(strip)
    for number, (place, state) in enumerate(chosen):
        x = number * step
        strip.paste(Image.fromarray(red_cyan(*pairs[place])), (x, 0))
        pen.rectangle([x, high, x + wide - 1, high + 4], fill=INKS[state])
        pen.text((x + 2, high + 6), state[: max(4, wide // 6)], fill=constants.WORDS_INK)
        pen.text((x + 2, high + 17), f"{times_s[place]:.0f} s", fill=constants.WORDS_INK)
    caption = (
        "Each picture is two, a quarter of a second apart: what moved between them is coloured, what kept still is "
        "grey. From the middle of stretches of one state, in seconds of the video."
    )
    return [Figure("Does each picture show the state written below it?", webp(strip), "image/webp", caption)]


def red_cyan(first: np.ndarray, later: np.ndarray) -> np.ndarray:
    """Overlay two grey images: red where only the first is bright, cyan where only the later is.

    Parameters
    ----------
    first, later : (height, width) uint8
        The images.

    Returns
    -------
    (height, width, 3) uint8
        Grey where nothing moved.
    """
    return np.stack([first, later, later], axis=-1)


def representative_frames(times_s: np.ndarray, bouts: Sequence[StateBout]) -> list[ChosenImage]:
    """Choose images that lie well inside a bout, a few of each state.

    Parameters
    ----------
    times_s : (n,) float
        Times of the images (seconds of the video).
    bouts : sequence of StateBout
        The states of the swim.

    Returns
    -------
    list of ChosenImage
        In order of time.
    """
    after_s, before_s = constants.INSIDE_AFTER_START_S, constants.INSIDE_BEFORE_STOP_S
    states = np.array([
        next((bout.state for bout in bouts if bout.start_s + after_s <= t and t <= bout.stop_s - before_s), "")
        for t in times_s
    ])  # fmt: skip
    shown = [state for state in INKS if (states == state).any()]
    chosen: list[ChosenImage] = []
    for state in shown:
        here = np.flatnonzero(states == state)
        count = min(len(here), max(constants.MIN_IMAGES_PER_STATE, constants.STRIP_IMAGES // len(shown)))
        places = np.unique(np.linspace(0, len(here) - 1, count).astype(int))
        chosen += [ChosenImage(int(here[one]), state) for one in places]
    return sorted(chosen)


def activity_chart(swim_file: SwimFile, swim: Swim, bouts: Sequence[StateBout], score: SwimScore | None) -> Figure:
    """Draw activity over time with the threshold and the states; below it the light and the times of frames.

    Parameters
    ----------
    swim_file, swim : SwimFile, Swim
        What was recorded.
    bouts : sequence of StateBout
        The states of the swim.
    score : SwimScore or None
        How it was scored; None if it could not be.

    Returns
    -------
    Figure
    """
    times_s = swim.trace["time_s"].to_numpy()
    activity = np.full(len(times_s), np.nan) if score is None else score.activity
    threshold = np.nan if score is None else score.threshold
    x_limits = (float(times_s[0]), float(times_s[-1]))
    most = np.nanpercentile(activity, constants.ACTIVITY_PERCENTILE) if np.isfinite(activity).any() else 1.0
    top = float(np.nanmax([most, constants.AXIS_THRESHOLDS * threshold]))
    y_label = ACTIVITY_LABELS[swim_file.source]
    chart = Chart(x_limits, (0.0, top), "Time in the video (s)", y_label)
    for state in sorted({bout.state for bout in bouts} & set(COLOURS)):
        chart.bands([(bout.start_s, bout.stop_s) for bout in bouts if bout.state == state], COLOURS[state], 0.25)
    chart.line(*decimated(times_s, np.minimum(activity, top), constants.ACTIVITY_POINTS), "grey")
    if np.isfinite(threshold):
        chart.level(threshold, "threshold")
    if score is not None:
        for moment_s, text in zip(score.window_s, ("scored from", "to"), strict=True):
            chart.moment(moment_s, text)
    charts, below = [chart], ""
    if swim_file.video is not None and swim_file.scene is not None:
        light = light_chart(swim.trace, swim_file.scene.frame_is_repeat, swim_file.video.lost_at_s)
        charts = [replace(chart, show_x_ticks=False, x_label=""), light]
        below = frame_sentence(swim_file.video, swim_file.frames_lost)
    caption = "Blue: immobility, white: swimming, orange: climbing, green: diving, pink: not seen. "
    return Figure(
        "Does activity fall below the threshold where the animal floats?",
        stacked(charts, "Activity over time with the threshold, and the light below it"),
        caption=caption + threshold_sentence(score) + below,
    )


def light_chart(trace: pd.DataFrame, is_repeat: np.ndarray, lost_at_s: Sequence[float]) -> Chart:
    """Draw the light over time, and where frames are missing or repeat the one before.

    Parameters
    ----------
    trace : data frame
        ``time_s`` (seconds of the video) and ``light`` (relative).
    is_repeat : (n_frames,) bool
        Whether a frame repeats the one before.
    lost_at_s : sequence of float
        Times before lost frames (seconds of the video).

    Returns
    -------
    Chart
        Light in % of its usual level over time; yellow where a frame repeats, pink where frames are lost.
    """
    times_s, light_pct = trace["time_s"].to_numpy(), 100 * trace["light"].to_numpy(float)
    x_limits = (float(times_s[0]), float(times_s[-1]))
    top = max(120.0, 1.1 * float(np.nanmax(light_pct)))
    chart = Chart(x_limits, (0.0, top), "Time in the video (s)", "Light (%)", height=constants.LIGHT_HEIGHT_PX)
    wide_s = constants.MIN_MARK_FRACTION * (x_limits[1] - x_limits[0])
    for moments, colour in ((times_s[is_repeat], "yellow"), (lost_at_s, "pink")):
        chart.bands([(moment, moment + wide_s) for moment in moments], colour, 0.8)
    chart.line(*decimated(times_s, light_pct, constants.LIGHT_POINTS), "black")
    return chart


def threshold_sentence(score: SwimScore | None) -> str:
    """Describe what another threshold would change."""
    if score is None:
        return ""
    less, now, more = score.immobility_by_threshold_s
    return (
        f"Immobility in the window: {now:.0f} s; with a threshold {score.threshold_step} lower {less:.0f} s, "
        f"{score.threshold_step} higher {more:.0f} s. "
    )


def frame_sentence(video: VideoProperties, frames_lost: int) -> str:
    """Describe the strip of light, with the numbers of lost, repeated and damaged frames."""
    return (
        f"Below: light in percent of the usual; pink, pictures lost ({frames_lost}); yellow, pictures that "
        f"repeat the one before ({video.frames_repeated}); damaged pictures: {video.frames_damaged}."
    )


def decimated(times_s: np.ndarray, values: np.ndarray, points: int) -> tuple[list[float], list[float]]:
    """Average a signal in blocks, so that a line has few points.

    Parameters
    ----------
    times_s, values : (n,) float
        The signal.
    points : int
        Number of blocks.

    Returns
    -------
    times_s, values : list of float
        Means; NaN for a block without any value, which breaks the line.
    """
    blocks = np.array_split(np.arange(len(times_s)), min(points, len(times_s)))
    known = [block[np.isfinite(values[block])] for block in blocks]
    heights = [float(values[block].mean()) if len(block) else np.nan for block in known]
    return [float(times_s[block].mean()) for block in blocks], heights


def webp(image: Any) -> bytes:
    """Encode an image of Pillow as WebP, small enough for a page of many."""
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=constants.WEBP_QUALITY, method=2)
    return buffer.getvalue()
