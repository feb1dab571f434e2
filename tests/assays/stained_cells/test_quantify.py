"""Fields are measured as they were drawn: counts, touching pairs, areas, intensities, densities."""

from dataclasses import replace

import numpy as np
import pytest
import tifffile
from roifile import ImagejRoi
from scipy.spatial import cKDTree

STYLES = ("disc", "textured", "defocused", "soma")
SEEDS = (901, 902, 903)


def matched(run):
    """Index of the found cell of each drawn cell, one to one, nearest first; -1 where there is none."""
    truth, found = run.truth.cells, run.measured.cells[["y_px", "x_px"]].to_numpy()
    distance, nearest = cKDTree(found).query(truth.centres_px)
    reach = 0.6 * np.sqrt(truth.radii_um.prod(1)) / run.fields.fields[0].pixel_size_um
    match = np.full(len(truth), -1)
    for number in np.argsort(distance):
        if distance[number] <= reach[number] and nearest[number] not in match:
            match[number] = nearest[number]
    return match


def divided(run):
    """Number of pairs of which both cells are found, and number of pairs."""
    pair, match = run.truth.cells.pair, matched(run)
    own = [match[pair == number] for number in np.unique(pair[pair >= 0])]
    return sum((members >= 0).all() for members in own), len(own)


def measured_over_true(run, column, drawn_stain):
    """Median over the cells that touch no other: what was measured over the mean of what was drawn in their mask."""
    match = matched(run)
    alone = np.flatnonzero((match >= 0) & (run.truth.cells.pair < 0))
    true = [drawn_stain[run.truth.labels == number + 1].mean() for number in alone]
    return np.median(run.measured.cells[column].to_numpy()[match[alone]] / true)


def words(style, stain, snr):
    large = {"diameter_um": 14.0, "cells": 25, "pairs": 8} if style == "soma" else {}
    return {"style": style, "stain": stain, "snr": snr, "nuclei": 30 if stain == "dab" else 0, **large}


@pytest.mark.parametrize("stain", ["fluorescence", "dab"])
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(("snr", "within"), [(3, 0.15), (6, 0.10)])
def test_the_count_is_right(drawn, style, stain, snr, within):
    runs = [drawn(seed, **words(style, stain, snr)) for seed in SEEDS]
    counted, true = sum(run.result.cell_count for run in runs), sum(len(run.truth.cells) for run in runs)
    assert counted == pytest.approx(true, rel=within)


@pytest.mark.parametrize("stain", ["fluorescence", "dab"])
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("snr", [3, 6])
def test_touching_pairs_are_divided(drawn, style, stain, snr):
    counts = np.array([divided(drawn(seed, **words(style, stain, snr))) for seed in SEEDS])
    assert counts[:, 0].sum() >= 0.7 * counts[:, 1].sum()


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("snr", [3, 6])
def test_the_optical_density_is_right(drawn, style, snr):
    runs = [drawn(seed, **words(style, "dab", snr)) for seed in SEEDS]
    ratios = [measured_over_true(run, "mean_optical_density", run.truth.stain) for run in runs]
    assert np.mean(ratios) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("snr", [3, 6])
def test_the_intensity_is_right_and_does_not_contain_the_background(drawn, snr):
    runs = [drawn(seed, snr=snr) for seed in SEEDS]
    ratios = [measured_over_true(run, "mean_intensity", run.truth.signal) for run in runs]
    assert np.mean(ratios) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize(
    "changes",
    [{}, {"unevenness": 1.2}, {"stain": "dab"}, {"stain": "dab", "nuclei": 100, "snr": 3}],
    ids=["plain", "steep", "dab", "counterstain"],
)
def test_an_empty_field_has_no_cells_and_no_intensity(drawn, changes):
    run = drawn(910, cells=0, pairs=0, width_px=1024, height_px=1024, **changes)
    assert run.result.cell_count <= 2
    if run.result.cell_count == 0:
        values = {one.measure: one for one in run.measured.measurements}
        assert values["cell_density_per_mm2"].value == 0
        missing = values["mean_optical_density" if "stain" in changes else "mean_intensity"]
        assert missing.value is None and missing.reason == "no stained cell was found"


