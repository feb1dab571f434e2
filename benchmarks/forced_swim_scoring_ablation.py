"""What each constant of scoring, poses and raters contributes in the forced swim test.

    python benchmarks/forced_swim_scoring_ablation.py scoring FOLDER [NAME ...]
    python benchmarks/forced_swim_scoring_ablation.py poses|raters [NAME ...]

``scoring``: films of ``benchmarks/forced_swim_known.py`` in FOLDER are tracked once and scored each time. ``poses``:
drawn poses, some with positions that jump, frames without an animal, or two animals, read and scored each time.
``raters``: cohorts scored by drawn people, who confuse swims, count from another moment, or are at odds with the
others, and thresholds fitted to them. A line holds the change, the number of items in which anything became different,
and the figures that moved, as in ``microscopy_ablation.py``. docs/decisions/0017 shows the table.
"""

import importlib
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "workflow"), str(ROOT / "benchmarks"), str(ROOT / "tests" / "assays" / "forced_swim")]

from ablation import (  # noqa: E402
    Constant,
    Evaluation,
    Item,
    constants_of,
    digest_of,
    evaluate_changed,
    print_baseline,
    print_changes,
    trials_of,
)

ASSAY = "ketaflow.assays.forced_swim"
WINDOW_S = (5, 50)
POSED = 36
# Values that say more than half and double; the first switches the rule off where it can be.
VALUES: dict[str, tuple[Any, ...]] = {
    "VALLEY_RANGE": (3.0, 6.0, 24.0),
    "SAME_DEPTH": (0.0, 0.005, 0.05),
    "MIN_VALLEY_SHARE": (0.0, 0.01, 0.05),
    "TRAVEL_WEIGHT_S": (0.0,),
    "SEARCH_WINDOW_S": (0.0,),
    "STROKE_SPREAD_S": (0.0,),
    "BRIDGED_GAP_S": (0.0,),
    "POSTURE_WINDOW_S": (0.01, 0.8),
    "SWIMMING_POSTURE_PERCENTILE": (0, 5, 30),
    "MIN_POSE_SPEED": (1e-6, 0.02, 0.1),
    "SMOOTHING_S": (0.01, 0.05, 0.2),
    "MIN_SMOOTHING_FRAMES": (1,),
    "JUMP_LENGTHS": (1e9, 0.25, 1.0),
    "SCATTERED_RATIO": (1e9, 1.5, 4),
    "LONG_RATIO": (1e9, 1.2, 3.0),
    "LENGTH_PERCENTILE": (50, 99),
    "MIN_SEEN_FRACTION": (0.01, 0.9),
    "MAX_COMMON_FRACTION": (0.0, 0.2),
    "MIN_PRESENT_FRACTION": (0.0, 0.9),
    "LEFT_PERCENTILE": (0, 30),
    "RIGHT_PERCENTILE": (100, 70),
    "TINY": (1e-15,),
    "SWAPPED_KAPPA": (0.0, 0.2, 0.6),
    "SWAPPED_GAIN": (0.0, 0.15, 0.6),
    "MUTUAL_KAPPA": (0.0, 0.1, 0.4),
    "MUTUAL_GAIN": (0.0, 0.075, 0.3),
    "SHIFT_KAPPA": (0.0, 0.2, 0.6),
    "SHIFT_GAIN": (0.0, 0.075, 0.3),
    "ODD_CORRELATION": (-1.0, 0.15, 0.6),
    "AGREEING_CORRELATION": (-1.0, 0.3, 0.9),
    "AS_GOOD_FACTOR": (1.0, 1.1),
    "AS_GOOD_S": (0.0, 1.0),
}
# Words and names, limits of files, what is shown, and units.
NOT_MEASURED = {
    "MIN_CAUSE_S", "REMOVED_EARLY_S", "MAX_FRAMES", "SKETCH_SIDE_PX", "SKETCH_LENGTHS", "SKETCH_LATER_S",
    "SKETCH_DOT_PX", "MAX_H5_MB", "BYTES_PER_MB", "MAX_NAME_LENGTH", "SD_95", "NAMED_RECORDINGS", "LIMIT_GRID_PCT",
    "SAME_TIME_S", "SAME_RATIO", "MIN_PARTS",
}  # fmt: skip


