"""Films of the forced swim with known states, drawn once and kept, so that several versions of the code score the same.

    python benchmarks/forced_swim_known.py FOLDER drawn 2000 2011
    python benchmarks/forced_swim_known.py FOLDER animated 3000 3018 FOLDER_OF_PHOTOGRAPHS

draws the films of these seeds that the folder lacks (15 to 60 s of processor time each); beside each is a JSON file
with the bouts of every animal. The other benchmarks of the forced swim read them.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "workflow"), str(ROOT / "tests" / "assays" / "forced_swim")]

import animated_stills  # noqa: E402
import realistic_videos  # noqa: E402

SUFFIX = {"libx264": "mp4", "mpeg4": "avi", "wmv2": "wmv"}
Bout = tuple[str, float, float]


@dataclass(frozen=True)
class KnownFilm:
    """A film and the bouts of (state, start, stop) of each of its animals (seconds of the video)."""

    path: Path
    bouts: list[list[Bout]]


def drawn(seed: int, folder: Path) -> KnownFilm:
    """Return the drawn film of a seed."""
    made = realistic_videos.style(seed)
    path = folder / f"drawn_{seed}.{SUFFIX[made.codec]}"
    return kept(path, lambda target: realistic_videos.film(made, target).bouts)


def animated(seed: int, folder: Path, photographs: Path) -> KnownFilm:
    """Return the film of a seed in which photographs move: every fourth shows one animal, the others four."""
    made = animated_stills.style(seed, 1 if seed % 4 == 3 else 0)
    path = folder / f"animated_{seed}.{'mp4' if made.codec == 'libx264' else 'avi'}"
    return kept(path, lambda target: animated_stills.film(photographs, made, target).bouts)


def kept(path: Path, draw: Callable[[Path], list[list[Bout]]]) -> KnownFilm:
    """Return a film, drawn now if it is not there; its truth is written last."""
    truth = path.with_suffix(".json")
    if not truth.is_file():
        bouts = [[(str(state), float(start), float(stop)) for state, start, stop in one] for one in draw(path)]
        truth.write_text(json.dumps(bouts), encoding="utf-8")
    read = json.loads(truth.read_text(encoding="utf-8"))
    return KnownFilm(path, [[(state, start, stop) for state, start, stop in one] for one in read])


def films_of(folder: Path) -> list[KnownFilm]:
    """Return all films of a folder whose truth is known."""
    names = {truth.stem for truth in folder.glob("*.json")}
    paths = sorted(path for path in folder.iterdir() if path.stem in names and path.suffix != ".json")
    return [kept(path, lambda _: []) for path in paths]


def main():
    folder, kind, first, last = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(first, last + 1):
        film = drawn(seed, folder) if kind == "drawn" else animated(seed, folder, Path(sys.argv[5]))
        print(film.path.name, len(film.bouts), "animals", flush=True)


if __name__ == "__main__":
    main()
