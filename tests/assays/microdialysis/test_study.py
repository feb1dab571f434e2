"""A noisy study of drawn animals, from the files to the response: every fault of a session, every dose, known truth."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from dialysate import checked, measure, table, values
from drawn_study import BASE_UM, SESSIONS, TOP_PCT, Session, animal

from ketaflow.assays.microdialysis import cohort
from ketaflow.assays.microdialysis.model import Dialysate, FluxExperiment
from ketaflow.assays.microdialysis.response import no_net_flux
from ketaflow.engine import batch_files
from ketaflow.engine.batch_files import Outcome

WINDOW_AREA = 100 * 120


@pytest.mark.parametrize("session", SESSIONS)
def test_the_response_is_within_three_percent_in_every_kind_of_session(tmp_path, session):
    record, true = animal(tmp_path, SESSIONS[session], 30, seed=11)
    measured = measure(record)
    for analyte in BASE_UM:
        assert values(measured, "baseline_um", analyte) == pytest.approx([true[analyte].baseline_um], rel=0.03)
        shares = np.array(values(measured, "pct_baseline", analyte))
        known = np.isfinite(shares)
        assert known.sum() >= len(shares) - 1
        np.testing.assert_allclose(shares[known], true[analyte].pct[known], rtol=0.03)
        (area,) = values(measured, "auc_pct_min", analyte)
        assert area == pytest.approx(true[analyte].area_pct_min, abs=0.03 * WINDOW_AREA)
    assert values(measured, "auc_pct_min") == pytest.approx([true["glutamate"].area_pct_min], rel=0.03)


def test_doses_keep_their_order_up_and_down_again(tmp_path):
    """Moghaddam (1997): up at 10 to 30 mg/kg, nothing at 50, down at 200."""
    found, true, done = {}, {}, []
    for number, dose in enumerate(dose for dose in TOP_PCT for _ in range(3)):
        record, known = animal(tmp_path / str(number), Session(dead_volume_ul=6.0, wander_pct=6.0), dose, seed=number)
        done.append(measure(record))
        found.setdefault(dose, []).extend(values(done[-1], "auc_pct_min"))
        true.setdefault(dose, []).append(known["glutamate"].area_pct_min)
    mean = {dose: np.mean(areas) for dose, areas in found.items()}
    assert mean[200] < mean[0] < mean[10] < mean[30]
    assert mean[50] < mean[10]
    for dose, areas in found.items():
        np.testing.assert_allclose(areas, true[dose], atol=0.03 * WINDOW_AREA)
    together = {name: pd.concat([table(one, name) for one in done]) for name in ("peaks", "standards", "calibration")}
    once = cohort.summarise(together, {}).tables["standards"]
    assert len(once) == len(done[0].standards), "all animals were measured against the same standards"


@pytest.mark.parametrize(
    ("session", "check"),
    [
        ("unstable", "baseline_cv"),
        ("drifting", "baseline_trend"),
        ("missed", "missing_fractions"),
        ("flow raised", "flow"),
    ],
)
def test_a_fault_of_a_session_is_flagged_for_the_reviewer(tmp_path, session, check):
    worse = {"unstable": Session(wander_pct=45.0), "drifting": Session(trend_pct=60.0, wander_pct=1.0)}
    record, _ = animal(tmp_path, worse.get(session, SESSIONS[session]), 10, seed=3)
    own = [one for one in checked(record).checks if one.recording == "M1" and one.check == check]
    assert any(one.verdict != "pass" for one in own), own


def test_a_batch_file_carries_an_animal_unchanged(tmp_path):
    record, _ = animal(tmp_path, SESSIONS["all at once"], 10, seed=5)
    path = tmp_path / "recordings.zip"
    batch_files.write([Outcome("M1", record.dialysate)], Dialysate, path)
    (back,) = batch_files.read(path, Dialysate)
    assert measure(replace(record, dialysate=back.content)).measurements == measure(record).measurements


@pytest.fixture(scope="module")
def fluxes():
    """400 noisy no-net-flux experiments: recovery 0.35, 4.2 uM outside, five concentrations, three samples of each."""
    rng = np.random.default_rng(8)
    infused = np.repeat([0.0, 2.0, 4.0, 6.0, 10.0], 3)
    collected = infused - 0.35 * (infused - 4.2) + rng.normal(0, 0.25, (400, len(infused)))
    return [no_net_flux.fitted(FluxExperiment("glutamate", None, infused, one), "M1") for one in collected]


@pytest.mark.parametrize(
    ("value", "true"),
    [("slope", 0.35), ("intercept_um", -0.35 * 4.2), ("crossing_um", 4.2)],
)
def test_no_net_flux_is_unbiased_and_its_intervals_hold_the_truth(fluxes, value, true):
    assert np.mean([getattr(fit, value) for fit in fluxes]) == pytest.approx(true, rel=0.03)
    held = np.mean([getattr(fit, f"{value}_low") <= true <= getattr(fit, f"{value}_high") for fit in fluxes])
    assert 0.92 < held < 0.98, "nominally 95 %, known to 1 % from 400 experiments"


def test_a_line_whose_slope_may_be_zero_has_no_crossing():
    rng = np.random.default_rng(9)
    infused = np.repeat([0.0, 5.0, 10.0], 2)
    fit = no_net_flux.fitted(FluxExperiment("glutamate", None, infused, infused - rng.normal(0, 1, 6)), "M1")
    assert fit.slope_low < 0 < fit.slope_high
    assert (fit.crossing_um_low, fit.crossing_um_high) == (-np.inf, np.inf)


def test_a_cohort_without_a_plan_is_asked_for_the_inverted_u():
    from ketaflow.engine.study import measures

    assert measures()["microdialysis"]["auc_pct_min"]["contrasts"] == ["dunnett", "inverted_u"]
