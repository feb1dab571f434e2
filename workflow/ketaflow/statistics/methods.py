"""The methods paragraph: what was carried out, with the R equivalent and the versions of the libraries used."""

import re
from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import Any

import pandas as pd

from ketaflow import __version__
from ketaflow.statistics.results import tables as statistics_tables
from ketaflow.statistics.results.rows import ContrastRow
from ketaflow.statistics.sentences import is_known, listed

DESIGNS = {
    "one_way": "a linear model", "ancova": "a linear model with covariates", "factorial": "a factorial linear model",
    "nested": "a mixed model with random intercepts of the animals, over their samples",
    "repeated": "a mixed model with random effects of the animals, over time",
    "crossover": "a mixed model with random intercepts of the animals, over periods",
}  # fmt: skip
METHODS = {
    "dunnett": "each arm with the control (Dunnett's single-step adjustment, by quadrature)",
    "dunnett_stepdown": "each arm with the control (Dunnett's step-down procedure)",
    "trend": "the slope over dose",
    "jonckheere": "the order of the doses (Jonckheere's test)",
    "williams": "the control with the pooled highest doses (Williams's contrasts, multivariate t)",
    "pairwise": "all pairs of arms (Tukey)",
    "simple": "each level with the reference within each level of the other factor (Holm)",
    "interaction": "differences of differences (interaction contrasts, Holm)",
    "inverted_u": "intermediate doses with both the control and the highest dose (intersection-union test, Holm)",
}
FAMILIES = {
    "none": "not adjusted across endpoints", "holm": "adjusted across endpoints by Holm's method",
    "bh": "adjusted across endpoints for the false discovery rate (Benjamini and Hochberg)",
    "hochberg": "adjusted across endpoints by Hochberg's method",
    "fixed_sequence": "tested in the order of the plan, each endpoint only after all before it were significant",
}  # fmt: skip
SENSITIVITY = {
    "welch": "tests that allow unequal variances", "rank": "rank tests (Kruskal-Wallis, Dunn)",
    "log": "the analysis of logarithms", "without_flagged": "the analysis without flagged values",
    "unit_means": "the analysis of animals' means", "mann_whitney": "Mann-Whitney tests",
    "sphericity": "repeated-measures anova", "without_exclusions": "the analysis without the exclusions of the plan",
}  # fmt: skip
SOURCES = {
    "no value": "could not be measured", "plan": "were excluded by a rule of the plan",
    "reviewer": "were rejected by a reviewer", "no arm": "belong to animals without an arm",
}  # fmt: skip
# R calls of the contrasts of the plan, for a fitted model m.
R_CONTRASTS = {
    "dunnett": 'emmeans(m, trt.vs.ctrl ~ arm, adjust = "mvt")',
    "dunnett_stepdown": 'summary(multcomp::glht(m, mcp(arm = "Dunnett")), test = adjusted("free"))',
    "pairwise": 'emmeans(m, pairwise ~ arm, adjust = "tukey")',
    "williams": 'multcomp::glht(m, mcp(arm = "Williams"))',
    "jonckheere": "clinfun::jonckheere.test(y, dose)",
    "interaction": 'contrast(emmeans(m, ~ a * b), interaction = "trt.vs.ctrl", adjust = "holm")',
    "simple": 'contrast(emmeans(m, ~ a | b), "trt.vs.ctrl", adjust = "holm")',
    "inverted_u": "contrast(emmeans(m, ~ arm)), the larger of two one-sided p",
}
# R calls of tests without a model, by the model they have in the contrasts table.
R_TESTS = {
    "Welch": "t.test, oneway.test", "Games-Howell": "rstatix::games_howell_test", "Dunn": "rstatix::dunn_test",
    "Mann-Whitney": "wilcox.test",
}  # fmt: skip
CITATIONS = {
    "numpy": "Harris 2020, doi:10.1038/s41586-020-2649-2", "scipy": "Virtanen 2020, doi:10.1038/s41592-019-0686-2",
    "pandas": "McKinney 2010, doi:10.25080/Majora-92bf1922-00a",
    "statsmodels": "Seabold & Perktold 2010, doi:10.25080/Majora-92bf1922-011",
    "pingouin": "Vallat 2018, doi:10.21105/joss.01026",
    "scikit-posthocs": "Terpilowski 2019, doi:10.21105/joss.01169", "lmfit": "Newville 2014, doi:10.5281/zenodo.11813",
}  # fmt: skip


def methods_paragraph(plan: Mapping[str, Any], tables: Mapping[str, pd.DataFrame]) -> str:
    """Write the methods section of a paper.

    Parameters
    ----------
    plan : mapping
        The filled plan that was carried out.
    tables : mapping of str to data frame
        The statistics tables.

    Returns
    -------
    str
        One paragraph; parts that do not concern the plan are left out.
    """
    contrasts = statistics_tables.read(tables["contrasts"], ContrastRow)
    planned = [row for row in contrasts if not row.sensitivity]
    parts = [
        "The animal was the unit of analysis; observations of one animal were never counted as animals.",
        *_endpoints(plan, planned),
        _exclusions(tables["exclusions"]),
        *_families(plan, planned),
        _sensitivity(contrasts),
        _intervals(plan, planned),
        "Tests of normality and of equal variances were used as diagnostics; they did not select the analysis.",
        _r_equivalents(contrasts),
        _versions(contrasts, tables),
    ]
    return " ".join(filter(None, parts))


