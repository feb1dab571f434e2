"""Bring the axes of a file into one order, (planes, channels, rows, columns).

Only ``Z``, and axes that a file leaves unnamed, are depth. Scenes, positions, tiles, phases and time points never are:
a reader gives one of each, that which the column ``series`` names.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from ketaflow.core.errors import IngestError
from ketaflow.core.images.model import StoredImage
from ketaflow.core.images.series import NOT_DEPTH


class OrderedPixels(NamedTuple):
    """Pixels of a file in a known order.

    Attributes
    ----------
    pixels : (planes, channels, rows, columns) ndarray
        Intensities in the file's own numbers.
    notes : tuple of str
        Doubts about what the file calls its axes.
    """

    pixels: np.ndarray
    notes: tuple[str, ...]


def ordered(path: Path, stored: StoredImage) -> OrderedPixels:
    """Bring the pixels of a file into the order (planes, channels, rows, columns).

    Parameters
    ----------
    path : Path
        The file, for messages.
    stored : StoredImage
        All channels of the file.

    Returns
    -------
    OrderedPixels
        With a note where an unnamed axis is taken for depth.

    Raises
    ------
    IngestError
        If the axes cannot be ordered, or if one that is never depth is longer than one.
    """
    sizes = dict(zip(stored.axes, stored.pixels.shape, strict=True))
    # Besides Z, axes that a file leaves unnamed (tifffile: Q other, I sequence of pages); many programs save stacks so.
    depth = [axis for axis in stored.axes if axis not in "CYX" and sizes[axis] > 1]
    is_plain = len(sizes) == len(stored.axes) and {"Y", "X"} <= set(sizes)
    if len(depth) > 1 or set(depth) & set(NOT_DEPTH) or not is_plain:
        listed = ", ".join(f"{axis} {size}" for axis, size in zip(stored.axes, stored.pixels.shape, strict=True))
        advice = "Save one time point and one position to a file of its own."
        if not {"Y", "X"} <= set(sizes):
            advice = "Only images with rows and columns (x and y) can be measured."
        raise IngestError(
            f"{path.name}: expected planes, channels, height and width, found the axes {listed}. {advice}"
        )
    plane_axis = depth[0] if depth else "Z"
    notes: tuple[str, ...] = ()
    if plane_axis != "Z":
        notes = (f"the file does not call its {sizes[plane_axis]} planes a z stack (axis {plane_axis})",)
    keep = [axis for axis in stored.axes if axis in "CYX" or axis in depth]
    pixels = stored.pixels.reshape([sizes[axis] for axis in keep])
    for axis in ("C", plane_axis):
        if axis not in keep:
            pixels, keep = pixels[None], [axis, *keep]
    return OrderedPixels(pixels.transpose([keep.index(axis) for axis in (plane_axis, "C", "Y", "X")]), notes)
