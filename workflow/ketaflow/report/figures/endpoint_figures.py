"""Figures of one endpoint: every animal a point, the difference to control beside it.

Functions take an ``Endpoint`` and the arms and return SVG; nothing is estimated here.
"""

import numpy as np
import pandas as pd

from ketaflow.report import formatting
from ketaflow.report.endpoints import Endpoint, arm_names
from ketaflow.report.figures import canvas
from ketaflow.report.figures.canvas import INK, SOFT, Frame, Sheet
from ketaflow.report.palette import Arm

HEIGHT, TOP, FOOT = 330.0, 14.0, 74.0
COLUMN_PX = 98.0
DOT_PX = 4.0


def animals(endpoint: Endpoint, arms: list[Arm]) -> str:
    """Every animal by arm, mean and interval beside; a cross for what is left out, hollow for what is flagged."""
    table = endpoint.per_animal
    shown = arm_names(arms, table["arm"])
    means = _means(endpoint)
    low, high = value_limits(endpoint)
    left = _margin(endpoint.label, low, high)
    sheet = Sheet(left + COLUMN_PX * len(shown) + 12, HEIGHT)
    frame = Frame(sheet, left, TOP, sheet.width - 12, HEIGHT - FOOT, (0, len(shown)), (low, high))
    frame.y_axis(endpoint.label)
    for place, arm in enumerate(shown):
        own = table[table["arm"].eq(arm.name)]
        middle = frame.x(place + 0.42)
        shifts = _shifts(frame, own, endpoint.plan.get("design", ""), 30)
        _samples(frame, endpoint, own, middle, shifts, arm)
        _column(frame, own, middle, shifts, arm, endpoint.unit)
        if arm.name in means.index:
            _mean(frame, means.loc[arm.name], frame.x(place + 0.84))
        _arm_label(frame, frame.x(place + 0.5), arm, int(own["left_out"].eq("").sum()))
    return sheet.svg(f"{endpoint.title} of every animal by dose arm, with mean and interval")


def differences(endpoint: Endpoint, arms: list[Arm]) -> str:
    """Difference of each arm to its reference with its interval, level with the animals' plot where units agree."""
    rows = endpoint.differences
    if not len(rows):
        return ""
    before = {row["level"]: row for row in endpoint.differences_of("all").to_dict("records")}
    labels = {arm.name: arm for arm in arms}
    reference = labels.get(rows["reference"].iloc[0])
    label = _difference_label(endpoint, reference)
    low, high = difference_limits(endpoint)
    right = _margin(label, low, high) + canvas.ASCENT_PX
    sheet = Sheet(18 + COLUMN_PX * len(rows) + right, HEIGHT)
    frame = Frame(sheet, 18, TOP, sheet.width - right, HEIGHT - FOOT, (0, len(rows)), (low, high))
    frame.y_axis(label, right=True, formatted=_ratio if endpoint.scale == "log" else None)
    _negligible(frame, rows)
    sheet.line(frame.left, frame.y(0), frame.right, frame.y(0), stroke=INK, dash="4 3")
    for place, row in enumerate(rows.to_dict("records")):
        arm = labels.get(row["level"])
        middle = frame.x(place + 0.5)
        colour = arm.colour if arm else INK
        other = before.get(row["level"]) if endpoint.is_changed_by_review else None
        if other is not None:
            frame.interval(middle + 11, other["ci_low"], other["ci_high"], stroke=SOFT, width=1.2)
            sheet.dot(middle + 11, frame.y(other["estimate"]), 3, SOFT, hollow=True, told=_told(other, "before review"))
        frame.interval(middle, row["ci_low"], row["ci_high"], stroke=colour, width=2.6)
        sheet.dot(middle, frame.y(row["estimate"]), 5.5, colour, told=_told(row, ""))
        _arm_label(frame, middle, arm, None, formatting.level(row["level"], {}))
    _direction_arrow(frame, endpoint)
    return sheet.svg(f"{endpoint.title}: {label} of each arm, with interval")


