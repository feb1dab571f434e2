"""The Containerfile, as far as it can be tested without a container engine: what it copies exists and is enough."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "Containerfile").read_text(encoding="utf-8")
COPIED = [source for line in re.findall(r"^COPY (.*)$", TEXT, flags=re.M) for source in line.split()[:-1]]


def test_every_path_that_is_copied_exists():
    assert COPIED
    assert all((ROOT / source).exists() for source in COPIED)


def test_every_file_beside_the_workflow_that_rules_name_is_copied():
    rules = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "workflow" / "rules").glob("*.smk")))
    snakefile = (ROOT / "Snakefile").read_text(encoding="utf-8")
    named = {
        *re.findall(r"\.\./\.\./([\w.-]+)", rules),
        *re.findall(r"\{workflow\.basedir\}/([\w.-]+)", rules + snakefile),
    }
    assert "environment.yml" in named
    assert named <= set(COPIED)


def test_packages_are_installed_with_their_hashes_and_the_user_has_no_rights():
    installed = re.findall(r"pip install .*", TEXT)
    assert len(installed) == 2 and all("--require-hashes" in line for line in installed)
    assert TEXT.index("USER ketaflow") < TEXT.index("ENTRYPOINT")
