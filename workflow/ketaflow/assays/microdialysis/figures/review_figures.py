"""Which pictures the reviewer of an animal is shown: its chromatograms, its time course, its calibration."""

import numpy as np

from ketaflow.assays.microdialysis.figures import charts
from ketaflow.assays.microdialysis.response import no_net_flux
from ketaflow.core.records import Figure, Record


def of_trace(recording: Record, path: str, peaks: list[dict]) -> list[Figure]:
    """The chromatogram with its areas; nothing where there is a result table alone, or no readable file."""
    facts = recording.facts["traces"].get(path)
    trace = recording.arrays[facts["array"]] if facts else np.empty((2, 0))
    return [charts.trace_figure(trace, peaks, facts["unit"])] if trace.shape[1] else []


def of_animal(measured: Record, tables: dict[str, list[dict]], error_max_pct: float) -> list[Figure]:
    """The time course of each region, then calibration and drift; of many analytes those that read back worst."""
    pictures = []
    by_region: dict[str, list[dict]] = {}
    for row in tables["fractions"]:
        by_region.setdefault(row["region"] if isinstance(row["region"], str) else "", []).append(row)
    for region, fractions in by_region.items():
        if baseline := _baselines(measured, region):
            pictures.append(charts.course_figure(fractions, baseline, region))
    standards: dict[str, list[dict]] = {}
    for row in tables["standards"]:
        standards.setdefault(row["analyte"], []).append(row)
    worst = sorted(tables["calibration"], key=lambda line: -_worst_error(standards[line["analyte"]]))
    kept = {line["analyte"] for line in worst[: len(charts.CYCLE)]}
    for line in tables["calibration"]:
        if line["analyte"] in kept:
            own = [row["concentration_um"] for row in tables["fractions"] if row["analyte"] == line["analyte"]]
            told = standards[line["analyte"]]
            pictures.append(charts.calibration_figure(line, told, np.array(own, float), error_max_pct))
    drift = charts.drift_figure([row for row in tables["standards"] if row["analyte"] in kept])
    return [*pictures, drift] if drift else pictures


def of_flux(recording: Record) -> list[Figure]:
    """The line of each no-net-flux experiment."""
    found = no_net_flux.experiments(recording.rows.get("microdialysis_no_net_flux", []))
    return [
        charts.flux_figure(one.infused_um, one.lost_um, no_net_flux.fitted(one.infused_um, one.lost_um), one.analyte)
        for one in found
        if not one.fault
    ]


def _worst_error(standards: list[dict]) -> float:
    return float(np.nanmax(np.abs([row["error_pct"] for row in standards]), initial=0))


def _baselines(measured: Record, region: str) -> dict[str, tuple[float, float, int]]:
    """Mean (uM), CV (%) and number of fractions of each analyte's baseline in one region."""
    found = measured.table("measurements")
    own = found[found["measure"].isin(["baseline_um", "baseline_cv_pct"]) & found["region"].fillna("").eq(region)]
    baselines = {}
    for analyte, rows in own.groupby("analyte"):
        values = rows.set_index("measure")["value"].astype(float)
        if np.isfinite(values.get("baseline_um", np.nan)):
            count = int(rows.loc[rows["measure"].eq("baseline_um"), "n"].iloc[0])
            baselines[analyte] = (float(values["baseline_um"]), float(values.get("baseline_cv_pct", np.nan)), count)
    return baselines
