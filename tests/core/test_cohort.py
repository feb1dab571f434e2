"""A cohort is checked as a whole: every problem of every table, before any job."""

from pathlib import Path

import pytest

from ketaflow.core import cohort, grouping
from ketaflow.core.errors import CohortError, Problem
from ketaflow.core.tables import RawTable

SWIM = {
    "swim": {
        "title": "Swims",
        "key": ["recording"],
        "shared_rows": {"where": "dummy", "same": "session"},
        "columns": {
            "recording": {"type": "name", "required": True, "description": "name"},
            "animal": {"type": "name", "references": "animals", "description": "animal"},
            "video": {"type": "file", "description": "video"},
            "session": {"type": "text", "description": "session"},
            "dummy": {"type": "yes_no", "description": "leak control"},
        },
    },
    "swim_scores": {
        "title": "Scores",
        "link": "recording",
        "columns": {
            "recording": {"type": "name", "required": True, "references": "swim", "description": "name"},
            "rater": {"type": "text", "description": "rater"},
        },
    },
    "standards": {
        "title": "Standards",
        "shared": True,
        "columns": {"level": {"type": "number", "description": "level"}},
    },
}
TABLES = {
    "animals.csv": "animal,sex\nM1,male\nM2,female\nM3,male\n",
    "arms.csv": "arm,control,drug,dose_mg_per_kg\nveh,yes,saline,0\nket,no,ketamine,10\n",
    "allocation.csv": "animal,arm\nM1,veh\nM2,ket\nM3,ket\n",
    "swim.csv": "recording,animal,video,session,dummy\nr1,M1,v/a.avi,day1,no\nr2,M2,v/a.avi,day1,no\n"
    "r3,M3,v/b.avi,day2,no\nd1,,,day1,yes\n",
    "swim_scores.csv": "recording,rater\nr3,Ann\nr1,Ann\n",
    "standards.csv": "level\n1\n2\n",
}


@pytest.fixture
def folder(tmp_path) -> Path:
    for name, text in TABLES.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "v").mkdir()
    for name in "ab":
        (tmp_path / "v" / f"{name}.avi").write_bytes(b"x")
    return tmp_path


def problems(folder: Path) -> list[str]:
    found, faults = cohort.read(folder, SWIM)
    return [f"{fault.file}:{fault.row}:{fault.column}" for fault in faults + cohort.missing_files(found, SWIM)]


def test_a_good_cohort_has_no_problem(folder):
    assert problems(folder) == []


def test_a_folder_that_is_not_there_is_one_problem(tmp_path):
    assert len(problems(tmp_path / "nowhere")) == 1


def test_problems_of_all_tables_come_together(folder):
    (folder / "arms.csv").write_text("arm,control,drug,dose_mg_per_kg\nveh,no,saline,0\nket,no,ketamine,-1\n")
    (folder / "allocation.csv").write_text("animal,arm\nM1,veh\nM2,kett\nM4,ket\nM1,ket\n")
    (folder / "swim_scores.csv").write_text("recording,rater\nr9,Ann\n")
    (folder / "v" / "b.avi").unlink()
    assert sorted(problems(folder)) == [
        "allocation.csv:3:arm",
        "allocation.csv:4:animal",
        "allocation.csv:5:animal",
        "animals.csv:4:animal",
        "arms.csv:0:control",
        "arms.csv:3:dose_mg_per_kg",
        "swim.csv:4:video",
        "swim_scores.csv:2:recording",
    ]


@pytest.mark.parametrize("name", ["animals", "arms", "allocation"])
def test_each_common_table_is_needed(folder, name):
    (folder / f"{name}.csv").unlink()
    assert f"{name}.csv:0:" in problems(folder)


def test_two_files_for_one_table_are_refused(folder):
    (folder / "animals.tsv").write_text("animal\tsex\n")
    assert "animals.csv:0:" in problems(folder)


def test_a_fault_in_the_names_themselves_is_not_told_again_by_all_who_use_them(folder):
    text = (folder / "animals.csv").read_text()
    (folder / "animals.csv").write_text(text.replace("animal", "anmal", 1))
    assert problems(folder) == ["animals.csv:1:anmal"]


def test_the_same_fault_in_many_rows_is_told_once_with_all_rows():
    faults = [Problem("a.csv", row, "arm", "'Ket' does not stand in arms.csv", "Correct it") for row in (7, 3, 5)]
    told = str(CohortError([*faults, Problem("b.csv", 0, "", "the file is empty", "Fill it")]))
    assert told.startswith("2 problems in the cohort")
    assert "1. a.csv, rows 3, 5, 7, column arm: 'Ket' does not stand in arms.csv. Correct it" in told
    assert "2. b.csv: the file is empty. Fill it" in told


