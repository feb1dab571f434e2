"""However a file is written, each reader gives the same numbers, or a message: never other numbers.

Headings are permuted; delimiter, decimal sign, line ends, encoding, blank rows, delimiters at line ends and the kind of
file change. A message is allowed, because some combinations leave open what is meant; it has to be a sentence.
"""

import io
import os
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ketaflow.core.errors import IngestError

Rows = list[list[str]]
# KETAFLOW_EXAMPLES=300 pytest ... searches longer.
EXAMPLES = int(os.environ.get("KETAFLOW_EXAMPLES", "8"))
RNG = np.random.default_rng(20)


def trains(licks: int) -> np.ndarray:
    """Lick times (s) in trains of about twelve."""
    intervals_s = np.where(RNG.random(licks) < 0.08, RNG.exponential(20, licks) + 1, RNG.normal(0.14, 0.01, licks))
    return np.cumsum(intervals_s).round(3)


LEFT, RIGHT = trains(90), trains(40)
TOTALS = (90, 40)


@dataclass(frozen=True)
class Style:
    """How a table is written."""

    delimiter: str
    point: str
    ending: str
    encoding: str
    blank_every: int
    ends_with_delimiter: bool
    is_workbook: bool
    has_title: bool


STYLES = st.builds(
    Style,
    delimiter=st.sampled_from([",", ";", "\t"]),
    point=st.sampled_from([".", ","]),
    ending=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"]),
    blank_every=st.sampled_from([0, 1, 7]),
    ends_with_delimiter=st.booleans(),
    is_workbook=st.sampled_from([False, False, True]),
    has_title=st.booleans(),
)
SEEDS = st.integers(0, 10_000)


def permuted(columns: dict[str, list[str]], seed: int) -> Rows:
    """Headings and rows of columns in another order; shorter columns end in blank cells."""
    names = np.random.default_rng(seed).permutation(list(columns)).tolist()
    height = max(map(len, columns.values()))
    return [
        names,
        *([columns[name][row] if row < len(columns[name]) else "" for name in names] for row in range(height)),
    ]


def written(rows: Rows, style: Style, title: str = "") -> bytes:
    """Content of a file with the rows."""
    if style.has_title and title:
        rows = [[title], *rows]
    if style.is_workbook:
        book = openpyxl.Workbook()
        for number, row in enumerate(rows):
            book.active.append([_value(cell) for cell in row])
            if style.blank_every and number % style.blank_every == 0:
                book.active.append([])
        packed = io.BytesIO()
        book.save(packed)
        return packed.getvalue()
    lines = []
    for number, row in enumerate(rows):
        cells = [_shown(cell, style) for cell in row]
        lines.append(style.delimiter.join(cells) + style.delimiter * style.ends_with_delimiter)
        lines += [""] * bool(style.blank_every and number % style.blank_every == 0)
    return (style.ending.join(lines) + style.ending).encode(style.encoding)


def _is_number(cell: str) -> bool:
    return cell.replace(".", "", 1).removeprefix("-").isdecimal()


def _value(cell: str) -> str | float | int | None:
    if not cell:
        return None
    if not _is_number(cell):
        return cell
    return float(cell) if "." in cell else int(cell)


def _shown(cell: str, style: Style) -> str:
    shown = cell.replace(".", style.point) if _is_number(cell) else cell
    return f'"{shown}"' if style.delimiter in shown else shown


def counted(measure, folder, content: bytes, channels: tuple[str, str], **more) -> tuple[float, float] | None:
    """Licks at both bottles; None where the file is refused with a sentence."""
    path = folder / "log.csv"
    path.write_bytes(content)
    rows = [
        {"side": side, "content": what, "log": path.name, "channel": channel} | more
        for side, what, channel in zip(("left", "right"), ("sucrose", "water"), channels, strict=True)
    ]
    try:
        found = measure(rows, folder)
    except IngestError as refused:
        message = str(refused)
        assert message.isprintable() and message.endswith(".") and "log.csv" in message
        return None
    return found["sucrose_licks"], found["water_licks"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("logs")


def checked(test):
    """Run with several styles, with many if EXAMPLES says so; the examples of a test write to the same file."""
    return settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))(test)


def texts(times: np.ndarray, unit: str = "s") -> list[str]:
    return [f"{time:.3f}" for time in times] if unit == "s" else [str(round(1000 * time)) for time in times]


