"""One endpoint: its table in, the lines of every statistics table out."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ketaflow.statistics import (
    contrasts,
    dataset,
    describe,
    diagnostics,
    dose,
    effects,
    guard,
    models,
    power,
    sensitivity,
    trends,
)
from ketaflow.statistics.dataset import Cohort, EndpointTable
from ketaflow.statistics.models import Model

NOT_LINEAR = ("trend", "jonckheere", "inverted_u")


def analysed(
    table: EndpointTable, endpoint: Mapping, known: Cohort, *, alpha: float, notes: list[str], **settings: object
) -> dict[str, list[dict]]:
    """The plan's own analysis, the sensitivity analyses beside it, power and dose response."""
    found = variant(table, endpoint, known, "", alpha=alpha, notes=notes, **settings)
    found["descriptives"] = describe.descriptives(table, endpoint, known, level=1 - alpha)
    if found["refused"]:
        return _without(found, "refused")
    for name in endpoint["sensitivity"]:
        beside = _sensitivity(name, table, endpoint, known, alpha=alpha, **settings)
        found |= {key: found[key] + rows for key, rows in beside.items() if key != "refused"}
    found["power"] = power.planned(table, endpoint, alpha=alpha, power=settings["power"])
    found["dose_response"] = dose.response(table, endpoint, known, alpha=alpha)
    return _without(found, "refused")


def _sensitivity(
    name: str, table: EndpointTable, endpoint: Mapping, known: Cohort, *, alpha: float, **settings: object
) -> dict[str, list[dict]]:
    """Lines of one sensitivity analysis, marked with its name."""
    if name in REFITS:
        changed, other = REFITS[name](table, endpoint)
        return variant(changed, other, known, name, alpha=alpha, **settings)
    if not table.treatment:
        return _tables()
    tests, rows = BY_GROUP[name](table, endpoint, alpha=alpha)
    finish = {"sensitivity": name, "alternative": endpoint["alternative"], "conf_level": 1 - alpha}
    return _tables(
        omnibus=[row | {"sensitivity": name} for row in tests],
        contrasts=[_labelled(row, endpoint, table, "") | finish | {"group": 0} for row in rows],
    )


def _on_log(table: EndpointTable, endpoint: Mapping) -> tuple[EndpointTable, dict]:
    rows = table.rows.assign(y=dataset.to_scale(table.rows["value"].to_numpy(float), "log"))
    return replace(table, rows=rows), {**endpoint, "scale": "log", "smallest_effect": None}


def _without_flagged(table: EndpointTable, endpoint: Mapping) -> tuple[EndpointTable, dict]:
    rows = table.rows[table.rows["status"].fillna("") != "flagged"].reset_index(drop=True)
    return replace(table, rows=rows), dict(endpoint)


def _unit_means(table: EndpointTable, endpoint: Mapping) -> tuple[EndpointTable, dict]:
    means = table.rows.groupby("animal", sort=False)[["value", "y"]].mean()
    rows = (
        table.rows.drop_duplicates("animal")
        .set_index("animal")
        .assign(value=means["value"], y=means["y"])
        .reset_index()
    )
    levels = {name: values for name, values in table.levels.items() if name != table.time}
    return replace(table, rows=rows, levels=levels, time=""), {**endpoint, "design": "one_way", "random_slopes": False}


REFITS = {"log": _on_log, "without_flagged": _without_flagged, "unit_means": _unit_means}
BY_GROUP = {"welch": sensitivity.welch, "rank": sensitivity.rank, "mann_whitney": sensitivity.mann_whitney}


def variant(
    table: EndpointTable, endpoint: Mapping, known: Cohort, label: str, *, alpha: float, min_animals_per_arm: int,
    notes: list[str] = (), power: float = np.nan,
) -> dict[str, list[dict]]:  # fmt: skip
    """One way of analysing the endpoint; ``label`` is empty for the plan's own."""
    refused = guard.refusal(table, endpoint, known, min_animals_per_arm=min_animals_per_arm)
    if refused:
        lines = [_refused_line(name, endpoint, table, refused, label) for name in endpoint["contrasts"]]
        return _tables(contrasts=lines, refused=[refused])
    model = models.fit(table, endpoint)
    confounded = guard.confounded(table, known)
    told = [*notes, *[f"{home} cannot be told from {table.treatment}: each was in one arm only" for home in confounded]]
    note = "; ".join([*told, *(["a variance was estimated as zero"] if model.fit.singular else [])])
    lines = []
    for number, name in enumerate(endpoint["contrasts"]):
        lines += [
            row | {"group": f"{number}.{row.get('group', '')}"}
            for row in _contrast(name, model, table, endpoint, known, alpha)
        ]
    finish = {"sensitivity": label, "alternative": endpoint["alternative"], "conf_level": 1 - alpha}
    return _tables(
        contrasts=[_labelled(row, endpoint, table, note) | finish for row in lines],
        omnibus=[row | {"sensitivity": label} for row in omnibus(model, table)],
        variance_components=[row | {"sensitivity": label} for row in diagnostics.components(model, table)],
        diagnostics=[] if label else diagnostics.checks(model, table, endpoint, confounded),
    )


