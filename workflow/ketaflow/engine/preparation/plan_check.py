"""The statistics plan checked against the cohort before any job: every fault at once.

What only the measurements can show (a session that nobody recorded, an analyte that no blot has) is found by the
statistics themselves.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from ketaflow import assays
from ketaflow.core import yaml_files
from ketaflow.core.cohort import Cohort
from ketaflow.core.errors import Problem
from ketaflow.core.results import MEASUREMENT_COLUMNS
from ketaflow.core.tables import nearest
from ketaflow.engine import recordings
from ketaflow.statistics import plan as plans

# Columns that a factor may have without a table: what repeats within an animal.
WITHIN = ("arm", "time_min", "session", "region", "sample", "period")
COLUMN_KEYS = ("fixed", "covariates", "cluster")


def checked(cohort: Cohort) -> tuple[list[Problem], set[str]]:
    """Check a cohort's plan.

    Parameters
    ----------
    cohort : Cohort
        The cohort, its tables read.

    Returns
    -------
    problems : list of Problem
        Unknown keys and words, contradictions, assays without a table, measures, columns and arms that do not exist.
    used : set of str
        Columns of animals and arms that the plan names.
    """
    content, problems = yaml_files.read(cohort.folder / plans.FILE)
    if content is None:
        return problems, set()
    if not isinstance(content, dict):
        return [Problem(plans.FILE, 0, "", "no endpoints found", "Write it as in docs/plan.md")], set()
    problems += plans.faults(content)
    endpoints = content.get("endpoints")
    if not isinstance(endpoints, dict) or {"animals", "arms", "allocation"} - set(cohort.tables):
        return problems, set()
    used: set[str] = set()
    for name, endpoint in endpoints.items():
        if isinstance(endpoint, dict):
            problems += _endpoint(f"endpoints.{name}", endpoint, cohort)
            used |= _named(endpoint)
    return problems, used


def _endpoint(place: str, endpoint: Mapping[str, Any], cohort: Cohort) -> list[Problem]:
    found = _measure(place, endpoint, cohort)
    tables = [cohort.tables[name] for name in ("animals", "arms", "allocation")]
    columns = {str(column) for table in tables for column in table.columns}
    known = {*columns, *WITHIN}
    for key in COLUMN_KEYS:
        for column in _words(endpoint.get(key)):
            if column not in known:
                found.append(_unknown(f"{place}.{key}", "column of animals or arms", column, sorted(known)))
    for column in _words(endpoint.get("covariates")):
        found += _not_numeric(f"{place}.covariates", column, cohort)
    where = endpoint.get("where")
    for column in where if isinstance(where, dict) else ():
        if column not in MEASUREMENT_COLUMNS:
            found.append(_unknown(f"{place}.where", "column of measurements.csv", str(column), MEASUREMENT_COLUMNS))
    arms = sorted(cohort.tables["arms"]["arm"].dropna())
    for arm in _words(endpoint.get("arms")):
        if arm not in arms:
            found.append(_unknown(f"{place}.arms", "arm", arm, arms))
    if _words(endpoint.get("fixed"))[:1] in ([], ["arm"]):
        for contrast in endpoint.get("contrasts") or []:
            weights = contrast.get("weights") if isinstance(contrast, dict) else None
            for arm in weights if isinstance(weights, dict) else ():
                if arm not in arms:
                    found.append(_unknown(f"{place}.contrasts", "arm", str(arm), arms))
    return found


def _measure(place: str, endpoint: Mapping[str, Any], cohort: Cohort) -> list[Problem]:
    """Whether the endpoint's assay has a table, or imported measurements, and its measure exists."""
    assay, measure = str(endpoint.get("assay", "")), str(endpoint.get("measure", ""))
    imported = cohort.tables.get("measurements", pd.DataFrame({"assay": [], "measure": []}))
    own = imported[imported["assay"].eq(assay)]
    measured = [name for name in assays.names() if recordings.main_table(name) in cohort.tables]
    known = {*measured, *imported["assay"].dropna()}
    if assay and assay not in known:
        if assay in assays.names():
            file = f"{recordings.main_table(assay)}.csv"
            remedy = f"Add {file}, or leave the endpoint out"
            return [Problem(plans.FILE, 0, f"{place}.assay", f"the cohort has no table for {assay}", remedy)]
        return [_unknown(f"{place}.assay", "assay of this cohort", assay, sorted(known))]
    described = assays.described(assay, "measures") if assay in measured else {}
    measures = sorted({*described, *own["measure"].dropna()})
    if measure and assay and measure not in measures:
        return [_unknown(f"{place}.measure", f"measure of {assay}", measure, measures)]
    return []


def _not_numeric(place: str, column: str, cohort: Cohort) -> list[Problem]:
    """A covariate that holds words."""
    for name in ("animals", "arms"):
        table = cohort.tables[name]
        if column in table and not pd.api.types.is_numeric_dtype(table[column]):
            numbers = pd.to_numeric(table[column], errors="coerce")
            wrong = table.index[table[column].notna() & numbers.isna()]
            if len(wrong):
                row = int(str(wrong[0]))
                found = f"the covariate {column} holds words ({cohort.files[name]}, row {row})"
                return [Problem(plans.FILE, 0, place, found, "Enter numbers, or name it under fixed as a factor")]
    return []


def _named(endpoint: Mapping[str, Any]) -> set[str]:
    """Columns an endpoint names, those in its exclusion rules included."""
    rules = endpoint.get("exclude") or []
    words = {word for rule in rules if isinstance(rule, dict) for word in str(rule.get("when", "")).split()}
    return {word for key in COLUMN_KEYS for word in _words(endpoint.get(key))} | words


def _words(value: object) -> list[str]:
    return [str(word) for word in value] if isinstance(value, list) else [value] if isinstance(value, str) else []


def _unknown(place: str, what: str, word: str, known: Iterable[str]) -> Problem:
    listed = list(known)
    meant = nearest(word, listed)
    hint = f"Did you mean '{meant}'?" if meant else f"Known: {', '.join(listed) or 'none'}"
    return Problem(plans.FILE, 0, place, f"there is no {what} '{word}'", hint)
