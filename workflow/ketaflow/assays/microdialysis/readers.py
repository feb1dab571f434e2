"""One door for every chromatogram: what wrote the file is told from its content, never from its name alone."""

from pathlib import Path

from ketaflow.assays.microdialysis import agilent, chromeleon, exchange, labsolutions, plain
from ketaflow.assays.microdialysis.numbers import lines_of
from ketaflow.assays.microdialysis.traces import Trace
from ketaflow.core.errors import IngestError

OTHER_BINARY = {
    b"PK": "a zip container (OpenLab .dx, .xlsx ...)",
    b"\xd0\xcf\x11\xe0": "a LabSolutions .lcd file",
    b"%PDF": "a PDF",
}


def read(path: Path, *, time_unit: str) -> list[Trace]:
    """Every detector of a chromatogram; ``time_unit`` (auto, min, s) is for plain text without a heading."""
    if path.is_dir():
        return agilent.read_folder(path)
    content = path.read_bytes()
    if not content:
        raise IngestError(f"{path.name}: the file is empty. Export the chromatogram again.")
    if content[:3] == b"CDF":
        return exchange.read_andi(path)
    if path.suffix.lower() == ".ch" and content[0] < 8:
        return [agilent.read_channel(path)]
    for start, what in OTHER_BINARY.items():
        if content.startswith(start):
            raise IngestError(f"{path.name}: this is {what}. Export the chromatogram as text (ASCII, CSV) or ANDI.")
    if content.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"{":
        return exchange.read_allotrope(path)
    return _read_text(lines_of(content), path.name, time_unit)


def _read_text(lines: list[str], file: str, time_unit: str) -> list[Trace]:
    if labsolutions.is_labsolutions(lines):
        return labsolutions.read_labsolutions(lines, file)
    if labsolutions.is_long_table(lines):
        return labsolutions.read_long_table(lines, file)
    if chromeleon.is_chromeleon(lines):
        return chromeleon.read_chromeleon(lines, file)
    if chromeleon.is_empower(lines):
        return chromeleon.read_empower(lines, file)
    if agilent.is_boxed_report(lines):
        return agilent.read_boxed_report(lines, file)
    return plain.read_plain(lines, file, time_unit=time_unit)
