"""Whatever the file, more protein ends as a larger number, in the file's own counts."""

import errno
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from ketaflow.assays.western_blot.images import intensity_scale
from ketaflow.assays.western_blot.images.readers import read_picture
from ketaflow.assays.western_blot.protein_masses import known_mass_kda
from ketaflow.core.errors import IngestError
from ketaflow.engine import recordings
from ketaflow.engine.batches import Group

from .conftest import TABLES, lanes


def picture_of_bands(bright: bool = True, dtype: type = np.uint16, top: int = 40_000) -> np.ndarray:
    """Six bands in a row on an even background."""
    rows, columns = np.mgrid[0:160, 0:300]
    picture = np.full((160, 300), 0.02 * top)
    for lane in range(6):
        picture += 0.9 * top * np.exp(-(((columns - 45 - 42 * lane) / 15) ** 4) - ((rows - 80) / 5) ** 2)
    noise = np.random.default_rng(1).normal(0, 0.004 * top, picture.shape)
    picture = np.clip(picture + noise, 0, np.iinfo(dtype).max)
    return (picture if bright else np.iinfo(dtype).max - picture).astype(dtype)


def images(name: str, **more: object) -> list[dict]:
    return [{"image": name, "membrane": "B1", "target": "BDNF", "role": "target", **more}]


@pytest.mark.parametrize("bright", [True, False])
def test_polarity_is_seen_in_the_picture(lab, bright):
    tifffile.imwrite(lab.folder / "a.tif", picture_of_bands(bright))
    blot = lab.ingested(images=images("a.tif"), lanes=lanes("B1", 6))
    assert blot.scans[0].polarity == ("bright" if bright else "dark")
    assert blot.scans[0].pixels[80, 45] > 5 * np.median(blot.scans[0].pixels)


def test_the_white_is_zero_tag_changes_no_number(lab):
    tifffile.imwrite(lab.folder / "a.tif", picture_of_bands(), photometric="miniswhite")
    blot = lab.ingested(images=images("a.tif"), lanes=lanes("B1", 6))
    np.testing.assert_array_equal(blot.scans[0].pixels, picture_of_bands())


def test_the_table_goes_before_the_picture(lab):
    tifffile.imwrite(lab.folder / "a.tif", picture_of_bands())
    blot = lab.ingested(images=images("a.tif", polarity="dark"), lanes=lanes("B1", 6))
    assert blot.scans[0].polarity == "dark"
    np.testing.assert_array_equal(blot.scans[0].pixels, 65535 - picture_of_bands())


@pytest.mark.parametrize("compression", ["lzw", "zlib", "packbits", None])
def test_compressed_tiff_is_read_as_it_was_written(tmp_path, compression):
    tifffile.imwrite(tmp_path / "a.tif", picture_of_bands(), compression=compression)
    np.testing.assert_array_equal(read_picture(tmp_path / "a.tif").planes["1"], picture_of_bands())


def test_square_root_coding_is_undone(tmp_path):
    coded = picture_of_bands(top=200)
    tags = [(33445, "I", 1, 2, True), (33446, "2I", 1, (1, 4), True)]
    tifffile.imwrite(tmp_path / "a.gel", coded, extratags=tags)
    plane = read_picture(tmp_path / "a.gel").planes["1"]
    np.testing.assert_allclose(plane, coded.astype(float) ** 2 / 4)


def test_a_licor_zip_gives_its_channels_by_wavelength(tmp_path):
    scan = "0000800_01"
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for channel, top in (("700", 20_000), ("800", 50_000)):
            tifffile.imwrite(tmp_path / "a.tif", picture_of_bands(top=top))
            archive.write(tmp_path / "a.tif", f"{scan}/{scan}_{channel}.TIF")
            archive.writestr(f"__MACOSX/{scan}/._{scan}_{channel}.TIF", b"\0\x05\x16\x07")
    picture = read_picture(tmp_path / "x.zip")
    assert picture.plane("800", "x.zip")[1].max() > 2 * picture.plane("700", "x.zip")[1].max()
    assert picture.plane("1", "x.zip")[0] == "700"
    with pytest.raises(IngestError, match="2 channels"):
        picture.plane(None, "x.zip")


