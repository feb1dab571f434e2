"""Errors of the plan, and reasons to refuse an endpoint.

A *fault* is an error of the plan: a measure or column that does not exist, or more than one row per animal in a design
with one. All faults are collected and end the run. A *refusal* depends on the data: an arm with too few animals, a
control without variance. It is reported with the endpoint; the other endpoints are analysed.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from ketaflow.core.errors import Problem
from ketaflow.core.tables import nearest
from ketaflow.statistics import dataset, exclusion_rules
from ketaflow.statistics.dataset import Analysis, Cohort, EndpointTable
from ketaflow.statistics.model import CustomContrast, Endpoint, Measure, Measures, Plan, StudyTables
from ketaflow.statistics.plan import FILE
from ketaflow.statistics.tests import group_tests

# A fault: key of the endpoint, what was found, what to do.
Fault = tuple[str, str, str]
# Columns that an exclusion rule may not use.
TREATMENT = ("arm", "drug", "dose_mg_per_kg", "pretreatment", "treatment", "dose")


def faults(plan: Plan, tables: StudyTables, cohort: Cohort, measures: Measures) -> list[Problem]:
    """Find every fault of the plan against the study.

    Parameters
    ----------
    plan : Plan
    tables : StudyTables
        Measurements and checks of the study.
    cohort : Cohort
        Its animals and arms.
    measures : Measures
        The measures that the assays describe.
    """
    found = []
    rows = dataset.by_measure(tables.measurements)
    for name, endpoint in plan.endpoints.items():
        measured = rows.get((endpoint.assay, endpoint.measure), tables.measurements[:0])
        for key, what, remedy in _endpoint_faults(endpoint, measured, tables, cohort, measures):
            found.append(Problem(FILE, 0, f"endpoints.{name}.{key}", what, remedy))
    return found


def _endpoint_faults(
    endpoint: Endpoint, measured: pd.DataFrame, tables: StudyTables, cohort: Cohort, measures: Measures
) -> Iterator[Fault]:
    measurements = tables.measurements
    yield from _column_faults(endpoint, cohort)
    yield from _rule_faults(endpoint, tables, cohort, measures)
    if not len(measured):
        if endpoint.measure not in measures.get(endpoint.assay, {}):
            of_assay = measurements[measurements["assay"] == endpoint.assay]
            yield _unknown_measure(endpoint, measurements, of_assay, measures)
        return
    for column, wanted in dataset.conditions(endpoint).items():
        if column not in measurements:
            yield _unknown(f"where.{column}", column, list(measurements.columns), "column of measurements.csv")
            continue
        for value in wanted if isinstance(wanted, list) else [wanted]:
            if not dataset.matches(measured[column], value).any():
                present = [str(entry) for entry in measured[column].dropna().unique()]
                yield _unknown(f"where.{column}", str(value), present, f"{column} of {endpoint.measure}")
                return
    if all(column in measurements for column in endpoint.where):
        yield from unit_faults(dataset.chosen(measured, endpoint), endpoint, cohort)


def unit_faults(rows: pd.DataFrame, endpoint: Endpoint, cohort: Cohort) -> Iterator[Fault]:
    """Guard the unit: find animals with more rows than the design accounts for.

    Parameters
    ----------
    rows : data frame
        Rows of the endpoint in measurements.csv.
    endpoint : Endpoint
        The endpoint's entry in the plan.
    cohort : Cohort
        Animals and arms.

    Yields
    ------
    Fault
    """
    rows = rows[rows["value"].notna()]
    design = endpoint.design
    if endpoint.summary == "mean" or (design != "crossover" and rows["animal"].is_unique):
        return
    apart: list[str] = ["animal"]
    allowed: tuple[str, ...] = ()
    if design == "repeated":
        apart = ["animal", "time_min" if rows["time_min"].notna().any() else "session", "sample"]
        allowed = ("time_min", "sample", "recording", apart[1])
    elif design == "nested":
        apart, allowed = [], ("sample", "recording")
    elif design == "crossover":
        yield from _period_faults(rows, cohort)
        apart, allowed = ["animal", "session"], ("session", "recording")
    varying = [column for column in dataset.WITHIN_ANIMAL if column in rows and _varies(rows[column], rows["animal"])]
    unexpected = [column for column in varying if column not in allowed]
    repeated = rows[rows.duplicated(apart, keep=False)] if apart else rows.iloc[:0]
    if design == "nested" and unexpected:
        repeated = rows[rows.groupby("animal", sort=False)[unexpected[0]].transform("nunique") > 1]
    if not len(repeated):
        return
    animal = repeated["animal"].iloc[0]
    count = int((repeated["animal"] == animal).sum())
    column = next((name for name in unexpected), next(iter(varying), "nothing, not even recording"))
    yield (
        "design",
        f"{count} rows for animal {animal}, and the design {design} allows one: what repeats is {column}",
        _unit_remedy(column),
    )


def _varies(values: pd.Series, animals: pd.Series) -> bool:
    """Whether a column has several values within an animal."""
    codes, names = pd.factorize(values)
    known = codes >= 0
    animal = pd.factorize(animals)[0][known]
    return len(np.unique(animal * len(names) + codes[known])) > len(np.unique(animal))


def refusal(analysis: Analysis) -> str:
    """Say why an endpoint cannot be tested; empty if it can.

    Parameters
    ----------
    analysis : Analysis
        The endpoint and its rows.

    Returns
    -------
    str
    """
    table, endpoint, cohort = analysis.table, analysis.endpoint, analysis.cohort
    rows = table.rows
    if not len(rows):
        return "nothing was measured"
    checks = (
        _two_arms(rows, endpoint), _several_units(rows), _out_of_range(rows, table.measure),
        _off_scale(rows, endpoint.scale), _missing_columns(rows, endpoint),
        _too_few(table, endpoint, cohort, analysis.settings.min_animals_per_arm),
        _empty_cell(table, endpoint), _no_variance(table),
    )  # fmt: skip
    return next((reason for reason in checks if reason), "")


def confounded(table: EndpointTable) -> list[str]:
    """Return ``cage`` or ``litter`` if each of them was in one arm only: it is confounded with the treatment.

    Parameters
    ----------
    table : EndpointTable

    Returns
    -------
    list of str
    """
    found = []
    for column in ("cage", "litter"):
        if column not in table.rows or not table.treatment:
            continue
        names = (column, table.treatment, "animal")
        rows = set(zip(*(table.rows[name].tolist() for name in names), strict=True))
        known = [row for row in rows if not pd.isna(row[0])]
        arms_in = Counter(home for home, _ in {row[:2] for row in known})
        animals_in = Counter(home for home, _ in {(row[0], row[2]) for row in known})
        if len(arms_in) > 1 and max(animals_in.values()) > 1 and max(arms_in.values()) == 1:
            found.append(column)
    return found


def _two_arms(rows: pd.DataFrame, endpoint: Endpoint) -> str:
    if endpoint.design == "crossover":
        return ""
    arms = Counter(animal for animal, _ in set(zip(rows["animal"].tolist(), rows["arm"].tolist(), strict=True)))
    twice = sorted(animal for animal, count in arms.items() if count > 1)
    return f"animal {', '.join(twice[:3])} is in two arms; only a crossover design allows that" if twice else ""


def _several_units(rows: pd.DataFrame) -> str:
    units = sorted(map(str, pd.factorize(rows["unit"])[1]))
    return f"values in several units: {', '.join(units)}" if len(units) > 1 else ""


def _out_of_range(rows: pd.DataFrame, measure: Measure) -> str:
    low, high = measure.minimum, measure.maximum
    outside = np.zeros(len(rows), dtype=bool)
    if low is not None:
        outside |= rows["value"].to_numpy() < low
    if high is not None:
        outside |= rows["value"].to_numpy() > high
    if not outside.any():
        return ""
    first = rows[outside].iloc[0]
    limits = f"{'-inf' if low is None else low} to {'inf' if high is None else high}"
    return f"animal {first['animal']} has {first['value']:g}, outside the physical range of the measure ({limits})"


def _off_scale(rows: pd.DataFrame, scale: str) -> str:
    is_lost = np.isnan(rows["y"].to_numpy())
    if not is_lost.any():
        return ""
    lost = rows[is_lost]
    allowed = {"log": "values above 0", "logit": "percentages between 0 and 100, both excluded"}[scale]
    squeeze = " or move all percentages off the bounds (at_bounds: squeeze)" if scale == "logit" else ""
    first, count = lost.iloc[0], lost["animal"].nunique()
    return (
        f"the scale {scale} needs {allowed}; animal {first['animal']} has {first['value']:g} ({count} such animals). "
        f"Analyse the values untransformed (scale: identity) with a rank test (sensitivity: [rank]){squeeze}"
    )


def _missing_columns(rows: pd.DataFrame, endpoint: Endpoint) -> str:
    for column in (*endpoint.covariates, *endpoint.cluster):
        empty = rows.loc[rows[column].isna(), "animal"].unique()
        if len(empty):
            return f"animal {', '.join(empty[:3])} has no {column}"
    return ""


def _too_few(table: EndpointTable, endpoint: Endpoint, cohort: Cohort, least: int) -> str:
    if not table.treatment:
        return ""
    levels = table.levels[table.treatment]
    if len(levels) < 2:
        return f"only one level of {table.treatment} was measured: {', '.join(map(str, levels))}"
    if table.treatment == "arm" and cohort.control not in levels and not endpoint.arms:
        return f"the control arm {cohort.control} was not measured"
    small = {level: len(values) for level, values in table.groups.items() if len(values) < least}
    counts = ", ".join(f"{level} has {count}" for level, count in small.items())
    return f"too few animals to compare (at least {least} per arm): {counts}" if small else ""


def _empty_cell(table: EndpointTable, endpoint: Endpoint) -> str:
    """Name a combination of factor levels, or of arm and time, without an animal."""
    if endpoint.design == "repeated" and table.treatment and table.time in table.levels:
        return _empty_time(table)
    if endpoint.design != "factorial":
        return ""
    factors = list(endpoint.fixed)
    seen = set(table.rows[factors].itertuples(index=False, name=None))
    cells = pd.MultiIndex.from_product([table.levels[name] for name in factors])
    empty = [cell for cell in cells if cell not in seen]
    if not empty:
        return ""
    named = " and ".join(f"{name} {value}" for name, value in zip(factors, empty[0], strict=True))
    return f"no animal with {named}: without that cell their interaction is not estimable"


def _empty_time(table: EndpointTable) -> str:
    """Name an arm that was not measured at one of the times."""
    seen = set(zip(table.rows[table.treatment], table.rows[table.time], strict=True))
    for level in table.levels[table.treatment]:
        for time in table.levels[table.time]:
            if (level, time) not in seen:
                remedy = "Limit the times with window_min, or the arms with arms"
                return f"no animal of {level} was measured at {table.time} {time}: {remedy}"
    return ""


def _no_variance(table: EndpointTable) -> str:
    if not table.treatment:
        constant = group_tests.is_constant(table.unit_means["y"].to_numpy())
        return "all animals have the same value" if constant else ""
    reference = table.levels[table.treatment][0]
    if not group_tests.is_constant(table.groups[reference]):
        return ""
    return (
        f"all animals of {reference} have the same value ({table.groups[reference][0]:g}): was each value divided by "
        "its own control? Analyse the values before that division"
    )


def _column_faults(endpoint: Endpoint, cohort: Cohort) -> Iterator[Fault]:
    columns = [name for name in cohort.animals.columns if name not in ("animal", "notes")]
    named = {"fixed": endpoint.fixed, "covariates": endpoint.covariates, "cluster": endpoint.cluster}
    for key, names in named.items():
        for name in names:
            if name not in columns:
                yield _unknown(key, name, columns, "column of arms or animals")
    for name in endpoint.covariates:
        if name in columns and not pd.api.types.is_numeric_dtype(cohort.animals[name]):
            yield "covariates", f"{name} is not a number", "A covariate is numeric; put a factor under fixed"
    arms = list(cohort.arms["arm"])
    for arm in endpoint.arms:
        if arm not in arms:
            yield _unknown("arms", arm, arms, "arm")
    if not endpoint.fixed or endpoint.fixed[0] not in columns:
        return
    levels = list(dict.fromkeys(str(dataset.level_name(value)) for value in cohort.animals[endpoint.fixed[0]]))
    for contrast in endpoint.contrasts:
        for level in contrast.weights if isinstance(contrast, CustomContrast) else ():
            if str(level) not in levels:
                yield _unknown("contrasts", str(level), levels, f"level of {endpoint.fixed[0]}")


def _rule_faults(endpoint: Endpoint, tables: StudyTables, cohort: Cohort, measures: Measures) -> Iterator[Fault]:
    if not endpoint.exclude:
        return
    animal_columns = [
        name for name in cohort.animals.columns if name not in cohort.arm_columns and name not in TREATMENT
    ]
    words = {*tables.measurements["measure"], *tables.checks["check"], *animal_columns, "status", "value"}
    words |= {measure for described in measures.values() for measure in described}
    for rule in endpoint.exclude:
        for name in exclusion_rules.names(rule.when):
            if name in TREATMENT or name in cohort.arm_columns:
                yield "exclude", f"the rule '{rule.when}' uses {name}", "A rule may not use the treatment"
            elif name not in words:
                yield _unknown("exclude", name, sorted(words), "measure, check or column of animals")


def _period_faults(rows: pd.DataFrame, cohort: Cohort) -> Iterator[Fault]:
    periods = set(cohort.animals["period"].dropna().astype(str)) if "period" in cohort.animals else set()
    if not periods:
        yield "design", "a crossover, but allocation has no periods", "Fill in the column period of allocation"
    strange = sorted(set(rows["session"].dropna().astype(str)) - periods) if periods else []
    if periods and (strange or rows["session"].isna().any()):
        found = f"session {strange[0]}" if strange else "rows without a session"
        yield (
            "design",
            f"{found}, which is not a period of allocation ({', '.join(sorted(periods))})",
            ("In a crossover the session of a measurement names its period"),
        )


def _unknown_measure(
    endpoint: Endpoint, measurements: pd.DataFrame, of_assay: pd.DataFrame, measures: Measures
) -> Fault:
    assays = sorted({*measurements["assay"].dropna(), *measures})
    if endpoint.assay not in assays:
        return _unknown("assay", endpoint.assay, assays, "assay")
    names = sorted({*of_assay["measure"].dropna(), *measures.get(endpoint.assay, {})})
    return _unknown("measure", endpoint.measure, names, f"measure of {endpoint.assay}")


def _unknown(key: str, name: str, known: Sequence[str], kind: str) -> Fault:
    meant = nearest(name, [str(word) for word in known])
    listed = ", ".join(map(str, known[:12])) + (" ..." if len(known) > 12 else "")
    return key, f"there is no {kind} '{name}'", f"Did you mean '{meant}'?" if meant else f"Known: {listed}"


def _unit_remedy(column: str) -> str:
    choose = f"Choose one with where: {{{column}: ...}}"
    return {
        "sample": "Set design: nested, or summary: mean",
        "time_min": "Set design: repeated, or choose one time with where: {time_min: ...}",
        "session": f"{choose}, or set design: repeated",
        "analyte": "Choose one with analyte: ...",
        "region": "Choose one with region: ...",
        "recording": "Set summary: mean, or design: nested if the recordings are parts of one animal",
    }.get(column, "Set summary: mean, or remove the duplicated row")
