"""Imports flow down: engine, then assays, statistics or report, then review, then core; never up, never sideways."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = ROOT / "workflow" / "ketaflow"
STAGES = {"ingest", "quantify", "qc", "simulate", "cohort", "tables", "revise"}


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {f"{node.module}.{name.name}" for name in node.names}
    return {name for name in names if name.startswith("ketaflow")}


def below(names: set[str], *allowed: str) -> set[str]:
    return {name for name in names if not name.startswith(allowed) and name != "ketaflow.__version__"}


def modules(folder: str) -> list[Path]:
    return sorted((LIBRARY / folder).rglob("*.py"))


def test_core_imports_core_alone():
    for path in modules("core"):
        assert not below(imported(path), "ketaflow.core"), path


@pytest.mark.parametrize(
    ("layer", "below_it"),
    [("review", []), ("statistics", []), ("report", ["ketaflow.review"])],
)
def test_a_layer_imports_itself_and_what_is_below_it(layer, below_it):
    for path in modules(layer):
        assert not below(imported(path), f"ketaflow.{layer}", "ketaflow.core", *below_it), path


ASSAY_MODULES = [path for path in modules("assays") if path.parent.name != "assays"]


def assay_of(path: Path) -> str:
    return path.relative_to(LIBRARY / "assays").parts[0]


def test_an_assay_imports_itself_and_core():
    for path in ASSAY_MODULES:
        assert not below(imported(path), f"ketaflow.assays.{assay_of(path)}", "ketaflow.core"), path


def test_no_module_of_an_assay_imports_a_stage():
    for path in ASSAY_MODULES:
        stages = {f"ketaflow.assays.{assay_of(path)}.{stage}" for stage in STAGES}
        assert not {name for name in imported(path) if ".".join(name.split(".")[:4]) in stages}, path


def test_nothing_below_the_engine_imports_it():
    for layer in ("core", "assays", "statistics", "report", "review"):
        for path in modules(layer):
            assert not {name for name in imported(path) if name.startswith("ketaflow.engine")}, path


def test_every_module_belongs_to_a_layer():
    assert [path.name for path in LIBRARY.glob("*.py")] == ["__init__.py"]


def test_only_ingest_and_simulate_open_files():
    opening = {
        "open",
        "read_text",
        "read_bytes",
        "write_text",
        "write_bytes",
        "read_csv",
        "read_excel",
        "load_workbook",
    }
    for path in ASSAY_MODULES:
        if path.stem in {"quantify", "qc", "cohort"}:
            calls = {
                getattr(node.func, "attr", getattr(node.func, "id", ""))
                for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
                if isinstance(node, ast.Call)
            }
            assert not calls & opening, f"{path} opens files: {calls & opening}"


def test_no_script_is_longer_than_a_screen():
    for path in sorted((ROOT / "workflow" / "scripts").glob("*.py")):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 90, path.name