def _endpoints(plan: Mapping[str, Any], planned: Sequence[ContrastRow]) -> list[str]:
    """One sentence for each group of endpoints with the same design, comparisons and degrees of freedom."""
    groups: dict[str, list[str]] = {}
    refused = []
    for name, endpoint in plan["endpoints"].items():
        rows = [row for row in planned if row.endpoint == name]
        tested = [row for row in rows if is_known(row.p_value)]
        if tested:
            groups.setdefault(_analysis(endpoint, tested), []).append(_title(name))
        elif rows:
            refused.append(_title(name))
    found = [f"{listed(names)}: {text}." for text, names in groups.items()]
    if refused:
        found.append(
            f"{listed(refused)} {'was' if len(refused) == 1 else 'were'} not tested (see the endpoint's note)."
        )
    return found


def _analysis(endpoint: Mapping[str, Any], tested: Sequence[ContrastRow]) -> str:
    """Model, degrees of freedom and comparisons of one endpoint."""
    present = {row.contrast for row in tested}
    kinds = [text for kind, text in METHODS.items() if kind in present]
    kinds += [f"the contrast {name}" for name in sorted(present - set(METHODS))]
    used = {row.df_method for row in tested}
    methods = [name for name in ("Satterthwaite", "Kenward-Roger") if name in used]
    df = f" with {listed(methods)} degrees of freedom" if methods else ""
    scale = {"log": " of logarithms", "logit": " of logits"}.get(endpoint["scale"], "")
    return f"{DESIGNS[endpoint['design']]}{scale}{df}, comparing {listed(kinds)}"


def _title(name: str) -> str:
    return name.replace("_", " ")


def _exclusions(exclusions: pd.DataFrame) -> str:
    if not len(exclusions):
        return "No values were excluded."
    keys = ["endpoint", "animal", "recording", "session", "time_min", "sample", "source"]
    counts = exclusions.astype(dict.fromkeys(keys, object)).drop_duplicates(keys)["source"].value_counts()
    return f"Of the values, {listed([f'{count} {SOURCES[str(source)]}' for source, count in counts.items()])}."


def _families(plan: Mapping[str, Any], planned: Sequence[ContrastRow]) -> list[str]:
    names: dict[str, list[str]] = {}
    for row in planned:
        if _title(row.endpoint) not in names.setdefault(row.family, []):
            names[row.family].append(_title(row.endpoint))
    return [
        f"p values of the {family} family ({listed(own)}) were {FAMILIES[plan['families'].get(family, 'none')]}."
        for family, own in names.items()
    ]


def _sensitivity(contrasts: Sequence[ContrastRow]) -> str:
    present = {row.sensitivity for row in contrasts}
    names = [text for name, text in SENSITIVITY.items() if name in present]
    if any(row.model == "Games-Howell" for row in contrasts):
        names.append("Games-Howell comparisons of all pairs")
    return f"Sensitivity analyses: {listed(names)}." if names else ""


def _intervals(plan: Mapping[str, Any], planned: Sequence[ContrastRow]) -> str:
    level = f"{100 * (1 - plan['alpha']):g}%"
    simultaneous = any(row.ci_type == "simultaneous" for row in planned)
    kinds = f"{level} confidence intervals" + (
        " are simultaneous for comparisons that are adjusted together, else individual" if simultaneous else ""
    )
    sizes = {row.effect_size_name for row in planned}
    names = ["Hedges's g (exact correction, noncentral t interval)"] * ("hedges_g" in sizes)
    names += ["the ratio of geometric means"] * ("ratio_of_geometric_means" in sizes)
    text = f"Alpha was {plan['alpha']:g}; {kinds if simultaneous else kinds + ' are given'}."
    if names:
        text += f" Effect sizes are {listed(names)}."
    if any(is_known(row.equivalence_p_value) for row in planned):
        text += " The absence of an effect was tested by two one-sided tests against the smallest effect that matters"
        bayes = any(is_known(row.bayes_factor_null) for row in planned)
        text += ", with a Bayes factor (JZS prior, scale 0.707)." if bayes else "."
    return text


def _r_equivalents(contrasts: Sequence[ContrastRow]) -> str:
    """R calls of the models and contrasts that were carried out."""
    models = dict.fromkeys(call for row in contrasts if (call := _r_model(row.model)))
    planned = {row.contrast for row in contrasts if not row.sensitivity and is_known(row.p_value)}
    names = {row.model.partition(",")[0] for row in contrasts}
    calls = [*models, *(call for name, call in R_CONTRASTS.items() if name in planned)]
    calls += [call for name, call in R_TESTS.items() if name in names]
    return f"Equivalents in R (sum-to-zero coding): {'; '.join(calls)}." if calls else ""


def _r_model(model: str) -> str:
    """R call of a model's formula; empty for tests without a model."""
    kind, _, formula = model.partition(": ")
    formula = re.sub(r", HC3$", "", formula)
    if kind == "mixed":
        return f"m <- lmerTest::lmer({formula})"
    if kind != "linear":
        return ""
    return f'car::Anova(lm({formula}), white.adjust = "hc3")' if model.endswith("HC3") else f"m <- lm({formula})"


def _versions(contrasts: Sequence[ContrastRow], tables: Mapping[str, pd.DataFrame]) -> str:
    """Versions of ketaflow and of the libraries that computed something."""
    models = {row.model.partition(",")[0].partition(":")[0] for row in contrasts}
    curves = tables["dose_response"]
    names = ["numpy", "scipy", "pandas"]
    names += ["statsmodels"] * bool({"linear", "mixed", "Welch"} & models)
    by_pingouin = any(row.adjustment in ("holm", "games-howell") for row in contrasts) or len(tables["power"])
    names += ["pingouin"] * bool(by_pingouin)
    names += ["scikit-posthocs"] * bool({"Dunn", "Jonckheere"} & models)
    names += ["lmfit"] * bool(curves["se"].notna().any() if "se" in curves else False)
    libraries = [f"{name} {metadata.version(name)} ({CITATIONS[name]})" for name in names]
    return f"Computed by ketaflow {__version__} with {listed(libraries)}."
