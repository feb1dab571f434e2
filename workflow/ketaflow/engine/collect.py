"""Every batch of every assay put together: the tables that statistics and report work on.

In: the batch files of the three stages. Out: measurements, checks, recordings (columns in
docs/results.md), each assay's own tables, and the list of items a reviewer judges.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from ketaflow import assays
from ketaflow.core import cohort, files, measures, records
from ketaflow.core.records import Figure, Record

UNREADABLE = "readable"


@dataclass
class Collected:
    """All tables of a study, by name; ``own`` holds each assay's tables and ``figures`` its pictures, by assay."""

    measurements: pd.DataFrame
    checks: pd.DataFrame
    recordings: pd.DataFrame
    items: pd.DataFrame
    own: dict[str, dict[str, pd.DataFrame]] = field(default_factory=dict)
    figures: dict[str, list[Figure]] = field(default_factory=dict)


def collect(
    batches: dict[str, list[Path]],
    settings: dict[str, dict],
    *,
    animals: pd.DataFrame,
    table_files: dict[str, dict],
    brought_in: pd.DataFrame | None,
) -> Collected:
    """Put the batches of every assay together.

    ``batches`` are the batch folders of each assay, ``settings`` each assay's whole block,
    ``table_files`` the source (path, sha256, bytes) of each assay's main table, for recordings that
    consist of table rows alone, ``brought_in`` the values measured elsewhere.
    """
    parts = [_assay(assay, folders, settings[assay], table_files[assay]) for assay, folders in batches.items()]
    unseen = [_without_recording(assay, part, animals) for assay, part in zip(batches, parts, strict=True)]
    if brought_in is not None:
        brought_in = brought_in.assign(status=brought_in["status"].fillna("ok"))
    return Collected(
        measurements=_shaped(
            [part.measurements for part in parts] + ([] if brought_in is None else [brought_in]),
            measures.MEASUREMENT_COLUMNS,
        ),
        checks=_shaped([part.checks for part in parts] + unseen, measures.CHECK_COLUMNS),
        recordings=_shaped([part.recordings for part in parts], measures.RECORDING_COLUMNS),
        items=pd.concat([part.items for part in parts], ignore_index=True) if parts else _no_items(),
        own={assay: part.own[assay] for assay, part in zip(batches, parts, strict=True)},
        figures={assay: part.figures.get(assay, []) for assay, part in zip(batches, parts, strict=True)},
    )


def shown(collected: Collected) -> list[dict]:
    """What the results page shows of each assay's whole cohort: its figures, and legends ready for a paper."""
    made = []
    for assay, tables in collected.own.items():
        figures, legends = collected.figures[assay], tables.get("legends", pd.DataFrame())
        if figures or len(legends):
            told = {"figures": [vars(figure) for figure in figures], "legends": legends.to_dict("records")}
            made.append({"assay": assay, "title": assays.title(assay), **told})
    return made


def batch_tables(folders: list[Path]) -> dict[str, pd.DataFrame]:
    """Every table that ``quantify`` made, its batches put together, by name."""
    own = defaultdict(list)
    for folder in folders:
        for name in records.batch_tables(folder / "measurements.zip"):
            own[name].append(records.batch_table(folder / "measurements.zip", name))
    return {name: _together(frames) for name, frames in own.items()}


def summary(collected: Collected) -> str:
    """What a run ends with: how many recordings of each assay were measured, flagged, failed, and why."""
    lines = []
    per_recording = collected.recordings.drop_duplicates(["assay", "recording"])
    for assay, rows in per_recording[per_recording["recording"].ne("")].groupby("assay", sort=True):
        counts = rows["status"].value_counts()
        told = ", ".join(f"{counts.get(status, 0)} {status}" for status in ("ok", "flagged", "failed"))
        lines.append(f"{assays.title(assay)}: {len(rows)} recordings ({told})")
        for row in rows[rows["status"].eq("failed")].head(10).itertuples():
            lines.append(f"  failed: {row.recording}: {row.reason}")
        if counts.get("failed", 0) > 10:
            lines.append(f"  ... and {counts['failed'] - 10} more; all are listed in recordings.csv")
    return "\n".join(lines) + "\n"


def review_items(items: pd.DataFrame, checks: pd.DataFrame, batches: dict[str, list[str]]) -> Iterator[dict]:
    """What the review page shows of each recording, batch by batch, so that pictures never fill the memory."""
    known = {(row["assay"], row["recording"]): row for row in items.fillna("").to_dict("records")}
    by_recording = defaultdict(list)
    for check in checks.astype(object).where(checks.notna(), None).to_dict("records"):
        by_recording[check["assay"], check["recording"]].append(check)
    for assay, folders in batches.items():
        for folder in folders:
            ingested = records.read_manifest(Path(folder) / "recordings.zip")
            checked = records.read_batch(Path(folder) / "checks.zip")
            for before, record in zip(ingested, checked, strict=True):
                for name, _, _ in _named(assay, before):
                    item = known[assay, name]
                    yield {
                        **{
                            key: item[key]
                            for key in ("assay", "recording", "animal", "status", "reason", "item_sha256")
                        },
                        "assay_title": assays.title(assay),
                        "figures": record.figures.get(name, []),
                        "checks": by_recording.get((assay, name), []),
                    }