@checked
@given(STYLES, SEEDS, st.sampled_from(["s", "ms"]), st.sampled_from(["", " ({})", "_{}"]), st.booleans(), st.booleans())
def test_lists(measure, folder, style, seed, unit, mark, has_ends, has_index):
    mark = mark.format(unit)
    columns = {f"left on{mark}": texts(LEFT, unit), f"right on{mark}": texts(RIGHT, unit)}
    if has_ends:
        columns |= {
            f"{side} off{mark}": texts(times + 0.06, unit) for side, times in (("left", LEFT), ("right", RIGHT))
        }
    if has_index:
        columns |= {"Unnamed: 0": [str(n) for n in range(90)], "comment": ["seen"] * 3}
    content = written(permuted(columns, seed), style, "Licks of one night")
    assert counted(measure, folder, content, (f"left on{mark}", f"right on{mark}")) in (TOTALS, None)


@checked
@given(STYLES, SEEDS, st.sampled_from(["s", "ms"]))
def test_lists_of_this_form_are_never_refused(measure, folder, style, seed, unit):
    columns = {f"left ({unit})": texts(LEFT, unit), f"right ({unit})": texts(RIGHT, unit)}
    content = written(permuted(columns, seed), style)
    assert counted(measure, folder, content, ("left", "right")) == TOTALS


@checked
@given(STYLES, st.sampled_from(["s", "ms"]))
def test_single_columns_without_headings(measure, folder, style, unit):
    content = written([[text] for text in texts(LEFT, unit)], style, "Mouse seven")
    found = counted(measure, folder, content, ("left", "left"))
    assert found in ((90, 90), None)


@checked
@given(STYLES, SEEDS, st.sampled_from(["s", "ms"]), st.booleans(), st.booleans())
def test_event_tables(measure, folder, style, seed, unit, has_states, has_animal):
    events = sorted([(t, "0") for t in LEFT] + [(t, "1") for t in RIGHT])
    columns = {f"time_{unit}": [], "sipper_id": []} | ({"state": []} if has_states else {})
    for time, spout in events:
        for state, at in (("1", time), ("0", time + 0.05)) if has_states else (("1", time),):
            columns[f"time_{unit}"].append(texts(np.array([at]), unit)[0])
            columns["sipper_id"].append(spout)
            if has_states:
                columns["state"].append(state)
    if has_animal:
        columns["mouse"] = ["M1"] * len(columns["sipper_id"])
    content = written(permuted(columns, seed), style, "Touch sensor")
    assert counted(measure, folder, content, ("0", "1")) in (TOTALS, None)


def counter_rows(headings: list[str], seed: int, step_s: int = 60) -> Rows:
    """Cumulative counts of both sides, a row per minute; the columns in another order."""
    start = datetime(2026, 3, 2, 19, 0)
    edges_s = np.arange(0, max(LEFT[-1], RIGHT[-1]) + 2 * step_s, step_s)
    columns: dict[str, list[str]] = {name: [] for name in headings}
    for number, edge_s in enumerate(edges_s):
        at = start + timedelta(seconds=float(edge_s))
        cells = {
            "MM:DD:YYYY hh:mm:ss": f"{at.month}/{at.day}/{at.year} {at:%H:%M:%S}",
            "Elapsed Time": f"{number * step_s // 3600}:{number * step_s // 60 % 60}:0",
            "LeftCount": str(int((edge_s >= LEFT).sum())),
            "RightCount": str(int((edge_s >= RIGHT).sum())),
            "LeftDuration": f"{0.05 * (edge_s >= LEFT).sum():.2f}",
            "RightDuration": f"{0.05 * (edge_s >= RIGHT).sum():.2f}",
            "BatteryVoltage": "4.1" if number % 3 else "",
        }
        cells |= {"Left_Poke_Count": cells["LeftCount"], "Right_Poke_Count": cells["RightCount"]}
        for name in headings:
            columns[name].append(cells[name])
    return permuted(columns, seed)


SIPPER = ["MM:DD:YYYY hh:mm:ss", "Elapsed Time", "LeftCount", "LeftDuration", "RightCount", "RightDuration",
          "BatteryVoltage"]  # fmt: skip


