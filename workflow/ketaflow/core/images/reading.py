"""Read one channel of an image file: the reader of its format, then the channel, the scale and the saturation level."""

from pathlib import Path

from ketaflow.core import faults
from ketaflow.core.errors import IngestError
from ketaflow.core.images import channels, content, intensity, scale
from ketaflow.core.images.model import Image, StoredImage
from ketaflow.core.images.readers import png_jpeg, tiff, vendor


def read(
    path: Path,
    *,
    channel: str | None,
    pixel_size_um: float | None,
    z_step_um: float | None,
    series: str | None = None,
) -> Image:
    """Read one channel of a microscope image.

    Parameters
    ----------
    path : Path
        The file. Its ending decides which reader is used.
    channel : str or None
        A number counted from 1, a name from the file's metadata, or red, green, blue. None where the file has one
        channel.
    pixel_size_um, z_step_um : float or None
        Width of a pixel and distance between planes (um). They override the file's metadata.
    series : str or None
        Name or number from 1 of the series, scene, position or time point; None where the file holds one image.

    Returns
    -------
    Image
        Pixels as (planes, rows, columns) in the file's own numbers.

    Raises
    ------
    IngestError
        If the file is missing parts, damaged or of another format, or has no such channel or series, several
        series of which none is named, no usable scale or no contrast.
    OSError, MemoryError
        A fault of the machine.
    """
    stored = _stored(path, series)
    selected = channels.select(path, stored, channel)
    stack = selected.pixels
    intensity.refuse_unusable(path, stack)
    voxel = scale.checked_scale(path, stored, pixel_size_um, z_step_um, planes=stack.shape[0])
    return Image(
        pixels=stack,
        pixel_size_um=voxel.pixel_size_um,
        z_step_um=voxel.z_step_um,
        saturation_level=intensity.saturation_level(stack, stored.bits),
        scale_source=voxel.source,
        channel=selected.name,
        notes=selected.notes,
        acquisition=selected.acquisition,
    )


def _stored(path: Path, series: str | None) -> StoredImage:
    """All channels of one series of a file, by the reader of its ending."""
    content.refuse_other_format(path)
    ending = path.suffix.lower()
    try:
        if ending in vendor.READERS:
            found = vendor.read(path, series)
        elif ending in png_jpeg.ENDINGS:
            found = png_jpeg.read(path, series)
        else:
            found = tiff.read(path, series)
        if found.pixels.ndim != len(found.axes) or not found.pixels.size:
            raise ValueError(f"{found.pixels.shape} pixels along the axes {found.axes}")
        return found
    except Exception as error:
        if fault := faults.fault_of(error):
            raise fault from error
        if isinstance(error, IngestError):
            raise
        raise IngestError(
            f"{path.name}: the file is damaged, or of a variant that is not supported ({type(error).__name__}: "
            f"{error}). Open it in the program that wrote it and save it as OME-TIFF."
        ) from error
