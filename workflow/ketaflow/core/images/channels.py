"""Select one channel of a file, by its name, its number or its colour."""

import math
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ketaflow.core.errors import IngestError
from ketaflow.core.images import axes
from ketaflow.core.images.model import NOT_STATED, Acquisition, StoredImage
from ketaflow.core.images.readers.png_jpeg import COLOUR_NAMES

# An RGB image is grey where its channels differ by at most this share of its range, in this share of the pixels: the
# noise of a colour camera (SD 5 of 255) makes them differ by 28 of 255 grey levels, and compression never by more
# (measured on pictures saved as JPEG).
GREY_TOLERANCE = 0.125
GREY_QUANTILE = 0.999
# More unnamed channels than this are a z stack that ImageJ wrote as channels; widefield and confocal microscopes
# separate about four fluorophores.
MAX_UNNAMED_CHANNELS = 4
# A stack saved as y, x, z reads as planes that are this many times narrower than they are wide, and than the stack is
# deep (ratio); the strips of a single dendrite are wider.
TRANSPOSED_ASPECT = 4


class SelectedChannel(NamedTuple):
    """One channel of a file.

    Attributes
    ----------
    pixels : (planes, rows, columns) ndarray
        Intensities in the file's own numbers.
    name : str
        Name of the channel, or its number where the file gives no name.
    notes : tuple of str
        Doubts about how the file stores it.
    acquisition : Acquisition
        Exposure and gain.
    """

    pixels: np.ndarray
    name: str
    notes: tuple[str, ...]
    acquisition: Acquisition = NOT_STATED


def select(path: Path, stored: StoredImage, channel: str | None) -> SelectedChannel:
    """Select one channel of a file.

    Parameters
    ----------
    path : Path
        The file, for messages.
    stored : StoredImage
        All channels of the file.
    channel : str or None
        Name of the channel or its number from 1; None where the file has one channel.

    Returns
    -------
    SelectedChannel
        Pixels as (planes, rows, columns). An RGB image whose channels are equal is one channel named ``grey``.

    Raises
    ------
    IngestError
        If there is no such channel, if several are left to choose from, or if the axes cannot be ordered.
    """
    pixels, notes = axes.ordered(path, stored)
    if channel is None and pixels.shape[0] == 1 and pixels.shape[1] > MAX_UNNAMED_CHANNELS and not stored.channels:
        notes += (f"the file calls its {pixels.shape[1]} planes channels; read as a z stack",)
        pixels = pixels.swapaxes(0, 1)
    count = pixels.shape[1]
    names = channel_names(stored.channels, count)
    if channel is not None:
        index = _channel_index(path, str(channel), names)
    elif count == 1:
        index = 0
    elif names[:3] == COLOUR_NAMES[:3] and _is_grey(pixels):
        return SelectedChannel(pixels[:, :3].max(1), "grey", notes)
    else:
        raise IngestError(
            f"{path.name}: holds {count} channels ({', '.join(names)}), and the table does not say which to read. "
            "Enter a number (1 is the first) or a name in the column channel."
        )
    _refuse_transposed(path, pixels[:, index], stored.axes)
    acquisition = stored.acquisitions[index] if len(stored.acquisitions) == count else NOT_STATED
    return SelectedChannel(np.ascontiguousarray(pixels[:, index]), names[index], notes, acquisition)


def channel_names(names: tuple[str, ...], count: int) -> tuple[str, ...]:
    """Names of the channels of a file: its own where they tell the channels apart, else numbers from 1.

    Parameters
    ----------
    names : tuple of str
        Names in the metadata; may be missing, empty or equal.
    count : int
        Number of channels.

    Returns
    -------
    tuple of str
        ``count`` different names.
    """
    numbers = tuple(str(number + 1) for number in range(count))
    if len(names) != count:
        return numbers
    filled = tuple(name or number for name, number in zip(names, numbers, strict=True))
    return filled if len({name.lower() for name in filled}) == count else numbers


def _channel_index(path: Path, channel: str, names: tuple[str, ...]) -> int:
    """Index of a channel given by name, in any case, or by its number from 1."""
    lower = [name.lower() for name in names]
    if channel.lower() in lower:
        return lower.index(channel.lower())
    number = float(channel) if channel.replace(".", "", 1).isdigit() else math.nan
    if number in range(1, len(names) + 1):
        return int(number) - 1
    raise IngestError(
        f"{path.name}: has no channel '{channel}'. Expected one of {', '.join(names)}, "
        f"or a number from 1 to {len(names)}."
    )


def _is_grey(pixels: np.ndarray) -> bool:
    """Whether red, green and blue (planes, channels, rows, columns) are equal but for the noise of a camera."""
    colours = pixels[:, :3].astype(np.int32)
    spread = colours.max(1) - colours.min(1)
    low, high = np.quantile(colours, (1 - GREY_QUANTILE, GREY_QUANTILE))
    return float(np.quantile(spread, GREY_QUANTILE)) <= GREY_TOLERANCE * float(high - low)


def _refuse_transposed(path: Path, stack: np.ndarray, axis_names: str) -> None:
    """Refuse a stack saved as y, x, z, which reads as many planes a few pixels wide."""
    planes, height, width = stack.shape
    narrow, wide = sorted((height, width))
    if planes > TRANSPOSED_ASPECT * narrow and wide > TRANSPOSED_ASPECT * narrow:
        raise IngestError(
            f"{path.name}: {planes} planes of {height} x {width} pixels (axes {axis_names}): the axes look exchanged. "
            "Save the stack in the order z, y, x."
        )
