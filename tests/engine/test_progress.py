"""Progress lines count recordings, not jobs."""

import pytest

from ketaflow.engine import progress

PLAN = {"jobs": 6, "recordings": {"forced_swim": 12}, "batches": {"forced_swim": {"b0": 4, "b1": 8}}}


def test_a_line_counts_recordings_failures_and_time():
    done = {
        ("ingest", "forced_swim", "b0", "1"),
        ("ingest", "forced_swim", "b1", "0"),
        ("qc", "forced_swim", "b0", "1"),
    }
    line = progress.standing(PLAN, done, "ingest", "forced_swim", elapsed_s=600)
    assert line == " 50%  forced swim: ingest 12 of 12, 1 failed, about 10 min to go"


def test_a_run_is_noted_at_its_start(tmp_path):
    jobs = [("ingest", "forced_swim", "b1"), ("qc", "forced_swim", "b1")]
    said = progress.begin(tmp_path, jobs, PLAN["batches"])
    assert said == "Recordings to work on: 8 of forced swim"


def test_finished_jobs_are_told_and_kept(tmp_path, capsys):
    progress.begin(tmp_path, [("ingest", "forced_swim", "b0"), ("qc", "forced_swim", "b0")], PLAN["batches"])
    progress.tell(tmp_path, "ingest", "forced_swim", "b0", 0)
    assert (tmp_path / progress.LINES).read_text() == "ingest forced_swim b0 0\n"


def test_lines_cut_into_one_another_are_left_out_and_stop_no_job(tmp_path, capfd):
    progress.begin(tmp_path, [("ingest", "forced_swim", "b0"), ("ingest", "forced_swim", "b1")], PLAN["batches"])
    (tmp_path / progress.LINES).write_bytes(b"ingest forced_swim bingest forced_swim b1 0\nqc forced_swim b9 0\n\xff")
    progress.tell(tmp_path, "ingest", "forced_swim", "b0", 1)
    assert "ingest 4 of 12, 1 failed" in capfd.readouterr().err
    (tmp_path / progress.PLAN).write_text("{")
    progress.tell(tmp_path, "ingest", "forced_swim", "b1", 0)


def test_without_a_plan_nothing_is_told(tmp_path):
    progress.tell(tmp_path, "ingest", "forced_swim", "b0", 0)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("seconds", "said"), [(3, "about 5 s"), (61, "about 60 s"), (600, "about 10 min"), (9000, "about 2.5 h")]
)
def test_lengths_of_time_are_said_as_people_say_them(seconds, said):
    assert progress.clock(seconds) == said
