"""Every batch of every assay put together: the tables that statistics and report work on.

In: the batch files of the three stages. Out: measurements, checks, recordings (columns in docs/results.md), each
assay's own tables, and the list of items a reviewer judges.
"""

import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from ketaflow import assays
from ketaflow.core import faults
from ketaflow.core.inputs import PART_MARK, build
from ketaflow.core.results import (
    CHECK_COLUMNS,
    MEASUREMENT_COLUMNS,
    RECORDING_COLUMNS,
    Check,
    Figure,
    Measurement,
    Tables,
    check,
    frame,
    measurement,
)
from ketaflow.engine import batch_files
from ketaflow.engine.batch_files import NamedRecording, Outcome, Source
from ketaflow.engine.codec import hints
from ketaflow.engine.collection import review_items
from ketaflow.engine.collection.batch_tables import batch_tables, together
from ketaflow.engine.recordings import repeated_parts

UNREADABLE = "readable"
# Columns of the study's tables that hold numbers; an assay without any must not turn them into objects.
NUMBERS = ("time_min", "value", "n", "low", "high")
# The check that says that an assay's stage ``cohort`` failed.
COHORT_STAGE = "cohort_summary"
# The check by which an assay's stage ``cohort`` says that a file shared by several recordings cannot be read.
SHARED_FILE = "shared_file_readable"


@dataclass(frozen=True)
class Collected:
    """All tables of a study.

    Attributes
    ----------
    measurements, checks, recordings : data frame
        Rows of measurements.csv, checks.csv and recordings.csv (columns in docs/results.md), sorted.
    items : data frame
        One row per recording to judge, see ``review_items.listed``.
    own : dict of str to dict of str to data frame
        Further tables of each assay, by assay and name.
    figures : dict of str to list of Figure
        Figures of the whole cohort, by assay.
    """

    measurements: pd.DataFrame
    checks: pd.DataFrame
    recordings: pd.DataFrame
    items: pd.DataFrame
    own: dict[str, dict[str, pd.DataFrame]] = field(default_factory=dict[str, Any])
    figures: dict[str, list[Figure]] = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class AssayInput:
    """What is collected of one assay.

    Attributes
    ----------
    folders : list of Path
        Its batch folders.
    settings : mapping
        Its whole block of the settings.
    table_file : Source
        Its main table, the source of recordings that consist of rows alone.
    more_files : tuple of Source
        Files that only tables for later stages name, such as exports of scoring programs.
    cohort : mapping of str to data frame
        Its tables of the cohort, for the stage ``cohort``; empty where it has none.
    """

    folders: list[Path]
    settings: Mapping[str, Any]
    table_file: Source
    more_files: tuple[Source, ...] = ()
    cohort: Tables = field(default_factory=dict[str, Any])


def collect(inputs: Mapping[str, AssayInput], *, animals: pd.DataFrame, imported: pd.DataFrame | None) -> Collected:
    """Put the batches of every assay together.

    Parameters
    ----------
    inputs : mapping of str to AssayInput
        What is collected, by assay.
    animals : data frame
        The cohort's table of animals; each without a recording is listed among the checks.
    imported : data frame or None
        Measurements that the cohort brings along, with the columns of the measurements table.

    Returns
    -------
    Collected
        The study's tables, with units and with the rows of recordings that failed, and each assay's own tables and
        figures.
    """
    parts = {assay: _assay(assay, given) for assay, given in inputs.items()}
    unseen = [_without_recording(assay, part, animals) for assay, part in parts.items()]
    if imported is not None:
        imported = imported.assign(status=imported["status"].fillna("ok"))
    measured = [part.measurements for part in parts.values()] + ([] if imported is None else [imported])
    return Collected(
        measurements=_shaped(measured, MEASUREMENT_COLUMNS),
        checks=_shaped([part.checks for part in parts.values()] + unseen, CHECK_COLUMNS),
        recordings=_shaped([part.recordings for part in parts.values()], RECORDING_COLUMNS),
        items=pd.concat([part.items for part in parts.values()], ignore_index=True) if parts else review_items.none(),
        own={assay: part.own[assay] for assay, part in parts.items()},
        figures={assay: part.figures.get(assay, []) for assay, part in parts.items()},
    )


