"""What a stage knows of a recording, and the batch file that carries it to the next stage.

A ``Record`` is what ``ingest``, ``quantify`` and ``qc`` of every assay return. A batch file holds the
records of one batch: a zip with a manifest, each kind of table once for the whole batch (Parquet,
quick for 2,000 small recordings), and arrays and figures one by one.
"""

import io
import json
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from ketaflow.core import files

OWNER = "_record"
# Fixed, so that equal content gives equal bytes; 1980 is the earliest date a zip can hold.
ZIP_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass
class Figure:
    """A picture for the reviewer: SVG text, or an encoded image (``media`` such as image/webp).

    ``title`` and ``caption`` are shown beside it; neither may name the animal, arm or file.
    """

    title: str
    content: str | bytes
    media: str = "image/svg+xml"
    caption: str = ""


@dataclass
class Record:
    """One recording (or those sharing a file) after one stage.

    ``facts`` must survive JSON. ``tables`` are data frames or lists of plain dicts. ``arrays`` are
    pictures and signals. ``figures`` maps the recording's name to what its reviewer sees.
    ``rows`` are the cohort's own rows, carried along from ingest.
    """

    name: str = ""
    facts: dict = field(default_factory=dict)
    tables: dict[str, pd.DataFrame | list[dict]] = field(default_factory=dict)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    figures: dict[str, list[Figure]] = field(default_factory=dict)
    rows: dict[str, list[dict]] = field(default_factory=dict)
    status: str = "ok"
    reason: str = ""
    key: str = ""
    sources: list[dict] = field(default_factory=list)

    def table(self, name: str) -> pd.DataFrame:
        """The table as a data frame; empty where there is none of that name."""
        content = self.tables.get(name, [])
        return content if isinstance(content, pd.DataFrame) else pd.DataFrame(content)


def write_batch(records: list[Record], path: str | Path) -> None:
    """Write a batch file, whole or not at all."""
    with files.written_aside(path) as aside, zipfile.ZipFile(aside, "w") as archive:
        _put(archive, "manifest.json", json.dumps([_manifest(record) for record in records]).encode())
        for name in dict.fromkeys(name for record in records for name in record.tables):
            _put(archive, f"tables/{name}.parquet", _parquet(records, name), compressed=False)
        for index, record in enumerate(records):
            for name, array in record.arrays.items():
                _put(archive, f"arrays/{index}/{name}.npy", _npy(array))
            for recording, figures in record.figures.items():
                for number, figure in enumerate(figures):
                    content = figure.content
                    raw = content.encode() if isinstance(content, str) else content
                    _put(archive, f"figures/{index}/{recording}/{number}", raw, isinstance(content, str))


def read_batch(path: str | Path, *, tables_only: bool = False) -> list[Record]:
    """Records of a batch file, in the order they were written; without arrays and figures if only tables are asked."""
    with zipfile.ZipFile(path) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        records = [_bare(entry) for entry in manifest]
        for info in archive.infolist():
            kind, _, rest = info.filename.partition("/")
            if kind == "tables":
                name = rest.removesuffix(".parquet")
                _share_out(
                    archive.read(info), name, records, [entry.get("columns", {}).get(name) for entry in manifest]
                )
            elif kind == "arrays" and not tables_only:
                index, _, name = rest.partition("/")
                array = np.load(io.BytesIO(archive.read(info)), allow_pickle=False)
                records[int(index)].arrays[name.removesuffix(".npy")] = array
        if not tables_only:
            for index, entry in enumerate(manifest):
                records[index].figures = _figures(archive, index, entry)
    return records


def read_manifest(path: str | Path) -> list[Record]:
    """Records of a batch file without their tables, arrays and figures: names, facts, rows, status, sources."""
    with zipfile.ZipFile(path) as archive:
        return [_bare(entry) for entry in json.loads(archive.read("manifest.json"))]


def batch_table(path: str | Path, name: str) -> pd.DataFrame:
    """One kind of table of a whole batch, without unpacking its records; empty where there is none."""
    with zipfile.ZipFile(path) as archive:
        member = f"tables/{name}.parquet"
        if member not in archive.namelist():
            return pd.DataFrame()
        return _from_parquet(archive.read(member)).drop(columns=OWNER)


def batch_tables(path: str | Path) -> list[str]:
    """Names of the tables a batch file holds."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    return [name[len("tables/") : -len(".parquet")] for name in names if name.startswith("tables/")]


def _manifest(record: Record) -> dict:
    figures = {
        recording: [{"title": figure.title, "media": figure.media, "caption": figure.caption} for figure in figures]
        for recording, figures in record.figures.items()
    }
    plain = {name: getattr(record, name) for name in ("name", "facts", "rows", "status", "reason", "key", "sources")}
    frames = {name: table for name, table in record.tables.items() if isinstance(table, pd.DataFrame)}
    return {**plain, "figures": figures, "columns": {name: list(table.columns) for name, table in frames.items()}}


def _bare(entry: dict) -> Record:
    return Record(**{name: value for name, value in entry.items() if name not in ("figures", "columns")})


def _figures(archive: zipfile.ZipFile, index: int, entry: dict) -> dict[str, list[Figure]]:
    figures = {}
    for recording, described in entry["figures"].items():
        figures[recording] = []
        for number, facts in enumerate(described):
            raw = archive.read(f"figures/{index}/{recording}/{number}")
            content = raw.decode() if facts["media"] == "image/svg+xml" else raw
            figures[recording].append(Figure(facts["title"], content, facts["media"], facts["caption"]))
    return figures


def _parquet(records: list[Record], name: str) -> bytes:
    from pyarrow import Table, parquet

    plain, frames = [], []
    for index, record in enumerate(records):
        content = record.tables.get(name)
        if isinstance(content, pd.DataFrame):
            frames.append(content.assign(**{OWNER: index}))
        elif content:
            plain += [{**row, OWNER: index} for row in content]
    if plain:
        frames.append(pd.DataFrame(plain))
    together = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame({OWNER: []})
    buffer = io.BytesIO()
    parquet.write_table(Table.from_pandas(together, preserve_index=False, nthreads=1), buffer, compression="zstd")
    return buffer.getvalue()


def _from_parquet(raw: bytes) -> pd.DataFrame:
    """A table as it was written. Read without Arrow's threads, which now and then end the whole process as it exits.

    See apache/arrow, issue 34314.
    """
    from pyarrow import parquet

    table = parquet.ParquetFile(io.BytesIO(raw), pre_buffer=False).read(use_threads=False)
    return table.to_pandas(use_threads=False)


def _share_out(raw: bytes, name: str, records: list[Record], columns: list[list[str] | None]) -> None:
    """Give every record its rows, with the columns it had: those that only others of the batch have are theirs."""
    together = _from_parquet(raw)
    owners = together.pop(OWNER).to_numpy().astype(int)
    order = np.argsort(owners, kind="stable")
    together, owners = together.iloc[order], owners[order]
    for index in np.unique(owners):
        first, last = np.searchsorted(owners, [index, index + 1])
        own = together.iloc[first:last].reset_index(drop=True)
        records[index].tables[name] = own if columns[index] is None else own[columns[index]]


def _npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _put(archive: zipfile.ZipFile, name: str, content: bytes, compressed: bool = True) -> None:
    info = zipfile.ZipInfo(name, ZIP_DATE)
    info.compress_type = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    archive.writestr(info, content, compresslevel=1 if compressed else None)
