"""The lanes of the map are found where they were drawn; a map that does not fit the picture is refused."""

import numpy as np
import pytest
from skimage.io import imread

from ketaflow.assays.western_blot.bands.membrane_view import certain_lanes
from ketaflow.assays.western_blot.images.band_enhancement import enhance_bands
from ketaflow.assays.western_blot.images.intensity_scale import polarity
from ketaflow.assays.western_blot.images.membrane_split import split_membranes
from ketaflow.assays.western_blot.lanes.lane_plausibility import judge_lanes

from .conftest import QUANTIFY

PITCH = 40


def membrane(wells: int, *, blank: tuple[int, ...] = (), ladder: bool = False, tilt: float = 0.02) -> np.ndarray:
    """Two rows of bands in wells 40 px apart, unequal amounts; well 1 a ladder of ten bands where asked for."""
    rng = np.random.default_rng(3)
    rows, columns = np.mgrid[0:300, 0 : PITCH * (wells + 1)].astype(float)
    signal = 300 + 0.2 * columns + rng.normal(0, 15, rows.shape)
    for well in range(1, wells + 1):
        across = np.exp(-(((columns - PITCH * well) / 14) ** 6))
        places = np.linspace(30, 270, 10) if ladder and well == 1 else (90, 200)
        if well in blank:
            continue
        for place in places:
            height = 2000 * rng.lognormal(0, 0.4)
            signal += height * across * np.exp(-(((rows - place - tilt * columns) / 4) ** 2))
    return signal.astype(np.uint16)


def found(signal: np.ndarray, kinds: list[str]):
    return certain_lanes(enhance_bands(signal, len(kinds)), kinds, QUANTIFY)


@pytest.mark.parametrize("wells", [2, 5, 12, 15])
@pytest.mark.parametrize("ladder", [False, True])
def test_every_lane_is_found_where_it_was_drawn(wells, ladder):
    grid, refusal = found(membrane(wells, ladder=ladder), ["ladder" if ladder else "animal"] + ["animal"] * (wells - 1))
    assert refusal == ""
    np.testing.assert_allclose(grid.centres, PITCH * np.arange(1, wells + 1), atol=0.15 * PITCH)


@pytest.mark.parametrize("listed", [1, 2, 3, 4, 5, 6, 7, 9, 10, 11])
def test_eight_lanes_are_not_taken_for_any_other_number(listed):
    assert found(membrane(8), ["animal"] * listed)[1] != ""


def test_a_blank_lane_within_is_kept_where_the_pitch_says_it_is():
    kinds = ["animal"] * 8
    kinds[3] = "blank"
    grid, refusal = found(membrane(8, blank=(4,)), kinds)
    assert refusal == ""
    np.testing.assert_allclose(grid.centres, PITCH * np.arange(1, 9), atol=0.15 * PITCH)


def test_wells_nobody_loaded_need_not_be_listed():
    grid, refusal = found(membrane(8, blank=(3, 6)), ["animal"] * 6)
    assert refusal == ""
    np.testing.assert_allclose(grid.centres, PITCH * np.array([1, 2, 4, 5, 7, 8]), atol=0.15 * PITCH)


def test_an_outer_lane_that_shows_nothing_is_told():
    _, refusal = found(membrane(8, blank=(8,)), ["animal"] * 8)
    assert "lane" in refusal


@pytest.mark.shared
@pytest.mark.parametrize(
    ("gel", "lanes"), [("Pair_12_Wk10", [7]), ("Pair_4and5_Wk10", [6, 7]), ("Pair_10and11_Wk9", [8, 8])]
)
def test_lanes_beside_a_towel_that_touches_the_gel_are_found(shared, gel, lanes):
    signal = imread(shared / "blot" / "gelgenie_masks" / f"{gel}_GelRed.jpg").mean(axis=-1)
    enhanced = enhance_bands(signal, max(lanes))
    for (top, bottom), count in zip(split_membranes(enhanced, len(lanes), len(signal)), lanes, strict=True):
        grid, refusal = certain_lanes(enhanced.between(top, bottom), ["ladder"] * count, QUANTIFY)
        assert refusal == ""
        first = {"Pair_12_Wk10": 515, "Pair_4and5_Wk10": 350, "Pair_10and11_Wk9": 345}[gel]
        assert grid.centres[0] == pytest.approx(first, abs=20)


def columns_of(*lanes: float, width: int = 400) -> np.ndarray:
    """One strip with a flat lane of 24 columns at each centre."""
    columns = np.arange(width)
    return sum(100.0 * (np.abs(columns - lane) <= 12) for lane in lanes)[None, :]


@pytest.mark.parametrize(
    ("centres", "doubt"),
    [
        ([100, 140, 180, 220], ""),
        ([100, 140, 180], ""),
        ([100, 140, 180, 220, 260], "lane 5 shows no signal"),
        ([95, 105, 140, 180, 220], "overlap"),
        ([100, 140, 200], "whole number of wells"),
    ],
)
def test_what_speaks_against_a_comb_is_said(centres, doubt):
    judged = judge_lanes(columns_of(100, 140, 180, 220), np.array(centres, float), 40.0, np.ones(len(centres), bool))
    assert judged.doubt == "" if not doubt else doubt in judged.doubt