def omnibus(model: Model, table: EndpointTable) -> list[dict]:
    """F test of every term: type III, and type II beside it in a linear model of several terms."""
    rows = []
    linear, several = isinstance(model.fit, models.LinearFit), len(model.coding.terms) > 1
    total = float(np.sum((model.y - model.y.mean()) ** 2))
    for term in model.coding.terms:
        tests = {"III": model.test(term)} | ({"II": models.type_two(model, term)} if linear and several else {})
        for kind, test in tests.items():
            row = {
                "model": model.name,
                "term": ":".join(term),
                "sum_of_squares_type": kind,
                "df1": test.df1,
                "df2": test.df2,
                "df_method": model.fit.df_method,
                "statistic_name": "F",
                "statistic": test.statistic,
                "p_value": test.p_value,
                "sum_of_squares": test.sum_of_squares,
                "mean_square": test.sum_of_squares / test.df1,
            }
            if linear:
                row |= _explained(test, model, total)
            rows.append(row)
    return rows


def _explained(test, model: Model, total: float) -> dict:
    """Eta squared where the term is alone, partial eta squared else; omega squared the same way."""
    alone = len(model.coding.terms) == 1
    residual = model.fit.sigma2 * model.fit.df_residual
    share = test.sum_of_squares / (total if alone else test.sum_of_squares + residual)
    omega = (test.sum_of_squares - test.df1 * model.fit.sigma2) / (total + model.fit.sigma2)
    return {
        "effect_size_name": "eta_squared" if alone else "partial_eta_squared",
        "effect_size": share,
        "omega_squared": omega,
    }


def _contrast(name, model: Model, table: EndpointTable, endpoint: Mapping, known: Cohort, alpha: float) -> list[dict]:
    """Lines of one planned contrast."""
    if isinstance(name, str) and name in NOT_LINEAR:
        return trends.tested(name, model, table, endpoint, known, alpha=alpha)
    lines = []
    for number, group in enumerate(contrasts.planned(name, model, table)):
        rows = contrasts.tested(group, model, alternative=endpoint["alternative"], level=1 - alpha)
        lines += [sized(row, table, endpoint, alpha) | {"group": number, "model": model.name} for row in rows]
    return lines


def sized(row: dict, table: EndpointTable, endpoint: Mapping, alpha: float) -> dict:
    """A comparison of two levels with its numbers of animals, size of effect and equivalence test."""
    means = table.unit_means()
    if row["contrast"] in ("dunnett", "dunnett_stepdown", "pairwise"):
        groups = [means.loc[means[table.treatment] == row[key], "y"].to_numpy() for key in ("level", "reference")]
        row = row | {"n": len(groups[0]), "n_reference": len(groups[1])}
        size = effects.hedges_g(*groups, level=1 - alpha)
    else:
        row = row | {"n": table.animals}
        size = None
    if endpoint["scale"] == "log":
        size = effects.ratio(row["estimate"], row["se"], row["df"], level=1 - alpha)
    if size:
        row = row | {
            "effect_size_name": size.name,
            "effect_size": size.value,
            "effect_ci_low": size.low,
            "effect_ci_high": size.high,
        }
    margin = _margin(endpoint)
    if margin and row["contrast"] != "trend":
        row = row | effects.equivalence(row["estimate"], row["se"], row["df"], margin=margin, alpha=alpha)
    return row


def _margin(endpoint: Mapping) -> float | None:
    """The smallest effect on the scale of the analysis; None where it cannot be put there."""
    smallest = endpoint.get("smallest_effect")
    if smallest is None or endpoint["scale"] == "logit":
        return None
    return float(np.log(smallest)) if endpoint["scale"] == "log" else float(smallest)


def _labelled(row: dict, endpoint: Mapping, table: EndpointTable, note: str) -> dict:
    own = row.get("note", "")
    return {
        "analyte": endpoint.get("analyte", endpoint["where"].get("analyte", "")),
        "region": endpoint.get("region", endpoint["where"].get("region", "")),
        "role": endpoint["role"], "family": endpoint["family"], "n_observations": len(table.rows),
        "estimate_scale": endpoint["scale"], "unit": table.facts.get("unit", ""),
        "smallest_effect": endpoint.get("smallest_effect"),
    } | row | {"note": "; ".join(filter(None, [own, note]))}  # fmt: skip


def _refused_line(name, endpoint: Mapping, table: EndpointTable, reason: str, label: str) -> dict:
    """A line for a planned contrast that could not be tested: it keeps its place in the family."""
    called = name if isinstance(name, str) else name["name"]
    row = {
        "contrast": called,
        "n": table.animals,
        "group": 0,
        "sensitivity": label,
        "alternative": endpoint["alternative"],
    }
    return _labelled(row, endpoint, table, "") | {"note": f"not tested: {reason}"}


def _tables(**lines: list) -> dict[str, list]:
    names = (
        "descriptives",
        "omnibus",
        "contrasts",
        "variance_components",
        "diagnostics",
        "power",
        "dose_response",
        "refused",
    )
    return {name: lines.get(name, []) for name in names}


def _without(found: dict, name: str) -> dict:
    return {key: rows for key, rows in found.items() if key != name}
