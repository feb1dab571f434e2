"""Checks and pictures: limits that warn, and figures that stay small and name nobody."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
import pond
from scenes import DEFAULTS, SMALL, measure, read

from ketaflow.assays.forced_swim import qc


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("review")
    truth = [pond.schedule(np.random.default_rng(i), 3, 59, 0.5) for i in (1, 2)]
    pond.make(folder / "secret_name.mp4", truth, 60, drop=0.12, **SMALL)
    record = read(folder, "secret_name.mp4")
    measured = measure(record)
    return qc.qc(record, measured, **DEFAULTS["qc"])


def test_lost_pictures_raise_a_warning(reviewed):
    checks = reviewed.table("checks").set_index(["recording", "check"])["verdict"]
    assert checks["s1", "lost pictures"] == "warn"
    assert checks["s1", "unscored"] == "pass"


def test_every_swim_shows_scene_filmstrip_and_motion(reviewed):
    for figures in reviewed.figures.values():
        assert [figure.media for figure in figures] == ["image/webp", "image/webp", "image/svg+xml"]
        assert sum(len(figure.content) for figure in figures) < 60_000


def test_figures_name_nobody(reviewed):
    for recording, figures in reviewed.figures.items():
        for figure in figures:
            told = figure.title + figure.caption + (figure.content if isinstance(figure.content, str) else "")
            assert not {recording, recording.replace("s", "a"), "secret"} & set(told.replace(">", " ").split())
            assert "secret_name" not in told


def test_a_failed_cylinder_still_shows_the_scene(tmp_path):
    pond.make(tmp_path / "one.mp4", [[("swimming", 3, 39)], []], 40, **SMALL)
    record = read(tmp_path, "one.mp4")
    done = qc.qc(record, measure(record), **DEFAULTS["qc"])
    checks = done.table("checks")
    assert checks[checks["recording"] == "s2"]["verdict"].tolist() == ["fail"]
    assert len(done.figures["s2"]) == 1
