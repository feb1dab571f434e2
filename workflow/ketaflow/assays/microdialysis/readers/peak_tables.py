"""Tables of peaks or of results: what the instrument's own software made of one injection."""

import re
from dataclasses import dataclass

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
    "retention_min": ("retention min", "retention time", "rt", "r time", "ret time", "rettime", "apex rt",
                      "analyte retention time"),
    "start_min": ("start min", "i time", "start", "start time", "peak start"),
    "stop_min": ("stop min", "f time", "end", "stop", "end time", "peak end"),
    "area": ("area", "peak area", "analyte peak area", "response", "resp"),
    "height": ("height", "peak height", "analyte peak height"),
    "concentration": ("concentration", "conc", "amount", "calc conc", "calculated concentration", "final conc"),
    "unit": ("unit", "units", "conc unit", "concentration unit"),
    "sample": ("sample name", "sample", "sample id", "replicate name", "data file", "filename", "file name",
               "injection"),
}  # fmt: skip
WORDS = ("name", "unit", "sample")
# What programs write for a peak they did not find or could not quantify.
NOT_FOUND = re.compile(r"|n\.?[adf]\.?|n/[af]|nd|no peak|-+|<.*|>.*|below.*|blq|bloq|no intercept", re.IGNORECASE)


@dataclass(frozen=True)
class Headings:
    """Where the headings stand: their line, the column of each meaning, how many columns, and the unit of amounts."""

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
    """Return a heading in lower case without brackets and punctuation; '' for a percentage."""
    if "%" in heading:
        return ""
    bare = re.sub(r"[(\[].*?[)\]]", " ", heading.lower())
    return " ".join(re.sub(r"[._#:]", " ", bare).split())


def bracketed(heading: str) -> str:
    """Return what a heading has in brackets, its unit."""
    match = re.search(r"[(\[](.*?)[)\]]", heading)
    return match[1].strip() if match else ""


def read(lines: list[str], separator: str, headings: Headings, file: str) -> Chromatogram:
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
    Chromatogram
        Without a signal.

    Raises
    ------
    IngestError
        If a cell is no number, or the table holds several injections or one analyte twice.
    """
    peaks: list[VendorPeak] = []
    samples: list[str | None] = []
    where = headings.columns
    found = [(row, cells(line, separator)) for row, line in enumerate(lines) if row > headings.line and line.strip()]
    found = [(row + 1, parts) for row, parts in found if len(parts) > max(where.values())]
    decimal = _decimal([parts for _, parts in found], where, file)
    for row, parts in found:
        found_cells = {meaning: _value(meaning, parts[column], decimal, file, row) for meaning, column in where.items()}
        if found_cells.get("area") is None and found_cells.get("concentration") is None:
            continue
        sample = found_cells.get("sample")
        samples.append(sample if isinstance(sample, str) else None)
        peaks.append(vendor_peak({"unit": headings.unit or None, **found_cells}))
    if not peaks:
        raise IngestError(f"{file}: a peak table without peaks. Export it again, with areas or concentrations.")
    _refuse_mixtures(peaks, samples, file)
    return Chromatogram(np.empty(0), np.empty(0), "", "", "peak table", vendor_peaks=peaks)


def _decimal(rows: list[list[str]], where: dict[str, int], file: str) -> str:
    """The decimal sign of all numbers of a table."""
    numeric = [column for meaning, column in where.items() if meaning not in WORDS]
    told = [[parts[column] if number(parts[column]) is not None else "" for column in numeric] for parts in rows]
    return decimal_sign("\n".join("\t".join(parts) for parts in told), told, file)


def _value(meaning: str, text: str, decimal: str, file: str, row: int) -> str | float | None:
    if meaning in WORDS:
        return text or None
    value = number(text, decimal)
    if value is None and not (NOT_FOUND.fullmatch(text.strip()) or NO_NUMBER.fullmatch(text.strip())):
        raise IngestError(
            f"{file}: line {row} has {text[:30]!r} for {meaning}, expected a number. Export the table again."
        )
    return value if value is not None and np.isfinite(value) else None


def _refuse_mixtures(peaks: list[VendorPeak], samples: list[str | None], file: str) -> None:
    several = list(dict.fromkeys(sample for sample in samples if sample))
    if len(several) > 1:
        raise IngestError(
            f"{file}: results of {len(several)} injections ({several[0]}, {several[1]} ...), expected one. Save each "
            "by itself, or put the concentrations into the table microdialysis_concentrations."
        )
    named = [peak.name.lower() for peak in peaks if peak.name]
    twice = next((name for name in named if named.count(name) > 1), None)
    if twice:
        raise IngestError(
            f"{file}: '{twice}' stands in more than one row, and it is not clear which peak is meant. Name one alone."
        )
