"""One channel of an image file with its scale, or a message that says why not."""

import contextlib
import errno
import sys

import numpy as np
import pytest
import tifffile

from ketaflow.core import images
from ketaflow.core.errors import IngestError
from ketaflow.core.images import channels, intensity
from ketaflow.core.images.model import Acquisition, Scale, StoredImage
from ketaflow.core.images.readers import tiff, tiff_metadata

STACK = np.random.default_rng(0).integers(0, 4000, (5, 40, 48)).astype(np.uint16)
NO_OVERRIDE = {"channel": None, "pixel_size_um": None, "z_step_um": None}


def ome(path, pixels, axes="ZYX", **facts):
    told = {"PhysicalSizeX": 0.1, "PhysicalSizeY": 0.1, "PhysicalSizeZ": 0.4, **facts}
    tifffile.imwrite(path, pixels, ome=True, metadata={"axes": axes, **told})
    return path


def test_an_ome_tiff_gives_pixels_and_scale_unchanged(tmp_path):
    image = images.read(ome(tmp_path / "a.ome.tif", STACK), **NO_OVERRIDE)
    np.testing.assert_array_equal(image.pixels, STACK)
    assert image.pixels.dtype == np.uint16
    assert (image.pixel_size_um, image.z_step_um, image.scale_source) == (0.1, 0.4, "OME")


def test_nanometres_are_turned_into_micrometres(tmp_path):
    path = ome(tmp_path / "a.ome.tif", STACK[0], "YX", PhysicalSizeX=65, PhysicalSizeY=65, PhysicalSizeXUnit="nm",
               PhysicalSizeYUnit="nm")  # fmt: skip
    assert images.read(path, **NO_OVERRIDE).pixel_size_um == pytest.approx(0.065)


def test_an_imagej_stack_gives_its_scale(tmp_path):
    tifffile.imwrite(tmp_path / "a b (1).2.tif", STACK, imagej=True, resolution=(8, 8),
                     metadata={"axes": "ZYX", "unit": "um", "spacing": 0.5})  # fmt: skip
    image = images.read(tmp_path / "a b (1).2.tif", **NO_OVERRIDE)
    assert (image.pixel_size_um, image.z_step_um, image.scale_source) == (0.125, 0.5, "ImageJ")


def test_the_table_overrules_the_file(tmp_path):
    path = ome(tmp_path / "a.ome.tif", STACK)
    image = images.read(path, channel=None, pixel_size_um=0.2, z_step_um=1.0)
    assert (image.pixel_size_um, image.z_step_um, image.scale_source) == (0.2, 1.0, "table")