def test_two_scans_in_one_zip_are_not_mixed_up(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", picture_of_bands())
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for scan in ("0000001_01", "0000002_01"):
            archive.write(tmp_path / "a.tif", f"{scan}/{scan}_700.TIF")
    picture = read_picture(tmp_path / "x.zip")
    with pytest.raises(IngestError, match="has several channels '700'"):
        picture.plane("700", "x.zip")
    assert picture.plane("0000002_01_700", "x.zip")[0] == "0000002_01/0000002_01_700.TIF"


def test_pages_of_a_tiff_are_channels(tmp_path):
    tifffile.imwrite(
        tmp_path / "a.tif", np.stack([picture_of_bands(), picture_of_bands() // 2]), photometric="minisblack"
    )
    assert list(read_picture(tmp_path / "a.tif").planes) == ["1", "2"]


def test_grey_stored_as_colour_is_one_plane(tmp_path):
    grey = picture_of_bands(dtype=np.uint8, top=240)
    Image.fromarray(np.dstack([grey] * 3)).save(tmp_path / "a.png")
    picture = read_picture(tmp_path / "a.png")
    assert list(picture.planes) == ["1"] and picture.storage.bits == 8
    np.testing.assert_array_equal(picture.planes["1"], grey)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "empty"), (b"II*\0\x08\0\0\0nonsense", "cannot be read"), (b"hello", "cannot be read")],
)
def test_a_file_that_is_no_picture_says_what_to_do(tmp_path, content, said):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(IngestError, match=said):
        read_picture(tmp_path / "a.png")


def test_one_corrupt_picture_costs_only_its_own_target(lab):
    tifffile.imwrite(lab.folder / "a.tif", picture_of_bands())
    (lab.folder / "b.tif").write_bytes((lab.folder / "a.tif").read_bytes()[:500])
    both = [*images("a.tif"), {"image": "b.tif", "membrane": "B1", "target": "GAPDH", "role": "loading_control"}]
    blot = lab.ingested(images=both, lanes=lanes("B1", 6))
    assert list(blot.unreadable) == ["b.tif"]
    values = lab.values(blot)
    assert values[values["recording"].eq("a.tif") & values["measure"].eq("band_volume")]["value"].notna().all()
    assert set(values[values["recording"].eq("b.tif")]["status"]) == {"failed"}


def test_a_drive_that_fails_at_one_picture_fails_the_job_and_not_the_picture(lab, monkeypatch):
    for name in ("a.tif", "b.tif"):
        tifffile.imwrite(lab.folder / name, picture_of_bands())
    read_bytes = Path.read_bytes

    def failing(path: Path) -> bytes:
        if path.name == "b.tif":
            raise OSError(errno.EIO, "Input/output error")
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", failing)
    both = [*images("a.tif"), {"image": "b.tif", "membrane": "B1", "target": "GAPDH", "role": "loading_control"}]
    with pytest.raises(OSError, match="Input/output error"):
        lab.ingested(images=both, lanes=lanes("B1", 6))


def test_a_membrane_that_cannot_be_read_is_listed_under_each_of_its_targets():
    rows = [{**dict.fromkeys(TABLES["western_blot_images"]["columns"]), **row, "target": target}
            for row in images("a.tif") for target in ("BDNF", "GAPDH")]  # fmt: skip
    (named,) = recordings.named("western_blot", Group("B1", {"western_blot_images": rows}))
    assert [(one.measure, one.analyte) for one in named.expected] == [("band_volume", "BDNF"), ("band_volume", "GAPDH")]


def test_a_twelve_bit_detector_clips_at_its_own_ceiling():
    signal = np.minimum(picture_of_bands(top=9000), 4095)
    assert intensity_scale.saturation_level(signal, 65535.0)[0] == 4095