def scoring(folder: Path) -> Evaluation:
    """Track films once; score their swims."""
    from forced_swim_known import films_of
    from swim_cases import read

    from ketaflow.core.errors import IngestError

    tracked = []
    for film in films_of(folder):
        try:
            record = read(film.path.parent, film.path.name, range(1, len(film.bouts) + 1))
        except IngestError as error:
            print(f"{film.path.name}: {error}", flush=True)
            continue
        tracked.append((film.path.stem.split("_")[0], record, film.bouts))

    def evaluate() -> list[Item]:
        cases = importlib.import_module("swim_cases")
        return [
            _swim_item(cases, group, cases.measure(record, WINDOW_S), f"s{number}", bouts)
            for group, record, truth in tracked
            for number, bouts in enumerate(truth, start=1)
        ]

    return evaluate


def _swim_item(cases: Any, group: str, measured: Any, name: str, bouts: list[Any]) -> Item:
    """Error of immobility (percent of the window, absolute) and kappas of a swim."""
    values = [row.value for row in measured.measurements if row.recording == name]
    flags = [len(row.reason) for row in measured.measurements if row.recording == name]
    digest = digest_of([np.nan if value is None else value for value in values], flags)
    if name not in measured.scores:
        return Item(group, digest, {"refused": 1.0})
    error, two, three = cases.judged(measured, name, bouts)
    flagged = any(row.status == "flagged" for row in measured.measurements if row.recording == name)
    return Item(group, digest, {"error": abs(error), "kappa": two, "kappa 3": three, "flagged": float(flagged),
                                "refused": 0.0})  # fmt: skip


def poses() -> Evaluation:
    """Draw poses; read and score them."""
    import posed_animals as posed

    folder = Path(tempfile.mkdtemp())
    drawn: list[tuple[str, str, dict[str, Any], list[Any], tuple[str, ...]]] = []
    for seed in range(200, 200 + POSED):
        rng = np.random.default_rng(seed)
        rate_hz, bouts = float(rng.choice([15, 25, 50])), posed.schedule(rng, 40.0)
        shape = {"jitter": rng.uniform(0.005, 0.02), "vigour": rng.uniform(0.7, 1.3), "length_px": rng.uniform(40, 150)}
        xy = posed.positions(bouts, rate_hz, seed=seed, **shape)
        own = {"plain": {"": xy}, "jumps": {"": _with_jumps(xy, rng, 0.03)}, "scattered": {"": _scattered(xy, rng)},
               "gaps": {"": _with_gaps(xy, rng)}, "long": {"": _with_far_part(xy, rng)}}  # fmt: skip
        other = posed.positions(bouts, rate_hz, seed=seed + 1000, left_px=300 + 4 * shape["length_px"], **shape)
        own["repeated"] = {"": _with_repeats(xy, rng)}
        own["two"] = {"left": xy, "right": other}
        parts = posed.BODY_ALONE if seed % 2 else tuple(posed.PARTS)
        for kind, individuals in own.items():
            name = f"{kind}_{seed}.csv"
            posed.deeplabcut_csv(folder / name, individuals, parts=parts)
            drawn.append((kind, name, {"frame_rate_hz": rate_hz, "release_s": 0.0}, bouts, parts))

    def evaluate() -> list[Item]:
        cases = importlib.import_module("swim_cases")
        from ketaflow.core.errors import IngestError

        items = []
        for kind, name, more, bouts, _ in drawn:
            try:
                record = cases.read(folder, name, (1,), more)
                items.append(_swim_item(cases, kind, cases.measure(record, (0, 40)), "s1", bouts))
            except IngestError as error:
                items.append(Item(kind, digest_of([len(str(error))]), {"refused": 1.0}))
        return items

    return evaluate


def _with_jumps(xy: np.ndarray, rng: np.random.Generator, share: float) -> np.ndarray:
    """Move single positions to another place of the frame."""
    changed, where = xy.copy(), rng.random(xy.shape[:2]) < share
    changed[where] += rng.uniform(-300, 300, (np.count_nonzero(where), 2))
    return changed


