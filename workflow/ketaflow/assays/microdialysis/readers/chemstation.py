"""Agilent's single-channel signal files (.ch), decoded here so that a file cut short is noticed.

The layout follows the documentation of the rainbow project (rainbow-api.readthedocs.io); the marks at the end of the
values were found in files of every version. rainbow reads as many values as there are and spreads those of half a file
over the whole run.
"""

import struct
from typing import NamedTuple

import numpy as np

from ketaflow.assays.microdialysis.model import Chromatogram
from ketaflow.assays.microdialysis.readers import constants
from ketaflow.assays.microdialysis.readers.traces import checked
from ketaflow.core.errors import IngestError


class Layout(NamedTuple):
    """Where a version keeps its parts (byte offsets), and how it writes them.

    ``times`` is the format of first and last time (ms); ``text_step`` the bytes from one letter of a text to the next.
    """

    times: str
    scale: int
    unit: int
    values: int
    text_step: int


OLD = Layout(">ii", scale=0x284, unit=0x244, values=0x400, text_step=1)
NEW = Layout(">ii", scale=0x127C, unit=0x104C, values=0x1800, text_step=2)
LAYOUTS = {
    "8": OLD,
    "30": OLD,
    "81": OLD._replace(times=">ff"),
    "130": NEW,
    "179": NEW._replace(times=">ff"),
    "181": NEW._replace(times=">ff"),
}
# Versions whose end nothing in the file marks: their length must fit a pace of sampling.
UNMARKED = ("81", "179", "181")
TIMES_AT = 0x11A
# Highest and lowest value of version 30, as in all thirty files available.
RANGE_AT = 0x122
SEGMENT = 0x10
ESCAPE_130 = -0x8000
ESCAPE_181 = 0x7FFF
# Milliseconds from value to value that Agilent's detectors offer: diode arrays and their kin, fluorescence and
# refractive index, the fastest diode arrays, flame ionisation and analogue inputs.
PACES_MS = (
    *(6.25 * 2.0**power for power in range(11)),
    *(6.75 * 2.0**power for power in range(11)),
    *(12.5 / 3 * 2.0**power for power in range(8)),
    *(1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0),
)


class CutShortError(ValueError):
    """The values end before they should."""


def is_channel(content: bytes) -> bool:
    """Whether the bytes open as a .ch file does: the length of the version's number, then its digits."""
    return len(content) > 4 and content[0] in (1, 2, 3) and content[1 : 1 + content[0]].isdigit()


def read(content: bytes, name: str, file: str, *, known_whole: bool = False) -> Chromatogram:
    """Read one channel.

    Parameters
    ----------
    content : bytes
        The file.
    name, file : str
        Name of the detector, and of the file for messages.
    known_whole : bool
        Whether a checksum has shown that nothing is missing (a member of a container).

    Returns
    -------
    Chromatogram

    Raises
    ------
    IngestError
        If the version is unknown, or the file is damaged or cut short.
    """
    version = content[1 : 1 + content[0]].decode("ascii", "replace") if content else ""
    if version not in LAYOUTS:
        raise IngestError(
            f"{file}: a .ch file of version '{version}', expected {', '.join(LAYOUTS)}. Export the signal as text."
        )
    layout = LAYOUTS[version]
    try:
        first_ms, last_ms = struct.unpack_from(layout.times, content, TIMES_AT)
        (scale,) = struct.unpack_from(">d", content, layout.scale)
        values = DECODERS[version](content[layout.values :])
    except (struct.error, CutShortError) as error:
        raise IngestError(f"{file}: the file ends too early ({error}). Copy it again.") from error
    if not (np.isfinite([first_ms, last_ms, scale]).all() and last_ms > first_ms and scale):
        raise IngestError(f"{file}: times or scale in the header are no numbers. Copy the file again.")
    if version == "30":
        highest, lowest = struct.unpack_from(">ii", content, RANGE_AT)
        _check_range(values, highest, lowest, file)
    if version in UNMARKED and not known_whole:
        if version == "81" and _is_pace((last_ms - first_ms) / max(len(values), 1)):
            last_ms -= (last_ms - first_ms) / len(values)  # the header states where the step after the last value ends
        _check_pace(len(values), last_ms - first_ms, file)
    time_min = np.linspace(first_ms, last_ms, len(values)) / 60_000
    unit = _text(content, layout.unit, layout.text_step)
    return checked(Chromatogram(time_min, values * scale, unit, name, "ChemStation"), file)


