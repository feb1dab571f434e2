"""The whole analysis: plan and tables in, the statistics tables out.

For each endpoint and data set: choose the rows, leave out what the plan or a reviewer excludes, refuse
what cannot be tested, fit the design's model, test the planned contrasts, show the sensitivity analyses
beside them; then correct across families.
"""

import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from ketaflow.core.results import MEASUREMENT_COLUMNS
from ketaflow.statistics import dataset, endpoint_analysis, endpoint_tables, exclusions, preconditions
from ketaflow.statistics import plan as plans
from ketaflow.statistics.dataset import Cohort
from ketaflow.statistics.model import Endpoint, Line, Lines, MeasureFacts, Measures, Plan, Settings
from ketaflow.statistics.results import columns, multiplicity

GROUP = "group"


@dataclass(frozen=True)
class Source:
    """What the endpoints of one data set are made of.

    Attributes
    ----------
    measurements, checks : pd.DataFrame
        The tables of all assays, with the contract's columns.
    known : Cohort
        Animals with their arms.
    rejected : pd.DataFrame or None
        Reviewers' rejections; None in the data set of everything measured.
    """

    measurements: pd.DataFrame
    checks: pd.DataFrame
    known: Cohort
    rejected: pd.DataFrame | None


def analyse(
    measurements: pd.DataFrame,
    checks: pd.DataFrame,
    animals: pd.DataFrame,
    arms: pd.DataFrame,
    allocation: pd.DataFrame,
    plan: Mapping[str, Any] | None,
    measures: Measures,
    rejected: pd.DataFrame | None,
    reviewed: pd.DataFrame | None = None,
    **settings: Any,
) -> dict[str, pd.DataFrame]:
    """Carry out the statistics plan, or the default plan.

    Parameters
    ----------
    measurements, checks
        The two tables of all assays, with the contract's columns.
    animals, arms, allocation
        The cohort's tables, typed.
    plan
        A plan as ``plan.read`` returns it; None for the default plan.
    measures
        What the assays say of their measures (unit, direction, range), by assay and measure.
    rejected
        Reviewers' rejections (assay, recording, animal, reviewer, reason); None if nobody has decided.
    reviewed
        Measurements of which none was computed from a rejected recording; None if they are the same.
    settings
        ``settings.schema.yaml``.

    Returns
    -------
    Tables by name, each with the columns of ``columns.TABLES``.

    Raises
    ------
    PlanError
        The plan does not fit the cohort; the text lists every fault.
    """
    measurements = _complete(measurements)
    checked = Plan.of(plans.default(measures, measurements) if plan is None else plans.filled(plan))
    known = dataset.cohort(animals, arms, allocation)
    faults = preconditions.faults(checked, measurements, checks, known, measures)
    if faults:
        raise plans.error(faults)
    sources = {"all": Source(measurements, checks, known, None)}
    if rejected is not None:
        kept = measurements if reviewed is None else _complete(reviewed)
        sources["reviewed"] = Source(kept, checks, known, rejected)
    lines: Lines = {name: [] for name in columns.TABLES}
    with threadpool_limits(1):  # the matrices are small: threads would only wait for each other
        for (name, endpoint), (label, source) in product(checked.endpoints.items(), sources.items()):
            facts = measures.get(endpoint.assay, {}).get(endpoint.measure, {})
            for table, rows in _attempt(endpoint, source, facts, checked.alpha, Settings(**settings)).items():
                lines[table] += [{"endpoint": name, "dataset": label} | row for row in rows]
    tables = {name: _table(rows, columns.TABLES[name], checked) for name, rows in lines.items()}
    tables["contrasts"] = _across_families(tables["contrasts"], checked)
    return tables


