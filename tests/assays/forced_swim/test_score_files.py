"""Score files of other programs and of people: the same bouts from every format, every fault with its row."""

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
import rated_cohorts

from ketaflow.assays.forced_swim.readers.sheets import Sheet
from ketaflow.assays.forced_swim.score_files import formats, tally_sheets
from ketaflow.assays.forced_swim.score_files.scored_bouts import ReadOptions, ScoreFile
from ketaflow.core.errors import CohortError
from ketaflow.engine import study

COWLOG = "time,code,class\n0.5,Swimming,1\n2,pellet,2\n10.5,Floating,1\n14.25,Climbing,1\n20,END,0\n"
JWATCHER = """FirstLineOfData=12
#-----------------------------------------------------------
# Name: m1.dat
# Format: Focal Data File 1.0
#-----------------------------------------------------------

FocalMasterFile=C:\\data\\swim.fmf

StartTime=1480204646000
StopTime=1480205006000
#BEGIN DATA
500, s
10500, f
14250, c
20000, EOF
"""
MASTER = (
    "# Format: Focal Master File 1.0\nBehaviour.name.f=Floating\nBehavior.name.s=Swimming\nBehaviour.name.c=Climbing\n"
)
EZTRACK = "File,MotionCutoff,FreezeThresh,MinFreezeDuration,Frame,Motion,Freezing\n" + "".join(
    f"m1.mp4,10.0,200.0,15.0,{frame},{9 if still else 900},{100.0 if still else 0.0}\n"
    for frame in range(50)
    for still in [10 <= frame < 30]
)
SUMMARY = (
    "File,FileLength,MotionCutoff,FreezeThresh,MinFreezeDuration,bin,range(f),Motion,Freezing\n"
    'a.mp4,6000.0,10.0,200.0,15.0,1,"(0, 3000)",250.5,40.0\na.mp4,6000.0,10.0,200.0,15.0,2,"(3000, 6000)",250.5,60.0\n'
    'b.mp4,6000.0,10.0,200.0,15.0,1,"(0, 3000)",250.5,10.0\n'
)
DBSCORER = (
    "FileNames,Immobility_Percentage,Immobility_latency,Longest_bout,Number_of_bouts,startsec,endsec,Minimumchange,"
    "Threshold,Binsize,Bins_1,Bins_2\n"
    "m1 Auto,37.5,12,30,9,120,360,1,1.6,60,40,35\nm2Manual,50,NaN,0,0,120,360,1,1.6,60,0,0\n"
)
ANYMAZE = (
    "Test,Animal,Treatment,Stage,Trial,Test duration (s),Time mobile (s),Time immobile (s),Immobile episodes\n"
    "1,m1,drug A,First stage,1,240.0,150.5,89.5,7\n2,m2,drug B,First stage,1,240.0,140,100,6\n"
)
ANYMAZE_EVENTS = (
    "Time,Immobile,Centre position X\n0.000,0,12\n10.500,1,12\n12.0,,13\n14.250,0,12\n18,1,12\n20.000,,12\n"
)
TALLY_ROWS = "Time (s),m1,m2\n" + "".join(
    f"{5 * n},{'ISC'[n % 3] if n else 'I'},{'I' if n in (2, 3) else 'C'}\n" for n in range(8)
)
TALLY_COLUMNS = "animal;0-5;5-10;10-15;15-20;20-25;25-30\nm1;S;I;I;S;S;C\nm2;C;S;S;S;I;S\n"
TALLY_LIST = "animal,time,behaviour\n" + "".join(f"m1,{5 * n},{'immobile' if n % 2 else 'swim'}\n" for n in range(6))
TALLY_MARKS = "Time (s),Immobility,Swimming,Climbing\n" + "".join(
    f"{5 * n},{'x,,' if n < 2 else ',x,'}\n" for n in range(8)
)
COUNTS = "animal,Immobility (counts),Swimming (counts),Climbing (counts)\nm1,20,25,3\nm2,30,18,0\n"
ETHOVISION_LOG = """Number of header lines:,8,
Trial name,Trial     1,
Video file,C:\\films\\m1.mpg,
Subject name,m1,
,,
,,
Recording time,Behavior,Event
s,,
0.5,Swimming,state start
10.5,Swimming,state stop
10.5,Floating,state start
12,Pellet,point event
14.25,Floating,state stop
"""
OBSERVER = (
    "Observation,Time_Relative_sf,Behavior,Event_Type\nm1,10.5,Immobile,State start\nm1,14.25,Immobile,State stop\n"
)
SOLOMON = "Time,Behaviour\n" + "".join(f"{n / 5:.1f},{'floating' if 5 <= n < 20 else ''}\n" for n in range(30))
LABGYM = (
    ",0.00,0.10,0.20,0.30,0.40\n"
    "0,\"['NA', -1]\",\"['swimming', 0.99]\",\"['floating', 0.9]\",\"['floating', 1e-1]\",\"['climbing', 1]\"\n"
)
SAMPLES = {
    "labgym.csv": LABGYM,
    "ethovision.csv": ETHOVISION_LOG, "observer.csv": OBSERVER, "solomon.csv": SOLOMON,
    "cowlog.csv": COWLOG, "jwatcher.dat": JWATCHER, "eztrack.csv": EZTRACK, "summary.csv": SUMMARY,
    "dbscorer.csv": DBSCORER, "anymaze.csv": ANYMAZE, "events.csv": ANYMAZE_EVENTS, "rows.csv": TALLY_ROWS,
    "columns.csv": TALLY_COLUMNS, "list.csv": TALLY_LIST, "marks.csv": TALLY_MARKS, "counts.csv": COUNTS,
}  # fmt: skip