@checked
@given(STYLES, SEEDS)
def test_sipper_logs(measure, folder, style, seed):
    content = written(counter_rows(SIPPER, seed), style)
    assert counted(measure, folder, content, ("left", "right")) in (TOTALS, None)


@checked
@given(STYLES, SEEDS, st.booleans())
def test_fed3_logs(measure, folder, style, seed, are_licks):
    content = written(counter_rows([SIPPER[0], "Left_Poke_Count", "Right_Poke_Count"], seed), style)
    found = counted(measure, folder, content, ("left", "right"), pokes_are_licks=are_licks)
    assert found in ((TOTALS, None) if are_licks else (None,))


@checked
@given(STYLES, SEEDS)
def test_coulbourn_exports(measure, folder, style, seed):
    events = sorted([(t, 0) for t in LEFT] + [(t, 1) for t in RIGHT])
    names = ("Time", "Current State", "Transition Event", "On1A1", "On1A2", "Off1A1", "Off1A2")
    columns: dict[str, list[str]] = {name: [] for name in names}
    for time, side in events:
        cells = dict.fromkeys(names, "0") | {"Time": f"{time:.3f}", f"On1A{side + 1}": "1"}
        for name, cell in cells.items():
            columns[name].append(cell)
    content = written(permuted(columns, seed), style)
    assert counted(measure, folder, content, ("On1A1", "1A2")) in (TOTALS, None)


@checked
@given(STYLES)
def test_ohrbets_codes(measure, folder, style):
    events = sorted([(t, 31) for t in LEFT] + [(t + 0.05, 81) for t in LEFT] + [(t, 32) for t in RIGHT])
    rows = [["11", "0"], ["127", "0"], ["127", "0"], ["13", "0"], *([str(c), str(round(1000 * t))] for t, c in events)]
    assert counted(measure, folder, written(rows, style), ("1", "2")) in (TOTALS, None)


@checked
@given(STYLES)
def test_numbered_events(measure, folder, style):
    events = sorted([(t, "LeftLick") for t in LEFT] + [(t, "RightLick") for t in RIGHT])
    rows = [["", "", "Subject", "", "", "M1"]]
    rows += [[str(n), f"{t:.3f}", "Input", "2" if name == "LeftLick" else "3", name, ""]
             for n, (t, name) in enumerate(events, start=4)]  # fmt: skip
    assert counted(measure, folder, written(rows, style), ("LeftLick", "RightLick")) in (TOTALS, None)


@checked
@given(STYLES, st.booleans())
def test_med_arrays(measure, folder, style, has_parameters):
    lines = ["Start Date: 04/28/25", "Subject: M1", "Start Time: 10:00:00", "MSN: TWO"]
    arrays = {"A": np.array([5.0, 30.0, 2.0]), "L": LEFT, "R": RIGHT} if has_parameters else {"L": LEFT, "R": RIGHT}
    for name, values in arrays.items():
        lines.append(f"{name}:")
        lines += [f"{first:6d}:" + "".join(f"{value:13.3f}" for value in values[first : first + 5])
                  for first in range(0, len(values), 5)]  # fmt: skip
    content = style.ending.join(lines + [""] * style.blank_every).encode(style.encoding)
    assert counted(measure, folder, content, ("L", "R")) == TOTALS


def grams(measure, folder, content: bytes, **more) -> tuple[float, float] | None:
    """Grams from both bottles; None where the sheet is refused with a sentence."""
    path = folder / "sheet.csv"
    path.write_bytes(content)
    rows = [
        {"side": side, "content": what, "log": path.name, "animal": "M2", "session": "day2"} | more
        for side, what in (("left", "sucrose"), ("right", "water"))
    ]
    try:
        found = measure(rows, folder)
    except IngestError as refused:
        assert str(refused).isprintable() and str(refused).endswith(".")
        return None
    return found["sucrose_intake_g"], found["water_intake_g"]


BOTTLES = {("M1", 1): (6.0, 2.5), ("M1", 2): (5.0, 1.5), ("M2", 1): (4.0, 3.5), ("M2", 2): (3.5, 0.5)}
DRUNK = (pytest.approx(3.5), pytest.approx(0.5))


