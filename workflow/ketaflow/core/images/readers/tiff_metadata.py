"""What the metadata of a TIFF file say: voxel size, names of channels, significant bits.

Each private ``*_scale`` reads one kind of metadata and returns None where a file has none of that kind. Nothing is
judged here; ``scale`` and ``intensity`` refuse what is impossible.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from ketaflow.core.images.model import Acquisition, Scale
from ketaflow.core.images.readers.units import MS_PER_UNIT, UM_PER_UNIT

if TYPE_CHECKING:
    import tifffile

# TIFF tag in which Micro-Manager keeps the settings of a plane (JSON).
MICRO_MANAGER_TAG = 51123
# TIFF 6.0, tag 296 (ResolutionUnit): 2 is inch, 3 is centimetre.
UM_PER_RESOLUTION_UNIT = {2: UM_PER_UNIT["inch"], 3: UM_PER_UNIT["cm"]}
# Depths (bits) below 16 that tag 258 (BitsPerSample) gives for packed pixels.
PACKED_BITS = (10, 12, 14)


@dataclass(frozen=True)
class DescribedImage:
    """An image of an open file, and the metadata that describe it.

    Attributes
    ----------
    file : tifffile.TiffFile
        The open file.
    image : tifffile.TiffPageSeries
        The image.
    pixels : Element or None
        Its ``Pixels`` element in the OME-XML; None where there is none, or where it is not known which is its own.
    """

    file: "tifffile.TiffFile"
    image: "tifffile.TiffPageSeries"
    pixels: ElementTree.Element | None

    @classmethod
    def from_file(cls, file: "tifffile.TiffFile", image: "tifffile.TiffPageSeries") -> "DescribedImage":
        """Find the OME metadata of an image: by its place, where each has some, else by its name."""
        if not file.ome_metadata:
            return cls(file, image, None)
        elements = [one for one in ElementTree.fromstring(file.ome_metadata) if one.tag.endswith("}Image")]
        if len(elements) != len(file.series):
            elements = [one for one in elements if one.get("Name") == image.name]
            own = elements[0] if len(elements) == 1 else None
        else:
            own = elements[file.series.index(image)]
        found = [] if own is None else [one for one in own if one.tag.endswith("}Pixels")]
        return cls(file, image, found[0] if found else None)


def scale(own: DescribedImage) -> tuple[Scale, str] | None:
    """Return the first voxel size that a file's metadata give.

    Parameters
    ----------
    own : DescribedImage
        An image of an open file.

    Returns
    -------
    (Scale, str) or None
        Voxel size (um) and the metadata that hold it: OME, ImageJ, LSM, MetaMorph or TIFF, in this order.
    """
    for source, scale_of in (
        ("OME", _ome_scale),
        ("ImageJ", _imagej_scale),
        ("LSM", _lsm_scale),
        ("MetaMorph", _metamorph_scale),
        ("TIFF", _tag_scale),
    ):
        found = scale_of(own)
        if found:
            return found, source
    return None


def channel_names(own: DescribedImage) -> tuple[str, ...]:
    """Names of the channels of an image; empty where the file does not name them all."""
    pixels, file = own.pixels, own.file
    if pixels is not None:
        named = tuple(channel.get("Name") or "" for channel in pixels if channel.tag.endswith("Channel"))
        return named if all(named) else ()
    if file.is_lsm:
        colors = (file.lsm_metadata or {}).get("ChannelColors") or {}
        return tuple(str(name) for name in colors.get("ColorNames", []))
    return ()


def significant_bits(own: DescribedImage) -> int | None:
    """Bits that the detector uses, as an open file states them; None where it does not."""
    stated = None if own.pixels is None else own.pixels.get("SignificantBits")
    packed = int(own.image.keyframe.bitspersample)
    return int(stated) if stated else packed if packed in PACKED_BITS else None


def acquisitions(own: DescribedImage) -> tuple[Acquisition, ...]:
    """Exposure and gain of each channel, from OME or Micro-Manager metadata; empty where the file has neither."""
    if own.pixels is not None:
        return _ome_acquisitions(own.pixels)
    by_channel: dict[int, Acquisition] = {}
    for page in own.file.pages:
        tags = page.tags if hasattr(page, "tags") else {}
        settings = tags.get(MICRO_MANAGER_TAG) if tags else None
        if settings is None:
            return ()
        exposure = settings.value.get("Exposure-ms")
        channel = int(settings.value.get("ChannelIndex", 0))
        by_channel.setdefault(channel, Acquisition(float(exposure) if exposure else None))
    return tuple(by_channel[channel] for channel in sorted(by_channel))


def ome_files(file: "tifffile.TiffFile") -> tuple[str, ...]:
    """Names of the files among which an OME-TIFF set is divided; empty where one file holds all of it."""
    if not file.ome_metadata:
        return ()
    elements = ElementTree.fromstring(file.ome_metadata).iter()
    named = (element.get("FileName") for element in elements if element.tag.endswith("}UUID"))
    names = tuple(dict.fromkeys(name for name in named if name))
    return names if len(names) > 1 else ()


def _ome_acquisitions(pixels: ElementTree.Element) -> tuple[Acquisition, ...]:
    """Exposure of the first plane of each channel, and gain of its detector."""
    exposure_ms: dict[int, float] = {}
    for plane in (element for element in pixels if element.tag.endswith("Plane")):
        stated, unit = plane.get("ExposureTime"), MS_PER_UNIT.get(plane.get("ExposureTimeUnit", "s"))
        if stated and unit:
            exposure_ms.setdefault(int(plane.get("TheC", 0)), float(stated) * unit)
    found = []
    for number, channel in enumerate(element for element in pixels if element.tag.endswith("Channel")):
        detector = next((element for element in channel if element.tag.endswith("DetectorSettings")), None)
        gain = None if detector is None else detector.get("Gain") or detector.get("Voltage")
        found.append(Acquisition(exposure_ms.get(number), float(gain) if gain else None))
    return tuple(found)


def _ome_scale(own: DescribedImage) -> Scale | None:
    """Physical size of a voxel, from the OME-XML."""
    if own.pixels is None:
        return None
    width, height, step = (_ome_size(own.pixels, axis) for axis in "XYZ")
    return Scale(width, height or width, step) if width else None


def _ome_size(pixels: ElementTree.Element, axis: str) -> float | None:
    """Physical size along one axis (um)."""
    stated = pixels.get(f"PhysicalSize{axis}")
    unit = UM_PER_UNIT.get(pixels.get(f"PhysicalSize{axis}Unit", "um").lower())
    return float(stated) * unit if stated and unit else None


def _imagej_scale(own: DescribedImage) -> Scale | None:
    """ImageJ keeps pixels per unit in the resolution tags, and the unit's name in the description."""
    metadata = own.file.imagej_metadata or {}
    unit = UM_PER_UNIT.get(str(metadata.get("unit", "")).lower())
    per_unit = _resolution(own)
    if not unit or not per_unit:
        return None
    step = metadata.get("spacing")
    return Scale(unit / per_unit[0], unit / per_unit[1], abs(float(step)) * unit if step else None)


