"""Progress lines count recordings, not jobs."""

import pytest

from ketaflow.core import files
from ketaflow.engine import progress

PLAN = {"jobs": 6, "recordings": {"forced_swim": 12}, "batches": {"forced_swim": {"b0": 4, "b1": 8}}}


def test_a_line_counts_recordings_failures_and_time():
    done = {
        ("ingest", "forced_swim", "b0", "1"),
        ("ingest", "forced_swim", "b1", "0"),
        ("qc", "forced_swim", "b0", "1"),
    }
    line = progress.status_line(PLAN, done, "ingest", "forced_swim", elapsed_s=600)
    assert line == "\u2588" * 10 + "\u2591" * 10 + "  50 %  forced swim: ingest 12 of 12, 1 failed, about 10 min to go"


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


def test_the_first_line_says_what_will_run(tmp_path):
    jobs = [("ingest", "forced_swim", "b1")]
    said = progress.begin(tmp_path, jobs, PLAN["batches"], ["all", "draw", "results", "review", "statistics"])
    assert said == "Recordings to work on: 8 of forced swim; then statistics, review page and results page"


def test_the_first_line_names_what_measures_no_recording(tmp_path):
    assert progress.begin(tmp_path, [], PLAN["batches"], ["train_spine_scorer"]) == "To run: train spine scorer"
    assert progress.begin(tmp_path, [], PLAN["batches"], ["all"]) == "All recordings are measured already"


def test_a_run_is_at_100_percent_only_when_the_pages_are_there(tmp_path, capfd):
    progress.begin(tmp_path, [("qc", "forced_swim", "b0")], PLAN["batches"], ["review", "results"])
    progress.tell(tmp_path, "qc", "forced_swim", "b0", 0)
    progress.tell_rule(str(tmp_path / "review.log"), "review")
    assert " 66 %  review page" in capfd.readouterr().err
    progress.tell_rule(str(tmp_path / "results.log"), "results")
    assert "100 %  results page\n" in capfd.readouterr().err


def test_the_last_words_name_the_jobs_that_failed_and_their_logs(tmp_path):
    with pytest.raises(SystemExit), files.log_to(tmp_path / "logs" / "qc" / "forced_swim" / "b0.log"):
        raise ValueError("broken")
    said = progress.failure_summary(tmp_path)
    assert f"qc/forced_swim/b0: see {tmp_path}/logs/qc/forced_swim/b0.log" in said
    progress.begin(tmp_path / "logs", [], {})
    assert "b0" not in progress.failure_summary(tmp_path)


def test_colours_are_for_terminals_and_not_where_no_color_is_set(monkeypatch):
    class Terminal:
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert progress.coloured("x", "failed") == "x", "standard error is no terminal"
    monkeypatch.setattr(progress.sys, "__stderr__", Terminal())
    assert progress.coloured("x", "failed") == "\x1b[31mx\x1b[0m"
    monkeypatch.setenv("NO_COLOR", "1")
    assert progress.coloured("x", "failed") == "x"