def _assay(assay: str, given: AssayInput) -> Collected:
    """The tables of one assay."""
    tables = batch_tables(given.folders)
    measured = tables.pop("measurements", pd.DataFrame())
    checked, found = _checked(assay, given.folders)
    failures = [(one, outcome.reason) for outcome in found if outcome.status == "failed" for one in outcome.recordings]
    measured = together([measured, frame(_failed_measurements(failures), Measurement)])
    repeated = repeated_parts((one for outcome in found for one in outcome.recordings), measured)
    checks = together([*checked, frame([*_failed_checks(failures), *repeated], Check)])
    figures: list[Figure] = []
    if assays.has(assay, "cohort"):
        more = _attempted_summary(assay, given, {**tables, "measurements": measured})
        measured = together([measured, more.pop("measurements", pd.DataFrame())])
        checks = together([checks, more.pop("checks", pd.DataFrame())])
        figures = more.pop("figures", [])
        tables = {name: table for name, table in {**tables, **more}.items() if table is not None}
    measured, checks = _with_units(measured, assay).assign(assay=assay), checks.assign(assay=assay)
    recordings = _recordings(assay, found, measured, checks, given)
    items = review_items.listed(recordings, measured, found)
    return Collected(measured, checks, recordings, items, {assay: tables}, {assay: figures})


def _attempted_summary(assay: str, given: AssayInput, tables: dict[str, pd.DataFrame]) -> dict[str, Any]:
    """What the stage ``cohort`` adds; where it fails, a check that says so, and nothing else is lost."""
    try:
        return _summary(assay, given, tables)
    except Exception as error:
        if fault := faults.fault_of(error):
            raise fault from error
        traceback.print_exc()
        message = f"{type(error).__name__}: {error}; the log of the job has the details"
        failed = check(COHORT_STAGE, None, recording="", verdict="fail", message=message)
        return {"checks": frame([failed], Check)}


def _summary(assay: str, given: AssayInput, tables: dict[str, pd.DataFrame]) -> dict[str, Any]:
    """What an assay's stage ``cohort`` adds, by name: measurements, checks, figures, and tables of its own."""
    summarise = assays.stage(assay, "cohort").summarise
    kind = hints(summarise).get("settings")
    settings = [build(kind, given.settings.get("cohort", {}))] if kind else []
    made = summarise(tables, given.cohort, *settings)
    return {
        **made.tables,
        "measurements": frame(made.measurements, Measurement),
        "checks": frame(made.checks, Check),
        "figures": made.figures,
    }


def _with_units(measured: pd.DataFrame, assay: str) -> pd.DataFrame:
    """Measurements with the unit of their measure."""
    if not len(measured):
        return measured
    units = {name: facts["unit"] for name, facts in assays.described(assay, "measures").items()}
    return measured.assign(unit=measured["measure"].map(units))


def _checked(assay: str, folders: list[Path]) -> tuple[list[pd.DataFrame], list[Outcome[Any]]]:
    """Checks of all batches of an assay, and the headings of their records with what became of them."""
    checked, found = [], []
    for folder in folders:
        ingested, *later = (
            batch_files.headings(folder / f"{name}.zip") for name in ("recordings", "measurements", "checks")
        )
        for outcome, *others in zip(ingested, *later, strict=True):
            failed = next((other for other in others if other.status == "failed"), None)
            if outcome.status != "failed" and failed:
                outcome = replace(outcome, status=failed.status, reason=failed.reason)
            found.append(outcome)
        checked.append(batch_files.table(folder / "checks.zip", "checks"))
    return checked, found


def _failed_measurements(failures: list[tuple[NamedRecording, str]]) -> list[Measurement]:
    """An empty value with its reason for each measure that a failed recording should have given."""
    return [
        measurement(
            expected.measure,
            None,
            animal=one.animal,
            recording=one.name,
            reason=reason,
            session=one.session,
            analyte=expected.analyte,
            region=expected.region,
        )
        for one, reason in failures
        for expected in one.expected
    ]


def _failed_checks(failures: list[tuple[NamedRecording, str]]) -> list[Check]:
    return [
        check(UNREADABLE, None, recording=one.name, animal=one.animal, verdict="fail", message=reason)
        for one, reason in failures
    ]


