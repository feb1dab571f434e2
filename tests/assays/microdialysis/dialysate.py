"""Small simulated animals and traces for the tests of this assay."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from ketaflow.assays.microdialysis import constants, ingest, qc, quantify, simulate
from ketaflow.assays.microdialysis.cohort_rows import FractionRow
from ketaflow.assays.microdialysis.model import Dialysate, IngestSettings, Measured, QcSettings, QuantifySettings
from ketaflow.core import settings
from ketaflow.core.inputs import Rows, build
from ketaflow.core.results import Checked, frame

SCHEMA = Path(simulate.__file__).with_name("settings.schema.yaml")
DEFAULTS = settings.with_defaults({}, yaml.safe_load(SCHEMA.read_text(encoding="utf-8")))
INGEST = build(IngestSettings, DEFAULTS["ingest"])
QUANTIFY = build(QuantifySettings, DEFAULTS["quantify"])
QC = build(QcSettings, DEFAULTS["qc"])


@dataclass(frozen=True)
class Animal:
    """An animal as ``quantify`` is given it: what was ingested, and rows of the tables for later stages."""

    dialysate: Dialysate
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def with_rows(self, table: str, rows: list[dict[str, Any]]) -> "Animal":
        """The animal with other rows of one table."""
        return replace(self, rows={**self.rows, table: rows})


def gaussian(time_min: np.ndarray, centre_min: float, sigma_s: float, area: float) -> np.ndarray:
    """A peak of ``area`` (signal x s)."""
    z = 60 * (time_min - centre_min) / sigma_s
    return area / (sigma_s * np.sqrt(2 * np.pi)) * np.exp(-(z**2) / 2)


def fraction_row(number: int, start: float, stop: float, **more: object) -> dict[str, Any]:
    row = {"animal": "M1", "fraction": str(number), "start_min": start, "stop_min": stop, "flow_ul_per_min": 1.0}
    empty = dict.fromkeys(("region", "chromatogram", "recovery_pct", "note"))
    return {**row, "dead_volume_ul": 0.0, **empty, **more}


def fractions(rows: list[dict[str, Any]]) -> list[FractionRow]:
    return Rows({"microdialysis": rows}).of("microdialysis", FractionRow)


def with_concentrations(
    rows: list[dict[str, Any]], values: dict[str, list[float]], unit: str = "uM", animal: str = "M1"
) -> Animal:
    """An animal whose laboratory has numbers already."""
    reported = [
        {"animal": animal, "fraction": row["fraction"], "analyte": name, "value": value, "unit": unit, "region": None}
        for name, series in values.items()
        for row, value in zip(rows, series, strict=True)
        if value is not None
    ]
    return Animal(Dialysate(animal, fractions(rows)), {"microdialysis_concentrations": reported})


def standard_rows() -> list[dict[str, Any]]:
    """Rows of the drawn standards."""
    return [
        {"chromatogram": f"s/{level:g}.txt", "analyte": name, "concentration_um": level, "retention_min": facts[0]}
        for level in constants.SIMULATED_LEVELS_UM
        for name, facts in constants.SIMULATED_ANALYTES.items()
    ]


def ingested(folder: Path, rows: list[dict[str, Any]], truth: list[dict[str, Any]], seed: int) -> Animal:
    """An animal whose chromatograms are drawn, and read."""
    tables = {"microdialysis": rows, "microdialysis_standards": standard_rows()}
    simulate.draw(Rows({**tables, "microdialysis_truth": truth}), folder, seed=seed)
    return Animal(ingest.ingest(Rows(tables), folder, INGEST))


def drawn_animal(
    folder: Path, concentrations: list[dict[str, float]], faults: dict[int, str] | None = None, **more: object
) -> Animal:
    """An animal whose fractions of 20 min (four before the dose) are drawn as chromatograms, and ingested."""
    rows = [
        fraction_row(number, -80 + 20 * number, -60 + 20 * number, chromatogram=f"c/{number}.txt", **more)
        for number in range(len(concentrations))
    ]
    truth = [
        {"fraction": str(number), "analyte": name, "concentration_um": value, "fault": (faults or {}).get(number)}
        for number, one in enumerate(concentrations)
        for name, value in one.items()
    ]
    return ingested(folder, rows, truth, seed=5)


def measure(animal: Animal, **changed: object) -> Measured:
    return quantify.quantify(animal.dialysate, replace(QUANTIFY, **changed), rows=Rows(animal.rows))


def checked(animal: Animal, **changed: object) -> Checked:
    return qc.qc(animal.dialysate, measure(animal), replace(QC, **changed))


def table(made: Measured | Checked, name: str) -> pd.DataFrame:
    """One published table of what a stage returned."""
    rows = getattr(made, name)
    return frame(rows, type(rows[0])) if rows else pd.DataFrame()


def values(measured: Measured, name: str, analyte: str = "glutamate") -> list[float]:
    """Values of one measure, in the order of time."""
    own = table(measured, "measurements")
    own = own[own["measure"].eq(name) & own["analyte"].eq(analyte)]
    return own.sort_values("time_min", kind="stable")["value"].astype(float).tolist()
