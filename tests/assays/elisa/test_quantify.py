"""Concentrations against drawn truth, and the curve against R's fits of a published ELISA."""

import math
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from dnase import CONCENTRATION, DENSITY, R_PARAMETERS
from drawn_plates import Kit, Layout, plate, responses, settings, standards_down, usual

from ketaflow.assays.elisa.calibration import fitting, inverse, logistic
from ketaflow.assays.elisa.calibration.fitting import Standards
from ketaflow.assays.elisa.quantify import quantify

KITS = {
    "usual": Kit(),
    "saturating": Kit(c=250, b=1.3),
    "far from saturation": Kit(c=3000, b=1.0),
    "steep": Kit(b=1.8, c=400),
    "falling": Kit(bottom=2.6, top=0.05, c=90, b=1.1),
}


def errors(kit: Kit, seeds: range, **changed) -> np.ndarray:
    """Relative errors of the values of all animals on drawn plates."""
    found = []
    for seed in seeds:
        rng = np.random.default_rng([seed, 77])
        layout = usual(kit, rng)
        measured = quantify(plate(layout, responses(kit, layout, rng)), settings(**changed))
        for one in measured.animals:
            if one.concentration_pg_per_ml is not None:
                truth = 2 * layout.truth[one.wells.split(", ")[0]]
                inside = (one.low_pg_per_ml or 0) <= truth <= (one.high_pg_per_ml or math.inf)
                found.append((one.concentration_pg_per_ml / truth - 1, inside))
    return np.array(found)


@pytest.mark.parametrize("kit", KITS.values(), ids=KITS)
def test_values_are_close_to_the_truth_and_intervals_hold_it(kit):
    found = errors(kit, range(40))
    assert len(found) > 40 * 36 * 0.6
    assert np.median(np.abs(found[:, 0])) <= 0.05
    assert np.mean(np.abs(found[:, 0]) <= 0.15) >= 0.93
    # Values of one plate share the error of its curve: 40 plates give the share of intervals to about 1.5 %.
    assert 0.91 <= found[:, 1].mean() <= 0.98


@pytest.mark.long
def test_ninety_five_percent_lie_within_fifteen_percent():
    found = np.concatenate([errors(kit, range(100, 220)) for kit in KITS.values()])
    assert np.median(np.abs(found[:, 0])) <= 0.05
    assert np.mean(np.abs(found[:, 0]) <= 0.15) >= 0.95
    assert 0.93 <= found[:, 1].mean() <= 0.965


def test_without_noise_the_curve_and_the_values_are_exact():
    kit = Kit()
    layout = usual(kit, np.random.default_rng(1))
    measured = quantify(plate(layout, responses(kit, layout, np.random.default_rng(1), noise=0)), settings())
    (row,) = measured.curves
    assert (row.a, row.d, row.c_pg_per_ml, row.b) == pytest.approx((kit.bottom, kit.top, kit.c, kit.b), rel=1e-4)
    assert (row.lloq_pg_per_ml, row.uloq_pg_per_ml) == (7.8, 1000)
    for one in measured.animals:
        assert one.concentration_pg_per_ml == pytest.approx(2 * layout.truth[one.wells.split(", ")[0]], rel=1e-4)


@pytest.mark.parametrize("run", DENSITY)
@pytest.mark.parametrize(("weighting", "place"), [("none", 0), ("1/y2", 1)])
def test_every_dnase_run_has_the_parameters_of_r(run, weighting, place):
    curve = fitting.fitted(Standards(CONCENTRATION, np.array(DENSITY[run])), "4pl", weighting)
    found = (curve.a, curve.d, math.log(curve.c), 1 / curve.b)
    assert found == pytest.approx(R_PARAMETERS[run][place], rel=1e-3)


