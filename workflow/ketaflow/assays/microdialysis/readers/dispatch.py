"""Read any chromatogram file; the format is recognised by its content, not by its name."""

import csv
from dataclasses import replace
from pathlib import Path

from ketaflow.assays.microdialysis.model import Chromatogram
from ketaflow.assays.microdialysis.readers import (
    agilent,
    andi_allotrope,
    chemstation,
    chromeleon,
    ezchrom,
    labchart,
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
# Formats of instruments that are not read, by the ending of the name: what they are, and how to export them.
TO_EXPORT = {
    ".lcd": ("a LabSolutions data file", "Postrun: File > Export Data > Export as ASCII"),
    ".gcd": ("a GCsolution data file", "Postrun: File > Export Data > Export as ASCII"),
    ".qgd": ("a GCMSsolution data file", "Postrun: File > Export Data > Export as ASCII"),
    ".raw": (
        "a Waters MassLynx or Thermo Xcalibur data file",
        "export the chromatogram as text, or the results as CSV",
    ),
    ".wiff": ("a SCIEX data file", "export the result table as text"),
    ".cmbx": ("a Chromeleon backup", "File > Export > Text, with raw data"),
    ".prm": ("a Clarity chromatogram", "File > Export > Export Chromatogram as text, or the result table"),
    ".adicht": ("a LabChart recording", "File > Export > LabChart Text File"),
    ".dat": ("an EZChrom or other binary data file", "File > Export > Data as ASCII"),
    ".uv": ("Agilent spectra", "copy the .ch channels of the .D folder, or export the signal as CSV"),
    ".ms": ("Agilent mass spectra", "export the result table as CSV"),
    ".sirslt": ("an OpenLab result set", "copy the .dx files of the .rslt folder"),
    ".sms": ("a Varian MS Workstation data file", "export the chromatogram or the result table as text"),
    ".mzml": ("mzML", "export the extracted chromatogram as text"),
}
# Text that programs of instruments write: how it is known, how it is read.
DIALECTS = (
    (labchart.is_labchart, labchart.read_labchart),
    (ezchrom.is_ezchrom, ezchrom.read_ezchrom),
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
        return _read_directory(path)
    content = path.read_bytes()
    if not content:
        raise IngestError(f"{path.name}: the file is empty. Export the chromatogram again.")
    if content[:3] == b"CDF":
        return andi_allotrope.read_andi(path)
    if path.suffix.lower() in TO_EXPORT and (b"\0" in content[:4096] or path.suffix.lower() == ".mzml"):
        raise IngestError(not_read(path))
    if chemstation.is_channel(content):
        return [chemstation.read(content, path.stem, path.name)]
    if agilent.is_dx(content):
        return agilent.read_dx(content, path.name)
    for start, what in OTHER_BINARY.items():
        if content.startswith(start):
            raise IngestError(f"{path.name}: this is {what}. Export the chromatogram as text (ASCII, CSV) or ANDI.")
    if andi_allotrope.is_json(content):
        return andi_allotrope.read_allotrope(path)
    try:
        return _read_text(lines_of(content), path.name, time_unit)
    except csv.Error as error:
        raise IngestError(
            f"{path.name}: no table, as a quotation mark is never closed ({error}). Export the chromatogram again."
        ) from error


def not_read(path: Path) -> str:
    """Return the message for a format that is not read: what it is, and the export to make."""
    what, how = TO_EXPORT[path.suffix.lower()]
    return f"{path.name}: this is {what}, which is not read. Export it: {how}."


def _read_directory(path: Path) -> list[Chromatogram]:
    """Every injection of an OpenLab result set, or the one of a ChemStation or MassHunter folder."""
    if path.suffix.lower() == ".rslt":
        members = sorted(path.rglob("*.dx"))
        if not members:
            raise IngestError(f"{path.name}: no .dx file in this result set. Copy the whole .rslt folder.")
        return [
            replace(one, sample=member.stem if len(members) > 1 else "")
            for member in members
            for one in agilent.read_dx(member.read_bytes(), f"{path.name}/{member.name}")
        ]
    if path.suffix.lower() in TO_EXPORT or any(part.name.startswith("_FUNC") for part in path.iterdir()):
        raise IngestError(not_read(path if path.suffix.lower() in TO_EXPORT else path.with_suffix(".raw")))
    return agilent.read_folder(path)


def _read_text(lines: list[str], file: str, time_unit: str) -> list[Chromatogram]:
    for is_its_own, reader in DIALECTS:
        if is_its_own(lines):
            refuse_unended(lines, file)
            return reader(lines, file)
    return plain_text.read_plain(lines, file, time_unit=time_unit)