def test_an_unsaturated_picture_clips_at_the_end_of_the_scale():
    assert intensity_scale.saturation_level(picture_of_bands(top=9000), 65535.0)[0] == 65535


@pytest.mark.parametrize(
    ("name", "kda"),
    [("p-mTOR", 289), ("mTOR", 289), ("phospho-GSK3β", 46), ("PSD-95", 95), ("p-eEF2_T56", 95), ("X", None)],
)
def test_masses_are_known_by_the_names_labs_write(name, kda):
    assert known_mass_kda(name) == kda


@pytest.mark.shared
def test_polarity_of_real_pictures(shared):
    dark = {path.name for path in (shared / "blot" / "pgk1_westerns").glob("*.png")}
    dark |= {path.name for path in (shared / "blot" / "ccby_crops").glob("*.png")}
    wrong = []
    for path in sorted((shared / "blot").rglob("*")):
        if path.suffix in (".tif", ".png", ".jpg") and "_mask" not in path.name:
            plane = next(iter(read_picture(path).planes.values()))
            if intensity_scale.polarity(plane)[0] != ("dark" if path.name in dark else "bright"):
                wrong.append(path.name)
    assert wrong == []


@pytest.mark.shared
def test_the_imager_with_the_wrong_tag_is_not_inverted(shared):
    picture = read_picture(shared / "blot" / "antiActin_IQ800_16bit.tif")
    assert picture.storage.white_is_zero
    assert intensity_scale.polarity(picture.planes["1"])[0] == "bright"


@pytest.mark.parametrize("strip", [0.0, 3000.0])
@pytest.mark.parametrize("rows", [slice(0, 12), slice(-12, None), slice(150, 162)])
def test_a_strip_of_table_or_paper_tells_nothing_about_polarity(strip, rows):
    plane = picture_of_bands(top=2500).astype(float)
    plane[rows] = strip + np.random.default_rng(1).normal(20, 5, plane[rows].shape)
    assert intensity_scale.polarity(np.clip(plane, 0, 4095))[0] == "bright"
    assert intensity_scale.polarity(4095 - np.clip(plane, 0, 4095))[0] == "dark"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda plane: np.where(plane > plane.max() / 2, np.nan, plane), "not numbers"),
        (lambda plane: plane - np.median(plane) - 100, "negative values"),
        (lambda plane: np.zeros_like(plane), "same value"),
    ],
    ids=["NaN", "negative", "flat"],
)
def test_pixels_that_cannot_be_a_blot_are_refused_with_their_reason(tmp_path, change, reason):
    tifffile.imwrite(tmp_path / "a.tif", change(picture_of_bands().astype(np.float32)).astype(np.float32))
    with pytest.raises(IngestError, match=reason):
        read_picture(tmp_path / "a.tif")


def bio_rad(pixels: np.ndarray, ceiling: int) -> bytes:
    """A ``.1sc`` file with nothing but a picture, laid out as Quantity One does."""

    def field(kind: int, number: int, content: bytes) -> bytes:
        return struct.pack("<HHI", kind, 8 + len(content), number) + content

    def block(*fields: bytes) -> bytes:
        inner = b"".join([*fields, struct.pack("<HHI", 0, 8, 0)])
        return struct.pack("<II", 8 + len(inner), 8) + inner

    values = {
        "nxpix": pixels.shape[1], "nypix": pixels.shape[0], "bytes_per_pix": pixels.itemsize, "data_ceiling": ceiling
    }  # fmt: skip
    keys = [struct.pack("<HHIII20x", 4, place, 1, 2 * place, 900 + place) for place in range(len(values))]
    description = block(
        field(101, 1, struct.pack("<HHHHIII", 1000, 4, 1000, len(values), 2, 2 * len(values), 899)),
        field(100, 2, b"".join(keys)),
        *(field(16, 899 + place, name.encode() + b"\0") for place, name in enumerate(["SCN", *values])),
    )
    header = block(field(1000, 3, struct.pack(f"<{len(values)}H", *values.values())))
    blocks = {128: description, 129: header, 130: pixels[::-1].tobytes()}
    start, table = 4140, b""
    for kind in (142, 143, 132, 133, 141, 140, 126, 127, 128, 129, 130):
        table += struct.pack("<HHIIIHH", kind, 1, 0, start, len(blocks.get(kind, b"")), 0, 0)
        start += len(blocks.get(kind, b""))
    top = b"\xaf\xafStable File Version 2.0 \r\n  \r\nIntel Format          \r\nBio-Rad Scan File - ID".ljust(160)
    return (top + table).ljust(4140, b"\0") + b"".join(blocks.values())


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_bio_rad_file_gives_its_counts_and_their_ceiling(lab, dtype):
    pixels = picture_of_bands(dtype=dtype, top=200)
    (lab.folder / "a.1sc").write_bytes(bio_rad(pixels, ceiling=int(pixels.max())))
    (scan,) = lab.ingested(images=images("a.1sc"), lanes=lanes("B1", 6)).scans
    np.testing.assert_array_equal(scan.pixels, pixels)
    assert scan.saturation_level == pixels.max() and not scan.storage.display_doubt


