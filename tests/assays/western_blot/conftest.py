"""Stories for the tests: a cohort of eight animals on one membrane, run through the stages as the workflow would."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ketaflow import assays
from ketaflow.assays.western_blot import ingest, qc, quantify, simulate
from ketaflow.core import settings
from ketaflow.core.records import Record

TABLES = assays.described("western_blot", "tables.schema")["tables"]
DEFAULTS = settings.with_defaults({}, assays.described("western_blot", "settings.schema"))


class Lab:
    """Runs rows through ingest, quantify and qc with the default settings."""

    def __init__(self, folder: Path):
        self.folder = folder

    def ingested(self, **tables: list[dict]) -> Record:
        rows = {f"western_blot_{name}": filled(f"western_blot_{name}", given) for name, given in tables.items()}
        record = ingest.ingest(rows, self.folder, **DEFAULTS["ingest"])
        record.rows = rows
        return record

    def measured(self, record: Record, **changed: object) -> Record:
        return quantify.quantify(record, **{**DEFAULTS["quantify"], **changed})

    def checked(self, record: Record, measured: Record) -> Record:
        return qc.qc(record, measured, **DEFAULTS["qc"])

    def bands(self, **tables: list[dict]) -> pd.DataFrame:
        return self.measured(self.ingested(**tables)).table("bands")


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
    simulate.draw({f"western_blot_{name}": given for name, given in rows.items()}, folder, seed=11)
    return Lab(folder), rows


def lanes(membrane: str, count: int, kind: str = "animal") -> list[dict]:
    """A lane map of ``count`` lanes, each of an animal of its own (or all of another kind)."""
    return [
        {"membrane": membrane, "lane": lane, "sample": kind, "animal": f"M{lane}" if kind == "animal" else None}
        for lane in range(1, count + 1)
    ]
