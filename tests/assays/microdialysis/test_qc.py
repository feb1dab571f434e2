"""Checks and figures for the reviewer: every fault has its check, and no figure names the animal or its files."""

import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from dialysate import checked, drawn_animal, fraction_row, measure, table, with_concentrations

from ketaflow.assays.microdialysis.figures import charts, review_figures
from ketaflow.assays.microdialysis.model import Measured
from ketaflow.assays.microdialysis.result_rows import CalibrationLine, StandardReadBack

TRUTH = [{"glutamate": value, "glutamine": 4.0, "gaba": 0.25} for value in (1.0, 1.02, 0.98, 1.0, 1.6, 1.8, 1.4, 1.2)]
ROWS = [fraction_row(number, -60 + 20 * number, -40 + 20 * number, dead_volume_ul=2.0) for number in range(9)]


def verdicts(record):
    return {one.check: one.verdict for one in sorted(checked(record).checks, key=lambda one: one.verdict)}


def test_a_good_animal_passes_everything(tmp_path):
    found = checked(drawn_animal(tmp_path, TRUTH, dead_volume_ul=1.0)).checks
    assert [one.message for one in found if one.verdict != "pass"] == []


def test_a_peak_whose_foot_is_high_is_named(tmp_path):
    record = drawn_animal(tmp_path, TRUTH)
    checks = table(checked(record, foot_max_pct=1e-6), "checks")
    feet = checks[checks["check"].eq("foot") & checks["value"].gt(1e-6)]
    assert len(feet) and feet["verdict"].eq("warn").all()
    assert feet["message"].str.contains("depends on the baseline").all()


def test_every_chromatogram_and_the_animal_have_their_pictures(tmp_path):
    found = checked(drawn_animal(tmp_path, TRUTH))
    assert set(found.figures) == {"M1", *(f"c/{number}.txt" for number in range(len(TRUTH)))}
    assert found.figures["M1"][0].title.startswith("Is the baseline steady")
    assert all(len(figures) == 1 for name, figures in found.figures.items() if name != "M1")


def test_no_picture_names_animal_or_file(tmp_path):
    found = checked(drawn_animal(tmp_path, TRUTH))
    for shown in found.figures.values():
        for figure in shown:
            words = [
                figure.title,
                figure.caption,
                *re.findall(r"<text[^>]*>([^<]*)<|aria-label=.([^>]*)>", figure.content),
            ]
            assert not re.search(r"\bM1\b|\.txt|c/\d", str(words))


def test_a_truncated_chromatogram_fails_its_check(tmp_path):
    record = drawn_animal(tmp_path, TRUTH, faults={5: "truncated"})
    checks = table(checked(record), "checks")
    assert checks[checks["recording"].eq("c/5.txt")]["check"].tolist() == ["chromatogram_readable"]
    assert verdicts(record)["missing_fractions"] == "warn"


def test_a_cut_off_peak_fails_its_check(tmp_path):
    checks = table(checked(drawn_animal(tmp_path, TRUTH, faults={5: "saturated"})), "checks")
    assert checks[checks["check"].eq("saturated_peaks") & checks["recording"].eq("c/5.txt")]["verdict"].tolist() == [
        "fail"
    ]


@pytest.mark.parametrize(
    ("values", "check"),
    [
        ([1.0, 2.0, 1.0], "baseline_cv"),
        ([1.0, 1.5, 2.0], "baseline_trend"),
        ([2.0, 2.0, None], "missing_fractions"),
        ([0.0, 0.0, 0.0], "baseline"),
    ],
)
def test_a_doubtful_baseline_is_mentioned(values, check):
    found = verdicts(with_concentrations(ROWS, {"glutamate": values + [3.0] * 6}))
    assert found[check] != "pass"


def test_an_unknown_dead_volume_is_mentioned():
    rows = [{**row, "dead_volume_ul": None} for row in ROWS]
    assert verdicts(with_concentrations(rows, {"glutamate": [2.0] * 9}))["lag"] == "warn"


def test_a_change_of_flow_is_mentioned():
    rows = [{**row, "flow_ul_per_min": 2.0} if index > 5 else row for index, row in enumerate(ROWS)]
    assert verdicts(with_concentrations(rows, {"glutamate": [2.0] * 9}))["flow"] == "warn"


def drawn(record, title: str) -> list:
    return [figure for figure in checked(record).figures["M1"] if figure.title.startswith(title)]


