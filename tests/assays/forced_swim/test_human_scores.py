"""Human scores of a cohort: ketaflow's table, an event log saved in its place, and listed event logs."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import rated_cohorts

from ketaflow import assays
from ketaflow.assays.forced_swim.model import HumanScoreRow
from ketaflow.assays.forced_swim.raters import human_scores
from ketaflow.core.errors import CohortError
from ketaflow.core.inputs import Rows
from ketaflow.engine import study

SWIMS = ["swim_1", "swim_2"]
HEAD = "Observation id,Subject,Behavior,Behavior type,Start (s),Stop (s),Media file name\n"


@pytest.fixture
def cohort(tmp_path):
    folder = rated_cohorts.cohort(tmp_path / "cohort", SWIMS)
    (folder / "swims.xlsx").write_bytes(b"not read here")
    return folder


def load(folder):
    return study.load({"cohort": str(folder), "results": str(folder.parent / "out")}, {})


def table(folder, name, *lines):
    (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")


def boris(folder, *lines, name="forced_swim_human_scores.csv"):
    (folder / name).write_text(HEAD + "".join(f"{line}\n" for line in lines))


def scored(folder):
    frame = load(folder).cohort.tables["forced_swim_human_scores"]
    return list(frame[["recording", "rater", "start_s"]].itertuples(index=False, name=None))


def faults(folder):
    with pytest.raises(CohortError) as caught:
        load(folder)
    return [str(problem) for problem in caught.value.problems]


def test_an_event_log_saved_as_the_table_of_scores_is_matched_by_observation(cohort):
    boris(cohort, "swim_1,,Floating,STATE,10,12,x", "swim_2,,Floating,STATE,20,22,x")
    assert scored(cohort) == [("swim_1", "person", 10), ("swim_2", "person", 20)]


def test_subjects_may_be_recordings_animals_or_cylinders_of_the_video(cohort):
    boris(cohort, "all,swim_1,Floating,STATE,10,12,swims.xlsx", "all,m1,Floating,STATE,20,22,swims.xlsx",
          "more,1,Floating,STATE,30,32,C:\\v\\swims.xlsx")  # fmt: skip
    assert scored(cohort) == [("swim_2", "person", 20), ("swim_1", "person", 10), ("swim_1", "person", 30)]


def test_a_table_of_names_gives_recording_and_rater_of_an_observation(cohort):
    boris(cohort, "Tue a,,Floating,STATE,10,12,", "Tue b,,Floating,STATE,20,22,")
    table(cohort, "forced_swim_human_names", "recording,observation,rater", "swim_2,Tue a,ann", "swim_1,Tue b,ben")
    assert scored(cohort) == [("swim_2", "ann", 10), ("swim_1", "ben", 20)]


def test_the_table_of_names_excludes_observations_of_other_cohorts(cohort):
    boris(cohort, "swim_1,,Floating,STATE,10,12,", "last year,,Floating,STATE,20,22,")
    table(cohort, "forced_swim_human_names", "recording,observation", ",last year")
    assert scored(cohort) == [("swim_1", "person", 10)]


def test_an_observation_without_a_recording_is_reported_with_its_row(cohort):
    boris(cohort, "swim_1,,Floating,STATE,10,12,", "Tue b,M9,Floating,STATE,20,22,")
    (message,) = faults(cohort)
    assert "forced_swim_human_scores.csv, row 3" in message
    assert "'Tue b' with subject 'M9' is no recording" in message
    assert "forced_swim_human_names" in message


def test_an_unknown_behaviour_stops_the_run_until_the_table_of_words_lists_it(cohort):
    boris(cohort, "swim_1,,Floating,STATE,10,12,", "swim_1,,Wet dog shake,STATE,20,22,")
    (message,) = faults(cohort)
    assert "forced_swim_human_scores.csv, row 3, column behaviour: 'Wet dog shake'" in message
    table(cohort, "forced_swim_human_words", "word,behaviour", "wet dog shake,ignore")
    assert scored(cohort) == [("swim_1", "person", 10)]


def test_listed_event_logs_are_distinguished_by_observation_or_subject(cohort):
    boris(cohort, "swim_1,,Floating,STATE,10,12,", "x,,Floating,STATE,20,22,", name="a.csv")
    table(
        cohort, "forced_swim_human_files", "recording,file,rater,observation", "swim_1,a.csv,ann,", "swim_2,a.csv,ann,x"
    )
    assert scored(cohort) == [("swim_1", "ann", 10), ("swim_2", "ann", 20)]


def test_listed_event_logs_add_to_the_table_of_scores_and_name_the_rater_after_the_file(cohort):
    boris(cohort, "swim_1,,Floating,STATE,10,12,", name="a.csv")
    table(cohort, "forced_swim_human_files", "recording,file", "swim_1,a.csv")
    own = ("recording,rater,behaviour,total_s", "swim_2,ben,immobility,40")
    table(cohort, "forced_swim_human_scores", *own)
    frame = load(cohort).cohort.tables["forced_swim_human_scores"]
    assert list(frame[["recording", "rater"]].itertuples(index=False, name=None)) == [
        ("swim_2", "ben"),
        ("swim_1", "a"),
    ]
    assert list(frame["total_s"].fillna(-1)) == [40, -1]


def test_human_scores_go_to_the_check_of_their_recording_and_not_to_ingest(cohort):
    boris(cohort, "swim_1,,Floating,STATE,10,12,")
    loaded = load(cohort)
    (group,) = [group for groups in loaded.batches["forced_swim"].values() for group in groups]
    assert [row.start_s for row in Rows(group.rows).of("forced_swim_human_scores", HumanScoreRow)] == [10]
    tables = assays.described("forced_swim", "tables.schema")["tables"]
    later = {name for name, schema in tables.items() if schema.get("later") or "stages" in schema}
    assert {"forced_swim_human_scores", "forced_swim_human_files"} <= later


def test_faults_in_a_listed_event_log_are_reported_before_anything_runs(cohort):
    boris(cohort, "p,,Floating,STATE,10,8,", "q,,Floating,STATE,20,22,", name="a.csv")
    table(cohort, "forced_swim_human_files", "recording,file,observation", "swim_1,a.csv,", "swim_2,a.csv,r")
    message = faults(cohort)
    assert any("a.csv, row 2, column stop" in one for one in message)
    assert any(
        "forced_swim_human_files.csv, row 3, column observation: there is no observation 'r'" in one for one in message
    )


def test_an_event_log_of_several_observations_requires_a_choice(cohort):
    boris(cohort, "p,,Floating,STATE,10,18,", "q,,Floating,STATE,20,22,", name="a.csv")
    table(cohort, "forced_swim_human_files", "recording,file", "swim_1,a.csv")
    (message,) = faults(cohort)
    assert "a.csv holds several observations: 'p', 'q'" in message


def test_a_rater_s_name_is_reduced_to_allowed_letters():
    assert human_scores.rater_name("Dr. Ann B\u00e4r") == "Dr._Ann_B_r"
    assert human_scores.rater_name("") == "person"
