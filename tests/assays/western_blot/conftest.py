"""Stories for the tests: a cohort of eight animals on one membrane, run through the stages as the workflow would."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ketaflow import assays
from ketaflow.assays.western_blot import ingest, qc, quantify, simulate
from ketaflow.assays.western_blot.model import (
    Band,
    Blot,
    CohortSettings,
    IngestSettings,
    Measured,
    QcSettings,
    QuantifySettings,
)
from ketaflow.core import settings
from ketaflow.core.inputs import Rows, build
from ketaflow.core.results import Check, Checked, Measurement, frame

LADDER_TEXT = "250 150 100 75 50 37 25 20 15 10"
TABLES = assays.described("western_blot", "tables.schema")["tables"]
DEFAULTS = settings.with_defaults({}, assays.described("western_blot", "settings.schema"))
INGEST = build(IngestSettings, DEFAULTS["ingest"])
QUANTIFY = build(QuantifySettings, DEFAULTS["quantify"])
QC = build(QcSettings, DEFAULTS["qc"])
COHORT = build(CohortSettings, DEFAULTS["cohort"])


class Lab:
    """Runs rows through ingest, quantify and qc with the default settings."""

    def __init__(self, folder: Path):
        self.folder = folder
        # The blot measured last; its checks do not measure it again.
        self._last: tuple[Blot, Measured] | None = None

    def ingested(self, **tables: list[dict]) -> Blot:
        return ingest.ingest(rows_of(**tables), self.folder, INGEST)

    def measured(self, blot: Blot, boxes: tuple[dict, ...] = (), **drawn: list[dict]) -> Measured:
        measured = quantify.quantify(blot, QUANTIFY, rows=rows_of(boxes=list(boxes), **drawn))
        self._last = (blot, measured) if not boxes and not drawn else None
        return measured

    def reviewed(self, blot: Blot) -> Checked:
        measured = self._last[1] if self._last and self._last[0] is blot else self.measured(blot)
        return qc.qc(blot, measured, QC)

    def checks(self, blot: Blot) -> pd.DataFrame:
        return frame(self.reviewed(blot).checks, Check)

    def values(self, blot: Blot) -> pd.DataFrame:
        return values_of(self.measured(blot))

    def bands(self, boxes: tuple[dict, ...] = (), **tables: list[dict]) -> pd.DataFrame:
        return frame(self.measured(self.ingested(**tables), boxes).bands, Band)


def values_of(measured: Measured) -> pd.DataFrame:
    return frame(measured.measurements, Measurement)


def rows_of(**tables: list[dict]) -> Rows:
    """Rows by table, named without the assay; empty cells where a row leaves out a column."""
    return Rows({f"western_blot_{name}": filled(f"western_blot_{name}", given) for name, given in tables.items()})


def with_pixels(blot: Blot, change: Callable[[np.ndarray], np.ndarray], **more: object) -> Blot:
    """The blot with the pixels of every scan changed, and other fields of the scans replaced."""
    return replace(blot, scans=[replace(scan, pixels=change(scan.pixels.copy()), **more) for scan in blot.scans])


def filled(table: str, rows: list[dict]) -> list[dict]:
    return [{**dict.fromkeys(TABLES[table]["columns"]), **row} for row in rows]


@pytest.fixture
def lab(tmp_path) -> Lab:
    return Lab(tmp_path)


@pytest.fixture(scope="session")
def study(tmp_path_factory) -> tuple[Lab, dict[str, list[dict]]]:
    """One drawn membrane: ladder, eight animals, pool; four pictures. The lab and its rows, truth among them."""
    arms = {"veh": 0.0, "k5": 5.0, "k10": 10.0, "k20": 20.0}
    animals = pd.DataFrame(
        [(f"M{number}", arm, dose) for number, (arm, dose) in enumerate([*arms.items()] * 2, start=1)],
        columns=["animal", "arm", "dose_mg_per_kg"],
    )
    tables = simulate.design(animals, np.random.default_rng(5))
    rows = {
        name.removeprefix("western_blot_"): filled(
            name, table.astype(object).where(table.notna(), None).to_dict("records")
        )
        for name, table in tables.items()
    }
    folder = tmp_path_factory.mktemp("blots")
    simulate.draw(rows_of(**rows), folder, seed=11)
    return Lab(folder), rows


def lanes(membrane: str, count: int, kind: str = "animal") -> list[dict]:
    """A lane map of ``count`` lanes, each of an animal of its own (or all of another kind)."""
    return [
        {"membrane": membrane, "lane": lane, "sample": kind, "animal": f"M{lane}" if kind == "animal" else None}
        for lane in range(1, count + 1)
    ]
