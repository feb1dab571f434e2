"""How well whole films are scored whose every quality is left to chance: finding, immobility, agreement with the truth.

    python benchmarks/forced_swim_films.py 720 735

Draws the films of these style seeds (first and last; some 15 s of processor time each), scores them with untouched
defaults, and tells for each animal the error of immobility (percent of the window), kappa of two and of three states.
Seeds up to 735, 760 to 779, 800 to 819, 940 to 949, 2000 to 2011, 6000 to 6003, 6018 to 6021 and 8000 to 8040 have
been looked at.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / part) for part in ("workflow", "benchmarks", "tests/assays/forced_swim")]

from forced_swim_known import drawn  # noqa: E402
from swim_cases import judged, measure, read  # noqa: E402

from ketaflow.core.errors import IngestError  # noqa: E402

# The scoring window (s from release); films last 70 s and the last animal is let go at 12.5 s at the latest.
WINDOW_S = (2, 57)


def scored(seed: int, folder: Path) -> list[tuple[float, float, float] | str]:
    """What each animal of a film came to, or why it was refused."""
    film = drawn(seed, folder)
    numbers = range(1, len(film.bouts) + 1)
    try:
        record = read(folder, film.path.name, numbers)
    except IngestError as error:
        return [str(error)] * len(numbers)
    measured = measure(record, WINDOW_S)
    reasons = [swim.reason for swim in record.swims]
    return [
        reason or judged(measured, f"s{number}", bouts)
        for number, bouts, reason in zip(numbers, film.bouts, reasons, strict=True)
    ]


def main():
    first, last = map(int, sys.argv[1:3])
    told = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(first, last + 1):
            for number, one in enumerate(scored(seed, Path(folder)), start=1):
                told.append(one)
                print(seed, number, one if isinstance(one, str) else "{:+.1f} % {:.2f} {:.2f}".format(*one), flush=True)
    done = np.array([one for one in told if not isinstance(one, str)])
    errors = np.abs(done[:, 0])
    print(f"{len(told)} animals, {len(told) - len(done)} refused")
    print(f"median error {np.median(errors):.1f} %, worst {errors.max():.1f} %")
    print(f"within 5 %: {np.sum(errors <= 5)}; kappa of two states 0.85 or better: {np.sum(done[:, 1] >= 0.85)}; "
          f"of three 0.7 or better: {np.sum(done[:, 2] >= 0.7)}")  # fmt: skip


if __name__ == "__main__":
    main()