def test_a_bio_rad_file_that_is_cut_short_or_of_another_kind_is_refused(tmp_path):
    whole = bio_rad(picture_of_bands(), ceiling=65535)
    for content, said in (
        (whole[:-101], "cut short"),
        (whole[:4200], "Export for Analysis"),
        (whole.replace(b"nypix", b"ypixn"), "Export for Analysis"),
        (whole.replace(b"Intel Format", b"Other Format"), "byte order"),
        (b"\xaf\xaf" + bytes(200), "does not begin like"),
    ):
        (tmp_path / "a.1sc").write_bytes(content)
        with pytest.raises(IngestError, match=said):
            read_picture(tmp_path / "a.1sc")


@pytest.mark.shared
def test_a_real_bio_rad_file_holds_what_image_lab_exports_from_it(shared):
    picture = read_picture(shared / "cases" / "blot" / "test4.1sc")
    exported = tifffile.imread(shared / "cases" / "blot" / "test4_ref.tif")
    np.testing.assert_array_equal(picture.planes["1"], exported)
    assert picture.storage.full_scale == exported.max()


def test_a_file_of_one_channel_is_named_by_the_end_of_its_name(tmp_path):
    tifffile.imwrite(tmp_path / "0000800_01_700.TIF", picture_of_bands())
    picture = read_picture(tmp_path / "0000800_01_700.TIF")
    assert picture.plane("700", "a")[0] == picture.plane(None, "a")[0] == "700"
    with pytest.raises(IngestError, match=r"has no channel '800'\. It holds: 700"):
        picture.plane("800", "a")


@pytest.mark.parametrize(
    ("name", "dtype", "top", "flagged"),
    [("a.png", np.uint8, 240, True), ("a.jpg", np.uint8, 240, True), ("a.png", np.uint16, 40_000, False)],
)
def test_greys_for_a_screen_are_flagged_as_display_scaled(lab, name, dtype, top, flagged):
    Image.fromarray(picture_of_bands(dtype=dtype, top=top)).save(lab.folder / name)
    values = lab.values(lab.ingested(images=images(name), lanes=lanes("B1", 6)))
    volumes = values[values["measure"].eq("band_volume")]
    assert volumes["value"].notna().all()
    assert volumes["reason"].str.contains("display-scaled", na=False).eq(flagged).all()


def test_dark_bands_without_dilution_lanes_are_flagged_as_film(lab):
    tifffile.imwrite(lab.folder / "a.tif", picture_of_bands(bright=False))
    blot = lab.ingested(images=images("a.tif"), lanes=lanes("B1", 6))
    volumes = lab.values(blot)
    volumes = volumes[volumes["measure"].eq("band_volume")]
    assert volumes["value"].notna().all() and volumes["reason"].str.contains("film is not linear").all()
    checks = lab.checks(blot)
    assert checks[checks["check"].eq("linear_range")]["verdict"].tolist() == ["warn"]
