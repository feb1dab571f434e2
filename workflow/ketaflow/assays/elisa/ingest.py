"""Read one plate: which well holds what, from the table; the responses, from the plate reader's export.

In: the rows of a plate. Out: a ``Plate``, one form for exports of any reader, with the reference wavelength subtracted.
"""

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from ketaflow.assays.elisa import constants
from ketaflow.assays.elisa.model import IngestSettings, Plate, PlateRow, Source, Well, WellRow
from ketaflow.assays.elisa.readers import cells, choice
from ketaflow.assays.elisa.readers.dispatch import Export, read_export
from ketaflow.assays.elisa.readers.reads import Read
from ketaflow.core.errors import IngestError
from ketaflow.core.inputs import Rows


def ingest(rows: Rows, folder: Path, settings: IngestSettings) -> Plate:
    """Read the wells and responses of one plate.

    Parameters
    ----------
    rows : Rows
        Rows of the tables ``elisa_plates`` and ``elisa_wells``.
    folder : Path
        Where the paths of the exports start.
    settings : IngestSettings
        Settings ``elisa.ingest``.

    Returns
    -------
    Plate
        Wells of the table with their responses, the reference subtracted.

    Raises
    ------
    IngestError
        If an export cannot be read, does not hold the wavelength, or has no value for any well of the table.
    """
    row = rows.of("elisa_plates", PlateRow)[0]
    table = rows.of("elisa_wells", WellRow)
    if not table:
        raise IngestError(f"plate {row.plate}: no well is listed. Add its wells to elisa_wells.")
    export = _export(folder / row.file)
    chosen = choice.measurement(export, row, settings)
    beside = _export(folder / row.reference_file) if row.reference_file else export
    reference = choice.reference(beside, row, chosen.read, settings, same_file=not row.reference_file)
    values = _less(chosen.read.values, reference.values) if reference else chosen.read.values
    source = Source(
        format=export.format,
        read=chosen.read.name,
        wavelength_nm=chosen.read.wavelength_nm,
        reference=_name(reference) if reference else "",
        notes=list(chosen.notes),
    )
    return _plate(row, table, values, source)


def _name(reference: Read) -> str:
    return f"{reference.wavelength_nm:g} nm" if reference.wavelength_nm else reference.name


def _export(path: Path) -> Export:
    stamp = path.stat()
    return _read_once(path, stamp.st_mtime_ns, stamp.st_size)


@lru_cache(maxsize=8)
def _read_once(path: Path, _changed: int, _size: int) -> Export:
    """A file that several plates share is read once."""
    return read_export(path)


def _less(values: Mapping[str, float], reference: Mapping[str, float]) -> dict[str, float]:
    """Responses less the reference; a saturated well stays saturated, one without a reference is missing."""
    made = {}
    for well, value in values.items():
        beside = reference.get(well, math.nan)
        made[well] = value if math.isinf(value) else value - beside if math.isfinite(beside) else math.nan
    return made


def _plate(row: PlateRow, table: Sequence[WellRow], values: Mapping[str, float], source: Source) -> Plate:
    own = {cells.well_name(one.well): one for one in table}
    read = [well for well in own if not math.isnan(values.get(well, math.nan))]
    if not read:
        raise IngestError(
            f"{row.file}: none of the {len(own)} wells of plate {row.plate} has a value. Correct the column file or "
            "read."
        )
    places = [cells.well_place(well) for well in {*own, *values}]
    shape = next(
        size
        for size in constants.PLATE_FORMATS
        if size == constants.PLATE_FORMATS[-1] or all(r < size[0] and c < size[1] for r, c in places)
    )
    response = np.full(shape, np.nan)
    for well, value in values.items():
        response[cells.well_place(well)] = value
    in_order = sorted(own, key=cells.well_place)
    wells = [
        Well(well, *cells.well_place(well), own[well], float(response[cells.well_place(well)]))
        for well in in_order
        if not own[well].exclude
    ]
    return Plate(row.plate, wells, response, source, excluded=[well for well in in_order if own[well].exclude])