def time_course(endpoint: Endpoint, arms: list[Arm]) -> str:
    """Mean and interval of each arm over time, each animal's course behind; empty without times."""
    table = endpoint.counted()
    table = table[table["time_min"].notna()]
    if table["time_min"].nunique() < 2:
        return ""
    shown = arm_names(arms, table["arm"])
    low, high = canvas.limits(table["value"])
    left = _margin(endpoint.label, low, high)
    names = max(len(arm.label) for arm in shown) * canvas.LETTER_PX + 26
    sheet = Sheet(left + 500 + names, HEIGHT)
    times = sorted(table["time_min"].unique())
    frame = Frame(sheet, left, TOP, sheet.width - names, HEIGHT - 48, canvas.limits(times, margin=0.03), (low, high))
    frame.y_axis(endpoint.label)
    frame.x_axis("time after dosing (min)")
    if frame.x_limits[0] < 0 < frame.x_limits[1]:
        sheet.line(frame.x(0), frame.top, frame.x(0), frame.bottom, stroke=SOFT, dash="2 3")
        sheet.text(frame.x(0) + 4, frame.top + 10, "dose", fill=SOFT, size=11)
    for arm in shown:
        for _, own in table[table["arm"].eq(arm.name)].sort_values("time_min").groupby("animal"):
            frame.path(own["time_min"], own["value"], stroke=arm.colour, width=1, opacity=0.28)
    ends = []
    for place, arm in enumerate(shown):
        ends.append((_course(frame, endpoint, arm, (place - (len(shown) - 1) / 2) * 2.4), arm))
    _line_labels(frame, ends)
    return sheet.svg(f"{endpoint.title} over time by dose arm, mean with interval, each animal behind")


def dose_response(endpoint: Endpoint, arms: list[Arm], curves: dict[str, pd.DataFrame]) -> str:
    """Animals and arm means against dose, with the fitted curve where there is one; empty with fewer than three doses.

    ``curves`` maps a drug to its curve: columns dose_mg_per_kg, value.
    """
    table = endpoint.per_animal
    table = table[table["left_out"].eq("")]
    shown = arm_names(arms, table["arm"])
    if len({arm.dose_mg_per_kg for arm in shown}) < 3 or len({arm.drug for arm in shown if not arm.is_control}) > 1:
        return ""
    low, high = value_limits(endpoint)
    left = _margin(endpoint.label, low, high)
    sheet = Sheet(left + 400, HEIGHT)
    doses = [arm.dose_mg_per_kg for arm in shown]
    frame = Frame(sheet, left, TOP, sheet.width - 14, HEIGHT - 48, canvas.limits(doses, margin=0.08), (low, high))
    frame.y_axis(endpoint.label)
    frame.x_axis("dose (mg/kg)", values=sorted(set(doses)))
    for curve in curves.values():
        curve = curve[curve["dose_mg_per_kg"].le(max(doses))]
        frame.path(curve["dose_mg_per_kg"], curve["value"], stroke=INK, width=1.8)
    means = _means(endpoint)
    for arm in shown:
        own = table[table["arm"].eq(arm.name)]
        x = frame.x(arm.dose_mg_per_kg)
        _column(frame, own, x, _shifts(frame, own, "", 9), arm, endpoint.unit, 0.55)
        if arm.name in means.index:
            _mean(frame, means.loc[arm.name], x)
    return sheet.svg(f"{endpoint.title} against dose, every animal a point")


def value_limits(endpoint: Endpoint) -> tuple[float, float]:
    """Limits of the value axis: values, intervals, and, where units agree, differences laid on the reference."""
    means = _means(endpoint)
    values = [*endpoint.values["value"], *means["ci_low"], *means["ci_high"]]
    if _aligned(endpoint):
        control = means.loc[endpoint.differences["reference"].iloc[0], "mean"]
        values += [control + value for value in _difference_values(endpoint)]
    return canvas.limits(values)


def difference_limits(endpoint: Endpoint) -> tuple[float, float]:
    """Limits of the difference axis: the value axis moved by the control's mean, or its own."""
    if not _aligned(endpoint):
        return canvas.limits(_difference_values(endpoint), margin=0.12, include=[0])
    control = _means(endpoint).loc[endpoint.differences["reference"].iloc[0], "mean"]
    low, high = value_limits(endpoint)
    return low - control, high - control


