"""Concentrations, brain time and response against answers known by construction."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from dialysate import Animal, drawn_animal, fraction_row, fractions, measure, table, values, with_concentrations

from ketaflow.assays.microdialysis import constants
from ketaflow.assays.microdialysis.model import Chromatogram, Dialysate, VendorPeak

STEP = [fraction_row(number, -60 + 20 * number, -40 + 20 * number) for number in range(9)]
FLAT = [2.0, 2.0, 2.0]


def test_an_unchanged_animal_stays_at_one_hundred():
    found = measure(with_concentrations(STEP, {"glutamate": [2.0] * 9}))
    assert values(found, "baseline_um") == [2.0]
    assert values(found, "pct_baseline") == pytest.approx([100] * 9)
    assert values(found, "auc_pct_min") == pytest.approx([0])


def test_a_step_to_one_hundred_and_fifty_is_fifty_times_the_window():
    found = measure(with_concentrations(STEP, {"glutamate": FLAT + [3.0] * 6}))
    assert values(found, "auc_pct_min") == pytest.approx([50 * 120])
    assert values(found, "auc_early_pct_min") == pytest.approx([50 * 60])
    assert values(found, "peak_pct_baseline") == pytest.approx([150])
    assert values(found, "time_to_peak_min") == pytest.approx([10])


def test_the_response_does_not_depend_on_the_unit():
    in_um = measure(with_concentrations(STEP, {"glutamate": FLAT + [3.0] * 6}))
    in_nm = measure(with_concentrations(STEP, {"glutamate": [2000.0] * 3 + [3000.0] * 6}, unit="nM"))
    assert values(in_um, "concentration_um") == pytest.approx(values(in_nm, "concentration_um"))


def test_dead_volume_moves_fractions_back_by_its_transit():
    late = [
        {**row, "start_min": row["start_min"] + 15, "stop_min": row["stop_min"] + 15, "dead_volume_ul": 15.0}
        for row in STEP
    ]
    found = measure(with_concentrations(late, {"glutamate": FLAT + [3.0] * 6}))
    assert values(found, "auc_pct_min") == pytest.approx([6000])
    assert values(found, "time_to_peak_min") == pytest.approx([10])


def test_a_mixed_fraction_is_no_baseline_and_its_excess_counts_whole():
    early = [{**row, "start_min": row["start_min"] - 5, "stop_min": row["stop_min"] - 5} for row in STEP]
    early.append(fraction_row(9, 115, 135))
    mixed = [2.0, 2.0, 2.0, 2 + 15 / 20, *[3.0] * 6]
    found = measure(with_concentrations(early, {"glutamate": mixed}))
    assert table(found, "fractions")["kind"].tolist() == ["whole"] * 3 + ["mixed"] + ["whole"] * 6
    assert values(found, "baseline_um") == [2.0]
    assert values(found, "auc_pct_min") == pytest.approx([6000])


def test_a_merged_fraction_holds_what_its_parts_held():
    merged = [*STEP[:4], {**STEP[4], "stop_min": STEP[5]["stop_min"]}, *STEP[6:]]
    apart = measure(with_concentrations(STEP, {"glutamate": [*FLAT, 3.0, 4.0, 5.0, 4.0, 3.0, 2.0]}))
    together = measure(with_concentrations(merged, {"glutamate": [*FLAT, 3.0, 4.5, 4.0, 3.0, 2.0]}))
    assert table(together, "fractions")["merged"].tolist() == [False] * 4 + [True] + [False] * 3
    assert values(together, "auc_pct_min") == pytest.approx(values(apart, "auc_pct_min"))


def test_a_missed_fraction_on_a_straight_course_changes_nothing():
    course = [*FLAT, 3.0, 3.2, 3.4, 3.6, 3.8, 4.0]
    whole = measure(with_concentrations(STEP, {"glutamate": course}))
    gap = measure(
        with_concentrations(STEP, {"glutamate": [None if index == 5 else value for index, value in enumerate(course)]})
    )
    assert values(gap, "auc_pct_min") == pytest.approx(values(whole, "auc_pct_min"))
    found_rows = table(gap, "measurements")
    assert found_rows[found_rows["measure"].eq("auc_pct_min")]["status"].tolist() == ["flagged"]


def test_too_many_missed_fractions_leave_no_area_and_a_reason():
    found = measure(with_concentrations(STEP, {"glutamate": [*FLAT, 3.0, None, None, None, 3.0, 3.0]}))
    found_rows = table(found, "measurements")
    row = found_rows[found_rows["measure"].eq("auc_pct_min")].iloc[0]
    assert np.isnan(row["value"])
    assert row["reason"] == "50 % of 0 to 120 min hold no value"


def test_a_fraction_noted_as_lost_counts_for_nothing():
    rows = [{**row, "note": "tube lost"} if index == 2 else row for index, row in enumerate(STEP)]
    found = measure(with_concentrations(rows, {"glutamate": [2.0, 2.0, 99.0, *[3.0] * 6]}))
    assert values(found, "baseline_um") == [2.0]


def test_zero_is_below_the_limit_and_no_number():
    found = measure(with_concentrations(STEP, {"glutamate": [*FLAT, 3.0, 0.0, 3.0, 3.0, 3.0, 3.0]}))
    assert table(found, "fractions")["state"].tolist()[4] == "below_loq"
    assert np.isnan(values(found, "concentration_um")[4])


def test_no_baseline_no_response():
    found = measure(with_concentrations(STEP[2:], {"glutamate": [2.0] + [3.0] * 6}))
    found_rows = table(found, "measurements")
    assert found_rows[found_rows["measure"].isin(["pct_baseline", "auc_pct_min"])]["value"].isna().all()
    assert found_rows["reason"].str.contains("1 whole fractions before the dose").any()


def test_ratios_follow_the_names_labs_use():
    found = measure(with_concentrations(STEP, {"Glu": FLAT + [3.0] * 6, "Gln": [4.0] * 9, "GABA": [0.5] * 9}))
    assert values(found, "concentration_ratio", "glutamate/glutamine") == pytest.approx([0.5] * 3 + [0.75] * 6)
    assert values(found, "pct_baseline", "gaba/glutamate")[-1] == pytest.approx(100 / 1.5)


def test_recovery_scales_the_concentration_outside_the_probe():
    rows = [{**row, "recovery_pct": 20.0} for row in STEP]
    assert values(measure(with_concentrations(rows, {"glutamate": [2.0] * 9})), "extracellular_um") == pytest.approx(
        [10.0] * 9
    )


def test_no_net_flux_gives_the_concentration_outside():
    found = measure(flux_record([(infused, infused - 0.4 * (infused - 3.0)) for infused in (0.0, 2.0, 4.0, 8.0)]))
    assert values(found, "extraction_fraction") == pytest.approx([0.4])
    assert values(found, "extracellular_um") == pytest.approx([3.0])


TRUTH = [
    {"glutamate": value, "glutamine": 4.0, "gaba": 0.25} for value in (1.0, 1.0, 1.0, 1.0, 1.6, 1.8, 1.4, 1.2, 1.1, 1.0)
]


def test_drawn_chromatograms_give_back_what_was_drawn(tmp_path):
    found = measure(drawn_animal(tmp_path, TRUTH))
    assert values(found, "concentration_um") == pytest.approx([one["glutamate"] for one in TRUTH], rel=0.02)
    assert values(found, "concentration_um", "glutamine") == pytest.approx([4.0] * 10, rel=0.02)
    assert values(found, "concentration_um", "gaba") == pytest.approx([0.25] * 10, rel=0.04)
    assert values(found, "auc_pct_min") == pytest.approx([20 * 210], rel=0.03)


def test_every_peak_is_listed_named_or_not(tmp_path):
    peaks = table(measure(drawn_animal(tmp_path, TRUTH[:5])), "peaks")
    one = peaks[peaks["chromatogram"].eq("c/0.txt")]
    assert set(one["analyte"]) >= {"", *constants.SIMULATED_ANALYTES}
    assert one["retention_min"].is_monotonic_increasing


def test_what_is_out_of_range_is_a_state_and_no_number(tmp_path):
    drawn = [*TRUTH[:5], {"glutamate": 0.004, "glutamine": 60.0, "gaba": 0.25}]
    found = measure(drawn_animal(tmp_path, drawn))
    found_rows = table(found, "fractions")
    states = found_rows[found_rows["fraction"].eq("5")].set_index("analyte")["state"]
    assert states["glutamine"] == "above_range"
    assert states["glutamate"] in ("below_loq", "not_found")
    assert found_rows[found_rows["state"].isin(["above_range", "below_loq"])]["concentration_um"].isna().all()


def test_a_truncated_chromatogram_fails_alone(tmp_path):
    found = measure(drawn_animal(tmp_path, TRUTH, faults={5: "truncated"}))
    found_rows = table(found, "measurements")
    bad = found_rows[found_rows["recording"].eq("c/5.txt")]
    assert bad["status"].eq("failed").all()
    assert bad["reason"].str.contains("cut short").all()
    assert found_rows[found_rows["recording"].eq("c/6.txt")]["status"].eq("ok").all()


def test_a_saturated_peak_has_no_concentration(tmp_path):
    found = measure(drawn_animal(tmp_path, TRUTH, faults={5: "saturated"}))
    assert "saturated" in table(found, "fractions")["state"].tolist()
    assert np.isnan(values(found, "concentration_um")[5])


def lab_state(record, fraction: str, state: str):
    """The record with a fraction's number replaced by a state."""
    rows = record.rows["microdialysis_concentrations"]
    changed = [row | ({"value": None, "state": state} if row["fraction"] == fraction else {}) for row in rows]
    return record.with_rows("microdialysis_concentrations", changed)


