"""The file that carries one batch of records from stage to stage.

In: outcomes, each with the dataclass that a stage returned. Out: a zip with a manifest (JSON), each published table
once for the whole batch (Parquet, quick for 2,000 small recordings), and the other arrays, frames and bytes one by
one. Equal content gives equal bytes.
"""

import dataclasses
import hashlib
import io
import json
import typing
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import pandas as pd

from ketaflow.core import files
from ketaflow.core.results import PUBLISHED
from ketaflow.engine.codec import NO_PARTS, codec, hints

Content = TypeVar("Content")

OWNER = "_record"
# Fixed, so that equal content gives equal bytes; 1980 is the earliest date a zip can hold.
ZIP_DATE = (1980, 1, 1, 0, 0, 0)
# Small arrays are kept while a batch is read, for the records that share them: so many, of this size at most.
SMALL_BYTES = 100_000
KEPT_PARTS = 256
HEADINGS, CONTENTS = "headings.json", "contents.json"


@dataclass(frozen=True)
class Source:
    """One instrument file: its path, fingerprint and size, or why it could not be read."""

    path: str
    sha256: str
    bytes: int | None
    error: str = ""


@dataclass(frozen=True)
class ExpectedMeasure:
    """A measure that a recording gives unless it fails, with the protein and region that its rows name."""

    measure: str
    analyte: str | None = None
    region: str | None = None


@dataclass(frozen=True)
class NamedRecording:
    """One recording of a group as measurements, checks and the review name it.

    ``paths`` are its files, ``rows_sha256`` the fingerprint of its rows where it consists of rows alone, ``expected``
    the measures that it gives unless it fails.
    """

    name: str
    animal: str | None
    session: str | None
    paths: tuple[str, ...]
    rows_sha256: str
    expected: tuple[ExpectedMeasure, ...] = ()


@dataclass(frozen=True)
class Outcome(Generic[Content]):
    """What one stage made of one group of recordings that are read together.

    Attributes
    ----------
    name : str
        Name of the group.
    content : dataclass or None
        What the stage returned; None where it failed, or where only the manifest was read.
    status, reason : str
        ``ok`` or ``failed``, and why.
    key : str
        Fingerprint of all that the content depends on.
    recordings : tuple of NamedRecording
        The recordings of the group.
    sources : tuple of Source
        The files of the group.
    made : str
        Record of the job that made the content, as JSON; an earlier job's where the content was taken from the cache.
    """

    name: str
    content: Content | None = None
    status: str = "ok"
    reason: str = ""
    key: str = ""
    recordings: tuple[NamedRecording, ...] = ()
    sources: tuple[Source, ...] = ()
    made: str = ""


@dataclass(frozen=True)
class _Heading:
    """What the manifest holds of an outcome beside its content."""

    name: str
    status: str
    reason: str
    key: str
    recordings: tuple[NamedRecording, ...]
    sources: tuple[Source, ...]
    made: str


class _Shelf:
    """The parts of the records inside an archive, written or read; a part that several records share is there once."""

    def __init__(self, archive: zipfile.ZipFile):
        self._archive = archive
        self._numbers: dict[bytes, int] = {}
        self._small: dict[int, np.ndarray] = {}

    def put(self, content: Any) -> int:
        ending, raw = _encoded(content)
        number = len(self._numbers) + 1
        known = self._numbers.setdefault(hashlib.sha256(ending.encode() + raw).digest(), number)
        if known == number:
            _put(self._archive, f"parts/{number}.{ending}", raw, compressed=ending in ("npy", "txt"))
        return known

    def get(self, number: int) -> Any:
        if number in self._small:
            return self._small[number].copy()
        content = self._read(number)
        if isinstance(content, np.ndarray) and content.nbytes <= SMALL_BYTES:
            if len(self._small) == KEPT_PARTS:
                self._small.pop(next(iter(self._small)))
            self._small[number] = content.copy()
        return content

    def _read(self, number: int) -> Any:
        known, name = self._archive.NameToInfo, f"parts/{number}"
        if f"{name}.npy" in known:
            return np.load(io.BytesIO(self._archive.read(f"{name}.npy")), allow_pickle=False)
        if f"{name}.parquet" in known:
            return _from_parquet(self._archive.read(f"{name}.parquet"))
        if f"{name}.txt" in known:
            return self._archive.read(f"{name}.txt").decode()
        return self._archive.read(f"{name}.bin")


