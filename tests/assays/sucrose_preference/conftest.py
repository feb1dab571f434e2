"""A recording of two bottles, made and measured as the workflow does."""

from dataclasses import replace
from pathlib import Path

import pytest

from ketaflow import assays
from ketaflow.assays.sucrose_preference.ingest import ingest
from ketaflow.assays.sucrose_preference.qc import qc
from ketaflow.assays.sucrose_preference.quantify import quantify
from ketaflow.assays.sucrose_preference.settings import IngestSettings, QcSettings, QuantifySettings
from ketaflow.core import settings
from ketaflow.core.inputs import Rows, build

ASSAY = "sucrose_preference"
SETTINGS = settings.with_defaults({}, assays.described(ASSAY, "settings.schema"))
COLUMNS = assays.described(ASSAY, "tables.schema")["tables"][ASSAY]["columns"]
EMPTY = dict.fromkeys(COLUMNS) | {"recording": "r1", "animal": "M1", "session": "day1"}


def settings_of(kind, stage: str, changed: dict):
    """Default settings of a stage, with those of the changes that it has."""
    return replace(build(kind, SETTINGS[stage]), **{k: v for k, v in changed.items() if k in SETTINGS[stage]})


class Measured:
    """One recording after all three stages."""

    def __init__(self, rows: list[dict], folder: Path = Path("."), weight_g: float | None = 25.0, **changed):
        given = Rows({ASSAY: [EMPTY | row for row in rows], "animals": [{"animal": "M1", "weight_g": weight_g}]})
        self.test = ingest(given, folder, settings_of(IngestSettings, "ingest", changed))
        self.measured = quantify(self.test, settings_of(QuantifySettings, "quantify", changed))
        self.checked = qc(self.test, self.measured, settings_of(QcSettings, "qc", changed))
        self.rows = {row.measure: row for row in self.measured.measurements}

    def __getitem__(self, measure: str) -> float | None:
        return self.rows[measure].value

    def reason(self, measure: str) -> str:
        return self.rows[measure].reason

    def doubts(self) -> set[str]:
        return {row.check for row in self.checked.checks if row.verdict != "pass"}


@pytest.fixture(scope="session")
def measure() -> type[Measured]:
    """To measure a recording with, from the rows of the table that differ from an empty row."""
    return Measured


@pytest.fixture(scope="session")
def pair():
    """Two weighed bottles: sucrose left, water right."""

    def made(sucrose_g: float, water_g: float, *, left: str = "sucrose", **more) -> list[dict]:
        right = "water" if left == "sucrose" else "sucrose"
        lost = {"sucrose": sucrose_g, "water": water_g}
        return [
            {"side": side, "content": what, "start_g": 150.0, "end_g": 150.0 - lost[what], **more}
            for side, what in (("left", left), ("right", right))
        ]

    return made
