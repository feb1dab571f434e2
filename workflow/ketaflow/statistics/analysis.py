"""The whole analysis: plan and tables in, the statistics tables out.

For each endpoint and data set: choose the rows, exclude what the plan or a reviewer excludes, analyse the rest
(endpoint_analysis.py); then adjust p across the families.
"""

import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from ketaflow.core.results import MEASUREMENT_COLUMNS
from ketaflow.statistics import dataset, endpoint_analysis, exclusions, preconditions
from ketaflow.statistics import plan as plans
from ketaflow.statistics.dataset import Analysis, Cohort, RowsOfMeasures
from ketaflow.statistics.model import Endpoint, Measure, Plan, Settings, StudyTables, measures_of
from ketaflow.statistics.results import multiplicity
from ketaflow.statistics.results.rows import ContrastRow, ExclusionRow
from ketaflow.statistics.results.tables import Results

# Columns of measurements.csv that name one value.
KEYS = ("animal", "recording", "session", "time_min", "sample")
NUMBERS = ("value", "time_min")
WORDS = ("animal", "assay", "measure", "analyte", "region", "session", "sample", "recording", "status", "reason")


@dataclass(frozen=True)
class Source:
    """One data set.

    Attributes
    ----------
    tables : StudyTables
        ``rejected`` is None in the data set of everything measured.
    cohort : Cohort
        Its animals and arms.
    """

    tables: StudyTables
    cohort: Cohort

    @cached_property
    def by_measure(self) -> RowsOfMeasures:
        """Measurements by assay and measure."""
        return dataset.by_measure(self.tables.measurements)


def analyse(
    tables: StudyTables,
    plan: Mapping[str, Any] | None,
    described: Mapping[str, Mapping[str, Mapping[str, Any]]],
    settings: Settings,
) -> dict[str, pd.DataFrame]:
    """Carry out the statistics plan, or the default plan.

    Parameters
    ----------
    tables : StudyTables
        Measurements, checks, the cohort, and reviewers' decisions.
    plan : mapping or None
        A plan as ``plan.read`` returns it; None for the default plan.
    described : mapping
        ``described[assay][measure]`` is an entry of ``measures.yaml``.
    settings : Settings
        Settings ``statistics`` of the study.

    Returns
    -------
    dict of str to data frame
        The tables of ``results.tables.Results`` by name.

    Raises
    ------
    PlanError
        The plan does not fit the cohort; the message lists every fault.
    """
    tables = replace(tables, measurements=_complete(tables.measurements))
    filled = plans.default(described, tables.measurements) if plan is None else plans.filled(plan)
    checked, measures = Plan.from_dict(filled), measures_of(described)
    cohort = dataset.join_cohort(tables.animals, tables.arms, tables.allocation)
    if faults := preconditions.faults(checked, tables, cohort, measures):
        raise plans.error(faults)
    sources = {"all": Source(replace(tables, rejected=None), cohort)}
    if tables.rejected is not None:
        kept = tables.measurements if tables.reviewed is None else _complete(tables.reviewed)
        sources["reviewed"] = Source(replace(tables, measurements=kept), cohort)
    parts = []
    with threadpool_limits(1):  # the matrices are small: threads would only wait for each other
        for (name, endpoint), (label, source) in product(checked.endpoints.items(), sources.items()):
            measure = measures.get(endpoint.assay, {}).get(endpoint.measure, Measure())
            one = _attempt(endpoint, source, measure, checked.alpha, settings)
            parts.append(one.labelled(endpoint=name, dataset=label, assay=endpoint.assay, measure=endpoint.measure))
    found = Results.joined(parts)
    return replace(found, contrasts=_across_families(found.contrasts, checked)).tables()


def _attempt(endpoint: Endpoint, source: Source, measure: Measure, alpha: float, settings: Settings) -> Results:
    """Analyse one endpoint; an unforeseen error becomes its note, with the traceback in the log."""
    try:
        return _one(endpoint, source, measure, alpha, settings)
    except Exception as error:
        traceback.print_exc()
        reason = f"it could not be computed ({type(error).__name__}: {error}); the log has the details"
        table = replace(dataset.EMPTY, measure=measure)
        return endpoint_analysis.refused(Analysis("", table, endpoint, source.cohort, alpha, settings), reason)


