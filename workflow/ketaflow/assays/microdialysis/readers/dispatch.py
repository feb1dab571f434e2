"""Read any chromatogram file; the format is recognised by its content, not by its name."""

from pathlib import Path

from ketaflow.assays.microdialysis.model import Chromatogram
from ketaflow.assays.microdialysis.readers import (
    agilent,
    andi_allotrope,
    chemstation,
    chromeleon,
    labsolutions,
    plain_text,
)
from ketaflow.assays.microdialysis.readers.number_text import lines_of, refuse_unended
from ketaflow.core.errors import IngestError

OTHER_BINARY = {
    b"PK": "a zip container (.xlsx, .cmbx ...)",
    b"\xd0\xcf\x11\xe0": "a compound file (LabSolutions .lcd, .gcd, an old .xls)",
    b"%PDF": "a PDF",
    b"<?xml": "XML (mzML, GAML ...)",
    b"\x89HDF": "an HDF5 file (netCDF-4, allotrope .adf)",
}
# Text that programs of instruments write: how it is known, how it is read.
DIALECTS = (
    (labsolutions.is_labsolutions, labsolutions.read_labsolutions),
    (labsolutions.is_long_table, labsolutions.read_long_table),
    (chromeleon.is_chromeleon, chromeleon.read_chromeleon),
    (chromeleon.is_empower, chromeleon.read_empower),
    (agilent.is_report, agilent.read_report),
    (agilent.is_boxed_report, agilent.read_boxed_report),
    (plain_text.is_stamped, plain_text.read_stamped),
)


def read(path: Path, *, time_unit: str) -> list[Chromatogram]:
    """Read every detector of a chromatogram file.

    Parameters
    ----------
    path : Path
        A file, or a ChemStation .D folder.
    time_unit : {"auto", "min", "s"}
        Unit of time of plain text without a heading.

    Returns
    -------
    list of Chromatogram
        One per detector; for a peak table, one without a signal.

    Raises
    ------
    IngestError
        If the file is empty, damaged, cut short, or of a format that is not read.
    """
    if path.is_dir():
        return agilent.read_folder(path)
    content = path.read_bytes()
    if not content:
        raise IngestError(f"{path.name}: the file is empty. Export the chromatogram again.")
    if content[:3] == b"CDF":
        return andi_allotrope.read_andi(path)
    if chemstation.is_channel(content):
        return [chemstation.read(content, path.stem, path.name)]
    if agilent.is_dx(content):
        return agilent.read_dx(content, path.name)
    for start, what in OTHER_BINARY.items():
        if content.startswith(start):
            raise IngestError(f"{path.name}: this is {what}. Export the chromatogram as text (ASCII, CSV) or ANDI.")
    if andi_allotrope.is_json(content):
        return andi_allotrope.read_allotrope(path)
    return _read_text(lines_of(content), path.name, time_unit)


def _read_text(lines: list[str], file: str, time_unit: str) -> list[Chromatogram]:
    for is_its_own, reader in DIALECTS:
        if is_its_own(lines):
            refuse_unended(lines, file)
            return reader(lines, file)
    return plain_text.read_plain(lines, file, time_unit=time_unit)
