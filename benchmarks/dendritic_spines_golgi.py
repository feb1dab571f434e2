"""Golgi stains in bright field: how right, and how the time grows.  python benchmarks/dendritic_spines_golgi.py

Fields are drawn (dark dendrites, others out of focus that cross them) and read with ``dendrites: dark``. Prints F1 of
the spines that can be counted (within half a micrometre, one to one), the length of the traced dendrites over that of
the dendrites in focus, and the processor time of dense fields of three sizes.
"""

import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "workflow"), str(ROOT / "benchmarks")]

from dendritic_spines import measured  # noqa: E402

from ketaflow.assays.dendritic_spines.raters.matching import match_points  # noqa: E402
from ketaflow.assays.dendritic_spines.simulation.golgi import simulate_golgi  # noqa: E402

MATCH_UM = 0.5
# Number of dendrites out of focus in a field of 33 um (512 pixels).
CROSSINGS = (0, 2, 6)


def accuracy(seeds: range) -> None:
    for crossings in CROSSINGS:
        found, true, both, ratios, lengths = 0, 0, 0, [], []
        for seed in seeds:
            image = simulate_golgi(33.3, in_focus=2, out_of_focus=crossings, rng=np.random.default_rng(seed))
            one = measured(255 - image.pixels[None], image.pixel_um, None)
            places = (
                one.spines[["y_px", "x_px"]].to_numpy(float) * image.pixel_um if len(one.spines) else np.zeros((0, 2))
            )
            found, true = found + len(places), true + len(image.heads_um)
            both += len(match_points(places, image.heads_um, MATCH_UM)[0])
            ratios.append(len(places) / len(image.heads_um))
            lengths.append(sum(branch.length_um for branch in one.dendrites) / image.length_um)
        print(f"{crossings} out of focus: {len(seeds)} fields, F1 {2 * both / (found + true):.3f}, precision "
              f"{both / found:.3f}, recall {both / true:.3f}, count {100 * (np.mean(ratios) - 1):+.0f} % (mean of the "
              f"fields), length {np.mean(lengths):.2f} of the dendrites in focus", flush=True)  # fmt: skip


def speed() -> None:
    """Fields with a dendrite every 8 um and as many again out of focus."""
    for rows, columns in ((480, 640), (960, 1280), (1920, 2560)):
        side_um = columns * 0.065
        dense = round(side_um / 8)
        image = simulate_golgi(side_um, in_focus=dense, out_of_focus=dense, rng=np.random.default_rng(3))
        start = time.process_time()
        one = measured(255 - image.pixels[None, :rows, :columns], image.pixel_um, None)
        seconds = time.process_time() - start
        print(f"{columns} x {rows}: {seconds:.1f} s CPU, {1e6 * seconds / rows / columns:.1f} us a pixel, "
              f"{len(one.dendrites)} branches, {len(one.spines)} spines", flush=True)  # fmt: skip


if __name__ == "__main__":
    accuracy(range(100, 112))
    speed()