def test_a_missing_scale_is_refused(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", STACK[0])
    with pytest.raises(IngestError, match=r"a\.tif.*pixel_size_um"):
        images.read(tmp_path / "a.tif", **NO_OVERRIDE)


def test_the_resolution_of_a_screen_is_refused_as_impossible(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", STACK[0], resolution=(96, 96), resolutionunit="INCH")
    with pytest.raises(IngestError, match=r"264\.6 um per pixel"):
        images.read(tmp_path / "a.tif", **NO_OVERRIDE)


@pytest.mark.parametrize("size", [0.0, -0.1, 264.0])
def test_an_impossible_scale_in_the_table_is_refused_too(tmp_path, size):
    path = ome(tmp_path / "a.ome.tif", STACK)
    with pytest.raises(IngestError, match="the table says"):
        images.read(path, channel=None, pixel_size_um=size, z_step_um=None)


def test_oblong_pixels_are_refused(tmp_path):
    with pytest.raises(IngestError, match="squares"):
        images.read(ome(tmp_path / "a.ome.tif", STACK, PhysicalSizeY=0.2), **NO_OVERRIDE)


def test_an_impossible_z_step_is_refused(tmp_path):
    with pytest.raises(IngestError, match="300 um between planes"):
        images.read(ome(tmp_path / "a.ome.tif", STACK), channel=None, pixel_size_um=None, z_step_um=300.0)


def test_a_small_image_without_a_name_is_a_preview(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        for pixels in (STACK[0], STACK[0, :7, :11]):
            file.write(pixels, resolution=(1e5, 1e5), resolutionunit="CENTIMETER", metadata=None)
    np.testing.assert_array_equal(images.read(tmp_path / "a.tif", **NO_OVERRIDE).pixels[0], STACK[0])


def test_a_stack_without_a_step_is_refused_and_one_plane_needs_none(tmp_path):
    tifffile.imwrite(tmp_path / "stack.tif", STACK, imagej=True, resolution=(8, 8), metadata={"unit": "um"})
    tifffile.imwrite(tmp_path / "plane.tif", STACK[0], imagej=True, resolution=(8, 8), metadata={"unit": "um"})
    with pytest.raises(IngestError, match="z_step_um"):
        images.read(tmp_path / "stack.tif", **NO_OVERRIDE)
    assert np.isnan(images.read(tmp_path / "plane.tif", **NO_OVERRIDE).z_step_um)


@pytest.mark.parametrize("axes", ["ZCYX", "CZYX", "CYXZ"])
def test_channels_are_found_whatever_the_order_of_axes(tmp_path, axes):
    both = np.stack([STACK, STACK // 2])  # C Z Y X
    stored = both.transpose(["CZYX".index(axis) for axis in axes])
    stored = StoredImage(stored, axes, Scale(0.1, 0.1, 0.4), "OME", ("dendrite", "puncta"))
    selected = channels.select(tmp_path / "a.tif", stored, "puncta")
    np.testing.assert_array_equal(selected.pixels, STACK // 2)
    assert selected.name == "puncta"


def test_a_channel_is_named_or_counted_from_one(tmp_path):
    path = ome(tmp_path / "a.ome.tif", np.stack([STACK, STACK // 2]), "CZYX", Channel={"Name": ["Homer", "Bassoon"]})
    for channel in ("Bassoon", "bassoon", "2", "2.0"):
        image = images.read(path, channel=channel, pixel_size_um=None, z_step_um=None)
        np.testing.assert_array_equal(image.pixels, STACK // 2)


@pytest.mark.parametrize("channel", [None, "3", "0", "GFP"])
def test_a_channel_that_is_not_there_or_not_said_is_refused(tmp_path, channel):
    path = ome(tmp_path / "a.ome.tif", np.stack([STACK, STACK // 2]), "CZYX", Channel={"Name": ["Homer", "Bassoon"]})
    with pytest.raises(IngestError, match=r"Homer, Bassoon"):
        images.read(path, channel=channel, pixel_size_um=None, z_step_um=None)


def test_grey_pictures_saved_in_colour_are_one_channel_and_true_colours_are_three(tmp_path):
    import imagecodecs

    grey = (STACK[0] // 16).astype(np.uint8)
    imagecodecs.imwrite(tmp_path / "grey.png", np.stack([grey] * 3, -1))
    imagecodecs.imwrite(tmp_path / "colour.png", np.stack([grey, grey * 0, 255 - grey], -1))
    told = {"pixel_size_um": 0.1, "z_step_um": None}
    np.testing.assert_array_equal(images.read(tmp_path / "grey.png", channel=None, **told).pixels[0], grey)
    np.testing.assert_array_equal(images.read(tmp_path / "colour.png", channel="blue", **told).pixels[0], 255 - grey)
    with pytest.raises(IngestError, match="red, green, blue"):
        images.read(tmp_path / "colour.png", channel=None, **told)


def test_a_colour_camera_gives_grey_and_a_dim_merged_picture_is_never_taken_for_grey(tmp_path):
    import imagecodecs

    texture = np.interp(STACK[0], (0, 4000), (10, 245))
    noise = np.random.default_rng(1).normal(0, 3, (*texture.shape, 3))
    merged = 0.1 * np.stack([texture, texture[::-1], texture[:, ::-1]], -1)
    for name, picture in (("grey", texture[..., None] + noise), ("merged", merged)):
        imagecodecs.imwrite(tmp_path / f"{name}.png", np.clip(picture, 0, 255).astype(np.uint8))
    told = {"channel": None, "pixel_size_um": 0.1, "z_step_um": None}
    assert images.read(tmp_path / "grey.png", **told).channel == "grey"
    with pytest.raises(IngestError, match="red, green, blue"):
        images.read(tmp_path / "merged.png", **told)


def test_planes_without_a_name_are_a_stack_with_a_note(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", STACK, metadata=None)
    image = images.read(tmp_path / "a.tif", channel=None, pixel_size_um=0.1, z_step_um=0.3)
    assert image.pixels.shape == STACK.shape
    assert "does not call its 5 planes a z stack" in image.notes[0]


def test_the_label_of_a_slide_is_passed_over(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.ome.tif", ome=True) as file:
        file.write(STACK, metadata={"axes": "ZYX", "Name": "cortex", "PhysicalSizeX": 0.1, "PhysicalSizeZ": 0.4})
        file.write(STACK[0, :20, :20], metadata={"axes": "YX", "Name": "label image"})
    np.testing.assert_array_equal(images.read(tmp_path / "a.ome.tif", **NO_OVERRIDE).pixels, STACK)


@pytest.mark.parametrize("names", [("", ""), ("DAPI", "DAPI"), ("DAPI", "")])
def test_channels_whose_names_are_missing_or_equal_are_numbered(tmp_path, names):
    stored = StoredImage(np.stack([STACK, STACK // 2]), "CZYX", None, "CZI", names)
    selected = channels.select(tmp_path / "a.czi", stored, "2")
    np.testing.assert_array_equal(selected.pixels, STACK // 2)
    assert selected.name == "2"


def test_exchanged_axes_are_noticed(tmp_path):
    long = np.random.default_rng(1).integers(0, 99, (30, 256, 256)).astype(np.uint16)
    path = ome(tmp_path / "a.ome.tif", long.transpose(1, 2, 0))
    with pytest.raises(IngestError, match="order z, y, x"):
        images.read(path, **NO_OVERRIDE)


LSM_FACTS = {
    "MagicNumber": 0x00400494C, "StructureSize": 380, "DimensionX": 48, "DimensionY": 40, "DimensionZ": 5,
    "DataType": 2, "DimensionChannels": 3, "DimensionTime": 1, "VoxelSizeX": 1e-7, "VoxelSizeY": 1e-7,
    "VoxelSizeZ": 4e-7,
}  # fmt: skip


def test_an_lsm_file_gives_a_channel_and_the_scale_past_its_thumbnails(tmp_path):
    stack = np.stack([STACK, STACK // 2, STACK // 3], axis=1)
    told = b"".join(
        np.array(LSM_FACTS[name], "<" + kind).tobytes() if name in LSM_FACTS else bytes(np.dtype(kind).itemsize)
        for name, kind in tifffile.TIFF.CZ_LSMINFO
    )
    with tifffile.TiffWriter(tmp_path / "a.lsm") as file:
        for number, plane in enumerate(stack):
            tags = [(34412, 1, len(told), told, True)] if number == 0 else []
            file.write(plane, planarconfig="separate", photometric="minisblack", metadata=None, extratags=tags)
            file.write(np.zeros((10, 12, 3), np.uint8), photometric="rgb", subfiletype=1, metadata=None)
    image = images.read(tmp_path / "a.lsm", channel="2", pixel_size_um=None, z_step_um=None)
    np.testing.assert_array_equal(image.pixels, STACK // 2)
    assert (image.scale_source, image.pixel_size_um, image.z_step_um) == ("LSM", pytest.approx(0.1), pytest.approx(0.4))


def test_of_a_pyramid_the_full_size_is_read(tmp_path):
    full = np.random.default_rng(0).integers(0, 4000, (256, 256)).astype(np.uint16)
    with tifffile.TiffWriter(tmp_path / "a.ome.tif") as file:
        sizes = {"axes": "YX", "PhysicalSizeX": 0.1, "PhysicalSizeY": 0.1}
        file.write(full, subifds=1, tile=(64, 64), metadata=sizes)
        file.write(full[::2, ::2], subfiletype=1, tile=(64, 64))
    np.testing.assert_array_equal(images.read(tmp_path / "a.ome.tif", **NO_OVERRIDE).pixels[0], full)


@pytest.mark.parametrize("how", [
    {"byteorder": ">"}, {"bigtiff": True}, {"compression": "lzw", "predictor": True}, {"compression": "zstd"},
    {"tile": (16, 16), "compression": "zlib"}, {"rowsperstrip": 7},
])  # fmt: skip
@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_pixels_are_the_same_however_a_file_stores_them(tmp_path, how, kind):
    stack = (STACK % 251).astype(kind)
    tifffile.imwrite(tmp_path / "a.tif", stack, ome=True, metadata={"axes": "ZYX"}, **how)
    image = images.read(tmp_path / "a.tif", channel=None, pixel_size_um=0.1, z_step_um=0.3)
    np.testing.assert_array_equal(image.pixels, stack)
    assert image.pixels.dtype == kind


def test_twelve_packed_bits_saturate_at_twelve_bits(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", STACK[0] % 1000, bitspersample=12, compression=None)
    image = images.read(tmp_path / "a.tif", channel=None, pixel_size_um=0.1, z_step_um=None)
    np.testing.assert_array_equal(image.pixels[0], STACK[0] % 1000)
    assert image.saturation_level == 4095


FUZZED = {
    "ome.tif": {"ome": True, "metadata": {"axes": "ZYX", "PhysicalSizeX": 0.1}},
    "tiles.tif": {"ome": True, "tile": (16, 16), "compression": "zlib"},
    "imagej.tif": {"imagej": True, "metadata": {"axes": "ZYX", "unit": "um", "spacing": 0.3}},
    "big.tif": {"bigtiff": True, "byteorder": ">"},
}


def whole_file(path) -> bytes:
    """A stack, or a plane where the ending asks for a picture, as the bytes of a file."""
    if path.name in FUZZED:
        tifffile.imwrite(path, STACK, **FUZZED[path.name])
    else:
        import imagecodecs

        imagecodecs.imwrite(path, (STACK[0] // 16).astype(np.uint8))
    return path.read_bytes()


@pytest.mark.parametrize("name", [*FUZZED, "a.png", "a.jpg"])
def test_a_broken_file_is_refused_or_read_whole_and_never_anything_else(tmp_path, name):
    """Cut anywhere a file is never read as something else; with any bytes of its header changed it never crashes."""
    whole, rng = whole_file(tmp_path / name), np.random.default_rng(7)
    told = {"channel": None, "pixel_size_um": 0.1, "z_step_um": 0.3}
    right = images.read(tmp_path / name, **told).pixels
    for kept in [*range(0, 300, 17), *rng.integers(0, len(whole), 25)]:
        (tmp_path / name).write_bytes(whole[:kept])
        try:
            np.testing.assert_array_equal(images.read(tmp_path / name, **told).pixels, right)
        except IngestError as error:
            assert name in str(error)
    for _ in range(40):
        changed = bytearray(whole)
        for place in rng.integers(0, min(len(whole), 600), 3):
            changed[place] = rng.integers(256)
        (tmp_path / name).write_bytes(bytes(changed))
        with contextlib.suppress(IngestError):
            images.read(tmp_path / name, **told)


@pytest.mark.parametrize("kind", ["ome", "imagej", "plain", "zlib"])
@pytest.mark.parametrize("kept", [0.05, 0.5, 0.98])
def test_a_file_cut_short_is_refused_not_filled_with_zeros(tmp_path, kind, kept):
    path = tmp_path / "a.tif"
    options = {"ome": {"ome": True}, "imagej": {"imagej": True}, "plain": {}, "zlib": {"compression": "zlib"}}[kind]
    tifffile.imwrite(path, STACK, **options)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(kept * len(whole))])
    with pytest.raises(IngestError, match="cut short"):
        images.read(path, channel=None, pixel_size_um=0.1, z_step_um=0.3)


@pytest.mark.parametrize("content", [b"", b"no image at all", b"II*\0"])
@pytest.mark.parametrize("ending", ["tif", "png", "jpg", "lsm"])
def test_what_is_no_image_is_refused_with_its_name(tmp_path, content, ending):
    path = tmp_path / f"a.{ending}"
    path.write_bytes(content)
    with pytest.raises(IngestError, match=rf"a\.{ending}"):
        images.read(path, channel=None, pixel_size_um=0.1, z_step_um=0.3)


def test_an_empty_image_is_refused(tmp_path):
    with pytest.raises(IngestError, match="empty"):
        images.read(ome(tmp_path / "a.ome.tif", STACK * 0), **NO_OVERRIDE)


@pytest.mark.parametrize(
    ("highest", "factor", "bits", "level"),
    [
        (4095, 1, None, 4095), (3000, 1, None, 4095), (5000, 1, None, 16383), (900, 1, 12, 4095),
        # Left-aligned in 16 bits: 10, 12 and 14 bits; 8 bits times 256.
        (1023, 64, None, 65472), (4095, 16, None, 65520), (16383, 4, None, 65532), (255, 256, None, 65280),
    ],
)  # fmt: skip
def test_the_saturation_level_is_that_of_the_detector_not_of_the_file(highest, factor, bits, level):
    stack = (np.arange(highest + 1) * factor).astype(np.uint16)[None, None]
    assert intensity.saturation_level(stack, bits) == level


ND2_START, ND2_END = b"\xda\xce\xbe\x0a", b"ND2 CHUNK MAP SIGNATURE 0000001!" + bytes(8)
CZI_START = b"ZISRAWFILE"


def czi_header(directory: int, metadata: int) -> bytes:
    """Start of a CZI file that says where its directory and its metadata lie."""
    return CZI_START.ljust(84, b"\0") + directory.to_bytes(8, "little") + metadata.to_bytes(8, "little")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.oib", b"x", r"Olympus FluoView files \(\.oib\) cannot be read\. Export .* OME-TIFF"),
        ("a.vsi", b"x", r"cellSens"),
        ("a.ims", b"\x89HDF", r"Imaris"),
        ("a.docx", b"PK", r"'\.docx' is not the ending of an image"),
        ("a.tif", b"", r"empty \(0 bytes\)\. Copy it again"),
        ("a.tif", b"\x89HDF\r\n", r"not that of a \.tif file but an HDF5 file"),
        ("a.czi", b"II*\0" + bytes(99), r"not that of a \.czi file but a TIFF file"),
        ("a.nd2", ND2_START + bytes(999), "cut short"),
        ("a.czi", czi_header(50, 5000) + bytes(500), "cut short"),
    ],
)
def test_every_cause_has_its_own_message(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(IngestError, match=message) as caught:
        images.read(tmp_path / name, **NO_OVERRIDE)
    told_to_copy = "Copy it again" in str(caught.value)
    assert told_to_copy == ("cut short" in message or "empty" in message)


def test_a_damaged_file_is_not_said_to_be_cut_short(tmp_path):
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"damaged" * 99)
    with pytest.raises(
        IngestError, match=r"a\.png: the file is damaged, or of a variant that is not supported"
    ) as caught:
        images.read(tmp_path / "a.png", **NO_OVERRIDE)
    assert "Copy it again" not in str(caught.value)


def test_a_missing_file_of_an_ome_set_is_named(tmp_path):
    uuid = '<UUID FileName="set_C{0}.ome.tif">urn:uuid:0000000{0}-0000-0000-0000-000000000000</UUID>'
    planes = "".join(f'<TiffData FirstC="{c}" IFD="0" PlaneCount="1">{uuid.format(c)}</TiffData>' for c in (0, 1))
    description = (
        '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0"><Pixels ID="Pixels:0" '
        'DimensionOrder="XYZCT" Type="uint16" SizeX="48" SizeY="40" SizeZ="1" SizeC="2" SizeT="1">'
        f"{planes}</Pixels></Image></OME>"
    )
    tifffile.imwrite(tmp_path / "set_C0.ome.tif", STACK[0], description=description, metadata=None)
    with pytest.raises(IngestError, match=r"set of OME-TIFF files, of which set_C1\.ome\.tif is missing"):
        images.read(tmp_path / "set_C0.ome.tif", channel="1", pixel_size_um=0.1, z_step_um=None)


def test_a_missing_reader_is_named_with_a_way_round(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "nd2", None)
    (tmp_path / "a.nd2").write_bytes(ND2_START + bytes(99) + ND2_END)
    with pytest.raises(IngestError, match=r"package nd2.*OME-TIFF"):
        images.read(tmp_path / "a.nd2", **NO_OVERRIDE)


@pytest.mark.shared
def test_a_real_ome_set_names_its_missing_file(shared):
    with pytest.raises(IngestError, match=r"set_C1\.ome\.tif is missing"):
        images.read(shared / "cases/microscopy/set_C0.ome.tif", channel="1", pixel_size_um=None, z_step_um=None)


@pytest.mark.shared
def test_a_real_file_that_claims_264_um_per_pixel_is_refused(shared):
    path = shared / "spine/synapse_puncta_culture/original_metadata_Control_03_Homer.tif"
    with pytest.raises(IngestError, match="264"):
        images.read(path, **NO_OVERRIDE)


@pytest.mark.shared
def test_a_real_imagej_file_gives_its_scale(shared):
    image = images.read(shared / "spine/synapse_puncta_invivo/4-6_PSD95.tif", **NO_OVERRIDE)
    assert image.pixel_size_um == pytest.approx(0.1413, abs=1e-4)
    assert image.pixels.shape == (1, 1024, 1024)


OME_XML = """<?xml version="1.0" encoding="UTF-8"?>
<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0"><Pixels ID="Pixels:0" Type="uint16"
 DimensionOrder="XYZCT" SizeX="48" SizeY="40" SizeZ="1" SizeC="2" SizeT="1" PhysicalSizeX="0.1" PhysicalSizeY="0.1">
<Channel ID="Channel:0:0"><DetectorSettings ID="D" Gain="2.5"/></Channel>
<Channel ID="Channel:0:1"><DetectorSettings ID="D" Voltage="700"/></Channel><TiffData/>
<Plane TheZ="0" TheC="0" TheT="0" ExposureTime="0.2"/>
<Plane TheZ="0" TheC="1" TheT="0" ExposureTime="150" ExposureTimeUnit="ms"/></Pixels></Image></OME>"""


def test_exposure_and_gain_of_a_channel_come_from_its_metadata(tmp_path):
    tifffile.imwrite(tmp_path / "a.ome.tif", STACK[:2], description=OME_XML, metadata=None, photometric="minisblack")
    found = [images.read(tmp_path / "a.ome.tif", **{**NO_OVERRIDE, "channel": name}).acquisition for name in "12"]
    assert [(one.exposure_ms, one.gain) for one in found] == [(200, 2.5), (150, 700)]


def test_micro_manager_gives_the_exposure_of_each_channel(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        for channel, exposure in enumerate((30, 80)):
            told = f'{{"Exposure-ms": {exposure}, "ChannelIndex": {channel}}}'
            file.write(STACK[channel], extratags=[(51123, 2, None, told, False)], contiguous=False)
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        own = tiff_metadata.DescribedImage.from_file(file, file.series[0])
        assert [one.exposure_ms for one in tiff_metadata.acquisitions(own)] == [30, 80]


def test_a_file_that_states_no_exposure_gives_none(tmp_path):
    assert images.read(ome(tmp_path / "a.ome.tif", STACK), **NO_OVERRIDE).acquisition == Acquisition()


@pytest.mark.parametrize("fault", [OSError(errno.EIO, "Input/output error"), MemoryError()])
@pytest.mark.parametrize("wrapped", [False, True])
def test_a_fault_of_the_machine_is_no_damaged_file(tmp_path, monkeypatch, fault, wrapped):
    path = ome(tmp_path / "a.ome.tif", STACK)

    def failing(*_):
        if not wrapped:
            raise fault
        raise IngestError("a.ome.tif: the file is damaged") from fault

    monkeypatch.setattr(tiff, "read", failing)
    with pytest.raises(type(fault)):
        images.read(path, **NO_OVERRIDE)
