"""What a reviewer is told and shown: every fault has its check, and no picture names the animal or its files."""

import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from dialysate import DEFAULTS, drawn_animal, fraction_row, measure, with_concentrations

from ketaflow.assays.microdialysis.qc import qc

TRUTH = [{"glutamate": value, "glutamine": 4.0, "gaba": 0.25} for value in (1.0, 1.02, 0.98, 1.0, 1.6, 1.8, 1.4, 1.2)]
ROWS = [fraction_row(number, -60 + 20 * number, -40 + 20 * number, dead_volume_ul=2.0) for number in range(9)]


def checked(record):
    return qc(record, measure(record), **DEFAULTS["qc"])


def verdicts(record):
    table = checked(record).table("checks")
    return {row.check: row.verdict for row in table.sort_values("verdict").itertuples()}


def test_a_good_animal_passes_everything(tmp_path):
    record = drawn_animal(tmp_path, TRUTH)
    for row in record.rows["microdialysis"]:
        row["dead_volume_ul"] = 1.0
    table = checked(record).table("checks")
    assert table[table["verdict"].ne("pass")]["message"].tolist() == []


def test_every_chromatogram_and_the_animal_have_their_pictures(tmp_path):
    found = checked(drawn_animal(tmp_path, TRUTH))
    assert set(found.figures) == {"M1", *(f"c/{number}.txt" for number in range(len(TRUTH)))}
    assert found.figures["M1"][0].title.startswith("Is the baseline steady")
    assert all(len(figures) == 1 for name, figures in found.figures.items() if name != "M1")


def test_no_picture_names_animal_or_file(tmp_path):
    found = checked(drawn_animal(tmp_path, TRUTH))
    for figures in found.figures.values():
        for figure in figures:
            words = [
                figure.title,
                figure.caption,
                *re.findall(r"<text[^>]*>([^<]*)<|aria-label=.([^>]*)>", figure.content),
            ]
            assert not re.search(r"\bM1\b|\.txt|c/\d", str(words))


def test_a_truncated_chromatogram_fails_its_check(tmp_path):
    record = drawn_animal(tmp_path, TRUTH, faults={5: "truncated"})
    table = checked(record).table("checks")
    assert table[table["recording"].eq("c/5.txt")]["check"].tolist() == ["chromatogram_readable"]
    assert verdicts(record)["missing_fractions"] == "warn"


def test_a_cut_off_peak_fails_its_check(tmp_path):
    table = checked(drawn_animal(tmp_path, TRUTH, faults={5: "saturated"})).table("checks")
    assert table[table["check"].eq("saturated_peaks") & table["recording"].eq("c/5.txt")]["verdict"].tolist() == [
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