@pytest.mark.parametrize(
    ("state", "words"), [("below_loq", "1 below the limit"), ("above_range", "1 above the range"), ("missed", "")]
)
def test_a_state_of_the_labs_table_is_carried_to_every_value_it_touches(state, words):
    record = lab_state(with_concentrations(STEP, {"glutamate": FLAT + [3.0] * 6}), "5", state)
    found_rows = table(measure(record), "measurements")
    own = found_rows[found_rows["measure"].eq("concentration_um") & found_rows["status"].eq("failed")]
    assert own["reason"].str.contains("reported as").tolist() == [True]
    assert found_rows[found_rows["measure"].eq("pct_baseline") & found_rows["status"].eq("failed")][
        "reason"
    ].tolist() == (own["reason"].tolist())
    area = found_rows[found_rows["measure"].eq("auc_pct_min")].iloc[0]
    assert area["value"] == pytest.approx(6000)
    assert words in area["reason"]


def test_a_baseline_with_a_value_below_the_limit_says_so():
    record = lab_state(with_concentrations(STEP, {"glutamate": FLAT + [3.0] * 6}), "1", "below_loq")
    found_rows = table(measure(record), "measurements")
    row = found_rows[found_rows["measure"].eq("baseline_um")].iloc[0]
    assert (row["value"], row["n"], row["status"]) == (2.0, 2, "flagged")
    assert "1 below the limit" in row["reason"]


