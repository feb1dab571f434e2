"""Agilent: ChemStation .D folders with their reports, OpenLab .dx containers, and boxed OpenLab text reports."""

import io
import re
import zipfile
import zlib
from dataclasses import replace
from itertools import pairwise
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree

import numpy as np

from ketaflow.assays.microdialysis.model import Chromatogram, VendorPeak
from ketaflow.assays.microdialysis.readers import chemstation, constants
from ketaflow.assays.microdialysis.readers.number_text import cells, lines_of, number
from ketaflow.assays.microdialysis.readers.traces import vendor_peak
from ketaflow.core.errors import IngestError

RULER = re.compile(r"^\s*-+(\|-+)+\|?\s*$")
SIGNAL = re.compile(r"Signal \d+: ?([^,]*)")
# Columns of a ChemStation report, over two lines of headings.
REPORT_COLUMNS = {
    "RetTime": "retention_min",
    "Area": "area",
    "Height": "height",
    "Name": "name",
    "Amount": "concentration",
    "Type": "kind",
}
MANIFEST = "injection.acmd"


def read_folder(path: Path) -> list[Chromatogram]:
    """Read every single-channel signal of a ChemStation .D folder, with the peaks of its Report.TXT."""
    parts = {part.name.lower(): part for part in sorted(path.iterdir())}
    channels = [part for name, part in parts.items() if name.endswith(".ch")]
    report, results = parts.get("report.txt"), parts.get("results.csv")
    if not channels and report:
        return read_report(lines_of(report.read_bytes()), f"{path.name}/{report.name}")
    if not channels and results:
        return read_results(lines_of(results.read_bytes()), f"{path.name}/{results.name}")
    if not channels:
        raise IngestError(
            f"{path.name}: no .ch signal, Report.TXT or RESULTS.CSV in this folder. Copy the whole .D folder into the "
            "cohort; from MassHunter export the result table as CSV."
        )
    peaks = report_peaks(lines_of(report.read_bytes())) if report else {}
    found = [
        chemstation.read(channel.read_bytes(), channel.stem, f"{path.name}/{channel.name}") for channel in channels
    ]
    return [
        replace(one, vendor_peaks=next((rows for name, rows in peaks.items() if _same(name, one.detector)), []))
        for one in found
    ]


def read_results(lines: list[str], file: str) -> list[Chromatogram]:
    """Read the peaks of a MassHunter RESULTS.CSV, signal by signal."""
    found: dict[str, list[VendorPeak]] = {}
    columns: list[str] = []
    signal = ""
    for line in lines:
        parts = cells(line, ",")
        if line.startswith("["):
            signal, columns = line.strip("[]"), []
        elif parts[0] == "Header=":
            columns = parts[1:]
        elif columns and re.fullmatch(r"\d+=", parts[0]):
            row = dict(zip(columns, parts[1:], strict=False))
            retention, area = number(row.get("R.T.", "")), number(row.get("Area", ""))
            if retention is not None and area is not None:
                peak = VendorPeak(retention_min=retention, area=area, height=number(row.get("Height", "")))
                found.setdefault(signal, []).append(peak)
    if not found:
        raise IngestError(f"{file}: no peaks in this table. Integrate the signal and save the results again.")
    return [
        Chromatogram(np.empty(0), np.empty(0), "", name, "MassHunter", vendor_peaks=peaks)
        for name, peaks in found.items()
    ]


def read_dx(content: bytes, file: str) -> list[Chromatogram]:
    """Read every single-channel signal of an OpenLab CDS 2 container.

    A container is a zip; ``injection.acmd`` names the detectors of its numbered members. Spectra (.UV) and instrument
    logs (.IT) are not read.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = {info.filename: info for info in archive.infolist()}
            if sum(info.file_size for info in members.values()) > constants.UNPACKED_MAX_BYTES:
                raise IngestError(f"{file}: it unpacks to more than 1 GB. Export the chromatogram as text (CSV).")
            signals = _manifest(archive.read(MANIFEST)) if MANIFEST in members else {}
            channels = {name: archive.read(name) for name in sorted(members) if name.lower().endswith(".ch")}
    except (zipfile.BadZipFile, zipfile.LargeZipFile, ElementTree.ParseError, EOFError, OSError, ValueError,
            NotImplementedError, RuntimeError, zlib.error) as error:  # fmt: skip
        raise IngestError(f"{file}: not a whole container ({error}). Copy the .dx file again.") from error
    found = []
    for name, raw in channels.items():
        about = signals.get(PurePosixPath(name).stem.lower(), {})
        detector = about.get("Description") or PurePosixPath(name).stem
        trace = chemstation.read(raw, detector, f"{file}/{name}", known_whole=True)
        found.append(replace(trace, unit=about.get("Units") or trace.unit, form="OpenLab"))
    if not found:
        raise IngestError(
            f"{file}: no single-channel signal (.CH) in this container. Export the chromatogram as text (CSV)."
        )
    return sorted(found, key=lambda trace: trace.detector)


def is_dx(content: bytes) -> bool:
    """Whether the bytes are a zip with an injection's manifest or channels."""
    return content[:2] == b"PK" and (MANIFEST.encode() in content or b".CH" in content or b".ch" in content)


