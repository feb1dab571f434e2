"""Pixel size and z step of an image: the table's, else the file's, refused where no light microscope has it."""

import math
from pathlib import Path
from typing import NamedTuple

from ketaflow.core.errors import IngestError
from ketaflow.core.images.model import StoredImage

# Range of plausible pixel sizes (um). Light microscopes resolve about 0.2 um (Abbe) and sample that 1 to 10 times;
# STED and expansion microscopy go down to 0.005. Larger sizes are artefacts of a file: 25,400 um / 96 dpi = 264.6 um.
PIXEL_SIZE_RANGE_UM = (0.005, 2.0)
# Range of plausible distances between planes (um), from super-resolution to low magnification.
Z_STEP_RANGE_UM = (0.005, 10.0)
# Pixels are square where width and height agree within this share.
SQUARE_TOLERANCE = 0.01
TABLE = "table"


class CheckedScale(NamedTuple):
    """Pixel size and z step of an image (um; NaN for one plane), and where the pixel size comes from."""

    pixel_size_um: float
    z_step_um: float
    source: str


def checked_scale(
    path: Path, stored: StoredImage, pixel_size_um: float | None, z_step_um: float | None, *, planes: int
) -> CheckedScale:
    """Determine the scale of an image, and refuse one that is missing or impossible.

    Parameters
    ----------
    path : Path
        The file, for messages.
    stored : StoredImage
        What the file's metadata say.
    pixel_size_um, z_step_um : float or None
        The table's values (um), which override the file.
    planes : int
        Number of planes; one plane needs no z step.

    Returns
    -------
    CheckedScale

    Raises
    ------
    IngestError
        If neither table nor file gives the scale, if pixels are not square, or if a value is out of range.
    """
    size, source = _pixel_size(path, stored, pixel_size_um)
    _refuse_impossible(path, "pixel_size_um", "um per pixel", size, PIXEL_SIZE_RANGE_UM, source)
    if planes == 1:
        return CheckedScale(size, math.nan, source)
    from_file = stored.scale.z_step_um if stored.scale else None
    step = from_file if z_step_um is None else float(z_step_um)
    if step is None:
        raise IngestError(
            f"{path.name}: {planes} planes, and the file does not say how far apart. Enter it in the column z_step_um "
            "(ImageJ leaves out a step of exactly 1)."
        )
    step_source = source if z_step_um is None else TABLE
    _refuse_impossible(path, "z_step_um", "um between planes", step, Z_STEP_RANGE_UM, step_source)
    return CheckedScale(size, step, source)


def _pixel_size(path: Path, stored: StoredImage, from_table: float | None) -> tuple[float, str]:
    """Width of a pixel (um) and where it comes from."""
    if from_table is not None:
        return float(from_table), TABLE
    if stored.scale is None:
        raise IngestError(
            f"{path.name}: the file does not say how large a pixel is. Enter it in the column pixel_size_um."
        )
    width, height = stored.scale.width_um, stored.scale.height_um
    if abs(width - height) > SQUARE_TOLERANCE * width:
        raise IngestError(
            f"{path.name}: pixels are {width:.4g} um wide and {height:.4g} um high, expected squares. "
            "Correct it in the column pixel_size_um."
        )
    return width, stored.scale_source


def _refuse_impossible(
    path: Path, column: str, unit: str, value: float, limits: tuple[float, float], source: str
) -> None:
    low, high = limits
    if not low <= value <= high:
        where = "the table says" if source == TABLE else f"the {source} metadata say"
        raise IngestError(
            f"{path.name}: {where} {value:.4g} {unit}, expected {low:g} to {high:g}. "
            f"Enter the true value in the column {column}."
        )