def _one(endpoint: Endpoint, source: Source, measure: Measure, alpha: float, settings: Settings) -> Results:
    """Analyse one endpoint in one data set."""
    tables, cohort = source.tables, source.cohort
    measured_rows = source.by_measure.get((endpoint.assay, endpoint.measure), tables.measurements[:0])
    chosen = dataset.chosen(measured_rows, endpoint)
    unit = measure.unit or str(next(iter(chosen["unit"].dropna()), ""))
    measure = replace(measure, unit=unit)
    measured = exclusions.failed(chosen)
    allocated = exclusions.unallocated(measured.rows, cohort)
    kept, excluded = allocated.rows, [*measured.excluded, *allocated.excluded]
    if tables.rejected is not None:
        reviewed = exclusions.rejected(kept, tables.rejected)
        kept, excluded = reviewed.rows, [*excluded, *reviewed.excluded]
    planned = exclusions.planned(kept, endpoint, tables.measurements, tables.checks, cohort)
    table = dataset.assemble(planned.rows, endpoint, cohort, measure)
    analysis = Analysis("", table, endpoint, cohort, alpha, settings, planned.notes)
    found = endpoint_analysis.analysed(analysis)
    if planned.excluded:
        whole = dataset.assemble(kept, endpoint, cohort, measure)
        without = replace(analysis, name="without_exclusions", table=whole, notes=())
        found = Results.joined([found, endpoint_analysis.fitted(without)[0]])
    excluded += planned.excluded
    return replace(found, exclusions=excluded, values=[_values(chosen, excluded, endpoint, cohort, measure.unit)])


def _values(
    chosen: pd.DataFrame, excluded: Sequence[ExclusionRow], endpoint: Endpoint, cohort: Cohort, unit: str
) -> pd.DataFrame:
    """Every value of an endpoint with the factors of its animal, whether it is excluded, and why."""
    wanted = dict.fromkeys(["arm", *endpoint.fixed, *endpoint.covariates, *endpoint.cluster])
    names = [name for name in wanted if name in cohort.animals and name not in KEYS]
    keys = ["animal", *(["period"] if endpoint.design == "crossover" else [])]
    rows = chosen[[*KEYS, "value", "assay", "status"]].reset_index(drop=True)
    if endpoint.design == "crossover":
        rows["period"] = rows["session"].astype(str)
        rows = rows.merge(cohort.animals.drop_duplicates(keys)[[*keys, *names]], on=keys, how="left")
    else:
        animals = cohort.animals.drop_duplicates("animal")
        places = pd.Index(animals["animal"]).get_indexer(rows["animal"])
        for name in names:
            rows[name] = np.where(places < 0, np.array(None), animals[name].to_numpy(object)[places])
    found = {tuple(str(getattr(row, key)) for key in KEYS): row for row in excluded}
    sources, reasons = np.full((2, len(rows)), "", dtype=object)
    if found:
        empty = ExclusionRow()
        cells = [[str(getattr(empty, key) if pd.isna(cell) else cell) for cell in rows[key]] for key in KEYS]
        by_row = [found.get(key, empty) for key in zip(*cells, strict=True)]
        sources, reasons = np.array([[row.source for row in by_row], [row.reason for row in by_row]], dtype=object)
    if endpoint.arms:
        others = (sources == "") & ~rows["arm"].isin(endpoint.arms).to_numpy()
        sources[others], reasons[others] = "arms", "the plan does not compare this arm"
    return rows.assign(excluded=np.where(sources == "", "no", "yes"), source=sources, reason=reasons, unit=unit)


def _complete(measurements: pd.DataFrame) -> pd.DataFrame:
    """Add the missing columns of the contract; values and times become numbers."""
    whole = measurements.reindex(columns=list(dict.fromkeys([*MEASUREMENT_COLUMNS, *measurements.columns])))
    numbers = {name: pd.to_numeric(whole[name]) for name in NUMBERS}
    return whole.assign(**numbers, **{name: whole[name].astype(object) for name in WORDS})


def _across_families(rows: Sequence[ContrastRow], plan: Plan) -> list[ContrastRow]:
    """Adjust p of the planned analyses within their family and data set."""
    adjusted = list(rows)
    families: dict[tuple[str, str], list[int]] = {}
    for i, row in enumerate(rows):
        if not row.sensitivity:
            families.setdefault((row.family, row.dataset), []).append(i)
    for (family, _), places in families.items():
        method = plan.families.get(family, "none")
        own = [rows[i] for i in places]
        groups = pd.factorize(pd.Series([f"{row.endpoint}\n{row.contrast}\n{row.hypothesis_group}" for row in own]))[0]
        p = multiplicity.across(
            np.array([row.p_adjusted for row in own]), np.array([row.p_value for row in own]), groups, method
        )
        for i, value in zip(places, p, strict=True):
            adjusted[i] = replace(rows[i], p_family=float(value), family_adjustment=method)
    return adjusted
