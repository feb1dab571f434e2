"""Agilent: ChemStation .D folders and .ch files with their reports, and boxed OpenLab text reports."""

import re
import struct
from pathlib import Path

import numpy as np

from ketaflow.assays.microdialysis.numbers import lines_of, number
from ketaflow.assays.microdialysis.traces import Trace, checked, vendor_peak
from ketaflow.core.errors import IngestError

# Where a .ch file of each version keeps its first and last time (milliseconds), and as what (rainbow-api's notes).
TIMES = {b"\x03181": (0x11A, ">ff"), b"\x03179": (0x11A, ">ff"), b"\x03130": (0x11A, ">ii"), b"\x0230": (0x11A, ">ii")}
REPORT_ROW = re.compile(r"^\s*\d+\s+([\d.]+)\s+([A-Z]{1,2}\S*(?: [A-Z])?)\s+([\d.e+-]+)\s+([\d.e+-]+)\s+([\d.e+-]+)")


def read_folder(path: Path) -> list[Trace]:
    """Every single-channel signal of a ChemStation .D folder, with the peaks of its Report.TXT."""
    channels = sorted(part for part in path.iterdir() if part.suffix.lower() == ".ch")
    if not channels:
        raise IngestError(f"{path.name}: no .ch signal in this folder. Copy the whole .D folder into the cohort.")
    report = next((part for part in path.iterdir() if part.name.lower() == "report.txt"), None)
    peaks = report_peaks(lines_of(report.read_bytes())) if report else {}
    found = [read_channel(channel) for channel in channels]
    for trace in found:
        trace.vendor_peaks = next((rows for name, rows in peaks.items() if _same(name, trace.detector)), [])
    return found


def read_channel(path: Path) -> Trace:
    """One .ch file. Its values are rainbow-api's; its times are made here, one for each value."""
    from rainbow.agilent import chemstation

    content = path.read_bytes()[:0x200]
    version = next((version for version in TIMES if content.startswith(version)), None)
    if version is None:
        raise IngestError(f"{path.name}: a .ch file of an unknown version. Export the signal as text (CSV) instead.")
    try:
        read = chemstation.parse_ch(str(path))
        signal = np.asarray(read.data, float)[:, 0]
        offset, form = TIMES[version]
        first_ms, last_ms = struct.unpack(form, content[offset : offset + 8])
    except (struct.error, IndexError, ValueError, AttributeError) as error:
        raise IngestError(f"{path.name}: the file ends too early ({error}). Copy it again.") from error
    if abs(len(read.xlabels) - len(signal)) > 1 and version in (b"\x03130", b"\x0230"):
        raise IngestError(f"{path.name}: {len(read.xlabels)} times for {len(signal)} values. Copy the file again.")
    time_min = np.linspace(first_ms, last_ms, len(signal)) / 60_000
    unit = str(read.metadata.get("unit", ""))
    return checked(Trace(time_min, signal, unit, path.stem, "ChemStation"), path.name)


def report_peaks(lines: list[str]) -> dict[str, list[dict]]:
    """Peaks of a ChemStation Report.TXT, by signal name."""
    found: dict[str, list[dict]] = {}
    name = None
    for line in lines:
        if match := re.match(r"Signal \d+: ([^,]*)", line):
            name = match[1].strip()
        elif name and (match := REPORT_ROW.match(line)):
            retention, _, _, area, height = match.groups()
            row = vendor_peak(retention_min=number(retention), area=number(area), height=number(height))
            found.setdefault(name, []).append(row)
    return {name: rows for name, rows in found.items() if rows}


def is_boxed_report(lines: list[str]) -> bool:
    """Whether the file is an OpenLab report drawn with box characters."""
    return any("│" in line and "RT" in line for line in lines[:200])


def read_boxed_report(lines: list[str], file: str) -> list[Trace]:
    """Peak tables of an OpenLab report; a number may wrap over two lines of its cell."""
    found: list[Trace] = []
    detector, names, row = "", [], []
    for line in lines:
        parts = [cell.strip() for cell in line.strip().strip("│").split("│")]
        if parts[0].startswith("Signal:"):
            detector, names = parts[1], []
        elif parts[0] == "RT":
            names = [name.strip().lower() for name in parts]
            found.append(Trace(np.empty(0), np.empty(0), "", detector, "OpenLab report"))
        elif names and "│" in line and len(parts) == len(names):
            row = [before + after for before, after in zip(row, parts, strict=True)] if row else parts
        elif row and names:
            _keep(found[-1], dict(zip(names, row, strict=True)))
            row = []
    if not any(trace.vendor_peaks for trace in found):
        raise IngestError(f"{file}: an OpenLab report without a peak table. Export the chromatogram, or a peak table.")
    return found


def _keep(trace: Trace, row: dict[str, str]) -> None:
    retention = number(row.get("rt", ""))
    if retention is not None:
        told = {"area": number(row.get("area", "")), "height": number(row.get("height", ""))}
        trace.vendor_peaks.append(vendor_peak(name=row.get("name") or None, retention_min=retention, **told))


def _same(report_name: str, detector: str) -> bool:
    return re.sub(r"\W", "", report_name).lower() == re.sub(r"\W", "", detector).lower()
