"""The dilution lanes tell whether signal follows load, and up to where."""

import numpy as np
import pytest

from ketaflow.assays.western_blot.normalisation.linear_range import equivalent_ug, linearity

from .conftest import values_of
from .drawn import picture, write

LOADS = np.array([2.5, 5, 10, 20, 40])
# Relative errors of five lanes, about 5 %.
ERRORS = np.array([1.04, 0.95, 1.02, 0.97, 1.03])


def test_proportional_lanes_are_proportional():
    fit = linearity(LOADS, 1e4 * LOADS * ERRORS)
    assert fit.through_zero and not fit.saturating
    assert fit.slope == pytest.approx(1e4, rel=0.05) and fit.linear_to_ug == 40


def test_an_intercept_is_told_with_its_limits():
    fit = linearity(LOADS, (1e4 * LOADS + 4e4) * ERRORS)
    assert not fit.through_zero and not fit.saturating
    assert fit.intercept_low < 4e4 < fit.intercept_high


def test_saturation_is_told_with_the_end_of_the_linear_range():
    """At 30 ug half of the plateau; 15 % are lost at 5.3 ug."""
    fit = linearity(LOADS, 1e4 * LOADS / (1 + LOADS / 30) * ERRORS)
    assert fit.saturating and fit.aicc_gain > 4
    assert fit.linear_to_ug == pytest.approx(5.3, rel=0.35)


@pytest.mark.parametrize("curve", [lambda ug: 1e4 * ug, lambda ug: 1e4 * ug + 4e4, lambda ug: 1e4 * ug / (1 + ug / 30)])
def test_a_volume_is_read_as_the_load_that_gives_it(curve):
    fit = linearity(LOADS, curve(LOADS) * (1 + 0.2 * (ERRORS - 1)))
    for load in (3.0, 12.0, 30.0):
        assert equivalent_ug(fit, curve(load)) == pytest.approx(load, rel=0.05)
    assert np.isnan(equivalent_ug(fit, curve(2.0))) and np.isnan(equivalent_ug(fit, curve(60.0)))


@pytest.mark.parametrize("relative_error", [0.05, 0.1, 0.2])
def test_scatter_is_rarely_mistaken_for_either(relative_error):
    rng = np.random.default_rng(0)
    fits = [linearity(LOADS, LOADS * rng.lognormal(0, relative_error, 5)) for _ in range(300)]
    assert np.mean([fit.saturating for fit in fits]) < 0.06
    assert np.mean([not fit.through_zero for fit in fits]) < 0.1


def test_the_unit_of_the_counts_changes_nothing_but_the_line():
    small, large = (linearity(LOADS, unit * LOADS / (1 + LOADS / 30) * ERRORS) for unit in (1.0, 1e6))
    assert small.saturating == large.saturating and small.linear_to_ug == pytest.approx(large.linear_to_ug)
    assert large.slope == pytest.approx(1e6 * small.slope)


@pytest.mark.parametrize(
    "loads", [[5, 10, 20], [5, 5, 10, 10], [np.nan, 5, 10, 20]], ids=["three lanes", "two loads", "one unknown"]
)
def test_too_few_lanes_tell_nothing(loads):
    assert linearity(np.array(loads, float), np.array(loads, float)) is None


def test_values_beyond_the_linear_range_are_flagged(lab):
    """Five dilution lanes that saturate, then animals on either side of the range's end."""
    held = [*(6e4 * LOADS / (1 + LOADS / 20)), 1.5e5, 8e5]
    kinds = ["dilution"] * 5 + ["animal"] * 2
    lanes = [
        {"membrane": "B1", "lane": lane, "sample": kind, "animal": f"M{lane}" if kind == "animal" else None,
         "load_ug": LOADS[lane - 1] if kind == "dilution" else 20.0}
        for lane, kind in enumerate(kinds, start=1)
    ]  # fmt: skip
    name = write(lab.folder, "d.tif", picture(held, 37.0, 8, ladder=False))
    images = [{"image": name, "membrane": "B1", "target": "GAPDH", "role": "target", "kda": 37.0}]
    blot = lab.ingested(images=images, lanes=lanes)
    measured = lab.measured(blot)
    rows = values_of(measured).query("measure == 'band_volume'").set_index("animal")
    assert "linear range" not in rows.loc["M6", "reason"] and "linear range" in rows.loc["M7", "reason"]
    checks = lab.checks(blot).set_index("check")
    assert checks.loc["linear_range", "verdict"] == "warn"
