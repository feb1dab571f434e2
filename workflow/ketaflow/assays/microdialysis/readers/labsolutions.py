"""Shimadzu: LabSolutions (LCsolution, GCsolution) text exports, and long tables of several detectors."""

import re
from dataclasses import replace
from itertools import pairwise

import numpy as np

from ketaflow.assays.microdialysis.model import Chromatogram, VendorPeak
from ketaflow.assays.microdialysis.readers import constants
from ketaflow.assays.microdialysis.readers.number_text import cells, columns, count, number
from ketaflow.assays.microdialysis.readers.traces import checked, vendor_peak
from ketaflow.core.errors import IngestError

TRACE = re.compile(r"\[(?:LC |GC |PDA |PDA Multi )?Chromatogram ?\((.+)\)\]")
PEAKS = re.compile(r"\[Peak Table ?\((.+)\)\]")
# LabSolutions integrates in its smallest unit (uV*s, uAU*s), whatever the multiplier.
SMALL = {"mV": "uV", "mAU": "uAU", "V": "uV", "AU": "uAU"}
# Where a run names its sample, the surest first.
SAMPLE_NAMES = ("Sample Name", "Sample ID", "Data File Name", "Data File")
PEAK_COLUMNS = {
    "R.Time": "retention_min", "I.Time": "start_min", "F.Time": "stop_min", "Area": "area", "Height": "height",
    "Name": "name", "Conc.": "concentration", "Mark": "mark",
}  # fmt: skip


def is_labsolutions(lines: list[str]) -> bool:
    """Whether the file is a LabSolutions text export (it is made of [sections])."""
    return any(line.startswith("[Header]") for line in lines[:5]) or any(TRACE.match(line) for line in lines[:200])


def read_labsolutions(lines: list[str], file: str) -> list[Chromatogram]:
    """Read every detector of a LabSolutions export, with its peak table."""
    sections = [index for index, line in enumerate(lines) if line.startswith("[")]
    heads = [index for index in sections if lines[index].startswith("[Header]")]
    if len(heads) < 2:
        return _run(lines, [*sections, len(lines)], file)
    found: list[Chromatogram] = []
    for number_of_run, (first, stop) in enumerate(pairwise([*heads, len(lines)]), start=1):
        sample = _sample(lines[first:stop]) or f"run {number_of_run}"
        taken = {one.sample for one in found}
        sample = f"{sample} ({number_of_run})" if sample in taken else sample
        own = [index for index in sections if first <= index < stop]
        found += [replace(one, sample=sample) for one in _run(lines, [*own, stop], file)]
    return found


def _sample(lines: list[str]) -> str:
    """Name of the sample of one run."""
    facts: dict[str, str] = {}
    for line in lines[: constants.HEADING_LINES]:
        parts = cells(line, "\t" if "\t" in line else ",")
        if len(parts) > 1 and parts[1]:
            facts.setdefault(parts[0], parts[1])
    return next((facts[name] for name in SAMPLE_NAMES if name in facts), "")


def _run(lines: list[str], starts: list[int], file: str) -> list[Chromatogram]:
    """Every detector of one run; ``starts`` are the first lines of its sections, and the line after the last."""
    tables: dict[str, list[VendorPeak]] = {}
    found = []
    for first, stop in pairwise(starts):
        head = lines[first].strip()
        if match := PEAKS.match(head):
            tables[match[1]] = _peak_table(lines[first:stop])
        elif match := TRACE.match(head):
            found.append(_trace(lines[first:stop], match[1], file, first))
    if not found and not any(tables.values()):
        raise IngestError(f"{file}: no chromatogram section. Tick 'LC Chromatogram' in the export and export again.")
    if not found:
        return [
            Chromatogram(np.empty(0), np.empty(0), "", name, "LabSolutions", vendor_peaks=peaks)
            for name, peaks in tables.items()
        ]
    return [replace(one, vendor_peaks=tables.get(one.detector, [])) for one in found]


def _facts(lines: list[str]) -> tuple[dict[str, str], int, str]:
    """Key and value lines of a section, the index of its table's heading, and the separator."""
    facts: dict[str, str] = {}
    for index, line in enumerate(lines[1:40], start=1):
        separator = "\t" if "\t" in line else ";" if ";" in line else ","
        parts = cells(line, separator)
        if parts[0] == "R.Time (min)":
            return facts, index, separator
        facts[parts[0]] = ",".join(part for part in parts[1:] if part)
    return facts, 0, "\t"


def _trace(lines: list[str], detector: str, file: str, first: int) -> Chromatogram:
    facts, heading, separator = _facts(lines)
    if not heading:
        raise IngestError(f"{file}: the section of detector {detector} holds no points. Export it again.")
    body = [line for line in lines[heading + 1 :] if line.strip()]
    table = columns(body, separator, file, first + heading + 2) if body else np.empty((0, 2))
    unit = facts.get("Intensity Units", "") or ("mV" if facts.get("Intensity Multiplier") else "uV")
    multiplier = number(facts.get("Intensity Multiplier", "")) or (0.001 if unit in SMALL else 1.0)
    scale = multiplier * (1e6 if unit in ("V", "AU") else 1e3) if unit in SMALL else multiplier
    trace = Chromatogram(table[:, 0], table[:, 1] * scale, SMALL.get(unit, unit), detector, "LabSolutions")
    return checked(trace, file, promised=count(facts.get("# of Points", "")))


def _peak_table(lines: list[str]) -> list[VendorPeak]:
    heading = next((index for index, line in enumerate(lines) if line.startswith("Peak#")), None)
    if heading is None:
        return []
    separator = "\t" if "\t" in lines[heading] else ","
    names = [PEAK_COLUMNS.get(name) for name in cells(lines[heading], separator)]
    peaks = []
    for line in lines[heading + 1 :]:
        row = dict(zip(names, cells(line, separator), strict=False))
        if number(row.get("area", "")) is not None:
            known = {name: text if name in ("name", "mark") else number(text) for name, text in row.items() if name}
            peaks.append(replace(vendor_peak(known), manual="M" in row.get("mark", "")))
    return peaks


def is_long_table(lines: list[str]) -> bool:
    """Whether the file is one long table with a column that names the detector."""
    names = {name.lower() for name in cells(lines[0], _mark(lines[0]))} if lines else set()
    return {"detector", "intensity"} <= names and bool(names & {"minutes", "time", "retention time"})


def _mark(heading: str) -> str:
    """What parts the columns of a long table."""
    return next((mark for mark in "\t;" if mark in heading), ",")


def read_long_table(lines: list[str], file: str) -> list[Chromatogram]:
    """Read every detector of a long table (Minutes, Intensity, File, Detector)."""
    mark = _mark(lines[0])
    names = [name.lower() for name in cells(lines[0], mark)]
    time, value, detector = (
        next(index for index, name in enumerate(names) if name in wanted)
        for wanted in (("minutes", "time", "retention time"), ("intensity",), ("detector",))
    )
    by_detector: dict[str, list[str]] = {}
    for row, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        parts = line.split(mark) if mark == "\t" else cells(line, mark)
        if len(parts) != len(names):
            raise IngestError(f"{file}: line {row} has {len(parts)} cells, expected {len(names)}. Export it again.")
        by_detector.setdefault(parts[detector].strip('" '), []).append(f"{parts[time]}\t{parts[value]}")
    found = []
    for name, body in by_detector.items():
        table = columns(body, "\t", file, 2)
        found.append(checked(Chromatogram(table[:, 0], table[:, 1], "", name, "long table"), file))
    return found
