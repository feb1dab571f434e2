"""Membranes with what a rule is there for: without it, bands are lost or several percent off."""

import numpy as np
import pytest

from ketaflow.assays.western_blot.lanes import constants
from ketaflow.assays.western_blot.simulation.drawing import Stage, add_band, blank_picture, developed

from .conftest import lanes
from .drawn import write

LANES = 6
STAGE = Stage(320, 293, LANES, 0.01, 2.0, 600.0, 15.0, band_sd_px=4.0)


def errors(lab, *, dust: bool = False, stain: float = 0.0) -> np.ndarray:
    """Relative error of one band in each lane, with round dust at the side of lane 3, or a stain across all lanes."""
    rng = np.random.default_rng([0, 7])
    plane, drawn = blank_picture(STAGE, rng), []
    for lane in range(1, LANES + 1):
        drawn.append(500_000 * rng.lognormal(0, 0.3))
        add_band(plane, STAGE, lane, 40.0, drawn[-1], rng)
    rows, columns = np.mgrid[0 : plane.shape[0], 0 : plane.shape[1]]
    highest = plane.max() - STAGE.background
    if dust:
        away = ((rows - 60) / 4) ** 2 + ((columns - STAGE.lane_x(3) + 0.3 * STAGE.pitch_px) / 3) ** 2
        plane = plane + 6 * highest * np.exp(-0.5 * away)
    plane = plane + stain * highest * ((rows > 150) & (rows < 215))
    name = write(lab.folder, "a.tif", developed(plane, STAGE, rng))
    image = {"image": name, "membrane": "B", "target": "T", "role": "target", "kda": 40.0}
    bands = lab.bands(images=[image], lanes=lanes("B", LANES)).query("target == 'T'").set_index("lane")
    return bands["volume"].reindex(range(1, LANES + 1)).to_numpy() / drawn - 1


@pytest.mark.parametrize("without", [False, True])
def test_dust_beside_a_band_does_not_move_its_lane(lab, monkeypatch, without):
    if without:
        monkeypatch.setattr(constants, "WIDTH_TOLERANCE", np.inf)
    assert (abs(errors(lab, dust=True)[2]) > 0.04) == without


@pytest.mark.parametrize("without", [False, True])
def test_a_stain_across_the_lanes_is_no_edge_of_the_membrane(lab, monkeypatch, without):
    if without:
        monkeypatch.setattr(constants, "BUMP_LENGTH", 0.0)
    assert (np.nanmax(np.abs(errors(lab, stain=0.1))) > 0.5) == without
