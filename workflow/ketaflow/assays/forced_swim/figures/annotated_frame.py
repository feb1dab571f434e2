"""One annotated picture of a film: a frame in the colour of the state, words, and the activity with its threshold.

In: a picture and its time. Out: the same with marks, and a panel below that shows the whole clip and where it stands.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

# Okabe & Ito (2008), as the charts of the review page, where swimming has none.
COLOURS = {
    "immobility": (0, 114, 178),
    "swimming": (240, 228, 66),
    "climbing": (213, 94, 0),
    "diving": (0, 158, 115),
    "unscored": (204, 121, 167),
}
DARK, PALE, GRID = (24, 26, 30), (225, 225, 225), (90, 94, 100)
PANEL_PX, MARGIN_PX, BAR_PX, STATES_PX, WORDS_PX = 112, 10, 14, 10, 24
# The panel shows activity up to this many thresholds at least, and up to this percentile of the clip.
MOST, MOST_PCT = 4.0, 95
# The frame stands this far outside the cylinder, so that it hides no animal (px).
FRAME_PX = 4


@dataclass(frozen=True)
class Annotation:
    """What is drawn: the scores, and the cylinder (left, top, right, bottom, water left and right; px of the film)."""

    box: tuple[float, ...]
    title: str
    spans: pd.DataFrame
    times_s: np.ndarray
    activity: np.ndarray
    threshold: float
    window_s: tuple[float, float]


def scaled_box(region_px: list[float], water_px: list[float], factor: float) -> tuple[float, ...]:
    """Cylinder and water line in pixels of the film."""
    return tuple(value * factor for value in (*region_px, *water_px))


class Annotator:
    """Draws marks onto one picture after the other; what stays the same is drawn once."""

    def __init__(self, marks: Annotation, width_px: int):
        """Draw the panel that stands below every picture."""
        from PIL import ImageFont

        self.marks, self.width_px = marks, width_px
        self.font, self.small = ImageFont.load_default(15), ImageFont.load_default(11)
        self.left, self.right = MARGIN_PX, width_px - 3 * MARGIN_PX - BAR_PX
        self.top, self.bottom = WORDS_PX + 4, PANEL_PX - STATES_PX - 8
        self.starts = marks.spans["start_s"].to_numpy(float)
        shown = marks.activity[self.inside()]
        self.most = max(MOST * marks.threshold, np.percentile(shown, MOST_PCT) if len(shown) else 0.0)
        self.panel = self.still_panel()

    def inside(self) -> np.ndarray:
        """Which pictures of the trace lie in the clip and have an activity."""
        start_s, stop_s = self.marks.window_s
        return (self.marks.times_s >= start_s) & (self.marks.times_s <= stop_s) & np.isfinite(self.marks.activity)

    def x(self, time_s: float) -> float:
        """Pixel of a moment in the panel."""
        start_s, stop_s = self.marks.window_s
        return self.left + (time_s - start_s) / (stop_s - start_s) * (self.right - self.left)

    def y(self, activity: float) -> float:
        """Pixel of an activity in the panel, cut at the top."""
        share = min(activity / self.most, 1.0) if self.most > 0 else 0.0
        return self.bottom - share * (self.bottom - self.top)

    def still_panel(self):
        """Activity of the whole clip, its threshold, and the states below it."""
        from PIL import Image, ImageDraw

        panel = Image.new("RGB", (self.width_px, PANEL_PX), DARK)
        pen = ImageDraw.Draw(panel)
        start_s, stop_s = self.marks.window_s
        for state, begin_s, end_s in self.marks.spans[["state", "start_s", "stop_s"]].itertuples(index=False):
            if end_s > start_s and begin_s < stop_s:
                sides = self.x(max(begin_s, start_s)), self.x(min(end_s, stop_s))
                pen.rectangle([sides[0], self.bottom + 4, sides[1], self.bottom + 4 + STATES_PX], fill=COLOURS[state])
        times_s, values = self.marks.times_s[self.inside()], self.marks.activity[self.inside()]
        pen.line([(self.x(t), self.y(v)) for t, v in zip(times_s, values, strict=True)], fill=PALE, width=1)
        if self.marks.threshold > 0:
            level = self.y(self.marks.threshold)
            pen.line([self.left, level, self.width_px - MARGIN_PX, level], fill=COLOURS["climbing"], width=1)
            pen.text((self.left + 2, level - 13), "threshold", font=self.small, fill=COLOURS["climbing"])
        return panel

    def state(self, time_s: float) -> str:
        """What the animal was scored to do at a moment."""
        place = int(np.searchsorted(self.starts, time_s, "right")) - 1
        inside = place >= 0 and time_s < self.marks.spans["stop_s"].iloc[place]
        return str(self.marks.spans["state"].iloc[place]) if inside else "not scored"

    def annotated(self, time_s: float, picture: np.ndarray) -> np.ndarray:
        """The picture with its marks, the panel below it; both sides even."""
        from PIL import Image, ImageDraw

        state = self.state(time_s)
        colour = COLOURS.get(state, GRID)
        high = picture.shape[0]
        done = Image.new("RGB", (self.width_px, high + PANEL_PX))
        done.paste(Image.fromarray(picture), (0, 0))
        panel = self.panel.copy()
        self.draw_now(ImageDraw.Draw(panel), time_s, state, colour)
        done.paste(panel, (0, high))
        pen = ImageDraw.Draw(done)
        left, top, right, bottom, water_left, water_right = self.marks.box
        around = [left - FRAME_PX, top - FRAME_PX, right + FRAME_PX, bottom + FRAME_PX]
        pen.rectangle(around, outline=colour, width=FRAME_PX)
        pen.line([left, water_left, right, water_right], fill=COLOURS["immobility"], width=1)
        return np.asarray(done)

    def draw_now(self, pen, time_s: float, state: str, colour: tuple[int, int, int]) -> None:
        """Words, the present moment, and the bar of the present activity."""
        pen.rectangle([self.left, 6, self.left + 12, 18], fill=colour)
        pen.text((self.left + 20, 3), state, font=self.font, fill=PALE)
        told = f"{self.marks.title}   {time_s:.1f} s"
        pen.text((self.width_px - MARGIN_PX, 3), told, font=self.font, fill=PALE, anchor="ra")
        pen.line([self.x(time_s), self.top, self.x(time_s), self.bottom + 4 + STATES_PX], fill=PALE, width=1)
        place = int(np.searchsorted(self.marks.times_s, time_s))
        value = self.marks.activity[min(place, len(self.marks.activity) - 1)] if len(self.marks.activity) else np.nan
        if np.isfinite(value):
            sides = self.width_px - MARGIN_PX - BAR_PX, self.width_px - MARGIN_PX
            under = value < self.marks.threshold
            pen.rectangle([sides[0], self.y(value), sides[1], self.bottom],
                          fill=COLOURS["immobility"] if under else PALE)  # fmt: skip
            pen.line([sides[0] - 4, self.y(self.marks.threshold), sides[1], self.y(self.marks.threshold)],
                     fill=COLOURS["climbing"], width=2)  # fmt: skip
