"""Which code a job runs, as one fingerprint: editing it, and nothing else, reruns the job.

Snakemake notices an edited script but not the modules it imports. So each rule carries this digest in its params: the
script, the stage's module, all of ketaflow that they import (followed through the source), and every data file that
one of these modules names (``proteins.csv``, ``results.html``). A test opens a run's files under an audit hook and
compares.
"""

import hashlib
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from ketaflow import assays
from ketaflow.engine.provenance.facts import STAGE_FILES

DATA_ENDINGS = (".yaml", ".csv", ".npz", ".json", ".html", ".css", ".js", ".rst", ".R")
ROOT = Path(__file__).resolve().parents[2]
# Where a data file may lie that a module names: beside it, among its templates, or in the reference tables.
DATA_FOLDERS = (ROOT.parent / "resources", ROOT.parent / "resources" / "reference")
# Statements that import of ketaflow, the names in one or several lines, and quoted names of data files.
IMPORT = re.compile(r"^[ \t]*import (ketaflow[\w.]*)", re.MULTILINE)
IMPORT_FROM = re.compile(r"^[ \t]*from (ketaflow[\w.]*) import (\([^)]*\)|[^\n]*)", re.MULTILINE)
COMMENT = re.compile(r"#[^\n]*")
DATA_NAME = re.compile(rf"""["']([^"'*\n]*(?:{"|".join(map(re.escape, DATA_ENDINGS))}))["']""")
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


def code_of_jobs() -> dict[str, str]:
    """Fingerprint of the code of each kind of job, by its name in provenance.json."""
    names = assays.names()
    of_stages = {f"{stage} of {assay}": code(stage, assay) for assay in names for stage in STAGE_FILES}
    return of_stages | {"statistics": script_code("statistics"), "results": script_code("results")}


def code(stage: str, assay: str) -> str:
    """Fingerprint of the code that runs one stage of one assay."""
    return code_digest(*stage_parts(stage, assay))


def stage_parts(stage: str, assay: str) -> list[str | Path]:
    """Script, module and described tables of one stage of one assay."""
    script = "draw" if stage == "simulate" else stage
    described = {"ingest": ("tables.schema", "measures")} | dict.fromkeys(("clip", "calibrate"), ("tables.schema",))
    files_read = _described([assay], *described.get(stage, ()))
    return [f"scripts.{script}", f"ketaflow.assays.{assay}.{stage}", *files_read]


def script_code(script: str) -> str:
    """Fingerprint of a script of the workflow and all it imports."""
    return code_digest(*script_parts(script))


def script_parts(script: str) -> list[str | Path]:
    """A script of the workflow."""
    return [f"scripts.{script}"]


def collect_code(names: Sequence[str]) -> str:
    """Fingerprint of the code that puts the batches of these assays together."""
    return code_digest(*collect_parts(names))


def collect_parts(names: Sequence[str]) -> list[str | Path]:
    """Script, stage ``cohort``, table readers and descriptions of these assays."""
    return ["scripts.collect", *_modules(names, "cohort", "tables"), *_described(names, "tables.schema", "measures")]


def review_code(names: Sequence[str]) -> str:
    """Fingerprint of the code that writes the review page of these assays."""
    return code_digest(*review_parts(names))


def review_parts(names: Sequence[str]) -> list[str | Path]:
    """Script and titles of these assays."""
    return ["scripts.review", *_described(names, "tables.schema")]


def revise_code(names: Sequence[str]) -> str:
    """Fingerprint of the code that computes again what rejected recordings contributed to."""
    return code_digest(*revise_parts(names))


def revise_parts(names: Sequence[str]) -> list[str | Path]:
    """Script, stage ``revise`` and measures of these assays."""
    return ["scripts.revise", *_modules(names, "revise"), *_described(names, "measures")]


def _modules(names: Sequence[str], *parts: str) -> list[str]:
    return [f"ketaflow.assays.{name}.{part}" for name in names for part in parts]


def _described(names: Sequence[str], *parts: str) -> list[Path]:
    return [assays.HERE / name / f"{part}.yaml" for name in names for part in parts]


def closure(*parts: str | Path) -> set[Path]:
    """Files of the named modules, of all of ketaflow they import, and the data files that these name."""
    open_ends = [path for part in parts for path in ((part,) if isinstance(part, Path) else _files(part))]
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
    """Names of the ketaflow modules that a source file imports, inside functions too.

    Found by regular expressions, which read all of ketaflow in 0.03 s of a processor; ``ast`` takes 1.7 s, at every
    start. A test compares them.
    """
    found = set(IMPORT.findall(_text(path)))
    for module, names in IMPORT_FROM.findall(_text(path)):
        imported = (part.split() for part in COMMENT.sub("", names).strip("()").split(","))
        found |= {module} | {f"{module}.{words[0]}" for words in imported if words}
    return frozenset(found - set(WITHOUT_RESULT))


@cache
def data_files(path: Path) -> frozenset[Path]:
    """Data files that a source file names, and those named after it (``protein.py`` reads ``protein.yaml``)."""
    named = {path.with_suffix(ending) for ending in DATA_ENDINGS}
    for word in DATA_NAME.findall(_text(path)):
        named |= {folder / word for folder in (path.parent, path.parent / "templates", *DATA_FOLDERS)}
    return frozenset(one for one in named if one.is_file())


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def _files(module: str) -> tuple[Path, ...]:
    """Source of a module or package, of the packages that contain it, and a package's page parts."""
    steps = module.split(".")
    base = ROOT.joinpath(*steps)
    packages = [ROOT.joinpath(*steps[:depth], "__init__.py") for depth in range(1, len(steps) + 1)]
    parts = [path for path in sorted(base.glob("*")) if path.suffix in (".html", ".css", ".js")]
    return tuple(path for path in [base.with_suffix(".py"), *packages, *parts] if path.is_file())
