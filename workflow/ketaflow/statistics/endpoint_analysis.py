"""One way of analysing an endpoint: refuse it, or fit its model and test every planned contrast."""

import numpy as np

from ketaflow.statistics import dataset, preconditions
from ketaflow.statistics.dataset import Cohort, EndpointTable
from ketaflow.statistics.model import Endpoint, Line, Lines
from ketaflow.statistics.models import designs
from ketaflow.statistics.models.designs import Model
from ketaflow.statistics.tests import contrasts, diagnostics, dose_trends, effect_sizes, omnibus

SINGULAR = "a variance was estimated as zero (singular fit)"
TWO_LEVELS = ("dunnett", "dunnett_stepdown", "pairwise")


def analysed(
    table: EndpointTable,
    endpoint: Endpoint,
    known: Cohort,
    label: str,
    *,
    alpha: float,
    least: int,
    notes=(),
    robust=False,
) -> tuple[Lines, Model | None]:
    """Contrasts, omnibus tests, variance components and diagnostics; no model where it was refused.

    ``label`` names a sensitivity analysis and is empty for the plan's own; ``least`` is the smallest number
    of animals in an arm; ``robust`` lets variances of a linear model differ.
    """
    reason = preconditions.refusal(table, endpoint, known, min_animals_per_arm=least)
    if reason:
        return refused(table, endpoint, reason, label), None
    try:
        model = designs.fit(table, endpoint)
    except designs.NotEstimableError as error:
        return refused(table, endpoint, str(error), label), None
    model = designs.robust(model) if robust else model
    confounded = preconditions.confounded(table, known)
    told = [*notes, *[f"{home} cannot be told from {table.treatment}: each was in one arm only" for home in confounded]]
    told += [f"not measured in {', '.join(absent)}" for absent in [_absent(table, endpoint, known)] if absent]
    told += [f"{SINGULAR}: {model.fit.df_method} degrees of freedom"] if model.fit.singular else []
    lines = []
    for number, name in enumerate(endpoint.contrasts):
        for row in contrast(name, model, table, endpoint, known, alpha):
            lines.append(
                labelled(row, endpoint, table, label, alpha, *told) | {"group": f"{number}.{row.get('group', '')}"}
            )
    return {
        "contrasts": lines,
        "omnibus": [row | {"sensitivity": label} for row in omnibus.tests(model)],
        "variance_components": [row | {"sensitivity": label} for row in diagnostics.components(model, table)],
        "diagnostics": [] if label else diagnostics.checks(model, table, endpoint, confounded),
    }, model


def contrast(name, model: Model, table: EndpointTable, endpoint: Endpoint, known: Cohort, alpha: float) -> list[Line]:
    """Lines of one planned contrast."""
    if isinstance(name, str) and name in dose_trends.NAMES:
        return dose_trends.tested(name, model, table, endpoint, known, alpha=alpha)
    if not table.treatment:
        return []
    lines = []
    for number, group in enumerate(contrasts.planned(name, model, table)):
        rows = contrasts.tested(group, model, alternative=endpoint.alternative, level=1 - alpha)
        lines += [sized(row, table, endpoint, alpha) | {"group": number, "model": model.name} for row in rows]
    return lines


def sized(row: Line, table: EndpointTable, endpoint: Endpoint, alpha: float) -> Line:
    """A comparison with its numbers of animals, its size of effect and the test of equivalence."""
    size = None
    if row["contrast"] in TWO_LEVELS:
        groups = [table.groups[row[key]] for key in ("level", "reference")]
        row = row | {"n": len(groups[0]), "n_reference": len(groups[1])}
        size = effect_sizes.hedges_g(*groups, level=1 - alpha)
    else:
        row = row | {"n": table.animals}
    if endpoint.scale == "log":
        size = effect_sizes.ratio(row["estimate"], row["se"], row["df"], level=1 - alpha)
    margin = smallest_on_scale(endpoint)
    if margin:
        row = row | effect_sizes.equivalence(row["estimate"], row["se"], row["df"], margin=margin, alpha=alpha)
    return row | (size.columns() if size else {})


def smallest_on_scale(endpoint: Endpoint) -> float | None:
    """The smallest effect on the scale of the analysis; None where it cannot be put there."""
    smallest = endpoint.smallest_effect
    if smallest is None or endpoint.scale == "logit":
        return None
    return float(np.log(smallest)) if endpoint.scale == "log" else float(smallest)


def labelled(row: Line, endpoint: Endpoint, table: EndpointTable, label: str, alpha: float, *notes: str) -> Line:
    """A contrast's line with what is the same for all lines of its endpoint."""
    chosen = {"analyte": "", "region": ""} | dataset.conditions(endpoint)
    return {
        "analyte": chosen["analyte"], "region": chosen["region"], "role": endpoint.role,
        "family": endpoint.family, "n_observations": len(table.rows), "group": "",
        "estimate_scale": endpoint.scale, "unit": table.facts.get("unit", ""), "conf_level": 1 - alpha,
        "smallest_effect": endpoint.smallest_effect, "alternative": endpoint.alternative,
        "sensitivity": label,
    } | row | {"note": "; ".join(filter(None, [row.get("note", ""), *notes]))}  # fmt: skip


def refused(table: EndpointTable, endpoint: Endpoint, reason: str, label: str) -> Lines:
    """Every planned contrast as a line without numbers."""
    return {"contrasts": [refused_line(name, endpoint, table, reason, label) for name in endpoint.contrasts]}


def refused_line(name, endpoint: Endpoint, table: EndpointTable, reason: str, label: str) -> Line:
    """A line for a planned contrast that could not be tested: it keeps its place in the family."""
    called = name if isinstance(name, str) else name.name
    row = labelled({"contrast": called, "n": table.animals}, endpoint, table, label, np.nan)
    return row | {"note": f"not tested: {reason}", "group": called}


def _absent(table: EndpointTable, endpoint: Endpoint, known: Cohort) -> list[str]:
    """Arms of the cohort this endpoint has no value of."""
    wanted = endpoint.arms or list(known.people["arm"].dropna().unique())
    return [str(arm) for arm in wanted if arm not in set(table.rows["arm"])]
