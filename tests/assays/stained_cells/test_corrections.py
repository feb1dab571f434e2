"""A person adds and drops cells by their place; what changes nothing is counted."""

import pytest


@pytest.fixture
def plain(drawn):
    return drawn(snr=8)


def changed(drawn, *changes):
    return drawn(snr=8, corrections=tuple({"image": "field.tif", **change} for change in changes))


def at(run, number):
    cell = run.measured.cells.iloc[number]
    return {"x_px": float(cell["x_px"]), "y_px": float(cell["y_px"])}


def empty_place(run):
    """A place of the image without any object."""
    labels = run.measured.labels[0]
    assert labels.shape == (400, 400)
    places = ((y, x) for y in range(5, 390, 7) for x in range(5, 390, 7))
    y, x = next((y, x) for y, x in places if not labels[y - 4 : y + 5, x - 4 : x + 5].any())
    return {"x_px": float(x), "y_px": float(y)}


def test_a_dropped_cell_is_gone(drawn, plain):
    run = changed(drawn, {"action": "drop", **at(plain, 3)})
    assert run.result.cell_count == plain.result.cell_count - 1
    assert (run.result.dropped, run.result.unmatched_corrections) == (1, 0)
    assert at(plain, 3) not in run.measured.cells[["x_px", "y_px"]].to_dict("records")


def test_an_added_cell_counts_without_a_measure_of_its_own(drawn, plain):
    place = empty_place(plain)
    run = changed(drawn, {"action": "add", **place})
    assert run.result.cell_count == plain.result.cell_count + 1
    added = run.measured.cells[run.measured.cells["origin"].eq("added")]
    assert added[["x_px", "y_px"]].to_dict("records") == [place]
    assert added["area_um2"].isna().all()
    assert run.result.mean_intensity == pytest.approx(plain.result.mean_intensity)


def test_a_dropped_cell_that_is_added_again_keeps_its_measures(drawn, plain):
    run = changed(drawn, {"action": "drop", **at(plain, 3)}, {"action": "add", **at(plain, 3)})
    assert run.result.cell_count == plain.result.cell_count
    assert run.result.mean_intensity == pytest.approx(plain.result.mean_intensity)


@pytest.mark.parametrize("action", ["add", "drop"])
def test_a_correction_that_changes_nothing_is_counted(drawn, plain, action):
    place = at(plain, 0) if action == "add" else empty_place(plain)
    run = changed(drawn, {"action": action, **place})
    assert run.result.cell_count == plain.result.cell_count
    assert run.result.unmatched_corrections == 1


def test_a_place_outside_the_image_changes_nothing(drawn, plain):
    run = changed(drawn, {"action": "add", "x_px": 4000.0, "y_px": 10.0})
    assert (run.result.cell_count, run.result.unmatched_corrections) == (plain.result.cell_count, 1)


def test_a_correction_of_another_marker_is_not_applied(drawn, plain):
    run = changed(drawn, {"action": "drop", "marker": "pS6", **at(plain, 3)})
    assert (run.result.cell_count, run.result.unmatched_corrections) == (plain.result.cell_count, 0)
