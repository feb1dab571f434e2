"""What each constant and each part of the tracking contributes: films scored with it changed or left out.

    python benchmarks/forced_swim_ablation.py FOLDER [WORD ...]

FOLDER holds films of ``benchmarks/forced_swim_known.py``. Every constant of ``tracking/constants.py`` is halved,
doubled or set to the values below, and every part is replaced by one that does nothing; all films are scored each
time. Frames are decoded once and kept in memory (0.3 GB a film). A line holds the number of animals, those refused,
those within 5 % of the window, the mean absolute error of immobility (percent of the window; a refused animal counts
100), mean kappa of two and of three states, and how many films had another scene (cylinders, background, mask) than
with the constants as they are. WORDs choose the changes whose name contains one of them. docs/decisions/0017 shows
the table.
"""

import hashlib
import pickle
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "workflow"), str(ROOT / "benchmarks"), str(ROOT / "tests" / "assays" / "forced_swim")]

from forced_swim_known import KnownFilm, films_of  # noqa: E402
from swim_cases import judged, measure, read  # noqa: E402

from ketaflow.assays.forced_swim.readers import video  # noqa: E402
from ketaflow.assays.forced_swim.tracking import (  # noqa: E402
    background,
    body_mask,
    constants,
    cylinder_detection,
    illumination,
    movement,
    scene,
    trace,
    video_tracking,
    wall_pairs,
    water_line,
)
from ketaflow.core.errors import IngestError  # noqa: E402

# The scoring window (s from release), and how much of a film is tracked (s).
WINDOW_S, LAST_S = (5, 50), 65.0
REFUSED = (100.0, 0.0, 0.0)
# Values that say more than half and double.
VALUES: dict[str, tuple[float, ...]] = {
    "CLOCK_BAND_FRACTION": (0.0, 0.3),
    "BETTER_TILT": (1.0, 1.1),
    "MAX_ROLL": (0.0,),
    "OUTSIDE_WEIGHT": (0.0, 100.0),
    "LIGHT_BANDS": (1, 12),
    "CHANGE_POWER": (2,),
    "HEAVING_WEIGHT": (0.0, 10.0),
    "MASK_NOISE_SDS": (0.0, 8.0),
    "MIN_CONTRAST_FRACTION": (0.1, 1.0),
    "MAX_WATER_CHANGE": (6, 255),
    "BODY_LENGTH_PERCENTILE": (50, 95),
    "SWIMMING_POSTURE_PERCENTILE": (5, 30),
    "MAX_JOINED": (0,),
    "MAX_WIDTH_RATIO": (1.1, 9.0),
    "WALL_BETWEEN_FRACTION": (0.0, 0.8),
    "OVERHANG_FRACTION": (0.0, 0.3),
    "MASK_FULL_FRACTION": (0.35, 0.7),
    "MASK_LOW_FRACTION": (0.08, 0.3),
    "BODY_SUPPORT_FULL": (0.2, 0.45),
    "BODY_SUPPORT_NONE": (0.05, 0.25),
    "RESTING_CONTRAST_FRACTION": (0.35, 1.0),
    "OUTLINE_FRACTION": (0.12, 0.5),
    "MIN_AREA_FRACTION": (0.1, 0.6),
    "MAX_AREA_FRACTION": (1.5, 9.0),
    "SUBMERGED_FRACTION": (0.25, 1.0),
    "SEPARATED_FRAMES_FRACTION": (0.08, 1.0),
    "BLOCK_FRAMES": (16, 64),
}
# Constants that no film of this kind can tell: how much is shown, listed or taken in, and limits of refusals.
NOT_MEASURED = {
    "SD_PER_MAD", "STILL_RANGE", "STRIP_WIDTH_PX", "BACKGROUND_WIDTH_PX", "PAIR_LAG_S", "MIN_FRAME_RATE_HZ",
    "MAX_LOST_LISTED", "COHERENCE_REACH_PX", "BLACK_LEVEL",
}  # fmt: skip


def same(value: Any, *_: Any, **__: Any) -> Any:
    """Return the first argument as it is."""
    return value


@dataclass(frozen=True)
class Part:
    """A part of the tracking and what takes its place when it is left out."""

    name: str
    module: Any
    function: str
    instead: Callable[..., Any]