def test_a_fraction_without_a_number_leaves_its_mark_at_the_foot():
    record = with_concentrations(ROWS, {"glutamate": [2.0] * 5 + [0.0, None] + [3.0] * 2})
    (course,) = drawn(record, "Is the baseline")
    marks = re.findall(r">([▽△×])<", course.content)
    assert sorted(marks) == ["×", "▽"]


def test_each_region_has_a_course_of_its_own():
    rows = [{**row, "region": region} for region in ("mPFC", "NAc") for row in ROWS[:6]]
    record = with_concentrations(rows, {"glutamate": [2.0] * 6 + [8.0] * 6})
    reported = record.rows["microdialysis_concentrations"]
    placed = [one | {"region": row["region"]} for one, row in zip(reported, rows, strict=True)]
    courses = drawn(record.with_rows("microdialysis_concentrations", placed), "Is the baseline")
    assert [re.search(r"Region: (\w+)", course.caption)[1] for course in courses] == ["mPFC", "NAc"]
    assert "2 uM" in courses[0].caption
    assert "8 uM" in courses[1].caption


def test_the_calibration_shows_residuals_beside_the_line(tmp_path):
    made = drawn(drawn_animal(tmp_path, TRUTH), "Do the standards lie")
    assert len(made) == 3
    assert all("Difference (%)" in picture.content and "Response" in picture.content for picture in made)


def test_the_top_of_every_named_peak_is_inside_its_picture(tmp_path):
    record = drawn_animal(tmp_path, TRUTH)
    (trace,) = checked(record).figures["c/5.txt"]
    names = {name: float(y) for y, name in re.findall(r'y="([\d.-]+)" text-anchor="middle">([a-z]+)<', trace.content)}
    assert set(names) >= {"glutamate", "glutamine", "gaba"}
    assert min(names[name] for name in ("glutamate", "glutamine", "gaba")) > 8, "a name above the picture's edge is cut"


def test_many_analytes_show_those_that_read_back_worst():
    lines = [CalibrationLine(f"a{number}", 1.0, 0.0, "1/x", 1.0, 0.03, 0.1, 1.0, 4.0, 2) for number in range(9)]
    standards = [
        StandardReadBack("s.txt", f"a{number}", "s.txt", level, level, level, float(number))
        for number in range(9)
        for level in (1.0, 4.0)
    ]
    made = review_figures.of_animal(Measured(calibration=lines, standards=standards), 15.0)
    assert [picture.caption[:2] for picture in made[:-1]] == [f"a{number}" for number in range(3, 9)]
    assert len(made) == len(charts.CYCLE) + 1


def test_a_run_shorter_than_the_others_is_mentioned(tmp_path):
    record = drawn_animal(tmp_path, TRUTH)
    found = record.dialysate.chromatograms
    cut = replace(found["c/5.txt"], time_min=found["c/5.txt"].time_min[:800], signal=found["c/5.txt"].signal[:800])
    dialysate = replace(record.dialysate, chromatograms={**found, "c/5.txt": cut})
    checks = table(checked(replace(record, dialysate=dialysate)), "checks")
    own = checks[checks["check"].eq("run_length")].set_index("recording")["verdict"]
    assert own["c/5.txt"] == "warn"
    assert own.drop("c/5.txt").eq("pass").all()


def test_a_no_net_flux_experiment_has_its_picture():
    rows = [
        {"animal": "M1", "analyte": "glutamate", "infused_um": x, "collected_um": x - 0.4 * (x - 3) + e, "region": None}
        for x, e in ((0.0, 0.05), (2.0, -0.05), (4.0, 0.02), (8.0, -0.03))
    ]
    record = with_concentrations(ROWS, {"glutamate": [2.0] * 9}).with_rows("microdialysis_no_net_flux", rows)
    (picture,) = drawn(record, "Is the concentration outside")
    assert "slope (extraction fraction) 0.4" in picture.caption


def test_a_peak_near_the_noise_is_mentioned(tmp_path):
    faint = [dict(one) for one in TRUTH]
    faint[5]["gaba"] = 0.02
    record = drawn_animal(tmp_path, faint)
    checks = table(checked(record), "checks")
    own = checks[checks["check"].eq("signal_to_noise")].set_index("recording")
    peaks = table(measure(record), "peaks")
    snr = peaks[peaks["analyte"].ne("")].groupby("chromatogram")["snr"].min()
    assert own["verdict"].eq("warn").any()
    for path, row in own.iterrows():
        assert row["value"] == pytest.approx(snr[path])
        assert (row["verdict"] == "warn") == (snr[path] < 10)