def _lsm_scale(own: DescribedImage) -> Scale | None:
    """Voxel size of a Zeiss LSM file, stored in metres."""
    metadata = (own.file.lsm_metadata or {}) if own.file.is_lsm else {}
    width, height, step = (metadata.get(f"VoxelSize{axis}") for axis in "XYZ")
    unit = UM_PER_UNIT["m"]
    return Scale(width * unit, height * unit, step * unit if step else None) if width and height else None


def _metamorph_scale(own: DescribedImage) -> Scale | None:
    """Calibration of a MetaMorph stack (STK)."""
    metadata = (own.file.stk_metadata or {}) if own.file.is_stk else {}
    unit = UM_PER_UNIT.get(str(metadata.get("CalibrationUnits", "")).lower())
    if not unit or not metadata.get("XCalibration"):
        return None
    distances = metadata.get("ZDistance")
    step = None if distances is None or not len(distances) else abs(float(distances[0]))
    return Scale(metadata["XCalibration"] * unit, metadata["YCalibration"] * unit, step * unit if step else None)


def _tag_scale(own: DescribedImage) -> Scale | None:
    """The resolution tags alone, which give no scale without a unit of length."""
    per_unit = _resolution(own)
    unit = UM_PER_RESOLUTION_UNIT.get(int(own.image.keyframe.tags.valueof("ResolutionUnit", 1)))
    if not unit or not per_unit or per_unit == (1.0, 1.0):
        return None
    return Scale(unit / per_unit[0], unit / per_unit[1], None)


def _resolution(own: DescribedImage) -> tuple[float, float] | None:
    """Pixels per unit of length, across and down."""
    across, down = (own.image.keyframe.tags.valueof(f"{axis}Resolution") for axis in "XY")
    if not across or not down or not across[0] or not down[0] or not across[1] or not down[1]:
        return None
    return across[0] / across[1], down[0] / down[1]
