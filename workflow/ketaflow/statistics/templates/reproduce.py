"""Reproduce every p value of contrasts.csv, omnibus.csv, diagnostics.csv and dose_response.csv from values.csv.

Run ``PYTHONPATH=<ketaflow>/workflow python reproduce.py`` in this folder, with the packages of ketaflow installed. It
needs no recordings and no settings but analysis.json (the plan). It prints each p value that differs and ends with
status 1 if there is one. reproduce.R does the same in R, with lme4, lmerTest and emmeans instead of ketaflow.
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ketaflow import statistics

FOLDER = Path(__file__).parent
# Largest difference of a p value: files have 17 digits, so that only the order of sums differs.
TOLERANCE = 1e-6
KEYS = {
    "contrasts": ["endpoint", "dataset", "sensitivity", "model", "contrast", "level", "reference"],
    "omnibus": ["endpoint", "dataset", "sensitivity", "model", "term", "sum_of_squares_type", "df_method"],
    "diagnostics": ["endpoint", "dataset", "check", "term"],
    "dose_response": ["endpoint", "dataset", "drug", "model", "parameter", "note"],
}
# Columns of p values. The lack of fit of a dose-response curve is an estimate of its table, and the p values of the
# minimum effective dose are in its note.
P_VALUES = ["p_value", "p_adjusted", "p_family", "equivalence_p_value"]


def read(name: str) -> pd.DataFrame:
    """Read a table; codes such as 007 stay text.

    Parameters
    ----------
    name : str
        Name of the table in this folder.

    Returns
    -------
    data frame
        Columns of its CSV file; empty cells are NaN.
    """
    words = ("animal", "session", "sample", "recording", "arm", "cage", "litter", "period")
    return pd.read_csv(FOLDER / f"{name}.csv", dtype=dict.fromkeys(words, "str"), low_memory=False)


def main() -> int:
    """Analyse the values of each data set and compare the p values with the tables."""
    facts, values = json.loads((FOLDER / "analysis.json").read_text(encoding="utf-8")), read("values")
    cohort = [read(name) for name in ("animals", "arms", "allocation")]
    checks = pd.DataFrame(columns=["assay", "recording", "animal", "check", "value"])
    found: dict[str, list[pd.DataFrame]] = {name: [] for name in KEYS}
    for dataset, rows in values.groupby("dataset"):
        by_rule = rows["source"].eq("plan")
        for sensitivity in ("", "without_exclusions") if by_rule.any() else ("",):
            only = set(rows.loc[by_rule, "endpoint"]) if sensitivity else set(facts["plan"]["endpoints"])
            kept = rows[rows["excluded"].eq("no") | (by_rule & bool(sensitivity))]
            measurements = kept.assign(measure=kept["endpoint"], analyte=None, region=None)
            plan, described = plan_of_values(facts, only, sensitivity)
            tables = statistics.StudyTables(measurements, checks, *cohort)
            made = statistics.analyse(tables, plan, described, statistics.Settings(**facts["settings"]))
            for name, parts in found.items():
                table = made[name].assign(dataset=dataset)
                if not sensitivity:
                    parts.append(table)
                elif "sensitivity" in table:
                    parts.append(table.assign(sensitivity=sensitivity, p_family=np.nan))
    wrong = sum(differences(name, pd.concat(parts, ignore_index=True)) for name, parts in found.items())
    print(f"{wrong} p values differ" if wrong else "every p value is reproduced")
    return int(wrong > 0)


def plan_of_values(
    facts: dict[str, Any], names: Iterable[str], sensitivity: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The plan and the measures of the values: each endpoint is a measure, and its exclusions are already applied."""
    endpoints: dict[str, dict[str, Any]] = {}
    described: dict[str, dict[str, Any]] = {}
    for name in names:
        planned = facts["plan"]["endpoints"][name]
        endpoint = {key: value for key, value in planned.items() if key not in ("analyte", "region", "window_min")}
        endpoints[name] = endpoint | {"measure": name, "where": {}, "exclude": []}
        if sensitivity:
            endpoints[name]["sensitivity"] = []
        measures = facts["measures"].get(planned["assay"], {})
        described.setdefault(planned["assay"], {})[name] = measures.get(planned["measure"], {"endpoint": True})
    order = [name for name in facts["plan"]["endpoints"] if name in endpoints]
    return facts["plan"] | {"endpoints": {name: endpoints[name] for name in order}}, described


def differences(name: str, made: pd.DataFrame) -> int:
    """Print the p values of one table that differ or are missing.

    Parameters
    ----------
    name : str
        Name of the published table.
    made : data frame
        The same table, computed here.

    Returns
    -------
    int
        Number of values that differ.
    """
    published, keys, count = read(name), KEYS[name], 0
    columns = [column for column in P_VALUES if column in published] or ["estimate"]
    both = [
        table[keys].astype(object).fillna("").astype(str).join(table[columns].astype(float))
        for table in (published, made)
    ]
    for row in both[0].merge(both[1], on=keys, how="left", suffixes=("", "_here")).to_dict("records"):
        for column in columns:
            before, after = row[column], row[f"{column}_here"]
            if not np.isclose(before, after, rtol=0, atol=TOLERANCE, equal_nan=True):
                place = " | ".join(row[key] for key in keys if row[key])
                print(f"{name}, {place}, {column}: {before} in the file, {after} here")
                count += 1
    return count


if __name__ == "__main__":
    sys.exit(main())
