"""What the metadata of a TIFF file say: voxel size, names of channels, significant bits.

Each private ``*_scale`` reads one kind of metadata and returns None where a file has none of that kind. Nothing is
judged here; ``scale`` and ``intensity`` refuse what is impossible.
"""

from typing import TYPE_CHECKING
from xml.etree import ElementTree

from ketaflow.core.images.model import Acquisition, Scale

if TYPE_CHECKING:
    import tifffile

# Micrometres per unit of length, as OME, ImageJ and MetaMorph spell the unit.
UM_PER_UNIT = {
    "um": 1.0, "µm": 1.0, "μm": 1.0, "\\u00b5m": 1.0, "micron": 1.0, "microns": 1.0, "micrometer": 1.0,
    "nm": 1e-3, "pm": 1e-6, "mm": 1e3, "cm": 1e4, "m": 1e6, "inch": 25400.0, "in": 25400.0,
}  # fmt: skip
# Milliseconds per unit of time, as OME spells the unit; without a unit it is the second.
MS_PER_UNIT = {"s": 1e3, "ms": 1.0, "µs": 1e-3, "μs": 1e-3, "ns": 1e-6, "min": 6e4}
# Tag in which Micro-Manager keeps the settings of a plane.
MICRO_MANAGER_TAG = 51123
# TIFF 6.0, tag 296 (ResolutionUnit): 2 is inch, 3 is centimetre.
UM_PER_RESOLUTION_UNIT = {2: 25400.0, 3: 10000.0}
UM_PER_M = 1e6
# Bit depths below 16 that tag 258 (BitsPerSample) gives for packed pixels.
PACKED_BITS = (10, 12, 14)


def scale(file: "tifffile.TiffFile") -> tuple[Scale, str] | None:
    """Return the first voxel size that a file's metadata give.

    Parameters
    ----------
    file : tifffile.TiffFile
        An open file.

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
        found = scale_of(file)
        if found:
            return found, source
    return None


def channel_names(file: "tifffile.TiffFile") -> tuple[str, ...]:
    """Names of the channels of an open file; empty where it does not name them all."""
    pixels = _ome_pixels(file)
    if pixels is not None:
        named = tuple(channel.get("Name") or "" for channel in pixels if channel.tag.endswith("Channel"))
        return named if all(named) else ()
    if file.is_lsm:
        colors = (file.lsm_metadata or {}).get("ChannelColors") or {}
        return tuple(str(name) for name in colors.get("ColorNames", []))
    return ()


def significant_bits(file: "tifffile.TiffFile") -> int | None:
    """Bits that the detector uses, as an open file states them; None where it does not."""
    pixels = _ome_pixels(file)
    stated = None if pixels is None else pixels.get("SignificantBits")
    packed = int(file.pages.first.bitspersample)
    return int(stated) if stated else packed if packed in PACKED_BITS else None


def acquisitions(file: "tifffile.TiffFile") -> tuple[Acquisition, ...]:
    """Exposure and gain of each channel, from OME or Micro-Manager metadata; empty where the file has neither."""
    pixels = _ome_pixels(file)
    if pixels is not None:
        return _ome_acquisitions(pixels)
    by_channel: dict[int, Acquisition] = {}
    for page in file.pages:
        tags = page.tags if hasattr(page, "tags") else {}
        settings = tags.get(MICRO_MANAGER_TAG) if tags else None
        if settings is None:
            return ()
        own = settings.value
        exposure = own.get("Exposure-ms")
        by_channel.setdefault(int(own.get("ChannelIndex", 0)), Acquisition(float(exposure) if exposure else None))
    return tuple(by_channel[channel] for channel in sorted(by_channel))


def ome_files(file: "tifffile.TiffFile") -> tuple[str, ...]:
    """Names of the files among which an OME-TIFF set is divided; empty where one file holds all of it."""
    if not file.ome_metadata:
        return ()
    elements = ElementTree.fromstring(file.ome_metadata).iter()
    named = (element.get("FileName") for element in elements if element.tag.endswith("}UUID"))
    names = tuple(dict.fromkeys(name for name in named if name))
    return names if len(names) > 1 else ()


def _ome_pixels(file: "tifffile.TiffFile") -> ElementTree.Element | None:
    """The ``Pixels`` element of the first image."""
    if not file.ome_metadata:
        return None
    root = ElementTree.fromstring(file.ome_metadata)
    return next((element for element in root.iter() if element.tag.endswith("}Pixels")), None)


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


def _ome_scale(file: "tifffile.TiffFile") -> Scale | None:
    """Physical size of a voxel, from the OME-XML."""
    pixels = _ome_pixels(file)
    if pixels is None:
        return None
    width, height, step = (_ome_size(pixels, axis) for axis in "XYZ")
    return Scale(width, height or width, step) if width else None


def _ome_size(pixels: ElementTree.Element, axis: str) -> float | None:
    """Physical size along one axis (um)."""
    stated = pixels.get(f"PhysicalSize{axis}")
    unit = UM_PER_UNIT.get(pixels.get(f"PhysicalSize{axis}Unit", "um").lower())
    return float(stated) * unit if stated and unit else None


def _imagej_scale(file: "tifffile.TiffFile") -> Scale | None:
    """ImageJ keeps pixels per unit in the resolution tags, and the unit's name in the description."""
    metadata = file.imagej_metadata or {}
    unit = UM_PER_UNIT.get(str(metadata.get("unit", "")).lower())
    per_unit = _resolution(file)
    if not unit or not per_unit:
        return None
    step = metadata.get("spacing")
    return Scale(unit / per_unit[0], unit / per_unit[1], abs(float(step)) * unit if step else None)


def _lsm_scale(file: "tifffile.TiffFile") -> Scale | None:
    """Voxel size of a Zeiss LSM file, stored in metres."""
    metadata = (file.lsm_metadata or {}) if file.is_lsm else {}
    width, height, step = (metadata.get(f"VoxelSize{axis}") for axis in "XYZ")
    return Scale(width * UM_PER_M, height * UM_PER_M, step * UM_PER_M if step else None) if width and height else None


def _metamorph_scale(file: "tifffile.TiffFile") -> Scale | None:
    """Calibration of a MetaMorph stack (STK)."""
    metadata = (file.stk_metadata or {}) if file.is_stk else {}
    unit = UM_PER_UNIT.get(str(metadata.get("CalibrationUnits", "")).lower())
    if not unit or not metadata.get("XCalibration"):
        return None
    distances = metadata.get("ZDistance")
    step = None if distances is None or not len(distances) else abs(float(distances[0]))
    return Scale(metadata["XCalibration"] * unit, metadata["YCalibration"] * unit, step * unit if step else None)


def _tag_scale(file: "tifffile.TiffFile") -> Scale | None:
    """The resolution tags alone, which give no scale without a unit of length."""
    per_unit = _resolution(file)
    unit = UM_PER_RESOLUTION_UNIT.get(int(file.pages.first.tags.valueof("ResolutionUnit", 1)))
    if not unit or not per_unit or per_unit == (1.0, 1.0):
        return None
    return Scale(unit / per_unit[0], unit / per_unit[1], None)


def _resolution(file: "tifffile.TiffFile") -> tuple[float, float] | None:
    """Pixels per unit of length, across and down."""
    across, down = (file.pages.first.tags.valueof(f"{axis}Resolution") for axis in "XY")
    if not across or not down or not across[0] or not down[0] or not across[1] or not down[1]:
        return None
    return across[0] / across[1], down[0] / down[1]
