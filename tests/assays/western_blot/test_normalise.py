"""Loading, phosphorylated over total and the membrane's reference give back the ratios that were drawn."""

import numpy as np
import pandas as pd
import pytest
import tifffile

from ketaflow.assays.western_blot.normalisation.normalise import loading_factors, referenced
from ketaflow.core.results import Measurement, Summary, frame

from .drawn import lane_map, legend_of, picture, stain, summarised, write

ANIMALS = [f"M{number}" for number in range(1, 9)]
RNG = np.random.default_rng(3)
PHOSPHO = 0.5 * RNG.lognormal(0, 0.5, 8)
TOTAL = RNG.lognormal(0, 0.15, 8)
POOL = [float(np.exp(np.log(part).mean())) for part in (PHOSPHO, TOTAL)]


def amounts(protein: np.ndarray, pool: float, loading: np.ndarray, usual: float) -> list[float]:
    return list(usual * np.append(protein, pool) * loading)


def loaded(seed: int) -> np.ndarray:
    """Loading of eight animals and the pool."""
    return np.random.default_rng(seed).lognormal(0, 0.25, 9)


def row(name: str, membrane: str, target: str, role: str, kda: float, **more: object) -> dict:
    return {"image": name, "membrane": membrane, "target": target, "role": role, "kda": kda, **more}


def ratio_errors(values: pd.DataFrame, animals: list[str] = ANIMALS) -> np.ndarray:
    """How far each animal's ratio is from the one drawn (logarithms, the common factor taken off)."""
    ratios = values[values["measure"].eq("phospho_to_total_ratio")].set_index("animal")["value"].astype(float)
    drawn = pd.Series(np.log(PHOSPHO / TOTAL), ANIMALS)[animals]
    off = np.log(ratios[animals]) - drawn
    return (off - off.mean()).to_numpy()


def on_one_membrane(lab, phospho: np.ndarray, total: np.ndarray) -> pd.DataFrame:
    images = [
        row(write(lab.folder, "p.tif", phospho), "B1", "p-mTOR", "phospho", 289.0, total_target="mTOR"),
        row(write(lab.folder, "t.tif", total), "B1", "mTOR", "total", 289.0),
    ]
    blot = lab.ingested(images=images, lanes=lane_map("B1", ANIMALS, pool=1))
    return lab.values(blot)


def test_a_stripped_reprobe_gives_the_ratios_drawn(lab):
    loading = loaded(1)
    phospho = picture(amounts(PHOSPHO, POOL[0], loading, 8e5), 250.0, 1)
    total = picture(amounts(TOTAL, POOL[1], loading, 8e5), 250.0, 2)
    assert np.abs(ratio_errors(on_one_membrane(lab, phospho, total))).max() < 0.08


def test_two_colours_of_one_picture_give_the_ratios_drawn(lab):
    loading = loaded(2)
    planes = [
        picture(amounts(PHOSPHO, POOL[0], loading, 8e5), 250.0, 3),
        picture(amounts(TOTAL, POOL[1], loading, 8e5), 250.0, 4),
    ]
    tifffile.imwrite(lab.folder / "duplex.tif", np.stack(planes), photometric="minisblack")
    images = [
        row("duplex.tif", "B1", "p-mTOR", "phospho", 250.0, total_target="mTOR", channel="1"),
        row("duplex.tif", "B1", "mTOR", "total", 250.0, channel="2"),
    ]
    blot = lab.ingested(images=images, lanes=lane_map("B1", ANIMALS, pool=1))
    assert np.abs(ratio_errors(lab.values(blot))).max() < 0.08


def parallel(lab, *, pool: int, controls: int = 1, second: list[str] = ANIMALS, **more: object) -> Summary:
    """Phosphorylated protein on membrane P, total on membrane T, each loaded on its own, each with its own controls."""
    blots = []
    sides = [("P", "p-mTOR", "phospho", PHOSPHO, POOL[0]), ("T", "mTOR", "total", TOTAL, POOL[1])]
    for number, (name, target, role, protein, pooled) in enumerate(sides):
        animals = ANIMALS if name == "P" else second
        held = np.append(protein[[ANIMALS.index(animal) for animal in animals]], [pooled] * pool)
        loading = loaded(10 + number)[: len(held)]
        asked = {"total_target": "mTOR", **more} if name == "P" else {}
        plane = picture(list(8e5 * held * loading), 250.0, 20 + number)
        images = [row(write(lab.folder, f"{name}.tif", plane), name, target, role, 250.0, **asked)]
        for control, kda in (("GAPDH", 37.0), ("actin", 42.0))[:controls]:
            spread = np.random.default_rng(number).lognormal(0, 0.02, len(held))
            plane = picture(list(1.2e6 * loading * spread), kda, 30 + 2 * number + (control == "actin"))
            file = write(lab.folder, f"{name}_{control}.tif", plane)
            images.append(row(file, name, control, "loading_control", kda))
        blot = lab.ingested(images=images, lanes=lane_map(name, animals, pool=pool))
        blots.append((blot, lab.measured(blot)))
    return summarised(blots)


