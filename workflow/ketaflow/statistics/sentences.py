"""What was found, one plain line per contrast, and a methods section of what was really run."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

KEYS = ("endpoint", "dataset", "contrast", "level", "reference", "sensitivity")
CALLED = {
    "dunnett": "Dunnett p", "dunnett_stepdown": "step-down Dunnett p", "pairwise": "Tukey p", "williams": "Williams p",
    "simple": "Holm p", "interaction": "p", "inverted_u": "Holm p",
}  # fmt: skip
DESIGNS = {
    "one_way": "a linear model", "ancova": "a linear model with covariates", "factorial": "a factorial linear model",
    "nested": "a mixed model with the animal as a random effect above its samples",
    "repeated": "a mixed model with the animal as a random effect over time",
    "crossover": "a mixed model with the animal as a random effect over periods",
}  # fmt: skip
METHODS = {
    "dunnett": "each arm with the control (Dunnett's single-step adjustment, by quadrature)",
    "dunnett_stepdown": "each arm with the control (Dunnett's step-down)",
    "trend": "the slope over dose",
    "jonckheere": "Jonckheere's test over rising doses",
    "williams": "Williams's contrasts in the multivariate t form",
    "pairwise": "all pairs of arms (Tukey)",
    "simple": "each level with the reference within each level of the other factor (Holm within it)",
    "interaction": "differences of differences (interaction contrasts)",
    "inverted_u": "doses in between against control and top dose together (intersection-union)",
}
FAMILIES = {
    "none": "not corrected across endpoints", "holm": "corrected across endpoints after Holm",
    "bh": "controlled for the false discovery rate after Benjamini and Hochberg",
    "hochberg": "corrected across endpoints after Hochberg", "fixed_sequence": "tested in the plan's order",
}  # fmt: skip
BESIDE = {
    "welch": "tests that let variances differ", "rank": "rank tests", "log": "the analysis of logarithms",
    "without_flagged": "the analysis without flagged values", "unit_means": "the analysis of animals' means",
    "mann_whitney": "Mann-Whitney tests", "sphericity": "repeated-measures anova",
    "without_exclusions": "the analysis without the plan's exclusions",
}  # fmt: skip


def sentences(tables: Mapping[str, pd.DataFrame]) -> list[dict[str, str]]:
    """One dict per contrast: endpoint, dataset, contrast, level, reference, sensitivity and its sentence."""
    rows = tables["contrasts"].astype(object)
    return [
        {key: row[key] if isinstance(row[key], str) else "" for key in KEYS} | {"sentence": sentence(row)}
        for row in rows.where(rows.notna(), None).to_dict("records")
    ]


def sentence(row: Mapping[str, Any]) -> str:
    """One contrast in words: the difference with its interval, the test, the size of effect, the animals."""
    who = _who(row)
    if row["p_value"] is None:
        return f"{who}: {row['note'] or 'not tested'}."
    parts = [_found(row), _test(row), _size(row), _animals(row)]
    return f"{who}: {', '.join(filter(None, parts))}.{_equivalence(row)}{_reversal(row)}"


def methods_paragraph(plan: Mapping[str, Any], tables: Mapping[str, pd.DataFrame]) -> str:
    """A methods section of what was really run, from the plan carried out and the tables it gave."""
    contrasts = tables["contrasts"].astype(object)
    contrasts = contrasts.where(contrasts.notna(), "")
    own = contrasts[contrasts["sensitivity"] == ""]
    parts = [
        "The animal was the unit of analysis; observations within an animal were never counted as animals.",
        *_endpoints(plan, own),
        _exclusions(tables["exclusions"]),
        *_corrections(plan, own),
        _beside(contrasts),
        _intervals(plan, own),
        "Tests of normality and of equal variances are shown as diagnostics; they did not choose the analysis.",
        _versions(contrasts),
    ]
    return " ".join(filter(None, parts))


def _who(row: Mapping[str, Any]) -> str:
    if row["contrast"] in ("trend", "jonckheere"):
        return "dose trend" if row["contrast"] == "trend" else "Jonckheere's dose trend"
    if not row["level"]:
        return str(row["contrast"])
    if row["contrast"] == "interaction":
        return f"interaction {row['reference']}"
    if row["contrast"] == "simple":
        level, _, where = row["level"].partition(" | ")
        return f"{level} vs {row['reference'].partition(' | ')[0]} where {where.replace('=', ' is ')}"
    if row["contrast"] == "inverted_u":
        return f"{row['level']} against both {row['reference']}"
    return f"{row['level']} vs {row['reference']}" if row["reference"] else str(row["level"])


def _found(row: Mapping[str, Any]) -> str:
    if row["estimate"] is None or row["contrast"] == "jonckheere":
        return ""
    if row["effect_size_name"] == "ratio_of_geometric_means":
        return f"ratio {number(row['effect_size'])} ({_limits(row, 'effect_ci_low', 'effect_ci_high')})"
    unit = {"log": " (log)", "logit": " (logit)"}.get(row["estimate_scale"], f" {row['unit']}" if row["unit"] else "")
    per = " per mg/kg" if row["contrast"] == "trend" and row["level"] == "dose_mg_per_kg" else ""
    told = f"{number(row['estimate'])}{unit}{per}"
    return f"{told} ({_limits(row, 'ci_low', 'ci_high')})" if row["ci_low"] is not None else told


def _limits(row: Mapping[str, Any], low: str, high: str) -> str:
    kind = "simultaneous " if row["ci_type"] == "simultaneous" and low == "ci_low" else ""
    return f"{kind}{100 * row['conf_level']:g}% CI {number(row[low])} to {number(row[high])}"


def _test(row: Mapping[str, Any]) -> str:
    degrees = f"({row['df']:.4g})" if row["df"] is not None else ""
    called = {"welch": "Welch, Holm p", "rank": "Dunn, Holm p", "mann_whitney": "Mann-Whitney, Holm p"}.get(
        row["sensitivity"], CALLED.get(row["contrast"], "p")
    )
    if row["adjustment"] == "games-howell":
        called = "Games-Howell p"
    if row["adjustment"] in ("none", None):
        called = "p"
    across = ""
    if row["p_family"] is not None and row["family_adjustment"] not in (None, "", "none"):
        across = f", across the family {p_text('p', row['p_family'])}"
    statistic = f"{row['statistic_name']}{degrees} = {number(row['statistic'])}"
    return f"{statistic}, {p_text(called, row['p_adjusted'])}{across}"


def _size(row: Mapping[str, Any]) -> str:
    name = {"hedges_g": "g", "cliffs_delta": "Cliff's delta"}.get(row["effect_size_name"])
    if not name or row["effect_size"] is None:
        return ""
    return f"{name} = {number(row['effect_size'])} ({number(row['effect_ci_low'])} to {number(row['effect_ci_high'])})"


def _animals(row: Mapping[str, Any]) -> str:
    if row["n"] is None:
        return ""
    return f"n = {row['n']:g}, {row['n_reference']:g}" if row["n_reference"] is not None else f"n = {row['n']:g}"


def _equivalence(row: Mapping[str, Any]) -> str:
    """Absence of an effect is claimed from equivalence alone, never from a large p."""
    if row["equivalence_p_value"] is None:
        return ""
    within = row["equivalence_p_value"] <= 1 - row["conf_level"]
    margin = f"{number(row['smallest_effect'])} {row['unit'] or ''}".strip()
    verdict = "smaller than" if within else "not shown to be smaller than"
    return f" The effect is {verdict} {margin} (equivalence {p_text('p', row['equivalence_p_value'])})."


def _reversal(row: Mapping[str, Any]) -> str:
    return "" if row["contrast"] != "simple" else " Whether this differs between levels is the interaction's question."


def number(value: float | None) -> str:
    """Three significant digits, without powers of ten where people would not write them."""
    if value is None:
        return "not known"
    if value in (float("inf"), float("-inf")):
        return "infinity" if value > 0 else "minus infinity"
    if abs(value) < 1e6 and abs(value - round(value)) < 1e-9 * max(1, abs(value)):
        return f"{value:.0f}"
    if value and not 1e-4 <= abs(value) < 1e6:
        return f"{value:.2e}"
    digits = max(0, 2 - len(f"{abs(value):.0f}") + 1) if abs(value) >= 1 else None
    return f"{value:.{digits}f}" if digits is not None else f"{value:.3g}"


def p_text(called: str, p: float) -> str:
    """An exact p of three digits; below 0.0001 as a bound."""
    return f"{called} < 0.0001" if p < 1e-4 else f"{called} = {p:.3g}"


def _endpoints(plan: Mapping[str, Any], own: pd.DataFrame) -> list[str]:
    """One sentence for each group of endpoints that share design, comparisons and degrees of freedom."""
    groups: dict[str, list[str]] = {}
    refused = []
    for name, endpoint in plan["endpoints"].items():
        rows = own[own["endpoint"] == name]
        tested = rows[rows["p_value"] != ""]
        if len(tested):
            groups.setdefault(_analysis(endpoint["design"], tested), []).append(name)
        elif len(rows):
            refused.append(name)
    sentences_ = [f"{_list([_title(name) for name in names])}: {text}." for text, names in groups.items()]
    if refused:
        names = _list([_title(name) for name in refused])
        sentences_.append(f"{names} {'was' if len(refused) == 1 else 'were'} not tested (see the endpoint's note).")
    return sentences_


def _analysis(design: str, tested: pd.DataFrame) -> str:
    """Model, degrees of freedom and comparisons of one endpoint, in words."""
    present = set(tested["contrast"])
    kinds = [text for kind, text in METHODS.items() if kind in present]
    kinds += [f"the contrast {name}" for name in sorted(present - set(METHODS))]
    methods = [name for name in ("Satterthwaite", "Kenward-Roger") if name in set(tested["df_method"])]
    df = f" with {_list(methods)} degrees of freedom" if methods else ""
    return f"{DESIGNS[design]}{df}, comparing {_list(kinds)}"


def _title(name: str) -> str:
    """An endpoint's name without underscores."""
    return name.replace("_", " ")