def test_a_peak_beside_a_saturated_fraction_may_be_higher(tmp_path):
    found = table(measure(drawn_animal(tmp_path, TRUTH, faults={5: "saturated"})), "measurements")
    own = found[found["measure"].eq("peak_pct_baseline") & found["analyte"].eq("glutamate")].iloc[0]
    assert own["status"] == "flagged"
    assert "may be higher" in own["reason"]


def test_gaps_of_either_analyte_are_gaps_of_the_ratio_with_its_reason():
    record = with_concentrations(STEP, {"glutamate": [2.0] * 9, "glutamine": [4.0] * 5 + [0.0] + [4.0] * 3})
    found_rows = table(measure(record), "measurements")
    own = found_rows[found_rows["measure"].eq("concentration_ratio")]
    assert own["value"].isna().sum() == 1
    assert own.loc[own["value"].isna(), "reason"].tolist() == ["glutamine: reported as zero: below the limit"]
    assert values(measure(record), "auc_pct_min", "glutamate/glutamine") == pytest.approx([0], abs=1e-9)


def test_a_change_of_flow_is_followed_through_the_dead_volume():
    """9 ul at 1 ul/min take 9 min; once the pump runs at 3 ul/min the rest comes three times as fast."""
    rows = [
        fraction_row(1, -20, 0, dead_volume_ul=9.0),
        fraction_row(2, 0, 20, dead_volume_ul=9.0, flow_ul_per_min=3.0),
        fraction_row(3, 20, 40, dead_volume_ul=9.0, flow_ul_per_min=3.0),
    ]
    found_rows = table(measure(with_concentrations(rows, {"glutamate": [2.0] * 3})), "fractions")
    assert found_rows["start_min"].tolist() == pytest.approx([-29, -9, 17])
    assert found_rows["stop_min"].tolist() == pytest.approx([-9, 17, 37])
    assert found_rows["lag_min"].tolist() == pytest.approx([9, 9, 3])