@pytest.mark.parametrize(("pool", "controls"), [(0, 1), (1, 2)])
def test_parallel_membranes_give_the_ratios_drawn(lab, pool, controls):
    found = parallel(lab, pool=pool, controls=controls)
    values = frame(found.measurements, Measurement)
    assert np.abs(ratio_errors(values)).max() < 0.08
    assert set(values["status"]) == {"ok"}
    assert "over its own loading" in legend_of(found)["p-mTOR, membrane P"]


def test_parallel_membranes_without_controls_are_marked(lab):
    values = frame(parallel(lab, pool=1, controls=0).measurements, Measurement)
    assert values["reason"].str.contains("no loading control").all() and set(values["status"]) == {"flagged"}


def test_an_animal_on_one_of_two_membranes_only_has_no_ratio(lab):
    found = parallel(lab, pool=1, second=ANIMALS[:-1])
    values = frame(found.measurements, Measurement).set_index("animal")
    assert values.loc["M8", "status"] == "failed" and "no lane on membrane T" in values.loc["M8", "reason"]
    assert np.abs(ratio_errors(values.reset_index(), ANIMALS[:-1])).max() < 0.08


def test_a_total_that_stands_on_no_membrane_is_told(lab):
    found = parallel(lab, pool=1, controls=0, total_target="GluA1")
    assert not found.measurements
    assert {check.check: check.verdict for check in found.checks} == {"total_found": "warn"}


def test_total_protein_takes_loading_out(lab):
    loading, amount = loaded(5), np.append(np.random.default_rng(2).lognormal(0, 0.4, 8), 1.0)
    images = [
        row(write(lab.folder, "s.tif", stain(loading, 3)), "B1", "total protein", "total_protein", None),
        row(write(lab.folder, "b.tif", picture(list(4e5 * amount * loading), 25.0, 4)), "B1", "BDNF", "target", 25.0),
    ]
    blot = lab.ingested(images=images, lanes=lane_map("B1", ANIMALS, pool=1))
    values = lab.values(blot).query("measure == 'normalised_density'").set_index("animal")
    off = np.log(values["value"].astype(float)) - np.log(amount[:8])
    assert np.abs(off - off.mean()).max() < 0.08 and set(values["status"]) == {"ok"}


@pytest.mark.parametrize(("second", "verdict"), [(1.05, "pass"), (2.2, "warn")])
def test_lanes_of_the_pool_that_differ_are_told(lab, second, verdict):
    """Loading differs twofold between the two lanes, and does not count."""
    held, loading = np.append(TOTAL[:6], [1.0, second]), np.append(np.ones(7), 2.0)
    images = [
        row(write(lab.folder, "b.tif", picture(list(4e5 * held * loading), 25.0, 5)), "B1", "BDNF", "target", 25.0),
        row(write(lab.folder, "g.tif", picture(list(6e5 * loading), 37.0, 6)), "B1", "GAPDH", "loading_control", 37.0),
    ]
    blot = lab.ingested(images=images, lanes=lane_map("B1", ANIMALS[:6], pool=2))
    told = lab.checks(blot).set_index("check").loc["pool_cv"]
    assert told["verdict"] == verdict
    assert told["value"] == pytest.approx(100 * np.std([1, second], ddof=1) / np.mean([1, second]), abs=3)


def test_loading_is_the_geometric_mean_of_all_controls():
    everyone = np.ones(3, bool)
    both = loading_factors(np.array([[1.0, 2.0, 4.0], [9.0, 9.0, 9.0]]), everyone)
    np.testing.assert_allclose(both, np.sqrt([0.5, 1.0, 2.0]))


def test_the_scale_of_a_control_does_not_matter():
    volumes = RNG.lognormal(0, 0.3, (2, 6))
    scaled = volumes * np.array([[1.0], [1000.0]])
    np.testing.assert_allclose(
        loading_factors(scaled, np.ones(6, bool)), loading_factors(volumes, np.ones(6, bool)), rtol=1e-12
    )


def test_a_lane_without_one_of_its_controls_has_no_factor():
    factors = loading_factors(np.array([[1.0, 1.0, 1.0], [1.0, 0.0, 1.0]]), np.ones(3, bool))
    assert np.isnan(factors[1]) and np.isfinite(factors[[0, 2]]).all()


def test_the_reference_is_the_pool_and_without_one_the_mean_animal_never_the_animal_itself():
    animals, pools = np.array([True, True, True, False]), np.array([False, False, False, True])
    values, how = referenced(np.array([1.0, 2.0, 4.0, 2.0]), animals, pools)
    assert how == "pool"
    np.testing.assert_allclose(values, [0.5, 1.0, 2.0, 1.0])
    values, how = referenced(np.array([1.0, 2.0, 4.0, np.nan]), animals, pools)
    assert how == "membrane mean"
    np.testing.assert_allclose(values[:3], [0.5, 1.0, 2.0])
