"""How often the checks of the forced swim fire on sound and on faulty drawn recordings.

    python benchmarks/forced_swim_checks.py

Draws films of two animals (256 x 192 pixels, 10 frames/s, 30 s) and files of poses, sound ones and such with one fault
in two to four strengths, of seeds that no test uses. Prints for each limit of a check how many swims it flags, at half
of the limit, at the limit and at double, and immobility over the drawn one. docs/decisions/0017 shows the table.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "workflow"), str(ROOT / "benchmarks"), str(ROOT / "tests" / "assays" / "forced_swim")]

import drawn_videos  # noqa: E402
import posed_animals as posed  # noqa: E402
from check_limits import Limit, Recording, report  # noqa: E402
from swim_cases import DEFAULTS, NO_ROWS, SMALL, measure, read, value  # noqa: E402

from ketaflow.assays.forced_swim import qc  # noqa: E402
from ketaflow.assays.forced_swim.settings import QcSettings  # noqa: E402
from ketaflow.core.errors import IngestError  # noqa: E402
from ketaflow.core.inputs import build  # noqa: E402

SECONDS, WINDOW_S, SEED = 30.0, (3, 25), 900
Bout = tuple[str, float, float]
Change = Callable[[list[np.ndarray]], list[np.ndarray]]
LIMITS = (
    Limit("max_dropped_pct", "lost frames"), Limit("max_repeated_s", "repeated frames"),
    Limit("max_unscored_pct", "time not scored"), Limit("max_brightness_change_pct", "change of illumination"),
    Limit("min_contrast_to_noise", "contrast-to-noise ratio"),
    Limit("min_cylinder_confidence", "clarity of the water line"), Limit("max_camera_shift_pct", "camera displacement"),
    Limit("max_threshold_change_s", "sensitivity to the threshold"), Limit("min_pose_found_pct", "body parts found"),
    Limit("max_pose_jumps_pct", "jumps of body parts"), Limit("max_pose_long_pct", "implausibly long body"),
)  # fmt: skip


def recordings(folder: Path) -> Iterator[Recording]:
    """Draw, read and score films and poses."""
    sound: list[dict[str, Any]] = [
        {}, {"noise": 6.0}, {"ripple": 16.0}, {"stroke": 0.7}, {"texture": 25.0}, {"body": 90}, {"drift": 0.1},
        {"zoom": 0.8},
    ]  # fmt: skip
    for number, words in enumerate(sound):
        yield from film(folder, ("", 0.0), SEED + number, None, words)
    faults: dict[str, list[tuple[float, Change | None, dict[str, Any]]]] = {
        "max_dropped_pct": [(share, None, {"drop": share / 100}) for share in (1, 4, 8, 30)],
        "max_repeated_s": [(hold_s, hung(hold_s), {}) for hold_s in (1, 3, 6, 10)],
        "max_unscored_pct": [(gap_s, None, {"gap_s": (12, 12 + gap_s)}) for gap_s in (0.6, 1.0, 2.0, 6.0)],
        "max_brightness_change_pct": [(drift, None, {"drift": drift / 100}) for drift in (-15, -40, -70, 40)],
        "min_contrast_to_noise": [(noise, None, {"noise": noise}) for noise in (10.0, 20.0, 35.0)],
        "min_cylinder_confidence": [(ripple, None, {"ripple": ripple, "water": 172}) for ripple in (20.0, 60.0)],
        "max_camera_shift_pct": [(px, pushed(px), {}) for px in (1, 2, 4, 8)],
        "max_threshold_change_s": [(stroke, None, {"stroke": stroke, "twitch": 1.0}) for stroke in (0.15, 0.3, 0.45)],
    }
    for fault, strengths in faults.items():
        for strength, change, words in strengths:
            for seed in range(2):
                yield from film(folder, (fault, strength), SEED + 50 + seed, change, words)
    yield from poses(folder)


def film(
    folder: Path, fault: tuple[str, float], seed: int, change: Change | None, words: dict[str, Any]
) -> Iterator[Recording]:
    """Draw a film of two animals; yield their recordings, none where the film is refused."""
    rng = np.random.default_rng(seed)
    truth = [drawn_videos.schedule(rng, 2.0, SECONDS - 1, 0.5) for _ in range(2)]
    path = folder / f"film_{seed}.mp4"
    drawn_videos.make(path, truth, SECONDS, seed=seed, release_s=2.0, **{**SMALL, **words})
    if change is not None:
        path = copied(path, change)
    try:
        record = read(folder, path.name, more={"release_s": 2.0})
    except IngestError as error:
        print(f"{fault}: {error}", flush=True)
        return
    yield from judged(record, fault, truth)


def judged(record: Any, fault: tuple[str, float], truth: list[list[Bout]]) -> Iterator[Recording]:
    """Score the swims of a file, and leave them to be checked."""
    measured = measure(record, WINDOW_S)
    start_s, stop_s = (one + record.swims[0].release_s for one in WINDOW_S)
    for swim, bouts in zip(record.swims, truth, strict=True):
        true_s = sum(max(min(b, stop_s) - max(a, start_s), 0) for state, a, b in bouts if state == "immobility")
        own_s = np.nan if swim.reason else value(measured, swim.recording)
        own = swim.recording
        yield Recording(*fault, own_s / true_s if true_s else np.nan,
                        lambda limits, own=own: [one for one in qc.qc(record, measured, limits, rows=NO_ROWS).checks
                                                 if one.recording == own])  # fmt: skip


def copied(path: Path, change: Change) -> Path:
    """Encode the frames of a film again after a change."""
    with av.open(str(path)) as source:
        pictures = change([frame.to_ndarray(format="gray") for frame in source.decode(video=0)])
    target = path.with_name(f"changed_{path.stem}.mp4")
    with av.open(str(target), "w") as container:
        stream = container.add_stream("mpeg4", rate=round(SMALL["fps"]))
        stream.width, stream.height, stream.bit_rate = SMALL["width"], SMALL["height"], 4_000_000
        for picture in pictures:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="gray")
            container.mux(stream.encode(frame.reformat(format="yuv420p")))
        container.mux(stream.encode(None))
    return target


def hung(hold_s: float) -> Change:
    """Repeat one picture from the tenth second on."""
    count = round(hold_s * SMALL["fps"])
    return lambda pictures: pictures[:100] + [pictures[100]] * count + pictures[100 + count :]


def pushed(px: int) -> Change:
    """Displace the camera in the middle of the film."""
    middle = round(SECONDS * SMALL["fps"] / 2)
    return lambda pictures: pictures[:middle] + [np.roll(picture, px, axis=1) for picture in pictures[middle:]]


def poses(folder: Path) -> Iterator[Recording]:
    """Draw poses, sound and faulty."""
    strengths = {"": (0.0,) * 3, "min_pose_found_pct": (15, 25, 35, 60), "max_pose_jumps_pct": (1, 3, 6),
                 "max_pose_long_pct": (1, 3, 6)}  # fmt: skip
    for fault, shares in strengths.items():
        for number, share in enumerate(shares):
            for seed in range(3):
                rng = np.random.default_rng([SEED, number, seed])
                bouts = posed.schedule(rng, SECONDS)
                xy = posed.positions(bouts, 25.0, seed=SEED + 10 * number + seed)
                sure = np.full(xy.shape[:2], 0.99)
                chosen = rng.random(xy.shape[:2]) < share / 100
                if fault == "min_pose_found_pct":
                    sure[chosen] = 0.1
                elif fault == "max_pose_jumps_pct":
                    xy[chosen] += rng.uniform(100, 300, (np.count_nonzero(chosen), 2))
                elif fault:
                    count = round(share / 100 * len(xy))
                    xy[300 : 300 + count, 0] += 300
                path = folder / f"poses_{seed}.csv"
                posed.deeplabcut_csv(path, {"": xy}, {"": sure})
                record = read(folder, path.name, (1,), {"frame_rate_hz": 25.0, "release_s": 0.0})
                yield from judged(record, (fault, float(share)), [bouts])


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        qc.review_figures.swim_figures = lambda *_: []
        settings = build(QcSettings, DEFAULTS["qc"])
        # As a share of a window of 240 s.
        change_s = settings.max_threshold_change_s * (WINDOW_S[1] - WINDOW_S[0]) / 240
        report(list(recordings(Path(folder))), LIMITS, replace(settings, max_threshold_change_s=change_s))


if __name__ == "__main__":
    main()
