"""What was run on what: versions, settings and fingerprints, for the reader ten years on.

The crate follows the Workflow Run RO-Crate profile (RO-Crate 1.1), as plain JSON-LD.
"""

import platform
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import pandas as pd

from ketaflow import __version__

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = (
    "snakemake", "pandas", "numpy", "scipy", "scikit-image", "scikit-learn", "statsmodels", "pingouin",
    "scikit-posthocs", "av", "tifffile", "imagecodecs", "pyarrow", "matplotlib",
)  # fmt: skip
LICENCE = "https://spdx.org/licenses/GPL-3.0-or-later"


def facts(settings: dict[str, Any], tables: dict[str, dict[str, Any]], recordings: pd.DataFrame) -> dict[str, Any]:
    """Versions, settings, fingerprints of every table and recording, and the state of the code."""
    named = recordings.dropna(subset=["sha256"]).drop_duplicates("path")
    return {
        "ketaflow": __version__,
        "code": _code(),
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "packages": versions(),
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "settings": settings,
        "tables": tables,
        "recordings": {row.path: row.sha256 for row in named.itertuples()},
    }


def versions() -> dict[str, str]:
    """Versions of the packages that numbers come from."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def crate(made: dict[str, Any]) -> dict[str, Any]:
    """The same as a research-object crate, for repositories that read them."""
    files = [
        {"@id": path, "@type": "File", "identifier": f"sha256:{sha256}"} for path, sha256 in made["recordings"].items()
    ]
    parts = ["measurements.csv", "checks.csv", "recordings.csv", "provenance.json", "statistics/", "report/"]
    return {
        "@context": "https://w3id.org/ro/crate/1.1/context",
        "@graph": [
            {
                "@id": "ro-crate-metadata.json",
                "@type": "CreativeWork",
                "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
                "about": {"@id": "./"},
            },
            {
                "@id": "./",
                "@type": "Dataset",
                "name": "ketaflow results",
                "description": "Measurements, checks, group statistics and reports of one cohort",
                "datePublished": made["made_at"],
                "license": {"@id": LICENCE},
                "hasPart": [{"@id": part} for part in parts],
                "mentions": [{"@id": "#run"}],
            },
            {
                "@id": "#run",
                "@type": "CreateAction",
                "name": "ketaflow run",
                "endTime": made["made_at"],
                "instrument": {"@id": "#ketaflow"},
                "object": [{"@id": entry["@id"]} for entry in files],
                "result": [{"@id": part} for part in parts],
            },
            {
                "@id": "#ketaflow",
                "@type": ["SoftwareSourceCode", "ComputationalWorkflow"],
                "name": "ketaflow",
                "version": made["ketaflow"],
                "programmingLanguage": "Snakemake",
            },
            *files,
        ],
    }


def _code() -> dict[str, Any]:
    """Commit of the clone and whether it was edited since; empty outside a clone."""
    try:
        commit = _git("rev-parse", "HEAD")
        return {"commit": commit, "edited": bool(_git("status", "--porcelain", "--untracked-files=no"))}
    except (OSError, subprocess.SubprocessError):
        return {}


def _git(*words: str) -> str:
    done = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=True, timeout=20)
    return done.stdout.strip()