def test_a_dnase_run_as_a_plate_keeps_those_parameters_and_reads_its_standards_back():
    layout = Layout()
    for place, x in enumerate(np.unique(CONCENTRATION)):
        layout.put((f"{'ABCDEFGH'[place]}1", f"{'ABCDEFGH'[place]}2"), "standard", x, concentration_pg_per_ml=float(x))
    values = {f"{'ABCDEFGH'[place // 2]}{1 + place % 2}": value for place, value in enumerate(DENSITY[7])}
    measured = quantify(plate(layout, values), settings(weighting="none"))
    (row,) = measured.curves
    found = (row.a, row.d, math.log(row.c_pg_per_ml), 1 / row.b)
    assert found == pytest.approx(R_PARAMETERS[7][0], rel=1e-3)
    assert all(abs(one.level_error_pct) <= one.limit_pct for one in measured.standards if one.in_range)


def test_five_parameters_follow_an_asymmetric_curve():
    kit = Kit(g=0.5, b=1.6, c=300)
    x = np.repeat(kit.levels, 2)
    four, five = (fitting.fitted(Standards(x, kit.response(x)), kind, "1/y2") for kind in ("4pl", "5pl"))
    assert five.g == pytest.approx(0.5, rel=0.05)
    assert five.residual_sd < 0.02 * four.residual_sd


def test_a_low_outlier_among_the_standards_gets_no_extra_weight():
    kit, rng = Kit(), np.random.default_rng(3)
    layout = usual(kit, rng)
    values = responses(kit, layout, rng)
    values["D1"] *= 0.1
    measured = quantify(plate(layout, values), settings())
    assert [row.well for row in measured.standards if not row.in_fit] == ["D1"]
    error = [abs(one.concentration_pg_per_ml / (2 * layout.truth[one.wells.split(", ")[0]]) - 1)
             for one in measured.animals if one.concentration_pg_per_ml]  # fmt: skip
    assert np.median(error) <= 0.06


def one_sample(in_well: float, wells=("C5", "C6"), dilution: float = 1.0, **more):
    """A plate with one animal, without noise, and its results."""
    kit, layout = Kit(), Layout()
    standards_down(kit, layout)
    layout.put(wells, "animal", in_well, animal="M01", matrix="plasma", dilution_factor=dilution, **more)
    return layout, responses(kit, layout, np.random.default_rng(0), noise=0)


@pytest.mark.parametrize(("in_well", "state"), [(2500, "> ULOQ"), (2.0, "< LLOQ"), (0.0, "< LLOQ"), (1e9, "> ULOQ")])
def test_values_outside_the_range_are_empty_never_extrapolated(in_well, state):
    measured = quantify(plate(*one_sample(in_well)), settings())
    (one,) = measured.animals
    assert (one.concentration_pg_per_ml, one.low_pg_per_ml, one.state) == (None, None, state)


def test_saturated_wells_lie_above_the_range_and_disagreeing_ones_have_no_value():
    layout, values = one_sample(2500)
    values |= {"C5": math.inf, "C6": math.inf}
    assert quantify(plate(layout, values), settings()).animals[0].state == "> ULOQ"
    layout, values = one_sample(100)
    state = quantify(plate(layout, values | {"C6": math.inf}), settings()).animals[0].state
    assert "saturated in C6" in state


def test_dilution_and_protein_are_applied_and_wells_counted():
    layout, values = one_sample(100, wells=("C5", "C6", "C7"), dilution=4, protein_mg_per_ml=2.5)
    (one,) = quantify(plate(layout, values), settings()).animals
    assert one.n == 3
    assert one.concentration_pg_per_ml == pytest.approx(400, rel=1e-3)
    assert one.concentration_pg_per_mg_protein == pytest.approx(160, rel=1e-3)