def _exclusions(exclusions: pd.DataFrame) -> str:
    if not len(exclusions):
        return "Nothing was excluded."
    keys = ["endpoint", "animal", "recording", "session", "time_min", "sample", "source"]
    counts = exclusions.astype({key: object for key in keys}).drop_duplicates(keys)["source"].value_counts()
    words = {"no value": "could not be measured", "plan": "were excluded by a rule of the plan",
             "reviewer": "were rejected by a reviewer", "no arm": "belong to animals without an arm"}  # fmt: skip
    return f"Of the values, {_list([f'{count} {words[source]}' for source, count in counts.items()])}."


def _corrections(plan: Mapping[str, Any], own: pd.DataFrame) -> list[str]:
    told = []
    for family in dict.fromkeys(own["family"]):
        method = plan["families"].get(family, "none")
        names = [_title(name) for name in dict.fromkeys(own.loc[own["family"] == family, "endpoint"])]
        told.append(f"The {family} family ({_list(names)}) was {FAMILIES[method]}.")
    return told


def _beside(contrasts: pd.DataFrame) -> str:
    names = [BESIDE[name] for name in BESIDE if name in set(contrasts["sensitivity"])]
    return f"Shown beside the plan's own analysis: {_list(names)}." if names else ""


def _intervals(plan: Mapping[str, Any], own: pd.DataFrame) -> str:
    simultaneous = (
        "simultaneous where comparisons share an adjustment, " if "simultaneous" in set(own["ci_type"]) else ""
    )
    sizes = set(own["effect_size_name"])
    told = ["Hedges's g with exact correction and noncentral t interval"] * ("hedges_g" in sizes)
    told += ["ratios of geometric means"] * ("ratio_of_geometric_means" in sizes)
    size = f" Sizes of effect are {_list(told)}." if told else ""
    level = f"{100 * (1 - plan['alpha']):g}%"
    return f"Error rate {plan['alpha']:g}; intervals have level {level}, {simultaneous}else individual.{size}"


def _versions(contrasts: pd.DataFrame) -> str:
    from importlib import metadata

    from ketaflow import __version__

    names = ["numpy", "scipy", "pandas"] + ["pingouin"] * ("Games-Howell" in set(contrasts["model"]))
    return f"Computed by ketaflow {__version__} with {_list([f'{name} {metadata.version(name)}' for name in names])}."


def _list(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""