@pytest.mark.parametrize("pixel_size_um", [0.25, 0.5, 1.0])
def test_the_pixel_size_changes_little(drawn, pixel_size_um):
    side = round(200 / pixel_size_um)
    runs = [drawn(seed, pixel_size_um=pixel_size_um, width_px=side, height_px=side) for seed in SEEDS]
    true = sum(len(run.truth.cells) for run in runs)
    assert sum(run.result.cell_count for run in runs) == pytest.approx(true, rel=0.1)
    true_pct = 100 * np.mean([np.mean(run.truth.labels > 0) for run in runs])
    assert np.mean([run.result.stained_area_pct for run in runs]) == pytest.approx(true_pct, rel=0.2)


def test_every_measure_is_given_once_for_a_field(drawn):
    for stain, last in (("fluorescence", "mean_intensity"), ("dab", "mean_optical_density")):
        rows = drawn(stain=stain).measured.measurements
        assert [row.measure for row in rows] == ["cell_density_per_mm2", "cell_count", "stained_area_pct", last]
        assert {row.analyte for row in rows} == {"c-Fos"} and {row.sample for row in rows} == {"field.tif"}


def test_density_is_count_over_area(drawn):
    one = drawn().result
    assert one.area_mm2 == pytest.approx(0.04)
    assert one.cell_density_per_mm2 == pytest.approx(one.cell_count / 0.04)


def test_a_region_of_interest_limits_cells_and_area(drawn):
    roi = ImagejRoi.frompoints([[0, 0], [200, 0], [200, 400], [0, 400]]).tobytes()
    whole, left = drawn(), drawn(roi=roi)
    assert left.result.area_mm2 == pytest.approx(whole.result.area_mm2 / 2)
    assert left.result.cell_count == whole.measured.cells["x_px"].lt(199.5).sum()
    assert left.measured.cells["x_px"].max() < 200


def test_cells_cut_by_the_upper_or_left_edge_are_not_counted(stages, row, tmp_path):
    y, x = np.mgrid[:200, :200]
    picture = np.random.default_rng(1).normal(100, 5, (200, 200))
    for centre in ((0, 100), (100, 0), (199, 100), (100, 199), (100, 100)):
        picture += 200 * (np.hypot(y - centre[0], x - centre[1]) < 9)
    tifffile.imwrite(tmp_path / "edges.tif", picture.astype(np.uint16))
    run = stages([row(image="edges.tif", pixel_size_um=0.5)], tmp_path)
    assert (run.result.cell_count, run.result.at_edge) == (3, 2)


@pytest.mark.parametrize("stain", ["fluorescence", "dab"])
def test_raising_the_threshold_never_adds_a_cell(drawn, quantify_settings, stain):
    counts = [
        drawn(
            stain=stain, brightness_cv=0.6,
            settings=replace(quantify_settings, cells=replace(quantify_settings.cells, z_threshold=z)),
        ).result.cell_count
        for z in (4, 8, 16, 32)
    ]  # fmt: skip
    assert counts == sorted(counts, reverse=True) and counts[-1] < counts[0]


def test_an_absolute_threshold_holds_for_every_image(drawn, quantify_settings):
    stricter = replace(quantify_settings, cells=replace(quantify_settings.cells, min_optical_density=0.4))
    strict, plain = drawn(stain="dab", brightness_cv=0.5, settings=stricter), drawn(stain="dab", brightness_cv=0.5)
    assert 0 < strict.result.cell_count < plain.result.cell_count
    assert strict.result.threshold >= 0.4


def test_gain_and_offset_of_the_camera_change_no_count(drawn, stages, row, tmp_path):
    pixels = drawn().fields.fields[0].pixels
    tifffile.imwrite(tmp_path / "a.tif", (3 * pixels.astype(np.uint32) + 500).astype(np.uint16))
    other = stages([row(image="a.tif", pixel_size_um=0.5)], tmp_path)
    assert other.result.cell_count == drawn().result.cell_count
    assert other.result.mean_intensity == pytest.approx(3 * drawn().result.mean_intensity, rel=1e-3)


def test_positions_are_those_of_the_drawn_cells(drawn):
    run = drawn(snr=10)
    match = matched(run)
    found = run.measured.cells[["y_px", "x_px"]].to_numpy()
    alone = (match >= 0) & (run.truth.cells.pair < 0)
    away = found[match[alone]] - run.truth.cells.centres_px[alone]
    assert np.abs(np.median(away, axis=0)).max() < 0.2
    assert np.percentile(np.abs(away), 95) < 1
