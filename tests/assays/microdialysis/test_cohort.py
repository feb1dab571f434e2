"""Standards travel with every animal and stand in the study's tables once; what differs is kept."""

import pandas as pd

from ketaflow.assays.microdialysis.cohort import summarise

PEAKS = pd.DataFrame(
    [
        {"chromatogram": path, "analyte": "glutamate", "retention_min": 3.1, "area": area}
        for path, area in (("s/1.txt", 10.0), ("M1.txt", 4.0), ("s/1.txt", 10.0), ("M2.txt", 4.0))
    ]
)


def test_peaks_of_a_standard_stand_once_and_those_of_fractions_all():
    made = summarise({"peaks": PEAKS}, {})
    assert made["peaks"]["chromatogram"].tolist() == ["s/1.txt", "M1.txt", "M2.txt"]


def test_a_standard_read_otherwise_for_another_animal_stays_visible():
    other = pd.concat([PEAKS, PEAKS.iloc[:1].assign(area=11.0)])
    assert summarise({"peaks": other}, {})["peaks"]["chromatogram"].tolist().count("s/1.txt") == 2


def test_a_study_without_chromatograms_has_no_tables_of_them():
    assert summarise({"peaks": pd.DataFrame(), "fractions": PEAKS}, {}) == {}
