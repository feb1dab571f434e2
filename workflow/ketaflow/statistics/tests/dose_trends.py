"""Dose: does more of the drug do more? A slope, Jonckheere's ranks, and the inverted U."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ketaflow.statistics.dataset import Cohort, EndpointTable
from ketaflow.statistics.model import DoseLevels, Endpoint, Line
from ketaflow.statistics.models import designs
from ketaflow.statistics.models.designs import Model
from ketaflow.statistics.tests import contrasts, ranks

NAMES = ("trend", "jonckheere", "inverted_u")
DOSE = "dose_mg_per_kg"
SAME_AS_CONTROL = ("pretreatment", "stressor")


def tested(
    name: str, model: Model, table: EndpointTable, endpoint: Endpoint, known: Cohort, *, alpha: float
) -> list[Line]:
    """Lines of one dose contrast, one for each drug that has several doses."""
    found = {"trend": _slope, "jonckheere": _jonckheere, "inverted_u": _inverted_u}[name]
    lines = []
    for drug, levels in dose_series(table, known).items():
        lines += [row | {"group": drug} for row in found(table, levels, endpoint, model, alpha)]
    if not lines:
        lines = [
            {
                "contrast": name,
                "n": table.animals,
                "note": f"not tested: no drug has several doses among {table.treatment}",
            }
        ]
    return lines


def dose_series(table: EndpointTable, known: Cohort) -> dict[str, dict[object, float]]:
    """For each drug with at least two doses beside the control: its levels in rising order, with their dose.

    Arms belong to a series when they differ from the control by that drug alone.
    """
    if table.treatment != "arm":
        doses = {level: _float(level) for level in table.levels[table.treatment]}
        usable = len(doses) > 2 and not any(np.isnan(list(doses.values())))
        return {"": Line(sorted(doses.items(), key=lambda item: item[1]))} if usable else {}
    control, *others = (known.arm_facts[arm] for arm in table.levels["arm"])
    series: dict[str, dict[object, float]] = {}
    for arm in others:
        if arm[DOSE] > 0 and all(arm.get(column) == control.get(column) for column in SAME_AS_CONTROL):
            series.setdefault(str(arm["drug"]), {control["arm"]: float(control[DOSE])})[arm["arm"]] = float(arm[DOSE])
    several = {drug: doses for drug, doses in series.items() if len(set(doses.values())) > 2}
    return {drug: Line(sorted(doses.items(), key=lambda item: item[1])) for drug, doses in several.items()}


def within(table: EndpointTable, levels: Mapping[object, float]) -> EndpointTable:
    """The table of these levels alone, with a numeric column ``dose_mg_per_kg``."""
    rows = table.rows[table.rows[table.treatment].isin(list(levels))]
    rows = rows.assign(**{DOSE: rows[table.treatment].map(levels).astype(float)}).reset_index(drop=True)
    return replace(table, rows=rows, levels=table.levels | {table.treatment: list(levels)})


def _slope(table: EndpointTable, levels: DoseLevels, endpoint: Endpoint, model: Model, alpha: float) -> list[Line]:
    """Slope over dose: the design's model with the dose as a number in the treatment's place."""
    part = within(table, levels)
    numeric = replace(part, levels={k: v for k, v in part.levels.items() if k != table.treatment}, treatment=DOSE)
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
    group = contrasts.ContrastSet("trend", ((DOSE, "", weights),), "none")
    rows = contrasts.tested(group, fitted, alternative=endpoint.alternative, level=1 - alpha)
    return [row | {"n": part.animals, "model": fitted.name, "note": _told(levels)} for row in rows]


def _jonckheere(table: EndpointTable, levels: DoseLevels, endpoint: Endpoint, model: Model, alpha: float) -> list[Line]:
    part = within(table, levels)
    above, z = ranks.jonckheere(list(part.groups.values()))
    p = float(ranks.normal_tail(np.array(z), endpoint.alternative))
    return [{
        "contrast": "jonckheere", "level": DOSE if table.treatment == "arm" else table.treatment, "reference": "",
        "n": part.animals, "estimate": above, "statistic_name": "z", "statistic": z, "p_value": p, "p_adjusted": p,
        "adjustment": "none", "model": "ranks of the animals' means", "note": _told(levels),
    }]  # fmt: skip


def _inverted_u(table: EndpointTable, levels: DoseLevels, endpoint: Endpoint, model: Model, alpha: float) -> list[Line]:
    """For each dose in between: does it act more than the control and more than the top dose, both?

    Both must hold (intersection-union, Berger 1982, doi:10.1080/00401706.1982.10487790), so that p is the larger of the
    two; Holm over the doses in between. A curve that only levels off does not pass.
    """
    control, *between, top = levels
    direction = "lower" if table.facts.get("direction") == "lower" else "higher"
    sign = -1 if direction == "lower" else 1
    lines = []
    for dose in between:
        parts = []
        for other in (control, top):
            weights = model.mean(**{table.treatment: dose}) - model.mean(**{table.treatment: other})
            part = model.fit.estimate(weights)
            parts.append((sign * part.value / part.se, part, other))
        t, part, nearest = min(parts, key=lambda entry: entry[0])
        p = float(contrasts.tail(np.array(t), np.array(part.df), "greater"))
        lines.append(
            {
                "contrast": "inverted_u",
                "level": dose,
                "reference": f"{control} and {top}",
                "n": table.animals,
                "model": model.name,
                "estimate": part.value,
                "se": part.se,
                "df": part.df,
                "df_method": model.fit.df_method,
                "statistic_name": "t",
                "statistic": sign * t,
                "p_value": p,
                "adjustment": "holm",
                "note": f"the smaller of two differences, against {nearest}; one-sided towards {direction} values",
            }
        )
    adjusted = contrasts.holm(np.array([line["p_value"] for line in lines])) if lines else []
    return [line | {"p_adjusted": p} for line, p in zip(lines, adjusted, strict=True)]


def _told(levels: DoseLevels) -> str:
    return "over " + ", ".join(f"{level} ({dose:g})" for level, dose in levels.items())


def _float(value: object) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return np.nan
