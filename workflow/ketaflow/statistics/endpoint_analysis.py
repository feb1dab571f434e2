"""Analyse an endpoint: refuse it, or fit its model, test the planned contrasts, and add the sensitivity analyses."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ketaflow.statistics import dataset, preconditions, sensitivity
from ketaflow.statistics.adapters import pingouin_adapter
from ketaflow.statistics.dataset import Analysis
from ketaflow.statistics.model import CustomContrast
from ketaflow.statistics.models import designs
from ketaflow.statistics.models.designs import Model
from ketaflow.statistics.results import descriptives, power
from ketaflow.statistics.results.rows import ContrastRow, OmnibusRow
from ketaflow.statistics.results.tables import Results
from ketaflow.statistics.tests import (
    contrasts,
    diagnostics,
    dose_response,
    dose_trends,
    effect_sizes,
    group_tests,
    omnibus,
)  # fmt: skip

# Contrasts that compare two levels of the treatment.
TWO_LEVELS = ("dunnett", "dunnett_stepdown", "pairwise")


def analysed(analysis: Analysis) -> Results:
    """Carry out the analysis of the plan and its sensitivity analyses.

    Parameters
    ----------
    analysis : Analysis
        The endpoint, without a name.

    Returns
    -------
    Results
        Rows of all tables but ``exclusions`` and ``values``. If the endpoint is refused: its descriptives, and the
        planned contrasts with the reason.
    """
    found, model = fitted(analysis)
    found = replace(found, descriptives=descriptives.descriptives(analysis, model))
    if model is None:
        return found
    names, parts = list(analysis.endpoint.sensitivity), [found]
    if model.fit.singular and analysis.endpoint.design == "nested" and "unit_means" not in names:
        names.append("unit_means")
    parts += [_sensitivity(name, analysis) for name in names]
    rows, curves = dose_response.response(analysis, model)
    residuals = diagnostics.residuals(model, analysis.table)
    parts.append(
        Results(power=power.estimated(analysis), dose_response=rows, dose_curves=curves, residuals=[residuals])
    )
    return Results.joined(parts)


def fitted(analysis: Analysis, *, robust: bool = False) -> tuple[Results, Model | None]:
    """Fit the model of the design and test the planned contrasts.

    Parameters
    ----------
    analysis : Analysis
    robust : bool
        Whether the tests of a linear model allow unequal variances (HC3).

    Returns
    -------
    Results
        Contrasts, omnibus tests, variance components and, for the analysis of the plan, diagnostics.
    Model or None
        None if the endpoint is refused.
    """
    table, endpoint = analysis.table, analysis.endpoint
    if reason := preconditions.refusal(analysis):
        return refused(analysis, reason), None
    try:
        model = designs.fit(table, endpoint)
    except designs.NotEstimableError as error:
        return refused(analysis, str(error)), None
    model = designs.robust(model) if robust else model
    confounded = preconditions.confounded(table)
    analysis = replace(analysis, notes=(*analysis.notes, *_notes(analysis, model, confounded)))
    rows = []
    for number, contrast in enumerate(endpoint.contrasts):
        for row in _contrast(contrast, model, analysis):
            rows.append(replace(labelled(row, analysis), hypothesis_group=f"{number}.{row.hypothesis_group}"))
    return Results(
        contrasts=rows,
        omnibus=[replace(row, sensitivity=analysis.name) for row in omnibus.tests(model)],
        variance_components=[replace(row, sensitivity=analysis.name) for row in diagnostics.components(model, table)],
        diagnostics=[] if analysis.name else diagnostics.checks(model, table, confounded),
    ), model


def refused(analysis: Analysis, reason: str) -> Results:
    """Return every planned contrast without numbers, so that it keeps its place in the family.

    Parameters
    ----------
    analysis : Analysis
        The endpoint.
    reason : str
        Why it is not tested; becomes the note.

    Returns
    -------
    Results
    """
    rows = []
    for contrast in analysis.endpoint.contrasts:
        name = contrast.name if isinstance(contrast, CustomContrast) else contrast
        row = ContrastRow(contrast=name, n=analysis.table.animals, hypothesis_group=name, note=f"not tested: {reason}")
        rows.append(labelled(row, replace(analysis, alpha=np.nan, notes=())))
    return Results(contrasts=rows)


def labelled(row: ContrastRow, analysis: Analysis) -> ContrastRow:
    """Fill in what is the same for all contrasts of an analysis.

    Parameters
    ----------
    row : ContrastRow
        A tested comparison.
    analysis : Analysis
        The endpoint, with the notes of all comparisons.

    Returns
    -------
    ContrastRow
    """
    table, endpoint = analysis.table, analysis.endpoint
    chosen = dataset.conditions(endpoint)
    return replace(
        row, analyte=str(chosen.get("analyte", "")), region=str(chosen.get("region", "")), role=endpoint.role,
        family=endpoint.family, n_observations=len(table.rows), estimate_scale=endpoint.scale,
        unit=table.measure.unit, conf_level=analysis.level, alternative=endpoint.alternative,
        smallest_effect=np.nan if endpoint.smallest_effect is None else endpoint.smallest_effect,
        sensitivity=analysis.name, note="; ".join(filter(None, [row.note, *analysis.notes])),
    )  # fmt: skip


def _contrast(contrast: str | CustomContrast, model: Model, analysis: Analysis) -> list[ContrastRow]:
    """Test one contrast of the plan."""
    if isinstance(contrast, str) and contrast in dose_trends.CONTRASTS:
        return dose_trends.tested(contrast, analysis, model)
    if not analysis.table.treatment:
        return []
    rows = []
    for number, group in enumerate(contrasts.planned(contrast, model, analysis.table)):
        found = contrasts.tested(group, model, alternative=analysis.endpoint.alternative, level=analysis.level)
        rows += [replace(_with_effect_size(row, analysis), hypothesis_group=str(number)) for row in found]
    return rows


def _with_effect_size(row: ContrastRow, analysis: Analysis) -> ContrastRow:
    """Add numbers of animals, the effect size, and the tests of the absence of an effect."""
    table, endpoint = analysis.table, analysis.endpoint
    margin = endpoint.smallest_on_scale
    if row.contrast in TWO_LEVELS:
        treated, control = table.groups[row.level], table.groups[row.reference]
        row = replace(row, n=len(treated), n_reference=len(control))
        row = effect_sizes.hedges_g(treated, control, level=analysis.level).put_into(row)
        if margin and not (group_tests.is_constant(treated) and group_tests.is_constant(control)):
            t = effect_sizes.pooled_t(treated, control)
            row = replace(row, bayes_factor_null=pingouin_adapter.bayes_factor_null(t, len(treated), len(control)))
    else:
        row = replace(row, n=table.animals)
    if endpoint.scale == "log":
        row = effect_sizes.ratio(row.estimate, row.se, row.df, level=analysis.level).put_into(row)
    return effect_sizes.with_equivalence(row, margin=margin, alpha=analysis.alpha) if margin else row


def _notes(analysis: Analysis, model: Model, confounded: Sequence[str]) -> list[str]:
    """Notes for every contrast of an analysis."""
    table, endpoint = analysis.table, analysis.endpoint
    arms = endpoint.arms or analysis.cohort.arms_of_animals
    measured = set(table.rows["arm"])
    absent = [str(arm) for arm in arms if arm not in measured]
    constant = group_tests.without_variance(table.groups) if table.treatment else []
    notes = [f"{column} is confounded with {table.treatment}: each was in one arm only" for column in confounded]
    notes += [f"not measured in {', '.join(absent)}"] * bool(absent)
    notes += [f"all animals of {', '.join(constant)} have the same value"] * bool(constant)
    if endpoint.at_bounds == "squeeze" and endpoint.scale == "logit":
        notes.append("percentages squeezed to (p (n - 1) + 50) / n before the logit")
    return [*notes, *filter(None, [diagnostics.singular_note(model)])]


def _sensitivity(name: str, analysis: Analysis) -> Results:
    """Carry out one sensitivity analysis."""
    if not sensitivity.applies(name, analysis):
        return Results()
    if changed := sensitivity.changed(name, analysis):
        return fitted(changed)[0]
    table, endpoint = analysis.table, analysis.endpoint
    named = replace(analysis, name=name)
    if name == "welch" and len(designs.terms(table, endpoint)) > 1 and not designs.random_terms(table, endpoint):
        return fitted(named, robust=True)[0]
    tests, rows, checks = sensitivity.group_tests_of(name, analysis)
    note = sensitivity.ignored(endpoint) if rows else ""
    return Results(
        omnibus=[_noted(row, name, note) for row in tests],
        contrasts=[labelled(row, replace(named, notes=(note,))) for row in rows],
        diagnostics=checks,
    )


def _noted(row: OmnibusRow, name: str, note: str) -> OmnibusRow:
    return replace(row, sensitivity=name, note="; ".join(filter(None, [row.note, note])))