def _aligned(endpoint: Endpoint) -> bool:
    rows = endpoint.differences
    same_unit = endpoint.scale == "identity"
    return bool(same_unit and len(rows) and rows["reference"].iloc[0] in _means(endpoint).index)


def _difference_values(endpoint: Endpoint) -> list[float]:
    tables = [endpoint.differences_of(dataset) for dataset in endpoint.datasets]
    return [
        value for rows in tables for column in ("estimate", "ci_low", "ci_high") for value in rows[column].astype(float)
    ]


def _means(endpoint: Endpoint) -> pd.DataFrame:
    """Mean and interval by arm, of the animals' means; where the table goes by time or factor, of their own."""
    rows = endpoint.lines("descriptives")
    if len(rows) and rows["arm"].is_unique:
        return rows.set_index("arm")[["mean", "ci_low", "ci_high"]].astype(float)
    table = endpoint.per_animal
    means = table[table["left_out"].eq("")].groupby("arm")["value"].mean()
    return pd.DataFrame({"mean": means, "ci_low": np.nan, "ci_high": np.nan})


def _margin(label: str, low: float, high: float) -> float:
    """Room for an upright scale: its values, and its name in one line or two."""
    two_lines = len(canvas.wrapped(label, int((HEIGHT - FOOT - TOP) / canvas.LETTER_PX), 2)) > 1
    widest = max(len(canvas.plain(value)) for value in canvas.ticks(low, high, count=5))
    return 34 + widest * canvas.DIGIT_PX + (15 if two_lines else 0)


def _shifts(frame: Frame, own: pd.DataFrame, design: str, widest: float = 26) -> list[float]:
    """Sideways places of a column's dots: a lane for each animal where samples lie behind it, else a swarm."""
    if design == "nested" and len(own) > 1:
        return list(np.linspace(-widest, widest, len(own)))
    return canvas.swarm([frame.y(value) for value in own["value"]], DOT_PX, widest)


def _column(
    frame: Frame, own: pd.DataFrame, middle: float, shifts: list[float], arm: Arm, unit: str, opacity: float = 1
) -> None:
    pixels = [frame.y(value) for value in own["value"]]
    for row, y, shift in zip(own.to_dict("records"), pixels, shifts, strict=True):
        told = f"{row['animal']}: {formatting.number(row['value'])} {unit}".strip()
        if row["left_out"]:
            frame.sheet.cross(middle + shift, y, f"{told}; left out: {row['left_out']}")
        else:
            told += f" (mean of {row['n']})" if row["n"] > 1 else ""
            told += "; flagged" if row["flagged"] else ""
            frame.sheet.dot(middle + shift, y, DOT_PX, arm.colour, hollow=row["flagged"], told=told, opacity=opacity)


def _samples(frame: Frame, endpoint: Endpoint, own: pd.DataFrame, middle: float, shifts: list[float], arm: Arm) -> None:
    """What lies below the animal, small and pale behind it (nested designs)."""
    if endpoint.plan.get("design") != "nested":
        return
    counted = endpoint.counted()
    for animal, shift in zip(own["animal"], shifts, strict=True):
        for value in counted.loc[counted["animal"].eq(animal) & counted["arm"].eq(arm.name), "value"]:
            frame.sheet.dot(middle + shift, frame.y(value), 1.9, arm.colour, opacity=0.45)


def _mean(frame: Frame, row: pd.Series, x: float) -> None:
    if np.isfinite(row["ci_low"]):
        frame.interval(x, row["ci_low"], row["ci_high"], stroke=INK, width=1.8)
    y = frame.y(row["mean"])
    told = f"mean {formatting.number(row['mean'])}, interval {formatting.interval(row['ci_low'], row['ci_high'])}"
    frame.sheet.line(x - 6, y, x + 6, y, stroke=INK, width=2.4)
    frame.sheet.dot(x, y, 2.6, INK, told=told)


