"""The parts of the results page for its template: what was asked, left out, checked and found."""

import base64
import re
from collections.abc import Mapping

import pandas as pd

from ketaflow.report import formatting, html_tables
from ketaflow.report.endpoints import ROLES, Endpoint, curves
from ketaflow.report.figures import effect_overview, endpoint_figures
from ketaflow.report.html_tables import SheetTable
from ketaflow.report.palette import Arm

MOST_ROWS = 300
MOST_SHOWN = 16
# Figures of assays are drawn with 11 px letters for narrow cards; here they stand beside 13 px.
ENLARGED, WHOLE_PX = 1.15, 640.0
VIEW_BOX = re.compile(r'viewBox=["\']0 0 ([0-9.]+)')
EXCLUSION_KEYS = ["assay", "animal", "recording", "source", "rule", "reviewer", "reason"]


def failed(recordings: pd.DataFrame) -> SheetTable:
    """Recordings in which nothing could be measured, with the reason."""
    rows = recordings[recordings["status"].eq("failed")].drop_duplicates(["assay", "recording"])
    return html_tables.table("failed_recordings", rows)


def asked(endpoints: list[Endpoint]) -> SheetTable:
    """The plan, one line per endpoint."""
    copied = ("design", "family", "smallest_effect")
    rows = [
        {
            "endpoint": endpoint.name,
            "what": endpoint.title,
            "assay": endpoint.assay,
            "role": endpoint.role,
            "contrasts": ", ".join(_contrast(one) for one in endpoint.plan.get("contrasts") or []),
            "scale": "" if endpoint.scale == "identity" else endpoint.scale,
            **{key: endpoint.plan.get(key) for key in copied},
        }
        for endpoint in endpoints
    ]
    return html_tables.table("plan", pd.DataFrame(rows))


def left_out(exclusions: pd.DataFrame) -> SheetTable:
    """Each value left out once, with the endpoints it concerns."""
    rows = exclusions.reindex(columns=[*EXCLUSION_KEYS, "endpoint"]).astype(object).fillna("")
    by_value = rows.groupby(EXCLUSION_KEYS, sort=True)["endpoint"]
    return html_tables.table("exclusions", by_value.agg(lambda names: ", ".join(dict.fromkeys(names))).reset_index())


def check_counts(checks: pd.DataFrame) -> tuple[SheetTable, SheetTable]:
    """How often each check passed, warned, failed: those that did not always pass, and all."""
    counted = checks.groupby(["assay", "check"])["verdict"].value_counts().unstack(fill_value=0)
    counted = counted.reindex(columns=["pass", "warn", "fail"], fill_value=0).reset_index()
    counted = counted.sort_values(["fail", "warn"], ascending=False, kind="stable")
    raised = counted[counted[["warn", "fail"]].sum(axis=1).gt(0)]
    return html_tables.table("raised_checks", raised), html_tables.table("checks", counted)


def doubtful(checks: pd.DataFrame) -> tuple[SheetTable, int]:
    """Checks that did not pass (the first ``MOST_ROWS``), and how many there are in all."""
    rows = checks[checks["verdict"].ne("pass")].sort_values("verdict", kind="stable")
    return html_tables.table("doubtful_checks", rows.head(MOST_ROWS)), len(rows)


def endpoint_part(endpoint: Endpoint, arms: list[Arm], sentences: list[dict]) -> dict:
    """Everything the page shows of one endpoint, short of p values."""
    labels = {arm.name: arm.label for arm in arms}
    tables = _estimates(endpoint, labels)
    figures = {"animals": "", "differences": "", "time_course": "", "dose_response": ""}
    if len(endpoint.counted()):
        figures = {
            "animals": endpoint_figures.animals(endpoint, arms),
            "differences": endpoint_figures.differences(endpoint, arms),
            "time_course": endpoint_figures.time_course(endpoint, arms),
            "dose_response": endpoint_figures.dose_response(endpoint, arms, curves(endpoint)),
        }
    return figures | {
        "name": endpoint.name,
        "title": endpoint.title,
        "assay": endpoint.assay,
        "role": endpoint.role,
        "design": formatting.words(endpoint.plan.get("design")),
        "question": _question(endpoint, arms),
        "caption": _caption(endpoint),
        "sentences": [told["sentence"] for told in _own(sentences, endpoint)],
        "notes": _notes(endpoint),
        "tables": [table for table in tables if table.rows and len(table.rows) <= MOST_SHOWN],
        "more": [table for table in tables if len(table.rows) > MOST_SHOWN] + _more(endpoint, labels),
    }


