"""Faults of the fraction tables that no single cell shows: overlapping times, unknown names, unknown units."""

from pathlib import Path

import pandas as pd

from ketaflow.assays.microdialysis.analytes import to_um
from ketaflow.assays.microdialysis.readers import batch_results
from ketaflow.core import tables
from ketaflow.core.cohort import Cohort
from ketaflow.core.errors import Problem
from ketaflow.core.tables import RawTable

TABLE, LAB, STANDARDS, LIMITS = (f"microdialysis{end}" for end in ("", "_concentrations", "_standards", "_limits"))
# Files that may hold concentrations already, as LC-MS/MS results do.
RESULT_TABLES = (".csv", ".tsv")


def reshape(name: str, path: Path) -> tuple[RawTable, list[Problem]] | None:
    """Read LC-MS/MS results that were saved as the table of concentrations.

    Parameters
    ----------
    name : str
        Name of the table.
    path : Path
        Its file.

    Returns
    -------
    (RawTable, list of Problem) or None
        None for an ordinary table.
    """
    if name != LAB:
        return None
    raw = tables.read_raw(path)
    layout = batch_results.layout_of(raw.columns)
    beside = tables.find(path.parent, TABLE)
    return batch_results.reshaped(raw, layout, tables.read_raw(beside[0])) if layout and beside else None


def _as_row(label: object) -> int:
    """Row number of a table, from the label pandas gives it."""
    return int(str(label))


def problems(cohort: Cohort) -> list[Problem]:
    """Find the faults across the rows of the microdialysis tables.

    Parameters
    ----------
    cohort : Cohort
        All tables.

    Returns
    -------
    list of Problem
    """
    found = [*_times(cohort), *_sources(cohort)]
    for name, check in ((LAB, _concentrations), (LIMITS, _limits)):
        if name in cohort.tables:
            found += check(cohort)
    return found


def _times(cohort: Cohort) -> list[Problem]:
    table, file, found = cohort.tables[TABLE], cohort.files[TABLE], []
    probe = ["animal", "region"]
    timed = table.assign(region=table["region"].fillna("")).dropna(subset=["animal", "start_min", "stop_min"])
    timed = timed.sort_values([*probe, "start_min"], kind="stable")
    timed["before"] = timed.groupby(probe)["stop_min"].shift()
    ends_early, starts_early = timed["stop_min"] <= timed["start_min"], timed["start_min"] < timed["before"] - 0.01
    for number, row in timed[ends_early | starts_early].iterrows():
        if row["stop_min"] <= row["start_min"]:
            text = f"the fraction ends ({row['stop_min']:g} min) before it starts ({row['start_min']:g} min)"
            found.append(Problem(file, _as_row(number), "stop_min", text, "Exchange or correct the two times"))
        else:
            text = f"the fraction starts at {row['start_min']:g} min, the one before it ends at {row['before']:g} min"
            found.append(Problem(file, _as_row(number), "start_min", text, "One tube at a time: correct the times"))
    return found


def _sources(cohort: Cohort) -> list[Problem]:
    """A table of fractions without any value, or chromatograms without standards."""
    table, file = cohort.tables[TABLE], cohort.files[TABLE]
    paths = table["chromatogram"].dropna()
    traced = len(paths) > 0
    may_hold_results = traced and paths.str.lower().str.endswith(RESULT_TABLES).all()
    if not traced and LAB not in cohort.tables:
        remedy = "Name each fraction's chromatogram, or add microdialysis_concentrations"
        return [Problem(file, 0, "chromatogram", "no fraction has a chromatogram or a concentration", remedy)]
    if traced and not may_hold_results and STANDARDS not in cohort.tables and LAB not in cohort.tables:
        remedy = "Add microdialysis_standards: chromatograms of known concentrations, analyte by analyte"
        return [
            Problem(file, 0, "chromatogram", "there are chromatograms and no standards to name and scale them", remedy)
        ]
    return []


def _concentrations(cohort: Cohort) -> list[Problem]:
    table, file, found = cohort.tables[LAB], cohort.files[LAB], []
    known = set(zip(cohort.tables[TABLE]["animal"], cohort.tables[TABLE]["fraction"], strict=True))
    regions = cohort.tables[TABLE].groupby("animal")["region"].nunique()
    two_regions = set(regions[regions > 1].index)
    for number, row in table.iterrows():
        if pd.notna(row["fraction"]) and (row["animal"], row["fraction"]) not in known:
            text = f"fraction '{row['fraction']}' of animal '{row['animal']}' does not stand in {cohort.files[TABLE]}"
            found.append(
                Problem(file, _as_row(number), "fraction", text, "Correct the name, or add the fraction there")
            )
        if pd.isna(row["region"]) and row["animal"] in two_regions:
            remedy = "Enter the region, as the animal has fractions of two"
            found.append(Problem(file, _as_row(number), "region", "the cell is empty", remedy))
        if pd.isna(row["value"]) and pd.isna(row["state"]):
            remedy = "Enter the concentration, or say in 'state' why there is none: below_loq, above_range or missed"
            found.append(Problem(file, _as_row(number), "value", "the cell is empty, and so is 'state'", remedy))
        if pd.notna(row["value"]) and pd.notna(row["state"]):
            remedy = "Keep the one that holds: what is below the limit or above the range has no number"
            found.append(Problem(file, _as_row(number), "state", f"'{row['state']}' beside {row['value']:g}", remedy))
        if pd.notna(row["value"]) and pd.isna(row["unit"]):
            remedy = "Enter its unit: uM, nM, pmol/ul, ng/ml ..."
            found.append(Problem(file, _as_row(number), "unit", f"{row['value']:g} without a unit", remedy))
        if pd.notna(row["unit"]) and pd.notna(row["analyte"]) and to_um(row["unit"], row["analyte"]) is None:
            remedy = "Use uM, nM, mM, pM, pmol/ul or fmol/ul (ng/ml where the molar mass of the analyte is known)"
            found.append(Problem(file, _as_row(number), "unit", f"found '{row['unit']}' for {row['analyte']}", remedy))
        if pd.notna(row["value"]) and row["value"] < 0:
            remedy = "Leave the row out where the analyte was not found; a concentration is never negative"
            found.append(Problem(file, _as_row(number), "value", f"found {row['value']:g}", remedy))
    return found


def _limits(cohort: Cohort) -> list[Problem]:
    table, file, found = cohort.tables[LIMITS], cohort.files[LIMITS], []
    known = {
        path
        for name in (TABLE, STANDARDS)
        if name in cohort.tables
        for path in cohort.tables[name]["chromatogram"].dropna()
    }
    for number, row in table.iterrows():
        if pd.notna(row["chromatogram"]) and row["chromatogram"] not in known:
            text = f"'{row['chromatogram']}' is no chromatogram of this cohort"
            found.append(Problem(file, _as_row(number), "chromatogram", text, "Write the path as in the other tables"))
        if row["stop_min"] <= row["start_min"]:
            found.append(
                Problem(file, _as_row(number), "stop_min", "the peak ends before it starts", "Correct the limits")
            )
    return found
