"""The Makefile: help without a target, no removal through a link, and repair after an interruption."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# Stands in for uv: makes the environment, and fails while installing if a file named "interrupted" is there.
UV = """#!/bin/sh
case "$1" in
venv) for last; do :; done; mkdir "$last" || exit 2; mkdir "$last/bin" ;;
pip) test ! -e interrupted && echo "$@" >> installed ;;
esac
"""

pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")


@pytest.fixture
def make(tmp_path):
    """Run make in a folder with the Makefile, its requirements and a stand-in for uv."""
    folder, tools = tmp_path / "clone", tmp_path / "tools"
    folder.mkdir()
    tools.mkdir()
    for name in ("Makefile", "requirements.txt", "requirements-build.txt"):
        shutil.copy(ROOT / name, folder)
    (tools / "uv").write_text(UV)
    (tools / "uv").chmod(0o755)
    environment = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"}

    def run(*targets: str) -> subprocess.CompletedProcess:
        return subprocess.run(["make", *targets], cwd=folder, env=environment, capture_output=True, text=True)

    run.folder = folder
    return run


def test_make_without_a_target_lists_every_target(make):
    listed = make()
    described = [line.split(":")[0] for line in (ROOT / "Makefile").read_text().splitlines() if ":  ##" in line]
    assert not listed.returncode
    assert {"help", "clean"} <= set(described)
    assert all(f"make {target} " in listed.stdout for target in [*described, "demo", "test", "check", "environment"])
    assert not (make.folder / ".venv").exists()


def test_the_environment_is_installed_once(make):
    assert not make("environment").returncode
    installed = (make.folder / "installed").read_text()
    assert "requirements-build.txt" in installed and "--no-build-isolation -r requirements.txt" in installed
    assert not make("environment").returncode
    assert (make.folder / "installed").read_text() == installed


def test_an_interrupted_installation_is_repaired_by_the_next_make(make):
    (make.folder / "interrupted").touch()
    assert make("environment").returncode
    assert not (make.folder / ".venv" / ".complete").exists()
    (make.folder / ".venv" / "leftover").touch()
    (make.folder / "interrupted").unlink()
    assert not make("environment").returncode
    assert (make.folder / ".venv" / ".complete").exists()
    assert not (make.folder / ".venv" / "leftover").exists()


@pytest.mark.parametrize(("name", "target"), [(".venv", "environment"), ("results", "clean"), (".snakemake", "clean")])
def test_nothing_is_removed_through_a_symbolic_link(make, tmp_path, name, target):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").touch()
    (make.folder / name).symlink_to(elsewhere)
    refused = make(target)
    assert refused.returncode and "symbolic link" in refused.stdout
    assert (elsewhere / "precious").exists() and (make.folder / name).is_symlink()