@checked
@given(STYLES, SEEDS, st.sampled_from(["readings", "consumed"]))
def test_wide_sheets_of_several_days(measure, folder, style, seed, kind):
    columns: dict[str, list[str]] = {"Mouse": ["M1", "M2"], "Comments": ["", ""], "Body weight (g)": ["25.5", "24.0"]}
    for day in (1, 2):
        for place, content in enumerate(("Sucrose", "Water")):
            lost = [BOTTLES[animal, day][place] for animal in ("M1", "M2")]
            if kind == "consumed":
                columns[f"Day {day} {content} consumed (g)"] = [f"{one:.1f}" for one in lost]
            else:
                columns[f"Day {day} {content} start (g)"] = ["250.5", "251.5"]
                columns[f"Day {day} {content} end (g)"] = [f"{250.5 + n - one:.1f}" for n, one in enumerate(lost)]
    content = written(permuted(columns, seed), style, "Sucrose preference test")
    assert grams(measure, folder, content) in (DRUNK, None)


@checked
@given(STYLES, SEEDS)
def test_long_sheets(measure, folder, style, seed):
    columns: dict[str, list[str]] = {name: [] for name in ("ID", "Day", "Content", "Start (g)", "End (g)", "Notes")}
    for (animal, day), lost in BOTTLES.items():
        for content, one in zip(("sucrose", "water"), lost, strict=True):
            for name, cell in zip(columns, (animal, str(day), content, "250.5", f"{250.5 - one:.1f}", ""), strict=True):
                columns[name].append(cell)
    head, *rows = permuted(columns, seed)
    rows = [rows[place] for place in np.random.default_rng(seed + 1).permutation(len(rows))]
    assert grams(measure, folder, written([head, *rows], style, "Bottles")) in (DRUNK, None)


@checked
@given(STYLES, SEEDS)
def test_blocks_below_each_other_with_two_rows_of_headings(measure, folder, style, seed):
    rng = np.random.default_rng(seed)
    rows: Rows = []
    for day in rng.permutation([1, 2]).tolist():
        order = rng.permutation(2).tolist()
        first, second = (("Sucrose (g)", "Water (g)")[one] for one in order)
        rows += [[f"SPT day {day}"], ["Mouse", first, "", second, ""], ["", "Start", "End", "Start", "End"]]
        for animal in rng.permutation(["M1", "M2"]).tolist():
            lost = [BOTTLES[animal, day][one] for one in order]
            rows.append([animal, *(cell for one in lost for cell in ("250.5", f"{250.5 - one:.1f}"))])
    assert grams(measure, folder, written(rows, style)) in (DRUNK, None)


@checked
@given(STYLES, SEEDS, st.booleans(), st.sampled_from(["%d.%m.%Y", "%Y-%m-%d", "%d/%m/%Y"]))
def test_phenomaster_tables(measure, folder, style, seed, cumulative, form):
    columns: dict[str, list[str]] = {name: [] for name in ("Animal No.", "Box", "Drink1", "Feed1", "Drink2")}
    moments = []
    for animal, factor in (("M1", 1.0), ("M2", 2.0)):
        totals = [0.0, 0.0]
        for step in range(96):
            at = datetime(2026, 3, 2, 18, 0) + timedelta(minutes=15 * (step + 1))
            moments.append([at.strftime(form), at.strftime("%H:%M")])
            amounts = [factor * (0.1 if step % 3 == 0 else 0.0), factor * (0.1 if step % 8 == 0 else 0.0)]
            totals = [total + amount for total, amount in zip(totals, amounts, strict=True)]
            shown = [f"{one:.2f}" for one in (totals if cumulative else amounts)]
            for name, cell in zip(columns, (animal, "3", shown[0], "0.00", shown[1]), strict=True):
                columns[name].append(cell)
    head, *rows = permuted(columns, seed)
    table = [["Date", "Time", *head], *([*at, *row] for at, row in zip(moments, rows, strict=True))]
    (folder / "sheet.csv").write_bytes(written(table, style, "Study"))
    day = {"start_time": "2026-03-02 18:00:00", "end_time": "2026-03-03 18:00:00"}
    bottles = [
        {"side": side, "content": what, "log": "sheet.csv", "channel": channel, "animal": "M2"} | day
        for side, what, channel in (("left", "sucrose", "Drink1"), ("right", "water", "Drink2"))
    ]
    try:
        found = measure(bottles, folder)
    except IngestError as refused:
        assert str(refused).isprintable()
        return
    assert [one.lost for one in found.test.bottles] == [pytest.approx(6.4), pytest.approx(2.4)]
