"""The readers of plate readers' exports, and the choice of the read that is measured.

In: a file. Out: its reads in one form, and the responses of one plate. A file is recognised by its content, never by
its name or ending.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from ketaflow.assays.elisa.readers.matrices import matrices
from ketaflow.assays.elisa.readers.reads import Read
from ketaflow.assays.elisa.readers.sheets import Sheet, read_sheets
from ketaflow.assays.elisa.readers.softmax import is_softmax, read_softmax
from ketaflow.assays.elisa.readers.well_lists import well_lists
from ketaflow.core.errors import IngestError


class Reader(NamedTuple):
    """Reader of one format: its name, whether a file is of the format, and how to read it."""

    name: str
    recognises: Callable[[Sequence[Sheet]], bool]
    read: Callable[[Sequence[Sheet]], list[Read]]


@dataclass(frozen=True)
class Export:
    """A file of a plate reader: the format by which it was read, and its reads."""

    format: str
    reads: list[Read]


def _says(*words: str) -> Callable[[Sequence[Sheet]], bool]:
    """Whether one of the words is in a cell."""

    def recognises(sheets: Sequence[Sheet]) -> bool:
        return any(word in cell for sheet in sheets for row in sheet.rows for cell in row for word in words)

    return recognises


def _blocks(sheets: Sequence[Sheet]) -> list[Read]:
    """Matrices of all sheets; lists of wells where there are none."""
    found = [replace(read, sheet=sheet.name) for sheet in sheets for read in matrices(sheet)]
    return found or [replace(read, sheet=sheet.name) for sheet in sheets for read in well_lists(sheet)]


def _always(sheets: Sequence[Sheet]) -> bool:
    return True


# In the order in which they are tried.
READERS = (
    Reader("SoftMax Pro (Molecular Devices)", is_softmax, read_softmax),
    Reader("Gen5 (BioTek, Agilent)", _says("Procedure Details", "Protocol File Path"), _blocks),
    Reader("i-control, SparkControl (Tecan)", _says("Tecan i-control", "SparkControl"), _blocks),
    Reader("Magellan (Tecan)", lambda sheets: any("Magellan" in sheet.name for sheet in sheets), _blocks),
    Reader("SkanIt (Thermo Fisher)", _says("Measurement results", "SkanIt"), _blocks),
    Reader("MARS (BMG Labtech)", _says("Raw Data (", "Raw Data  (", "Test run no"), _blocks),
    Reader("table of a plate", _always, _blocks),
)


def read_export(path: Path) -> Export:
    """Read a plate reader's export of any known format.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    Export
        Identical reads are kept once.

    Raises
    ------
    IngestError
        If the file cannot be read, or holds no values of wells.
    """
    sheets = read_sheets(path)
    reader = next(one for one in READERS if one.recognises(sheets))
    try:
        found = reader.read(sheets)
    except ValueError as error:
        raise IngestError(f"{path.name}: {error}.") from None
    distinct: list[Read] = []
    for read in found:
        if not any(_equal(read, other) for other in distinct):
            distinct.append(read)
    if not distinct:
        raise IngestError(
            f"{path.name}: no values of wells were found. Export the plate as a matrix with numbers of columns and "
            "letters of rows, or as a list of wells and values."
        )
    return Export(reader.name, distinct)


def _equal(one: Read, other: Read) -> bool:
    same = (one.wavelength_nm, one.kind, one.plate) == (other.wavelength_nm, other.kind, other.plate)
    return same and one.values.keys() == other.values.keys() and repr(one.values) == repr(other.values)