def test_a_real_delay_of_the_tubing_is_reproduced():
    """A session noted 1.2 ul/min and 14 min 38 s from probe to tube: 17.56 ul."""
    rows = [fraction_row(n, 7.5 * n, 7.5 * n + 7.5, flow_ul_per_min=1.2, dead_volume_ul=17.56) for n in range(6)]
    found_rows = table(measure(with_concentrations(rows, {"glutamate": [2.0] * 6})), "fractions")
    assert found_rows["lag_min"].tolist() == pytest.approx([14 + 38 / 60] * 6, abs=0.01)


def result_tables(concentrations: list[float | None], unit: str | None) -> Animal:
    """An animal with one result table of an LC-MS/MS program for each fraction."""
    rows = [{**row, "chromatogram": f"r/{row['fraction']}.csv"} for row in STEP]
    nothing = np.empty(0)
    found = {}
    for row, value in zip(rows, concentrations, strict=True):
        peaks = [VendorPeak("Glutamate", 3.1, concentration=value, unit=unit)] if value is not None else []
        found[row["chromatogram"]] = Chromatogram(nothing, nothing, vendor_peaks=peaks)
    return Animal(Dialysate("M1", fractions(rows), chromatograms=found))


def test_concentrations_of_a_result_table_need_no_standards():
    told = [2000.0] * 3 + [3000.0] * 5 + [None]
    found = measure(result_tables(told, "nM"))
    assert values(found, "concentration_um", "Glutamate")[:8] == pytest.approx([2.0] * 3 + [3.0] * 5)
    found_rows = table(found, "measurements")
    last = found_rows[found_rows["measure"].eq("concentration_um")].iloc[-1]
    assert (last["status"], last["reason"]) == ("failed", "no calibration, and no concentration in its result table")


def test_a_concentration_without_a_unit_is_no_number():
    found = measure(result_tables([2.0] * 9, None))
    found_rows = table(found, "measurements")
    own = found_rows[found_rows["measure"].eq("concentration_um")]
    assert own["value"].isna().all()
    assert own["reason"].str.contains("no unit of concentration").all()


def flux_record(pairs: list[tuple[float, float]]):
    rows = [
        {"animal": "M1", "analyte": "glutamate", "infused_um": one, "collected_um": other, "region": None}
        for one, other in pairs
    ]
    return with_concentrations(STEP, {"glutamate": [2.0] * 9}).with_rows("microdialysis_no_net_flux", rows)


def test_a_probe_that_exchanges_nothing_knows_no_concentration_outside():
    pairs = [(0.0, 0.1), (2.0, 1.8), (4.0, 4.2), (8.0, 7.9)]
    found_rows = table(measure(flux_record(pairs)), "measurements")
    row = found_rows[found_rows["measure"].eq("extracellular_um")].iloc[0]
    assert np.isnan(row["value"])
    assert "does not follow what was perfused" in row["reason"]


def test_two_perfused_concentrations_are_no_line():
    found_rows = table(measure(flux_record([(0.0, 1.0), (4.0, 3.5), (4.0, 3.6)])), "measurements")
    own = found_rows[found_rows["measure"].isin(["extracellular_um", "extraction_fraction"])]
    assert own["reason"].tolist() == ["2 perfused concentrations, at least 3 are needed"] * 2


def test_the_flux_table_holds_slope_intercept_and_intervals():
    line = table(measure(flux_record([(x, x - 0.4 * (x - 3.0)) for x in (0.0, 2.0, 4.0, 8.0)])), "no_net_flux").iloc[0]
    assert line[["slope", "intercept_um", "crossing_um"]].astype(float).tolist() == pytest.approx([0.4, -1.2, 3.0])
    assert line["n"] == 4


