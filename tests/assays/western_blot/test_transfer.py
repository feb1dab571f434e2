"""An uneven transfer is told with its direction; scattered loading and arms in order are not mistaken for it."""

import numpy as np
import pytest

from ketaflow.assays.western_blot.integrity.transfer_gradient import corner, gradient

from .drawn import lane_map, picture, stain, write

ANIMALS = [f"M{number}" for number in range(1, 11)]


def checks(lab, control: np.ndarray, target: np.ndarray | None = None, role: str = "loading_control"):
    images = [{"image": write(lab.folder, "c.tif", control), "membrane": "B1", "target": "GAPDH", "role": role}]
    if target is not None:
        name = write(lab.folder, "t.tif", target)
        images.append({"image": name, "membrane": "B1", "target": "BDNF", "role": "target", "kda": 14.0})
    blot = lab.ingested(images=[{"kda": 37.0, **row} for row in images], lanes=lane_map("B1", ANIMALS))
    table = lab.checks(blot)
    return table[table["check"].eq("transfer")]


def loads(seed: int, spread: float) -> np.ndarray:
    return 9e5 * np.random.default_rng(seed).lognormal(0, spread, len(ANIMALS))


@pytest.mark.parametrize(("gradient", "way"), [(0.9, "from left to right"), (-0.9, "from right to left")])
def test_a_gradient_over_the_membrane_is_told_with_its_direction(lab, gradient, way):
    told = checks(lab, picture(list(loads(1, 0.08)), 37.0, 1, gradient=gradient))
    assert told["verdict"].tolist() == ["warn"]
    assert way in told["message"].iloc[0] and "please check" in told["message"].iloc[0]


def test_an_even_membrane_passes(lab):
    told = checks(lab, picture(list(loads(2, 0.15)), 37.0, 2))
    assert told["verdict"].tolist() == ["pass"]


def test_arms_in_order_are_not_accused(lab):
    """The target doubles from the first lane to the last, as it would with dose; the control does not."""
    rising = 6e5 * np.linspace(1, 2.2, len(ANIMALS))
    told = checks(lab, picture(list(loads(3, 0.15)), 37.0, 3), picture(list(rising), 14.0, 4))
    assert told["verdict"].tolist() == ["pass"] and len(told) == 1


def test_scattered_loading_is_rarely_mistaken_for_a_gradient():
    place = np.linspace(0, 1, 10)
    rng = np.random.default_rng(0)
    told = [gradient(place, rng.lognormal(0, 0.2, 10)).beyond(30) for _ in range(2000)]
    assert np.mean(told) < 0.01


def test_a_control_that_follows_the_arms_a_little_is_not_called_transfer():
    """Four arms in order, GAPDH 8 % up from each to the next."""
    rng = np.random.default_rng(1)
    steps = np.repeat(1.08 ** np.arange(4), 3)
    told = [gradient(np.linspace(0, 1, 12), steps * rng.lognormal(0, 0.15, 12)).beyond(30) for _ in range(1000)]
    assert np.mean(told) < 0.05


def test_the_factor_is_the_one_drawn_and_the_limits_hold_it():
    rng, place = np.random.default_rng(2), np.linspace(0, 1, 12)
    held = []
    for _ in range(500):
        found = gradient(place, np.exp(0.6 * place) * rng.lognormal(0, 0.1, 12))
        held.append(found.low <= np.exp(0.6) <= found.high)
    assert 0.92 < np.mean(held) < 0.98


def test_turning_the_membrane_round_turns_the_gradient_round():
    amount = np.random.default_rng(3).lognormal(0, 0.3, 8)
    there = gradient(np.linspace(0, 1, 8), amount)
    back = gradient(np.linspace(1, 0, 8), amount)
    assert back.factor == pytest.approx(1 / there.factor) and back.low == pytest.approx(1 / there.high)


def test_too_few_lanes_give_no_gradient():
    assert gradient(np.linspace(0, 1, 4), np.ones(4)) is None


def proteomes(corner_factor: float, seed: int) -> np.ndarray:
    """Total protein of ten lanes: one proteome, different loads, a lower right corner that took more (or less)."""
    rng = np.random.default_rng(seed)
    down = np.linspace(-0.5, 0.5, 400)
    proteome = 50 + 200 * np.exp(-4 * down**2)
    across = np.linspace(-0.5, 0.5, 10)
    loading = rng.lognormal(0, 0.25, 10)
    uneven = np.exp(2 * np.log(corner_factor) * across[:, None] * down)
    return loading[:, None] * proteome * uneven * rng.lognormal(0, 0.03, (10, 400))


def test_a_corner_that_took_less_is_told_whatever_was_loaded():
    found = corner(proteomes(0.5, 1))
    assert found.beyond(30) and found.factor == pytest.approx(0.5, rel=0.05)


def test_loading_alone_is_no_corner():
    assert not corner(proteomes(1.0, 2)).beyond(5)


@pytest.mark.parametrize(("factor", "verdict", "way"), [(1.0, "pass", "lower"), (0.4, "warn", "lower left")])
def test_an_uneven_stain_is_told_with_its_corner(lab, factor, verdict, way):
    loading = np.random.default_rng(6).lognormal(0, 0.2, len(ANIMALS))
    name = write(lab.folder, "s.tif", stain(loading, 7, corner=factor))
    images = [{"image": name, "membrane": "B1", "target": "total protein", "role": "total_protein"}]
    blot = lab.ingested(images=images, lanes=lane_map("B1", ANIMALS))
    told = lab.checks(blot).set_index("check").loc["transfer_corner"]
    assert told["verdict"] == verdict and way in told["message"]
