"""What is read from an image file: everything the file stores, and the one channel that an assay measures."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


class Scale(NamedTuple):
    """Voxel size as stated in a file's metadata (um); ``z_step_um`` is None where the file gives none."""

    width_um: float
    height_um: float
    z_step_um: float | None


class Acquisition(NamedTuple):
    """How a channel was recorded, as the file states it; None where it does not.

    ``gain`` is in the detector's own units (volts of a photomultiplier, or a factor), so it can be compared between
    files of one microscope only.
    """

    exposure_ms: float | None = None
    gain: float | None = None


NOT_STATED = Acquisition()


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
    acquisition : Acquisition
        Exposure and gain of the channel.
    """

    pixels: np.ndarray
    pixel_size_um: float
    z_step_um: float
    saturation_level: float
    scale_source: str
    channel: str
    notes: tuple[str, ...] = ()
    acquisition: Acquisition = NOT_STATED


@dataclass(frozen=True)
class StoredImage:
    """All channels of a file, as a reader finds them.

    Attributes
    ----------
    pixels : ndarray of any shape
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
    acquisitions : tuple of Acquisition
        Exposure and gain of each channel; empty where the file states none.
    """

    pixels: np.ndarray
    axes: str
    scale: Scale | None = None
    scale_source: str = ""
    channels: tuple[str, ...] = ()
    bits: int | None = None
    acquisitions: tuple[Acquisition, ...] = ()
