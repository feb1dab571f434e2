"""Tables of peaks or of results: what the instrument's own software made of one injection."""

import re
from dataclasses import dataclass, replace
from pathlib import PureWindowsPath

import numpy as np

from ketaflow.assays.microdialysis.model import Chromatogram, VendorPeak
from ketaflow.assays.microdialysis.readers import constants
from ketaflow.assays.microdialysis.readers.number_text import NO_NUMBER, cells, decimal_sign, number
from ketaflow.assays.microdialysis.readers.traces import vendor_peak
from ketaflow.core.errors import IngestError

# Headings, without unit and punctuation, of LabSolutions, Chromeleon, OpenLab, MassHunter, Analyst and others.
HEADINGS = {
    "name": ("compound", "compound name", "analyte", "analyte name", "analyte peak name", "peak name", "component name",
             "component", "molecule name", "name"),
    "retention_min": ("retention min", "retention time", "rt", "r time", "ret time", "reten time", "retention",
                      "rettime", "apex rt", "r t", "analyte retention time"),
    "start_min": ("start min", "i time", "start", "start time", "peak start"),
    "stop_min": ("stop min", "f time", "end", "stop", "end time", "peak end"),
    "area": ("area", "peak area", "analyte peak area", "response", "resp"),
    "height": ("height", "peak height", "analyte peak height"),
    "concentration": ("concentration", "conc", "amount", "calc conc", "calculated concentration", "final conc"),
    "kind": ("type", "peak type", "pk ty", "int type", "integration type", "mark"),
    "unit": ("unit", "units", "conc unit", "concentration unit"),
    "sample": ("sample name", "sample", "sample id", "samplename", "injection name", "replicate name",
               "data file", "filename", "file name", "primary file",
               "injection"),
}  # fmt: skip
WORDS = ("name", "unit", "sample", "kind")
# The last row of a table, which is no peak.
TOTALS = re.compile(r"totals?|sums?|summe|gesamt|totaux?|totale?", re.IGNORECASE)
# Peaks that a person integrated: a star (Chromeleon), lower case (Empower), M for manual (ChemStation, EZChrom).
MANUAL = re.compile(r".*\*.*|[bv]{2}|M{1,2}|[BVPF]?M[BVPF]?")
# Title of each table of a Clarity export, with the path of the chromatogram and the detector.
CLARITY = re.compile(r"Result Table \((?:\w+ - )?(.+?)(?: - ([^)]*))?\)\s*$")
# A pair of brackets in a heading, with what they hold.
BRACKETS = re.compile(r"[(\[](.*?)[)\]]")
# What programs write for a peak they did not find or could not quantify.
NOT_FOUND = re.compile(r"|n\.?[adf]\.?|n/[af]|nd|no peak.*|-+|<.*|>.*|below.*|blq|bloq|no intercept", re.IGNORECASE)


@dataclass(frozen=True)
class Headings:
    """Place of the headings: their line, the column of each meaning, how many columns, and the unit of amounts."""

    line: int
    columns: dict[str, int]
    width: int
    unit: str


def headings_of(lines: list[str], separator: str) -> Headings | None:
    """Find the headings of a peak table.

    Parameters
    ----------
    lines : list of str
        Lines of the file.
    separator : str
        What separates the cells.

    Returns
    -------
    Headings or None
        The first line with an area or a concentration beside a name or a retention; None where there is none.
    """
    for index, line in enumerate(lines[: constants.HEADING_LINES]):
        names = cells(line, separator)
        known = [plain(name) for name in names]
        found = {
            meaning: next(known.index(word) for word in words if word in known)
            for meaning, words in HEADINGS.items()
            if any(word in known for word in words)
        }
        if ({"area", "concentration"} & set(found)) and ({"name", "retention_min"} & set(found)):
            unit = bracketed(names[found["concentration"]]) if "concentration" in found else ""
            return Headings(index, found, len(names), unit)
    return None


def plain(heading: str) -> str:
    """Return a heading in lower case without brackets and punctuation; '' for a percentage or a long text."""
    if "%" in heading or len(heading) > constants.HEADING_LETTERS:
        return ""
    return " ".join(re.sub(r"[._#:]", " ", without_brackets(heading.lower())).split())


def without_brackets(heading: str) -> str:
    """Return a heading with a blank in place of each pair of brackets and its content."""
    return BRACKETS.sub(" ", heading[: constants.HEADING_LETTERS])


def bracketed(heading: str) -> str:
    """Return what a heading has in brackets, its unit."""
    match = BRACKETS.search(heading[: constants.HEADING_LETTERS])
    return match[1].strip() if match else ""


