"""A simulated dendrite taken through the stages once for all tests of this folder."""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from simulated_dendrites import INGEST, QUANTIFY, ROW, truth

from ketaflow.assays.dendritic_spines import ingest, quantify, simulate
from ketaflow.assays.dendritic_spines.model import MAIN, TRUTH, DendriteImage, Measured
from ketaflow.assays.dendritic_spines.simulation.scene import SpineTruth
from ketaflow.core.inputs import Rows


@dataclass(frozen=True)
class Run:
    """A simulated dendrite after ingest and quantify, beside its truth."""

    folder: Path
    rows: Rows
    image: DendriteImage
    measured: Measured
    spines: list[SpineTruth]
    stack: np.ndarray


@pytest.fixture(scope="session")
def run(tmp_path_factory) -> Run:
    folder: Path = tmp_path_factory.mktemp("simulated")
    counts = truth(mushroom_count=5, thin_count=4, stubby_count=2)
    rows = Rows({MAIN: [ROW], TRUTH: [vars(counts)]})
    simulate.draw(rows, folder, seed=11)
    image = ingest.ingest(rows, folder, INGEST)
    simulated = simulate.simulate_stack(counts, 11)
    measured = quantify.quantify(image, QUANTIFY, rows=Rows())
    return Run(folder, rows, image, measured, simulated.spines, simulated.stack)
