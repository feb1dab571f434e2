"""provenance.json: what made each result, and the fingerprints of every input and output.

In: the records that jobs keep beside their results, the tables of the cohort, the list of recordings, the results
folder. Out: one dictionary, written as JSON. Records come from the jobs that really ran: a recording that was taken
from an earlier run keeps the commit, versions and time of that run.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ketaflow.core import files
from ketaflow.engine import batch_files
from ketaflow.engine.provenance import versions

# Files of the stages, by stage.
STAGE_FILES = {"ingest": "recordings.zip", "quantify": "measurements.zip", "qc": "checks.zip"}
# Parts of the results folder that are no results: logs, what serves the next run, and drawn recordings (inputs).
NO_OUTPUTS = ("logs", "cache", "drawn", ".snakemake", ".running")
OWN_FILES = ("provenance.json", "ro-crate-metadata.json")


def facts(
    results: Path,
    settings: Mapping[str, Any],
    tables: Mapping[str, Mapping[str, Any]],
    batches: Mapping[str, Iterable[str]],
) -> dict[str, Any]:
    """Collect all facts about a results folder.

    Parameters
    ----------
    results : Path
        The results folder.
    settings : mapping
        All settings, as read.
    tables : mapping
        Path, sha256 and bytes of every table of the cohort, by name.
    batches : mapping of str to iterable of str
        Folders of all batches, by assay.

    Returns
    -------
    dict
        Content of provenance.json.
    """
    made: dict[str, dict[str, dict[str, int]]] = {}
    runs: dict[str, int] = {}
    for assay, folders in batches.items():
        made[assay] = {stage: {} for stage in STAGE_FILES}
        for folder in folders:
            for stage, file in STAGE_FILES.items():
                for one in batch_files.headings(Path(folder) / file):
                    made[assay][stage][one.name] = runs.setdefault(one.made, len(runs))
    whole = {
        path.stem: path.read_text(encoding="utf-8") for path in sorted((results / versions.RECORDS).glob("*.json"))
    }
    jobs = {rule: runs.setdefault(record, len(runs)) for rule, record in whole.items()}
    recordings = files.read_csv(results / "recordings.csv")
    return {
        **versions.environment(),
        "made_at": versions.now(),
        "settings": settings,
        "tables": tables,
        "recordings": _recordings(recordings),
        "runs": [json.loads(record) if record else {} for record in runs],
        "made_by_run": {"recordings": made, "study": jobs},
        "outputs": outputs(results),
    }


def outputs(results: Path) -> dict[str, str]:
    """Return the fingerprint (SHA-256) of every file of the results, by its path in the results folder."""
    found = {}
    for path in sorted(results.rglob("*")):
        inside = path.relative_to(results)
        if path.is_file() and inside.parts[0] not in NO_OUTPUTS and inside.as_posix() not in OWN_FILES:
            found[inside.as_posix()] = files.sha256(path)
    return found


def _recordings(recordings: pd.DataFrame) -> dict[str, str]:
    """Fingerprint of every recording's file, by its path."""
    named = recordings.dropna(subset=["sha256"]).drop_duplicates("path")
    return dict(zip(named["path"].astype(str), named["sha256"].astype(str), strict=True))
