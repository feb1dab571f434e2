"""The whole cohort in one figure: the size of every effect by dose, in the order of the mechanism.

In: endpoints and arms. Out: SVG. Effects are Hedges g, turned so that right is where an antidepressant
acts. What was not measured, or cannot be expressed so, is said, not left out. Beside it: how the
animals' values go together across assays.
"""

import math
import re
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from ketaflow.report import formatting
from ketaflow.report.endpoints import Endpoint
from ketaflow.report.figures import canvas
from ketaflow.report.figures.canvas import INK, SOFT, Frame, Sheet
from ketaflow.report.palette import Arm

MECHANISM = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
EFFECT = "hedges_g"
ROW_PX, GAP_PX, HEAD_PX, LABEL_PX, WIDTH_PX = 13.0, 14.0, 26.0, 300.0, 960.0
TOP_PX, FOOT_PX = 40.0, 66.0
CELL_PX, CELL_LABEL_PX = 46.0, 290.0
LARGEST = 4.0
SEPARATORS = re.compile(r"[/,()\[\]\s]+")


@dataclass(frozen=True)
class Row:
    """One effect: of one arm on one endpoint. ``said`` tells why there is none."""

    endpoint: Endpoint
    arm: Arm | None
    effect: float = np.nan
    low: float = np.nan
    high: float = np.nan
    said: str = ""


@dataclass(frozen=True)
class Correlations:
    """Correlation of every pair of endpoints over all animals and within arms, and the animals behind it."""

    pooled: pd.DataFrame
    within: pd.DataFrame
    together: pd.DataFrame

    @property
    def has_any(self) -> bool:
        """Whether any pair has a correlation."""
        off = ~np.eye(len(self.pooled), dtype=bool)
        return bool(self.pooled.notna().to_numpy()[off].any())


def steps(endpoints: list[Endpoint]) -> list[tuple[str, list[Endpoint]]]:
    """Endpoints by step of the mechanism, in its order; steps without one have an empty list."""
    found: dict[str, list[Endpoint]] = {step["title"]: [] for step in MECHANISM["steps"]}
    for endpoint in endpoints:
        if endpoint.plan["measure"] in MECHANISM["beside"]:
            continue
        found.setdefault(_step(endpoint), []).append(endpoint)
    return list(found.items())


def effects(endpoint: Endpoint, arms: list[Arm]) -> list[Row]:
    """The endpoint's effects by arm, turned towards the antidepressant direction."""
    by_name = {arm.name: arm for arm in arms}
    rows = endpoint.differences
    rows = rows[rows["level"].isin(list(by_name))] if len(rows) else rows
    if not len(rows):
        contrasts = endpoint.lines("contrasts")
        notes = [note for note in contrasts["note"].dropna() if note] if "note" in contrasts else []
        return [Row(endpoint, None, said=notes[0] if notes else "not compared arm by arm")]
    made = [_row(endpoint, by_name[row["level"]], row) for row in rows.to_dict("records")]
    return sorted(made, key=lambda one: one.arm.place)


def figure(endpoints: list[Endpoint], arms: list[Arm]) -> str:
    """Size of every effect with its interval, step by step of the mechanism."""
    by_step = [(title, [effects(endpoint, arms) for endpoint in own]) for title, own in steps(endpoints)]
    sheet = Sheet(WIDTH_PX, _height(by_step))
    frame = Frame(sheet, LABEL_PX, TOP_PX, WIDTH_PX - 16, sheet.height - FOOT_PX, _limits(by_step), (0, 1))
    frame.x_axis("size of the effect against control (Hedges g)", grid=True)
    sheet.line(frame.x(0), frame.top - 8, frame.x(0), frame.bottom, stroke=INK)
    sheet.text(frame.x(0) + 8, 20, "antidepressant-like →", fill=SOFT)
    sheet.text(frame.x(0) - 8, 20, "← opposite", fill=SOFT, anchor="end")
    _legend(sheet, [arm for arm in arms if not arm.is_control])
    y = frame.top + 4
    for title, groups in by_step:
        y = _heading(sheet, title, y)
        if not groups:
            sheet.text(14, y + 9, "not measured in this cohort", fill=SOFT)
            y += ROW_PX + GAP_PX
        for rows in groups:
            y = _endpoint(frame, rows, y)
    return sheet.svg("Size of every effect by dose arm, in the order of the mechanism from glutamate to behaviour")


def per_animal(endpoints: list[Endpoint]) -> pd.DataFrame:
    """One column per endpoint, one row per animal: the animal's mean, of endpoints an animal has one arm in."""
    columns = {}
    for endpoint in endpoints:
        table = endpoint.per_animal
        table = table[table["left_out"].eq("")]
        if len(table) and table["animal"].is_unique:
            columns[endpoint.name] = table.set_index("animal")["value"]
    return pd.DataFrame(columns)


