"""Thermo Chromeleon 6 and 7 text exports, and Waters Empower .arw exports."""

import re

import numpy as np

from ketaflow.assays.microdialysis.model import Chromatogram
from ketaflow.assays.microdialysis.readers import constants
from ketaflow.assays.microdialysis.readers.number_text import cells, columns, count, number
from ketaflow.assays.microdialysis.readers.traces import checked
from ketaflow.core.errors import IngestError

# A heading of times that are seconds.
SECONDS = re.compile(r"\(s(ec)?\.?\)", re.IGNORECASE)


def is_chromeleon(lines: list[str]) -> bool:
    """Whether the file is a Chromeleon text export."""
    head = [line.split("\t")[0].strip() for line in lines[:80]]
    return any(word in head for word in ("Chromatogram Data:", "Raw Data:", "Raw Data Header Information:"))


def read_chromeleon(lines: list[str], file: str) -> list[Chromatogram]:
    """Read the channel of a Chromeleon export."""
    facts, heading = _head(lines)
    if heading is None:
        raise IngestError(f"{file}: a Chromeleon header without data. Include 'Raw data' in the export and repeat it.")
    names = cells(lines[heading], "\t")
    body = [line.rstrip("\t ") for line in lines[heading + 1 :] if line.strip()]
    table = columns(body, "\t", file, heading + 2) if body else np.empty((0, 3))
    value = next((index for index, name in enumerate(names) if name.startswith("Value")), table.shape[1] - 1)
    unit = _between(names[min(value, len(names) - 1)]) or facts.get("Signal Unit", "")
    detector = facts.get("Channel", "") or facts.get("Channel Name", "")
    per_minute = 60.0 if SECONDS.search(names[0]) else 1.0
    trace = Chromatogram(
        table[:, 0] / per_minute, table[:, min(value, table.shape[1] - 1)], unit, detector, "Chromeleon", 60.0
    )
    checked(trace, file, promised=count(facts.get("Data Points", "")))
    last = number(facts.get("Time Max. (min)", ""))
    if last is not None and trace.time_min[-1] < last - constants.END_ROUNDING_MIN:
        raise IngestError(
            f"{file}: the header promises {last:g} min, the points end at {trace.time_min[-1]:g} min. Export it again."
        )
    return [trace]


def _head(lines: list[str]) -> tuple[dict[str, str], int | None]:
    """What the header states, and the line of the headings over the points, or the title where there are none."""
    facts: dict[str, str] = {}
    for index, line in enumerate(lines):
        parts = cells(line, "\t")
        if parts[0].startswith("Time") and len(parts) > 1 and number(parts[1]) is None and "Value" in line:
            return facts, index
        if parts[0]:
            facts.setdefault(parts[0], parts[1] if len(parts) > 1 else "")
        if parts[0] in ("Chromatogram Data:", "Raw Data:") and (first := _numbers_start(lines, index)):
            return facts, first - 1
    return facts, None


def _numbers_start(lines: list[str], index: int) -> int:
    """The line at which the numbers of a section start: below its title, or below a heading under that; 0 for none."""
    for place in (index + 1, index + 2):
        if place < len(lines) and "\t" in lines[place] and number(lines[place].split("\t")[0]) is not None:
            return place
    return 0


def _between(text: str) -> str:
    return text[text.find("(") + 1 : text.rfind(")")] if "(" in text else ""


def is_empower(lines: list[str]) -> bool:
    """Whether the file is an Empower .arw export: a line of quoted names, a line of values, then points."""
    return len(lines) > 2 and '"Channel' in lines[0] and lines[0].count("\t") == lines[1].count("\t")


def read_empower(lines: list[str], file: str) -> list[Chromatogram]:
    """Read the channel of an Empower export; times are in minutes, areas in signal x s."""
    facts = dict(zip(cells(lines[0], "\t"), cells(lines[1], "\t"), strict=False))
    detector = next((text for name, text in facts.items() if name.startswith("Channel")), "")
    body = [line for line in lines[2:] if line.strip()]
    table = columns(body, "\t", file, 3)
    if table.shape[1] < 2:
        raise IngestError(f"{file}: one column of numbers, expected time and signal. Export 'time and data points'.")
    sample = facts.get("SampleName", "")
    return [checked(Chromatogram(table[:, 0], table[:, 1], "", detector, "Empower", sample=sample), file)]