def _attempt(endpoint: Endpoint, source: Source, facts: MeasureFacts, alpha: float, settings: Settings) -> Lines:
    """Analyse one endpoint; an unforeseen error becomes its note, with the traceback in the log."""
    try:
        return _one(endpoint, source, facts, alpha, settings)
    except Exception as error:
        traceback.print_exc()
        reason = f"it could not be computed ({type(error).__name__}: {error}); the log has the details"
        labels = {"assay": endpoint.assay, "measure": endpoint.measure, "unit": facts.get("unit", "")}
        refused = endpoint_analysis.refused(dataset.EMPTY, endpoint, reason, "")["contrasts"]
        return {"contrasts": [labels | line for line in refused]}


def _one(endpoint: Endpoint, source: Source, facts: MeasureFacts, alpha: float, settings: Settings) -> Lines:
    """All tables of one endpoint in one data set."""
    chosen = dataset.chosen(source.measurements, endpoint)
    facts = {"unit": next(iter(chosen["unit"].dropna()), "")} | dict(facts)
    rows, out = exclusions.failed(chosen)
    rows, lines = exclusions.unallocated(rows, source.known)
    out += lines
    if source.rejected is not None:
        rows, lines = exclusions.rejected(rows, source.rejected)
        out += lines
    kept, lines, notes = exclusions.planned(rows, endpoint, source.measurements, source.checks, source.known)
    table = dataset.assemble(kept, endpoint, source.known, facts)
    found = endpoint_tables.analysed(table, endpoint, source.known, alpha=alpha, settings=settings, notes=notes)
    if lines:
        whole = dataset.assemble(rows, endpoint, source.known, facts)
        beside, _ = endpoint_analysis.analysed(
            whole, endpoint, source.known, "without_exclusions", alpha=alpha, least=settings.min_animals_per_arm
        )
        found = endpoint_tables.joined(found, beside)
    labels = {"assay": endpoint.assay, "measure": endpoint.measure, "unit": facts["unit"]}
    for name in ("contrasts", "omnibus", "descriptives"):
        found[name] = [labels | row for row in found.get(name, [])]
    return found | {"exclusions": out + lines}


def _complete(measurements: pd.DataFrame) -> pd.DataFrame:
    """Every column of the contract; values and times as numbers."""
    whole = measurements.reindex(columns=list(dict.fromkeys([*MEASUREMENT_COLUMNS, *measurements.columns])))
    numbers = {name: pd.to_numeric(whole[name]) for name in ("value", "time_min")}
    words = ["animal", "assay", "measure", "analyte", "region", "session", "sample", "recording", "status", "reason"]
    return whole.assign(**numbers, **{name: whole[name].astype(object) for name in words})


def _table(rows: list[Line], names: tuple[str, ...], plan: Plan) -> pd.DataFrame:
    """A table with the contract's columns first, then factors of the plan."""
    frame = pd.DataFrame(rows)
    factors = [name for endpoint in plan.endpoints.values() for name in endpoint.fixed]
    more = [name for name in dict.fromkeys([*factors, GROUP]) if name in frame.columns and name not in names]
    return frame.reindex(columns=[*names, *more])


def _across_families(contrasts: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """Add ``p_family``: the plan's own analyses corrected within their family and data set."""
    contrasts = contrasts.assign(p_family=np.nan, family_adjustment="")
    if not len(contrasts):
        return contrasts
    planned = contrasts["sensitivity"].fillna("").eq("")
    for (family, _), rows in contrasts[planned].groupby(["family", "dataset"], sort=False):
        method = plan.families.get(family, "none")
        groups = pd.factorize(pd.Series(list(zip(rows["endpoint"], rows["contrast"], rows[GROUP], strict=True))))[0]
        adjusted = multiplicity.across(
            rows["p_adjusted"].to_numpy(float), rows["p_value"].to_numpy(float), groups, method
        )
        contrasts.loc[rows.index, "p_family"] = adjusted
        contrasts.loc[rows.index, "family_adjustment"] = method
    return contrasts.drop(columns=GROUP, errors="ignore")