def correlations(values: pd.DataFrame, arm_of: pd.Series, *, least: int) -> Correlations:
    """Pearson correlation of every pair of columns; NaN below ``least`` animals.

    Within arms each value is taken less the mean of its arm, among the animals that have both: what is
    left to go together once the dose has had its effect. There as many animals more are asked for as
    arm means were taken off.
    """
    known = values.notna().to_numpy().astype(int)
    together = pd.DataFrame(known.T @ known, index=values.columns, columns=values.columns)
    within = pd.DataFrame(np.nan, index=values.columns, columns=values.columns)
    for one in values.columns:
        for other in values.columns:
            both = values[[one, other]].dropna() if one != other else values[[one]].dropna()
            arm = arm_of.reindex(both.index)
            left = both - both.groupby(arm).transform("mean")
            if one != other and len(both) >= least + arm.nunique() and left.std().min() > 0:
                within.loc[one, other] = left.corr().iloc[0, 1]
    return Correlations(values.corr(min_periods=least), within, together)


def matrix(titles: list[str], found: Correlations) -> str:
    """Correlations as a square: all animals below the diagonal, within arms above it."""
    count, top = len(titles), 12.0
    sheet = Sheet(CELL_LABEL_PX + count * CELL_PX + 12, top + count * CELL_PX + 34)
    for i, title in enumerate(titles):
        middle = top + (i + 0.5) * CELL_PX + 4
        lines = canvas.wrapped(title, 40, 2)
        for step, line in enumerate(lines):
            sheet.text(CELL_LABEL_PX - 28, middle + 14 * step - 7 * (len(lines) - 1), line, anchor="end")
        sheet.text(CELL_LABEL_PX - 10, middle, str(i + 1), anchor="middle", fill=SOFT)
        sheet.text(
            CELL_LABEL_PX + (i + 0.5) * CELL_PX, top + count * CELL_PX + 17, str(i + 1), anchor="middle", fill=SOFT
        )
        for j in range(count):
            value = float((found.within if j > i else found.pooled).iloc[i, j])
            told = _cell_told(titles, i, j, value, int(found.together.iloc[i, j]))
            _cell(sheet, CELL_LABEL_PX + j * CELL_PX, top + i * CELL_PX, value, i == j, told)
    return sheet.svg("Correlations between endpoints across animals: all animals below the diagonal, within arms above")


def pairs(titles: list[str], found: Correlations) -> pd.DataFrame:
    """The same, one line per pair."""
    rows = [
        (titles[i], titles[j], found.together.iloc[i, j], found.pooled.iloc[i, j], found.within.iloc[i, j])
        for i in range(len(titles))
        for j in range(i)
        if found.together.iloc[i, j]
    ]
    return pd.DataFrame(rows, columns=["one", "other", "n", "r", "within"])


def _row(endpoint: Endpoint, arm: Arm, row: dict) -> Row:
    if row["effect_size_name"] == EFFECT and not formatting.is_missing(row["effect_size"]):
        size, ends = float(row["effect_size"]), (float(row["effect_ci_low"]), float(row["effect_ci_high"]))
    else:
        size, ends = standardised(row)
    if not np.isfinite(size):
        return Row(endpoint, arm, said="no standardised effect")
    sign = -1 if endpoint.direction == "lower" else 1
    low, high = sorted(sign * end for end in ends)
    return Row(endpoint, arm, sign * size, low, high)


def standardised(row: dict) -> tuple[float, tuple[float, float]]:
    """A difference and its interval in standard deviations of the model, on the scale of the analysis.

    For analyses whose own effect size is another, a ratio say. The standard deviation is read back from
    the standard error, se = sd * sqrt(1/n + 1/n_reference); the bias of small samples is taken off as in
    Hedges g (Hedges 1981, doi:10.3102/10769986006002107). NaN where any of these is missing.
    """
    keys = ("estimate", "ci_low", "ci_high", "se", "df", "n", "n_reference")
    estimate, low, high, se, df, n, n_reference = (
        np.nan if formatting.is_missing(row.get(key)) else float(row[key]) for key in keys
    )
    if not (se > 0 and df > 1 and n > 0 and n_reference > 0):
        return np.nan, (np.nan, np.nan)
    unbiased = math.exp(math.lgamma(df / 2) - math.lgamma((df - 1) / 2)) / math.sqrt(df / 2)
    factor = unbiased * math.sqrt(1 / n + 1 / n_reference) / se
    return estimate * factor, (low * factor, high * factor)


def _step(endpoint: Endpoint) -> str:
    where = endpoint.plan.get("where") or {}
    analyte = endpoint.plan.get("analyte") or where.get("analyte")
    for source in (analyte, endpoint.plan["measure"], endpoint.plan["assay"]):
        text = f" {SEPARATORS.sub(' ', str(source or '').casefold())} "
        for step in MECHANISM["steps"]:
            if any(f" {word} " in text for word in step["words"]):
                return step["title"]
    return MECHANISM["other"]


