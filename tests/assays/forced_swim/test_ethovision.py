"""EthoVision's exports: time sampling as people do it, and every form in which labs keep them."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parent))
import ethovision_files as files
from swim_cases import measure, measurement, quantify_settings, read, review, value

from ketaflow.assays.forced_swim.readers import ethovision_titles
from ketaflow.assays.forced_swim.scoring.bouts import IMMOBILE, SWIMMING, UNSCORED
from ketaflow.assays.forced_swim.scoring.time_sampling import classify_intervals
from ketaflow.assays.forced_swim.settings import SamplingRule
from ketaflow.core.errors import IngestError

# Two whole intervals, one of which more than half is immobile, one of which less than half is.
BOUTS = [(10, 20), (30, 33), (42, 44)]
SCORED_S = 15.0


@pytest.fixture
def values():
    return files.mobility(60, BOUTS)


def scored(folder, name, cylinder=1, window=(0, 60), **changes):
    return measure(read(folder, name, (cylinder,)), window, **changes)


def intervals(motion, seen=None, rate_hz=10.0, origin_s=0.0):
    times_s = np.arange(len(motion)) / rate_hz
    seen = np.ones(len(motion), bool) if seen is None else seen
    trace = pd.DataFrame({"motion": motion, "seen": seen})
    return classify_intervals(trace, times_s, times_s + 1 / rate_hz, SamplingRule(0.1, 5.0), origin_s)


def test_more_than_half_of_an_interval_decides():
    still, moving = np.zeros(26), np.ones(24)
    assert list(intervals(np.concatenate([still, moving])).codes) == [IMMOBILE]
    assert list(intervals(np.concatenate([still[:24], moving, np.ones(2)])).codes) == [SWIMMING]


def test_an_interval_seen_by_less_than_half_is_unscored():
    seen = np.r_[np.ones(20, bool), np.zeros(30, bool), np.ones(50, bool)]
    assert list(intervals(np.zeros(100), seen).codes[:2]) == [UNSCORED, IMMOBILE]


def test_intervals_begin_with_the_scoring_window():
    coded = intervals(np.zeros(200), origin_s=7.0)
    assert coded.starts[1:3] == pytest.approx([2.0, 7.0])
    assert coded.stops[-1] == pytest.approx(20)


@pytest.mark.parametrize("language", sorted(files.TITLES))
def test_titles_in_five_languages_are_read(tmp_path, values, language):
    files.workbook(tmp_path / "raw.xlsx", {"Track-Arena 1": files.raw_rows(values, language=language)})
    measured = scored(tmp_path, "raw.xlsx")
    assert value(measured, "s1") == SCORED_S
    assert value(measured, "s1", "ethovision_immobility_s") == pytest.approx(15, abs=0.3)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("utf16_semicolon.txt", {}),
        ("comma.csv", {"delimiter": ",", "encoding": "utf-8"}),
        ("decimal_comma.csv", {"decimal": ",", "encoding": "utf-8-sig"}),
        ("tab.txt", {"delimiter": "\t", "encoding": "cp1252"}),
        ("big_endian.txt", {"encoding": "utf-16-be"}),
    ],
)
def test_text_exports_are_read(tmp_path, values, name, options):
    files.text(tmp_path / name, files.raw_rows(values, language="de", arena="Arena 4"), **options)
    assert value(scored(tmp_path, name, 4), "s4") == SCORED_S
    with pytest.raises(IngestError, match="no arena 1; the file holds arenas 4"):
        read(tmp_path, name, (1,))


def test_a_workbook_without_a_dimension_tag_is_read(tmp_path, values):
    sheets = {"Empty": [], "Track-Arena 2": files.raw_rows(values, arena="Arena 2")}
    files.workbook(tmp_path / "raw.xlsx", sheets, dimension=False)
    assert value(scored(tmp_path, "raw.xlsx", 2), "s2") == SCORED_S


def test_states_alone_suffice_and_mobility_continuous_is_mobility(tmp_path, values):
    files.workbook(tmp_path / "states.xlsx", {"Arena 1": files.raw_rows(values, columns=("immobile",))})
    assert value(scored(tmp_path, "states.xlsx"), "s1") == SCORED_S
    titles = {"mobility": ("Mobility continuous", "%")}
    files.workbook(tmp_path / "continuous.xlsx", {"Arena 1": files.raw_rows(values, titles=titles)})
    assert value(scored(tmp_path, "continuous.xlsx"), "s1") == SCORED_S


def test_an_export_without_mobility_says_what_to_tick(tmp_path, values):
    files.workbook(tmp_path / "raw.xlsx", {"Arena 1": files.raw_rows(values, columns=())})
    with pytest.raises(IngestError, match=r"no column Mobility \(or Mobility state: Immobile\). Tick it"):
        read(tmp_path, "raw.xlsx", (1,))


@pytest.mark.parametrize(
    ("title", "state", "limit"),
    [
        ("9_ Mobility  AVR 1 sample  SR 5   _18(Immobile)", "immobile", 9),
        ("9_ Mobility  AVR 1 sample  SR 5   _18(Highly mobile)", "highly_mobile", 9),
        ("20,5 < Mobility < 60(Mobile)", "mobile", 20.5),
        ("Mobility state(Immobile)", "immobile", None),
        ("2.5 < Activity [0.1s; AVR 1sample;SR 5]< 3.5(Inactive)", "", 2.5),
        ("Mobilitätszustand(Sehr mobil)", "highly_mobile", None),
        ("Mobility", "", None),
    ],
)
def test_states_and_limits_are_read_from_titles(title, state, limit):
    assert ethovision_titles.state_of(title) == state
    assert ethovision_titles.limit_pct(title) == limit


def test_the_limit_is_that_of_the_settings_else_follows_the_export_else_the_default(tmp_path, values):
    titles = {"immobile": ("20 < Mobility < 60(Immobile)", "")}
    files.workbook(tmp_path / "own.xlsx", {"Arena 1": files.raw_rows(values, titles=titles)})
    files.workbook(tmp_path / "none.xlsx", {"Arena 1": files.raw_rows(values)})
    assert scored(tmp_path, "own.xlsx").scores["s1"].threshold == pytest.approx(0.2 * 11 / 9)
    assert scored(tmp_path, "none.xlsx").scores["s1"].threshold == 0.11
    given = scored(tmp_path, "own.xlsx", ethovision_threshold_pct=4.0)
    assert (given.scores["s1"].threshold, value(given, "s1")) == (0.04, 0.0)


def test_mobility_does_not_separate_climbing_from_swimming(tmp_path, values):
    files.workbook(tmp_path / "raw.xlsx", {"Arena 1": files.raw_rows(values)})
    measured = scored(tmp_path, "raw.xlsx", climbing="yes")
    row = measurement(measured, "s1", "climbing_s")
    assert (row.value, row.status) == (None, "failed")
    assert "does not separate climbing from swimming" in row.reason
    assert value(measured, "s1", "swimming_s") == pytest.approx(45, abs=0.2)
    assert np.isnan([one.climbing_s for one in measured.bins]).all()


@pytest.mark.parametrize(
    ("note", "shown"),
    [
        ("nest material in arena 2", "nest material in arena 2"),
        ("got drugB", "may name the treatment"),
        ("FSL, weak", "may name the treatment"),
        ("20 mg/kg i.p.", "may name the treatment"),
    ],
)
def test_notes_of_the_header_become_a_flag_and_never_name_the_treatment(tmp_path, values, note, shown):
    files.workbook(tmp_path / "raw.xlsx", {"Arena 1": files.raw_rows(values, notes=note)})
    record = read(tmp_path, "raw.xlsx", (1,))
    done = review(record, measure(record, (0, 60)))
    (flag,) = [one for one in done.checks if one.check == "notes in the export"]
    assert flag.verdict == "warn"
    assert shown in flag.message
    pages = "".join(f"{one.message} {one.check}" for one in done.checks)
    assert "drugB" not in pages
    assert "FSL" not in pages


def test_no_note_no_flag(tmp_path, values):
    files.workbook(tmp_path / "raw.xlsx", {"Arena 1": files.raw_rows(values)})
    record = read(tmp_path, "raw.xlsx", (1,))
    assert not [one for one in review(record, measure(record, (0, 60))).checks if "note" in one.check]


STATISTICS = [
    ["", "", "", "Mobility state", "", "", "", ""],
    ["", "", "", "Immobile", "", "", "Mobile", "Highly mobile"],
    ["", "", "", "Frequency", "Cumulative Duration", "Latency to First", "Cumulative Duration", "Cumulative Duration"],
    ["Trial", "Arena", "Subject", "", "s", "s", "s", "s"],
    ["Trial     1", "Arena 1", "m1", 7, 81.4, 12.5, 90, 20],
    ["Trial     1", "Arena 2", "a2", 3, 44.2, 20.0, 90, 20],
    ["Trial     2", "Arena 1", "m3", 4, 30.0, 20.0, 90, 20],
    ["Mean", "", "", 5, 50, 15, 90, 20],
]


def test_the_statistics_export_gives_totals_and_nothing_it_does_not_hold(tmp_path):
    files.workbook(tmp_path / "statistics.xlsx", {"Statistics": STATISTICS}, dimension=False)
    record = read(tmp_path, "statistics.xlsx", (2,))
    measured = measure(record, (0, 240))
    assert value(measured, "s2") == 44.2
    assert value(measured, "s2", "latency_to_immobility_s") == 20
    assert value(measured, "s2", "immobility_bout_count") == 3
    assert measurement(measured, "s2", "swimming_s").reason == "the export holds totals without samples"
    assert measured.windows == []
    assert review(record, measured).checks == []


def test_several_trials_of_one_arena_need_a_name(tmp_path):
    files.workbook(tmp_path / "statistics.xlsx", {"Statistics": STATISTICS})
    with pytest.raises(IngestError, match="2 rows of arena 1"):
        read(tmp_path, "statistics.xlsx", (1,))
    record = read(tmp_path, "statistics.xlsx", (1,), more={"animal": "m3"})
    assert value(measure(record), "s1") == 30


@pytest.mark.parametrize(
    ("name", "message"), [("old.xls", "Save it as .xlsx"), ("table.xlsx", "not a whole Excel workbook")]
)
def test_what_is_no_export_is_refused_with_a_remedy(tmp_path, name, message):
    (tmp_path / name).write_bytes(b"\xd0\xcf\x11\xe0\x00\x01")
    with pytest.raises(IngestError, match=message) as caught:
        read(tmp_path, name, (1,))
    assert "\\x" not in str(caught.value)


@pytest.mark.shared
def test_rats_scored_with_a_limit_fitted_to_the_other_lie_within_fifteen_seconds(shared):
    record = read(shared / "fst", "ethovision_raw_export_rat_fst.xlsx", (1, 3))
    people_s = {"s1": 45.0, "s3": 55.0}

    def seconds(name, limit):
        return value(measure(record, (0, 420), ethovision_threshold_pct=limit), name)

    limits = np.arange(5, 20, 0.25)
    for fitted_to, judged in (("s1", "s3"), ("s3", "s1")):
        error_s = np.abs(np.array([seconds(fitted_to, limit) for limit in limits]) - people_s[fitted_to])
        best = limits[error_s == error_s.min()].mean()
        assert seconds(judged, best) == pytest.approx(people_s[judged], abs=15)


@pytest.mark.shared
def test_rats_scored_by_default_lie_within_the_human_limits(shared):
    record = read(shared / "fst", "ethovision_raw_export_rat_fst.xlsx", (1, 3))
    measured = measure(record, (0, 420))
    assert value(measured, "s1") == pytest.approx(45, abs=15)
    assert value(measured, "s3") == pytest.approx(55, abs=15)
    assert quantify_settings().sample_s == 5
    assert value(measured, "s3", "ethovision_immobility_s") == pytest.approx(78.2, abs=0.2)