def by_role(parts: list[dict]) -> list[tuple[str, list[dict]]]:
    """Endpoints gathered by role, roles without any left out."""
    return [(role, own) for role in ROLES if (own := [part for part in parts if part["role"] == role])]


def tests(endpoints: list[Endpoint], labels: Mapping[str, str]) -> list[SheetTable]:
    """Every p value of the plan's own analyses, and the omnibus tests."""
    return [
        html_tables.table("tests", _with_statistic(_compared(_gathered(endpoints, "contrasts"), labels), "df")),
        html_tables.table("omnibus", _with_statistic(_gathered(endpoints, "omnibus"), "df1", "df2")),
    ]


def mechanism(endpoints: list[Endpoint], arms: list[Arm], arm_of: pd.Series, least: int) -> dict:
    """The cascade and the correlations; the latter empty where no two endpoints share enough animals."""
    values = effect_overview.per_animal([endpoint for _, own in effect_overview.steps(endpoints) for endpoint in own])
    by_name = {endpoint.name: endpoint.title for endpoint in endpoints}
    titles = [by_name[name] for name in values]
    found = effect_overview.correlations(values, arm_of, least=least)
    drawn = found.has_any
    return {
        "cascade": effect_overview.figure(endpoints, arms),
        "correlations": effect_overview.matrix(titles, found) if drawn else "",
        "correlation_table": html_tables.table("correlations", effect_overview.pairs(titles, found)) if drawn else None,
    }


def _contrast(one: object) -> str:
    return one["name"] if isinstance(one, Mapping) else formatting.words(one)


def _question(endpoint: Endpoint, arms: list[Arm]) -> str:
    control = next((arm.label for arm in arms if arm.is_control), "control")
    verb = {"lower": "lower than with", "higher": "higher than with"}.get(endpoint.direction, "different from")
    return f"Is it {verb} {control}?"


def _caption(endpoint: Endpoint) -> str:
    rows, table = endpoint.differences, endpoint.per_animal
    level = f"{100 * float(rows['conf_level'].iloc[0]):.4g}\u00a0%" if len(rows) else "95\u00a0%"
    dot = {
        "nested": " (the mean of its samples, which lie behind it, small)",
        "repeated": " (the mean over its times)",
    }.get(endpoint.plan.get("design"), "")
    has_interval = endpoint.plan.get("design") != "repeated"
    parts = [f"Each dot is one animal{dot}", f"bar, mean with its {level} interval" if has_interval else "bar, mean"]
    parts += ["hollow, flagged by a check"] if table["flagged"].any() else []
    parts += ["cross, left out of the comparison"] if table["left_out"].ne("").any() else []
    return "; ".join(parts) + "." + (_beside(endpoint, rows, level) if len(rows) else "")


def _beside(endpoint: Endpoint, rows: pd.DataFrame, level: str) -> str:
    """What the second figure shows."""
    kind = "simultaneous " if rows["ci_type"].iloc[0] == "simultaneous" else ""
    told = f" Beside it, each difference with its {kind}{level} interval"
    told += ", on the same scale with zero at the mean of the reference." if endpoint.scale == "identity" else "."
    if "smallest_effect" in rows and rows["smallest_effect"].notna().any():
        told += " The shaded band is too small to matter, as the plan declares."
    if endpoint.is_changed_by_review:
        told += " Thin grey: before the review took anything out."
    return told


def _own(sentences: list[dict], endpoint: Endpoint) -> list[dict]:
    return [
        told
        for told in sentences
        if told.get("endpoint") == endpoint.name
        and told.get("dataset", endpoint.dataset) == endpoint.dataset
        and not told.get("sensitivity")
    ]


def _notes(endpoint: Endpoint) -> list[str]:
    told = []
    contrasts, diagnostics = endpoint.lines("contrasts"), endpoint.lines("diagnostics")
    if len(contrasts) and contrasts["p_value"].isna().all():
        told += list(contrasts["note"].dropna())
    told += list(diagnostics["message"].dropna()) if "message" in diagnostics else []
    return [str(note) for note in dict.fromkeys(told) if str(note).strip()]