def _scattered(xy: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Scatter all parts over the frame for a tenth of the time, as before an animal is there."""
    changed, count = xy.copy(), len(xy) // 10
    changed[:count] = rng.uniform(0, 1000, changed[:count].shape)
    return changed


def _with_gaps(xy: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Leave out half of the parts, and now and then all, for 0.1 to 2 s."""
    changed = xy.copy()
    for start in rng.integers(0, len(xy), 12):
        length, parts = rng.integers(2, 50), rng.random(xy.shape[1]) < rng.choice([0.5, 1.0])
        changed[start : start + length, parts] = np.nan
    return changed


def _with_repeats(xy: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Let a tenth of the frames repeat the one before, as in a video of variable rate that was copied at another."""
    source = np.arange(len(xy))
    source[1:][rng.random(len(xy) - 1) < 0.1] = 0
    return xy[np.maximum.accumulate(source)]


def _with_far_part(xy: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Let one part lie on something else for a tenth of the time."""
    changed = xy.copy()
    for start in rng.integers(0, len(xy), 4):
        changed[start : start + len(xy) // 40, 0] += 2.5 * np.ptp(xy[0], axis=0).max()
    return changed


def raters() -> Evaluation:
    """Draw cohorts of swims and people; name who is at odds, and fit thresholds."""
    import forced_swim_people as people

    tables = []
    for seed in range(300, 312):
        plain = people.cohort(seed)
        tables.append((seed, plain, {kind: _disturbed(plain["human_scores"], kind)
                                     for kind in ("confused", "late", "odd")}))  # fmt: skip

    def evaluate() -> list[Item]:
        drawn = importlib.import_module("forced_swim_people")
        items = []
        for seed, plain, changed in tables:
            named = _findings(plain)
            items.append(Item("alike", digest_of(_numbers(named)), {"named": float(bool(_doubtful(named)))}))
            for kind, scores in changed.items():
                found = _findings({**plain, "human_scores": scores})
                wanted = {"confused": "recording fits its scores", "late": "times count from the video's start",
                          "odd": "rater agrees with others"}[kind]  # fmt: skip
                right = [one for one in _doubtful(found) if one.check == wanted and one.rater == "cid"]
                other = [one for one in _doubtful(found) if one.rater != "cid"]
                figures = {"named": float(bool(right)), "others named": float(bool(other))}
                items.append(Item(kind, digest_of(_numbers(found)), figures))
            if seed % 4 == 0:
                wobble = np.exp(np.random.default_rng(seed).normal(0, 0.25, 8))
                made = drawn.drawn.cohort(8, 2 * drawn.THRESHOLD, 1.0, late_s=0.4, factor=wobble)
                error_s = drawn.calibrate.calibrate(*made, drawn.drawn.SETTINGS)["report"]["mean_error_s"].to_numpy()
                items.append(Item("fitted", digest_of(error_s), {"error (s)": float(error_s[1])}))
        return items

    return evaluate


def _disturbed(scores: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Let one rater confuse two swims, count from 8 s later, or score what has nothing to do with the swims."""
    changed, own = scores.copy(), scores["rater"] == "cid"
    if kind == "confused":
        changed.loc[own, "recording"] = changed.loc[own, "recording"].replace({"s1": "s4", "s4": "s1"})
    elif kind == "late":
        changed.loc[own, ["start_s", "stop_s"]] += 8.0
    else:
        names = {f"s{number}": f"s{(number + 2) % 6}" for number in range(6)}
        changed.loc[own, "recording"] = changed.loc[own, "recording"].replace(names)
    return changed


def _findings(tables: dict[str, pd.DataFrame]) -> list[Any]:
    """All findings of a cohort."""
    drawn = importlib.import_module("forced_swim_people")
    compared_scorers = drawn.comparison.compare_scorers(
        tables["windows"], tables["states"], tables["human_scores"], drawn.STEP_S
    )
    found: list[Any] = drawn.rater_checks.all_findings(compared_scorers, drawn.HUMAN_LIMITS_S)
    return found


def _doubtful(found: list[Any]) -> list[Any]:
    return [one for one in found if one.doubtful]


def _numbers(found: list[Any]) -> list[float]:
    """Values and verdicts of findings."""
    return [number for one in found for number in (one.value, float(one.doubtful))]


STALE = (ASSAY, "swim_cases", "forced_swim_people", "test_calibrate")
PARTS: dict[str, tuple[str, Callable[..., Evaluation]]] = {
    "scoring": (f"{ASSAY}.scoring.constants", scoring),
    "poses": (f"{ASSAY}.poses.constants", poses),
    "raters": (f"{ASSAY}.raters.constants", raters),
}


def chosen(part: str, names: list[str]) -> list[Constant]:
    """Constants of a part that a measurement can depend on: those named, or all."""
    listed = constants_of(PARTS[part][0])
    if part == "poses":
        listed += [one for one in constants_of(f"{ASSAY}.scoring.constants") if one.name == "MIN_POSE_SPEED"]
    return [one for one in listed if one.name not in NOT_MEASURED and (not names or one.name in names)]


def main() -> None:
    part, words = sys.argv[1], sys.argv[2:]
    folders = [Path(words.pop(0))] if part == "scoring" else []
    evaluate = PARTS[part][1](*folders)
    before = evaluate()
    print_baseline(before)
    trials = trials_of(chosen(part, words), VALUES)
    print_changes(before, trials, lambda one, value: evaluate_changed(one, value, evaluate, STALE))


if __name__ == "__main__":
    main()
