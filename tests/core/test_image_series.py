"""Of a file with several series, scenes, positions or time points the named one is read, or their list is given."""

import sys
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest
import tifffile

from ketaflow.core import images
from ketaflow.core.errors import IngestError
from ketaflow.core.images.model import Acquisition
from ketaflow.core.images.series import NOT_DEPTH, chosen, parts
from ketaflow.core.limits import Limits, applied

STACK = np.random.default_rng(0).integers(0, 4000, (5, 40, 48)).astype(np.uint16)
NO_OVERRIDE = {"channel": None, "pixel_size_um": None, "z_step_um": None}
SCALED = {"channel": None, "pixel_size_um": 0.1, "z_step_um": 0.3}


def several(first, second):
    """Stacks of two images that differ."""
    return np.stack([first, second])


@pytest.mark.parametrize("axes", ["TYX", "TZYX", "PYX", "MYX", "HYX", "BYX", "VZYX", "EYX", "AYX"])
def test_scenes_tiles_phases_blocks_and_time_points_are_never_depth(tmp_path, axes):
    pixels = STACK if len(axes) == 3 else several(STACK, STACK // 2)
    tifffile.imwrite(tmp_path / "a.tif", pixels, metadata={"axes": axes}, photometric="minisblack")
    what = NOT_DEPTH[axes[0]]
    with pytest.raises(IngestError, match=rf"holds {len(pixels)} {what}s \(1: {what} 1, 2: {what} 2.*column series"):
        images.read(tmp_path / "a.tif", **SCALED)
    for named in ("2", f"{what} 2", f"{what.upper()} 2"):
        np.testing.assert_array_equal(
            images.read(tmp_path / "a.tif", **SCALED, series=named).pixels, np.reshape(pixels[1], (-1, 40, 48))
        )


def test_time_points_are_refused_with_the_remedy_for_a_mislabelled_stack(tmp_path):
    tifffile.imwrite(tmp_path / "a.ome.tif", STACK, ome=True, metadata={"axes": "TYX", "TimeIncrement": 2.0})
    with pytest.raises(IngestError, match=r"5 time points.*Image > Properties"):
        images.read(tmp_path / "a.ome.tif", **SCALED)


@pytest.fixture
def two_series(tmp_path):
    """An OME-TIFF with two series of unequal size, scale, exposure and channels."""
    with tifffile.TiffWriter(tmp_path / "a.ome.tif", ome=True) as file:
        first = {"axes": "ZYX", "Name": "cortex", "PhysicalSizeX": 0.1, "PhysicalSizeY": 0.1, "PhysicalSizeZ": 0.4}
        file.write(STACK, metadata={**first, "Plane": {"ExposureTime": [0.2] * 5}})
        second = {"axes": "CYX", "Name": "hippocampus", "PhysicalSizeX": 0.25, "PhysicalSizeY": 0.25}
        named = {"Channel": {"Name": ["PSD95", "Homer"]}, "Plane": {"ExposureTime": [0.5, 0.05]}}
        file.write(STACK[:2, :30], metadata={**second, **named}, photometric="minisblack")
    return tmp_path / "a.ome.tif"


def test_two_series_of_unequal_size_are_refused_with_their_names_and_sizes(two_series):
    listed = r"2 series \(1: cortex \(48 x 40 pixels, 5 planes\), 2: hippocampus \(48 x 30 pixels, 2 channels\)\)"
    with pytest.raises(IngestError, match=listed):
        images.read(two_series, **NO_OVERRIDE)


@pytest.mark.parametrize("named", ["2", "2.0", "hippocampus", " Hippocampus "])
def test_a_series_is_read_with_its_own_scale_channels_and_exposure(two_series, named):
    image = images.read(two_series, **{**NO_OVERRIDE, "channel": "Homer"}, series=named)
    np.testing.assert_array_equal(image.pixels, STACK[1:2, :30])
    assert (image.pixel_size_um, image.channel, image.acquisition.exposure_ms) == (0.25, "Homer", 50)
    first = images.read(two_series, **NO_OVERRIDE, series="cortex")
    assert (first.pixel_size_um, first.acquisition.exposure_ms) == (0.1, 200)


def test_a_series_that_is_not_there_is_refused_with_those_that_are(two_series, tmp_path):
    with pytest.raises(IngestError, match=r"no series '3'\. It holds 1: cortex .*, 2: hippocampus .*1 to 2"):
        images.read(two_series, **NO_OVERRIDE, series="3")
    tifffile.imwrite(tmp_path / "b.tif", STACK[0])
    with pytest.raises(IngestError, match=r"b\.tif: has no series '2'; it holds one image\. Leave the column series"):
        images.read(tmp_path / "b.tif", **SCALED, series="2")
    np.testing.assert_array_equal(images.read(tmp_path / "b.tif", **SCALED, series="1").pixels[0], STACK[0])


def test_series_of_one_name_are_told_apart_by_number(tmp_path):
    listed = [*parts({"Y": 4, "X": 4}, series=0, name="Series"), *parts({"Y": 4, "X": 4}, series=1, name="Series")]
    with pytest.raises(IngestError, match=r"2 images are named 'Series'\. Enter one of their numbers, 1, 2,"):
        chosen(tmp_path / "a.lif", listed, "Series")
    assert chosen(tmp_path / "a.lif", listed, "2") is listed[1]


def test_a_name_counts_before_a_number(tmp_path):
    listed = [part for number, name in enumerate("213") for part in parts({"Y": 4, "X": 4}, series=number, name=name)]
    assert chosen(tmp_path / "a.lif", listed, "2") is listed[0]


def test_a_number_counts_series_and_a_time_point_of_one_is_named_with_it(tmp_path):
    listed = [*parts({"T": 3}, series=0, name="first"), *parts({"Z": 5}, series=1, name="second")]
    with pytest.raises(IngestError, match=r"2 series \(1: first \(3 time points\), 2: second\)"):
        chosen(tmp_path / "a.lif", listed, None)
    assert chosen(tmp_path / "a.lif", listed, "2") is listed[3]
    with pytest.raises(IngestError, match=r"series '1' holds 3 time points\. Name one .* '1, time point 1' or"):
        chosen(tmp_path / "a.lif", listed, "1")
    for named in ("1, time point 2", "first, time point 2"):
        assert chosen(tmp_path / "a.lif", listed, named) is listed[1]


# Leica ----------------------------------------------------------------------------------------------------------------
class Lif:
    """A LIF file with some series, as bytes and as the package readlif shows it."""

    def __init__(self, **series):
        elements = "".join(self._element(name, *one) for name, one in series.items())
        text = f'<LMSDataContainerHeader><Element Name="a"><Children>{elements}</Children></Element>'
        text += "</LMSDataContainerHeader>"
        self.root = ElementTree.fromstring(text)
        content = b"\x70\0\0\0" + (2 * len(text) + 5).to_bytes(4, "little") + b"\x2a" + len(text).to_bytes(4, "little")
        content += text.encode("utf-16-le")
        self.images = []
        for name, (pixels, *_) in series.items():
            label = "MemBlock"
            content += b"\x70\0\0\0" + bytes(4) + b"\x2a" + pixels.nbytes.to_bytes(8, "little") + b"\x2a"
            content += len(label).to_bytes(4, "little") + label.encode("utf-16-le")
            self.images.append(SimpleNamespace(name=name, offsets=(len(content), pixels.nbytes)))
            content += pixels.tobytes()
        self.content = content

    @staticmethod
    def _element(name, pixels, axes, bits=12, tags=(0, 0, 0)):
        numbers = {"X": 1, "Y": 2, "Z": 3, "T": 4, "M": 10}
        steps = dict(zip(axes, zip(pixels.shape, pixels.strides, strict=True), strict=True))
        channels, inc = steps.pop("C", (1, 0))
        described = "".join(
            f'<ChannelDescription Resolution="{bits}" BytesInc="{c * inc}" ChannelTag="{tags[c]}" DataType="0"/>'
            for c in range(channels)
        )
        order = sorted(steps, key="XYZTM".index)
        dimensions = "".join(
            f'<DimensionDescription DimID="{numbers[axis]}" NumberOfElements="{steps[axis][0]}" '
            f'BytesInc="{steps[axis][1]}" Length="{(steps[axis][0] - 1) * (4e-7 if axis == "Z" else 1e-7)}"/>'
            for axis in order
        )
        return (
            f'<Element Name="{name}"><Data><Image><ImageDescription><Channels>{described}</Channels><Dimensions>'
            f'{dimensions}</Dimensions></ImageDescription></Image></Data><Memory Size="{pixels.nbytes}"/></Element>'
        )

    def write(self, folder, monkeypatch=None):
        """Write the file; without the package, ``monkeypatch`` puts one in its place."""
        if monkeypatch is not None:
            file = SimpleNamespace(xml_root=self.root, get_iter_image=lambda: iter(self.images))
            reader = SimpleNamespace(LifFile=lambda path: file)
            monkeypatch.setitem(sys.modules, "readlif", SimpleNamespace(reader=reader))
            monkeypatch.setitem(sys.modules, "readlif.reader", reader)
        (folder / "a.lif").write_bytes(self.content)
        return folder / "a.lif"


def two_lif_series():
    channels = np.stack([STACK, STACK // 3])
    return Lif(cortex=(np.ascontiguousarray(channels.swapaxes(0, 1)), "ZCYX"), hippocampus=(STACK[:1], "ZYX"))


def check_two_lif_series(path):
    with pytest.raises(IngestError, match=r"2 series \(1: cortex \(48 x 40 pixels, 5 planes, 2 ch.*2: hippocampus"):
        images.read(path, **NO_OVERRIDE)
    image = images.read(path, **{**NO_OVERRIDE, "channel": "2"}, series="cortex")
    np.testing.assert_array_equal(image.pixels, STACK // 3)
    found = (image.pixel_size_um, image.z_step_um, image.saturation_level)
    assert found == (pytest.approx(0.1), pytest.approx(0.4), 4095)
    np.testing.assert_array_equal(images.read(path, **NO_OVERRIDE, series="2").pixels, STACK[:1])


def test_the_named_series_of_a_lif_file_is_read(tmp_path, monkeypatch):
    check_two_lif_series(two_lif_series().write(tmp_path, monkeypatch))


def test_the_package_readlif_finds_the_same_series(tmp_path):
    pytest.importorskip("readlif.reader")
    check_two_lif_series(two_lif_series().write(tmp_path))


def test_the_series_of_a_lif_file_that_is_read_is_compared_with_the_limit(tmp_path, monkeypatch):
    path = two_lif_series().write(tmp_path, monkeypatch)
    with applied(Limits(max_image_megapixels=STACK[0].size / 1e6)):
        assert images.read(path, **NO_OVERRIDE, series="2").pixels.size == STACK[0].size
        with pytest.raises(IngestError, match=r"limits\.max_image_megapixels"):
            images.read(path, **{**NO_OVERRIDE, "channel": "2"}, series="cortex")


@pytest.mark.parametrize("axes", ["TZCYX", "ZTCYX", "CTZYX"])
def test_a_lif_file_is_read_in_whatever_order_its_dimensions_are_stored(tmp_path, monkeypatch, axes):
    known = {"T": 2, "Z": 5, "C": 2}
    pixels = np.arange(20, dtype=np.uint16)[:, None, None] * 100 + STACK[0] % 99
    pixels = np.ascontiguousarray(pixels.reshape([known[axis] for axis in axes[:3]] + [40, 48]))
    path = Lif(all=(pixels, axes)).write(tmp_path, monkeypatch)
    image = images.read(path, **{**NO_OVERRIDE, "channel": "2"}, series="time point 2")
    expected = pixels[tuple({"T": 1, "C": 1}.get(axis, slice(None)) for axis in axes)]
    np.testing.assert_array_equal(image.pixels, expected)


def test_a_colour_camera_of_a_lif_file_gives_red_green_and_blue(tmp_path, monkeypatch):
    colours = np.stack([STACK[0] % 200, STACK[1] % 150, STACK[2] % 100], axis=-1).astype(np.uint8)
    path = Lif(dab=(colours, "YXC", 8, (1, 2, 3))).write(tmp_path, monkeypatch)
    for number, name in enumerate(("red", "green", "blue")):
        image = images.read(path, **{**NO_OVERRIDE, "channel": name})
        np.testing.assert_array_equal(image.pixels[0], colours[..., number])


@pytest.mark.parametrize("kept", [0.05, 0.5, 0.98])
def test_a_lif_file_cut_short_is_to_be_copied_again(tmp_path, monkeypatch, kept):
    path = two_lif_series().write(tmp_path, monkeypatch)
    path.write_bytes(path.read_bytes()[: int(kept * path.stat().st_size)])
    with pytest.raises(IngestError, match=r"cut short .*Copy it again from the microscope"):
        images.read(path, **NO_OVERRIDE, series="cortex")


# Zeiss ----------------------------------------------------------------------------------------------------------------
CZI_SETTINGS = "<ExposureTime>150000000</ExposureTime><DetectorSettings><EMGain>50</EMGain></DetectorSettings>"
SIZES_M = {"X": 1e-7, "Y": 1e-7, "Z": 4e-7}


class CziDocument:
    """A CZI file as Zeiss's library shows it: two channels of a stack, with so many scenes and time points."""

    def __init__(self, scenes=1, times=(0, 1), pixel_type="Gray16"):
        rectangle = SimpleNamespace(x=0, y=0, w=48, h=40)
        self.scenes_bounding_rectangle = dict.fromkeys(range(scenes), rectangle)
        self.pixel_types = {0: pixel_type}
        n_channels = 1 if pixel_type == "Bgr24" else 2
        self.total_bounding_box = {"T": times, "Z": (0, 5), "C": (0, n_channels), "X": (0, 48), "Y": (0, 40)}
        named = "".join(f'<Scene Index="{number}" Name="D{number + 6}"/>' for number in range(scenes))
        distances = "".join(f'<Distance Id="{axis}"><Value>{m}</Value></Distance>' for axis, m in SIZES_M.items())
        self.raw_metadata = (
            "<ImageDocument><Metadata><Information><Image><ComponentBitCount>12</ComponentBitCount><Dimensions>"
            f'<Channels><Channel Name="Homer">{CZI_SETTINGS}</Channel><Channel Name=""/></Channels>'
            f"<S><Scenes>{named}</Scenes></S></Dimensions></Image></Information><Scaling><Items>{distances}</Items>"
            "</Scaling></Metadata></ImageDocument>"
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def read(self, plane, scene=0):
        assert self.total_bounding_box["T"][0] <= plane["T"] < self.total_bounding_box["T"][1]
        if self.pixel_types[0] == "Bgr24":
            return np.stack([STACK[plane["Z"]] % (50 * share) for share in (3, 2, 1)], axis=-1).astype(np.uint8)
        return STACK[plane["Z"], ..., None] // (plane["C"] + 1) + 100 * scene + 1000 * plane["T"]


def czi_header():
    """The first bytes of a CZI file whose directory and metadata lie inside it."""
    return b"ZISRAWFILE" + bytes(74) + (10).to_bytes(8, "little") + (20).to_bytes(8, "little")


def czi_of(document, folder, monkeypatch):
    """A CZI file that the library opens as this document."""
    library = SimpleNamespace(open_czi=lambda path: document)
    monkeypatch.setitem(sys.modules, "pylibCZIrw", SimpleNamespace(czi=library))
    monkeypatch.setitem(sys.modules, "pylibCZIrw.czi", library)
    (folder / "a.czi").write_bytes(czi_header() + bytes(99))
    return folder / "a.czi"


def test_a_czi_file_gives_a_channel_the_scale_and_the_bits(tmp_path, monkeypatch):
    path = czi_of(CziDocument(), tmp_path, monkeypatch)
    read = images.read(path, channel="2", pixel_size_um=None, z_step_um=None)
    np.testing.assert_array_equal(read.pixels, STACK // 2)
    assert (read.pixel_size_um, read.z_step_um) == (pytest.approx(0.1), pytest.approx(0.4))
    assert (read.scale_source, read.saturation_level) == ("CZI", 4095)
    assert images.read(path, channel="Homer", pixel_size_um=None, z_step_um=None).channel == "Homer"


def test_a_czi_file_gives_exposure_and_gain(tmp_path, monkeypatch):
    path = czi_of(CziDocument(), tmp_path, monkeypatch)
    found = [images.read(path, **{**NO_OVERRIDE, "channel": name}).acquisition for name in "12"]
    assert found == [Acquisition(150, 50), Acquisition()]


def test_scenes_of_a_czi_file_are_listed_and_the_named_one_is_read(tmp_path, monkeypatch):
    path = czi_of(CziDocument(scenes=2), tmp_path, monkeypatch)
    with pytest.raises(IngestError, match=r"2 scenes \(1: D6, 2: D7; each 48 x 40 pixels\), expected one"):
        images.read(path, **NO_OVERRIDE)
    for named in ("2", "d7"):
        read = images.read(path, **{**NO_OVERRIDE, "channel": "1"}, series=named)
        np.testing.assert_array_equal(read.pixels, STACK + 100)


def test_time_points_of_a_scene_are_named_with_it_wherever_the_file_begins_to_count(tmp_path, monkeypatch):
    path = czi_of(CziDocument(scenes=2, times=(3, 5)), tmp_path, monkeypatch)
    with pytest.raises(IngestError, match=r"2 scenes x 2 time points \(1: D6 \(48 x 40|2 scenes x 2 time points"):
        images.read(path, **NO_OVERRIDE)
    read = images.read(path, **{**NO_OVERRIDE, "channel": "1"}, series="D7, time point 2")
    np.testing.assert_array_equal(read.pixels, STACK + 100 + 4000)


def test_a_colour_camera_of_a_czi_file_gives_red_green_and_blue(tmp_path, monkeypatch):
    path = czi_of(CziDocument(pixel_type="Bgr24"), tmp_path, monkeypatch)
    for share, colour in enumerate(("red", "green", "blue"), start=1):
        read = images.read(path, channel=colour, pixel_size_um=None, z_step_um=None)
        np.testing.assert_array_equal(read.pixels, STACK % (50 * share))


@pytest.mark.parametrize("compression", [None, "zstd1:ExplicitLevel=2;PreProcess=HiLoByteUnpack"])
def test_scenes_of_a_czi_file_written_by_the_library_are_read(tmp_path, compression):
    czi = pytest.importorskip("pylibCZIrw.czi")
    with czi.create_czi(str(tmp_path / "a.czi"), compression_options=compression) as document:
        for scene in (0, 1):
            for z, plane in enumerate(STACK):
                pixels = np.ascontiguousarray((plane + 7 * scene)[..., None])
                document.write(data=pixels, plane={"C": 0, "Z": z, "T": 0}, scene=scene, location=(100 * scene, 0))
        document.write_metadata("a", scale_x=1e-7, scale_y=1e-7, scale_z=4e-7)
    with pytest.raises(IngestError, match="2 scenes"):
        images.read(tmp_path / "a.czi", **NO_OVERRIDE)
    for scene in (0, 1):
        read = images.read(tmp_path / "a.czi", **NO_OVERRIDE, series=str(scene + 1))
        np.testing.assert_array_equal(read.pixels, STACK + 7 * scene)


def test_a_small_czi_file_of_distant_tiles_is_refused_by_the_size_of_its_mosaic(tmp_path):
    czi = pytest.importorskip("pylibCZIrw.czi")
    with czi.create_czi(str(tmp_path / "a.czi")) as document:
        for place in (0, 99_952):
            document.write(data=np.ascontiguousarray(STACK[0][..., None]), location=(place, place))
        document.write_metadata("a", scale_x=1e-7, scale_y=1e-7)
    with (
        applied(Limits(max_image_megapixels=4000)),
        pytest.raises(IngestError, match=r"declares 9,99\d million values"),
    ):
        images.read(tmp_path / "a.czi", **NO_OVERRIDE)
    with pytest.raises(IngestError, match="but holds only"):
        images.read(tmp_path / "a.czi", **NO_OVERRIDE)


@pytest.mark.shared
def test_real_czi_files_are_read_or_refused_for_what_they_hold(shared):
    pytest.importorskip("pylibCZIrw")
    folder, scale = shared / "cases/microscopy", {"pixel_size_um": 0.1, "z_step_um": None}
    assert images.read(folder / "newCZI_compressed.czi", channel=None, **scale).pixels.shape == (1, 512, 512)
    assert images.read(folder / "DAPI_GFP.czi", channel="2", **scale).channel == "2"
    assert images.read(folder / "nuc_small_new_red.czi", channel=None, **scale).channel == "nuclei"
    with pytest.raises(IngestError, match=r"2 scenes \(1: D6, 2: D7"):
        images.read(folder / "WellD6-7_S2.czi", channel=None, **scale)
    wells = [images.read(folder / "WellD6-7_S2.czi", channel=None, **scale, series=name) for name in ("D6", "2")]
    assert [well.pixels.shape for well in wells] == [(1, 440, 544)] * 2
    assert (wells[0].pixels != wells[1].pixels).any()


@pytest.mark.shared
def test_a_real_lif_file_of_time_points_and_wavelengths_is_refused_until_one_is_named(shared):
    pytest.importorskip("readlif")
    path = shared / "cases/microscopy/one_series_t2.lif"
    with pytest.raises(IngestError, match="10 wavelengths x 2 time points"):
        images.read(path, **NO_OVERRIDE)
    assert images.read(path, **NO_OVERRIDE, series="wavelength 2, time point 2").pixels.shape == (11, 64, 64)


# Nikon ----------------------------------------------------------------------------------------------------------------
class Nd2File:
    """An ND2 file as the package nd2 shows it: positions of a stack in two channels."""

    names = ("slice 1", "slice 2")

    def __init__(self, path):
        self.sizes = {"P": 2, "Z": 5, "C": 2, "Y": 40, "X": 48}
        points = [SimpleNamespace(name=name) for name in self.names]
        self.experiment = [SimpleNamespace(type="XYPosLoop", parameters=SimpleNamespace(points=points))]
        self.loop_indices = tuple({"P": p, "Z": z} for p in range(2) for z in range(5))
        channels = [SimpleNamespace(channel=SimpleNamespace(name=name)) for name in ("DAPI", "c-Fos")]
        self.metadata = SimpleNamespace(channels=channels)
        self.attributes = SimpleNamespace(bitsPerComponentSignificant=12)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def read_frame(self, number):
        position, z = divmod(number, 5)
        return np.stack([STACK[z], STACK[z] // 2]) + 100 * position

    def voxel_size(self):
        return SimpleNamespace(x=0.1, y=0.1, z=0.4)

    def unstructured_metadata(self):
        settings = {"1": {"ExposureTime": 80.0}, "0": {"ExposureTime": 20.0}}
        return {"ImageMetadataSeqLV|0": {"SLxPictureMetadata": {"PicturePlanes": {"SampleSetting": settings}}}}


@pytest.fixture
def nd2_file(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "nd2", SimpleNamespace(ND2File=Nd2File))
    (tmp_path / "a.nd2").write_bytes(b"\xda\xce\xbe\x0a" + bytes(99) + b"ND2 CHUNK MAP SIGNATURE 0000001" + bytes(9))
    return tmp_path / "a.nd2"


def test_positions_of_an_nd2_file_are_listed_and_the_named_one_is_read(nd2_file):
    with pytest.raises(IngestError, match=r"2 positions \(1: slice 1, 2: slice 2; each 48 x 40 pixels, 5 planes, 2 ch"):
        images.read(nd2_file, **NO_OVERRIDE)
    for named in ("2", "Slice 2"):
        read = images.read(nd2_file, **{**NO_OVERRIDE, "channel": "c-Fos"}, series=named)
        np.testing.assert_array_equal(read.pixels, STACK // 2 + 100)
    assert (read.pixel_size_um, read.z_step_um, read.acquisition) == (0.1, 0.4, Acquisition(80.0))


def test_the_position_of_an_nd2_file_that_is_read_is_compared_with_the_limit(nd2_file):
    with applied(Limits(max_image_megapixels=2 * STACK.size / 1e6)):
        images.read(nd2_file, **{**NO_OVERRIDE, "channel": "1"}, series="1")
    with applied(Limits(max_image_megapixels=STACK.size / 1e6)), pytest.raises(IngestError, match="max_image_mega"):
        images.read(nd2_file, **{**NO_OVERRIDE, "channel": "1"}, series="1")


def test_positions_without_names_are_numbered(nd2_file, monkeypatch):
    monkeypatch.setattr(Nd2File, "names", ("", ""))
    with pytest.raises(IngestError, match=r"2 positions \(1: position 1, 2: position 2"):
        images.read(nd2_file, **NO_OVERRIDE)
    np.testing.assert_array_equal(images.read(nd2_file, **{**NO_OVERRIDE, "channel": "1"}, series="1").pixels, STACK)


def test_a_colour_camera_of_an_nd2_file_gives_red_green_and_blue(nd2_file, monkeypatch):
    colours = np.stack([STACK[0] % 200, STACK[1] % 150, STACK[2] % 100], axis=-1).astype(np.uint8)

    class InColour(Nd2File):
        def __init__(self, path):
            super().__init__(path)
            self.sizes, self.loop_indices, self.experiment = {"Y": 40, "X": 48, "S": 3}, ({},), []

        def read_frame(self, number):
            return colours

    monkeypatch.setitem(sys.modules, "nd2", SimpleNamespace(ND2File=InColour))
    for number, name in enumerate(("red", "green", "blue")):
        np.testing.assert_array_equal(
            images.read(nd2_file, **{**NO_OVERRIDE, "channel": name}).pixels[0], colours[..., number]
        )


@pytest.mark.parametrize("planes", ["contig", "separate"])
def test_a_tiff_in_colour_gives_red_green_and_blue_however_its_samples_are_stored(tmp_path, planes):
    colours = np.stack([STACK[0] % 200, STACK[1] % 150, STACK[2] % 100]).astype(np.uint8)
    stored = colours if planes == "separate" else np.ascontiguousarray(np.moveaxis(colours, 0, -1))
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", planarconfig=planes)
    for number, name in enumerate(("red", "green", "blue")):
        read = images.read(tmp_path / "a.tif", **{**SCALED, "channel": name})
        np.testing.assert_array_equal(read.pixels[0], colours[number])