@pytest.mark.shared
def test_real_dopamine_courses_give_the_baselines_and_peaks_of_their_reference(shared):
    """Seven mice after amphetamine, four fractions of 20 min before it; figures computed outside this program."""
    courses = np.loadtxt(shared / "microdialysis" / "timeseries" / "dopamine_amphetamine_fmol_per_uL.txt")
    rows = [fraction_row(number, -80 + 20 * number, -60 + 20 * number) for number in range(10)]
    spreads, tops = [17, 38, 112, 11, 26, 27, 108], [5522, 1262, 1426, 451, 219, 3008, 754]
    for course, spread, top in zip(courses.T, spreads, tops, strict=True):
        told = [None if np.isnan(value) else float(value) for value in course]
        found = measure(with_concentrations(rows, {"dopamine": told}, unit="fmol/ul"))
        assert values(found, "peak_pct_baseline", "dopamine") == pytest.approx([top], rel=0.001)
        assert values(found, "baseline_cv_pct", "dopamine") == pytest.approx([spread], abs=0.6)
        assert values(found, "concentration_um", "dopamine")[0] == pytest.approx(course[0] / 1000)


@pytest.mark.parametrize("minutes", [7.5, 20.0])
def test_a_break_and_a_merged_tube_of_a_real_session_keep_the_clock(minutes):
    """A session noted a break of 85 min, a tube that was added to the next, and 14 min 38 s from probe to tube."""
    rows = [fraction_row(n, -30 + minutes * n, -30 + minutes * (n + 1)) for n in range(4)]
    late = rows[-1]["stop_min"] + 85
    rows += [fraction_row(4, late, late + 2 * minutes), fraction_row(5, late + 2 * minutes, late + 3 * minutes)]
    rows = [{**row, "flow_ul_per_min": 1.2, "dead_volume_ul": 1.2 * (14 + 38 / 60)} for row in rows]
    found_rows = table(measure(with_concentrations(rows, {"glutamate": [2.0] * 6})), "fractions")
    lag = [row["start_min"] - start for row, start in zip(rows, found_rows["start_min"], strict=True)]
    assert lag == pytest.approx([14 + 38 / 60] * 6, abs=0.01)
    assert found_rows["merged"].tolist() == [False] * 4 + [True, False]


@pytest.mark.parametrize("place", range(4))
def test_a_tube_lost_from_a_course_that_bends_from_the_dose_on_changes_nothing(place):
    """The course is at baseline when the dose is given, rises and falls as a parabola."""
    course = [100.0 + 3 * minute - minute**2 / 45 for minute in (10, 30, 50, 70, 90, 110)]
    whole = measure(with_concentrations(STEP, {"glutamate": [100.0] * 3 + course}))
    lost = [100.0] * 3 + [None if index == place else value for index, value in enumerate(course)]
    gap = measure(with_concentrations(STEP, {"glutamate": lost}))
    curvature = 20**3 / 12 / 45
    expected = values(whole, "auc_pct_min")[0] - curvature
    assert values(gap, "auc_pct_min")[0] == pytest.approx(expected, rel=1e-6)


def test_the_trapezoid_joins_middles_as_plots_do():
    """From the last middle before the dose (100 %) to the first after it (150 %) the line rises: 125 % at the dose."""
    found = measure(with_concentrations(STEP, {"glutamate": FLAT + [3.0] * 6}), auc_method="trapezoid")
    assert values(found, "auc_pct_min") == pytest.approx([50 * 120 - 25 * 10 / 2])


def test_a_window_that_ends_inside_a_long_fraction_follows_the_bend_of_the_course():
    """A merged fraction from 40 to 80 min of a parabola: its mean alone would give the first half too little."""

    def content(start: float, stop: float) -> float:
        return 100 + 1.5 * (stop + start) - (stop**3 - start**3) / 3 / 45 / (stop - start)

    spans = [(0, 20), (20, 40), (40, 80), (80, 100), (100, 120)]
    rows = [*STEP[:3], *(fraction_row(3 + number, *span) for number, span in enumerate(spans))]
    found = measure(with_concentrations(rows, {"glutamate": [100.0] * 3 + [content(*span) for span in spans]}))
    assert values(found, "auc_early_pct_min") == pytest.approx([1.5 * 60**2 - 60**3 / 3 / 45], rel=1e-9)
    assert values(found, "auc_pct_min") == pytest.approx([1.5 * 120**2 - 120**3 / 3 / 45], rel=1e-9)


def test_a_window_may_begin_before_the_dose_or_after_it():
    course = {"glutamate": FLAT + [3.0] * 6}
    early = measure(with_concentrations(STEP, course), auc_window_min=(-20, 120))
    late = measure(with_concentrations(STEP, course), auc_window_min=(30, 90))
    assert values(early, "auc_pct_min") == pytest.approx([50 * 120])
    assert values(late, "auc_pct_min") == pytest.approx([50 * 60])