@pytest.fixture
def read(tmp_path):
    def reading(text, name="x.csv", **options):
        (tmp_path / name).write_text(text)
        return formats.read_scores(tmp_path / name, ReadOptions(**options))

    return reading


def spans(bouts, behaviour=None):
    return [(bout.observation, bout.start_s, bout.stop_s) for bout in bouts if behaviour in (None, bout.behaviour)]


def totals(bouts):
    return [(bout.observation, bout.rater, bout.total_s, bout.scored_s) for bout in bouts]


def only(problems):
    (problem,) = problems
    return problem


def test_a_code_of_cowlog_lasts_until_the_next_of_its_class(read):
    bouts, problems = read(COWLOG, "m1.csv", words={"pellet": "ignore"})
    assert [(bout.behaviour, bout.start_s, bout.stop_s) for bout in bouts] == [
        ("swimming", 0.5, 10.5), ("immobility", 10.5, 14.25), ("climbing", 14.25, 20),
    ]  # fmt: skip
    assert {bout.observation for bout in bouts} == {"m1"}
    assert not problems


def test_the_keys_of_jwatcher_are_named_by_its_master_file_or_by_the_lab(read, tmp_path):
    (tmp_path / "swim.fmf").write_text(MASTER)
    by_file = read(JWATCHER, "m1.dat")
    assert spans(by_file.bouts, "immobility") == [("m1", 10.5, 14.25)]
    assert not by_file.problems
    (tmp_path / "swim.fmf").unlink()
    words = {"f": "immobility", "s": "swimming", "c": "climbing"}
    assert spans(read(JWATCHER, "m1.dat", words=words).bouts) == spans(by_file.bouts)
    assert len(read(JWATCHER, "m1.dat").problems) == 3


def test_frames_of_eztrack_become_seconds_by_the_frame_rate_of_the_table(read):
    bouts, problems = read(EZTRACK, frame_rate_hz=10.0, starts_at_s=4.0)
    assert spans(bouts) == [("m1.mp4", 5.0, 7.0)]
    assert not problems
    assert "frame_rate_hz" in only(read(EZTRACK).problems).remedy


def test_the_summary_of_eztrack_gives_totals_of_the_time_it_covers(read):
    bouts, problems = read(SUMMARY, frame_rate_hz=25.0)
    assert totals(bouts) == [
        ("a.mp4", "ezTrack", pytest.approx(120), 240),
        ("b.mp4", "ezTrack", pytest.approx(12), 120),
    ]
    assert not problems


def test_dbscorer_gives_totals_and_its_manual_scores_are_a_person_s(read):
    bouts, problems = read(DBSCORER)
    assert totals(bouts) == [("m1", "DBscorer", 90, 240), ("m2", "DBscorer_manual", 120, 240)]
    assert not problems


