"""The common form of every export: reads, each with one value per well; and what a heading says of a read."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ketaflow.assays.elisa import constants

Kind = Literal["raw", "blank_corrected", "calculated"]

# Three digits in a short label, and a wavelength in a line of text.
LABEL_NM = re.compile(r"(?<![\d.,/])(\d{3,4})(?![\d.,/])")
HEADING_NM = (
    re.compile(
        r"(?:wave\s*length|wellenl\w*|longueur d.onde)[^\d\n]{0,24}(\d{3,4}(?:\s*[,;/]\s*\d{3,4})*)(?![\d/])",
        re.IGNORECASE,
    ),
    re.compile(r"(?<![\d.,/])(\d{3,4})\s*nm\b", re.IGNORECASE),
    re.compile(r"raw data\s*\((\d{3,4})(?![\d/])", re.IGNORECASE),
    re.compile(r"\b(?:od|abs|a)[ _]?(\d{3,4})\b", re.IGNORECASE),
)
BLANK_CORRECTED = re.compile(r"^blank\b|\bblank[- ]?(corr|subtr|reduc)", re.IGNORECASE)
CALCULATED = re.compile(
    r"\bconc|\[concentration|\bnorm|\bratio\b|\bdil(ution)?\b|\bstd\.? ?dev|\bsd\b|\bcv\b|%"
    r"|\bresidual|\bfitted|standard curve|\bcalculat|pathlength|\bwell id\b|\blayout\b|\bmean\b|\baverage|\breduced\b"
    r"|\bmax v\b|r-squared|\bintegral\b|\bslope\b|\blag ?time|\btemp(erature)?\b|\bsignal\b|\bbackground\b|/ ?a\d{3}",
    re.IGNORECASE,
)
# Lines above a block that say that it was calculated.
BLANK_HEADING = re.compile(r"\bblank[- ]?(corr|subtr|reduc)", re.IGNORECASE)
CALCULATED_HEADING = re.compile(
    r"^(standard curve|dilution factor|concentration|normali[sz]|ratio|mean|average|layout|std|cv\b|calculat"
    r"|pathlength)",
    re.IGNORECASE,
)
FILTER_PAIR = re.compile(r"\d{3}\s*[/,]\s*\d")


@dataclass(frozen=True)
class Read:
    """One measurement of a plate.

    Attributes
    ----------
    name : str
        What the file calls it.
    values : mapping of str to float
        Response by well; infinite where the detector was saturated, NaN without a value.
    wavelength_nm : float or None
        Wavelength (nm), where the file states one.
    kind : {"raw", "blank_corrected", "calculated"}
        Whether the reader's software changed the values.
    plate : str
        Name of the plate in the file; empty where it has none.
    sheet : str
        Name of its sheet; empty for text.
    """

    name: str
    values: Mapping[str, float]
    wavelength_nm: float | None = None
    kind: Kind = "raw"
    plate: str = ""
    sheet: str = ""


def wavelength_in_label(label: str) -> float | None:
    """Wavelength in the label of a read, such as ``abs450:450``; None without one, or with several (a filter pair)."""
    if FILTER_PAIR.search(label):
        return None
    found = {float(text) for text in LABEL_NM.findall(label.rpartition(":")[2] or label)}
    found = {value for value in found if _plausible(value)}
    return found.pop() if len(found) == 1 else None


def wavelength_in_heading(lines: Sequence[str]) -> float | None:
    """Wavelength in the lines above a block, from the nearest upwards; None where a line names several."""
    for line in reversed(lines):
        for pattern in HEADING_NM:
            texts = [text for group in pattern.findall(line) for text in re.findall(r"\d{3,4}", group)]
            found = {float(text) for text in texts if _plausible(float(text))}
            if found:
                return found.pop() if len(found) == 1 else None
    return None


def kind_of(label: str) -> Kind:
    """Whether a label names raw values, blank-corrected ones, or what the software calculated from them."""
    if BLANK_CORRECTED.search(label):
        return "blank_corrected"
    if re.search(r"\braw\b", label, re.IGNORECASE):
        return "raw"
    return "calculated" if CALCULATED.search(label) else "raw"


def kind_of_heading(lines: Sequence[str]) -> Kind:
    """The same for the lines above a block, from the nearest upwards."""
    for line in reversed(lines):
        if BLANK_HEADING.search(line):
            return "blank_corrected"
        if CALCULATED_HEADING.search(line):
            return "calculated"
    return "raw"


def _plausible(value: float) -> bool:
    low, high = constants.WAVELENGTHS_NM
    return low <= value <= high
