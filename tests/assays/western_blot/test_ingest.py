"""Whatever the file, more protein ends as a larger number, in the file's own counts."""

import zipfile

import numpy as np
import pytest
import tifffile
from PIL import Image

from ketaflow.assays.western_blot.bands.protein_masses import known_mass_kda
from ketaflow.assays.western_blot.images import intensity_scale
from ketaflow.assays.western_blot.images.readers import read_picture
from ketaflow.core.errors import IngestError

from .conftest import lanes


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
    for name, top in (("x_700", 20_000), ("x_800", 50_000)):
        tifffile.imwrite(tmp_path / f"{name}.TIF", picture_of_bands(top=top))
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for name in ("x_700.TIF", "x_800.TIF"):
            archive.write(tmp_path / name, f"x/{name}")
    picture = read_picture(tmp_path / "x.zip")
    assert picture.plane("800", "x.zip")[1].max() > 2 * picture.plane("700", "x.zip")[1].max()
    with pytest.raises(IngestError, match="2 channels"):
        picture.plane(None, "x.zip")


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


def test_a_bio_rad_file_is_refused_with_the_export_to_make(tmp_path):
    (tmp_path / "a.1sc").write_bytes(b"\xaf\xaf" + bytes(200))
    with pytest.raises(IngestError, match="Export for Analysis"):
        read_picture(tmp_path / "a.1sc")


@pytest.mark.shared
def test_a_real_bio_rad_file_is_refused_alike(shared):
    with pytest.raises(IngestError, match="Export for Analysis"):
        read_picture(shared / "cases" / "blot" / "test4.1sc")


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
