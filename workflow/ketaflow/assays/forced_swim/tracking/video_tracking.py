"""Track every animal of a video in one pass.

In: the index and key frames of a video, and the rows that name its cylinders. Out: a ``SwimFile`` with the motion trace
of each animal and what the reviewer needs to see. Nothing is scored here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np
from threadpoolctl import threadpool_limits

from ketaflow.assays.forced_swim.figures.filmstrip import Filmstrip
from ketaflow.assays.forced_swim.model import CylinderView, SceneImage, Swim, SwimFile, SwimRow, VideoProperties
from ketaflow.assays.forced_swim.readers import video
from ketaflow.assays.forced_swim.settings import IngestSettings
from ketaflow.assays.forced_swim.time_series import true_runs
from ketaflow.assays.forced_swim.tracking import (
    background,
    constants,
    cylinder_detection,
    illumination,
    motion,
    scene,
    trace,
    water_line,
)
from ketaflow.assays.forced_swim.tracking.body_mask import block_mean, cropped_to_blocks
from ketaflow.assays.forced_swim.tracking.scene import Cylinder, EmptyScene, KeyFrames
from ketaflow.core.errors import IngestError

SIGNS = {"auto": 0, "dark": 1, "light": -1}


class FollowedAnimal:
    """One animal while its video is decoded: its row, its tracker, and the images of its cylinder."""

    def __init__(
        self,
        row: SwimRow,
        cylinder: Cylinder,
        seen: KeyFrames,
        empty: EmptyScene,
        light: illumination.ReferenceLight,
        every_s: float,
    ):
        """Prepare the tracker from the key frames; ``every_s`` is the time between images (seconds)."""
        appearance = background.animal_appearance(seen, empty, cylinder)
        self.row = row
        is_given = row.water_line_px is not None
        self.surface_coherence = 1.0 if is_given else water_line.surface_coherence(empty.background, cylinder)
        self.tracker = motion.AnimalTracker(cylinder, seen, empty, appearance, light)
        self.strip = Filmstrip(cylinder, empty.background.shape, every_s)


def track_video(
    index: video.VideoIndex, frames: list[np.ndarray], rows: Sequence[SwimRow], settings: IngestSettings
) -> SwimFile:
    """Follow every animal of a video.

    Parameters
    ----------
    index : VideoIndex
        The times of all frames.
    frames : list of (height, width) uint8
        Key frames spread over the video.
    rows : sequence of SwimRow
        The cylinders to follow.
    settings : IngestSettings
        Settings.

    Returns
    -------
    SwimFile
        Trace of every swim, properties of the video, and the scene without animals.

    Raises
    ------
    IngestError
        If the cylinders cannot be found, or no swim can be scored.
    """
    name = index.path.name
    rate_hz = 1 / index.frame_s
    if rate_hz < constants.MIN_FRAME_RATE_HZ:
        raise IngestError(
            f"{name}: the video has {rate_hz:.1f} frames per second; strokes of 3 to 6 per second are not visible "
            f"below {constants.MIN_FRAME_RATE_HZ:g}. Use the original recording, with at least 8 frames per second."
        )
    seen = scene.key_frames(frames, name)
    cylinders = locate_cylinders(rows, seen, name)
    sign = SIGNS[settings.polarity] or background.animal_polarity(seen, list(cylinders.values()))
    empty = background.estimate_background(seen, sign, list(cylinders.values()))
    cylinders = refined_cylinders(cylinders, rows, empty.background)
    light = illumination.reference_light(empty.background, seen.variability, list(cylinders.values()))
    every_s = settings.filmstrip_every_s
    animals = [FollowedAnimal(row, cylinders[row.cylinder], seen, empty, light, every_s) for row in rows]
    log, damaged = follow_animals(index, settings.analysis_rate_hz, light, animals)
    swims = [finished_swim(animal, log, settings) for animal in animals]
    if all(swim.reason for swim in swims):
        raise IngestError("; ".join(sorted({f"{name}: {swim.reason}" for swim in swims})))
    return SwimFile(
        path=rows[0].video,
        frames=len(index.times_s),
        frames_lost=int(gaps_in_frames(index).sum()),
        frame_rate_hz=1 / index.frame_s,
        swims=swims,
        video=video_properties(index, log, damaged, empty, scene.camera_shift_px(seen)),
        scene=scene_image(empty.background, log.is_repeat),
    )


def locate_cylinders(rows: Sequence[SwimRow], seen: KeyFrames, name: str) -> dict[int, Cylinder]:
    """Locate the cylinders of a video: those whose region the table gives, and the others as found.

    Parameters
    ----------
    rows : sequence of SwimRow
        The cylinders to follow.
    seen : KeyFrames
        Key frames of the video.
    name : str
        Name of the file, for messages.

    Returns
    -------
    dict of int to Cylinder
        By number, from the left.

    Raises
    ------
    IngestError
        If the number of cylinders found differs from that in the table.
    """
    given = {row.cylinder: row for row in rows if row.region_x_px is not None}
    named = sorted({row.cylinder for row in rows})
    cylinders: dict[int, Cylinder] = {}
    if len(given) < len(named):
        found = cylinder_detection.find_cylinders(seen, name, named[-1])
        if len(found) != named[-1]:
            raise IngestError(
                f"{name}: {len(found)} cylinder{'s' * (len(found) != 1)} with a moving animal found, but the table "
                f"numbers {named[-1]} (it names {', '.join(map(str, named))}). Correct the column cylinder, or give "
                "region_x_px, region_y_px, region_width_px and region_height_px for each cylinder of this video."
            )
        cylinders = dict(enumerate(found, start=1))
    for number, row in given.items():
        cylinders[number] = cylinder_detection.cylinder_from_table(row, seen, name)
    return cylinders


def refined_cylinders(
    cylinders: dict[int, Cylinder], rows: Sequence[SwimRow], empty: np.ndarray
) -> dict[int, Cylinder]:
    """Give each cylinder the water line of the table, or that of the scene without animals.

    Parameters
    ----------
    cylinders : dict of int to Cylinder
        As found in the scene with animals.
    rows : sequence of SwimRow
        Rows of the table.
    empty : (height, width) float32
        The scene without animals (grey levels).

    Returns
    -------
    dict of int to Cylinder
        By number of the cylinder, from the left.
    """
    level_edges = water_line.edge_strength(empty, axis=0)
    found = {number: water_line.refined_water_line(one, level_edges) for number, one in cylinders.items()}
    for row in rows:
        if row.water_line_px is not None:
            line = float(row.water_line_px)
            found[row.cylinder] = replace(found[row.cylinder], water_left=line, water_right=line)
    return found


def follow_animals(
    index: video.VideoIndex, rate_hz: float, light: illumination.ReferenceLight, animals: list[FollowedAnimal]
) -> tuple[trace.FrameLog, int]:
    """Decode a video and show every tracker the analysed frames.

    Parameters
    ----------
    index : VideoIndex
        The video.
    rate_hz : float
        Frames analysed per second.
    light : ReferenceLight
        Reference for the brightness.
    animals : list of FollowedAnimal
        Their trackers and images are filled.

    Returns
    -------
    FrameLog
        Time, light and repetition of each analysed frame.
    int
        Number of damaged frames.
    """
    step_s = 1 / rate_hz
    min_interval_s = step_s - 0.5 * min(index.frame_s, step_s)
    reader = video.FrameReader(index.path, min_interval_s, constants.MAX_INTERVAL_RATIO * step_s)
    room, times_s = illumination.RoomSampler(light), np.empty(constants.BLOCK_FRAMES)
    blocks = [trace.FrameLog(np.zeros(0), np.zeros(0), np.zeros(0, bool))]
    # The matrices are small: several threads would only wait for one another.
    with threadpool_limits(1):
        frames = iter(reader)
        while count := add_block(islice(frames, constants.BLOCK_FRAMES), times_s, room, animals):
            gains, is_repeat = room.measured(count)
            blocks.append(trace.FrameLog(times_s[:count].copy(), np.sort(gains)[:, gains.shape[1] // 2], is_repeat))
            for animal in animals:
                animal.tracker.measure_block(blocks[-1].times_s, np.maximum(gains, constants.MIN_GAIN))
    columns = zip(*((one.times_s, one.light, one.is_repeat) for one in blocks), strict=True)
    return trace.FrameLog(*(np.concatenate(column) for column in columns)), reader.damaged


def add_block(
    frames: Iterable[tuple[float, np.ndarray]],
    times_s: np.ndarray,
    room: illumination.RoomSampler,
    animals: list[FollowedAnimal],
) -> int:
    """Show every tracker a block of frames.

    Parameters
    ----------
    frames : iterable of (time_s, (height, width) uint8)
        The frames and their times (seconds of the video).
    times_s : (n,) float
        Filled with the times of the frames.
    room : RoomSampler
        Sees every frame.
    animals : list of FollowedAnimal
        Their trackers and filmstrips see every frame.

    Returns
    -------
    int
        Number of frames.
    """
    count = 0
    for count, (time_s, frame) in enumerate(frames, start=1):
        times_s[count - 1] = time_s
        room.add_frame(count - 1, frame)
        for animal in animals:
            animal.tracker.add_frame(count - 1, frame)
            animal.strip.add_frame(time_s, frame)
    return count


def finished_swim(animal: FollowedAnimal, log: trace.FrameLog, settings: IngestSettings) -> Swim:
    """Make the swim of an animal after the last frame.

    Parameters
    ----------
    animal : FollowedAnimal
        The animal.
    log : FrameLog
        The analysed frames.
    settings : IngestSettings
        Settings.

    Returns
    -------
    Swim
    """
    row, one = animal.row, animal.tracker.cylinder
    limits = trace.TraceLimits(settings.view == "top", settings.max_frozen_s)
    made = trace.build_trace(animal.tracker, log, row.release_s, limits)
    view = CylinderView(
        region_px=(float(one.left), float(one.top), float(one.right), float(one.bottom)),
        water_px=(float(one.water_left), float(one.water_right)),
        confidence=float(one.confidence),
        contrast=float(animal.tracker.appearance.contrast),
        surface_coherence=animal.surface_coherence,
    )
    return Swim(
        recording=row.recording,
        animal=row.animal,
        session=row.session,
        cylinder=row.cylinder,
        reason=made.reason,
        release_s=made.release_s,
        max_gap_s=settings.max_gap_s,
        trace=made.trace,
        view=view,
        strip=animal.strip.images(),
    )


def gaps_in_frames(index: video.VideoIndex) -> np.ndarray:
    """Count the frames missing between each frame and the next.

    Parameters
    ----------
    index : VideoIndex
        The video.

    Returns
    -------
    (n_frames - 1,) float
        Whole numbers.
    """
    return np.maximum(np.round(np.diff(index.times_s) / index.frame_s) - 1, 0)


def video_properties(
    index: video.VideoIndex, log: trace.FrameLog, damaged: int, empty: EmptyScene, camera_shift_px: float
) -> VideoProperties:
    """Describe a video as a whole.

    Parameters
    ----------
    index : VideoIndex
        The times of all frames.
    log : FrameLog
        The analysed frames.
    damaged : int
        Number of damaged frames.
    empty : EmptyScene
        The scene without animals.
    camera_shift_px : float
        Displacement of the camera (pixels).

    Returns
    -------
    VideoProperties
    """
    lost = gaps_in_frames(index)
    before_gap_s = index.times_s[:-1][lost > 0][: constants.MAX_LOST_LISTED]
    uneven = np.abs(np.diff(index.times_s) - index.frame_s) > 0.1 * index.frame_s
    return VideoProperties(
        codec=index.codec,
        pixel_format=index.pixel_format,
        width_px=index.width_px,
        height_px=index.height_px,
        frames_analysed=len(log.times_s),
        frames_repeated=int(log.is_repeat.sum()),
        frames_damaged=damaged,
        lost_at_s=tuple(round(float(time_s), 3) for time_s in before_gap_s),
        longest_repeat_s=longest_repeat_s(log.times_s, log.is_repeat),
        uneven_fraction=float(np.mean(uneven)),
        duration_s=index.duration_s,
        noise_sd=empty.noise_sd,
        polarity="dark" if empty.sign > 0 else "light",
        camera_shift_px=camera_shift_px,
    )


def longest_repeat_s(times_s: np.ndarray, is_repeat: np.ndarray) -> float:
    """Find the longest stretch in which every frame repeats the one before: the camera or the recorder hung.

    Parameters
    ----------
    times_s : (n,) float
        Seconds of the video.
    is_repeat : (n,) bool
        Whether a frame repeats the one before; interruptions by a key frame are bridged.

    Returns
    -------
    float
        From the frame that is repeated to its last repetition (seconds).
    """
    stretches = true_runs(trace.without_interruptions(is_repeat))
    spans = [times_s[after - 1] - times_s[max(first - 1, 0)] for first, after in stretches]
    return float(max(spans, default=0.0))


def scene_image(empty: np.ndarray, is_repeat: np.ndarray) -> SceneImage:
    """Reduce the scene without animals for the reviewer.

    Parameters
    ----------
    empty : (height, width) float32
        Grey levels.
    is_repeat : (n,) bool
        Whether an analysed frame repeats the one before.

    Returns
    -------
    SceneImage
        The scene at a width that a page can show, and the factor of reduction.
    """
    factor = max(1, -(-empty.shape[1] // constants.BACKGROUND_WIDTH_PX))
    reduced = np.clip(block_mean(cropped_to_blocks(empty, factor), factor), 0, 255).astype(np.uint8)
    return SceneImage(reduced, factor, is_repeat)