def _recordings(
    assay: str, found: list[Outcome[Any]], measured: pd.DataFrame, checks: pd.DataFrame, given: AssayInput
) -> pd.DataFrame:
    """One row per recording and file, with its status."""
    status = _statuses(found, measured, checks)
    unread = _unread(checks)
    made = []
    for outcome in found:
        sources = {source.path: source for source in outcome.sources}
        used = set()
        for one in outcome.recordings:
            used |= set(one.paths)
            state, reason = status.get(one.name, ("ok", ""))
            if outcome.status == "failed":
                state, reason = "failed", outcome.reason
            for source in [sources[path] for path in one.paths] or [given.table_file]:
                made.append((assay, one.name, one.animal, source.path, source.sha256, source.bytes, state, reason))
        for path in sorted(set(sources) - used):
            source, state, reason, name = sources[path], outcome.status, outcome.reason, ""
            if path in unread:
                state, reason, name = "failed", unread[path], path
            made.append((assay, name, None, path, source.sha256, source.bytes, state, reason))
        for name, reason in unread.items():
            file = name.rpartition(PART_MARK)[0]
            if name not in sources and file in sources:  # a part of a file, such as a standard in a table of results
                source = sources[file]
                made.append((assay, name, None, source.path, source.sha256, source.bytes, "failed", reason))
    made += [(assay, "", None, source.path, source.sha256, source.bytes, "ok", "") for source in given.more_files]
    return pd.DataFrame(made, columns=list(RECORDING_COLUMNS)).drop_duplicates(ignore_index=True)


def _unread(checks: pd.DataFrame) -> dict[str, str]:
    """Files that belong to no recording of their own and failed a check, such as standards, with the reason."""
    if not len(checks):
        return {}
    failed = checks[checks["verdict"].eq("fail") & checks["check"].eq(SHARED_FILE)]
    return dict(zip(failed["recording"], failed["message"], strict=True))


def _statuses(found: list[Outcome[Any]], measured: pd.DataFrame, checks: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """Status and reason of each recording, from its measurements and checks.

    A recording has failed where none of the measures that it gives unless it fails has a value, or, if it has none of
    these, where no measure has one.
    """
    status: dict[str, tuple[str, str]] = {}
    if len(checks):
        doubtful = checks[checks["verdict"].ne("pass")]
        for name, messages in doubtful.groupby("recording")["message"]:
            status[str(name)] = ("flagged", "; ".join(dict.fromkeys(messages.dropna())))
    if len(measured):
        always = {
            (one.name, expected.measure) for outcome in found for one in outcome.recordings for expected in one.expected
        }
        named = zip(measured["recording"].tolist(), measured["measure"].tolist(), strict=True)
        expected = pd.Series([pair in always for pair in named], index=measured.index, dtype=bool)
        counted = measured[expected | ~measured["recording"].isin(measured.loc[expected, "recording"])]
        failed = counted["status"].eq("failed").groupby(counted["recording"]).all()
        reasons = counted[counted["status"].eq("failed")].groupby("recording")["reason"].first()
        for name in failed[failed].index:
            status[name] = ("failed", reasons[name])
    return status


def _without_recording(assay: str, part: Collected, animals: pd.DataFrame) -> pd.DataFrame:
    """A check for each animal without a recording of the assay, unless its recordings name no animals."""
    seen = set(part.measurements.get("animal", pd.Series(dtype=object)).dropna())
    if not seen:
        return pd.DataFrame()
    message = f"no recording of this animal in {assays.title(assay).lower()}"
    missing = [
        check("recording_present", None, recording="", animal=animal, verdict="warn", message=message)
        for animal in animals["animal"]
        if animal not in seen
    ]
    return frame(missing, Check).assign(assay=assay)


def _shaped(frames: list[pd.DataFrame], columns: tuple[str, ...]) -> pd.DataFrame:
    """Frames put together with exactly the contract's columns, in a stable order."""
    shaped = together(frames).reindex(columns=list(columns))
    numbers = [name for name in NUMBERS if name in columns]
    shaped[numbers] = shaped[numbers].astype(float)
    keys = [
        name for name in ("assay", "animal", "recording", "measure", "check", "sample", "time_min") if name in columns
    ]
    return shaped.sort_values(keys, kind="stable", ignore_index=True)