def names_in(assay: str, record: Record) -> list[str]:
    """Names of the recordings in a record: those sharing a file, and the group itself where it counts as one."""
    return [name for name, _, _ in _named(assay, record)]


def _assay(assay: str, folders: list[Path], settings: dict, table_file: dict) -> Collected:
    """The tables of one assay."""
    tables = batch_tables(folders)
    measured = tables.pop("measurements", pd.DataFrame())
    checked, found = _checked(folders)
    figures: list[Figure] = []
    failures = [row for record in found for row in _failure_rows(assay, record)]
    measured_all = _together([measured, pd.DataFrame(_failed_measurements(assay, failures))])
    checked_all = _together([*checked, pd.DataFrame(_failed_checks(failures))])
    if assays.has(assay, "cohort"):
        rows = _cohort_rows(found)
        summarise = assays.stage(assay, "cohort").summarise
        more = summarise({**tables, "measurements": measured_all}, rows, **settings.get("cohort", {}))
        measured_all = _together([measured_all, more.pop("measurements", pd.DataFrame())])
        checked_all = _together([checked_all, more.pop("checks", pd.DataFrame())])
        figures = more.pop("figures", [])
        tables = {name: table for name, table in {**tables, **more}.items() if table is not None}
    measured_all, checked_all = measured_all.assign(assay=assay), checked_all.assign(assay=assay)
    recordings = _recordings(assay, found, measured_all, checked_all, table_file)
    items = _items(recordings, measured_all, _rows_alone(assay, found))
    return Collected(measured_all, checked_all, recordings, items, {assay: tables}, {assay: figures})


def _checked(folders: list[Path]) -> tuple[list[pd.DataFrame], list[Record]]:
    """Checks of all batches of an assay, and their bare records with what became of them."""
    checked, found = [], []
    for folder in folders:
        ingested = records.read_manifest(folder / "recordings.zip")
        later = records.read_manifest(folder / "measurements.zip")
        last = records.read_manifest(folder / "checks.zip")
        for record, *others in zip(ingested, later, last, strict=True):
            failed = next((other for other in others if other.status == "failed"), None)
            if record.status != "failed" and failed:
                record.status, record.reason = failed.status, failed.reason
            found.append(record)
        checked.append(records.batch_table(folder / "checks.zip", "checks"))
    return checked, found


def _together(frames: list[pd.DataFrame]) -> pd.DataFrame:
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()


def _cohort_rows(found: list[Record]) -> dict[str, pd.DataFrame]:
    """The cohort's own rows of all groups, each once."""
    gathered = defaultdict(dict)
    for record in found:
        for name, rows in record.rows.items():
            for row in rows:
                gathered[name][files.digest(row)] = row
    return {name: pd.DataFrame(list(rows.values())) for name, rows in gathered.items()}


def _named(assay: str, record: Record) -> list[tuple[str, str | None, list[dict]]]:
    """Recordings of a group: name, animal, and their rows of the main table.

    ``whole`` in the assay's ``group_by`` makes the group a recording too: what is measured in all of it together.
    """
    group_by = assays.described(assay, "tables.schema")["group_by"]
    column = group_by.get("recording", "recording")
    rows = defaultdict(list)
    shared = assays.described(assay, "tables.schema")["tables"][group_by["table"]].get("shared_rows")
    for row in record.rows[group_by["table"]]:
        if not (shared and row[shared["where"]]):
            rows[cohort.first_filled(row, column)].append(row)
    named = [(name, rows_of[0].get("animal"), rows_of) for name, rows_of in rows.items()]
    if group_by.get("whole") and record.name not in rows:
        named.append((record.name, named[0][1], []))
    return named


def _failure_rows(assay: str, record: Record) -> list[dict]:
    if record.status != "failed":
        return []
    return [
        {"recording": name, "animal": animal, "reason": record.reason, "session": (rows or [{}])[0].get("session")}
        for name, animal, rows in _named(assay, record)
    ]


def _failed_measurements(assay: str, failures: list[dict]) -> list[dict]:
    """An empty value with its reason for each measure a failed recording should have given."""
    always = {name: facts for name, facts in assays.described(assay, "measures").items() if facts.get("always")}
    return [
        measures.measurement(
            name,
            None,
            unit=facts["unit"],
            animal=failure["animal"],
            recording=failure["recording"],
            reason=failure["reason"],
            session=failure["session"],
        )
        for failure in failures
        for name, facts in always.items()
    ]


def _failed_checks(failures: list[dict]) -> list[dict]:
    return [
        measures.check(
            UNREADABLE,
            None,
            recording=failure["recording"],
            animal=failure["animal"],
            verdict="fail",
            message=failure["reason"],
        )
        for failure in failures
    ]


