"""Standards travel with every animal and stand in the study's tables once; what differs is kept."""

import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).parent))
from dialysate import fraction_row, measure, table, with_concentrations
from drawn_study import Session, animal

from ketaflow.assays.microdialysis.cohort import summarise
from ketaflow.core.results import Summary

PEAKS = pd.DataFrame(
    [
        {"recording": path, "animal": path[:2] if path[0] == "M" else None, "chromatogram": path,
         "analyte": "glutamate", "retention_min": 3.1, "area": area}
        for path, area in (("s/1.txt", 10.0), ("M1.txt", 4.0), ("s/1.txt", 10.0), ("M2.txt", 4.0))
    ]
)  # fmt: skip


def test_peaks_of_a_standard_stand_once_and_those_of_fractions_all():
    made = summarise({"peaks": PEAKS}, {})
    assert made.tables["peaks"]["chromatogram"].tolist() == ["s/1.txt", "M1.txt", "M2.txt"]


def test_a_standard_read_otherwise_for_another_animal_stays_visible():
    other = pd.concat([PEAKS, PEAKS.iloc[:1].assign(area=11.0)])
    assert summarise({"peaks": other}, {}).tables["peaks"]["chromatogram"].tolist().count("s/1.txt") == 2


def test_a_study_without_chromatograms_has_no_tables_of_them():
    assert summarise({"peaks": pd.DataFrame(), "measurements": pd.DataFrame()}, {}) == Summary()


def with_peaks(areas: dict[str, list[float]]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"recording": path, "animal": path[:2], "chromatogram": path, "analyte": "",
             "retention_min": float(minute), "area": area}
            for path, own in areas.items()
            for minute, area in enumerate(own)
        ]
    )  # fmt: skip


def test_a_file_saved_under_two_names_is_mentioned_at_both():
    peaks = with_peaks({"M1_1": [1.25, 3.5, 9.75], "M1_2": [1.25, 3.5, 9.76], "M2_1": [1.25, 3.5, 9.75]})
    checks = summarise({"peaks": peaks}, {}).checks
    assert [(one.recording, one.animal) for one in checks] == [("M1_1", "M1"), ("M2_1", "M2")]
    assert not any("M1" in one.message or "M2" in one.message for one in checks), "the page would have to hide a name"


def test_two_peaks_may_be_equal_by_chance():
    peaks = with_peaks({"M1_1": [0.0, 3.5], "M1_2": [0.0, 3.5]})
    assert not summarise({"peaks": peaks}, {}).checks


def test_legends_say_what_was_done(tmp_path):
    done = []
    for number in range(2):
        record, _ = animal(tmp_path / str(number), Session(dead_volume_ul=9.0, missed=8), 10, seed=number)
        done.append(measure(replace(record, dialysate=replace(record.dialysate, animal=f"A{number}"))))
    names = ("peaks", "standards", "calibration", "fractions", "measurements")
    tables = {name: pd.concat([table(one, name) for one in done], ignore_index=True) for name in names}
    made = summarise(tables, {})
    legend = made.tables["legends"].set_index("figure").at["Time course", "legend"]
    assert "glutamate, glutamine and gaba" in legend
    assert "mean of the last 4 whole fractions before the dose" in legend
    assert "Fractions of 20 min at 1.5 µl/min; times are corrected for the 6.0 min from probe to tube." in legend
    assert "n = 2 animals; 6 of 66 values are missing" in legend
    assert [figure.title for figure in made.figures] == [
        "What do the standards read back?",
        "How steady were the baselines?",
    ]
    assert not any("A0" in figure.content + figure.caption for figure in made.figures)


def courses(dead_volumes_ul: list[float], **changed: float) -> dict[str, pd.DataFrame]:
    parts = []
    for number, volume in enumerate(dead_volumes_ul):
        rows = [fraction_row(n, -60 + 20 * n, -40 + 20 * n, dead_volume_ul=volume) for n in range(9)]
        record = with_concentrations(rows, {"glutamate": [2.0] * 9}, animal=f"A{number}")
        parts.append(table(measure(record, **changed), "measurements"))
    return {"measurements": pd.concat(parts, ignore_index=True)}


def test_times_that_do_not_meet_are_mentioned_and_a_grid_lets_them_meet():
    assert not summarise(courses([6.0, 6.0, 6.0]), {}).checks
    (doubt,) = summarise(courses([6.0, 6.4, 5.7]), {}).checks
    assert (doubt.check, doubt.value, doubt.verdict) == ("times_meet", 27, "warn")
    gridded = courses([6.0, 6.4, 5.7], time_grid_min=10)
    assert not summarise(gridded, {}).checks
    shares = gridded["measurements"].query("measure == 'pct_baseline'")
    assert sorted(set(shares["time_min"])) == [-60 + 20 * n for n in range(9)]
