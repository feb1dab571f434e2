"""Settings at their defaults, and drawn dendrites taken through the stages."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from simulated_dendrites import ANY, truth

from ketaflow import assays
from ketaflow.assays.dendritic_spines import ingest, quantify, simulate
from ketaflow.core import settings


@pytest.fixture(scope="session")
def defaults() -> dict:
    return settings.with_defaults({}, assays.described("dendritic_spines", "settings.schema"))


@pytest.fixture(scope="session")
def row() -> dict:
    return {"image": "spines/a 1 (left).ome.tif", "animal": "mouse-107", "region": "mPFC", **ANY}


@pytest.fixture(scope="session")
def drawn(tmp_path_factory, row, defaults) -> dict:
    """One drawn dendrite after ingest and quantify, beside its truth."""
    folder: Path = tmp_path_factory.mktemp("drawn")
    told = truth(mushroom_count=5, thin_count=4, stubby_count=2)
    rows = {"dendritic_spines": [row], "dendritic_spines_truth": [told]}
    simulate.draw(rows, folder, seed=11)
    recording = ingest.ingest(rows, folder, **defaults["ingest"])
    recording.rows = rows
    _, spines, stack = simulate.draw_stack(told, 11)
    return {
        "folder": folder, "rows": rows, "recording": recording, "spines": spines, "stack": stack,
        "measured": quantify.quantify(recording, **defaults["quantify"]),
    }  # fmt: skip
