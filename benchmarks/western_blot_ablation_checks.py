"""Copied lanes, spliced pictures, uneven transfer and dilution lanes for the ablation of Western blots."""

import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "workflow"), str(ROOT / "benchmarks"), str(ROOT)]

import western_blot as bench  # noqa: E402
from ablation import Item  # noqa: E402
from tests.assays.western_blot import test_cohort  # noqa: E402
from tests.assays.western_blot.conftest import COHORT, QC, Lab  # noqa: E402
from tests.assays.western_blot.drawn import lane_map, picture, stain, write  # noqa: E402
from western_blot_ablation_pictures import words_digest  # noqa: E402

from ketaflow.assays.western_blot.bands import densitometry  # noqa: E402
from ketaflow.assays.western_blot.images import intensity_scale  # noqa: E402
from ketaflow.assays.western_blot.images.readers import read_picture  # noqa: E402
from ketaflow.assays.western_blot.integrity import altered_pixels, image_checks, membrane_checks  # noqa: E402
from ketaflow.assays.western_blot.integrity.duplicated_lanes import decoded, fingerprints, matching_lanes  # noqa: E402
from ketaflow.assays.western_blot.model import Blot, Drawn, Fingerprint, Measured, View  # noqa: E402
from ketaflow.assays.western_blot.normalisation.linear_range import linearity  # noqa: E402

DOSES = np.array([2.5, 5, 10, 20, 40])


def prepare_checks(first: int, seeds: int, every: int) -> Callable[[], list[Item]]:
    """Copied lanes, splices, uneven transfer, dilution lanes."""
    folder = Path(tempfile.mkdtemp())
    lab, numbers = Lab(folder), range(first, first + seeds)
    copied = [blots for seed in numbers for blots in _copied_lanes(lab, seed, every)]
    stained = [blot for seed in numbers for blot in _stained_membranes(lab, folder, seed)]
    planes = _planes(every)

    def evaluate() -> list[Item]:
        made = [item for blots in copied for item in _copied_items(blots)]
        made += [_transfer_item(blot, measured) for blot, measured in stained]
        made += [_picture_item(plane) for plane in planes]
        return made + _dilution_items(np.random.default_rng(first))

    return evaluate


def _copied_lanes(lab: Lab, seed: int, every: int) -> Iterator[list[tuple[Blot, Measured]]]:
    """Two membranes each, of which the second holds a lane of the first, changed in one way."""
    for name, change in list(test_cohort.CHANGES.items())[::every]:
        one, two = (picture(test_cohort.volumes(100 * seed + side), 37.0, 100 * seed + side) for side in (1, 2))
        lane, second = change(one[:, test_cohort.LANE].astype(float)), two.astype(float)
        second[: len(lane), test_cohort.SEVENTH : test_cohort.SEVENTH + lane.shape[1]] = lane
        given = {
            (f"{name}{side}{seed}.tif", f"B{side}", "GAPDH"): plane.clip(0, 65535).astype(np.uint16)
            for side, plane in (("a", one), ("b", second))
        }
        yield test_cohort.run(lab, given)


def _stained_membranes(lab: Lab, folder: Path, seed: int) -> Iterator[tuple[Blot, Measured]]:
    """Membranes stained for total protein: even, fading from lane to lane, and with an uneven background."""
    rng = np.random.default_rng(seed)
    for fade, corner in ((0.0, 1.0), (0.6, 1.0), (0.0, 2.0)):
        loading = np.exp(fade * np.linspace(0, 1, 9)) * rng.lognormal(0, 0.1, 9)
        name = write(folder, f"stain{seed}{fade}{corner}.tif", stain(loading, seed, corner=corner))
        rows = [{"image": name, "membrane": "S", "target": "total", "role": "total_protein"}]
        blot = lab.ingested(images=rows, lanes=lane_map("S", [f"M{lane}" for lane in range(9)]))
        yield blot, lab.measured(blot)


def _planes(every: int) -> list[np.ndarray]:
    """Real pictures, two spliced ones, and some of them clipped at their 99th percentile."""
    paths = [path for path in sorted(bench.BLOTS.rglob("*")) if path.suffix in (".tif", ".png", ".jpg")]
    shown = [path for path in paths if "_mask" not in path.name][:: 2 * every]
    planes = [next(iter(read_picture(path).planes.values())) for path in shown]
    for seed in range(2):
        plane = picture(test_cohort.volumes(seed), 37.0, seed).astype(float)
        plane[:, 251:] += 6 * intensity_scale.noise_sd(plane)
        planes.append(plane.astype(np.uint16))
    return planes + [np.minimum(plane, int(np.percentile(plane, 99))) for plane in planes[:6]]


def _copied_items(blots: list[tuple[Blot, Measured]]) -> list[Item]:
    """Pairs of lanes that agree between two membranes, and within each of them."""
    prints = [
        fingerprint
        for blot, measured in blots
        for one in measured.views
        for fingerprint in fingerprints(one.view, _profiles_of(blot, one.view))
    ]
    pairs = _pairs(prints)
    hit = any({pair.one, pair.other} == {2, 14} or pair.correlation > 0.85 for pair in pairs)
    places = [(pair.one, pair.other, round(pair.correlation, 6)) for pair in pairs]
    digest = words_digest(places, [one.fine for one in prints])
    twins = [
        image_checks.twin_checks(one.view, blot.scans[0], 0.3) for blot, measured in blots for one in measured.views
    ]
    return [
        Item("copied", digest, {"found": float(hit), "pairs": float(len(pairs))}),
        Item("twins", words_digest(twins), {}),
    ]


def _transfer_item(blot: Blot, measured: Measured) -> Item:
    """Checks of the transfer and of the background of a stained membrane."""
    found = membrane_checks.transfer_checks(blot, measured, QC.transfer_change_pct)
    found += membrane_checks.background_checks(measured, QC.background_change_pct)
    return Item("transfer", words_digest(found), {"flagged": float(sum(one.verdict == "warn" for one in found))})


def _picture_item(plane: np.ndarray) -> Item:
    """Polarity, saturation level, splices and compression of a picture."""
    seam, grid = altered_pixels.seam(plane), altered_pixels.jpeg_block_score(plane)
    level = intensity_scale.saturation_level(plane, intensity_scale.full_scale(plane, None))
    is_dark = intensity_scale.polarity(plane)[0] == "dark"
    figures = {"polarity": float(is_dark), "seam": float(seam.score > QC.splice_score)}
    return Item("pictures", words_digest(seam, grid, level), figures)


def _dilution_items(rng: np.random.Generator) -> list[Item]:
    """Dilution lanes that are proportional, saturating or shifted."""
    made = []
    for _ in range(40):
        scatter = rng.lognormal(0, 0.1, 5)
        for name, amount in (("even", DOSES), ("bent", DOSES / (1 + DOSES / 30)), ("shifted", DOSES + 4)):
            fit = linearity(DOSES, amount * scatter)
            figures = {"bent": float(fit.saturating), "off zero": float(not fit.through_zero)}
            made.append(Item(name, words_digest(fit), figures))
    return made


def _profiles_of(blot: Blot, view: View) -> list:
    return densitometry.read_view(view, blot.scan(view.image, view.channel), Drawn(), bench.QUANTIFY).lanes


def _pairs(prints: list[Fingerprint]) -> list:
    places = [np.array([getattr(one, name) for one in prints], float) for name in ("anchor", "second", "rows")]
    limits = {"least": COHORT.likeness_correlation, "least_score": COHORT.likeness_score}
    return matching_lanes(decoded([one.fine for one in prints]), *places, **limits)