def _height(by_step: list) -> float:
    rows = sum(max(_lines(group), len(group)) for _, groups in by_step for group in groups)
    rows += sum(not groups for _, groups in by_step)
    gaps = sum(max(1, len(groups)) for _, groups in by_step)
    return TOP_PX + FOOT_PX + rows * ROW_PX + gaps * GAP_PX + len(by_step) * HEAD_PX + 8


def _lines(group: list[Row]) -> int:
    return len(canvas.wrapped(group[0].endpoint.title, 43, 2))


def _limits(by_step: list) -> tuple[float, float]:
    rows = [row for _, groups in by_step for group in groups for row in group]
    low, high = canvas.limits([value for row in rows for value in (row.low, row.high)], include=[-1, 1])
    return max(low, -LARGEST), min(high, LARGEST)


def _legend(sheet: Sheet, arms: list[Arm]) -> None:
    """What the colours are, along the foot from the right."""
    x = sheet.width - 16
    for arm in reversed(arms):
        sheet.text(x, sheet.height - 4, arm.label, anchor="end")
        x -= len(arm.label) * canvas.LETTER_PX * 1.1 + 16
        sheet.dot(x + 6, sheet.height - 8, 4.5, arm.colour)
        x -= 14


def _heading(sheet: Sheet, title: str, y: float) -> float:
    sheet.text(0, y + 12, title, bold=True, size=13)
    sheet.line(0, y + HEAD_PX - 8, WIDTH_PX - 16, y + HEAD_PX - 8, stroke="var(--line)")
    return y + HEAD_PX


def _endpoint(frame: Frame, rows: list[Row], y: float) -> float:
    """The rows of one endpoint; returns where the next begins."""
    endpoint = rows[0].endpoint
    lines = canvas.wrapped(endpoint.title, 43, 2)
    lines[-1] += {"lower": " ↓", "higher": " ↑"}.get(endpoint.direction, "")
    for step, line in enumerate(lines):
        frame.sheet.text(14, y + 9 + ROW_PX * step, line)
    if endpoint.role == "primary":
        frame.sheet.dot(5, y + 5, 3, INK, told="primary endpoint")
    for place, row in enumerate(rows):
        _effect(frame, row, y + 5 + place * ROW_PX)
    return y + max(len(rows), len(lines)) * ROW_PX + GAP_PX


def _effect(frame: Frame, row: Row, y: float) -> None:
    if not np.isfinite(row.effect):
        words = f"{row.arm.label}: {row.said}" if row.arm else row.said
        frame.sheet.text(frame.left + 6, y + 4, _clipped(words, 78), fill=SOFT, size=11, halo=True)
        return
    first, last = frame.x_limits
    low, high, middle = (frame.x(float(np.clip(value, first, last))) for value in (row.low, row.high, row.effect))
    frame.sheet.line(low, y, high, y, stroke=row.arm.colour, width=2)
    for tip, beyond, way in ((low, row.low < first, -1), (high, row.high > last, 1)):
        if beyond:
            frame.sheet.add(
                f'<path d="M{tip - way * 5:.1f} {y - 4:.1f}L{tip:.1f} {y:.1f}L{tip - way * 5:.1f} {y + 4:.1f}" '
                f'fill="none" stroke="{row.arm.colour}" stroke-width="2"/>'
            )
    told = f"g {formatting.number(row.effect)}, interval {formatting.interval(row.low, row.high)}"
    frame.sheet.dot(middle, y, 4.5, row.arm.colour, told=f"{row.endpoint.title}, {row.arm.label}: {told}")


def _cell(sheet: Sheet, x: float, y: float, value: float, is_own: bool, told: str) -> None:
    side = CELL_PX - 2
    box = f'<rect x="{x + 1:.1f}" y="{y + 1:.1f}" width="{side:g}" height="{side:g}"'
    title = f"<title>{escape(told)}</title>"
    if is_own:
        sheet.add(f'{box} fill="var(--sunken)"/>')
    elif not np.isfinite(value):
        sheet.add(f'{box} fill="none" stroke="var(--line)">{title}</rect>')
    else:
        hue = "var(--positive)" if value > 0 else "var(--negative)"
        sheet.add(f'{box} fill="{hue}" fill-opacity="{0.62 * abs(value):.2f}">{title}</rect>')
        words = formatting.fixed(value, 2)
        sheet.text(x + CELL_PX / 2, y + CELL_PX / 2 + 4, words, anchor="middle")


def _cell_told(titles: list[str], i: int, j: int, value: float, n: int) -> str:
    kind = "within arms" if j > i else "all animals"
    r = f"r {formatting.number(value, 2)}" if np.isfinite(value) else "too few animals"
    return f"{titles[i]} and {titles[j]}, {kind}: {r}, {formatting.count(n, 'animal')}"


def _clipped(words: str, letters: int) -> str:
    return words if len(words) <= letters else words[: letters - 1] + "…"
