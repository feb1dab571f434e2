"""Read one recording of the forced swim test: a video with its cylinders, or an EthoVision raw export.

In: the rows that name the file. Out: the motion trace of each animal, what was found of the scene, and small pictures
for the reviewer. The video is decoded once for all its cylinders; nothing is scored here, so that a changed threshold
never decodes again.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from ketaflow.assays.forced_swim.readers import ethovision, video
from ketaflow.assays.forced_swim.tracking import (
    background,
    cylinder_detection,
    illumination,
    motion,
    scene,
    trace,
    water_line,
)
from ketaflow.assays.forced_swim.tracking.body_mask import block_mean
from ketaflow.assays.forced_swim.tracking.scene import Cylinder
from ketaflow.core.errors import IngestError
from ketaflow.core.records import Record

# A strip picture is at most this wide.
STRIP_WIDTH_PX = 72
BACKGROUND_WIDTH_PX = 480
# The second picture of a pair in the strip is taken this much later (s), about a stroke: what moved shows.
LATER_S = 0.24
FEWEST_KEYS = 12
# A picture repeats the one before if every so-manieth pixel of every so-manieth row does.
SAMPLED = 8
# Lost pictures are told one by one up to this many places.
MOST_LOST = 500


def ingest(
    rows: dict[str, list[dict]],
    folder: Path,
    *,
    analysis_rate_hz: float,
    background_frames: int,
    polarity: str,
    view: str,
    max_gap_s: float,
    max_frozen_s: float,
    filmstrip_every_s: float,
) -> Record:
    """Read the file that the rows of one group name."""
    swims = rows["forced_swim"]
    path = folder / swims[0]["video"]
    if path.suffix.lower() in (".xlsx", ".xls"):
        record = ethovision.read(path, swims)
    else:
        outline, keys = video.index_video(path, background_frames)
        if len(keys) < FEWEST_KEYS:
            keys = video.sample_frames(path, background_frames, outline.duration_s)
        limits = trace.TraceLimits(from_above=view == "top", max_gap_s=max_gap_s, max_frozen_s=max_frozen_s)
        record = track_video(outline, keys, swims, analysis_rate_hz, polarity, limits, filmstrip_every_s)
    return record


def track_video(
    outline: video.VideoIndex,
    keys: list[np.ndarray],
    swims: list[dict],
    analysis_rate_hz: float,
    polarity: str,
    limits: trace.TraceLimits,
    filmstrip_every_s: float,
) -> Record:
    """Follow every animal of a video."""
    name = outline.path.name
    seen = scene.key_frames(keys, name)
    cylinders = locate_cylinders(swims, seen, name)
    sign = {"auto": 0, "dark": 1, "light": -1}[polarity] or background.animal_polarity(seen, list(cylinders.values()))
    empty, noise_sd = background.estimate_background(seen, sign, list(cylinders.values()))
    cylinders = refined_cylinders(cylinders, swims, empty)
    light = illumination.reference_light(empty, seen.variability, list(cylinders.values()))
    trackers, strips = {}, {}
    for swim in swims:
        cylinder = cylinders[int(swim["cylinder"])]
        fur = background.animal_appearance(seen, empty, cylinder, sign, noise_sd)
        ripple = background.ripple_amplitude(seen, cylinder, sign)
        trackers[swim["recording"]] = motion.AnimalTracker(
            cylinder, empty, sign, fur, noise_sd, ripple, seen.clock_mask
        )
        strips[swim["recording"]] = Filmstrip(cylinder, empty.shape, filmstrip_every_s)
    damaged: list[float] = []
    brightness = track_frames(outline, analysis_rate_hz, light, trackers, strips, damaged)
    record = Record(facts={"video": video_properties(outline, brightness, noise_sd, sign), "cylinders": {}})
    record.facts["video"]["frames_damaged"] = len(damaged)
    record.facts["video"]["camera_moved_px"] = scene.camera_shift_px(seen)
    traces = []
    for swim in swims:
        recording = swim["recording"]
        found, facts = trace.build_trace(trackers[recording], brightness, swim["release_s"], limits)
        traces.append(found.assign(recording=recording))
        record.facts["cylinders"][recording] = facts
        record.arrays[f"strip.{recording}"], record.arrays[f"strip_s.{recording}"] = strips[recording].arrays()
    factor = max(1, -(-empty.shape[1] // BACKGROUND_WIDTH_PX))
    record.arrays["background"] = np.clip(block_mean(cropped_to_blocks(empty, factor), factor), 0, 255).astype(np.uint8)
    record.facts["video"]["background_bin"] = factor
    record.arrays["repeated"] = brightness[:, 2] > 0
    record.tables["trace"] = pd.concat(traces, ignore_index=True)
    if all(facts["reason"] for facts in record.facts["cylinders"].values()):
        raise IngestError("; ".join(sorted({f"{name}: {f['reason']}" for f in record.facts["cylinders"].values()})))
    return record


def locate_cylinders(swims: list[dict], seen: scene.KeyFrames, name: str) -> dict[int, Cylinder]:
    """Cylinders by number: those the table gives, the others as found; refused where the counts differ."""
    given = {int(swim["cylinder"]): swim for swim in swims if swim.get("region_x_px") is not None}
    named = sorted({int(swim["cylinder"]) for swim in swims})
    cylinders = {}
    if len(given) < len(named):
        found = cylinder_detection.find_cylinders(seen, name)
        if len(found) != named[-1]:
            raise IngestError(
                f"{name}: {len(found)} cylinder{'s' * (len(found) != 1)} with a moving animal found, but the table "
                f"numbers {named[-1]} (it names {', '.join(map(str, named))}). Correct the column cylinder, or give "
                "region_x_px, region_y_px, region_width_px and region_height_px for each cylinder of this video."
            )
        cylinders = dict(enumerate(found, start=1))
    for number, swim in given.items():
        cylinders[number] = cylinder_detection.cylinder_from_table(swim, seen, name)
    return cylinders


def refined_cylinders(cylinders: dict[int, Cylinder], swims: list[dict], empty: np.ndarray) -> dict[int, Cylinder]:
    """Cylinders with the water line the table gives, or that of the scene without animals."""
    level = water_line.edge_strength(empty, axis=0)
    found = {number: water_line.refined_water_line(one, level) for number, one in cylinders.items()}
    for swim in swims:
        if swim.get("water_line_px") is not None:
            one = found[int(swim["cylinder"])]
            one.water_left = one.water_right = float(swim["water_line_px"])
    return found


def track_frames(
    outline: video.VideoIndex,
    analysis_rate_hz: float,
    light: illumination.ReferenceLight,
    trackers: dict[str, motion.AnimalTracker],
    strips: dict[str, "Filmstrip"],
    damaged: list[float],
) -> np.ndarray:
    """Show every tracker every picture that is looked at; return (n, 3): time, light, whether it repeats the last."""
    apart_s = 1 / analysis_rate_hz - 0.5 * min(outline.frame_s, 1 / analysis_rate_hz)
    sparing = video.can_skip_nonreference(outline.path, 1 / analysis_rate_hz)
    pictures = video.stream_frames(outline.path, apart_s, sparing=sparing, damaged=damaged)
    brightness, last = [], np.zeros(0)
    # The matrices are small: more than one thread would only wait for one another.
    with threadpool_limits(1):
        for time_s, picture in pictures:
            gains = light.gains(picture)
            sample = picture[::SAMPLED, ::SAMPLED].copy()
            brightness.append((time_s, float(np.sort(gains)[len(gains) // 2]), np.array_equal(sample, last)))
            last = sample
            gains = np.maximum(gains, 0.05)
            for recording, tracker in trackers.items():
                tracker.add_frame(time_s, picture, gains, light.centres)
                strips[recording].add_frame(time_s, picture)
    return np.array(brightness, float).reshape(-1, 3)


def video_properties(outline: video.VideoIndex, brightness: np.ndarray, noise_sd: float, sign: int) -> dict:
    """What is told of the video as a whole: its kind, its times, its light."""
    gaps_s = np.diff(outline.times_s)
    lost = np.round(gaps_s / outline.frame_s) - 1
    variable = float(np.mean(np.abs(gaps_s - outline.frame_s) > 0.1 * outline.frame_s))
    return {
        "codec": outline.codec,
        "pixel_format": outline.pixel_format,
        "width_px": outline.width_px,
        "height_px": outline.height_px,
        "frames": len(outline.times_s),
        "frames_looked_at": len(brightness),
        "frames_lost": int(lost[lost > 0].sum()),
        "lost_at_s": [round(float(at_s), 3) for at_s in outline.times_s[:-1][lost > 0][:MOST_LOST]],
        "frames_repeated": int(brightness[:, 2].sum()),
        "longest_still_s": longest_repeat_s(brightness[:, 0], brightness[:, 2] > 0),
        "frame_rate_hz": 1 / outline.frame_s,
        "uneven_share": variable,
        "duration_s": outline.duration_s,
        "noise_sd": noise_sd,
        "polarity": "dark" if sign > 0 else "light",
    }


def longest_repeat_s(times_s: np.ndarray, repeated: np.ndarray) -> float:
    """Longest stretch in which every picture repeats the one before (seconds): the camera or the recorder hung."""
    began, longest = 0, 0.0
    for place in range(1, len(times_s)):
        began = began if repeated[place] else place
        longest = max(longest, float(times_s[place] - times_s[began]))
    return longest


def cropped_to_blocks(picture: np.ndarray, factor: int) -> np.ndarray:
    """The picture cut so that its sides are multiples of ``factor``."""
    return picture[: picture.shape[0] // factor * factor, : picture.shape[1] // factor * factor]


class Filmstrip:
    """Small pictures of one cylinder, taken at regular times for the reviewer, each with one a moment later."""

    def __init__(self, cylinder: Cylinder, shape: tuple[int, int], every_s: float):
        """Choose what is cut out and how much it is reduced."""
        margin = 0.06 * (cylinder.bottom - cylinder.top)
        rows = slice(max(0, int(cylinder.top - margin)), min(shape[0], int(cylinder.bottom + 1)))
        self.crop = (rows, slice(max(0, int(cylinder.left)), min(shape[1], int(cylinder.right) + 1)))
        self.bin = max(1, -(-int(cylinder.width) // STRIP_WIDTH_PX))
        self.every_s, self.due_s = every_s, 0.0
        self.times_s, self.pictures, self.later = [], [], []

    def add_frame(self, time_s: float, picture: np.ndarray) -> None:
        """Keep the picture if one is due."""
        if time_s >= self.due_s:
            self.due_s = time_s + self.every_s
            self.times_s.append(time_s)
            self.pictures.append(self.reduced(picture))
        elif len(self.later) < len(self.pictures) and time_s >= self.times_s[-1] + LATER_S:
            self.later += [self.reduced(picture)] * (len(self.pictures) - len(self.later))

    def reduced(self, picture: np.ndarray) -> np.ndarray:
        """What is kept of a picture."""
        return block_mean(cropped_to_blocks(picture[self.crop], self.bin), self.bin).astype(np.uint8)

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """Pairs of pictures (n, 2, height, width), the later of a pair second, and the times of the first."""
        later = self.later + self.pictures[len(self.later) :]
        return np.stack([self.pictures, later], axis=1), np.array(self.times_s)
