"""Data of the forced swim test: rows of its tables, and what ``ingest`` hands to the other stages.

``ingest`` makes a ``SwimFile`` of each video or export, ``quantify`` a ``scoring.model.Measured`` of it. The settings
are in ``settings``.
"""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from ketaflow.assays.forced_swim.settings import Source


@dataclass(frozen=True)
class AnimalRow:
    """One row of the table ``animals``, as far as the test needs it."""

    animal: str
    species: str | None = None


@dataclass(frozen=True)
class SwimRow:
    """One row of the table ``forced_swim``: an animal in a cylinder of a video."""

    recording: str
    animal: str
    video: str
    cylinder: int
    release_s: float | None = None
    session: str | None = None
    region_x_px: float | None = None
    region_y_px: float | None = None
    region_width_px: float | None = None
    region_height_px: float | None = None
    water_line_px: float | None = None
    frame_rate_hz: float | None = None


@dataclass(frozen=True)
class HumanScoreRow:
    """One row of the table ``forced_swim_human_scores``: a bout, or a total, that a person scored."""

    recording: str
    rater: str
    behaviour: str
    start_s: float | None
    stop_s: float | None
    total_s: float | None
    fps: float | None
    sample_s: float | None = None
    scored_s: float | None = None


@dataclass(frozen=True)
class TruthRow:
    """One row of the table ``forced_swim_truth``: how a swim is drawn. Empty cells take the defaults of the scene."""

    recording: str
    states: str
    seed: int | None = None
    body_length: float | None = None
    vigour: float | None = None
    fps: float | None = None
    width_px: int | None = None
    height_px: int | None = None
    duration_s: float | None = None
    codec: str | None = None
    cylinders: int | None = None
    body_level: float | None = None
    wall_level: float | None = None
    noise_sd: float | None = None
    ripple: float | None = None
    flicker: float | None = None
    light_drift: float | None = None
    reflection: float | None = None
    tilt_px: float | None = None
    drop_frames_pct: float | None = None
    fault: str | None = None


@dataclass(frozen=True)
class VideoProperties:
    """A video as a whole.

    Attributes
    ----------
    codec, pixel_format : str
        As FFmpeg names them.
    width_px, height_px : int
        Size of a frame as it is shown.
    frames_analysed, frames_repeated, frames_damaged : int
        Frames looked at; those of them that equal the frame before; frames that could not be decoded.
    lost_at_s : tuple of float
        Times before gaps in the timestamps (seconds of the video).
    longest_repeat_s : float
        Longest stretch in which every frame equals the one before (seconds).
    uneven_fraction : float
        Fraction of frame intervals that differ from the usual one by more than a tenth.
    noise_sd : float
        Standard deviation of the camera's noise (grey levels).
    polarity : str
        Whether the animals are darker or lighter than the background.
    camera_shift_px : float
        Displacement of the scene between the first and the last third of the video.
    """

    codec: str
    pixel_format: str
    width_px: int
    height_px: int
    frames_analysed: int
    frames_repeated: int
    frames_damaged: int
    lost_at_s: tuple[float, ...]
    longest_repeat_s: float
    uneven_fraction: float
    duration_s: float
    noise_sd: float
    polarity: Literal["dark", "light"]
    camera_shift_px: float


@dataclass(frozen=True)
class SceneImage:
    """The scene of a video without its animals.

    Attributes
    ----------
    background : (height, width) uint8
        Grey levels, reduced.
    reduction : int
        Side of the squares of video pixels that one pixel represents.
    frame_is_repeat : (n_frames,) bool
        Whether an analysed frame equals the one before.
    """

    background: np.ndarray
    reduction: int
    frame_is_repeat: np.ndarray


@dataclass(frozen=True)
class CylinderView:
    """A cylinder in a video.

    Attributes
    ----------
    region_px : tuple of float
        Left, top, right, bottom (pixels of the video).
    water_px : tuple of float
        Height of the water surface at the left and the right wall (pixels from the top).
    confidence : float
        How clearly the water line stands out (0 to 1).
    contrast : float
        Median difference between animal and background (grey levels).
    surface_coherence : float
        How continuous the water line is (0 to 1, see ``tracking.water_line``); 1 if the table gives it.
    """

    region_px: tuple[float, float, float, float]
    water_px: tuple[float, float]
    confidence: float
    contrast: float
    surface_coherence: float = 1.0