def _recordings(
    assay: str, found: list[Record], measured: pd.DataFrame, checked: pd.DataFrame, table_file: dict
) -> pd.DataFrame:
    """One row per recording and file, with its status."""
    status = _statuses(measured, checked)
    file_columns = _file_columns(assay)
    made = []
    for record in found:
        sources = {source["path"]: source for source in record.sources}
        used = set()
        for name, animal, rows in _named(assay, record):
            paths = _paths(rows, file_columns)
            used |= set(paths)
            state, reason = status.get(name, ("ok", ""))
            if record.status == "failed":
                state, reason = "failed", record.reason
            for source in [sources[path] for path in paths] or [table_file]:
                made.append(_recording_row(assay, name, animal, source, state, reason))
        for path in sorted(set(sources) - used):
            made.append(_recording_row(assay, "", None, sources[path], record.status, record.reason))
    return pd.DataFrame(made, columns=measures.RECORDING_COLUMNS).drop_duplicates(ignore_index=True)


def _file_columns(assay: str) -> list[str]:
    """Columns of the assay's main table that name files."""
    main = assays.described(assay, "tables.schema")["group_by"]["table"]
    columns = assays.described(assay, "tables.schema")["tables"][main]["columns"]
    return [column for column, rule in columns.items() if rule["type"] == "file"]


def _paths(rows: list[dict], file_columns: list[str]) -> list[str]:
    return list(dict.fromkeys(row[column] for row in rows for column in file_columns if row.get(column)))


def _rows_alone(assay: str, found: list[Record]) -> dict[str, str]:
    """Fingerprint of the rows of each recording without a file; other rows of the same table are none of its own.

    A group that is itself a recording has all its rows.
    """
    main = assays.described(assay, "tables.schema")["group_by"]["table"]
    file_columns = _file_columns(assay)
    return {
        name: files.digest(sorted(files.digest(row) for row in rows or record.rows[main]))
        for record in found
        for name, _, rows in _named(assay, record)
        if not _paths(rows, file_columns)
    }


def _recording_row(assay: str, name: str, animal: str | None, source: dict, status: str, reason: str) -> dict:
    facts = {key: source[key] for key in ("path", "sha256", "bytes")}
    return {"assay": assay, "recording": name, "animal": animal, **facts, "status": status, "reason": reason}


def _statuses(measured: pd.DataFrame, checked: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """Status and reason of each recording, from its measurements and checks."""
    status = {}
    if len(checked):
        doubtful = checked[checked["verdict"].ne("pass")]
        for name, messages in doubtful.groupby("recording")["message"]:
            status[name] = ("flagged", "; ".join(dict.fromkeys(messages.dropna())))
    if len(measured):
        failed = measured["status"].eq("failed").groupby(measured["recording"]).all()
        reasons = measured.groupby("recording")["reason"].first()
        for name in failed[failed].index:
            status[name] = ("failed", reasons[name])
    return status


def _items(recordings: pd.DataFrame, measured: pd.DataFrame, rows_alone: dict[str, str]) -> pd.DataFrame:
    """What reviewers judge: one item per recording, with a fingerprint of its content.

    The content is what was recorded (its files, or its own rows where it has none) and what was measured in it;
    when either changes, a decision made on the old content counts no more.
    """
    if not len(recordings):
        return _no_items()
    values = defaultdict(list)
    told = ["recording", "measure", "analyte", "sample", "time_min", "value"]
    for name, *words, value in measured.reindex(columns=told).itertuples(index=False):
        values[name].append([*map(str, words), f"{float('nan') if value is None else value:.6g}"])
    made = []
    named = recordings[recordings["recording"].ne("")]
    for (assay, name), rows in named.groupby(["assay", "recording"], sort=True):
        recorded = [rows_alone[name]] if name in rows_alone else sorted(rows["sha256"])
        content = [recorded, sorted(values[name])]
        first = rows.iloc[0]
        made.append(
            {
                "assay": assay,
                "recording": name,
                "animal": first["animal"],
                "status": first["status"],
                "reason": first["reason"],
                "item_sha256": files.digest(content),
            }
        )
    return pd.DataFrame(made)


def _no_items() -> pd.DataFrame:
    return pd.DataFrame(columns=["assay", "recording", "animal", "status", "reason", "item_sha256"])


def _without_recording(assay: str, part: Collected, animals: pd.DataFrame) -> pd.DataFrame:
    """A check row for every animal the assay has no recording of, unless its recordings name no animals."""
    seen = set(part.measurements.get("animal", pd.Series(dtype=object)).dropna())
    if not seen:
        return pd.DataFrame()
    return pd.DataFrame(
        [
            {
                **measures.check(
                    "recording_present",
                    None,
                    recording="",
                    animal=animal,
                    verdict="warn",
                    message=f"no recording of this animal in {assays.title(assay).lower()}",
                ),
                "assay": assay,
            }
            for animal in animals["animal"]
            if animal not in seen
        ]
    )


def _shaped(frames: list[pd.DataFrame], columns: tuple[str, ...]) -> pd.DataFrame:
    """Frames put together with exactly the contract's columns, in a stable order."""
    together = _together(frames).reindex(columns=list(columns))
    keys = [
        name for name in ("assay", "animal", "recording", "measure", "check", "sample", "time_min") if name in columns
    ]
    return together.sort_values(keys, kind="stable", ignore_index=True)
