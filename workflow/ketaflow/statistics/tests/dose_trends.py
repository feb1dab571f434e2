"""Dose contrasts: slope over dose, Jonckheere's test, and the inverted U."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from ketaflow.statistics import dataset
from ketaflow.statistics.adapters import pingouin_adapter
from ketaflow.statistics.dataset import Analysis, Cohort, EndpointTable
from ketaflow.statistics.model import DoseLevels
from ketaflow.statistics.models import designs
from ketaflow.statistics.models.designs import Model
from ketaflow.statistics.results.rows import ContrastRow
from ketaflow.statistics.tests import contrasts, group_tests

DOSE = "dose_mg_per_kg"
# Columns of arms in which the arms of a dose series must equal the control.
SAME_AS_CONTROL = ("pretreatment", "stressor")


def tested(name: str, analysis: Analysis, model: Model) -> list[ContrastRow]:
    """Test a dose contrast of the plan, for each drug with several doses.

    Parameters
    ----------
    name : str
        One of ``CONTRASTS``.
    analysis : Analysis
        The endpoint and its rows.
    model : Model
        The fitted model.

    Returns
    -------
    list of ContrastRow
    """
    table, rows = analysis.table, []
    for drug, levels in dose_series(table, analysis.cohort).items():
        rows += [replace(row, hypothesis_group=drug) for row in CONTRASTS[name](levels, analysis, model)]
    if not rows:
        note = f"not tested: no drug has several doses among the levels of {table.treatment}"
        return [ContrastRow(contrast=name, n=table.animals, note=note)]
    return rows


def dose_series(table: EndpointTable, cohort: Cohort) -> dict[str, DoseLevels]:
    """Find the dose series of each drug with at least two doses besides the control.

    Parameters
    ----------
    table : EndpointTable
        The endpoint, whose treatment is ``arm`` or a factor with numeric levels.
    cohort : Cohort
        Animals and arms.

    Returns
    -------
    dict of str to DoseLevels
        By drug: levels and their dose, rising from the control. An arm belongs to a series if it differs from the
        control by that drug alone.
    """
    if table.treatment != "arm":
        doses = {level: dataset.as_number(level) for level in table.levels[table.treatment]}
        usable = len(doses) > 2 and not any(np.isnan(list(doses.values())))
        return {"": _rising(doses)} if usable else {}
    control, *others = (cohort.arm_facts[arm] for arm in table.levels["arm"])
    series: dict[str, dict[str, float]] = {}
    for arm in others:
        if arm[DOSE] > 0 and all(arm.get(column) == control.get(column) for column in SAME_AS_CONTROL):
            series.setdefault(str(arm["drug"]), {control["arm"]: float(control[DOSE])})[arm["arm"]] = float(arm[DOSE])
    return {drug: _rising(doses) for drug, doses in series.items() if len(set(doses.values())) > 2}


def series_table(table: EndpointTable, levels: DoseLevels) -> EndpointTable:
    """Return the rows of a dose series, with the levels in rising dose.

    Parameters
    ----------
    table : EndpointTable
    levels : DoseLevels
        Levels of the series with their dose.

    Returns
    -------
    EndpointTable
    """
    rows = table.rows[table.rows[table.treatment].isin(list(levels))].reset_index(drop=True)
    return replace(table, rows=rows, levels={**table.levels, table.treatment: list(levels)})


def doses_of(column: Iterable[str], levels: DoseLevels) -> np.ndarray:
    """Dose of each level in a column.

    Parameters
    ----------
    column : iterable of str
        Levels, one per row.
    levels : mapping of str to float
        Dose of each level (mg/kg).

    Returns
    -------
    (n_rows,) float
        Doses (mg/kg).
    """
    return np.array([levels[level] for level in column], dtype=float)


def _rising(doses: DoseLevels) -> DoseLevels:
    return dict(sorted(doses.items(), key=lambda item: item[1]))


def _slope(levels: DoseLevels, analysis: Analysis, model: Model) -> list[ContrastRow]:
    """Slope over dose: the model of the design with the dose as a covariate instead of the treatment."""
    table, endpoint = analysis.table, analysis.endpoint
    part = series_table(table, levels)
    numeric = replace(
        part, rows=part.rows.assign(**{DOSE: doses_of(part.rows[table.treatment], levels)}), treatment=DOSE,
        levels={k: v for k, v in part.levels.items() if k != table.treatment},
    )  # fmt: skip
    single = replace(
        endpoint,
        fixed=(DOSE, *endpoint.fixed[1:]),
        covariates=(DOSE, *endpoint.covariates),
        design="one_way" if endpoint.design == "factorial" else endpoint.design,
    )
    fitted = designs.fit(numeric, single)
    weights = np.zeros(len(fitted.fit.beta))
    weights[fitted.coding.place((DOSE,))] = 1
    interacting = [term for term in fitted.coding.terms if DOSE in term and len(term) > 1]
    if interacting and numeric.time not in numeric.levels:
        weights[fitted.coding.place(interacting[0])] = float(numeric.rows[numeric.time].astype(float).mean())
    slope = contrasts.ContrastSet("trend", (contrasts.Comparison(DOSE, "", weights),), "none")
    rows = contrasts.tested(slope, fitted, alternative=endpoint.alternative, level=analysis.level)
    return [replace(row, n=part.animals, note=_levels_note(levels)) for row in rows]


def _jonckheere(levels: DoseLevels, analysis: Analysis, model: Model) -> list[ContrastRow]:
    table = analysis.table
    part = series_table(table, levels)
    j, z, p = group_tests.jonckheere(list(part.groups.values()), analysis.endpoint.alternative)
    return [
        ContrastRow(
            contrast="jonckheere", level=DOSE if table.treatment == "arm" else table.treatment, n=part.animals,
            estimate=j, statistic_name="z", statistic=z, p_value=p, p_adjusted=p, adjustment="none",
            model="Jonckheere", note=_levels_note(levels),
        )
    ]  # fmt: skip


def _inverted_u(levels: DoseLevels, analysis: Analysis, model: Model) -> list[ContrastRow]:
    """For each intermediate dose: does it act more than both the control and the highest dose?

    p is the larger of the two one-sided p (intersection-union, Berger 1982, doi:10.1080/00401706.1982.10487790), with
    Holm over the intermediate doses. A curve that levels off is not significant.
    """
    table = analysis.table
    control, *between, top = levels
    direction = "lower" if table.measure.direction == "lower" else "higher"
    sign = -1 if direction == "lower" else 1
    rows = []
    for dose in between:
        parts = []
        for other in (control, top):
            part = model.fit.estimate(model.mean(**{table.treatment: dose}) - model.mean(**{table.treatment: other}))
            parts.append((sign * part.value / part.se, part, other))
        t, part, nearest = min(parts, key=lambda entry: entry[0])
        p = float(contrasts.tail(np.array(t), np.array(part.df), "greater"))
        note = f"the smaller of the two differences, that from {nearest}; one-sided, {direction} values expected"
        rows.append(
            ContrastRow(
                contrast="inverted_u", level=dose, reference=f"{control} and {top}", n=table.animals,
                model=model.name, estimate=part.value, se=part.se, df=part.df, df_method=model.fit.df_method,
                statistic_name="t", statistic=sign * t, p_value=p, adjustment="holm", note=note,
            )
        )  # fmt: skip
    adjusted = pingouin_adapter.holm(np.array([row.p_value for row in rows]))
    return [replace(row, p_adjusted=float(p)) for row, p in zip(rows, adjusted, strict=True)]


def _levels_note(levels: DoseLevels) -> str:
    return "over " + ", ".join(f"{level} ({dose:g})" for level, dose in levels.items())


DoseContrast = Callable[[DoseLevels, Analysis, Model], list[ContrastRow]]
CONTRASTS: dict[str, DoseContrast] = {"trend": _slope, "jonckheere": _jonckheere, "inverted_u": _inverted_u}