def _differences(body: bytes) -> np.ndarray:
    """Versions 8, 30 and 130: segments of differences, an escape before a whole number; another byte ends them."""
    parts: list[np.ndarray] = [np.zeros(0)]
    place = 0
    level = 0
    while place < len(body) and body[place] == SEGMENT:
        if place + 2 > len(body):
            raise CutShortError("in a segment's head")
        count, place = body[place + 1], place + 2
        steps = np.frombuffer(body[place : place + 2 * count], ">i2") if place + 2 * count <= len(body) else None
        if steps is not None and not (steps == ESCAPE_130).any():
            parts.append(level + np.cumsum(steps, dtype=np.int64))
            place += 2 * count
        else:
            values, place = _with_escapes(body, place, count, level)
            parts.append(values)
        level = int(parts[-1][-1]) if len(parts[-1]) else level
    if place >= len(body):
        raise CutShortError("after a segment, without the byte that ends the values")
    return np.concatenate(parts)


def _with_escapes(body: bytes, place: int, count: int, level: int) -> tuple[np.ndarray, int]:
    values = []
    for _ in range(count):
        (step,) = struct.unpack_from(">h", body, place)
        place += 2
        if step == ESCAPE_130:
            (level,) = struct.unpack_from(">i", body, place)
            place += 4
        else:
            level += step
        values.append(level)
    return np.array(values, float), place


def _zero_ended(body: bytes) -> np.ndarray:
    """Version 181: second differences, and a zero that ends them."""
    values = _second_differences(body)
    if body[-2:] != b"\0\0":
        raise CutShortError("without the zero that ends the values")
    return values[:-1]


def _second_differences(body: bytes) -> np.ndarray:
    """Version 81: differences of differences, an escape before a whole number of 48 bits."""
    if len(body) % 2:
        raise CutShortError("in the middle of a value")
    words = np.frombuffer(body, ">i2").tolist()
    values, place, level, slope = [], 0, 0, 0
    while place < len(words):
        if words[place] == ESCAPE_181:
            if place + 3 >= len(words):
                raise CutShortError("in the middle of a value")
            high, middle, low = words[place + 1 : place + 4]
            level, slope = (high << 32) | ((middle & 0xFFFF) << 16) | (low & 0xFFFF), 0
            place += 4
        else:
            slope += words[place]
            level += slope
            place += 1
        values.append(level)
    return np.array(values, float)


def _doubles(body: bytes) -> np.ndarray:
    """Version 179: plain numbers of eight bytes, and perhaps a few bytes that end them.

    Some gas chromatographs write numbers of four bytes, each after four others.
    """
    whole = body[: len(body) // 8 * 8]
    values = np.frombuffer(whole, "<f8").astype(float)
    with np.errstate(invalid="ignore"):
        if len(values) and not np.median(np.abs(values)) < constants.SIGNAL_MAX:
            return np.frombuffer(whole, "<f4")[1::2].astype(float)
    return values


DECODERS = {
    "8": _differences,
    "30": _differences,
    "81": _second_differences,
    "130": _differences,
    "179": _doubles,
    "181": _zero_ended,
}


def _check_range(values: np.ndarray, highest: int, lowest: int, file: str) -> None:
    """Refuse values that leave the range the header states: one damaged difference shifts all that follow."""
    if highest > lowest and (values.max(initial=-np.inf), values.min(initial=np.inf)) != (highest, lowest):
        raise IngestError(
            f"{file}: the header states values from {lowest} to {highest}, found {values.min(initial=np.inf):.0f} to "
            f"{values.max(initial=-np.inf):.0f}. The file is damaged: copy it again."
        )


def _check_pace(points: int, length_ms: float, file: str) -> None:
    """Refuse a file whose length and number of values give a pace at which no detector samples: values are missing."""
    pace_ms = length_ms / max(points - 1, 1)
    if points > 1 and not _is_pace(pace_ms):
        raise IngestError(
            f"{file}: {points} values in {length_ms / 60_000:.3f} min are one every {pace_ms:.4f} ms, and no detector "
            "samples so. The file is cut short: copy it again. If it is whole, export the signal as text."
        )


def _is_pace(pace_ms: float) -> bool:
    return any(abs(pace_ms / known - 1) < constants.INTERVAL_TOLERANCE for known in PACES_MS)


def _text(content: bytes, place: int, step: int) -> str:
    """A header's text: its length in one byte, then its letters."""
    length = content[place] if place < len(content) else 0
    return (
        content[place + 1 : place + 1 + length * step]
        .decode("utf-16-le" if step == 2 else "latin-1", "replace")
        .strip()
    )