def _arm_label(frame: Frame, x: float, arm: Arm | None, n: int | None, name: str = "") -> None:
    lines = canvas.wrapped(arm.label if arm else name, 12)
    for step, line in enumerate(lines):
        frame.sheet.text(x, frame.bottom + 18 + 14 * step, line, anchor="middle", size=11.5)
    if n is not None:
        frame.sheet.text(x, frame.bottom + 18 + 14 * len(lines), f"n = {n}", anchor="middle", fill=SOFT, size=11.5)


def _difference_label(endpoint: Endpoint, reference: Arm | None) -> str:
    to = f" to {reference.label}" if reference else ""
    scale = endpoint.scale
    if scale == "log":
        return f"ratio{to}"
    if scale == "logit":
        return f"difference{to} (log odds)"
    return f"difference{to} ({endpoint.unit})" if endpoint.unit else f"difference{to}"


def _ratio(value: float) -> str:
    return f"× {np.exp(value):.2g}"


def _negligible(frame: Frame, rows: pd.DataFrame) -> None:
    """The band of differences too small to matter, where the plan declares one."""
    if "smallest_effect" not in rows or rows["smallest_effect"].isna().all():
        return
    size = float(rows["smallest_effect"].dropna().iloc[0])
    size = np.log(size) if rows["estimate_scale"].iloc[0] == "log" else size
    top, bottom = (frame.y(float(np.clip(value, *frame.y_limits))) for value in (size, -size))
    frame.sheet.add(
        f'<rect x="{frame.left:.1f}" y="{top:.1f}" width="{frame.right - frame.left:.1f}" height="{bottom - top:.1f}" '
        f'fill="var(--sunken)"><title>smaller than what would matter ({formatting.number(size)})</title></rect>'
    )


def _told(row: dict, when: str) -> str:
    level = (
        f"{100 * float(row['conf_level']):.4g} % {formatting.words(row['ci_type'])} interval"
        if row.get("conf_level")
        else "interval"
    )
    told = f"{formatting.number(row['estimate'])}, {level} {formatting.interval(row['ci_low'], row['ci_high'])}"
    return f"{when}: {told}" if when else told


def _direction_arrow(frame: Frame, endpoint: Endpoint) -> None:
    if endpoint.direction not in ("lower", "higher"):
        return
    lower = endpoint.direction == "lower"
    words = "↓ antidepressant-like" if lower else "↑ antidepressant-like"
    frame.sheet.text(frame.left + 4, frame.bottom - 5 if lower else frame.top + 9, words, fill=SOFT, size=11)


def _course(frame: Frame, endpoint: Endpoint, arm: Arm, shift: float) -> float:
    """Mean and interval of one arm over time; returns the pixel where it ends."""
    rows = endpoint.lines("descriptives")
    rows = rows[rows["arm"].eq(arm.name) & rows["time_min"].notna()] if "time_min" in rows else rows.iloc[:0]
    if not len(rows):
        own = endpoint.counted()
        means = own[own["arm"].eq(arm.name)].groupby("time_min")["value"].mean()
        rows = pd.DataFrame({"time_min": means.index, "mean": means.to_numpy(), "ci_low": np.nan, "ci_high": np.nan})
    rows = rows.assign(time_min=rows["time_min"].astype(float)).sort_values("time_min")
    frame.path(rows["time_min"], rows["mean"], stroke=arm.colour, width=2.4)
    for row in rows.to_dict("records"):
        x = frame.x(row["time_min"]) + shift
        if np.isfinite(row["ci_low"]):
            frame.interval(x, row["ci_low"], row["ci_high"], stroke=arm.colour, width=1.5)
        told = f"{arm.label}, {formatting.number(row['time_min'])} min: {formatting.number(row['mean'])}"
        frame.sheet.dot(x, frame.y(row["mean"]), 3.2, arm.colour, told=told)
    return frame.y(float(rows["mean"].iloc[-1]))


def _line_labels(frame: Frame, ends: list[tuple[float, Arm]]) -> None:
    """Names at the ends of the lines, kept apart."""
    taken = -np.inf
    for y, arm in sorted(ends, key=lambda end: end[0]):
        y = max(y, taken + 15)
        taken = y
        frame.sheet.dot(frame.right + 10, y, 4, arm.colour)
        frame.sheet.text(frame.right + 18, y + 4, arm.label, size=11.5)
