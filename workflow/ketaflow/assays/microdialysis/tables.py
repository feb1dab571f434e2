"""Faults of the fraction tables that no single cell shows: overlapping times, unknown names, unknown units."""

from pathlib import Path

import pandas as pd

from ketaflow.assays.microdialysis.analytes import PER_FRACTION, amount_of, to_um
from ketaflow.assays.microdialysis.readers.tables import batch_results
from ketaflow.core import tables
from ketaflow.core.cohort import Cohort
from ketaflow.core.errors import Problem
from ketaflow.core.tables import RawTable

TABLE, LAB, STANDARDS, LIMITS = (f"microdialysis{end}" for end in ("", "_concentrations", "_standards", "_limits"))
# Files that may hold concentrations already, as LC-MS/MS results do.
RESULT_TABLES = (".csv", ".tsv")
# What all injections of one tube have in common.
OF_THE_TUBE = ("start_min", "stop_min", "flow_ul_per_min", "dead_volume_ul", "recovery_pct")


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
    found = [*_times(cohort), *_sources(cohort), *_repeats(cohort), *_batches(cohort)]
    for name, check in ((LAB, _concentrations), (LIMITS, _limits)):
        if name in cohort.tables:
            found += check(cohort)
    return found


def _times(cohort: Cohort) -> list[Problem]:
    table, file, found = cohort.tables[TABLE], cohort.files[TABLE], []
    probe = ["animal", "region"]
    timed = table.assign(region=table["region"].fillna("")).dropna(subset=["animal", "start_min", "stop_min"])
    timed = timed.drop_duplicates([*probe, "fraction"])  # further rows are injections of the same tube
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


def _repeats(cohort: Cohort) -> list[Problem]:
    """Injections of one tube that do not agree on how it was collected, or that nothing tells apart."""
    table, file, found = cohort.tables[TABLE], cohort.files[TABLE], []
    tube = [table["animal"], table["region"].fillna(""), table["fraction"]]
    for column in OF_THE_TUBE:
        if column not in table:
            continue
        first = table.groupby(tube, sort=False)[column].transform("first")
        differs = table[column].notna() & first.notna() & table[column].ne(first)
        for (number, row), other in zip(table[differs].iterrows(), first[differs], strict=True):
            text = f"{row[column]} for fraction {row['fraction']}, in an earlier row of the same fraction {other}"
            remedy = "Rows of one fraction are injections of one tube: enter the same value, or name another fraction"
            found.append(Problem(file, _as_row(number), column, text, remedy))
    return found


def _batches(cohort: Cohort) -> list[Problem]:
    """Fractions whose batch has no standards."""
    if STANDARDS not in cohort.tables:
        return []
    table, standards, found = cohort.tables[TABLE], cohort.tables[STANDARDS], []
    if "batch" not in standards or standards["batch"].isna().any():
        return []
    known = sorted(set(standards["batch"]))
    traced = table[table["chromatogram"].notna()]
    named = traced["batch"] if "batch" in traced else pd.Series(None, index=traced.index, dtype=object)
    for number, batch in named[~named.isin(known).astype(bool)].items():
        text = "the cell is empty" if pd.isna(batch) else f"batch '{batch}' has no standards"
        remedy = f"Enter a batch of {cohort.files[STANDARDS]}: {', '.join(known)}"
        found.append(Problem(cohort.files[TABLE], _as_row(number), "batch", text, remedy))
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
    for number, row in table[_suspicious(table, known, two_regions)].iterrows():
        if pd.notna(row["fraction"]) and (row["animal"], row["fraction"]) not in known:
            text = f"fraction '{row['fraction']}' of animal '{row['animal']}' is not in {cohort.files[TABLE]}"
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
        if pd.notna(row["unit"]) and amount_of(row["unit"]) is not None:
            found += _amount(cohort, number, row)
        elif pd.notna(row["unit"]) and pd.notna(row["analyte"]) and to_um(row["unit"], row["analyte"]) is None:
            remedy = (
                "Use uM, nM, mM, pM, pmol/ul or fmol/ul (ng/ml where the molar mass of the analyte is known), or an "
                "amount: pmol/fraction, fmol/fraction, pmol/injection or fmol/injection"
            )
            found.append(Problem(file, _as_row(number), "unit", f"found '{row['unit']}' for {row['analyte']}", remedy))
        if pd.notna(row["value"]) and row["value"] < 0:
            remedy = "Leave the row out where the analyte was not found; a concentration is never negative"
            found.append(Problem(file, _as_row(number), "value", f"found {row['value']:g}", remedy))
    return found