def _encoded(content: Any) -> tuple[str, bytes]:
    """Ending and bytes of a part."""
    if isinstance(content, np.ndarray):
        return "npy", _npy(content)
    if isinstance(content, pd.DataFrame):
        return "parquet", _to_parquet(content)
    return ("txt", content.encode()) if isinstance(content, str) else ("bin", content)


def _json(content: Any) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode()


def write(outcomes: list[Outcome[Any]], kind: type, path: str | Path) -> None:
    """Write a batch file, whole or not at all.

    Parameters
    ----------
    outcomes : list of Outcome
        In the order in which they will be read.
    kind : type
        The dataclass of their contents.
    path : path-like
        The zip file.
    """
    with files.written_aside(path) as aside, zipfile.ZipFile(aside, "w") as archive:
        _put(archive, HEADINGS, _json([_heading(outcome) for outcome in outcomes]))
        shelf = _Shelf(archive)
        contents = [_content(shelf, outcome.content, kind) for outcome in outcomes]
        _put(archive, CONTENTS, _json(contents))
        for name in _published(kind):
            owners = [(index, getattr(one.content, name)) for index, one in enumerate(outcomes) if one.content]
            if together := _batch_table(owners):
                _put(archive, f"tables/{name}.parquet", together, compressed=False)


def read(path: str | Path, kind: type[Content]) -> list[Outcome[Content]]:
    """Read the outcomes of a batch file, in the order in which they were written."""
    return list(matching(path, kind))


def without_tables(path: str | Path, kind: type[Content]) -> list[Outcome[Content]]:
    """Read the outcomes of a batch file without the rows of their published tables, which must have a default."""
    return list(matching(path, kind, with_tables=False))


def matching(
    path: str | Path, kind: type[Content], keys: frozenset[str] | None = None, *, with_tables: bool = True
) -> Iterator[Outcome[Content]]:
    """Yield the outcomes of a batch file; only those that did not fail and have one of ``keys`` if keys are given."""
    with zipfile.ZipFile(path) as archive:
        outcomes = _outcomes(archive)
        contents = json.loads(archive.read(CONTENTS))
        wanted = [
            index
            for index, outcome in enumerate(outcomes)
            if keys is None or (contents[index] is not None and outcome.key in keys)
        ]
        own: Any = kind
        published = _published(own) if wanted and with_tables else ()
        tables = {name: _Shares(archive, name, hints(own)[name]) for name in published}
        shelf = _Shelf(archive)
        for index in wanted:
            yield replace(outcomes[index], content=_filled(shelf, index, contents[index], own, tables))


def headings(path: str | Path) -> list[Outcome[Any]]:
    """Read the outcomes of a batch file without their contents."""
    with zipfile.ZipFile(path) as archive:
        return _outcomes(archive)


def table(path: str | Path, name: str) -> pd.DataFrame:
    """Read one published table of a whole batch without unpacking its records.

    Parameters
    ----------
    path : str or Path
        A batch file.
    name : str
        Name of the table.

    Returns
    -------
    data frame
        Rows of all records of the batch, in their order; without rows and columns if no record has the table.
    """
    with zipfile.ZipFile(path) as archive:
        member = f"tables/{name}.parquet"
        if member not in archive.NameToInfo:
            return pd.DataFrame()
        return _from_parquet(archive.read(member)).drop(columns=OWNER)


