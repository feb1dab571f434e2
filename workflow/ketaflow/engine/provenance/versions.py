"""The code and the packages that run, and the time."""

import json
import platform
import subprocess
import sys
from functools import cache
from importlib import metadata
from pathlib import Path

from ketaflow import __version__
from ketaflow.core import clock, files

ROOT = Path(__file__).resolve().parents[4]
# Parts of the clone whose state is recorded: what jobs run or read.
WORKFLOW = ("Snakefile", "config.yaml", "workflow")
PACKAGES = (
    "snakemake", "pandas", "numpy", "scipy", "scikit-image", "scikit-learn", "statsmodels", "pingouin", "lmfit",
    "scikit-posthocs", "pybaselines", "av", "tifffile", "imagecodecs", "openpyxl", "pyarrow", "matplotlib",
)  # fmt: skip
# The longest that git may take to answer (s).
GIT_TIMEOUT_S = 20
# Where records of jobs on the whole study are kept, in the results folder.
RECORDS = "cache/made"


def run_record(code: str) -> str:
    """Return what a job states about itself beside its results, as JSON.

    Parameters
    ----------
    code : str
        Fingerprint of the code of the job.

    Returns
    -------
    str
        Fingerprint and commit of the code, whether files differ from the commit, versions, and the time. The version of
        FFmpeg is stated by jobs that loaded it: to ask for it costs every other job 0.05 s of a processor.
    """
    known = {"code_sha256": code, **environment(has_films="av" in sys.modules), "made_at": now()}
    return json.dumps(known, separators=(",", ":"))


def note_job(log: str, code: str) -> None:
    """Keep the record of a job that makes tables or pages of the whole study, under the name of its log."""
    path = Path(log)
    files.write_text(run_record(code), path.parents[1] / RECORDS / f"{path.stem}.json")


@cache
def environment(*, has_films: bool = True) -> dict[str, object]:
    """Version of ketaflow, state of its code, and versions of Python and of the packages; FFmpeg's with films only."""
    return {
        "ketaflow": __version__,
        "code": code_state(),
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "packages": versions(has_films=has_films),
    }


def versions(*, has_films: bool = True) -> dict[str, str]:
    """Versions of the packages that numbers come from, and of FFmpeg where films are read."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return {**found, "FFmpeg": _ffmpeg()} if has_films else found


def code_state() -> dict[str, object]:
    """Commit of the clone, and whether files of the workflow were edited or added since; empty outside a clone."""
    try:
        commit = _git("rev-parse", "HEAD")
        changed = _git("status", "--porcelain", "--untracked-files=all", "--", *WORKFLOW)
    except (OSError, subprocess.SubprocessError):
        return {}
    return {"commit": commit, "edited": bool(changed)}


def now() -> str:
    """The time as ISO 8601."""
    return clock.now().isoformat()


def _ffmpeg() -> str:
    import av

    return str(getattr(av, "ffmpeg_version_info", "unknown"))


def _git(*words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=True, timeout=GIT_TIMEOUT_S
    )
    return done.stdout.strip()
