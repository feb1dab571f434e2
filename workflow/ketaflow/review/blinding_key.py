"""The key of the codes on the review page: random, made at the first run, kept in a file of its own.

Anyone who knows the key and the names of the recordings can compute every code. The key is therefore in no other file:
not in the settings, the results or Snakemake's record of a job's parameters, which hold its fingerprint.
"""

import contextlib
import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from ketaflow.core.errors import CohortError, Problem

KEY_BYTES = 32
# Read and written by its owner alone.
MODE = 0o600
FINGERPRINT_LETTERS = 16


@dataclass(frozen=True)
class KeyFile:
    """Where the key is kept.

    Attributes
    ----------
    path : Path
        The file.
    fingerprint : str
        Changes when the key does, and says nothing about it; empty where there is no key yet.
    """

    path: Path
    fingerprint: str = ""


def default_path(results: Path) -> Path:
    """Return the place of the key unless the settings name one: beside the results folder, not in it."""
    return results.with_name(f"{results.name}.blinding_key")


def find(named: str, results: Path, *, make: bool) -> KeyFile:
    """Find the key of a results folder, and make one where there is none.

    Parameters
    ----------
    named : str
        The setting ``blinding_key_file``; empty for the default.
    results : Path
        The results folder.
    make : bool
        Whether to make a key where there is none; a check or a dry run makes none.

    Returns
    -------
    KeyFile

    Raises
    ------
    CohortError
        If the file is there and holds no key, or cannot be made.
    """
    path = Path(named) if named else default_path(results)
    if make and not path.exists():
        _make(path)
    if not path.exists():
        return KeyFile(path)
    return KeyFile(path, hashlib.sha256(b"fingerprint\0" + read(path).encode()).hexdigest()[:FINGERPRINT_LETTERS])


def read(path: Path) -> str:
    """Read the key; raise CohortError if the file holds none."""
    key = path.read_text(encoding="utf-8").strip() if path.is_file() else ""
    if not key:
        remedy = (
            "Put back the file that was made at the first run, or remove it for a new key (decisions are lost then)"
        )
        raise CohortError([Problem(str(path), 0, "", "this is not the key of the review page", remedy)])
    return key


def _make(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(secrets.token_hex(KEY_BYTES) + "\n")
    except OSError as error:
        what = f"the key of the review page cannot be written here ({error.strerror})"
        remedy = (
            "Choose a folder that can be written to: --config results=FOLDER, or name the file in blinding_key_file"
        )
        raise CohortError([Problem(str(path), 0, "", what, remedy)]) from error