def _suspicious(table: pd.DataFrame, known: set[tuple[str, str]], two_regions: set[str]) -> pd.Series:
    """Rows that may have a fault: the others, of which a study has tens of thousands, are not looked at one by one."""
    pairs = pd.Series(list(zip(table["animal"], table["fraction"], strict=True)), index=table.index)
    kinds = table[["unit", "analyte"]].drop_duplicates()
    sound = {
        (unit, analyte)
        for unit, analyte in kinds.itertuples(index=False)
        if pd.notna(unit) and pd.notna(analyte) and amount_of(unit) is None and to_um(unit, analyte) is not None
    }
    units = pd.Series(list(zip(table["unit"], table["analyte"], strict=True)), index=table.index)
    return (
        ~pairs.isin(known)
        | (table["region"].isna() & table["animal"].isin(two_regions))
        | (table["value"].isna() == table["state"].isna())
        | ~units.isin(sound)
        | table["value"].lt(0)
    )


def _amount(cohort: Cohort, number: object, row: pd.Series) -> list[Problem]:
    """An amount without the volume that makes a concentration of it."""
    per = (amount_of(row["unit"]) or (0.0, ""))[1]
    if per == PER_FRACTION:
        table = cohort.tables[TABLE]
        tube = table[table["animal"].eq(row["animal"]) & table["fraction"].eq(row["fraction"])]
        if not len(tube) or tube["flow_ul_per_min"].notna().any():
            return []
        text = f"{row['unit']}, and {cohort.files[TABLE]} has no flow for fraction {row['fraction']} of {row['animal']}"
        remedy = f"Enter flow_ul_per_min in {cohort.files[TABLE]}: the amount is divided by flow x collection time"
    elif pd.isna(row.get("injection_ul")):
        text, remedy = f"{row['unit']} without injection_ul", "Enter the volume injected (microlitres)"
    else:
        return []
    return [Problem(cohort.files[LAB], _as_row(number), "unit", text, remedy)]


def _limits(cohort: Cohort) -> list[Problem]:
    table, file, found = cohort.tables[LIMITS], cohort.files[LIMITS], []
    known: dict[str, set[object]] = {}
    for name in (TABLE, STANDARDS):
        if name in cohort.tables:
            rows = cohort.tables[name]
            for path, injection in zip(rows["chromatogram"], rows.get("injection", rows["chromatogram"]), strict=True):
                known.setdefault(path, set()).add(injection)
    for number, row in table.iterrows():
        several = known.get(row["chromatogram"], set())
        if len(several) > 1 and row.get("injection") not in several:
            text = f"'{row['chromatogram']}' holds {len(several)} injections"
            found.append(
                Problem(file, _as_row(number), "injection", text, "Name the injection, as in the other tables")
            )
        if pd.notna(row["chromatogram"]) and row["chromatogram"] not in known:
            text = f"'{row['chromatogram']}' is no chromatogram of this cohort"
            found.append(Problem(file, _as_row(number), "chromatogram", text, "Write the path as in the other tables"))
        if pd.isna(row["chromatogram"]) and pd.isna(row.get("analyte")):
            remedy = "Name the chromatogram, or the analyte whose limits these are in every injection"
            found.append(Problem(file, _as_row(number), "chromatogram", "neither chromatogram nor analyte", remedy))
        if row["stop_min"] <= row["start_min"]:
            found.append(
                Problem(file, _as_row(number), "stop_min", "the peak ends before it starts", "Correct the limits")
            )
    return found
