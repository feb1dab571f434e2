"""What the metadata of a TIFF file say: size of a pixel, step between planes, names of channels, bits.

Each ``*_scale`` returns ``(pixel width um, pixel height um, z step um or None)``, or None where its kind of
metadata is missing. Nothing is judged here; ``core.images`` refuses what cannot be.
"""

from xml.etree import ElementTree

# The file identifier of every drawn OME-TIFF: left to chance, the same rows would not give the same bytes.
DRAWN_UUID = "00000000-0000-0000-0000-000000000000"

UM_PER_UNIT = {
    "um": 1.0, "µm": 1.0, "μm": 1.0, "\\u00b5m": 1.0, "micron": 1.0, "microns": 1.0, "micrometer": 1.0,
    "nm": 1e-3, "pm": 1e-6, "mm": 1e3, "cm": 1e4, "m": 1e6, "inch": 25400.0, "in": 25400.0,
}  # fmt: skip
# TIFF 6.0, tag 296: 2 is inch, 3 is centimetre.
UM_PER_RESOLUTION_UNIT = {2: 25400.0, 3: 10000.0}

Scale = tuple[float, float, float | None]


def scale(file) -> tuple[Scale, str] | None:
    """The first scale the file tells, with the name of the metadata that told it."""
    for source, told in (("OME", _ome), ("ImageJ", _imagej), ("LSM", _lsm), ("MetaMorph", _stk), ("TIFF", _tags)):
        found = told(file)
        if found:
            return found, source
    return None


def channel_names(file) -> list[str]:
    """Names of the channels, [] where the file gives none."""
    pixels = _ome_pixels(file)
    if pixels is not None:
        named = [channel.get("Name") or "" for channel in pixels if channel.tag.endswith("Channel")]
        return named if all(named) else []
    if file.is_lsm:
        colors = (file.lsm_metadata or {}).get("ChannelColors") or {}
        return [str(name) for name in colors.get("ColorNames", [])]
    return []


def significant_bits(file) -> int | None:
    """Bits the detector gives, where the file says so."""
    pixels = _ome_pixels(file)
    told = None if pixels is None else pixels.get("SignificantBits")
    packed = file.pages[0].bitspersample
    return int(told) if told else packed if packed in (10, 12, 14) else None


def _ome_pixels(file):
    """The ``Pixels`` element of the first image."""
    if not file.ome_metadata:
        return None
    root = ElementTree.fromstring(file.ome_metadata)
    return next((element for element in root.iter() if element.tag.endswith("}Pixels")), None)


def _ome(file) -> Scale | None:
    pixels = _ome_pixels(file)
    sizes = {} if pixels is None else {axis: _ome_size(pixels, axis) for axis in "XYZ"}
    return (sizes["X"], sizes["Y"] or sizes["X"], sizes["Z"]) if sizes.get("X") else None


def _ome_size(pixels, axis: str) -> float | None:
    told = pixels.get(f"PhysicalSize{axis}")
    unit = UM_PER_UNIT.get(pixels.get(f"PhysicalSize{axis}Unit", "um").lower())
    return float(told) * unit if told and unit else None


def _imagej(file) -> Scale | None:
    """ImageJ keeps pixels per unit in the resolution tags and the unit's name in the description."""
    told = file.imagej_metadata or {}
    unit = UM_PER_UNIT.get(str(told.get("unit", "")).lower())
    per_unit = _resolution(file)
    if not unit or not per_unit:
        return None
    step = told.get("spacing")
    return unit / per_unit[0], unit / per_unit[1], abs(float(step)) * unit if step else None


def _lsm(file) -> Scale | None:
    told = (file.lsm_metadata or {}) if file.is_lsm else {}
    metres = [told.get(f"VoxelSize{axis}") for axis in "XYZ"]
    return (metres[0] * 1e6, metres[1] * 1e6, metres[2] * 1e6 if metres[2] else None) if all(metres[:2]) else None


def _stk(file) -> Scale | None:
    told = (file.stk_metadata or {}) if file.is_stk else {}
    unit = UM_PER_UNIT.get(str(told.get("CalibrationUnits", "")).lower())
    if not unit or not told.get("XCalibration"):
        return None
    distances = told.get("ZDistance")
    step = None if distances is None or not len(distances) else abs(float(distances[0]))
    return told["XCalibration"] * unit, told["YCalibration"] * unit, step * unit if step else None


def _tags(file) -> Scale | None:
    """The resolution tags alone; without a unit of length they say nothing."""
    per_unit = _resolution(file)
    unit = UM_PER_RESOLUTION_UNIT.get(int(file.pages[0].tags.valueof("ResolutionUnit", 1)))
    if not unit or not per_unit or per_unit == (1.0, 1.0):
        return None
    return unit / per_unit[0], unit / per_unit[1], None


def _resolution(file) -> tuple[float, float] | None:
    """Pixels per unit of length, across and down."""
    across, down = (file.pages[0].tags.valueof(f"{axis}Resolution") for axis in "XY")
    if not across or not down or not across[0] or not down[0] or not across[1] or not down[1]:
        return None
    return across[0] / across[1], down[0] / down[1]
