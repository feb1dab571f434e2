"""Event logs of scoring programs: every format gives the same bouts, every fault is reported with its row."""

import pytest

from ketaflow.assays.forced_swim.score_files import formats
from ketaflow.assays.forced_swim.score_files.scored_bouts import ReadOptions

OLD_TABULAR = """Observation id\tswim 1\t\t\t
Observation date\t2024-03-01\t\t\t

Time\tMedia file path\tTotal length\tFPS\tSubject\tBehavior\tBehavioral category\tComment\tStatus
10.5\tx.mp4\t360\t25\tNo focal subject\tFloating\t\t\tSTART
14.25\tx.mp4\t360\t25\tNo focal subject\tFloating\t\t\tSTOP
20\tx.mp4\t360\t25\tNo focal subject\tClimbing\t\t\tSTART
22\tx.mp4\t360\t25\tNo focal subject\tClimbing\t\t\tSTOP
"""
TABULAR = """Observation id,Source,Time offset (s),FPS,Subject,Behavior,Behavior type,Time,Media file name,Comment
swim 1,player #1:C:/v/x.mp4,0.0,25.000,M1,Immobile,START,10.5,x.mp4,
swim 1,player #1:C:/v/x.mp4,0.0,25.000,M1,Immobile,STOP,14.25,x.mp4,"ear, wet"
swim 1,player #1:C:/v/x.mp4,0.0,25.000,M2,Immobile,START,12,x.mp4,
swim 1,player #1:C:/v/x.mp4,0.0,25.000,M2,Immobile,STOP,13,x.mp4,
"""
AGGREGATED = """Observation id,Subject,Behavior,Behavior type,Start (s),Stop (s),Duration (s)
obs1,No focal subject,immobility,STATE,10.5,14.25,3.75
obs1,No focal subject,swimming,STATE,14.25,20,5.75
"""
POINTS = """Observation id,Subject,Behavior,Behavior type,Time
obs1,,Swimming,POINT,5
obs1,,Immobile,POINT,10
obs1,,Immobile,POINT,15
obs1,,Climbing,POINT,20
"""
LABELS = """file;Experimenter;from;to;type;ID
A.json;Ann;2,5;3,5;Start_End;FST_1
A.json;Ann;10,5;14,25;Floating;FST_1
B.json;Ben;11;14;Floating;FST_1
C.json;Ben;4;5;Start_End;FST_2
"""


@pytest.fixture
def read(tmp_path):
    def reading(text, name="export.csv", words=None):
        (tmp_path / name).write_text(text)
        return formats.read_scores(tmp_path / name, ReadOptions(words or {}))

    return reading


def spans(bouts):
    return [(bout.behaviour, bout.start_s, bout.stop_s) for bout in bouts]


def only(problems):
    (problem,) = problems
    return problem


def test_starts_and_stops_become_bouts_and_lines_above_the_heading_apply_to_all_rows(read):
    bouts, problems = read(OLD_TABULAR, "export.tsv")
    assert spans(bouts) == [("immobility", 10.5, 14.25), ("climbing", 20, 22)]
    assert {bout.observation for bout in bouts} == {"swim 1"}
    assert not problems


def test_the_video_is_taken_from_the_path_of_a_player_if_no_column_names_it(read):
    old = "Observation id\tswim 1\nMedia file(s)\t\nPlayer #1\tD:/films/x.mp4\nTime offset (s)\t2.000\n" + (
        "Time\tBehavior\tStatus\n12\tFloating\tSTART\n15\tFloating\tSTOP\n"
    )
    new = TABULAR.replace(",Media file name", ",Nothing")
    assert [(b.media, b.start_s) for b in read(old, "o.tsv")[0]] == [("D:/films/x.mp4", 10)]
    assert {bout.media for bout in read(new)[0]} == {"C:/v/x.mp4"}


def test_each_subject_has_its_own_starts_and_stops(read):
    bouts, problems = read(TABULAR)
    assert [(bout.subject, bout.start_s, bout.stop_s) for bout in bouts] == [("M1", 10.5, 14.25), ("M2", 12, 13)]
    assert (bouts[0].media, bouts[0].fps, bouts[0].row) == ("x.mp4", 25, 2)
    assert not problems


def test_aggregated_bouts_are_read_as_they_are(read):
    assert spans(read(AGGREGATED)[0]) == [("immobility", 10.5, 14.25), ("swimming", 14.25, 20)]


def test_a_point_lasts_until_the_next(read):
    assert spans(read(POINTS)[0]) == [
        ("swimming", 5, 10), ("immobility", 10, 15), ("immobility", 15, 20), ("climbing", 20, 25),
    ]  # fmt: skip


def test_a_point_beside_bouts_is_a_mark(read):
    marked = AGGREGATED + "obs1,No focal subject,swimming,POINT,12,NA,NA\n"
    assert spans(read(marked)[0]) == spans(read(AGGREGATED)[0])


