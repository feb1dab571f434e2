"""Small simulated animals and traces for the tests of this assay."""

from pathlib import Path

import numpy as np
import yaml

from ketaflow.assays.microdialysis import ingest, quantify, simulate
from ketaflow.core import settings
from ketaflow.core.records import Record

SCHEMA = Path(simulate.__file__).with_name("settings.schema.yaml")
DEFAULTS = settings.with_defaults({}, yaml.safe_load(SCHEMA.read_text(encoding="utf-8")))


def gaussian(time_min: np.ndarray, centre_min: float, sigma_s: float, area: float) -> np.ndarray:
    """A peak of ``area`` (signal x s)."""
    z = 60 * (time_min - centre_min) / sigma_s
    return area / (sigma_s * np.sqrt(2 * np.pi)) * np.exp(-(z**2) / 2)


def fraction_row(number: int, start: float, stop: float, **more: object) -> dict:
    row = {"animal": "M1", "fraction": str(number), "start_min": start, "stop_min": stop, "flow_ul_per_min": 1.0}
    return {
        **row,
        "dead_volume_ul": 0.0,
        "region": None,
        "chromatogram": None,
        "recovery_pct": None,
        "note": None,
        **more,
    }


def with_concentrations(rows: list[dict], values: dict[str, list[float]], unit: str = "uM") -> Record:
    """An animal whose lab has numbers already."""
    told = [
        {"animal": "M1", "fraction": row["fraction"], "analyte": name, "value": value, "unit": unit, "region": None}
        for name, series in values.items()
        for row, value in zip(rows, series, strict=True)
        if value is not None
    ]
    return Record(
        name="M1",
        facts={"traces": {}, "unreadable": {}},
        rows={"microdialysis": rows, "microdialysis_concentrations": told},
    )


def drawn_animal(folder: Path, concentrations: list[dict[str, float]], faults: dict[int, str] | None = None) -> Record:
    """An animal whose fractions of 20 min (four before the dose) are drawn as chromatograms, and ingested."""
    rows = [
        fraction_row(number, -80 + 20 * number, -60 + 20 * number, chromatogram=f"c/{number}.txt")
        for number in range(len(concentrations))
    ]
    truth = [
        {
            "animal": "M1",
            "fraction": str(number),
            "analyte": name,
            "concentration_um": value,
            "fault": (faults or {}).get(number),
        }
        for number, one in enumerate(concentrations)
        for name, value in one.items()
    ]
    standards = [
        {"chromatogram": f"s/{level:g}.txt", "analyte": name, "concentration_um": level, "retention_min": facts[0]}
        for level in simulate.LEVELS_UM
        for name, facts in simulate.ANALYTES.items()
    ]
    tables = {"microdialysis": rows, "microdialysis_truth": truth, "microdialysis_standards": standards}
    simulate.draw(tables, folder, seed=5)
    del tables["microdialysis_truth"]
    record = ingest.ingest(tables, folder, **DEFAULTS["ingest"])
    record.name, record.rows = "M1", tables
    return record


def measure(record: Record, **changed: object) -> Record:
    return quantify.quantify(record, **{**DEFAULTS["quantify"], **changed})


def values(measured: Record, name: str, analyte: str = "glutamate") -> list[float]:
    """Values of one measure, in the order of time."""
    table = measured.table("measurements")
    own = table[table["measure"].eq(name) & table["analyte"].eq(analyte)]
    if "time_min" in own:
        own = own.sort_values("time_min", kind="stable")
    return own["value"].astype(float).tolist()
