"""Which read of a file is the measurement, and which its reference: by the table, else where only one is possible."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ketaflow.assays.elisa.model import IngestSettings, PlateRow
from ketaflow.assays.elisa.readers.dispatch import Export
from ketaflow.assays.elisa.readers.reads import Read
from ketaflow.core.errors import IngestError
from ketaflow.core.tables import listed

NO_REFERENCE = ("none", "no", "-")


@dataclass(frozen=True)
class Chosen:
    """The read that is measured, and what the reviewer should know of the choice."""

    read: Read
    notes: tuple[str, ...] = ()


def measurement(export: Export, row: PlateRow, settings: IngestSettings) -> Chosen:
    """Choose the read that is measured.

    Parameters
    ----------
    export : Export
        The file.
    row : PlateRow
        ``wavelength_nm`` and ``read`` choose; a plate of that name in the file counts before others.
    settings : IngestSettings
        Range of reference wavelengths; difference up to which repeats are taken as one.

    Returns
    -------
    Chosen

    Raises
    ------
    IngestError
        If no read, or more than one, is meant.
    """
    reads, notes = _uncorrected(export, row)
    reads = _of_plate(reads, row.plate)
    if row.read:
        reads = _named(reads, row.read, row.file)
    if row.wavelength_nm is not None:
        reads = _at(reads, row.wavelength_nm, row.file)
    elif len({read.wavelength_nm for read in reads}) > 1:
        low, high = settings.reference_from_nm, settings.reference_to_nm
        main = [read for read in reads if read.wavelength_nm is None or not low <= read.wavelength_nm <= high]
        reads = main if len({read.wavelength_nm for read in main}) == 1 else reads
    if len(reads) > 1:
        reads, more = _repeats(reads, row, settings)
        notes += more
    return Chosen(reads[0], notes)


def reference(export: Export, row: PlateRow, own: Read, settings: IngestSettings, *, same_file: bool) -> Read | None:
    """Choose the read at the reference wavelength.

    Parameters
    ----------
    export : Export
        The file of the measurement, or the reference file.
    row : PlateRow
        ``reference_read`` chooses.
    own : Read
        The measurement.
    settings : IngestSettings
        Range of reference wavelengths.
    same_file : bool
        Whether it is the file of the measurement, which need not hold a reference.

    Returns
    -------
    Read or None
        None where the table says none, or the file of the measurement has none.

    Raises
    ------
    IngestError
        If more than one read is possible, or a reference file has none.
    """
    chosen = (row.reference_read or "").strip()
    file = row.file if same_file else row.reference_file or ""
    if chosen.lower() in NO_REFERENCE:
        return None
    reads = [read for read in export.reads if read.kind == "raw" and read is not own]
    reads = [read for read in reads if read.plate in (own.plate, "")] or reads
    if any(read.sheet == own.sheet for read in reads):
        reads = [read for read in reads if read.sheet == own.sheet]
    if chosen:
        try:
            reads = _at(reads, float(chosen), file) if len(chosen) > 2 else _named(export.reads, chosen, file)
        except ValueError:
            reads = _named(reads, chosen, file)
    elif same_file:
        low, high = settings.reference_from_nm, settings.reference_to_nm
        if own.wavelength_nm is None or low <= own.wavelength_nm <= high:
            return None
        reads = [read for read in reads if read.wavelength_nm is not None and low <= read.wavelength_nm <= high]
        if not reads:
            return None
    elif len(reads) > 1:
        reads = [read for read in reads if read.wavelength_nm != own.wavelength_nm] or reads
    if not reads:
        raise IngestError(f"{file}: no values for the reference were found. Correct reference_file or reference_read.")
    if len({read.wavelength_nm for read in reads}) > 1 or (len(reads) > 1 and not same_file):
        raise IngestError(
            f"{file}: several reads could be the reference: {_listed(reads)}. Name one in reference_read, or write "
            "none."
        )
    return reads[0]


def _uncorrected(export: Export, row: PlateRow) -> tuple[list[Read], tuple[str, ...]]:
    """Raw reads; blank-corrected ones with a note where the file has no raw ones."""
    if row.read:
        return export.reads, ()
    for kind, note in (("raw", ""), ("blank_corrected", "the file holds blank-corrected values only")):
        reads = [read for read in export.reads if read.kind == kind]
        if reads:
            return reads, (note,) if note else ()
    raise IngestError(
        f"{row.file}: only calculated values were found ({_listed(export.reads)}). Export the raw values, or name the "
        "read in the column read."
    )


def _of_plate(reads: list[Read], plate: str) -> list[Read]:
    """Reads of the plate of that name, where the file holds several plates, or of a sheet of that name."""
    name = plate.lower()
    for own in (
        [read for read in reads if read.plate.lower() == name],
        [read for read in reads if read.sheet.lower() == name],
    ):
        if own:
            return own
    return reads


def _named(reads: Sequence[Read], name: str, file: str) -> list[Read]:
    wanted = name.strip().lower()
    for match in (
        [read for read in reads if wanted in (read.name.lower(), read.plate.lower(), read.sheet.lower())],
        [read for read in reads if wanted in read.name.lower()],
    ):
        if match:
            return match
    if wanted.isdigit() and 1 <= int(wanted) <= len(reads):
        return [reads[int(wanted) - 1]]
    raise IngestError(f"{file}: no read is named '{name}'; found {_listed(reads)}. Correct the column read.")


def _at(reads: Sequence[Read], wavelength_nm: float, file: str) -> list[Read]:
    """Reads at a wavelength; the only read counts if the file names no wavelength."""
    match = [read for read in reads if read.wavelength_nm == wavelength_nm]
    if match:
        return match
    if reads and all(read.wavelength_nm is None for read in reads):
        return list(reads)
    raise IngestError(
        f"{file}: no values at {wavelength_nm:g} nm; found {_listed(reads)}. Correct wavelength_nm, or export that "
        "wavelength."
    )


def _repeats(reads: list[Read], row: PlateRow, settings: IngestSettings) -> tuple[list[Read], tuple[str, ...]]:
    """The first of several reads of one wavelength, if all of them agree."""
    same_wavelength = len({read.wavelength_nm for read in reads}) == 1 and reads[0].wavelength_nm is not None
    if same_wavelength and len({read.plate for read in reads}) == 1:
        difference_pct = _largest_difference_pct(reads)
        if difference_pct <= settings.repeat_difference_pct:
            note = (
                f"the plate was read {len(reads)} times (median difference {difference_pct:.1f} %); the first is used"
            )
            return reads[:1], (note,)
    raise IngestError(
        f"{row.file}: the file holds {len(reads)} reads: {_listed(reads)}. Name one in the column read, or its "
        "wavelength in wavelength_nm."
    )


def _largest_difference_pct(reads: Sequence[Read]) -> float:
    """Largest median difference of a read from the first (%)."""
    first = reads[0]
    differences = []
    for other in reads[1:]:
        shared = [well for well in first.values if well in other.values]
        pairs = np.array([(first.values[well], other.values[well]) for well in shared]).reshape(-1, 2)
        pairs = pairs[np.isfinite(pairs).all(axis=1)]
        size = np.abs(pairs).mean(axis=1)
        change = np.abs(pairs[:, 1] - pairs[:, 0])[size > 0] / size[size > 0]
        differences.append(100 * float(np.median(change)) if len(change) else np.inf)
    return max(differences)


def _listed(reads: Sequence[Read]) -> str:
    names = []
    for read in reads:
        nm = (
            f" ({read.wavelength_nm:g} nm)" if read.wavelength_nm and f"{read.wavelength_nm:g}" not in read.name else ""
        )
        names.append(f"'{read.name}'{nm}")
    return listed(names)
