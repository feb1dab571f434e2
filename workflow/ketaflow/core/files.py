"""Atomic writing of files, fingerprints of files, and the log of a job."""

import contextlib
import hashlib
import json
import os
import re
import stat
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from ketaflow.core import faults
from ketaflow.core.errors import CohortError, IngestError, PlanError

# Columns of the study's tables that are words even where they look like numbers; an animal may be named 007.
TEXT_COLUMNS = frozenset(
    ("animal", "arm", "recording", "session", "sample", "region", "analyte", "place", "reason", "message", "unit")
)
# What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection); a number may begin with a sign.
FORMULA = re.compile(r"[=@\t\r]|[+-](?![0-9.,eE+-]*$)")

# Where jobs that stop leave the names of their logs, in the folder of the logs.
FAILED_JOBS = "failed.txt"


@contextlib.contextmanager
def written_aside(path: str | Path) -> Iterator[Path]:
    """Yield a path beside ``path`` to write to; rename it into place once all went well.

    A job that is killed, or a disk that fills up, leaves no half file under the final name.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        yield aside
        os.replace(aside, target)
    finally:
        with contextlib.suppress(FileNotFoundError):
            aside.unlink()


def write_csv(frame: pd.DataFrame, path: str | Path) -> None:
    """Write a table as UTF-8 CSV, with every digit a float has.

    Parameters
    ----------
    frame : data frame
        Any table; its index is not written, and missing values become empty cells.
    path : str or Path
        File to write. It is replaced only once the new one is complete.
    """
    with written_aside(path) as aside:
        frame.to_csv(aside, index=False, lineterminator="\n")


def write_tables(tables: dict[str, pd.DataFrame], folder: Path) -> None:
    """Write tables as ``<folder>/<name>.csv``, and remove those of an earlier run that are no longer made.

    Parameters
    ----------
    tables : dict of str to data frame
        By name.
    folder : Path
        Made if it is not there. Any other CSV file in it is deleted.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.csv"):
        if old.stem not in tables:
            old.unlink()
    for name, table in tables.items():
        write_csv(table, folder / f"{name}.csv")


def write_all(contents: dict[str, pd.DataFrame | str | bytes], folder: Path) -> None:
    """Write exports into their folder: tables as ``<name>.csv``, text and bytes under their own names.

    Parameters
    ----------
    contents : dict of str to data frame, str or bytes
        By name. A text cell that a spreadsheet would take for a formula is written with an apostrophe before it.
    folder : Path
        Made if it is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        if isinstance(content, pd.DataFrame):
            write_csv(content.map(_without_formula), folder / f"{name}.csv")
        elif isinstance(content, str):
            write_text(content, folder / name)
        else:
            with written_aside(folder / name) as aside:
                aside.write_bytes(content)


def _without_formula(cell: object) -> object:
    """The cell, with an apostrophe before a text that a spreadsheet would take for a formula."""
    return f"'{cell}" if isinstance(cell, str) and FORMULA.match(cell) else cell


def tell_terminal(text: str) -> None:
    """Print to the terminal of the run instead of the job's log."""
    print(text, file=sys.__stderr__, flush=True)


def write_figures(figures: list[Any], folder: Path) -> None:
    """Write figures as ``<folder>/<their title>.svg`` and remove those of an earlier run that are no longer made."""
    named = {re.sub(r"[^a-z0-9]+", "_", figure.title.lower()).strip("_"): figure for figure in figures}
    for old in folder.glob("*.svg"):
        if old.stem not in named:
            old.unlink()
    for name, figure in named.items():
        write_text(figure.content, folder / f"{name}.svg")


def write_text(text: str, path: str | Path) -> None:
    """Write UTF-8 text."""
    with written_aside(path) as aside:
        aside.write_text(text, encoding="utf-8", newline="\n")


def write_json(content: object, path: str | Path) -> None:
    """Write JSON for people: indented, keys in the order given."""
    write_text(json.dumps(content, indent=2, ensure_ascii=False, default=str) + "\n", path)


def read_csv(path: str | Path) -> pd.DataFrame:
    """Read a table that the study wrote.

    Parameters
    ----------
    path : str or Path
        A UTF-8 CSV file with a header.

    Returns
    -------
    data frame
        Columns of words (``TEXT_COLUMNS``) stay text, even an animal named 007 or NA. Only empty cells are missing
        values. Without rows and columns if the file is empty.
    """
    try:
        header = pd.read_csv(path, nrows=0).columns
    except pd.errors.EmptyDataError:
        return pd.DataFrame()
    words = {name: str for name in header if name in TEXT_COLUMNS}
    return pd.read_csv(path, dtype=words, keep_default_na=False, na_values=[""])


def read_json(path: str | Path) -> dict[str, Any]:
    """Read a JSON file; {} where there is none."""
    return json.loads(Path(path).read_text(encoding="utf-8")) if Path(path).is_file() else {}


def mark(path: Path) -> list[Any]:
    """Size (bytes) and date (ns) of a file, or of all files of a folder: shows without reading whether it changed.

    What is not there, such as the target of a dangling link, has an empty mark, and so has a link to a folder inside a
    folder, which may lead in a circle.
    """
    try:
        at = path.stat()
        if stat.S_ISDIR(at.st_mode):
            parts = sorted(path.iterdir())
            return [[part.name, [] if part.is_symlink() and part.is_dir() else mark(part)] for part in parts]
    except OSError as error:
        if faults.is_of_the_machine(error):
            raise
        return []
    return [at.st_size, at.st_mtime_ns]


def sha256(path: Path) -> str:
    """Fingerprint of a file's content; of a folder's (a ``.D`` recording): of its files, names included."""
    if path.is_dir():
        inner = sorted(part for part in path.rglob("*") if part.is_file())
        return digest([[part.relative_to(path).as_posix(), sha256(part)] for part in inner])
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def digest(content: object) -> str:
    """Fingerprint of anything JSON can hold."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


@contextlib.contextmanager
def log_to(path: str | Path) -> Iterator[None]:
    """Send all a job prints to its log file, and the reason if it stops.

    A fault that the user can correct ends the job with its plain text alone, on the terminal too; any other error keeps
    its traceback.
    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with (
        open(path, "w", encoding="utf-8", buffering=1) as log,
        contextlib.redirect_stdout(log),
        contextlib.redirect_stderr(log),
    ):
        try:
            yield
        except (CohortError, PlanError, IngestError, SystemExit) as error:
            log.write(f"{error}\n")
            tell_terminal(f"\n{error}\n")
            _note_failure(Path(path))
            raise SystemExit(1) from None
        except BaseException as error:
            _note_failure(Path(path))
            if fault := faults.fault_of(error):
                tell_terminal(f"\n{faults.remedy(fault)}\n")
            traceback.print_exc(file=log)
            raise SystemExit(1) from None


def failed_jobs(logs: Path) -> list[str]:
    """Return the logs of the jobs that stopped in this run, as paths in the folder of the logs without their ending."""
    path = logs / FAILED_JOBS
    return sorted(set(path.read_text(encoding="utf-8").split("\n")) - {""}) if path.is_file() else []


def _note_failure(log: Path) -> None:
    """Leave the name of a job's log for the last words of the run; where that cannot be written, nothing is lost."""
    logs = next((folder for folder in log.parents if folder.name == "logs"), None)
    if logs is not None:
        with contextlib.suppress(OSError), (logs / FAILED_JOBS).open("a", encoding="utf-8") as names:
            names.write(f"{log.relative_to(logs).with_suffix('').as_posix()}\n")