def test_the_seconds_of_dbscorer_need_the_second_they_begin_at(read):
    text = "0\n1\n1\n0\n0\n1\n"
    assert spans(read(text, "m1 Auto .txt", starts_at_s=120.0).bouts) == [("m1", 121, 123), ("m1", 125, 126)]
    assert "starts_at_s" in only(read(text, "m1 Auto .txt").problems).remedy
    assert "no format" in only(read(text, "other.txt").problems).found


def test_frames_of_labgym_are_bouts_of_the_film_in_its_name(read):
    bouts, problems = read(LABGYM, "mouse 3_all_event_probability.csv")
    assert not problems
    assert spans(bouts, "immobility") == [("mouse 3", 0.2, 0.4)]
    assert spans(bouts, "swimming") == [("mouse 3", 0.1, 0.2)]
    assert spans(bouts, "climbing") == [("mouse 3", 0.4, 0.5)]
    problem = only(read(LABGYM.replace("swimming", "hindpaw paddling")).problems)
    assert "hindpaw paddling" in problem.found and "forced_swim_human_words" in problem.remedy
    assert read(LABGYM.replace("swimming", "hindpaw paddling"), words={"hindpaw paddling": "swimming"}).problems == []


def test_results_of_anymaze_are_totals_by_animal_and_say_nothing_of_treatments(read):
    bouts, problems = read(ANYMAZE)
    assert totals(bouts) == [("m1", "ANY-maze", 89.5, 240), ("m2", "ANY-maze", 100, 240)]
    assert "drug" not in repr(bouts)
    assert not problems


def test_an_animal_of_anymaze_with_two_trials_is_named_by_them_and_periods_are_refused(read):
    twice = read(ANYMAZE.replace("2,m2,drug B,First stage,1", "2,m1,drug B,First stage,2"))
    assert [bout.subject for bout in twice.bouts] == ["First stage 1", "First stage 2"]
    periods = ANYMAZE.replace("2,m2,", "2,m1,").replace("Test duration", "Time period,Test duration")
    periods = periods.replace(",240.0", ",0 - 240 secs,240.0")
    assert "several rows of different periods" in only(read(periods).problems).found


def test_test_data_of_anymaze_are_bouts_until_the_last_row(read):
    bouts, problems = read(ANYMAZE_EVENTS, "m1.csv")
    assert spans(bouts) == [("m1", 10.5, 14.25), ("m1", 18, 20)]
    assert {bout.rater for bout in bouts} == {"ANY-maze"}
    assert not problems


def test_times_of_a_sheet_are_starts_unless_the_first_ends_an_interval(read):
    starts = read(TALLY_ROWS).bouts
    assert spans(starts, "immobility")[:2] == [("m1", 0, 5), ("m1", 15, 20)]
    assert {bout.sample_s for bout in starts} == {5}
    ends = read("Time (s),m1\n" + "".join(f"{125 + 5 * n},{'IS'[n % 2]}\n" for n in range(8)), words={"s": "swimming"})
    assert spans(ends.bouts)[:2] == [("m1", 120, 125), ("m1", 125, 130)]


def test_every_layout_of_a_sheet_is_read(read):
    assert spans(read(TALLY_COLUMNS).bouts, "immobility") == [("m1", 5, 15), ("m2", 20, 25)]
    assert spans(read(TALLY_LIST).bouts, "immobility") == [("m1", 5, 10), ("m1", 15, 20), ("m1", 25, 30)]
    assert spans(read(TALLY_MARKS, "m1.csv").bouts) == [("m1", 0, 10), ("m1", 10, 40)]


def test_numbered_intervals_need_their_length_and_start(read):
    text = "interval,m1\n" + "".join(f"{n},{'ICC'[n % 3]}\n" for n in range(1, 9))
    assert "sample_s" in only(read(text).problems).remedy
    bouts = read(text, sample_s=5.0, starts_at_s=120.0).bouts
    assert spans(bouts, "immobility") == [("m1", 130, 135), ("m1", 145, 150)]


def test_counts_are_totals_of_the_intervals_they_count(read):
    assert "sample_s" in only(read(COUNTS).problems).remedy
    bouts = [bout for bout in read(COUNTS, sample_s=5.0).bouts if bout.behaviour == "immobility"]
    assert [(bout.observation, bout.total_s, bout.scored_s) for bout in bouts] == [("m1", 100, 240), ("m2", 150, 240)]


