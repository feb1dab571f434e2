"""Which code a job runs, as one fingerprint: editing it, and nothing else, reruns the job.

Snakemake notices an edited script but not the modules it imports. So each rule carries this digest in its params: the
script, the stage's module, all of ketaflow that they import (followed through the source), and every data file that
one of these modules names (``proteins.csv``, ``results.html``). A test opens a run's files under an audit hook and
compares.
"""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

DATA_ENDINGS = (".yaml", ".csv", ".npz", ".json", ".html", ".css", ".js", ".rst", ".R")
ROOT = Path(__file__).resolve().parents[2]
# Where a data file may lie that a module names: beside it, among its templates, or in the reference tables.
DATA_FOLDERS = (ROOT.parent / "resources", ROOT.parent / "resources" / "reference")
# Modules that print for the person who waits, and write nothing that a later job reads.
WITHOUT_RESULT = ("ketaflow.engine.progress", "ketaflow.engine.lock")


@cache
def code_digest(*parts: str | Path) -> str:
    """Fingerprint (12 hex digits) of code.

    Parameters
    ----------
    *parts : str or Path
        Names of modules (``ketaflow.assays.forced_swim.qc``, ``scripts.qc``; one that does not exist counts for
        nothing), or paths of data files.

    Returns
    -------
    str
        Changes when one of the parts, or anything of ketaflow they import or name, changes.
    """
    fingerprint = hashlib.sha256()
    for path in sorted(closure(*parts)):
        fingerprint.update(path.relative_to(ROOT.parent).as_posix().encode())
        fingerprint.update(path.read_bytes())
    return fingerprint.hexdigest()[:12]


def closure(*parts: str | Path) -> set[Path]:
    """Files of the named modules, of all of ketaflow they import, and the data files that these name."""
    open_ends = [path for part in parts for path in ([part] if isinstance(part, Path) else _files(part))]
    seen: set[Path] = set()
    while open_ends:
        path = open_ends.pop()
        if path in seen:
            continue
        seen.add(path)
        if path.suffix == ".py":
            open_ends += [file for module in imports(path) for file in _files(module)]
            open_ends += data_files(path)
    return seen


@cache
def imports(path: Path) -> frozenset[str]:
    """Names of the ketaflow modules that a source file imports, inside functions too."""
    found = set()
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found |= {node.module} | {f"{node.module}.{name.name}" for name in node.names}
    return frozenset(name for name in found if name.split(".")[0] == "ketaflow" and name not in WITHOUT_RESULT)


@cache
def data_files(path: Path) -> frozenset[Path]:
    """Data files that a source file names, and those named after it (``protein.py`` reads ``protein.yaml``)."""
    named = {path.with_suffix(ending) for ending in DATA_ENDINGS}
    for word in _words(_tree(path)):
        if word.endswith(DATA_ENDINGS) and "*" not in word:
            named |= {folder / word for folder in (path.parent, path.parent / "templates", *DATA_FOLDERS)}
    return frozenset(one for one in named if one.is_file())


def _words(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _files(module: str) -> list[Path]:
    """Source of a module or package, of the packages it lies in, and a package's page parts."""
    steps = module.split(".")
    base = ROOT.joinpath(*steps)
    packages = [ROOT.joinpath(*steps[:depth], "__init__.py") for depth in range(1, len(steps) + 1)]
    parts = [path for path in sorted(base.glob("*")) if path.suffix in (".html", ".css", ".js")]
    return [path for path in [base.with_suffix(".py"), *packages, *parts] if path.is_file()]