def test_names_whose_zeros_a_spreadsheet_dropped_are_matched_and_reported(folder):
    for table in ("animals", "allocation", "swim"):
        path = folder / f"{table}.csv"
        path.write_text(path.read_text().replace("M1", "007"))
    path = folder / "allocation.csv"
    path.write_text(path.read_text().replace("007", "7"))
    found, faults = cohort.read(folder, SWIM)
    assert not faults
    assert "007" in set(found.tables["allocation"]["animal"])
    assert "allocation.csv: animal 7 was read as 007, as in animals.csv" in found.notes
    again = cohort.read_common({name: folder / f"{name}.csv" for name in ("animals", "allocation")})
    assert "007" in set(again["allocation"]["animal"])


def test_zeros_are_not_guessed_where_two_names_could_be_meant(folder):
    path = folder / "animals.csv"
    path.write_text(path.read_text() + "007,male\n07,male\n")
    path = folder / "allocation.csv"
    path.write_text(path.read_text() + "007,vehicle\n7,vehicle\n")
    _, faults = cohort.read(folder, SWIM)
    assert "'7' is not in animals.csv" in str(CohortError(faults))


def test_another_program_s_file_may_stand_in_for_a_table_and_keeps_its_rows(folder):
    (folder / "swim.csv").write_text("a file of another program")

    def reshape(name, path):
        cells = {"recording": "r1", "animal": "nobody", "video": "v.mp4"}
        return (RawTable(path.name, list(cells), [(7, cells)], False), []) if name == "swim" else None

    schema = {"title": "t", "columns": {name: {"type": "name", "description": name} for name in ("recording", "video")}}
    schema["columns"]["animal"] = {"type": "name", "references": "animals", "description": "animal"}
    found, faults = cohort.read(folder, {"swim": schema}, reshape)
    assert list(found.tables["swim"]["recording"]) == ["r1"]
    assert [(problem.file, problem.row, problem.column) for problem in faults] == [("swim.csv", 7, "animal")]


def test_a_link_that_leads_out_of_the_folder_is_refused(folder, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "a.avi"
    outside.write_bytes(b"x")
    (folder / "v" / "a.avi").unlink()
    (folder / "v" / "a.avi").symlink_to(outside)
    assert problems(folder) == ["swim.csv:2:video", "swim.csv:3:video"]


def test_a_binary_file_named_csv_is_a_problem_not_a_crash(folder):
    (folder / "animals.csv").write_bytes(bytes(range(256)) * 20)
    assert any(place.startswith("animals.csv") for place in problems(folder))


def test_recordings_that_share_a_file_form_one_group(folder):
    found, _ = cohort.read(folder, SWIM)
    groups = grouping.groups(found, SWIM, {"table": "swim", "column": "video"})
    assert [group.name for group in groups] == ["v/a.avi", "v/b.avi"]
    first, second = groups
    assert [row["recording"] for row in first.rows["swim"]] == ["r1", "r2", "d1"], "with its session's leak control"
    assert [row["recording"] for row in second.rows["swim"]] == ["r3"]
    assert [row["recording"] for row in second.rows["swim_scores"]] == ["r3"], "linked tables follow"
    assert len(first.rows["standards"]) == len(second.rows["standards"]) == 2, "shared tables go to all"
    assert [row["animal"] for row in first.rows["animals"]] == ["M1", "M2"]
    assert first.files == ["v/a.avi"]


def test_groups_with_a_value_in_common_can_be_held_together(folder):
    found, _ = cohort.read(folder, SWIM)
    by = {"table": "swim", "column": "recording", "together": "video"}
    first, second = grouping.groups(found, SWIM, by)
    assert [row["recording"] for row in first.rows["swim"] if not row["dummy"]] == ["r1", "r2"]
    assert (first.name, second.name) == ("r1", "r3")
    assert [row["rater"] for row in first.rows["swim_scores"]] == ["Ann"]


def test_a_row_is_grouped_by_the_first_column_that_is_filled(folder):
    table = folder / "swim.csv"
    table.write_text("recording,animal,video,session,dummy\nr1,M1,v/a.avi,day1,no\nr2,M2,,day2,no\n")
    found, _ = cohort.read(folder, SWIM)
    made = grouping.groups(found, SWIM, {"table": "swim", "column": ["video", "recording"]})
    assert [group.name for group in made] == ["v/a.avi", "r2"]


def test_rows_of_one_file_are_recordings_of_their_own(folder):
    found, _ = cohort.read(folder, SWIM)
    parts = {"file": "video", "parts": [["session", "dummy"], ["recording", "animal"]]}
    made = grouping.groups(found, SWIM, {"table": "swim", "column": "animal", "several_in_file": parts})
    names = {group.name: [row.get("recording") for row in group.rows["swim"]] for group in made}
    assert names["M1"][0] == "v/a.avi#r1_M1", "the first set of columns that is filled names the part"
    assert names["M3"][0] == "r3"


def test_groups_carry_nothing_of_treatment(folder):
    found, _ = cohort.read(folder, SWIM)
    for group in grouping.groups(found, SWIM, {"table": "swim", "column": "video"}):
        assert not {"arms", "allocation"} & set(group.rows)
        assert "ket" not in str(group)
