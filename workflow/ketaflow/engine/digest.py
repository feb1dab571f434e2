"""Which code a stage runs, as one fingerprint: editing it, and nothing else, reruns the stage.

Snakemake notices an edited script but not the modules it imports. So each rule carries this digest
in its params: the stage's module, all of ketaflow it imports (followed through the source), and the
YAML files beside them that are read as part of the code.
"""

import ast
import hashlib
from functools import cache
from pathlib import Path

PAGE_PARTS = (".html", ".css", ".js")
ROOT = Path(__file__).resolve().parents[2]


@cache
def code_digest(*modules: str) -> str:
    """Fingerprint (12 hex digits) of the named modules and everything of ketaflow they import."""
    fingerprint = hashlib.sha256()
    for path in sorted(closure(*modules)):
        fingerprint.update(path.relative_to(ROOT).as_posix().encode())
        fingerprint.update(path.read_bytes())
    return fingerprint.hexdigest()[:12]


def closure(*modules: str) -> set[Path]:
    """Files of the named modules and, followed through their imports, all of ketaflow they need."""
    open_ends = [path for module in modules for path in _files(module)]
    seen: set[Path] = set()
    while open_ends:
        path = open_ends.pop()
        if path in seen:
            continue
        seen.add(path)
        if path.suffix == ".py":
            open_ends += [file for module in imports(path) for file in _files(module)]
    return seen


@cache
def imports(path: Path) -> frozenset[str]:
    """Names of the ketaflow modules a source file imports, inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found |= {node.module} | {f"{node.module}.{name.name}" for name in node.names}
    return frozenset(name for name in found if name.split(".")[0] == "ketaflow")


def _files(module: str) -> list[Path]:
    """Source of a module, data files named after it (``protein.py`` reads ``protein.yaml``), a package's page parts."""
    base = ROOT.joinpath(*module.split("."))
    candidates = [base.with_suffix(".py"), base / "__init__.py"]
    beside = [base.with_suffix(".yaml"), base.with_suffix(".npz"), base.with_suffix(".json")]
    parts = [path for path in sorted(base.glob("*")) if path.suffix in PAGE_PARTS]
    return [path for path in candidates + beside + parts if path.is_file()]