PARTS = (
    Part("clock in the frame", scene, "find_clock", lambda variability: np.zeros(variability.shape, bool)),
    Part("brightness of key frames", scene, "equalised", np.stack),
    Part("straightening of a rolled camera", cylinder_detection, "straightened", same),
    Part("merging across no wall", cylinder_detection, "merged_clusters", lambda profile, clusters: clusters),
    Part("rows of a hand left out", movement, "animal_rows", lambda seen, moving, columns: rows_of(moving, columns)),
    Part("rows of a hand left out", cylinder_detection, "animal_rows",
         lambda seen, moving, columns: rows_of(moving, columns)),
    Part("edge of the table", water_line, "strength_outside",
         lambda level_edges, heights, left, right, rise: np.zeros(len(heights))),
    Part("water line in the empty scene", water_line, "refined_water_line", same),
    Part("uncovered background", background, "uncovered_background",
         lambda frames, rising, noise_sd, sign: rising[len(rising) // 2].astype(np.float32)),
    Part("resting animal inpainted", background, "without_resting_animal", same),
    Part("second estimate of the background", background, "seen_without_animal", same),
    Part("light of the frame", illumination.ReferenceLight, "gains",
         lambda self, levels: np.ones((len(levels), len(self.band_rows)))),
    Part("thin parts removed", body_mask.BodySupport, "cells_reached",
         lambda self, mask: (slice(0, len(self.down)), slice(0, self.across.shape[1]))),
    Part("thin parts removed", body_mask.BodySupport, "without_thin_parts",
         lambda self, masks, rows, columns: (masks, slice(0, masks.shape[1]), slice(0, masks.shape[2]))),
    Part("oscillation of the centre", trace, "oscillation", lambda times_s, places: np.zeros(len(times_s))),
    Part("all cylinders about equally wide", wall_pairs, "_pair_scores",
         lambda table, wide, columns: table.strength - 0.5 * table.width / columns),
    Part("camera that hung", trace, "frozen_frames", lambda times_s, repeats, min_s: np.zeros(len(times_s), bool)),
    Part("clusters joined to the table's number", cylinder_detection, "joined_clusters", lambda clusters, count: []),
)  # fmt: skip


def rows_of(moving: np.ndarray, columns: tuple[int, int]) -> tuple[int, int]:
    """Rows in which anything moves."""
    rows = np.flatnonzero(moving[:, slice(*columns)].any(axis=1))
    return int(rows[0]), int(rows[-1]) + 1


class SameScene(Exception):  # noqa: N818
    """The scene is that of the constants as they are, so that the swims are the same too."""


@dataclass
class Kept:
    """A film in memory, and what became of it with the constants as they are."""

    film: KnownFilm
    index: Any = None
    key_frames: list[np.ndarray] = field(default_factory=list)
    sampled: list[np.ndarray] = field(default_factory=list)
    frames: list[tuple[float, np.ndarray]] = field(default_factory=list)
    scene: str = ""
    scores: list[tuple[float, float, float]] = field(default_factory=list)


class KeptReader:
    """Takes the place of ``video.FrameReader``: frames from memory."""

    frames: list[tuple[float, np.ndarray]] = []  # noqa: RUF012
    damaged = 0

    def __init__(self, *_: Any, **__: Any):
        """Take what the reader takes."""

    def __iter__(self) -> Iterator[tuple[float, np.ndarray]]:
        """Yield the frames of the film."""
        return iter(self.frames)


def in_memory(film: KnownFilm) -> Kept:
    """Decode a film once."""
    settings = ingest_settings()
    index, key_frames = video.index_video(film.path, settings["background_frames"])
    sampled = video.sample_frames(film.path, settings["background_frames"], index.duration_s)
    step_s = 1 / settings["analysis_rate_hz"]
    min_interval_s = step_s - 0.5 * min(index.frame_s, step_s)
    reader = video.FrameReader(film.path, min_interval_s, constants.MAX_INTERVAL_RATIO * step_s)
    frames = [(time_s, frame.copy()) for time_s, frame in reader if time_s <= LAST_S]
    return Kept(film, index, key_frames, sampled, frames)


def ingest_settings() -> dict[str, Any]:
    """Return the default settings of the stage."""
    from swim_cases import DEFAULTS

    return DEFAULTS["ingest"]


def scene_digest(light: Any, animals: list[Any]) -> str:
    """Return a digest of everything that the frames are compared with."""
    state = [{name: value for name, value in vars(one.tracker).items() if name[0] != "_"} for one in animals]
    return hashlib.sha256(pickle.dumps([light, state])).hexdigest()


@contextmanager
def replaced(changes: list[tuple[Any, str, Any]]) -> Iterator[None]:
    """Replace attributes for a while."""
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in changes]
    for owner, name, value in changes:
        setattr(owner, name, value)
    try:
        yield
    finally:
        for owner, name, value in before:
            setattr(owner, name, value)


def scored(kept: Kept, changes: list[tuple[Any, str, Any]], *, scene_alone: bool) -> tuple[str, list[Any]]:
    """Return the digest of the scene of a film, and for each animal the error and both kappas."""
    found = ""
    follow = video_tracking.follow_animals

    def followed(index: Any, rate_hz: float, light: Any, animals: list[Any]) -> Any:
        nonlocal found
        found = scene_digest(light, animals)
        if scene_alone and found == kept.scene:
            raise SameScene
        return follow(index, rate_hz, light, animals)

    KeptReader.frames = kept.frames
    decoded = [
        (video, "index_video", lambda *_: (kept.index, kept.key_frames)),
        (video, "sample_frames", lambda *_: kept.sampled),
        (video, "FrameReader", KeptReader),
        (video_tracking, "follow_animals", followed),
    ]
    numbers = range(1, len(kept.film.bouts) + 1)
    with replaced(decoded + changes):
        try:
            record = read(kept.film.path.parent, kept.film.path.name, numbers)
            measured = measure(record, WINDOW_S)
        except SameScene:
            return found, kept.scores
        except IngestError:
            return found, [REFUSED for _ in numbers]
        scores = []
        for number, bouts, swim in zip(numbers, kept.film.bouts, record.swims, strict=True):
            is_scored = not swim.reason and f"s{number}" in measured.scores
            score = judged(measured, f"s{number}", bouts) if is_scored else REFUSED
            scores.append(score if np.isfinite(score[0]) else REFUSED)
    return found, scores


def changes_to_try() -> Iterator[tuple[str, list[tuple[Any, str, Any]], bool]]:
    """Yield the name of a change, what it replaces, and whether it acts on the scene alone."""
    grouped: dict[str, list[tuple[Any, str, Any]]] = {}
    for part in PARTS:
        grouped.setdefault(f"without: {part.name}", []).append((part.module, part.function, part.instead))
    for name, changes in grouped.items():
        yield (
            name,
            changes,
            all(owner not in (trace, body_mask.BodySupport, illumination.ReferenceLight) for owner, _, _ in changes),
        )
    in_scene = True
    for name, value in vars(constants).items():
        # Constants are listed by module, those of the scene first.
        in_scene = in_scene and name != "MIN_BODY_PX"
        if not name.isupper() or name in NOT_MEASURED or not isinstance(value, int | float):
            continue
        kind = type(value)
        for other in VALUES.get(name, (kind(0.5 * value), kind(2 * value))):
            if other != value:
                yield f"{name} {value:g} -> {other:g}", [(constants, name, other)], in_scene


def main():
    folder, words = Path(sys.argv[1]), sys.argv[2:]
    films = [in_memory(film) for film in films_of(folder)]
    for kept in films:
        kept.scene, kept.scores = scored(kept, [], scene_alone=False)
    report("as they are", films, [(kept.scene, kept.scores) for kept in films])
    for name, changes, scene_alone in changes_to_try():
        if not words or any(word in name for word in words):
            try:
                report(name, films, [scored(kept, changes, scene_alone=scene_alone) for kept in films])
            except Exception as error:
                print(f"{name}: {type(error).__name__}: {error}", flush=True)


def report(name: str, films: list[Kept], results: list[tuple[str, list[Any]]]) -> None:
    """Print what a change came to."""
    scores = np.array([score for _, scores in results for score in scores])
    refused = int(np.sum(scores[:, 0] == REFUSED[0]))
    within = int(np.sum(np.abs(scores[:, 0]) <= 5))
    other = sum(digest != kept.scene for kept, (digest, _) in zip(films, results, strict=True))
    error, two, three = np.abs(scores[:, 0]).mean(), scores[:, 1].mean(), scores[:, 2].mean()
    print(f"{name};{len(scores)};{refused};{within};{error:.3f};{two:.4f};{three:.4f};{other}", flush=True)


if __name__ == "__main__":
    main()
