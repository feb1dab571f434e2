"""What is read from an image file: everything the file stores, and the one channel that an assay measures."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


class Scale(NamedTuple):
    """Voxel size as stated in a file's metadata (um); ``z_step_um`` is None where the file gives none."""

    width_um: float
    height_um: float
    z_step_um: float | None


@dataclass(frozen=True)
class Image:
    """One channel of one image stack.

    Attributes
    ----------
    pixels : (planes, rows, columns) ndarray
        Intensities in the file's own numbers (uint8, uint16 or float). A flat image has one plane.
    pixel_size_um : float
        Width and height of a pixel (um).
    z_step_um : float
        Distance between planes (um); NaN for one plane.
    saturation_level : float
        Highest number the detector can write (counts); NaN where it is unknown (floating-point files).
    scale_source : str
        Where the pixel size comes from: ``table``, or the metadata that hold it (``OME``, ``ImageJ``, ...).
    channel : str
        Name of the channel, or its number where the file gives no name.
    notes : tuple of str
        Doubts about the file that a reviewer should read.
    """

    pixels: np.ndarray
    pixel_size_um: float
    z_step_um: float
    saturation_level: float
    scale_source: str
    channel: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class StoredImage:
    """All channels of a file, as a reader finds them.

    Attributes
    ----------
    pixels : ndarray
        Intensities, one dimension per letter of ``axes``.
    axes : str
        Name of each dimension: ``C`` channel, ``Z`` plane, ``Y`` row, ``X`` column, ``T`` time, others as in tifffile.
    scale : Scale or None
        Voxel size; None where the metadata give none.
    scale_source : str
        Which metadata hold the scale.
    channels : tuple of str
        Names of the channels; empty where the file gives none.
    bits : int or None
        Significant bits of the detector; None where the file does not state them.
    """

    pixels: np.ndarray
    axes: str
    scale: Scale | None = None
    scale_source: str = ""
    channels: tuple[str, ...] = ()
    bits: int | None = None
