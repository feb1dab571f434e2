"""How often the quality checks of blots are right and wrong, and what comparing all lanes of a large cohort costs.

    .venv/bin/python benchmarks/western_blot_quality.py [pictures] [copies] [curves] [ratios] [speed]

``pictures`` needs the folder of real recordings (../shared/data/blot); the rest is drawn.
"""

import resource
import sys
import tempfile
from pathlib import Path
from time import process_time

import numpy as np
import pandas as pd
from scipy import ndimage

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "workflow"), str(ROOT)]

from tests.assays.western_blot import test_cohort, test_normalise  # noqa: E402
from tests.assays.western_blot.conftest import COHORT, QC, Lab  # noqa: E402
from tests.assays.western_blot.drawn import picture  # noqa: E402

from ketaflow.assays.western_blot.images import intensity_scale  # noqa: E402
from ketaflow.assays.western_blot.images.readers import read_picture  # noqa: E402
from ketaflow.assays.western_blot.integrity import altered_pixels, duplicated_lanes, transfer_gradient  # noqa: E402
from ketaflow.assays.western_blot.model import Fingerprint  # noqa: E402
from ketaflow.assays.western_blot.normalisation.linear_range import linearity  # noqa: E402
from ketaflow.core.results import Measurement, frame  # noqa: E402

BLOTS = ROOT.parent / "shared" / "data" / "blot"
SEEDS = 4
DOSES = np.array([2.5, 5, 10, 20, 40])


def pictures() -> list[tuple]:
    """Straight jumps, traces of JPEG and stretched contrast on every real picture."""
    paths = [path for path in sorted(BLOTS.rglob("*")) if path.suffix in (".tif", ".tiff", ".png", ".jpg")]
    paths = [path for path in paths if "_mask" not in path.name]
    planes = {path: next(iter(read_picture(path).planes.values())) for path in paths}
    crops = [path for path in paths if path.parent.name == "ccby_crops"]
    whole = [path for path in paths if path not in crops]
    seams = {path: altered_pixels.seam(planes[path])[0] for path in paths}
    grids = {path: altered_pixels.jpeg_block_score(planes[path]) for path in paths}
    gaps = {path: intensity_scale.histogram_gaps_pct(planes[path]) for path in paths}
    lossy = [path for path in whole if path.suffix == ".jpg"]
    plain = [path for path in whole if path.suffix != ".jpg"]
    limit = QC.splice_score
    return [
        ("seam, uncropped pictures", f"{sum(seams[path] > limit for path in whole)} of {len(whole)} accused"),
        ("seam, cut-outs of figures", f"{sum(seams[path] > limit for path in crops)} of {len(crops)} accused"),
        ("JPEG known by its blocks", f"{sum(grids[path] > QC.jpeg_score for path in lossy)} of {len(lossy)}"),
        ("not JPEG, accused", f"{sum(grids[path] > QC.jpeg_score for path in plain)} of {len(plain)}"),
        ("stretched, accused", f"{sum(gaps[path] > QC.histogram_gaps_pct for path in paths)} of {len(paths)}"),
        ("drawn splices of 4, 6, 9 times the noise", ", ".join(f"{100 * rate:.0f} %" for rate in _splices())),
    ]


def _splices() -> list[float]:
    found = []
    for jump in (4, 6, 9):
        hits = []
        for seed in range(20):
            plane = picture(test_cohort.volumes(seed), 37.0, seed).astype(float)
            plane[:, 251:] += jump * intensity_scale.noise_sd(plane)
            hits.append(altered_pixels.seam(plane.astype(np.uint16))[0] > QC.splice_score)
        found.append(float(np.mean(hits)))
    return found


def copies() -> list[tuple]:
    """A lane of one drawn picture pasted into another, in every way of the tests; and pairs that were not."""
    told, innocent = [], 0
    for name, change in test_cohort.CHANGES.items():
        hits = []
        for seed in range(SEEDS):
            first, second = (
                picture(test_cohort.volumes(100 * seed + side), 37.0, 100 * seed + side) for side in (1, 2)
            )
            lane = change(first[:, test_cohort.LANE].astype(float))
            second = second.astype(float)
            place = slice(test_cohort.SEVENTH, test_cohort.SEVENTH + lane.shape[1])
            second[: len(lane), place] = lane
            pairs = _pairs([first, second.clip(0, 65535).astype(np.uint16)])
            hits.append(("a3", "b7") in pairs)
            innocent += len([pair for pair in pairs if pair != ("a3", "b7")])
        told.append((f"copied lane, {name}", f"{100 * np.mean(hits):.0f} % found"))
    return [
        *told,
        ("lanes of one protein, accused", f"{innocent} of {len(test_cohort.CHANGES) * SEEDS * 17 * 9} pairs"),
    ]


