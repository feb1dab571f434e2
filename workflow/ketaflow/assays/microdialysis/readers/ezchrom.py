"""Agilent EZChrom Elite: ASCII exports, a header of facts per channel and then one value per line."""

import numpy as np

from ketaflow.assays.microdialysis.model import Chromatogram
from ketaflow.assays.microdialysis.readers import constants
from ketaflow.assays.microdialysis.readers.number_text import columns, count, number
from ketaflow.assays.microdialysis.readers.traces import checked
from ketaflow.core.errors import IngestError

# What the header must give, beside the points: one value per channel.
RATE, POINTS, UNIT, FACTOR = "Sampling Rate:", "Total Data Points:", "Y Axis Title:", "Y Axis Multiplier:"


def is_ezchrom(lines: list[str]) -> bool:
    """Whether the file is an EZChrom ASCII export: its header gives channels, points and the sampling rate."""
    head = {line.split(",")[0].split("\t")[0].strip() for line in lines[: constants.HEADING_LINES]}
    return {"Maxchannels:", RATE, POINTS} <= head


def read_ezchrom(lines: list[str], file: str) -> list[Chromatogram]:
    """Read every channel of an EZChrom ASCII export; the values of the channels follow one another."""
    facts: dict[str, list[str]] = {}
    first = 0
    for index, line in enumerate(lines[: constants.HEADING_LINES]):
        key, *cells = line.replace("\t", ",").split(",")
        if key.strip().endswith(":"):
            facts[key.strip()] = [cell.strip() for cell in cells]
            first = index + 1
    body = [line for line in lines[first:] if line.strip()]
    values = columns(body, "\t", file, first + 1)[:, 0] if body else np.empty(0)
    channels = count("".join(facts["Maxchannels:"])) or 1
    promised = [count(cell) or 0 for cell in facts[POINTS][:channels]]
    if len(promised) != channels or len(values) != sum(promised):
        raise IngestError(
            f"{file}: the header promises {sum(promised)} values of {channels} channels, {len(values)} are there. The "
            "file is cut short: export it again."
        )
    made, place = [], 0
    for channel, points in enumerate(promised):
        rate_hz, factor = (_of(facts, key, channel, file) for key in (RATE, FACTOR))
        time_min = np.arange(points) / rate_hz / 60
        signal = factor * values[place : place + points]
        unit = facts.get(UNIT, [""] * channels)[channel]
        made.append(checked(Chromatogram(time_min, signal, unit, f"channel {channel + 1}", "EZChrom"), file))
        place += points
    return made


def _of(facts: dict[str, list[str]], key: str, channel: int, file: str) -> float:
    """A positive number of the header."""
    cells = facts.get(key, [])
    value = number(cells[channel]) if channel < len(cells) else None
    if value is None or not value > 0:
        raise IngestError(f"{file}: the header has no {key[:-1]!r} for channel {channel + 1}. Export it again.")
    return value