def test_an_unlisted_lane_counts_against_the_weakest_listed():
    strips = columns_of(100, 140, 180) + 0.5 * columns_of(220)
    judged = judge_lanes(strips, np.array([100, 140, 180.0]), 40.0, np.ones(3, bool))
    assert judged.outside == pytest.approx(0.5)
    assert judge_lanes(columns_of(100, 140, 180), np.array([100, 140, 180.0]), 40.0, np.ones(3, bool)).outside == 0


def test_a_lane_between_two_that_are_listed_is_seen():
    strips = columns_of(100, 180, 260) + 0.8 * columns_of(140, 220)
    judged = judge_lanes(strips, np.array([100, 180, 260.0]), 80.0, np.ones(3, bool))
    assert judged.outside > 0.5


def test_the_rims_of_empty_wells_are_no_unlisted_lanes():
    rims = 0.15 * columns_of(100, 140, 180, 220, 260)
    nothing = 0 * rims
    strips = np.concatenate([columns_of(100, 140), nothing, 0.1 * columns_of(180), nothing, rims])
    judged = judge_lanes(strips, np.array([100, 140, 180.0]), 40.0, np.ones(3, bool))
    assert judged.outside == 0


def test_two_lanes_listed_as_one_are_told():
    judged = judge_lanes(columns_of(100, 140, 180, 220), np.array([120, 200.0]), 80.0, np.ones(2, bool))
    assert "as if each were two" in judged.doubt


@pytest.mark.parametrize(
    ("ladder", "doubt"),
    [((1, 0, 1, 1), ""), ((1, 0, 0, 0), "lanes 1 and 2 have no gap between them, as if they were one")],
)
def test_lanes_that_run_together_are_two_if_they_hold_other_bands(ladder, doubt):
    row = (columns_of(100, 132, 180, 220) + columns_of(116)).clip(0, 100)
    others = columns_of(100)
    strips = np.concatenate([row if place == 0 else others * shown for place, shown in enumerate(ladder)])
    judged = judge_lanes(strips, np.array([100, 132, 180, 220.0]), 40.0, np.ones(4, bool))
    assert judged.doubt == doubt


def test_the_halves_of_a_spliced_picture_are_one_membrane():
    signal = membrane(8).astype(float)
    signal[:, PITCH * 4 + PITCH // 2 :] += 0.3 * np.median(signal)
    grid, refusal = found(signal.astype(np.uint16), ["animal"] * 8)
    assert refusal == ""
    np.testing.assert_allclose(grid.centres, PITCH * np.arange(1, 9), atol=0.15 * PITCH)


def test_hot_pixels_are_no_lanes():
    signal, rng = membrane(8), np.random.default_rng(2)
    signal[rng.integers(0, 300, 150), rng.integers(0, signal.shape[1], 150)] = 60_000
    grid, refusal = found(signal, ["animal"] * 8)
    assert refusal == ""
    np.testing.assert_allclose(grid.centres, PITCH * np.arange(1, 9), atol=0.15 * PITCH)


@pytest.mark.shared
@pytest.mark.parametrize(("listed", "measured"), [(14, False), (15, False), (16, True), (17, False), (18, False)])
def test_sixteen_fanned_lanes_of_a_real_blot_are_sixteen(shared, listed, measured):
    signal = imread(shared / "cases" / "blot" / "test4_ref.tif").astype(float)
    signal = 65535 - signal if polarity(signal)[0] == "dark" else signal
    grid, refusal = found(signal, ["animal"] * listed)
    assert (refusal == "") == measured
    if measured:
        np.testing.assert_allclose(np.diff(grid.centres), grid.pitch, rtol=0.3)


@pytest.mark.parametrize("place", [2, 8])
def test_a_ladder_in_another_lane_than_listed_is_told(place):
    kinds = ["animal"] * 8
    kinds[place - 1] = "ladder"
    assert "lane 1 shows 10 bands" in found(membrane(8, ladder=True), kinds)[1]


def test_a_ladder_that_is_not_listed_is_told():
    assert found(membrane(8, ladder=True), ["animal"] * 7)[1] != ""
    assert "lane 1 shows 10 bands" in found(membrane(8, ladder=True), ["animal"] * 8)[1]


def test_dust_beside_the_lanes_is_no_lane():
    signal = membrane(8)
    rows, columns = np.mgrid[0 : signal.shape[0], 0 : signal.shape[1]]
    signal = np.where(np.hypot(rows - 90, columns - 345) < 6, 6000, signal)
    assert found(signal, ["animal"] * 8)[1] == ""
    assert found(signal, ["animal"] * 9)[1] != ""


def test_an_empty_lane_that_could_be_either_of_two_wells_is_told():
    assert "list every well" in found(membrane(8, blank=(3, 6)), ["animal"] * 7)[1]


def test_a_faint_lane_between_two_is_not_skipped():
    faint = membrane(8, blank=(4,)).astype(float) + 0.04 * (membrane(8).astype(float) - membrane(8, blank=(4,)))
    assert found(faint, ["animal"] * 7)[1] != ""
