"""Stages that still return a Record; goes once every assay is typed.

A job is a batch of recordings: which recordings share one, and how a stage is run over it.

Batches come from a stable hash of the group's name, so that one more animal disturbs one batch.
Inside a batch every record has its own status: one that fails never stops the others. A record whose
files, rows, settings and code are unchanged is taken from the batch's last output, kept in the cache.
"""

import contextlib
import os
import shutil
import traceback
import zipfile
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from time import perf_counter
from typing import Any

from ketaflow import assays
from ketaflow.core import files, records
from ketaflow.core.cohort import Group
from ketaflow.core.errors import IngestError
from ketaflow.core.records import Record
from ketaflow.engine import recordings
from ketaflow.engine.batch_files import Outcome, Source

# Stands in a record's key between what was read and what came in by tables for later stages.
LATER = "+"


def ingest(job: Any, own: Any, groups: list[Group], folder: Path) -> int:
    """Read a batch."""
    later = {
        name for name, schema in assays.described(job.assay, "tables.schema")["tables"].items() if schema.get("later")
    }
    done = ingest_batch(groups, folder, own.run, job.settings, code=job.code, cache=job.cache, later=later)
    write(done, job.output, job.cache)
    return sum(record.status == "failed" for record in done)


def follow(job: Any, own: Any, earlier: Any) -> int:
    """Run a later stage."""
    inputs = list(zip(*(records.read_batch(path) for path in earlier), strict=True))
    done = stage_batch(inputs, own.run, job.settings, code=job.code, cache=job.cache)
    write(done, job.output, job.cache)
    return sum(record.status == "failed" for record in done)


def is_legacy(path: str | Path) -> bool:
    """Whether a batch file holds Records."""
    with zipfile.ZipFile(path) as archive:
        return "manifest.json" in archive.namelist()


def headings(path: str | Path, assay: str) -> list[Outcome[Any]]:
    """Headings of a batch file."""
    made = []
    for record in records.read_manifest(path):
        named = recordings.named(assay, Group(record.name, record.rows)) if record.rows else ()
        sources = tuple(Source(**source) for source in record.sources)
        made.append(Outcome(record.name, None, record.status, record.reason, record.key, named, sources))
    return made


def ingest_batch(
    groups: list[Group],
    folder: Path,
    ingest: Callable[..., Record],
    settings: dict,
    *,
    code: str,
    cache: Path,
    later: Collection[str] = (),
) -> list[Record]:
    """Read every group of a batch; ``ingest(rows, folder, **settings)`` reads one.

    Tables named by ``later`` are for the stages after this one: a change in them, or in a file that only they name,
    reads nothing again.
    """
    known = {key.partition(LATER)[0]: record for key, record in _cached(cache).items()}
    done = []
    for group in groups:
        sources = [_source(folder, path) for path in group.files]
        now = {name: rows for name, rows in group.rows.items() if name not in later}
        after = {name: rows for name, rows in group.rows.items() if name in later}
        named = {value for rows in now.values() for row in rows for value in row.values()}
        shas = [source["sha256"] for source in sources if not after or source["path"] in named]
        key = files.digest([now, shas, settings, code])
        record = known.get(key) or _attempt(group.name, ingest, now, folder, **settings)
        record.name, record.rows, record.sources = group.name, group.rows, sources
        record.key = key + LATER + files.digest([after, sources]) if after else key
        done.append(record)
    return done


def stage_batch(
    inputs: Iterable[tuple[Record, ...]],
    stage: Callable[..., Record],
    settings: dict,
    *,
    code: str,
    cache: Path,
) -> list[Record]:
    """Run ``stage(*records, **settings)`` over a batch; a record that failed before is passed on as failed."""
    known = _cached(cache)
    done = []
    for before in inputs:
        key = files.digest([[record.key for record in before], settings, code])
        failed = next((record for record in before if record.status == "failed"), None)
        if failed:
            record = Record(status="failed", reason=failed.reason)
        else:
            record = known.get(key) or _attempt(before[0].name, stage, *before, **settings)
        record.name, record.key = before[0].name, key
        done.append(record)
    return done


def write(done: list[Record], output: str | Path, cache: Path) -> None:
    """Write a batch file and keep it as the cache of the next run."""
    records.write_batch(done, output)
    cache.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        cache.unlink()
    try:
        os.link(output, cache)
    except OSError:
        with files.written_aside(cache) as aside:
            shutil.copyfile(output, aside)


def _attempt(name: str, stage: Callable[..., Record], *inputs: object, **settings: object) -> Record:
    """One record of one stage; what goes wrong becomes its reason, with the traceback in the log."""
    start = perf_counter()
    try:
        record = stage(*inputs, **settings)
    except IngestError as error:
        print(f"{name}: failed: {error}")
        return Record(status="failed", reason=str(error))
    except Exception as error:
        if files.is_of_the_machine(error):
            raise
        traceback.print_exc()
        what = f"{type(error).__name__}: {error}".strip(": ")
        return Record(
            status="failed", reason=f"this recording could not be worked on ({what}); the log has the details"
        )
    print(f"{name}: done in {perf_counter() - start:.2f} s")
    return record


def _cached(cache: Path) -> dict[str, Record]:
    """Good records of earlier runs by their key: this batch's, and those of the batches it came from or became."""
    related = [
        path
        for path in cache.parent.glob("b*.zip")
        if path.stem.startswith(cache.stem) or cache.stem.startswith(path.stem)
    ]
    known = {}
    for path in related:
        try:
            known.update({record.key: record for record in records.read_batch(path) if record.status != "failed"})
        except Exception as error:
            print(f"{path.name}: not used as cache ({error})")
    return known


def _source(folder: Path, path: str) -> dict:
    full = folder / path
    try:
        size = sum(part.stat().st_size for part in full.rglob("*")) if full.is_dir() else full.stat().st_size
        return {"path": path, "sha256": files.sha256(full), "bytes": size}
    except OSError as error:
        return {"path": path, "sha256": "", "bytes": None, "error": str(error)}


def clip(film: Any, assay: str, recording: str, batch: Any, folder: Path, path: Path, settings: Any) -> None:
    """Write a film."""
    ingested, measured = (records.read_batch(file) for file in batch)
    before, after = next(
        pair
        for pair in zip(ingested, measured, strict=True)
        if recording in recordings.names(assay, Group(pair[0].name, pair[0].rows))
    )
    if failed := next((record for record in (before, after) if record.status == "failed"), None):
        raise IngestError(f"There is no film of {recording}, for it could not be measured: {failed.reason}")
    film(before, after, recording, folder, path, **settings)
