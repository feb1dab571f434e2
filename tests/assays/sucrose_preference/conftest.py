"""A recording of two bottles, made and measured as the workflow does."""

from pathlib import Path

import pytest

from ketaflow import assays
from ketaflow.assays.sucrose_preference import ingest, qc, quantify
from ketaflow.core import settings
from ketaflow.core.records import Record

ASSAY = "sucrose_preference"
SETTINGS = settings.with_defaults({}, assays.described(ASSAY, "settings.schema"))
COLUMNS = assays.described(ASSAY, "tables.schema")["tables"][ASSAY]["columns"]
EMPTY = dict.fromkeys(COLUMNS) | {"recording": "r1", "animal": "M1", "session": "day1"}


class Measured:
    """One recording after all three stages."""

    def __init__(self, rows: list[dict], folder: Path = Path("."), weight_g: float | None = 25.0, **changed):
        table = [EMPTY | row for row in rows]
        given = {ASSAY: table, "animals": [{"animal": "M1", "weight_g": weight_g}]}
        chosen = {stage: {k: changed.get(k, v) for k, v in SETTINGS[stage].items()} for stage in assays.STAGES}
        self.recording: Record = ingest.ingest(given, folder, **chosen["ingest"])
        self.recording.rows = given
        self.measured = quantify.quantify(self.recording, **chosen["quantify"])
        self.checked = qc.qc(self.recording, self.measured, **chosen["qc"])
        self.rows = {row["measure"]: row for row in self.measured.tables["measurements"]}

    def __getitem__(self, measure: str) -> float | None:
        return self.rows[measure]["value"]

    def reason(self, measure: str) -> str:
        return self.rows[measure]["reason"]

    def doubts(self) -> set[str]:
        return {row["check"] for row in self.checked.tables["checks"] if row["verdict"] != "pass"}


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
