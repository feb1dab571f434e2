"""One annotated frame of a clip: the cylinder framed in the colour of the state, words, and the activity.

In: a frame and its time. Out: the same with annotations, and a panel below that shows the activity of the whole clip,
the threshold, and the present moment.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ketaflow.assays.forced_swim.figures.constants import (
    BAR_PX,
    BLUE,
    DARK,
    FRAME_PX,
    GREEN,
    GRID,
    MARGIN_PX,
    ORANGE,
    PALE,
    PANEL_PERCENTILE,
    PANEL_PX,
    PANEL_THRESHOLDS,
    PINK,
    STATES_PX,
    WORDS_PX,
    YELLOW,
)

Colour = tuple[int, int, int]
# As the charts of the review page, where swimming has none.
COLOURS: dict[str, Colour] = {
    "immobility": BLUE,
    "swimming": YELLOW,
    "climbing": ORANGE,
    "diving": GREEN,
    "unscored": PINK,
}


@dataclass(frozen=True)
class Annotation:
    """What is drawn into the frames of a clip.

    Attributes
    ----------
    box : tuple of float
        The cylinder: left, top, right, bottom, water at the left and the right wall (pixels of the clip).
    title : str
        Words at the right of the panel.
    bouts : data frame
        ``state``, ``start_s``, ``stop_s`` (seconds of the video).
    times_s, activity : (n,) float
        The activity.
    threshold : float
        NaN if the swim was not scored.
    window_s : tuple of float
        Start and stop of the clip (seconds of the video).
    """

    box: tuple[float, ...]
    title: str
    bouts: pd.DataFrame
    times_s: np.ndarray
    activity: np.ndarray
    threshold: float
    window_s: tuple[float, float]


def scaled_box(region_px: tuple[float, ...], water_px: tuple[float, ...], factor: float) -> tuple[float, ...]:
    """Scale a cylinder and its water line from pixels of the video to pixels of the clip."""
    return tuple(value * factor for value in (*region_px, *water_px))


class Annotator:
    """Draws annotations into one frame after the other; what does not change is drawn once.

    Parameters
    ----------
    marks : Annotation
        What to draw.
    width_px : int
        Width of the clip.
    """

    def __init__(self, marks: Annotation, width_px: int):
        """Draw the panel that is shown below every frame."""
        from PIL import ImageFont

        self.marks, self.width_px = marks, width_px
        self.font, self.small = ImageFont.load_default(15), ImageFont.load_default(11)
        self.left, self.right = MARGIN_PX, width_px - 3 * MARGIN_PX - BAR_PX
        self.top, self.bottom = WORDS_PX + 4, PANEL_PX - STATES_PX - 8
        self.starts = marks.bouts["start_s"].to_numpy(float)
        shown = marks.activity[self._inside()]
        highest = np.percentile(shown, PANEL_PERCENTILE) if len(shown) else 0.0
        self.most = max(PANEL_THRESHOLDS * marks.threshold, float(highest))
        self.panel = self._static_panel()

    def _inside(self) -> np.ndarray:
        """Frames of the trace that lie in the clip and have an activity, (n,) bool."""
        start_s, stop_s = self.marks.window_s
        return (self.marks.times_s >= start_s) & (self.marks.times_s <= stop_s) & np.isfinite(self.marks.activity)

    def _x(self, time_s: float) -> float:
        """Pixel of a moment in the panel."""
        start_s, stop_s = self.marks.window_s
        return self.left + (time_s - start_s) / (stop_s - start_s) * (self.right - self.left)

    def _y(self, activity: float) -> float:
        """Pixel of an activity in the panel, cut at the top."""
        share = min(activity / self.most, 1.0) if self.most > 0 else 0.0
        return self.bottom - share * (self.bottom - self.top)

    def _static_panel(self) -> Any:
        """Activity of the whole clip, its threshold, and the states below it."""
        from PIL import Image, ImageDraw

        panel = Image.new("RGB", (self.width_px, PANEL_PX), DARK)
        pen = ImageDraw.Draw(panel)
        start_s, stop_s = self.marks.window_s
        for state, begin_s, end_s in self.marks.bouts[["state", "start_s", "stop_s"]].itertuples(index=False):
            if end_s > start_s and begin_s < stop_s:
                sides = self._x(max(begin_s, start_s)), self._x(min(end_s, stop_s))
                pen.rectangle([sides[0], self.bottom + 4, sides[1], self.bottom + 4 + STATES_PX], fill=COLOURS[state])
        times_s, values = self.marks.times_s[self._inside()], self.marks.activity[self._inside()]
        pen.line([(self._x(t), self._y(v)) for t, v in zip(times_s, values, strict=True)], fill=PALE, width=1)
        if self.marks.threshold > 0:
            level = self._y(self.marks.threshold)
            pen.line([self.left, level, self.width_px - MARGIN_PX, level], fill=COLOURS["climbing"], width=1)
            pen.text((self.left + 2, level - 13), "threshold", font=self.small, fill=COLOURS["climbing"])
        return panel

    def state(self, time_s: float) -> str:
        """Return the state at a moment (seconds of the video)."""
        place = int(np.searchsorted(self.starts, time_s, "right")) - 1
        inside = place >= 0 and time_s < self.marks.bouts["stop_s"].iloc[place]
        return str(self.marks.bouts["state"].iloc[place]) if inside else "not scored"

    def annotated(self, time_s: float, frame: np.ndarray) -> np.ndarray:
        """Annotate one frame.

        Parameters
        ----------
        time_s : float
            Its time (seconds of the video).
        frame : (height, width, 3) uint8
            Colours.

        Returns
        -------
        (height + panel, width, 3) uint8
            The frame with box and water line, above a panel with state and times.
        """
        from PIL import Image, ImageDraw

        state = self.state(time_s)
        colour = COLOURS.get(state, GRID)
        high = frame.shape[0]
        done = Image.new("RGB", (self.width_px, high + PANEL_PX))
        done.paste(Image.fromarray(frame), (0, 0))
        panel = self.panel.copy()
        self._draw_moment(ImageDraw.Draw(panel), time_s, state, colour)
        done.paste(panel, (0, high))
        pen = ImageDraw.Draw(done)
        left, top, right, bottom, water_left, water_right = self.marks.box
        around = [left - FRAME_PX, top - FRAME_PX, right + FRAME_PX, bottom + FRAME_PX]
        pen.rectangle(around, outline=colour, width=FRAME_PX)
        pen.line([left, water_left, right, water_right], fill=COLOURS["immobility"], width=1)
        return np.asarray(done)

    def _draw_moment(self, pen: Any, time_s: float, state: str, colour: Colour) -> None:
        """Words, the present moment, and the bar of the present activity."""
        pen.rectangle([self.left, 6, self.left + 12, 18], fill=colour)
        pen.text((self.left + 20, 3), state, font=self.font, fill=PALE)
        words = f"{self.marks.title}   {time_s:.1f} s"
        pen.text((self.width_px - MARGIN_PX, 3), words, font=self.font, fill=PALE, anchor="ra")
        pen.line([self._x(time_s), self.top, self._x(time_s), self.bottom + 4 + STATES_PX], fill=PALE, width=1)
        place = int(np.searchsorted(self.marks.times_s, time_s))
        value = self.marks.activity[min(place, len(self.marks.activity) - 1)] if len(self.marks.activity) else np.nan
        if np.isfinite(value):
            sides = self.width_px - MARGIN_PX - BAR_PX, self.width_px - MARGIN_PX
            ink = COLOURS["immobility"] if value < self.marks.threshold else PALE
            pen.rectangle([sides[0], self._y(value), sides[1], self.bottom], fill=ink)
            level = self._y(self.marks.threshold)
            pen.line([sides[0] - 4, level, sides[1], level], fill=COLOURS["climbing"], width=2)
