"""What is installed is said once: pyproject.toml; the other files follow from it."""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "workflow" / "maintenance"))

import write_environment  # noqa: E402

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
REQUIREMENTS = (ROOT / "requirements.txt").read_text(encoding="utf-8")


def test_environment_yml_is_in_step_with_pyproject():
    assert (ROOT / "environment.yml").read_text(encoding="utf-8") == write_environment.environment(PYPROJECT)


def test_every_dependency_is_pinned_with_a_hash():
    pinned = {line.split("==")[0] for line in REQUIREMENTS.splitlines() if "==" in line}
    for line in PYPROJECT["project"]["dependencies"] + PYPROJECT["dependency-groups"]["dev"]:
        assert re.split(r"[><=]", line)[0].lower() in pinned
    blocks = re.split(r"\n(?=\S)", REQUIREMENTS.strip())
    assert all("--hash=sha256:" in block for block in blocks)


def test_requirements_hold_no_address():
    assert "://" not in REQUIREMENTS
