"""What a person gives: frames, rows and ladders."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import tifffile

from ketaflow.assays.western_blot.bands.ladders import guessed
from ketaflow.assays.western_blot.images.readers import read_picture
from ketaflow.assays.western_blot.ladder_products import masses_of, products
from ketaflow.assays.western_blot.lanes.constants import DOT_SIZES
from ketaflow.assays.western_blot.lanes.dot_blots import dot_rows, slot_rows, spots_of
from ketaflow.assays.western_blot.model import Band
from ketaflow.core.results import frame

from .conftest import lanes, values_of
from .drawn import lane_map, picture, write

IMAGES = [{"image": "a.tif", "membrane": "B", "target": "BDNF", "role": "target"}]


def fanned(empty: tuple[int, ...] = ()) -> tuple[np.ndarray, np.ndarray]:
    """Ten lanes that fan out from 28 to 44 pixels apart, a smiling row of bands above and one below; centres below."""
    rows, columns = np.mgrid[0:400, 0:480].astype(float)
    signal = 300 + np.random.default_rng(4).normal(0, 12, rows.shape)
    places = np.arange(10) - 4.5
    for lane, place in enumerate(places):
        if lane in empty:
            continue
        for row, pitch, height in ((80, 28, 1500 if lane % 3 else 0), (320, 42, 1200 + 150 * lane)):
            across = np.exp(-(((columns - 240 - pitch * place) / (0.36 * pitch)) ** 8))
            down = np.exp(-0.5 * ((rows - row - 6 * (place / 4.5) ** 2) / 4) ** 2)
            signal += height * across * down
    return signal.astype(np.uint16), 240 + 42 * places


@pytest.mark.parametrize(
    "drawn", [{"rows": [{"top_px": 300, "bottom_px": 345}]}, {"frames": [{"left_px": 32, "right_px": 448}]}]
)
def test_a_row_or_a_frame_places_every_lane(lab, drawn):
    signal, centres = fanned(empty=(6,))
    tifffile.imwrite(lab.folder / "a.tif", signal)
    given = {name: [IMAGES[0] | row for row in rows] for name, rows in drawn.items()}
    blot = lab.ingested(images=IMAGES, lanes=lanes("B", 10))
    measured = lab.measured(blot, **given)
    (view,) = (one.view for one in measured.views)
    assert view.lanes_given == next(iter(drawn)).removesuffix("s") or view.lanes_given == "rows"
    np.testing.assert_allclose(view.grid.centres, centres, atol=10)
    bands = frame(measured.bands, Band)
    assert bands["target"].eq("BDNF").sum() == 10


def test_given_rows_choose_the_band_of_the_target(lab):
    signal, _ = fanned()
    tifffile.imwrite(lab.folder / "a.tif", signal)
    blot = lab.ingested(images=IMAGES, lanes=lanes("B", 10))
    measured = lab.measured(blot, rows=[IMAGES[0] | {"top_px": 300, "bottom_px": 345}])
    bands = frame(measured.bands, Band)
    own = bands[bands["target"].eq("BDNF")]
    middle = own["y_px"] + own["height_px"] / 2
    assert middle.between(310, 335).all() and own["box"].eq("found").all()


def test_lanes_in_doubt_are_proposed_and_nothing_is_measured(lab):
    signal, _ = fanned()
    tifffile.imwrite(lab.folder / "a.tif", signal)
    blot = lab.ingested(images=IMAGES, lanes=lanes("B", 8))
    measured = lab.measured(blot)
    (view,) = (one.view for one in measured.views)
    assert view.grid is None and view.proposed is not None and view.refusal
    assert values_of(measured)["value"].isna().all()
    (told,) = (check for check in lab.reviewed(blot).checks if check.check == "lanes")
    assert told.verdict == "fail" and "left_px" in told.message and "western_blot_frames" in told.message


def turned(lab, quarter_turns: int):
    """A ladder and six animals, turned to the left."""
    plane = picture([600_000.0] * 6, 37.0, 3)
    write(lab.folder, "a.tif", np.ascontiguousarray(np.rot90(plane, quarter_turns)))
    return lab.ingested(images=IMAGES, lanes=lane_map("B", [f"M{number}" for number in range(1, 7)]))


def test_a_ladder_may_be_named_by_product_or_catalogue_number():
    assert masses_of("26616") == masses_of("pageruler prestained") == (180, 130, 100, 70, 55, 40, 35, 25, 15, 10)
    assert masses_of("250/150 100") == (250, 150, 100) and masses_of(None) == ()
    with pytest.raises(ValueError, match="could not convert"):
        masses_of("PageRulr")


@pytest.mark.parametrize("product", products(), ids=lambda product: product.name)
def test_an_unnamed_ladder_is_recognised_or_its_alternatives_are_listed(product):
    logs = np.log10(product.kda)
    rows = 40 + 400 * (logs[0] - logs) + 60 * (logs[0] - logs) ** 2 + np.random.default_rng(2).normal(0, 0.4, len(logs))
    ladder = guessed(rows, np.ones(len(rows)))
    assert product.name in (ladder.product, *ladder.alternatives)
    assert ladder.doubt


def test_values_on_a_guessed_ladder_are_flagged(lab):
    animals = [f"M{number}" for number in range(1, 9)]
    write(lab.folder, "a.tif", picture([600_000.0] * 8, 37.0, 3))
    named = lane_map("B", animals)
    images = [IMAGES[0] | {"kda": 37.0}]
    blot = lab.ingested(images=images, lanes=named)
    assert "ladder" not in " ".join(filter(None, lab.values(blot)["reason"]))
    unnamed = replace(blot, lanes=[replace(lane, ladder_kda=None) for lane in blot.lanes])
    reasons = lab.values(unnamed)
    assert reasons[reasons["measure"].eq("band_volume")]["reason"].str.contains("ladder is not named").all()


def test_borders_place_every_lane_where_they_were_given_and_the_values_say_by_whom(lab):
    signal, _ = fanned()
    tifffile.imwrite(lab.folder / "a.tif", signal)
    borders = [31, 70, 118, 157, 198, 241, 282, 324, 366, 407, 449]
    blot = lab.ingested(images=IMAGES, lanes=lanes("B", 10))
    given = {"left_px": 31, "right_px": 449, "borders_px": " ".join(map(str, borders)), "by": "QX"}
    measured = lab.measured(blot, frames=[IMAGES[0] | given])
    (view,) = (one.view for one in measured.views)
    np.testing.assert_allclose(view.grid.borders, np.column_stack([borders[:-1], borders[1:]]))
    own = [band for band in measured.bands if band.target == "BDNF"]
    for band, (low, high) in zip(own, pairwise(borders), strict=True):
        assert low <= band.x_px < band.x_px + band.width_px <= high
    assert {band.given_by for band in own} == {"QX"}
    assert values_of(measured)["reason"].str.contains("lanes from the frame given by QX").all()


def test_a_row_that_names_its_membrane_counts_before_one_that_does_not(lab):
    signal, centres = fanned()
    tifffile.imwrite(lab.folder / "a.tif", signal)
    blot = lab.ingested(images=IMAGES, lanes=lanes("B", 10))
    frames = [
        IMAGES[0] | {"membrane": None, "left_px": 100, "right_px": 300},
        IMAGES[0] | {"left_px": 32, "right_px": 448},
    ]
    (view,) = (one.view for one in lab.measured(blot, frames=frames).views)
    np.testing.assert_allclose(view.grid.centres, centres, atol=10)


def test_the_picture_of_a_refused_membrane_can_be_corrected(lab):
    signal, _ = fanned()
    tifffile.imwrite(lab.folder / "a.tif", signal)
    blot = lab.ingested(images=IMAGES, lanes=lanes("B", 8))
    (figure,) = lab.reviewed(blot).figures["a.tif"]
    frame_shape, row_shape = figure.overlay.shapes
    assert (frame_shape.origin, len(frame_shape.borders_px), len(frame_shape.parts)) == ("proposed", 9, 8)
    assert (row_shape.origin, row_shape.table) == ("missing", "western_blot_rows")
    assert figure.overlay.asks and (figure.overlay.width_px, figure.overlay.height_px) == (480, 400)


@pytest.mark.parametrize("quarter_turns", [1, 3])
def test_a_picture_turned_either_way_is_refused_with_that_reason(lab, quarter_turns):
    refusal = lab.measured(turned(lab, quarter_turns)).views[0].view.refusal
    assert "turned by 90 degrees" in refusal


def test_a_picture_turned_by_180_degrees_is_refused_with_that_reason(lab):
    measured = lab.measured(turned(lab, 2))
    assert "turned by 180 degrees" in measured.views[0].view.refusal
    assert values_of(measured)["value"].isna().all()


def dots(rows: int, columns: int, *, high: float = 1.0) -> np.ndarray:
    """A manifold of wells 40 px apart with uneven amounts; ``high`` is the height of a spot over its width."""
    rng = np.random.default_rng(4)
    y, x = np.mgrid[0 : 40 * (rows + 1), 0 : 40 * (columns + 1)]
    plane = 400 + rng.normal(0, 10, y.shape)
    for row in range(1, rows + 1):
        for column in range(1, columns + 1):
            away = ((y - 40 * row) / (13 * high)) ** 2 + ((x - 40 * column) / 13) ** 2
            plane += rng.uniform(2000, 9000) * np.exp(-(away**3))
    return plane.astype(np.uint16)


@pytest.mark.parametrize(("rows", "columns"), [(2, 6), (4, 8)])
def test_a_dot_blot_is_refused_with_advice_and_measured_in_boxes(lab, rows, columns):
    tifffile.imwrite(lab.folder / "a.tif", dots(rows, columns))
    blot = lab.ingested(images=IMAGES, lanes=lanes("B", columns))
    measured = lab.measured(blot)
    assert f"{rows} rows of round dots" in measured.views[0].view.refusal
    assert "western_blot_boxes" in measured.views[0].view.refusal
    box = IMAGES[0] | {"lane": 1, "x_px": 22, "y_px": 22, "width_px": 36, "height_px": 36}
    values = values_of(lab.measured(blot, (box,)))
    assert values[values["measure"].eq("band_volume") & values["animal"].eq("M1")]["value"].item() > 1e5


def test_a_slot_blot_is_refused_unless_every_row_is_a_target(lab):
    tifffile.imwrite(lab.folder / "a.tif", dots(4, 6, high=0.2))
    view = lab.measured(lab.ingested(images=IMAGES, lanes=lanes("B", 6))).views[0].view
    assert "4 evenly spaced rows of equal slots" in view.refusal and "western_blot_boxes" in view.refusal
    four = [IMAGES[0] | {"target": name, "kda": kda} for name, kda in zip("ABCD", (90, 60, 40, 30), strict=True)]
    assert "slots" not in lab.measured(lab.ingested(images=four, lanes=lanes("B", 6))).views[0].view.refusal


@pytest.mark.shared
def test_a_real_blot_is_no_dot_blot(shared):
    signal = read_picture(shared / "cases" / "blot" / "test4_ref.tif").planes["1"]
    found = [spots_of(signal, size) for size in DOT_SIZES]
    assert [dot_rows(spots) + slot_rows(spots) for spots in found if spots is not None] == [0] * len(found)


def test_two_rows_of_bands_are_no_dot_blot(lab):
    tifffile.imwrite(lab.folder / "a.tif", dots(2, 6, high=0.4))
    assert lab.measured(lab.ingested(images=IMAGES, lanes=lanes("B", 6))).views[0].view.refusal == ""
