"""How well films are scored in which photographs of real mice float and paddle.

    python benchmarks/forced_swim_stills.py FOLDER_OF_PHOTOGRAPHS 2000 2023

Animates the photographs (see ``tests/assays/forced_swim/animated_stills.py``; they are no part of this repository) with
these seeds, every fourth a film of one animal, the others of four; scores the films with the default settings as
animals of unknown species, and prints for each animal its share of rest, the error of immobility (percent of the
window), kappa of two states, and the share of its mobile time that is scored as climbing. Seeds 1000 to 1011, 2100 to
2104, 3000 to 3018, 7000 to 7013 and 8000 to 8017 have been looked at.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / part) for part in ("workflow", "benchmarks", "tests/assays/forced_swim")]

from forced_swim_known import KnownFilm, animated  # noqa: E402
from swim_cases import judged, measure, read, value  # noqa: E402

from ketaflow.core.errors import IngestError  # noqa: E402

# The scoring window (s from release).
WINDOW_S = (5, 72)


def scored(film: KnownFilm) -> list[tuple[float, ...] | str]:
    """What each animal of a film came to, or why it was refused."""
    numbers = range(1, len(film.bouts) + 1)
    try:
        record = read(film.path.parent, film.path.name, numbers)
    except IngestError as error:
        return [str(error)] * len(numbers)
    measured = measure(record, WINDOW_S)
    found: list[tuple[float, ...] | str] = []
    for number, bouts, swim in zip(numbers, film.bouts, record.swims, strict=True):
        recording = f"s{number}"
        if swim.reason or recording not in measured.scores:
            found.append(swim.reason or "no release")
            continue
        error, kappa, _ = judged(measured, recording, bouts)
        rest_s = sum(stop - start for state, start, stop in bouts if state == "immobility")
        share = 100 * rest_s / (bouts[-1][2] - bouts[0][1])
        climbing_s = np.nan_to_num(value(measured, recording, "climbing_s"))
        mobile_s = climbing_s + value(measured, recording, "swimming_s")
        found.append((share, error, kappa, 100 * climbing_s / mobile_s if mobile_s > 1 else 0.0))
    return found


def main():
    photographs, first, last = Path(sys.argv[1]), *map(int, sys.argv[2:4])
    told = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(first, last + 1):
            film = animated(seed, Path(folder), photographs)
            for number, one in enumerate(scored(film), start=1):
                told.append(one)
                line = one if isinstance(one, str) else "rest {:.0f} % {:+.1f} % {:.2f} climbing {:.0f} %".format(*one)
                print(seed, number, line, flush=True)
            film.path.unlink()
    done = np.array([one for one in told if not isinstance(one, str)])
    errors = np.abs(done[:, 1])
    print(f"{len(told)} animals, {len(told) - len(done)} refused")
    print(f"median error {np.median(errors):.1f} %, worst {errors.max():.1f} %; within 5 %: {np.sum(errors <= 5)}")
    print(f"climbing at most 10 % of mobile time: {np.sum(done[:, 3] <= 10)}")


if __name__ == "__main__":
    main()
