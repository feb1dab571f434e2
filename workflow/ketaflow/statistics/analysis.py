"""The whole analysis: plan and tables in, the statistics tables out.

For each endpoint and data set: choose the rows, leave out what the plan or a reviewer excludes, refuse
what cannot be tested, fit the design's model, test the planned contrasts, show the sensitivity analyses
beside them; then correct across families.
"""

import traceback
from collections.abc import Mapping
from itertools import product

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from ketaflow.core.measures import MEASUREMENT_COLUMNS
from ketaflow.statistics import dataset, endpoint_analysis, endpoint_tables, exclusions, preconditions
from ketaflow.statistics import plan as plans
from ketaflow.statistics.results import columns, multiplicity

GROUP = "group"


def analyse(
    measurements: pd.DataFrame,
    checks: pd.DataFrame,
    animals: pd.DataFrame,
    arms: pd.DataFrame,
    allocation: pd.DataFrame,
    plan: Mapping | None,
    measures: Mapping[str, Mapping[str, Mapping]],
    rejected: pd.DataFrame | None,
    reviewed: pd.DataFrame | None = None,
    **settings: object,
) -> dict[str, pd.DataFrame]:
    """Carry out the plan (the default plan where there is none).

    Parameters
    ----------
    measurements, checks
        The two tables of all assays, with the contract's columns.
    animals, arms, allocation
        The cohort's tables, typed.
    plan
        A plan as ``plan.read`` gives it, or None.
    measures
        ``{assay: {measure: facts}}`` as the assays describe them.
    rejected
        Reviewers' rejections (assay, recording, animal, reviewer, reason); None where nobody decided.
    reviewed
        Measurements in which nothing was computed from a rejected recording; None where they are the same.
    settings
        ``settings.schema.yaml``.

    Returns
    -------
    tables by name, each with the columns of ``columns.TABLES``.

    Raises
    ------
    PlanError
        The plan does not fit the cohort; the text names every fault.
    """
    measurements = _complete(measurements)
    by_dataset = {"all": measurements, "reviewed": measurements if reviewed is None else _complete(reviewed)}
    plan = plans.default(measures, measurements) if plan is None else plans.filled(plan)
    known = dataset.cohort(animals, arms, allocation)
    faults = preconditions.faults(plan, measurements, checks, known, measures)
    if faults:
        raise plans.error(faults)
    lines: dict[str, list[dict]] = {name: [] for name in columns.TABLES}
    datasets = ("all",) if rejected is None else ("all", "reviewed")
    with threadpool_limits(1):  # the matrices are small: threads would only wait for each other
        for (name, endpoint), which in product(plan["endpoints"].items(), datasets):
            facts = measures.get(endpoint["assay"], {}).get(endpoint["measure"], {})
            decisions = rejected if which == "reviewed" else None
            found = _attempt(
                endpoint, by_dataset[which], checks, known, decisions, facts=facts, alpha=plan["alpha"], **settings
            )
            for table, rows in found.items():
                lines[table] += [{"endpoint": name, "dataset": which} | row for row in rows]
    tables = {name: _table(rows, columns.TABLES[name], plan) for name, rows in lines.items()}
    tables["contrasts"] = _across_families(tables["contrasts"], plan)
    return tables


def _attempt(endpoint: Mapping, *inputs: object, facts: Mapping, **settings: object) -> dict[str, list[dict]]:
    """One endpoint; what goes wrong unforeseen becomes its note, with the traceback in the log."""
    try:
        return _one(endpoint, *inputs, facts=facts, **settings)
    except Exception as error:
        traceback.print_exc()
        reason = f"it could not be computed ({type(error).__name__}: {error}); the log has the details"
        labels = {"assay": endpoint["assay"], "measure": endpoint["measure"], "unit": facts.get("unit", "")}
        return {
            "contrasts": [
                labels | line for line in endpoint_analysis.refused(dataset.EMPTY, endpoint, reason, "")["contrasts"]
            ]
        }


def _one(
    endpoint, measurements, checks, known, rejected, *, facts, alpha, min_animals_per_arm, power
) -> dict[str, list[dict]]:
    """All tables of one endpoint in one data set."""
    chosen = dataset.chosen(measurements, endpoint)
    facts = {"unit": next(iter(chosen["unit"].dropna()), "")} | dict(facts)
    rows, out = exclusions.failed(chosen)
    rows, lines = exclusions.unallocated(rows, known)
    out += lines
    if rejected is not None:
        rows, lines = exclusions.rejected(rows, rejected)
        out += lines
    kept, lines, notes = exclusions.planned(rows, endpoint, measurements, checks, known)
    table = dataset.assemble(kept, endpoint, known, facts)
    least = min_animals_per_arm
    found = endpoint_tables.analysed(table, endpoint, known, alpha=alpha, least=least, power_wanted=power, notes=notes)
    if lines:
        whole = dataset.assemble(rows, endpoint, known, facts)
        beside, _ = endpoint_analysis.analysed(whole, endpoint, known, "without_exclusions", alpha=alpha, least=least)
        found = endpoint_tables.joined(found, beside)
    labels = {"assay": endpoint["assay"], "measure": endpoint["measure"], "unit": facts["unit"]}
    for name in ("contrasts", "omnibus", "descriptives"):
        found[name] = [labels | row for row in found.get(name, [])]
    return found | {"exclusions": out + lines}


def _complete(measurements: pd.DataFrame) -> pd.DataFrame:
    """Every column of the contract; values and times as numbers."""
    whole = measurements.reindex(columns=list(dict.fromkeys([*MEASUREMENT_COLUMNS, *measurements.columns])))
    numbers = {name: pd.to_numeric(whole[name]) for name in ("value", "time_min")}
    words = ["animal", "assay", "measure", "analyte", "region", "session", "sample", "recording", "status", "reason"]
    return whole.assign(**numbers, **{name: whole[name].astype(object) for name in words})


def _table(rows: list[dict], names: tuple[str, ...], plan: Mapping) -> pd.DataFrame:
    """A table with the contract's columns first, then factors of the plan."""
    frame = pd.DataFrame(rows)
    factors = [name for endpoint in plan["endpoints"].values() for name in endpoint["fixed"]]
    more = [name for name in dict.fromkeys([*factors, GROUP]) if name in frame.columns and name not in names]
    return frame.reindex(columns=[*names, *more])


def _across_families(contrasts: pd.DataFrame, plan: Mapping) -> pd.DataFrame:
    """Add ``p_family``: the plan's own analyses corrected within their family and data set."""
    contrasts = contrasts.assign(p_family=np.nan, family_adjustment="")
    if not len(contrasts):
        return contrasts
    planned = contrasts["sensitivity"].fillna("").eq("")
    for (family, _), rows in contrasts[planned].groupby(["family", "dataset"], sort=False):
        method = plan["families"].get(family, "none")
        groups = pd.factorize(pd.Series(list(zip(rows["endpoint"], rows["contrast"], rows[GROUP], strict=True))))[0]
        adjusted = multiplicity.across(
            rows["p_adjusted"].to_numpy(float), rows["p_value"].to_numpy(float), groups, method
        )
        contrasts.loc[rows.index, "p_family"] = adjusted
        contrasts.loc[rows.index, "family_adjustment"] = method
    return contrasts.drop(columns=GROUP, errors="ignore")
