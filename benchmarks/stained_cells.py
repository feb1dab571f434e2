"""How many stained cells are found, divided and measured rightly, in several styles, and how fast.

    python benchmarks/stained_cells.py [first seed]

Simulates fields of 0.16 mm2 in four styles, in fluorescence and DAB with a counterstain, at two signal-to-noise ratios.
Prints, as the mean over fields: cells found over cells drawn; recall and precision (a cell is found if the centre of
one object, matched one to one, lies within 0.6 of its radius); the share of touching pairs that are divided in two;
area and mean stain of cells that touch no other, over those drawn (median; drawn: mean of the blurred image without
noise over the mask of the cell, above the background in fluorescence). Then other sizes and backgrounds, empty fields,
and CPU time.
"""

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "workflow"))

from ketaflow import assays  # noqa: E402
from ketaflow.assays.stained_cells.model import Field, Fields, Measured, QuantifySettings  # noqa: E402
from ketaflow.assays.stained_cells.quantify import quantify  # noqa: E402
from ketaflow.assays.stained_cells.simulation.rendering import SimulatedField, simulate_field  # noqa: E402
from ketaflow.assays.stained_cells.simulation.scene import Scene  # noqa: E402
from ketaflow.core import settings  # noqa: E402
from ketaflow.core.inputs import Rows, build  # noqa: E402

DEFAULTS = settings.with_defaults({}, assays.described("stained_cells", "settings.schema"))
SETTINGS = build(QuantifySettings, DEFAULTS["quantify"])
FIELDS_EACH = 2
PLAIN = Scene(width_px=800, height_px=800, cells=150, pairs=40)
STYLES = {
    "disc": PLAIN,
    "textured": replace(PLAIN, style="textured"),
    "defocused": replace(PLAIN, style="defocused"),
    "soma": replace(PLAIN, style="soma", diameter_um=14, cells=120, pairs=30),
}
# Further fields at SNR 6, each in fluorescence and DAB.
OTHERS = {
    "small (6 um), 1 um per pixel": replace(PLAIN, pixel_size_um=1.0, diameter_um=6, width_px=600, height_px=600),
    "large (18 um), 0.3 um per pixel": replace(PLAIN, pixel_size_um=0.3, diameter_um=18, width_px=1600, height_px=1600),
    "out-of-focus light": replace(PLAIN, haze=1.0),
    "textured background": replace(PLAIN, texture=0.15),
    "steep background": replace(PLAIN, unevenness=1.2),
    "elongated (axis ratio 0.45)": replace(PLAIN, min_axis_ratio=0.45),
    "brightness varies 50 %": replace(PLAIN, brightness_cv=0.5),
    "crowded": replace(PLAIN, cells=500, pairs=150, crowding=1.05),
}
HEADS = ("count", "recall", "precision", "split", "area", "stain")


class Score(NamedTuple):
    """Ratios of a field, see the module's docstring."""

    count: float
    recall: float
    precision: float
    split: float
    area: float
    stain: float


def measured(drawn: SimulatedField, scene: Scene) -> Measured:
    level = 255.0 if scene.stain == "dab" else 2.0**scene.bits - 1
    names = {"recording": "drawn", "image": "drawn", "animal": "M1", "region": "", "section": None, "marker": "c-Fos"}
    field = Field(
        **names, stain=scene.stain, pixels=drawn.pixels, roi=None, pixel_size_um=scene.pixel_size_um, planes=1,
        saturation_level=level, scale_source="table", notes=(),
    )  # fmt: skip
    return quantify(Fields([field]), SETTINGS, rows=Rows())


