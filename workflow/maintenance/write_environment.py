"""Write environment.yml from pyproject.toml, for those who use conda; a test fails when the two differ."""

import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# What conda names otherwise than pip does.
CONDA_NAMES = {
    "snakemake": "snakemake-minimal",
    "matplotlib": "matplotlib-base",
    "edt": None,
    "rainbow-api": None,
    "glmm": None,
    "pzfx": None,
    "scikit-posthocs": None,
}


def environment(pyproject: dict) -> str:
    """The text of environment.yml."""
    project = pyproject["project"]
    wanted = [*project["dependencies"], *pyproject["dependency-groups"]["dev"]]
    from_conda, from_pip = [], []
    for line in wanted:
        name = line.split(">")[0]
        conda_name = CONDA_NAMES.get(name, name)
        if conda_name is None:
            from_pip.append(line)
        else:
            from_conda.append(conda_name + line[len(name) :])
    lines = [
        "# Written from pyproject.toml by workflow/maintenance/write_environment.py; edit there.",
        "name: ketaflow",
        "channels: [conda-forge, bioconda, nodefaults]",
        "dependencies:",
        f"  - python {project['requires-python'].replace(' ', '')}",
        *(f"  - {line}" for line in from_conda),
        "  - pip",
        "  - pip:",
        *(f"      - {line}" for line in from_pip),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    text = environment(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8")))
    (ROOT / "environment.yml").write_text(text, encoding="utf-8")
    sys.exit(0)