def _pairs(planes: list[np.ndarray]) -> set[tuple[str, str]]:
    """Pairs of lanes told as alike, such as ("a3", "b7")."""
    with tempfile.TemporaryDirectory() as folder:
        given = {(f"{name}.tif", f"B{name}", "GAPDH"): plane for name, plane in zip("ab", planes, strict=False)}
        found = [frame(measured.fingerprints, Fingerprint) for _, measured in test_cohort.run(Lab(Path(folder)), given)]
    table = pd.concat(found, ignore_index=True)
    places = [table[name].to_numpy(float) for name in ("anchor", "second", "rows")]
    limits = {"least": COHORT.likeness_correlation, "least_score": COHORT.likeness_score}
    names = [f"{row.image[0]}{row.lane}" for row in table.itertuples()]
    pairs = duplicated_lanes.matching_lanes(duplicated_lanes.decoded(list(table["fine"])), *places, **limits)
    return {tuple(sorted((names[pair.one], names[pair.other]))) for pair in pairs}


def curves() -> list[tuple]:
    """Dilution lanes and gradients with known truth, relative errors of 10 and 20 %."""
    rng, told = np.random.default_rng(0), []
    for error in (0.1, 0.2):
        even = [linearity(DOSES, DOSES * rng.lognormal(0, error, 5)) for _ in range(500)]
        bent = [linearity(DOSES, DOSES / (1 + DOSES / 30) * rng.lognormal(0, error, 5)) for _ in range(500)]
        shifted = [linearity(DOSES, (DOSES + 4) * rng.lognormal(0, error, 5)) for _ in range(500)]
        false = [np.mean([fit.saturating for fit in even]), np.mean([not fit.through_zero for fit in even])]
        right = [np.mean([fit.saturating for fit in bent]), np.mean([not fit.through_zero for fit in shifted])]
        told.append((f"5 dilution lanes, error {100 * error:.0f} %", _both(false, right)))
    place = np.linspace(0, 1, 10)
    for error in (0.1, 0.2):
        rates = []
        for factor in (1.0, 1.3, 2.0, 3.0):
            loads = [factor**place * rng.lognormal(0, error, 10) for _ in range(500)]
            rates.append(
                np.mean([transfer_gradient.gradient(place, load).beyond(QC.transfer_change_pct) for load in loads])
            )
        words = ", ".join(f"{100 * rate:.0f} %" for rate in rates)
        told.append((f"transfer, 10 lanes, loading {100 * error:.0f} %", f"told at 1, 1.3, 2, 3 times: {words}"))
    return told


def _both(false: list[float], right: list[float]) -> str:
    words = [f"{100 * rate:.0f} %" for rate in (*false, *right)]
    return f"wrongly bent {words[0]}, wrongly off zero {words[1]}; found bent {words[2]}, off zero {words[3]}"


def ratios() -> list[tuple]:
    """Phosphorylated over total on parallel membranes, drawn, between animals."""
    off = []
    for pool in (0, 1):
        with tempfile.TemporaryDirectory() as folder:
            found = test_normalise.parallel(Lab(Path(folder)), pool=pool, controls=2)
        off += list(np.abs(np.expm1(test_normalise.ratio_errors(frame(found.measurements, Measurement)))))
    return [("ratios of parallel membranes", f"mean error {100 * np.mean(off):.1f} %, largest {100 * max(off):.1f} %")]


def speed() -> list[tuple]:
    """All lanes of 500 membranes with 20 lanes against one another."""
    rng = np.random.default_rng(1)
    lanes = 10_000
    fine = ndimage.gaussian_filter1d(rng.normal(size=(lanes, 1024)), 1.2, axis=1)
    fine = (fine * 70).clip(-127, 127).astype(np.float32)
    anchors, none = rng.integers(200, 800, lanes).astype(float), np.full(lanes, np.nan)
    start = process_time()
    pairs = duplicated_lanes.matching_lanes(fine, anchors, none, np.full(lanes, 1000.0), least=0.85, least_score=10.0)
    spent, most = process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return [("10,000 lanes, all pairs", f"{spent:.1f} s CPU, {most / 1000:.0f} MB at most, {len(pairs)} accused")]


def main() -> None:
    asked = sys.argv[1:] or ["pictures", "copies", "curves", "ratios", "speed"]
    parts = {part.__name__: part for part in (pictures, copies, curves, ratios, speed)}
    for name in asked:
        if name == "pictures" and not BLOTS.is_dir():
            continue
        for what, value in parts[name]():
            print(f"{what:44} {value}")


if __name__ == "__main__":
    main()