@dataclass(frozen=True)
class StripImages:
    """Small images of one cylinder at regular times.

    Attributes
    ----------
    pairs : (n, 2, height, width) uint8
        Each image with one taken a moment later.
    times_s : (n,) float
        Times of the first image of each pair (seconds of the video).
    """

    pairs: np.ndarray
    times_s: np.ndarray


@dataclass(frozen=True)
class ExportFacts:
    """What the export of another program says of one animal.

    Attributes
    ----------
    program : str
        Its name.
    immobility_limit_pct : float or None
        Limit of mobility below which the program called the animal immobile (percent); None if not stated.
    note : str
        What the lab noted about the recording; empty if nothing.
    totals : dict of str to float
        Values by measure where the export holds no samples but totals.
    """

    program: str
    immobility_limit_pct: float | None = None
    note: str = ""
    totals: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class PoseFacts:
    """What a reviewer must know of the poses of one animal.

    Attributes
    ----------
    program : str
        What wrote them.
    parts, parts_left_out : tuple of str
        Parts whose speeds are averaged, and the others of the file.
    length_px : float
        Length of the body (pixels).
    found_pct : float
        Share of the positions of the parts that were found with sufficient likelihood (percent).
    jumps_pct : float
        Share of the found positions that were left out as jumps (percent).
    long_pct : float
        Share of the frames that were left out because the body is implausibly long (percent).
    """

    program: str
    parts: tuple[str, ...]
    parts_left_out: tuple[str, ...]
    length_px: float
    found_pct: float
    jumps_pct: float
    long_pct: float


@dataclass(frozen=True)
class Swim:
    """One animal of a video or an export.

    Attributes
    ----------
    recording, animal, session : str
        As in the table ``forced_swim``.
    cylinder : int
        Number of the cylinder or arena.
    reason : str
        Why the swim cannot be scored; empty if it can.
    release_s : float or None
        When the animal was released (seconds of the video); None or NaN if not found.
    max_gap_s : float
        Longer intervals between frames are unscored (seconds).
    trace : data frame
        One row per frame: ``time_s``, ``seen``, ``motion``; from a video also ``speed``, ``x``, ``height``, ``depth``,
        ``above``, ``area``, ``light``, ``frozen`` (see ``tracking.trace``).
    view : CylinderView or None
        The cylinder in the video; None for an export.
    strip : StripImages or None
        Images for the reviewer, of poses sketches; None for an export.
    export : ExportFacts or None
        What the export says besides its samples; None for a video.
    poses : PoseFacts or None
        What is known of the poses; None for any other file.
    species : str
        ``mouse``, ``rat``, or empty if unknown.
    film : bytes or None
        A short film for the reviewer (mp4); None for an export, or if the settings ask for none.
    """

    recording: str
    animal: str
    session: str | None
    cylinder: int
    reason: str
    release_s: float | None
    max_gap_s: float
    trace: pd.DataFrame
    view: CylinderView | None = None
    strip: StripImages | None = None
    export: ExportFacts | None = None
    species: str = ""
    poses: PoseFacts | None = None
    film: bytes | None = None

    @property
    def limit_in_export_pct(self) -> float | None:
        """Limit of immobility that the export states (percent); None if it states none, or for a video."""
        return None if self.export is None else self.export.immobility_limit_pct


@dataclass(frozen=True)
class SwimFile:
    """All swims of one video, EthoVision export or file of poses: what ``ingest`` makes.

    Attributes
    ----------
    path : str
        As in the column ``video``.
    frames, frames_lost : int
        Frames in the file, and frames missing between the first and the last.
    frame_rate_hz : float
        Usual frame rate.
    swims : list of Swim
        In the order of the table.
    video, scene : VideoProperties, SceneImage or None
        None for an export.
    source : str
        Kind of file: ``video``, ``ethovision`` or ``pose``.
    """

    path: str
    frames: int
    frames_lost: int
    frame_rate_hz: float
    swims: list[Swim]
    video: VideoProperties | None = None
    scene: SceneImage | None = None
    source: Source = "video"

    def swim(self, recording: str) -> Swim:
        """Return the swim of that name."""
        return next(swim for swim in self.swims if swim.recording == recording)
