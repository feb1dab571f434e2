"""Chromatograms of one animal, and the standards beside them: any export in, checked chromatograms out.

A chromatogram that cannot be read is kept as the reason for it, so that the animal's other fractions are measured.
"""

from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from ketaflow.assays.microdialysis.cohort_rows import FractionRow, StandardRow
from ketaflow.assays.microdialysis.model import Chromatogram, Dialysate, IngestSettings
from ketaflow.assays.microdialysis.readers import dispatch
from ketaflow.assays.microdialysis.readers.tables import batch_results
from ketaflow.core import faults
from ketaflow.core.errors import IngestError
from ketaflow.core.inputs import Rows, recording_name

Injection = TypeVar("Injection", FractionRow, StandardRow)


def ingest(rows: Rows, folder: Path, settings: IngestSettings) -> Dialysate:
    """Read the chromatograms of one animal and of the standards.

    Parameters
    ----------
    rows : Rows
        Rows of ``microdialysis`` (one animal's fractions) and ``microdialysis_standards``.
    folder : Path
        The folder that the paths of the chromatograms start from.
    settings : IngestSettings
        Which detector to measure, and the unit of time of plain text.

    Returns
    -------
    Dialysate
        Every chromatogram that can be read, and the reason for every other one.
    """
    fractions = rows.of("microdialysis", FractionRow)
    batches = {row.batch for row in fractions}
    every = named_standards(rows.of("microdialysis_standards", StandardRow))
    standards = [row for row in every if row.batch is None or row.batch in batches]
    found: dict[str, Chromatogram] = {}
    unreadable: dict[str, str] = {}
    own = [_with_source(row, folder, settings, found, unreadable) for row in fractions]
    shared = [_with_source(row, folder, settings, found, unreadable) for row in standards]
    return Dialysate(fractions[0].animal, own, shared, found, unreadable)


def named_standards(rows: list[StandardRow]) -> list[StandardRow]:
    """Give the standards of a file that holds several a recording each: the path and the name of the injection.

    Parameters
    ----------
    rows : list of StandardRow
        All standards.

    Returns
    -------
    list of StandardRow
        In the same order.
    """
    injections: dict[str, set[str | None]] = {}
    for row in rows:
        injections.setdefault(row.chromatogram, set()).add(row.injection)
    return [
        replace(row, recording=recording_name(row.chromatogram, row.injection))
        if len(injections[row.chromatogram]) > 1
        else row
        for row in rows
    ]


def _with_source(
    row: Injection, folder: Path, settings: IngestSettings, found: dict[str, Chromatogram], unreadable: dict[str, str]
) -> Injection:
    """The row with the name under which its chromatogram, or the reason why it cannot be read, is kept."""
    if not row.chromatogram:
        return row
    names = _sample_names(row)
    read = partial(_injection, row.chromatogram, names, folder, settings)
    try:
        one, source = faults.read_file(read, folder / row.chromatogram)
        found[source] = one
    except IngestError as error:
        source = row.recording or recording_name(row.chromatogram, row.injection)
        unreadable[source] = str(error)
    return replace(row, source=source)


def _sample_names(row: Injection) -> list[str]:
    """Names that the sample of a row may have in a file of several injections, the surest first."""
    if row.injection is not None:
        return [row.injection]
    return [f"{row.animal}_{row.fraction}", f"{row.animal}_f{row.fraction}"] if isinstance(row, FractionRow) else []


def _injection(path: str, names: list[str], folder: Path, settings: IngestSettings) -> tuple[Chromatogram, str]:
    """The chromatogram of one injection, and the name under which it is kept."""
    traces = _read(folder / path, settings.time_unit)
    samples = list(dict.fromkeys(one.sample for one in traces))
    source = path
    if len(samples) > 1:
        sample = sample_of(samples, names, Path(path).name)
        traces, source = [one for one in traces if one.sample == sample], recording_name(path, sample)
    one = chosen(traces, settings.detector, Path(path).name)
    return replace(one, time_min=np.asarray(one.time_min, float), signal=np.asarray(one.signal, float)), source


def sample_of(samples: list[str], names: list[str], file: str) -> str:
    """Find the sample of a file of several injections that a row of the table means.

    Parameters
    ----------
    samples : list of str
        Names of the samples in the file.
    names : list of str
        Names that the row may mean; case, separators and leading zeros are ignored.
    file : str
        Name of the file, for the message.

    Returns
    -------
    str

    Raises
    ------
    IngestError
        If none of the samples, or more than one, has such a name.
    """
    wanted = {batch_results.sample_key(name) for name in names}
    found = [sample for sample in samples if sample in names] or [
        sample for sample in samples if batch_results.sample_key(sample) in wanted
    ]
    if len(found) == 1:
        return found[0]
    shown = ", ".join(repr(sample) for sample in samples[:4]) + (" ..." if len(samples) > 4 else "")
    like = " or ".join(repr(name) for name in names)
    sought = f"none or several named like {like}" if names else "expected one"
    raise IngestError(
        f"{file}: {len(samples)} injections in one file ({shown}), {sought}. Enter the name of the sample in the "
        "column 'injection', or export each injection to a file of its own."
    )


def _read(path: Path, time_unit: str) -> list[Chromatogram]:
    stamp = path.stat()
    return _read_once(path, stamp.st_mtime_ns, stamp.st_size, time_unit)


@lru_cache(maxsize=64)
def _read_once(path: Path, _changed: int, _size: int, time_unit: str) -> list[Chromatogram]:
    """Every detector of a file; the standards, which come with every animal of a batch, are read once."""
    return dispatch.read(path, time_unit=time_unit)


def chosen(found: list[Chromatogram], detector: str, file: str) -> Chromatogram:
    """Return the detector with a given name, or the first if none is named.

    Parameters
    ----------
    found : list of Chromatogram
        Every detector of a file.
    detector : str
        Name of a detector, or a part of it; case is ignored.
    file : str
        Name of the file, for the message.

    Returns
    -------
    Chromatogram

    Raises
    ------
    IngestError
        If no detector has that name.
    """
    if not detector:
        return found[0]
    fitting = [one for one in found if detector.lower() in one.detector.lower()]
    if not fitting:
        there = ", ".join(repr(one.detector) for one in found)
        raise IngestError(
            f"{file}: no detector named like '{detector}', found {there}. Change microdialysis.ingest.detector."
        )
    return fitting[0]
