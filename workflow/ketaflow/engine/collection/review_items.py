"""Items that reviewers judge, one per recording: their fingerprints, and what the review page shows of each."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ketaflow import assays
from ketaflow.core import files
from ketaflow.core.results import Checked, Figure
from ketaflow.engine import batch_files
from ketaflow.engine.batch_files import NamedRecording, Outcome
from ketaflow.review.items import ReviewItem
from ketaflow.review.items import checks as checks_of

ITEM_COLUMNS = ("assay", "recording", "animal", "status", "reason", "item_sha256")


def listed(recordings: pd.DataFrame, measured: pd.DataFrame, found: list[Outcome[Any]]) -> pd.DataFrame:
    """List what reviewers judge: one item per recording, with a fingerprint of its content.

    The content is what was recorded (its files, or its own rows where it has none) and what was measured in it;
    when either changes, a decision made on the old content counts no more.

    Parameters
    ----------
    recordings, measured : data frame
        Rows of recordings.csv and measurements.csv of one assay.
    found : list of Outcome
        What became of each record of the assay; only recordings that these name are items.

    Returns
    -------
    data frame
        One row per item: ``assay``, ``recording``, ``animal``, ``status``, ``reason``, ``item_sha256``.
    """
    if not len(recordings):
        return none()
    rows_alone = {one.name: one.rows_sha256 for outcome in found for one in outcome.recordings if one.rows_sha256}
    by_item = fingerprints(recordings, measured, rows_alone)
    own = {one.name for outcome in found for one in outcome.recordings}
    first = recordings[recordings["recording"].isin(own)].drop_duplicates(["assay", "recording"])
    rows = first.sort_values(["assay", "recording"])[list(ITEM_COLUMNS[:-1])].to_numpy(object).tolist()
    made = [(*row, by_item[str(row[0]), str(row[1])]) for row in rows]
    return pd.DataFrame(made, columns=list(ITEM_COLUMNS))


def fingerprints(
    recordings: pd.DataFrame, measured: pd.DataFrame, rows_alone: Mapping[str, str]
) -> dict[tuple[str, str], str]:
    """Fingerprint of every recording's content, before it is keyed.

    Parameters
    ----------
    recordings, measured : data frame
        Rows of recordings.csv and measurements.csv.
    rows_alone : mapping of str to str
        Fingerprint of its rows, for each recording that consists of rows alone.

    Returns
    -------
    dict of (str, str) to str
        By assay and recording.
    """
    values = defaultdict(list)
    columns = ["recording", "measure", "analyte", "sample", "time_min", "value"]
    cells = (column.tolist() for _, column in measured.reindex(columns=columns).items())
    for name, *words, value in zip(*cells, strict=True):
        values[name].append([*map(str, words), f"{float('nan') if value is None else value:.6g}"])
    named = recordings[recordings["recording"].fillna("").ne("")]
    sources: dict[tuple[str, str], list[str]] = defaultdict(list)
    columns = ["assay", "recording", "sha256"]
    for assay, name, sha256 in named[columns].fillna({"sha256": ""}).to_numpy(object).tolist():
        sources[str(assay), str(name)].append(sha256)
    return {
        (assay, name): files.digest([[rows_alone[name]] if name in rows_alone else sorted(read), sorted(values[name])])
        for (assay, name), read in sorted(sources.items())
    }


def none() -> pd.DataFrame:
    """Return a list of items without rows.

    Returns
    -------
    data frame
        The columns of ``listed``.
    """
    return pd.DataFrame(columns=list(ITEM_COLUMNS))


def read(items: pd.DataFrame, checks: pd.DataFrame, batches: Mapping[str, list[str]]) -> Iterator[ReviewItem]:
    """Yield what the review page shows of each recording, batch by batch, so that figures never fill the memory.

    Parameters
    ----------
    items : data frame
        One row per recording to judge: ``assay``, ``recording``, ``animal``, ``status``, ``reason``, ``item_sha256``.
    checks : data frame
        The checks table of all assays.
    batches : mapping of str to list of str
        Batch folders, by assay.

    Yields
    ------
    ReviewItem
        One recording, with its checks and figures.
    """
    known = {(row["assay"], row["recording"]): row for row in items.fillna("").to_dict("records")}
    by_recording = checks_of(checks)
    for assay, folders in batches.items():
        for folder in folders:
            for named, figures in _figures(assay, Path(folder)):
                for recording in named:
                    item = known[assay, recording.name]
                    yield ReviewItem(
                        **{name: item[name] for name in ITEM_COLUMNS},
                        assay_title=assays.title(assay),
                        figures=figures.get(recording.name, []),
                        checks=by_recording.get((assay, recording.name), []),
                    )


def _figures(assay: str, folder: Path) -> Iterator[tuple[tuple[NamedRecording, ...], dict[str, list[Figure]]]]:
    """Recordings of each record of a batch, and their figures."""
    ingested = batch_files.headings(folder / "recordings.zip")
    for before, after in zip(ingested, batch_files.without_tables(folder / "checks.zip", Checked), strict=True):
        yield before.recordings, after.content.figures if after.content else {}