def test_labels_keep_their_raters_and_a_session_without_floating_has_none(read):
    bouts, problems = read(LABELS)
    assert [(bout.rater, bout.observation, bout.start_s, bout.stop_s) for bout in bouts] == [
        ("Ann", "FST_1", 10.5, 14.25), ("Ben", "FST_1", 11, 14), ("Ben", "FST_2", 4, 4),
    ]  # fmt: skip
    assert not problems


def test_the_time_offset_of_boris_is_subtracted(read):
    bouts, _ = read(TABULAR.replace(",0.0,25", ",10,25"))
    assert [bout.start_s for bout in bouts] == [0.5, 2]


def test_times_may_be_written_as_hours_minutes_seconds(read):
    bouts, _ = read(AGGREGATED.replace("10.5,14.25,3.75", "00:00:10.5,00:01:14.25,64"))
    assert spans(bouts)[0] == ("immobility", 10.5, 74.25)


def test_the_laboratory_s_own_words_are_recognised(read):
    bouts, problems = read(AGGREGATED.replace("immobility", "Toter Mann"), words={"toter mann": "immobility"})
    assert spans(bouts)[0] == ("immobility", 10.5, 14.25)
    assert not problems


@pytest.mark.parametrize(
    ("text", "row", "message"),
    [
        (OLD_TABULAR.rsplit("22\t", 1)[0], 7, "starts at 20 s and never stops"),
        (OLD_TABULAR.replace("START", "STOP", 1), 5, "STOP of Floating at 10.5 s without a START"),
        (OLD_TABULAR.replace("STOP", "START", 1), 6, "second START of Floating"),
        (AGGREGATED.replace("swimming", "Grooming"), 3, "'Grooming' (1 row) is no behaviour known here"),
        (AGGREGATED.replace("20,5.75", "12,5.75"), 3, "stops at 12 s, before it starts"),
        (AGGREGATED.replace("20,5.75", ",5.75"), 3, "the time is missing"),
        (AGGREGATED.replace("20,5.75", "soon,5.75"), 3, "found 'soon'"),
        (TABULAR.replace(",0.0,", ",none at all,", 1), 2, "found 'none at all'"),
        (TABULAR.replace("0.0,25.000,M2,Immobile,START", "20,25.000,M2,Immobile,START"), 4,
         "8.0 s before the video begins (time offset 20 s)"),
        (TABULAR.replace("25.000", "0", 1), 2, "found 0 frames per second"),
        (TABULAR.replace("x.mp4,0.0", "x.mp4;C:/v/y.mp4,0.0", 1), 2, "plays 2 videos one after the other"),
        ("a,b\n1,2\n", 0, "no format in which scores are read"),
    ],
)  # fmt: skip
def test_a_fault_is_reported_with_file_and_row(read, text, row, message):
    problems = [problem for problem in read(text, "x.tsv" if "\t" in text else "x.csv")[1] if message in problem.found]
    assert only(problems).row == row
    assert only(problems).file.startswith("x.")


def test_good_bouts_are_kept_beside_a_faulty_one(read):
    bouts, problems = read(AGGREGATED.replace("swimming", "Grooming"))
    assert spans(bouts) == [("immobility", 10.5, 14.25)]
    assert len(problems) == 1


def test_ketaflow_s_own_table_is_no_export(tmp_path):
    (tmp_path / "own.csv").write_text("recording,rater,behaviour,start_s,stop_s\ns1,ann,immobility,1,2\n")
    (tmp_path / "boris.csv").write_text(AGGREGATED)
    assert not formats.format_of(tmp_path / "own.csv")
    assert formats.format_of(tmp_path / "boris.csv")


def test_a_workbook_is_read_like_a_text_file(tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    for line in AGGREGATED.splitlines():
        book.active.append([float(cell) if cell.replace(".", "").isdigit() else cell for cell in line.split(",")])
    book.save(tmp_path / "x.xlsx")
    assert spans(formats.read_scores(tmp_path / "x.xlsx", ReadOptions())[0]) == [
        ("immobility", 10.5, 14.25),
        ("swimming", 14.25, 20),
    ]


def test_each_sheet_of_a_workbook_may_hold_an_observation(tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    for number in (1, 2):
        sheet = book.create_sheet(f"obs {number}")
        sheet.append(["Observation id", "Behavior", "Start (s)", "Stop (s)"])
        sheet.append([f"obs {number}", "Floating", 10 * number, 10 * number + 3])
    book.save(tmp_path / "x.xlsx")
    bouts, problems = formats.read_scores(tmp_path / "x.xlsx", ReadOptions())
    assert [(bout.observation, bout.start_s) for bout in bouts] == [("obs 1", 10), ("obs 2", 20)]
    assert not problems