def tables(path: str | Path) -> list[str]:
    """Names of the published tables a batch file holds."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    return [name[len("tables/") : -len(".parquet")] for name in names if name.startswith("tables/")]


@cache
def _published(kind: type) -> tuple[str, ...]:
    return tuple(one.name for one in dataclasses.fields(kind) if PUBLISHED in one.metadata)


@cache
def _kept(kind: type) -> dict[str, Any]:
    """Codecs of the fields that stay in the manifest, by name."""
    annotations, published = hints(kind), _published(kind)
    return {one.name: codec(annotations[one.name]) for one in dataclasses.fields(kind) if one.name not in published}


def _heading(outcome: Outcome[Any]) -> Any:
    heading = {one.name: getattr(outcome, one.name) for one in dataclasses.fields(_Heading)}
    return codec(_Heading).encode(_Heading(**heading), NO_PARTS)


def _outcomes(archive: zipfile.ZipFile) -> list[Outcome[Any]]:
    read = codec(_Heading).decode
    return [Outcome(**vars(read(entry, NO_PARTS))) for entry in json.loads(archive.read(HEADINGS))]


def _content(shelf: _Shelf, content: Any, kind: type) -> dict[str, Any] | None:
    if content is None:
        return None
    frames = {name: getattr(content, name) for name in _published(kind)}
    return {
        "fields": {name: one.encode(getattr(content, name), shelf) for name, one in _kept(kind).items()},
        "columns": {name: list(frame.columns) for name, frame in frames.items() if isinstance(frame, pd.DataFrame)},
    }


def _filled(shelf: _Shelf, index: int, entry: dict[str, Any] | None, kind: type, tables: dict[str, "_Shares"]) -> Any:
    if entry is None:
        return None
    fields = {name: one.decode(entry["fields"][name], shelf) for name, one in _kept(kind).items()}
    return kind(**fields, **{name: share.of(index, entry["columns"].get(name)) for name, share in tables.items()})


class _Shares:
    """One published table of a batch, handed out record by record."""

    def __init__(self, archive: zipfile.ZipFile, name: str, annotation: Any):
        row = typing.get_args(annotation)
        self._row = row[0] if row and dataclasses.is_dataclass(row[0]) else None
        member = f"tables/{name}.parquet"
        there = member in archive.NameToInfo
        together = _from_parquet(archive.read(member)) if there else pd.DataFrame({OWNER: []})
        owners = together.pop(OWNER).to_numpy().astype(int)
        order = np.argsort(owners, kind="stable")
        self._owners, self._table = owners[order], together.iloc[order]
        self._rows = _built(self._table, self._row) if self._row else []

    def of(self, index: int, columns: list[str] | None) -> Any:
        """Rows of one record: dataclasses, or a data frame with the columns it was written with."""
        first, last = np.searchsorted(self._owners, [index, index + 1])
        if self._row:
            return self._rows[first:last]
        own = self._table.iloc[first:last].reset_index(drop=True)
        return own if columns is None else own.reindex(columns=columns)


def _built(frame: pd.DataFrame, kind: Any) -> list[Any]:
    """Rows of a data frame as dataclasses; missing values are None where the field allows it, else NaN."""
    if frame.empty:
        return []
    columns = [
        _cells(frame[one.name], hints(kind)[one.name]) if one.name in frame else [one.default] * len(frame)
        for one in dataclasses.fields(kind)
    ]
    return [kind(*cells) for cells in zip(*columns, strict=True)]


def _cells(column: pd.Series, annotation: Any) -> list[Any]:
    kinds = set(typing.get_args(annotation)) or {annotation}
    cells, missing = column.tolist(), column.isna()
    if int in kinds and float not in kinds:
        cells = [cell if gone else int(cell) for cell, gone in zip(cells, missing, strict=True)]
    if type(None) in kinds and missing.any():
        return [None if gone else cell for cell, gone in zip(cells, missing, strict=True)]
    return cells


def _batch_table(owned: list[tuple[int, Any]]) -> bytes:
    """One kind of table of all records of a batch, each row with the number of its record; empty without rows."""
    plain: list[dict[str, Any]] = []
    frames = []
    for index, content in owned:
        if isinstance(content, pd.DataFrame):
            if len(content.columns):
                frames.append(content.assign(**{OWNER: index}))
        else:
            plain += [{**vars(row), OWNER: index} for row in content]
    if plain:
        frames.append(pd.DataFrame(plain))
    filled = [frame for frame in frames if len(frame)] or frames[:1]
    return _to_parquet(pd.concat(filled, ignore_index=True)) if filled else b""


def _to_parquet(frame: pd.DataFrame) -> bytes:
    from pyarrow import Table, parquet

    buffer = io.BytesIO()
    parquet.write_table(Table.from_pandas(frame, preserve_index=False, nthreads=1), buffer, compression="zstd")
    return buffer.getvalue()


def _from_parquet(raw: bytes) -> pd.DataFrame:
    """A table as it was written, read without Arrow's threads.

    With threads, Arrow now and then aborts the whole process while it exits (apache/arrow, issue 34314).
    """
    from pyarrow import parquet

    content = parquet.ParquetFile(io.BytesIO(raw), pre_buffer=False).read(use_threads=False)
    return content.to_pandas(use_threads=False)


def _npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _put(archive: zipfile.ZipFile, name: str, content: bytes, compressed: bool = True) -> None:
    info = zipfile.ZipInfo(name, ZIP_DATE)
    info.compress_type = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    archive.writestr(info, content, compresslevel=1 if compressed else None)
