"""Fields whose puncta are known, and the assay run over them with its own defaults."""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from ketaflow import assays
from ketaflow.assays.synaptic_puncta import simulate
from ketaflow.assays.synaptic_puncta.ingest import ingest
from ketaflow.assays.synaptic_puncta.model import Fields, IngestSettings, Measured, QcSettings, QuantifySettings
from ketaflow.assays.synaptic_puncta.qc import qc
from ketaflow.assays.synaptic_puncta.quantify import quantify
from ketaflow.assays.synaptic_puncta.simulation.fields import Scene, SimulatedField, simulate_field
from ketaflow.core import settings
from ketaflow.core.inputs import Rows, build
from ketaflow.core.results import Checked

DEFAULTS = settings.with_defaults({}, assays.described("synaptic_puncta", "settings.schema"))
COLUMNS = (
    "image", "pre_image", "post_image", "pre_channel", "post_channel", "pixel_size_um", "z_step_um", "roi",
    "mask_channel", "mask_image", "secondary_only",
)  # fmt: skip
MARKERS = ("VGluT1", "PSD95")


class Run(NamedTuple):
    """What the three stages return, and the truth where the field was simulated."""

    fields: Fields
    measured: Measured
    checked: Checked
    truth: SimulatedField | None = None


@pytest.fixture(scope="session")
def row():
    """A row of the table; what is not given is empty."""

    def made(**cells):
        plain = {**dict.fromkeys(COLUMNS), "animal": "M1", "region": "mPFC", "section": "S1"}
        return {**plain, "pre_marker": "VGluT1", "post_marker": "PSD95", **cells}

    return made


@pytest.fixture(scope="session")
def puncta_settings():
    return build(QuantifySettings, DEFAULTS["quantify"]).puncta


@pytest.fixture(scope="session")
def drawn_field():
    """Draw the pre channel of a field: pixels (y, x) or (z, y, x), and the truth."""

    def draw(seed=0, **changes):
        field = simulate_field(replace(Scene(), **changes), np.random.default_rng(seed))
        return (field.pre[0] if len(field.pre) == 1 else field.pre), field

    return draw


@pytest.fixture(scope="session")
def drawn(tmp_path_factory, row):
    """Draw a field and run the stages over it; the same field is measured once."""
    runs: dict[str, Run] = {}

    def run(seed=0, **changes):
        scene = replace(Scene(), **changes)
        key = f"{seed} {scene}"
        if key not in runs:
            folder = tmp_path_factory.mktemp("field")
            field = simulate_field(scene, np.random.default_rng(seed))
            simulate.write(field, folder / "field.ome.tif", scene, MARKERS)
            runs[key] = stages([row(image="field.ome.tif")], folder)._replace(truth=field)
        return runs[key]

    return run


@pytest.fixture(scope="session")
def run_stages():
    """The three stages over rows of the table."""
    return stages


@pytest.fixture
def shifted_apart(tmp_path, row):
    """Verdicts of a field whose post channel lies some pixels to the right."""

    def run(by_px):
        scene = Scene(synapses=150)
        field = simulate_field(scene, np.random.default_rng(0))
        moved = replace(field, post=np.roll(field.post, by_px, axis=2))
        simulate.write(moved, tmp_path / "field.ome.tif", scene, MARKERS)
        checks = stages([row(image="field.ome.tif")], tmp_path).checked.checks
        return {(one.check, one.place): one.verdict for one in checks}

    return run


def stages(rows: list[dict], folder: Path) -> Run:
    """The three stages with the assay's own defaults."""
    fields = ingest(Rows({"synaptic_puncta": rows}), folder, build(IngestSettings, DEFAULTS["ingest"]))
    measured = quantify(fields, build(QuantifySettings, DEFAULTS["quantify"]))
    return Run(fields, measured, qc(fields, measured, build(QcSettings, DEFAULTS["qc"])))