def read(lines: list[str], separator: str, headings: Headings, file: str) -> list[Chromatogram]:
    """Read every peak of a peak table.

    Parameters
    ----------
    lines : list of str
        Lines of the file.
    separator : str
        What separates the cells.
    headings : Headings
        The line and the columns of the headings.
    file : str
        Name of the file, for messages.

    Returns
    -------
    list of Chromatogram
        One per sample, without a signal. Rows of totals are no peaks.

    Raises
    ------
    IngestError
        If a cell is no number, or the table holds one analyte of a sample twice.
    """
    tables = _titled(lines, headings.line)
    by_sample: dict[str, list[VendorPeak]] = {}
    detectors: dict[str, str] = {}
    where = headings.columns
    for sample, detector, first, stop in tables:
        detectors.setdefault(sample, detector)
        for name, peak in _rows(lines, first, stop, separator, headings, file):
            by_sample.setdefault(name or sample, []).append(peak)
    if not by_sample:
        raise IngestError(f"{file}: a peak table without peaks. Export it again, with areas or concentrations.")
    for sample, peaks in by_sample.items():
        _refuse_repeats(peaks, sample, file)
    named = "sample" in where or len(tables) > 1
    return [
        Chromatogram(
            np.empty(0), np.empty(0), "", detectors.get(sample, ""), "peak table", vendor_peaks=peaks,
            sample=sample if named else "",
        )
        for sample, peaks in by_sample.items()
    ]  # fmt: skip


def _titled(lines: list[str], heading: int) -> list[tuple[str, str, int, int]]:
    """Tables of a file: name of the sample, detector, index of the headings, and of the line after the last row."""
    titles = [(index, match) for index, line in enumerate(lines) if (match := CLARITY.match(line.strip('"\t ')))]
    if not titles:
        return [("", "", heading, len(lines))]
    stops = [*(index for index, _ in titles[1:]), len(lines)]
    return [
        (PureWindowsPath(match[1]).stem, match[2] or "", index + 1, stop)
        for (index, match), stop in zip(titles, stops, strict=True)
    ]


def _rows(
    lines: list[str], first: int, stop: int, separator: str, headings: Headings, file: str
) -> list[tuple[str, VendorPeak]]:
    """Peaks of one table, with the sample that their rows name."""
    where = headings.columns
    found = [(row + 1, cells(lines[row], separator)) for row in range(first + 1, stop) if lines[row].strip()]
    found = [(row, parts) for row, parts in found if len(parts) > max(where.values())]
    found = [(row, parts) for row, parts in found if not any(TOTALS.fullmatch(part.strip(": ")) for part in parts)]
    decimal = _decimal([parts for _, parts in found], where, file)
    made = []
    for row, parts in found:
        values = {meaning: _value(meaning, parts[column], decimal, file, row) for meaning, column in where.items()}
        if values.get("area") is None and values.get("concentration") is None:
            continue
        kind = values.pop("kind", None)
        manual = isinstance(kind, str) and bool(MANUAL.fullmatch(kind.strip()))
        peak = replace(vendor_peak({"unit": headings.unit or None, **values}), manual=manual)
        made.append((str(values.get("sample") or ""), peak))
    return made


def _decimal(rows: list[list[str]], where: dict[str, int], file: str) -> str:
    """The decimal sign of all numbers of a table."""
    numeric = [column for meaning, column in where.items() if meaning not in WORDS]
    texts = [[parts[column] if number(parts[column]) is not None else "" for column in numeric] for parts in rows]
    return decimal_sign("\n".join("\t".join(parts) for parts in texts), texts, file)


def _value(meaning: str, text: str, decimal: str, file: str, row: int) -> str | float | None:
    if meaning in WORDS:
        return text or None
    value = number(text, decimal)
    if value is None and not (NOT_FOUND.fullmatch(text.strip()) or NO_NUMBER.fullmatch(text.strip())):
        raise IngestError(
            f"{file}: line {row} has {text[:30]!r} for {meaning}, expected a number. Export the table again."
        )
    return value if value is not None and np.isfinite(value) else None


def _refuse_repeats(peaks: list[VendorPeak], sample: str, file: str) -> None:
    named = [peak.name.lower() for peak in peaks if peak.name]
    twice = next((name for name in named if named.count(name) > 1), None)
    if twice:
        where = f" of sample '{sample}'" if sample else ""
        raise IngestError(
            f"{file}: '{twice}' is in more than one row{where}, so the peak is ambiguous. Keep the name in one."
        )