def test_manual_scores_of_ethovision_and_the_observer_are_event_logs(read):
    bouts, problems = read(ETHOVISION_LOG, words={"pellet": "ignore"})
    assert [(bout.subject, bout.behaviour, bout.start_s, bout.stop_s) for bout in bouts] == [
        ("m1", "swimming", 0.5, 10.5), ("m1", "immobility", 10.5, 14.25),
    ]  # fmt: skip
    assert bouts[0].media.endswith("m1.mpg")
    assert not problems
    assert spans(read(OBSERVER).bouts) == [("m1", 10.5, 14.25)]


def test_a_list_in_short_steps_is_continuous_and_empty_where_nothing_was_coded(read):
    bouts, problems = read(SOLOMON, "m1.csv")
    assert spans(bouts) == [("m1", pytest.approx(1), pytest.approx(4))]
    assert bouts[0].sample_s is None
    assert not problems


@pytest.mark.parametrize(
    ("text", "name", "row", "message"),
    [
        (COWLOG.replace("20,END,0\n", ""), "x.csv", 5, "does not close with END"),
        (COWLOG.replace("14.25", "9"), "x.csv", 5, "before that of the row above"),
        (COWLOG.replace("14.25", "late"), "x.csv", 5, "found 'late'"),
        (JWATCHER.replace("#BEGIN DATA\n", ""), "x.dat", 1, "#BEGIN DATA is missing"),
        (EZTRACK.replace(",20,", ",99,"), "x.csv", 22, "frame rate is not given|not consecutive"),
        (DBSCORER.replace("37.5", "375"), "x.csv", 2, "immobility of '375' percent"),
        (ANYMAZE.replace("89.5", "389.5"), "x.csv", 2, "at most 240"),
        (ANYMAZE.replace(",100,", ",,"), "x.csv", 3, "the time immobile is missing"),
        (ANYMAZE_EVENTS.replace("14.250", "9"), "x.csv", 5, "at least 12 s"),
        (TALLY_ROWS.replace("\n10,C", "\n10,"), "x.csv", 4, "the interval is empty"),
        (TALLY_ROWS.replace("\n10,C", "\n10,Q"), "x.csv", 4, "'Q' (1 row) is no behaviour"),
        (TALLY_ROWS.replace("C", "I"), "x.csv", 3, "'S' (3 rows) is no behaviour"),
        (TALLY_MARKS.replace("\n0,x,,", "\n0,x,x,"), "x.csv", 2, "2 behaviours are marked"),
        (COUNTS.replace(",20,", ",20.5,"), "x.csv", 2, "found '20.5'"),
    ],
)  # fmt: skip
def test_a_fault_is_reported_with_file_and_row(read, text, name, row, message):
    options = {"words": {"pellet": "ignore"}, "frame_rate_hz": 25.0, "sample_s": 5.0}
    problems = [
        one for one in read(text, name, **options).problems if any(part in one.found for part in message.split("|"))
    ]
    assert only(problems).row == row
    assert only(problems).file == name
    assert only(problems).remedy


def test_each_sample_is_recognised_by_one_format_alone(tmp_path):
    for name, text in SAMPLES.items():
        (tmp_path / name).write_text(text)
        file, _ = formats.format_of(tmp_path / name)
        fitting = [one.name for one in formats.FORMATS if one.recognises(file)]
        # A list of intervals has the headings of an event log without START and STOP; it is asked first.
        assert len(fitting) == 1 or name in ("list.csv", "solomon.csv"), (name, fitting)


