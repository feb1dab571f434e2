"""Fields whose cells are known, and the assay run over them with its own defaults."""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from ketaflow import assays
from ketaflow.assays.stained_cells import simulate
from ketaflow.assays.stained_cells.ingest import ingest
from ketaflow.assays.stained_cells.model import Fields, IngestSettings, Measured, QcSettings, QuantifySettings
from ketaflow.assays.stained_cells.qc import qc
from ketaflow.assays.stained_cells.quantify import quantify
from ketaflow.assays.stained_cells.simulation.rendering import SimulatedField, simulate_field
from ketaflow.assays.stained_cells.simulation.scene import Scene
from ketaflow.core import settings
from ketaflow.core.inputs import Rows, build
from ketaflow.core.results import Checked

DEFAULTS = settings.with_defaults({}, assays.described("stained_cells", "settings.schema"))
COLUMNS = ("section", "channel", "pixel_size_um", "roi", "series")
SMALL = Scene(width_px=400, height_px=400, cells=40, pairs=12)


class Run(NamedTuple):
    """What the three stages return, and the truth where the field was simulated."""

    fields: Fields
    measured: Measured
    checked: Checked
    truth: SimulatedField | None = None

    @property
    def result(self):
        return self.measured.fields[0]

    def verdicts(self):
        return {check.check: check.verdict for check in self.checked.checks}


@pytest.fixture(scope="session")
def quantify_settings():
    return build(QuantifySettings, DEFAULTS["quantify"])


@pytest.fixture(scope="session")
def row():
    """A row of the table; what is not given is empty."""

    def made(**cells):
        plain = {**dict.fromkeys(COLUMNS), "animal": "M1", "region": "mPFC", "marker": "c-Fos"}
        return {**plain, "stain": "fluorescence", **cells}

    return made


@pytest.fixture(scope="session")
def stages(quantify_settings):
    """The three stages with the assay's own defaults, or with other settings of ``quantify``."""

    def run(rows: list[dict], folder: Path, corrections=(), settings=None) -> Run:
        fields = ingest(Rows({"stained_cells": rows}), folder, build(IngestSettings, DEFAULTS["ingest"]))
        changes = Rows({"stained_cells_corrections": [{"marker": None, "by": None, **one} for one in corrections]})
        measured = quantify(fields, settings or quantify_settings, rows=changes)
        return Run(fields, measured, qc(fields, measured, build(QcSettings, DEFAULTS["qc"])))

    return run


@pytest.fixture(scope="session")
def drawn(tmp_path_factory, row, stages):
    """Draw a field and run the stages over it; the same field is measured once."""
    runs: dict[str, Run] = {}

    def run(seed=900, corrections=(), roi=None, settings=None, **changes):
        scene = replace(SMALL, **changes)
        key = f"{seed} {scene} {corrections} {roi} {settings}"
        if key not in runs:
            folder = tmp_path_factory.mktemp("field")
            field = simulate_field(scene, np.random.default_rng(seed))
            simulate.write(field, folder / "field.tif", scene, "c-Fos")
            if roi is not None:
                (folder / "layer.roi").write_bytes(roi)
            rows = [row(image="field.tif", stain=scene.stain, roi=roi and "layer.roi")]
            runs[key] = stages(rows, folder, corrections, settings)._replace(truth=field)
        return runs[key]

    return run
