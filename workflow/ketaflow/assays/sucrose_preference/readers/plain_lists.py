"""Reader of plain lists of lick times: one or more columns of numbers, with or without headings.

In: the text of a list. Out: its common form. The unit (s or ms) and the decimal sign are found from the content; where
they cannot be, the file is refused.
"""

import re

import numpy as np

from ketaflow.assays.sucrose_preference import constants
from ketaflow.assays.sucrose_preference.readers.logs import (
    Channel,
    Log,
    LogFile,
    lick_channel,
    lines_of,
    number,
    rising,
    without_padding,
)
from ketaflow.core.errors import IngestError


def read_list(file: LogFile) -> Log:
    """Read columns of lick times.

    Parameters
    ----------
    file : LogFile
        List of lick times in s or ms, in columns.

    Returns
    -------
    Log
        One channel per column; ``offset_x`` holds the ends of the licks of ``onset_x``.

    Raises
    ------
    IngestError
        If a cell is not a number, times fall, or the unit is unknown.
    """
    columns = _columns(file)
    scale = _seconds_per_unit(columns, file)
    channels: dict[str, Channel] = {}
    aliases = {}
    for name, times in columns.items():
        if "offset" in name:
            continue
        offsets = columns.get(name.replace("onset", "offset")) if "onset" in name else None
        onsets_s = rising(times * scale, file.name)
        channels[name] = lick_channel(onsets_s, offsets * scale if offsets is not None else None)
        if "onset" in name:
            aliases[name.replace("onset", "").strip("_- ")] = name
    return Log("lick times", channels, aliases=aliases)


def _columns(file: LogFile) -> dict[str, np.ndarray]:
    """Times of each column by its lower-case heading, else by its number; a single column without heading by ""."""
    rows = _cells(file.text)
    has_numbers = all(number(cell) is not None or not cell for cell in rows[0])
    names = [] if has_numbers else [cell.strip('" ').lower() for cell in rows[0]]
    rows = rows if has_numbers else rows[1:]
    width = max((len(row) for row in rows), default=len(names))
    names = names or ([""] if width == 1 else [str(index + 1) for index in range(width)])
    return {
        name: without_padding([_time(row[index], file.name) for row in rows if index < len(row) and row[index]])
        for index, name in enumerate(names)
    }


def _cells(text: str) -> list[list[str]]:
    """Cells of each line, separated by whatever the list uses."""
    lines = lines_of(text)
    if _decimal_commas(lines):
        return [re.split(r"[;\t\s]+", line) for line in lines]
    return [re.split(r"[;\t ]+|,(?=\s)" if ";" in line or "\t" in line else r"[,\s]+", line) for line in lines]


def _time(cell: str, file: str) -> float:
    """A lick time, in the unit of the file."""
    value = number(cell)
    if value is None:
        raise IngestError(
            f"{file}: '{cell}' is no lick time. This file is in no format known here; see the assay's page."
        )
    return value


def _seconds_per_unit(columns: dict[str, np.ndarray], file: LogFile) -> float:
    """Seconds in a unit of the times: from the setting, the headings, else the rhythm of licking."""
    unit = file.settings.lick_time_unit
    if unit != "auto":
        return 1.0 if unit == "s" else 1 / constants.MS_PER_S
    if any(re.search(r"(_|\(|\s)ms\)?$", name) for name in columns):
        return 1 / constants.MS_PER_S
    if any(re.search(r"(_|\(|\s)(s|sec|seconds)\)?$", name) for name in columns):
        return 1.0
    intervals = [np.median(np.diff(times)) for times in columns.values() if len(times) >= constants.UNIT_MIN_LICKS]
    if not intervals:
        empty = all(len(times) == 0 for times in columns.values())
        if empty or any((times % 1).any() for times in columns.values()):
            return 1.0
    elif min(intervals) < constants.SECONDS_BELOW:
        return 1.0
    elif min(intervals) > constants.MILLISECONDS_ABOVE:
        return 1 / constants.MS_PER_S
    raise IngestError(
        f"{file.name}: too few licks to tell seconds from milliseconds. "
        "Set sucrose_preference.ingest.lick_time_unit to s or ms in the settings."
    )


def _decimal_commas(lines: list[str]) -> bool:
    """Whether commas are decimal signs: one to a line (or beside semicolons), and not two rising columns."""
    if any(";" in line for line in lines[:3]):
        return any("," in line for line in lines[:50])
    pairs = [line.split(",") for line in lines if "," in line]
    if not pairs or len(pairs) < len(lines) - 1 or any("." in line for line in lines[1:]):
        return False
    if any(len(pair) != 2 or not pair[0].strip().isdigit() or not pair[1].strip().isdigit() for pair in pairs[1:]):
        return False
    first, second = (np.array([int(pair[place]) for pair in pairs[1:]]) for place in (0, 1))
    two_columns = (second >= first).all() and (np.diff(second) >= 0).all()
    return not two_columns
