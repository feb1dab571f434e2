"""Drawn membranes give back what was drawn; real ones what others measured on them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import tifffile

from ketaflow.assays.western_blot.bands.box_column import column_of
from ketaflow.assays.western_blot.bands.box_volume import measure_box
from ketaflow.assays.western_blot.lanes.lane_crops import LaneCrop
from ketaflow.assays.western_blot.lanes.lane_profile import LaneProfile, lane_profile, lane_profiles, rows_on_membrane
from ketaflow.assays.western_blot.lanes.profile_baseline import Peak
from ketaflow.assays.western_blot.model import Band
from ketaflow.core.results import frame

from .conftest import QUANTIFY, Lab, lanes, values_of, with_pixels

WITHOUT_TRUTH = ("images", "lanes")


def crop(number: int, pixels: np.ndarray, beside: np.ndarray) -> LaneCrop:
    """A lane with gaps of 12 columns on either side."""
    gap = np.repeat(beside[:, None], 12, axis=1)
    wide = np.hstack([gap, pixels, gap]).astype(np.float32)
    return LaneCrop(number, 0, wide[:, 12:-12], 0.0, beside, wide, 12)


def net(lane: LaneProfile, peak: Peak) -> float:
    """Volume of a band of a lane (counts)."""
    return lane.volume(peak.top, peak.bottom)[0]


@pytest.fixture(scope="module")
def result(study):
    lab, rows = study
    blot = lab.ingested(**{name: rows[name] for name in WITHOUT_TRUTH})
    return lab.measured(blot), pd.DataFrame(rows["truth"]), pd.DataFrame(rows["lanes"])


def by_animal(values: pd.DataFrame, measure: str, analyte: str) -> pd.Series:
    rows = values[values["measure"].eq(measure) & values["analyte"].eq(analyte)]
    return rows.set_index("animal")["value"]


def test_volumes_are_those_drawn_within_three_percent(result):
    measured, truth, _ = result
    both = (
        frame(measured.bands, Band)
        .dropna(subset=["target"])
        .merge(truth, on=["image", "lane", "target"], suffixes=("", "_drawn"))
    )
    assert len(both) == len(truth)
    assert (both["volume"] / both["volume_drawn"] - 1).abs().max() < 0.03


def test_ratios_between_animals_are_those_drawn_within_three_percent(result):
    measured, truth, lane_map = result
    amounts = truth.merge(lane_map[["lane", "animal"]].dropna(), on="lane").pivot(
        index="animal", columns="target", values="amount"
    )
    found = by_animal(values_of(measured), "phospho_to_total_ratio", "p-mTOR")
    off = np.log(found / (amounts["p-mTOR"] / amounts["mTOR"])[found.index])
    assert np.abs(off - off.mean()).max() < 0.03


def test_density_is_free_of_loading(result):
    measured, truth, lane_map = result
    amounts = truth.merge(lane_map[["lane", "animal"]].dropna(), on="lane").pivot(
        index="animal", columns="target", values="amount"
    )
    found = by_animal(values_of(measured), "normalised_density", "BDNF")
    off = np.log(found / amounts["BDNF"][found.index])
    assert np.abs(off - off.mean()).max() < 0.04
    load = by_animal(values_of(measured), "loading_factor", "GAPDH")
    assert load.std() > 0.05


def test_the_ladder_gives_the_masses_drawn(result):
    bands = frame(result[0].bands, Band)
    seen = bands[bands["target"].eq("BDNF")]["kda"]
    assert (seen / 14 - 1).abs().max() < 0.06


def test_every_band_of_the_ladder_is_listed(result):
    bands = frame(result[0].bands, Band)
    ladder = bands[bands["lane"].eq(1) & bands["image"].str.contains("GAPDH")]
    assert len(ladder) == 10 and ladder["target"].isna().all()


def test_a_brighter_exposure_leaves_every_ratio(study):
    lab, rows = study
    given = {name: rows[name] for name in WITHOUT_TRUTH}
    once, twice = lab.ingested(**given), lab.ingested(**given)
    twice = with_pixels(twice, lambda signal: (signal.astype(np.uint32) * 2).astype(np.uint32))
    tables = [lab.values(blot) for blot in (once, twice)]
    for measure, analyte in (("phospho_to_total_ratio", "p-mTOR"), ("normalised_density", "BDNF")):
        first, second = (by_animal(table, measure, analyte) for table in tables)
        np.testing.assert_allclose(second, first, rtol=1e-3)


def test_mirroring_the_membrane_mirrors_the_bands(study):
    lab, rows = study
    images = [row for row in rows["images"] if row["target"] == "GAPDH"]
    blot = lab.ingested(images=images, lanes=rows["lanes"])
    plain = by_animal(lab.values(blot), "band_volume", "GAPDH")
    count = max(row["lane"] for row in rows["lanes"])
    mirrored = with_pixels(blot, lambda signal: np.ascontiguousarray(signal[:, ::-1]))
    mirrored = replace(mirrored, lanes=[replace(lane, lane=count + 1 - lane.lane) for lane in blot.lanes])
    np.testing.assert_allclose(by_animal(lab.values(mirrored), "band_volume", "GAPDH")[plain.index], plain, rtol=0.02)


def test_boxes_are_replayed_exactly(study):
    lab, rows = study
    images = [row for row in rows["images"] if row["target"] == "BDNF"]
    box = {
        "image": images[0]["image"],
        "lane": 3,
        "target": "BDNF",
        "x_px": 140,
        "y_px": 330,
        "width_px": 40,
        "height_px": 30,
    }
    bands = lab.bands(images=images, lanes=rows["lanes"], boxes=(box,))
    drawn = bands[bands["box"].eq("given")]
    assert drawn[["lane", "target", "x_px", "y_px", "width_px", "height_px"]].values.tolist() == [
        [3, "BDNF", 140, 330, 40, 30]
    ]
    assert len(bands[bands["lane"].eq(3) & bands["target"].eq("BDNF")]) == 1


def test_an_empty_membrane_is_refused_with_the_remedy(lab):
    import tifffile

    noise = np.random.default_rng(0).normal(500, 8, (300, 400)).astype(np.uint16)
    tifffile.imwrite(lab.folder / "a.tif", noise)
    images = [{"image": "a.tif", "membrane": "B1", "target": "BDNF", "role": "target"}]
    values = lab.values(lab.ingested(images=images, lanes=lanes("B1", 8)))
    assert values["value"].isna().all() and len(values) >= 8
    assert values["reason"].str.contains("western_blot_boxes").all()


@pytest.fixture(scope="module")
def six_lanes(tmp_path_factory):
    """A picture of six lanes, which the right lane map measures."""
    lab = Lab(tmp_path_factory.mktemp("six"))
    rows, columns = np.mgrid[0:300, 0:520]
    signal = 400 + np.random.default_rng(0).normal(0, 20, rows.shape)
    for lane in range(6):
        signal += 1500 * (lane + 1) * np.exp(-(((columns - 110 - 60 * lane) / 20) ** 4) - ((rows - 90) / 6) ** 2)
    tifffile.imwrite(lab.folder / "a.tif", signal.astype(np.uint16))
    images = [{"image": "a.tif", "membrane": "B1", "target": "BDNF", "role": "target"}]
    assert lab.bands(images=images, lanes=lanes("B1", 6))["target"].notna().sum() == 6
    return lab, images


@pytest.mark.parametrize("listed", [1, 2, 3, 4, 5, 7, 8, 9])
def test_a_lane_map_with_the_wrong_number_of_lanes_is_refused(six_lanes, listed):
    lab, images = six_lanes
    assert lab.bands(images=images, lanes=lanes("B1", listed)).empty


def test_uneven_background_is_no_band_and_stretches_none(lab):
    import tifffile

    rows, columns = np.mgrid[0:400, 0:420]
    signal = 400 + np.random.default_rng(0).normal(0, 6, rows.shape)
    signal += 200 * np.exp(-(((rows - 120) / 70) ** 2)) + 150 * np.exp(
        -(((rows - 330) / 60) ** 2) - ((columns - 300) / 90) ** 2
    )
    height = [1500, 900, 2100, 1200, 1700]
    for lane, peak in enumerate(height):
        signal += peak * np.exp(-(((columns - 90 - 60 * lane) / 20) ** 8) - ((rows - 200) / 5) ** 2)
    tifffile.imwrite(lab.folder / "a.tif", signal.astype(np.uint16))
    images = [{"image": "a.tif", "membrane": "B1", "target": "BDNF", "role": "target"}]
    bands = lab.bands(images=images, lanes=lanes("B1", 5)).sort_values("lane")
    assert bands["target"].eq("BDNF").tolist() == [True] * 5
    assert bands["height_px"].max() < 32
    drawn = np.exp(-(((np.arange(420) - 210) / 20) ** 8)).sum() * np.sqrt(np.pi) * 5
    np.testing.assert_allclose(bands["volume"] / (drawn * np.array(height)), 1, atol=0.04)


@pytest.mark.shared
def test_sixteen_actin_boxes_agree_with_imagej(shared, lab):
    lab.folder = shared / "blot"
    image = "antiActin_IQ800_16bit.tif"
    images = [{"image": image, "membrane": "B1", "target": "actin", "role": "loading_control"}]
    bands = lab.bands(images=images, lanes=lanes("B1", 8))
    for row in pd.read_csv(shared / "blot" / "antiActin_imagej_values.csv").itertuples():
        near = bands[bands["lane"].eq(row.lane)]
        off = (near["y_px"] + near["height_px"] / 2 - row.y - row.h / 2).abs()
        band = near.loc[off.idxmin()]
        assert off.min() < 10
        assert abs(band["x_px"] + band["width_px"] / 2 - row.x - row.w / 2) < 10
        if row.band == "upper":
            assert band["target"] == "actin"
            assert band["volume"] == pytest.approx(row.rb100_intden, rel=0.05)


@pytest.mark.parametrize("method", ["lane", "gap"])
@pytest.mark.parametrize("last_row", [520, 570])
def test_the_table_below_a_membrane_adds_nothing_to_the_bands_above_it(method, last_row):
    rows = np.arange(600)
    membrane = np.where(rows < last_row, 300.0, 60.0) + np.random.default_rng(1).normal(0, 3, 600)
    bands = sum(2500 * np.exp(-(((rows - place) / 6) ** 2) / 2) for place in (150, 300, 460))
    pixels = np.repeat((membrane + bands)[:, None], 40, axis=1).astype(np.float32)
    extent = rows_on_membrane(pixels.mean(axis=1), membrane)
    lane = lane_profile(crop(1, pixels, membrane), extent, method, length=150.0, min_snr=6.0, foot=0.03)
    drawn = 2500 * 6 * np.sqrt(2 * np.pi) * 40
    lowest = max((band for band in lane.peaks if band.row < 480), key=lambda band: band.row)
    assert net(lane, lowest) == pytest.approx(drawn, rel=0.02)


def test_touching_bands_over_half_of_the_picture_are_not_taken_for_background():
    rows = np.arange(400)
    places = (110, 155, 200, 245, 290)
    bands = sum(3000 * np.exp(-(((rows - place) / 20) ** 4)) for place in places)
    beside = np.random.default_rng(1).normal(300, 3, 400)
    pixels = np.repeat((beside + bands)[:, None], 40, axis=1).astype(np.float32)
    limits = {"length": 100.0, "min_snr": 6.0, "foot": 0.03, "highest": 3000.0}
    lane = lane_profile(crop(1, pixels, beside), slice(0, 400), "lane", **limits)
    assert [round(band.row) for band in lane.peaks] == pytest.approx(places, abs=3)
    drawn = 3000 * np.exp(-((np.arange(-100, 100) / 20.0) ** 4)).sum() * 40
    volumes = [net(lane, band) for band in lane.peaks]
    np.testing.assert_allclose(np.array(volumes) / drawn, 1, atol=0.05)


def test_a_stripe_of_light_across_the_membrane_is_no_row_of_bands(lab):
    import tifffile

    rows, columns = np.mgrid[0:400, 0:300]
    signal = 300 + np.random.default_rng(2).normal(0, 4, rows.shape) + 200 * np.exp(-(((rows - 120) / 10) ** 2))
    for lane in range(4):
        signal += 800 * np.exp(-(((columns - 60 - 60 * lane) / 20) ** 8) - ((rows - 250) / 6) ** 2)
    tifffile.imwrite(lab.folder / "a.tif", signal.astype(np.uint16))
    images = [{"image": "a.tif", "membrane": "B1", "target": "BDNF", "role": "target"}]
    bands = lab.bands(images=images, lanes=lanes("B1", 4))
    assert bands["lane"].tolist() == [1, 2, 3, 4]
    assert (bands["y_px"] + bands["height_px"] / 2 - 250).abs().max() < 5


def test_a_stripe_of_light_under_weak_bands_is_no_part_of_them():
    rows, noise = np.arange(400), np.random.default_rng(3)
    stripe = 150 * np.exp(-(((rows - 200) / 14) ** 2))
    band = np.exp(-(((rows - 200) / 8) ** 2))
    heights = (2000, 150, 1500, 300, 900, 1200)
    lanes = [
        crop(number, np.repeat((under + height * band)[:, None], 30, axis=1), under)
        for number, height in enumerate(heights, start=1)
        for under in [300 + stripe + noise.normal(0, 3, 400)]
    ]
    made = lane_profiles(lanes, ["animal"] * 6, QUANTIFY, length=100.0)
    for lane, height in zip(made, heights, strict=True):
        (own,) = (each for each in lane.peaks if abs(each.row - 200) < 10)
        assert net(lane, own) == pytest.approx(height * band.sum() * 30, rel=0.08)


def test_a_dense_ladder_keeps_its_bands():
    rows, noise = np.arange(270), np.random.default_rng(4)
    places = (41, 71, 95, 112, 135, 153, 176, 189, 205, 229)
    bands = sum(700 * np.exp(-(((rows - place) / 7.5) ** 2)) for place in places)
    beside = 2000 + noise.normal(0, 6, 270)
    cut = crop(1, np.repeat((beside + bands)[:, None], 30, axis=1), beside)
    lane = lane_profile(cut, slice(0, 270), "gap", length=67.0, min_snr=6.0, foot=0.03, highest=1500.0)
    assert [round(band.row) for band in lane.peaks] == pytest.approx(places, abs=3)


@pytest.mark.parametrize("row", [150, 200, 212])
def test_a_bubble_in_or_beside_a_band_changes_its_volume_little(row):
    rows, columns = np.mgrid[0:400, 0:40]
    band = 900 * np.exp(-(((rows - 200) / 8) ** 2))
    pixels = 1000 + band + np.random.default_rng(5).normal(0, 15, rows.shape)
    pixels = np.where(np.hypot(rows - row, columns - 14) < 9, 100.0, pixels).astype(np.float32)
    beside = 1000 + np.random.default_rng(6).normal(0, 5, 400)
    limits = {"length": 100.0, "min_snr": 6.0, "foot": 0.03, "highest": 900.0}
    lane = lane_profile(crop(1, pixels, beside), slice(0, 400), "lane", **limits)
    (own,) = (each for each in lane.peaks if abs(each.row - 200) < 5)
    assert net(lane, own) == pytest.approx(band.sum(), rel=0.08)
    assert (lane.specks[own.top : own.bottom + 1].mean() > 0.05) == (row != 150)


def test_round_dust_that_takes_much_of_a_lane_is_not_signal():
    rows, columns = np.mgrid[0:400, 0:28].astype(float)
    band = 900 * np.exp(-0.5 * ((rows - 200) / 6) ** 2)
    dust = 2700 * np.exp(-((rows - 205) ** 2 + (columns - 12) ** 2) / 12.5)
    pixels = (1000 + band + dust + np.random.default_rng(5).normal(0, 15, rows.shape)).astype(np.float32)
    beside = 1000 + np.random.default_rng(6).normal(0, 5, 400)
    limits = {"length": 100.0, "min_snr": 6.0, "foot": 0.03, "highest": 900.0}
    lane = lane_profile(crop(1, pixels, beside), slice(0, 400), "lane", **limits)
    (own,) = (each for each in lane.peaks if abs(each.row - 200) < 5)
    assert abs(net(lane, own) - band.sum()) < 0.4 * dust.sum()
    assert 0.3 * dust.sum() < lane.hidden(own.top, own.bottom) < 1.5 * dust.sum()


def isolated(height: float = 2000.0, sd: float = 5.0) -> tuple[np.ndarray, float]:
    """Three lanes with one band each on a sloping background; the picture, and the volume of a band."""
    rows, columns = np.mgrid[0:300, 0:200].astype(float)
    signal = 300 + 0.5 * rows + 0.8 * columns + np.random.default_rng(9).normal(0, 5, rows.shape)
    band = sum(
        height * np.exp(-0.5 * ((rows - 150) / sd) ** 2) * np.exp(-(((columns - centre) / 20) ** 8))
        for centre in (40, 100, 160)
    )
    return (signal + band).astype(np.float32), float(band[:, 70:130].sum())


def given(signal: np.ndarray, x: float, y: float, width: float, height: float):
    column = column_of(signal, round(x), round(width), length=75.0, ceiling=65000.0)
    return measure_box(column, round(y), round(height), background="auto")


@pytest.mark.parametrize("margin", [0, 4, 8])
def test_a_box_drawn_by_a_person_gives_the_volume_however_loosely_it_is_drawn(margin):
    signal, drawn = isolated()
    box = given(signal, 76 - margin / 2, 132 - margin, 48 + margin, 36 + 2 * margin)
    assert box.method == "border"
    assert box.net == pytest.approx(drawn, rel=0.03)


@pytest.mark.parametrize("sd", [3.0, 5.0, 8.0])
@pytest.mark.parametrize("height", [60.0, 2000.0])
@pytest.mark.parametrize("size", [(44, 26), (50, 40), (60, 60)])
def test_a_box_ten_percent_larger_changes_the_volume_by_less_than_its_uncertainty(sd, height, size):
    signal, _ = isolated(height, sd)
    width, rows = size
    box = given(signal, 100 - width / 2, 150 - rows / 2, width, rows)
    larger = given(signal, 100 - 0.55 * width, 150 - 0.55 * rows, 1.1 * width, 1.1 * rows)
    assert abs(larger.net - box.net) <= box.uncertainty


@pytest.mark.parametrize("rows", [4, 8, 12, 20])
def test_a_strong_band_in_a_tight_box_is_never_nothing(rows):
    signal, drawn = isolated()
    box = given(signal, 84, 150 - rows / 2, 32, rows)
    column = signal[150 - rows // 2 : 150 + rows // 2, 84:116]
    assert box.net > 0.5 * (column.sum() - (300 + 75 + 80) * column.size)
    assert box.net + box.uncertainty > 0.5 * drawn or rows < 12


@pytest.mark.parametrize("last_row", [300, 224], ids=["within the membrane", "above a dark table"])
def test_bands_that_touch_are_measured_over_what_lies_beside_them(last_row):
    rows, columns = np.mgrid[0:300, 0:100].astype(float)
    across = np.exp(-(((columns - 50) / 22) ** 8))
    bands = sum(1000 * np.exp(-0.5 * ((rows - place) / 5) ** 2) for place in range(90, 211, 20))
    signal = (200 + bands * across + np.random.default_rng(1).normal(0, 3, rows.shape)).astype(np.float32)
    signal[last_row:] = 40
    drawn = 1000 * 5 * np.sqrt(2 * np.pi) * across[0].sum()
    for place in (150, 190):
        box = given(signal, 24, place - 10, 52, 20)
        assert box.method == "border"
        assert box.net == pytest.approx(drawn, rel=0.05)


@pytest.mark.parametrize("height", [300.0, 2000.0])
def test_a_dark_table_far_below_a_box_is_not_its_background(height):
    signal, drawn = isolated(height)
    signal[235:] = 50
    box = given(signal, 74, 130, 52, 40)
    assert box.method == "border"
    assert box.net == pytest.approx(drawn, rel=0.05)


def test_an_uneven_background_is_read_at_the_box_and_a_cut_band_further_away():
    signal, drawn = isolated(400.0)
    rows = np.arange(300.0)[:, None]
    uneven = (signal + 0.05 * np.square(rows - 150)).astype(np.float32)
    loose = given(uneven, 74, 130, 52, 40)
    assert loose.net == pytest.approx(drawn, rel=0.08)
    assert abs(loose.net - drawn) <= loose.uncertainty
    tight = given(signal, 74, 141, 52, 19)
    assert tight.net == pytest.approx(0.94 * drawn, rel=0.04)


def test_dust_in_a_given_box_is_told_and_part_of_its_uncertainty(study):
    lab, rows = study
    images = [row for row in rows["images"] if row["target"] == "BDNF"][:1]
    box = {"image": images[0]["image"], "lane": 3, "target": "BDNF", "x_px": 140, "y_px": 330}
    box |= {"width_px": 40, "height_px": 30}
    down, across = np.mgrid[0:420, 0:560]
    blot = lab.ingested(images=images, lanes=rows["lanes"])
    dusty = with_pixels(blot, lambda pixels: pixels + 3e3 * np.exp(-((down - 345) ** 2 + (across - 150) ** 2) / 2))
    clean, dust = (
        frame(lab.measured(each, (box,)).bands, Band).query("box == 'given'").iloc[0] for each in (blot, dusty)
    )
    assert clean["specks_pct"] == 0 < dust["specks_pct"]
    assert abs(dust["volume"] - clean["volume"]) <= dust["volume_uncertainty"]


def test_a_smear_is_background_below_the_lane():
    rows, columns = np.mgrid[0:300, 0:100].astype(float)
    across = np.exp(-(((columns - 50) / 22) ** 8))
    band = 1000 * np.exp(-0.5 * ((rows - 150) / 5) ** 2)
    signal = (200 + (400 + band) * across + np.random.default_rng(1).normal(0, 3, rows.shape)).astype(np.float32)
    box = given(signal, 28, 132, 44, 36)
    assert box.method == "lane"
    assert box.net == pytest.approx((band * across)[:, 28:72].sum(), rel=0.06)