@pytest.mark.parametrize(
    "text",
    [
        "recording,rater,behaviour,start_s,stop_s\ns1,ann,immobility,1,2\n",
        "animal,sex,weight_g\nm1,male,25\nm2,female,22\n",
        "scorer,a,a,a\nbodyparts,nose,nose,nose\ncoords,x,y,likelihood\n0,1,2,0.9\n",
        "time,licks\n" + "".join(f"{n},{n * 3}\n" for n in range(10)),
        "Time (s),m1,m2\n" + "".join(f"{5 * n},{n + 20},{n + 30}\n" for n in range(10)),
        "Time (s),immobile\n" + "".join(f"{5 * n},\n" for n in range(10)),
        "",
        "\x00\x01",
    ],
)
def test_other_tables_are_no_scores(tmp_path, text):
    (tmp_path / "x.csv").write_text(text)
    assert formats.format_of(tmp_path / "x.csv") is None


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from("ISC"), min_size=6, max_size=20).filter(lambda marks: "C" in marks),
    st.sampled_from([2, 5, 10]),
    st.sampled_from([0, 60, 120]),
)
def test_layouts_of_a_sheet_agree(marks, sample_s, start_s):
    times = [str(start_s + sample_s * n) for n in range(len(marks))]
    rows = [["Time (s)", "m1"], *([time, mark] for time, mark in zip(times, marks, strict=True))]
    turned = [["animal", *(f"{time}-{int(time) + sample_s}" for time in times)], ["m1", *marks]]
    listed = [["animal", "time", "behaviour"], *(["m1", time, mark] for time, mark in zip(times, marks, strict=True))]
    found = []
    for cells in (rows, turned, listed):
        bouts, problems = tally_sheets.read(ScoreFile(Path("x.csv"), (Sheet("x", cells),)), ReadOptions())
        assert not problems
        found.append([(bout.behaviour, bout.start_s, bout.stop_s) for bout in bouts])
    assert found[0] == found[1] == found[2]
    still_s = sum(stop - start for behaviour, start, stop in found[0] if behaviour == "immobility")
    assert still_s == pytest.approx(sample_s * marks.count("I"))


@settings(max_examples=25, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_break_the_recognition(content):
    path = Path("/tmp") / "unused.csv"
    text = content.decode("latin-1")
    cells = [line.split(",") for line in text.splitlines()] or [[""]]
    file = ScoreFile(path, (Sheet("x", [[cell.strip() for cell in row] for row in cells]),))
    if any(sheet.numbered() for sheet in file.sheets):
        assert [one.recognises(file) for one in formats.FORMATS].count(True) <= 1


@pytest.mark.parametrize("name", SAMPLES)
def test_a_damaged_file_gives_bouts_or_problems_with_a_remedy(tmp_path, name):
    rng = np.random.default_rng(7)
    options = ReadOptions({"pellet": "ignore"}, 25.0, None, 0.0)
    for _ in range(12):
        text = SAMPLES[name]
        first, length = int(rng.integers(0, len(text))), int(rng.integers(1, 12))
        damaged = [text[:first], text[:first] + text[first + length :], text[:first] + "9;x\n" + text[first:]]
        (tmp_path / name).write_text(damaged[int(rng.integers(0, 3))])
        bouts, problems = formats.read_scores(tmp_path / name, options)
        assert all(one.file == name and one.found and one.remedy for one in problems)
        assert all(one.total_s is not None or one.start_s <= one.stop_s for one in bouts)


def test_a_results_table_is_split_by_the_animals_of_the_listed_recordings(tmp_path):
    folder = rated_cohorts.cohort(tmp_path / "cohort", ["swim_1", "swim_2"])
    (folder / "swims.xlsx").write_bytes(b"not read here")
    swims = study.load({"cohort": str(folder), "results": str(tmp_path / "out")}, {}).cohort.tables["forced_swim"]
    first, second = swims["animal"]
    text = ANYMAZE.replace(",m1,", f",{second},").replace(",m2,", f",{first},")
    (folder / "anymaze.csv").write_text(text)
    listed = "recording,file\nswim_1,anymaze.csv\nswim_2,anymaze.csv\n"
    (folder / "forced_swim_human_files.csv").write_text(listed)
    loaded = study.load({"cohort": str(folder), "results": str(tmp_path / "out")}, {}).cohort.tables
    frame = loaded["forced_swim_human_scores"]
    assert list(frame["total_s"]) == [100, 89.5]
    assert list(frame["rater"]) == ["ANY-maze"] * 2
    assert np.isnan(frame["start_s"].astype(float)).all()
    (folder / "anymaze.csv").write_text(text.replace(f",{first},", ",m77,"))
    with pytest.raises(CohortError, match="holds several observations") as caught:
        study.load({"cohort": str(folder), "results": str(tmp_path / "out")}, {})
    assert "m77" in str(caught.value)