def two_dilutions(first: float, second: float):
    kit, layout = Kit(), Layout()
    standards_down(kit, layout)
    layout.put(("C5", "C6"), "animal", first, animal="M01", matrix="plasma", dilution_factor=2.0)
    layout.put(("D5", "D6"), "animal", second, animal="M01", matrix="plasma", dilution_factor=20.0)
    values = responses(kit, layout, np.random.default_rng(0), noise=0)
    return quantify(plate(layout, values), settings()).animals[0]


def test_dilutions_that_agree_are_averaged_and_those_outside_the_range_are_not_used():
    assert two_dilutions(400, 40).concentration_pg_per_ml == pytest.approx(800, rel=1e-3)
    above = two_dilutions(4000, 400)
    assert (above.n, above.state) == (2, "ok")
    assert above.concentration_pg_per_ml == pytest.approx(8000, rel=1e-3)


def test_dilutions_that_disagree_are_named_and_a_hook_uses_the_higher_one():
    unlinear = two_dilutions(400, 80)
    assert "dilutions differ" in unlinear.doubt
    hooked = two_dilutions(300, 600)
    assert hooked.hook
    assert hooked.concentration_pg_per_ml == pytest.approx(12_000, rel=1e-3)


def test_too_few_standards_give_no_values_but_a_reason():
    kit, layout = Kit(levels=(1000, 250, 62.5, 15.6)), Layout()
    standards_down(kit, layout)
    layout.put(("C5", "C6"), "animal", 100, animal="M01", matrix="plasma")
    measured = quantify(plate(layout, responses(kit, layout, np.random.default_rng(0), noise=0)), settings())
    assert not measured.curves[0].accepted
    assert "4 standard levels" in measured.animals[0].state


def test_standards_that_contradict_each_other_are_not_accepted():
    kit, rng = Kit(), np.random.default_rng(2)
    layout = usual(kit, rng)
    values = responses(kit, layout, rng)
    for well in values:
        if well[1:] in ("1", "2"):
            values[well] = float(rng.uniform(0.2, 2))
    measured = quantify(plate(layout, values), settings())
    assert not measured.curves[0].accepted
    assert all(one.concentration_pg_per_ml is None for one in measured.animals)


def test_two_analytes_on_a_plate_have_their_own_curves():
    kit, layout = Kit(), Layout()
    standards_down(kit, layout)
    standards_down(kit, layout, columns=(11, 12))
    for well in [f"{row}{column}" for row in "ABCDEFGH" for column in (11, 12)]:
        layout.rows[well] = replace(layout.rows[well], analyte="VEGF")
    layout.put(("C5", "C6"), "animal", 100, animal="M01", matrix="plasma")
    layout.put(("D5", "D6"), "animal", 100, animal="M01", matrix="plasma", analyte="VEGF")
    values = responses(kit, layout, np.random.default_rng(0), noise=0)
    values |= {well: 0.5 * value for well, value in values.items() if layout.rows[well].analyte == "VEGF"}
    measured = quantify(plate(layout, values), settings())
    assert [row.analyte for row in measured.curves] == ["BDNF", "VEGF"]
    assert measured.curves[1].d == pytest.approx(kit.top / 2, rel=1e-3)
    assert [one.concentration_pg_per_ml for one in measured.animals] == pytest.approx([100, 100], rel=1e-3)


def test_the_interval_is_where_the_prediction_band_meets_the_response():
    kit, rng = Kit(), np.random.default_rng(4)
    x = np.repeat(kit.levels, 2)
    curve = fitting.fitted(Standards(x, kit.response(x) * rng.lognormal(0, 0.05, len(x))), "4pl", "1/y2")
    y = float(logistic.response(curve, np.array([100.0]))[0])
    low, high = inverse.interval(curve, y, 2, 95)
    from scipy import stats

    for end in (low, high):
        at = np.array([end])
        half = stats.t.ppf(0.975, curve.df) * np.sqrt(inverse.variance(curve, at, 2)[0])
        assert abs(logistic.response(curve, at)[0] - y) == pytest.approx(half, rel=1e-3)
    assert low < 100 < high
