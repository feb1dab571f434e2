"""Tables of a whole batch with one row per sample and one column, or a few, per analyte."""

import re
from dataclasses import dataclass, replace

import numpy as np

from ketaflow.assays.microdialysis.model import Chromatogram, VendorPeak
from ketaflow.assays.microdialysis.readers import constants
from ketaflow.assays.microdialysis.readers.number_text import cells, decimal_sign, number
from ketaflow.assays.microdialysis.readers.tables.peak_tables import (
    HEADINGS,
    NOT_FOUND,
    TOTALS,
    bracketed,
    plain,
    without_brackets,
)
from ketaflow.core.errors import IngestError

# Words of a heading that say what a column of an analyte holds; without any it holds areas.
QUANTITIES = {
    "area": re.compile(r"\b(peak )?(area|response|resp)\b", re.IGNORECASE),
    "concentration": re.compile(r"\b(amount|conc(entration)?|calc\w* conc\w*|final conc)\b", re.IGNORECASE),
    "height": re.compile(r"\b(peak )?height\b", re.IGNORECASE),
    "retention_min": re.compile(r"\b(ret(ention)?[ ._]*time|rt|reten[. ]+time)\b", re.IGNORECASE),
}
# Columns about the sample that are no analytes.
ABOUT_SAMPLE = re.compile(
    r"|no|nr|number|peak|peak (no|nr|number)|row|index|#|vial|position|pos|tray|type|sample type|level"
    r"|date|time|date time|acq\w*"
    r"|inj\w* (time|date|vol\w*|no|number)|volume|inj\w* vol\w*"
    r"|dilution( factor)?|weight|comments?|notes?|method|processing method|status|operator"
    r"|channel|file( name)?|id|batch|order|istd|is",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Layout:
    """Where a wide table has what.

    Attributes
    ----------
    first : int
        Index of the first line of values.
    sample : int
        Column of the samples.
    analytes : dict of int to (str, str, str)
        By column: the analyte, the quantity, and the unit.
    """

    first: int
    sample: int
    analytes: dict[int, tuple[str, str, str]]


def layout_of(lines: list[str], separator: str) -> Layout | None:
    """Find out whether a file is a table of one row per sample.

    Parameters
    ----------
    lines : list of str
        Lines of the file.
    separator : str
        What separates the cells.

    Returns
    -------
    Layout or None
        None for any other file.
    """
    for index, line in enumerate(lines[: constants.HEADING_LINES]):
        names = cells(line, separator)
        known = [plain(name) for name in names]
        sample = next((known.index(word) for word in HEADINGS["sample"] if word in known), None)
        one_peak_a_row = all(any(word in known for word in HEADINGS[meaning]) for meaning in ("retention_min", "area"))
        if sample is None or one_peak_a_row or any(word in known for word in HEADINGS["name"]):
            continue
        under = cells(lines[index + 1], separator) if index + 1 < len(lines) else []
        second = bool(under) and not any(number(cell) is not None for cell in under)
        analytes = _analytes(names, under if second else [], sample)
        first = index + 2 if second else index + 1
        if analytes and _has_values(lines[first:], separator, analytes):
            return Layout(first, sample, analytes)
    return None


def _analytes(names: list[str], under: list[str], sample: int) -> dict[int, tuple[str, str, str]]:
    """Analyte, quantity and unit of each column; a name over several columns holds for all of them."""
    found: dict[int, tuple[str, str, str]] = {}
    above = ""
    for column, name in enumerate(names):
        above = name or above if under else name
        detail = under[column] if column < len(under) else name
        quantity = next((known for known, words in QUANTITIES.items() if words.search(detail)), "area")
        bare = without_brackets(above)
        if not under:
            bare = QUANTITIES[quantity].sub(" ", bare)
        analyte = " ".join(bare.replace("_", " ").split()).strip(" -:.")
        if column != sample and "%" not in detail and analyte and not ABOUT_SAMPLE.fullmatch(plain(above)):
            found[column] = (analyte, quantity, bracketed(detail))
    return found


def _has_values(lines: list[str], separator: str, analytes: dict[int, tuple[str, str, str]]) -> bool:
    """Whether the first lines below the headings have a number for an analyte."""
    below = [cells(line, separator) for line in lines if line.strip()][:5]
    return any(
        number(parts[column]) is not None for parts in below for column in analytes if column < len(parts)
    )  # fmt: skip


def read(lines: list[str], separator: str, layout: Layout, file: str) -> list[Chromatogram]:
    """Read a table of one row per sample.

    Parameters
    ----------
    lines : list of str
        Lines of the file.
    separator : str
        What separates the cells.
    layout : Layout
        Its columns.
    file : str
        Name of the file, for messages.

    Returns
    -------
    list of Chromatogram
        One per sample, without a signal. Rows of totals are no samples.

    Raises
    ------
    IngestError
        If a cell is no number, or a sample is in two rows.
    """
    rows = [
        (index + 1, cells(lines[index], separator)) for index in range(layout.first, len(lines)) if lines[index].strip()
    ]
    rows = [(row, parts) for row, parts in rows if len(parts) > layout.sample and parts[layout.sample]]
    rows = [(row, parts) for row, parts in rows if not TOTALS.fullmatch(parts[layout.sample].strip(": "))]
    texts = [[parts[column] for column in layout.analytes if column < len(parts)] for _, parts in rows]
    numeric = [[text if number(text) is not None else "" for text in own] for own in texts]
    decimal = decimal_sign("\n".join("\t".join(own) for own in numeric), numeric, file)
    made: dict[str, Chromatogram] = {}
    for row, parts in rows:
        sample = parts[layout.sample]
        if sample in made:
            raise IngestError(
                f"{file}: line {row}: sample '{sample}' is in more than one row. Give each injection a name of its own."
            )
        peaks = _peaks(parts, layout, decimal, file, row)
        made[sample] = Chromatogram(
            np.empty(0), np.empty(0), "", "", "batch table", vendor_peaks=peaks, sample=sample
        )  # fmt: skip
    if not made:
        raise IngestError(f"{file}: a table of results without samples. Export it again.")
    return list(made.values())


def _peaks(parts: list[str], layout: Layout, decimal: str, file: str, row: int) -> list[VendorPeak]:
    """Peaks of one sample."""
    found: dict[str, VendorPeak] = {}
    for column, (analyte, quantity, unit) in layout.analytes.items():
        text = parts[column].strip() if column < len(parts) else ""
        value = number(text, decimal)
        if value is None and not NOT_FOUND.fullmatch(text):
            raise IngestError(
                f"{file}: line {row} has {text[:30]!r} for {analyte}, expected a number. Export the table again."
            )
        if value is None:
            continue
        peak = found.get(analyte, VendorPeak(name=analyte))
        if quantity == "concentration":
            found[analyte] = replace(peak, concentration=value, unit=unit or None)
        elif quantity == "height":
            found[analyte] = replace(peak, height=value)
        elif quantity == "retention_min":
            found[analyte] = replace(peak, retention_min=value)
        else:
            found[analyte] = replace(peak, area=value)
    return [peak for peak in found.values() if peak.area is not None or peak.concentration is not None]