def _manifest(xml: bytes) -> dict[str, dict[str, str]]:
    """Facts about each signal, by its number: description, device, units."""
    signals = {}
    for element in ElementTree.fromstring(xml).iter():
        if element.tag.rpartition("}")[2] == "Signal":
            facts = {child.tag.rpartition("}")[2]: (child.text or "").strip() for child in element}
            signals[facts.get("TraceId", "").lower()] = facts
    return signals


def report_peaks(lines: list[str]) -> dict[str, list[VendorPeak]]:
    """Read the peaks of a ChemStation Report.TXT.

    Parameters
    ----------
    lines : list of str
        Lines of the report; the ruler under the headings gives the columns.

    Returns
    -------
    dict of str to list of VendorPeak
        By name of the signal.
    """
    found: dict[str, list[VendorPeak]] = {}
    name = ""
    spans: list[tuple[str, int, int]] = []
    for index, line in enumerate(lines):
        if match := SIGNAL.match(line):
            name, spans = match[1].strip(), []
        elif RULER.match(line):
            spans = _report_columns(lines, index)
        elif spans and not re.match(r"\s*\d+(\.\d+)?\s", line):
            spans = []
        elif spans:
            texts = {meaning: line[first:last].strip() for meaning, first, last in spans}
            kind = texts.pop("kind", "")
            row = {meaning: text or None if meaning == "name" else number(text) for meaning, text in texts.items()}
            if row.get("retention_min") is not None and row.get("area") is not None:
                found.setdefault(name, []).append(replace(vendor_peak(row), manual="M" in kind))
    return found


def _report_columns(lines: list[str], ruler: int) -> list[tuple[str, int, int]]:
    """(meaning, first, last) of the columns that are understood; headings are above their column, not inside it."""
    edges = [0, *(place + 1 for place, letter in enumerate(lines[ruler]) if letter == "|"), 10_000]
    above, units = (lines[row] if row >= 0 else "" for row in (ruler - 2, ruler - 1))
    spans: dict[str, tuple[int, int]] = {}
    for word in re.finditer(r"\S+", above):
        centre = (word.start() + word.end()) / 2
        first, last = next(pair for pair in pairwise(edges) if centre < pair[1])
        meaning = REPORT_COLUMNS.get(word[0])
        if meaning and meaning not in spans and units[first:last].strip() != "%":
            spans[meaning] = (first, last)
    return [(meaning, first, last) for meaning, (first, last) in spans.items()]


def is_report(lines: list[str]) -> bool:
    """Whether the file is a ChemStation text report: signals and ruled tables."""
    return any(SIGNAL.match(line) for line in lines) and any(RULER.match(line) for line in lines)


def read_report(lines: list[str], file: str) -> list[Chromatogram]:
    """Read the peak tables of a ChemStation report; the signal itself is not in it."""
    peaks = report_peaks(lines)
    if not peaks:
        raise IngestError(f"{file}: a ChemStation report without peaks. Copy the whole .D folder instead.")
    if not any("End of Report" in line for line in lines):
        raise IngestError(f"{file}: a ChemStation report without its last line. It is cut short: copy it again.")
    return [
        Chromatogram(np.empty(0), np.empty(0), "", name, "ChemStation report", vendor_peaks=rows)
        for name, rows in peaks.items()
    ]


def is_boxed_report(lines: list[str]) -> bool:
    """Whether the file is an OpenLab report drawn with box characters."""
    return any("│" in line and "RT" in line for line in lines[:200])


def read_boxed_report(lines: list[str], file: str) -> list[Chromatogram]:
    """Read the peak tables of an OpenLab report; a number may wrap over two lines of its cell."""
    found: list[tuple[str, list[VendorPeak]]] = []
    detector = ""
    names: list[str] = []
    row: list[str] = []
    for line in lines:
        parts = [cell.strip() for cell in line.strip().strip("│").split("│")]
        if parts[0].startswith("Signal:"):
            detector, names = parts[1] if len(parts) > 1 else "", []
        elif line.strip().startswith("└"):
            if row and len(row) == len(names):
                _keep(found[-1][1], dict(zip(names, row, strict=True)))
            names, row = [], []
        elif parts[0] == "RT":
            names = [name.strip().lower() for name in parts]
            found.append((detector, []))
        elif names and "│" in line and len(parts) == len(names):
            row = [before + after for before, after in zip(row, parts, strict=True)] if row else parts
        elif row and names and len(row) == len(names):
            _keep(found[-1][1], dict(zip(names, row, strict=True)))
            row = []
    if names:
        raise IngestError(f"{file}: the last peak table has no lower edge. The report is cut short: export it again.")
    if not any(peaks for _, peaks in found):
        raise IngestError(f"{file}: an OpenLab report without a peak table. Export the chromatogram, or a peak table.")
    return [
        Chromatogram(np.empty(0), np.empty(0), "", name, "OpenLab report", vendor_peaks=peaks) for name, peaks in found
    ]


def _keep(peaks: list[VendorPeak], row: dict[str, str]) -> None:
    retention = number(row.get("rt", ""))
    if retention is not None:
        area, height = number(row.get("area", "")), number(row.get("height", ""))
        peaks.append(VendorPeak(name=row.get("name") or None, retention_min=retention, area=area, height=height))


def _same(report_name: str, detector: str) -> bool:
    return re.sub(r"\W", "", report_name).lower() == re.sub(r"\W", "", detector).lower()
