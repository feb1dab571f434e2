"""Fields whose puncta are known, and the assay run over them with its own defaults."""

from pathlib import Path

import numpy as np
import pytest

from ketaflow import assays
from ketaflow.assays.synaptic_puncta import ingest, qc, quantify, simulate
from ketaflow.core import settings

DEFAULTS = settings.with_defaults({}, assays.described("synaptic_puncta", "settings.schema"))
COLUMNS = ("image", "pre_image", "post_image", "pre_channel", "post_channel", "pixel_size_um", "z_step_um")


@pytest.fixture(scope="session")
def row():
    """A row of the table; what is not given is empty."""

    def made(**cells):
        plain = {**dict.fromkeys(COLUMNS), "animal": "M1", "region": "mPFC", "section": "S1"}
        return {**plain, "pre_marker": "VGluT1", "post_marker": "PSD95", **cells}

    return made


@pytest.fixture(scope="session")
def puncta_settings():
    return DEFAULTS["quantify"]["puncta"]


@pytest.fixture(scope="session")
def drawn_field():
    """Draw the pre channel of a field: pixels (y, x) or (z, y, x), and the truth."""

    def draw(seed=0, **words):
        channels, truth = simulate.field({**simulate.SCENE, **words}, np.random.default_rng(seed))
        return (channels[0][0] if len(channels[0]) == 1 else channels[0]), truth

    return draw


@pytest.fixture
def drawn(tmp_path, row):
    """Draw a field and run the stages over it: recording, measured, checked, truth."""

    def run(seed=0, **words):
        scene = {**simulate.SCENE, **words}
        channels, truth = simulate.field(scene, np.random.default_rng(seed))
        simulate.write(channels, tmp_path / "field.ome.tif", scene, ["VGluT1", "PSD95"])
        return (*stages([row(image="field.ome.tif")], tmp_path), truth)

    return run


@pytest.fixture
def shifted_apart(tmp_path, row):
    """Verdicts of a field whose post channel lies some pixels to the right."""

    def run(by_px):
        scene = {**simulate.SCENE, "synapses": 150}
        (pre, post), _ = simulate.field(scene, np.random.default_rng(0))
        simulate.write([pre, np.roll(post, by_px, axis=2)], tmp_path / "field.ome.tif", scene, ["VGluT1", "PSD95"])
        _, _, checked = stages([row(image="field.ome.tif")], tmp_path)
        return {(one["check"], one["place"]): one["verdict"] for one in checked.tables["checks"]}

    return run


def stages(rows: list[dict], folder: Path):
    """The three stages with the assay's own defaults."""
    recording = ingest.ingest({"synaptic_puncta": rows}, folder, **DEFAULTS["ingest"])
    recording.rows = {"synaptic_puncta": rows}
    measured = quantify.quantify(recording, **DEFAULTS["quantify"])
    return recording, measured, qc.qc(recording, measured, **DEFAULTS["qc"])