def _estimates(endpoint: Endpoint, labels: Mapping[str, str]) -> list[SheetTable]:
    described = _with_intervals(endpoint.lines("descriptives"))
    contrasts = pd.concat([endpoint.lines("contrasts", dataset) for dataset in endpoint.datasets])
    contrasts = _compared(_with_intervals(contrasts), labels)
    if not endpoint.is_changed_by_review:
        contrasts = contrasts[contrasts["dataset"].eq(endpoint.dataset)].drop(columns="dataset")
    unit = f" ({endpoint.unit})" if endpoint.unit else ""
    scale = {"log": " of natural logarithms", "logit": " of logits"}.get(endpoint.scale, unit)
    return [
        html_tables.table("effects", contrasts, of=endpoint.name, after=scale),
        html_tables.table("descriptives", described, of=endpoint.name, after=unit, labels={"arm": labels}),
    ]


def _compared(contrasts: pd.DataFrame, labels: Mapping[str, str]) -> pd.DataFrame:
    """What is compared with what, how many animals of each, and the effect size, in words; data sets side by side."""
    rows = []
    for row in contrasts.to_dict("records"):
        level, reference = (formatting.level(row[key], labels) for key in ("level", "reference"))
        if row["level"] == row["contrast"]:
            reference = ""
        elif reference.startswith("("):
            level, reference = reference, ""
        counts = [f"{int(row[key])}" for key in ("n", "n_reference") if not formatting.is_missing(row[key])]
        rows.append(
            {
                "compared": f"{level} − {reference}" if reference else level,
                "animals": " + ".join(counts),
                "effect": formatting.effect(row["effect_size_name"], row["effect_size"]),
            }
        )
    told = contrasts.reset_index(drop=True).join(pd.DataFrame(rows, columns=["compared", "animals", "effect"]))
    kinds = [name for name in ("endpoint", "sensitivity", "contrast", "compared") if name in told]
    places = told.groupby(kinds, sort=False, dropna=False).ngroup()
    return told.loc[places.sort_values(kind="stable").index]


def _more(endpoint: Endpoint, labels: Mapping[str, str]) -> list[SheetTable]:
    beside = _compared(_with_intervals(endpoint.lines("contrasts", sensitivity=True)), labels)
    named = [
        html_tables.table(name, endpoint.lines(name), of=endpoint.name)
        for name in ("variance_components", "diagnostics", "dose_response", "power")
    ]
    made = [html_tables.table("sensitivity", beside, of=endpoint.name), *named]
    return [table for table in made if table.rows]


def by_assay(shown: dict) -> dict:
    """What one assay shows of the whole cohort, its figures as pictures that keep their own style and white paper."""
    figures = [
        {
            **figure,
            "src": "data:image/svg+xml;base64," + base64.b64encode(figure["content"].encode()).decode(),
            "width_px": round(ENLARGED * _drawn_width_px(figure["content"])),
        }
        for figure in shown["figures"]
    ]
    return {**shown, "figures": figures}


def _drawn_width_px(svg: str) -> float:
    """Width a figure was drawn for, by its view box; that of a whole column where it has none."""
    box = VIEW_BOX.search(svg)
    return float(box[1]) if box else WHOLE_PX


def _with_intervals(rows: pd.DataFrame) -> pd.DataFrame:
    """The intervals as one column of words each."""
    added = {}
    for name, low, high in (
        ("interval", "ci_low", "ci_high"),
        ("effect_interval", "effect_ci_low", "effect_ci_high"),
    ):
        if low in rows and high in rows:
            added[name] = [formatting.interval(*ends) for ends in zip(rows[low], rows[high], strict=True)]
    return rows.assign(**added)


def _with_statistic(rows: pd.DataFrame, *dfs: str) -> pd.DataFrame:
    """The statistic with its degrees of freedom in the way papers write it."""
    if not len(rows):
        return rows
    told = [
        formatting.statistic(row["statistic_name"], row["statistic"], [row[df] for df in dfs])
        for row in rows.to_dict("records")
    ]
    return rows.assign(test=told)


def _gathered(endpoints: list[Endpoint], table: str) -> pd.DataFrame:
    """An endpoint's lines for each data set, or of the one shown first where the review changed nothing."""
    parts = [
        endpoint.lines(table, dataset)
        for endpoint in endpoints
        for dataset in (endpoint.datasets if endpoint.is_changed_by_review else [endpoint.dataset])
    ]
    parts = [part for part in parts if len(part)]
    rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["endpoint"])
    return rows.drop(columns="dataset") if "dataset" in rows and rows["dataset"].nunique() == 1 else rows
