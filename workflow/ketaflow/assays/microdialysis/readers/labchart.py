"""ADInstruments LabChart text exports: several channels, comments in the rows, and one or more blocks."""

import re

import numpy as np

from ketaflow.assays.microdialysis.model import Chromatogram
from ketaflow.assays.microdialysis.readers.number_text import columns, number
from ketaflow.assays.microdialysis.readers.traces import checked
from ketaflow.core.errors import IngestError

# h:mm:ss.s or m:ss.s, as LabChart writes times that are not plain seconds.
CLOCK = re.compile(r"(?:(\d+):)?(\d+):(\d+(?:[.,]\d+)?)$")
COMMENT = re.compile(r"\t?#(?:\*|\d+)?\s.*$")


def is_labchart(lines: list[str]) -> bool:
    """Whether the file is a LabChart text export: it opens with the interval of its samples."""
    head = [line.split("=")[0] for line in lines[:12]]
    return "Interval" in head and "ChannelTitle" in head


def read_labchart(lines: list[str], file: str) -> list[Chromatogram]:
    """Read every channel of every block; a block is an injection of its own, and its number is its name."""
    starts = [index for index, line in enumerate(lines) if line.startswith("Interval=")]
    found: list[Chromatogram] = []
    for block, first in enumerate(starts):
        stop = starts[block + 1] if block + 1 < len(starts) else len(lines)
        sample = str(block + 1) if len(starts) > 1 else ""
        found += _block(lines[first:stop], first, sample, file)
    return found


def _block(lines: list[str], offset: int, sample: str, file: str) -> list[Chromatogram]:
    facts: dict[str, list[str]] = {}
    body: list[str] = []
    heading = 0
    for index, line in enumerate(lines):
        name, equals, rest = line.partition("=")
        if equals and name.isalpha() and not body:
            facts[name] = rest.strip("\t").split("\t")
            heading = index + 1
        elif line.strip():
            body.append(_with_seconds(COMMENT.sub("", line), file, offset + index + 1))
    if not body:
        raise IngestError(f"{file}: a LabChart block without values. Select the data and export it again.")
    table = columns(body, "\t", file, offset + heading + 1)
    interval_s = number(facts.get("Interval", [""])[0].split()[0])
    if interval_s and np.abs(np.diff(table[:, 0]) - interval_s).max(initial=0) > 0.5 * interval_s:
        row = int(np.abs(np.diff(table[:, 0]) - interval_s).argmax())
        raise IngestError(
            f"{file}: the times jump after {table[row, 0]:g} s, the header gives one value every {interval_s:g} s. "
            "Export each recording to a file of its own."
        )
    titles, units = facts.get("ChannelTitle", []), _units(facts)
    made = []
    for column in range(1, table.shape[1]):
        signal = table[:, column]
        if not np.isfinite(signal).any():
            continue
        title = titles[column - 1].strip() if column <= len(titles) else f"channel {column}"
        unit = units[column - 1] if column <= len(units) else ""
        time_min = (table[:, 0] - table[0, 0]) / 60
        made.append(checked(Chromatogram(time_min, signal, unit, title, "LabChart", sample=sample), file))
    return made


def _units(facts: dict[str, list[str]]) -> list[str]:
    """Units of the channels: given as such, or the last word of their ranges."""
    if "UnitName" in facts:
        return [unit.strip() for unit in facts["UnitName"]]
    return [words[-1] if (words := text.split()) else "" for text in facts.get("Range", [])]


def _with_seconds(line: str, file: str, row: int) -> str:
    """The line with its time in seconds."""
    time, tab, rest = line.partition("\t")
    match = CLOCK.fullmatch(time.strip())
    if match:
        hours, minutes, seconds = match.groups()
        plain = 3600 * int(hours or 0) + 60 * int(minutes) + float(seconds.replace(",", "."))
        comma = "," in rest and "." not in rest
        time = f"{plain:.6f}".replace(".", "," if comma else ".")
    elif number(time) is None:
        raise IngestError(f"{file}: line {row} reads {line.strip()[:60]!r}, expected a time. Export it again.")
    return f"{time}{tab}{rest}".rstrip()
