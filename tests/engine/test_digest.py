"""The digest of a stage changes with the code it runs, and with nothing else."""

import ast

import pytest

from ketaflow import assays
from ketaflow.engine import digest


@pytest.fixture
def library(tmp_path, monkeypatch):
    """A small library: one assay's two stages, a helper of one of them, core."""
    sources = {
        "core/tables.py": "",
        "core/svg.py": "",
        "assays/swim/ingest.py": "from ketaflow.core import tables\nfrom ketaflow.assays.swim import motion\n",
        "assays/swim/motion.py": "import numpy\nTABLE = 'masses.csv'\n",
        "assays/swim/motion.yaml": "a: 1\n",
        "assays/swim/masses.csv": "a,1\n",
        "core/pages/__init__.py": "",
        "core/pages/page.css": "p {}\n",
        "assays/swim/qc.py": "from ketaflow.core import pages\ndef qc():\n    from ketaflow.core import svg\n",
    }
    for name, text in sources.items():
        path = tmp_path / "ketaflow" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(digest, "ROOT", tmp_path)
    return tmp_path / "ketaflow"


def digests() -> dict[str, str]:
    for cached in (digest.code_digest, digest.imports, digest.data_files, digest._text, digest._files):
        cached.cache_clear()
    return {stage: digest.code_digest(f"ketaflow.assays.swim.{stage}") for stage in ("ingest", "qc")}


@pytest.mark.parametrize(
    ("edited", "changed"),
    [
        ("assays/swim/ingest.py", {"ingest"}),
        ("assays/swim/motion.py", {"ingest"}),
        ("assays/swim/motion.yaml", {"ingest"}),
        ("assays/swim/masses.csv", {"ingest"}),
        ("assays/swim/qc.py", {"qc"}),
        ("core/pages/page.css", {"qc"}),
        ("core/tables.py", {"ingest"}),
        ("core/svg.py", {"qc"}),
    ],
)
def test_an_edit_changes_the_stages_that_run_it_and_no_other(library, edited, changed):
    before = digests()
    with (library / edited).open("a") as source:
        source.write("\n# edited\n")
    after = digests()
    assert {stage for stage in before if before[stage] != after[stage]} == changed


def modules_by_syntax(tree: ast.Module) -> set[str]:
    """Modules of ketaflow that a syntax tree imports."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
    return {name for name in found if name.split(".")[0] == "ketaflow"} - set(digest.WITHOUT_RESULT)


def test_every_import_and_data_file_of_the_library_is_found_as_by_its_syntax():
    for path in sorted(digest.ROOT.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert digest.imports(path) == modules_by_syntax(tree), path
        words = {
            node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        folders = (path.parent, path.parent / "templates", *digest.DATA_FOLDERS)
        named = {folder / word for folder in folders for word in words if word.endswith(digest.DATA_ENDINGS)}
        beside = {path.with_suffix(ending) for ending in digest.DATA_ENDINGS}
        assert digest.data_files(path) == {one for one in named | beside if one.is_file()}, path


def test_no_stage_runs_the_code_of_another_assay():
    for assay in assays.names():
        for stage in assays.STAGES:
            files = digest.closure(f"ketaflow.assays.{assay}.{stage}")
            others = {path.parent.name for path in files if path.parent.parent.name == "assays"} - {assay}
            assert not others


def test_the_masses_of_proteins_belong_to_the_blots_code():
    named = {
        path.name
        for path in digest.closure("ketaflow.assays.western_blot.ingest", "ketaflow.assays.western_blot.quantify")
    }
    assert "proteins.csv" in named


def test_a_sentence_of_the_methods_paragraph_belongs_to_the_statistics_and_not_to_the_measurements():
    sentences = digest.ROOT / "ketaflow" / "statistics" / "sentences.py"
    assert sentences in digest.closure("scripts.statistics")
    assert sentences not in digest.closure("scripts.quantify", "ketaflow.assays.forced_swim.quantify")
