"""Bring the axes of a file into one order, (planes, channels, rows, columns).

Only ``Z``, and axes that a file leaves unnamed, are depth. A file with several series, scenes, positions, tiles, phases
or time points is refused with their number: which of them is meant cannot be guessed.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ketaflow.core.errors import IngestError
from ketaflow.core.images.model import StoredImage

# Axes that files leave unnamed (tifffile: Q other, I sequence of pages); many programs save a z stack so.
UNNAMED_AXES = "QI"
# Axes that are never depth, by the letters of tifffile, nd2 and CZI: what one step along the axis is called.
NOT_DEPTH = {
    "T": "time point", "P": "position", "S": "scene", "M": "mosaic tile", "H": "phase", "B": "block", "V": "view",
    "R": "repetition", "A": "angle", "E": "wavelength", "L": "exposure", "W": "well", "F": "field",
}  # fmt: skip
TIME = "T"
# Longest list of names in a message.
MAX_LISTED = 12


class OrderedPixels(NamedTuple):
    """Pixels as (planes, channels, rows, columns), and doubts about what the file calls its axes."""

    pixels: np.ndarray
    notes: tuple[str, ...]


def refuse_several(path: Path, sizes: Mapping[str, int], names: Sequence[str] = ()) -> None:
    """Refuse a file that holds several scenes, positions, tiles, phases, blocks or time points.

    Parameters
    ----------
    path : Path
        The file, for the message.
    sizes : mapping of str to int
        Length of each axis of the file.
    names : sequence of str
        Names of the scenes or positions, where the file gives them.

    Raises
    ------
    IngestError
        If an axis that is never depth is longer than one, with its length and the names.
    """
    several = {axis: size for axis, size in sizes.items() if axis in NOT_DEPTH and size > 1}
    if not several:
        return
    found = " and ".join(f"{size} {NOT_DEPTH[axis]}s" for axis, size in several.items())
    listed = f" ({', '.join(names[:MAX_LISTED])}{', ...' if len(names) > MAX_LISTED else ''})" if names else ""
    advice = "Save each as a file of its own, in the microscope's program or in Fiji."
    if set(several) == {TIME}:
        advice = (
            "Save one time point as a file of its own. If they are the planes of a stack, correct the file in Fiji: "
            "Image > Properties, exchange the number of frames with that of slices."
        )
    raise IngestError(f"{path.name}: holds {found}{listed}, expected one. {advice}")


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
        If the file holds several series, scenes or time points, or has axes that cannot be ordered.
    """
    sizes = dict(zip(stored.axes, stored.pixels.shape, strict=True))
    refuse_several(path, sizes)
    depth = [axis for axis in stored.axes if axis not in "CYX" and sizes[axis] > 1]
    if len(depth) > 1 or len(sizes) < len(stored.axes) or not {"Y", "X"} <= set(sizes):
        listed = ", ".join(f"{axis} {size}" for axis, size in zip(stored.axes, stored.pixels.shape, strict=True))
        raise IngestError(
            f"{path.name}: expected planes, channels, height and width, found the axes {listed}. "
            "Save one time point and one position to a file of its own."
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