def score(drawn: SimulatedField, scene: Scene) -> Score:
    cells, truth = measured(drawn, scene).cells, drawn.cells
    found = cells[["y_px", "x_px"]].to_numpy()
    if not len(found):
        return Score(0, 0, 0, 0, np.nan, np.nan)
    distance, nearest = cKDTree(found).query(truth.centres_px)
    reach = 0.6 * np.sqrt(truth.radii_um.prod(1)) / scene.pixel_size_um
    match: dict[int, int] = {}
    for number in np.argsort(distance):
        if distance[number] <= reach[number] and nearest[number] not in match.values():
            match[int(number)] = int(nearest[number])
    pairs = [np.flatnonzero(truth.pair == pair) for pair in np.unique(truth.pair[truth.pair >= 0])]
    alone = [number for number in match if truth.pair[number] < 0]
    own = [match[number] for number in alone]
    masks = [drawn.labels == number + 1 for number in alone]
    true_area = np.array([mask.sum() * scene.pixel_size_um**2 for mask in masks])
    true_stain = np.array([drawn.stain[mask].mean() for mask in masks])
    stain = cells["mean_optical_density"].to_numpy()[own]
    if scene.stain == "fluorescence":
        true_stain = np.array([drawn.signal[mask].mean() for mask in masks])
        stain = cells["mean_intensity"].to_numpy()[own]
    return Score(
        count=len(found) / len(truth),
        recall=len(match) / len(truth),
        precision=len(match) / len(found),
        split=float(np.mean([all(int(member) in match for member in pair) for pair in pairs])) if pairs else np.nan,
        area=float(np.median(cells["area_um2"].to_numpy()[own] / true_area)),
        stain=float(np.median(stain / true_stain)),
    )


def show(name: str, scene: Scene, seed: int) -> None:
    scores = [
        score(simulate_field(scene, np.random.default_rng([seed, number])), scene) for number in range(FIELDS_EACH)
    ]
    cells = "".join(f"{value:>11.2f}" for value in np.nanmean(np.array(scores), axis=0))
    print(f"{name:34}{scene.stain:13}{scene.snr:3.0f}{cells}", flush=True)


def compare(seed: int) -> None:
    print(f"{'':34}{'stain':13}SNR" + "".join(f"{head:>11}" for head in HEADS))
    for name, scene in STYLES.items():
        for stain in ("fluorescence", "dab"):
            for snr in (3, 6):
                show(name, replace(scene, stain=stain, snr=snr, nuclei=100 * (stain == "dab")), seed)
    for name, scene in OTHERS.items():
        for stain in ("fluorescence", "dab"):
            show(name, replace(scene, stain=stain), seed)


def count_in_empty(seed: int) -> None:
    print("\nCells in empty fields of 2048 x 2048 pixels (0.65 um)")
    empty = Scene(width_px=2048, height_px=2048, pixel_size_um=0.65, cells=0, pairs=0)
    for name, changes in {
        "fluorescence": {},
        "fluorescence, steep background": {"unevenness": 1.2},
        "DAB, counterstain alone, SNR 3": {"stain": "dab", "nuclei": 400, "snr": 3},
        "DAB, counterstain alone": {"stain": "dab", "nuclei": 400},
    }.items():
        scene = replace(empty, **changes)
        drawn = simulate_field(scene, np.random.default_rng([seed, 9]))
        start = time.process_time()
        one = measured(drawn, scene).fields[0]
        print(f"{name:34}{one.cell_count:4d} cells {time.process_time() - start:6.2f} CPU s", flush=True)


def time_large(seed: int) -> None:
    print("\nCPU time of 2048 x 2048 pixels")
    for pixel_um in (0.325, 0.65):
        for stain in ("fluorescence", "dab"):
            count = round(400 * (2048 * pixel_um / 1000) ** 2)
            scene = Scene(
                width_px=2048, height_px=2048, pixel_size_um=pixel_um, cells=count, pairs=count // 5, stain=stain
            )
            drawn = simulate_field(scene, np.random.default_rng([seed, 8]))
            start = time.process_time()
            one = measured(drawn, scene).fields[0]
            spent = time.process_time() - start
            print(f"{stain:13} {pixel_um:5} um per pixel, {one.cell_count:5d} cells {spent:6.2f} CPU s", flush=True)


if __name__ == "__main__":
    first = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    compare(first)
    count_in_empty(first)
    time_large(first)
