"""Bottle sheets as labs keep them: the readings of one bottle, or a message with the row and the column."""

import openpyxl
import pytest

from ketaflow.core.errors import IngestError


def saved(path, *sheets: list[list], titles=("Sheet1", "Sheet2", "Sheet3")):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in zip(titles, sheets, strict=False):
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)


def pair(name="sheet.xlsx", channels=(None, None), **more) -> list[dict]:
    return [
        {"side": side, "content": what, "log": name, "channel": channel} | more
        for side, what, channel in zip(("left", "right"), ("sucrose", "water"), channels, strict=True)
    ]


# Mouse M1 drank 6 g of sucrose and 2 g of water on day 1, M2 1 g and 3 g; on day 2 it was 3 g and 1 g, and 2 g and 2 g.
FORMS = {
    "one row of headings": [
        ["Animal", "Sucrose start (g)", "Sucrose end (g)", "Water start (g)", "Water end (g)"],
        ["M1", 250.1, 244.1, 248, 246],
        ["M2", 200, 199, 240, 237],
    ],
    "two rows of headings": [
        ["Mouse", "Sucrose (g)", None, "Water (g)", None],
        [None, "Start", "End", "Start", "End"],
        ["M1", 250.1, 244.1, 248, 246],
        ["M2", 200, 199, 240, 237],
    ],
    "readings above the bottles": [
        ["Mouse", "Start weight (g)", None, "End weight (g)", None],
        [None, "Sucrose", "Water", "Sucrose", "Water"],
        ["M1", 250.1, 248, 244.1, 246],
        ["M2", 200, 240, 199, 237],
    ],
    "units in a row of their own": [
        ["Mouse", "Sucrose start", "Sucrose end", "Water start", "Water end"],
        [None, "(g)", "(g)", "(g)", "(g)"],
        ["M1", 250.1, 244.1, 248, 246],
    ],
    "a title, sexes, comments and body weights": [
        ["SPT day 1, all weights in g"],
        [],
        ["Cage", "ID", "Sex", "Body weight (g)", "Suc 1% before", "Suc 1% after", "H2O before", "H2O after", "Notes"],
        [1, "M1", "f", 24.5, 250.1, 244.1, 248, 246, None],
        [2, "M2", "m", 26.5, 200, 199, 240, 237, "bottle dripped"],
    ],
    "consumption": [
        ["Animal", "Sucrose consumed (g)", "Water consumed (g)", "Total (g)", "Preference (%)"],
        ["M1", 6, 2, 8, 75],
        ["M2", 1, 3, 4, 25],
    ],
    "consumption named in the title": [["Intake (g) day 1"], ["Animal", "Sucrose", "Water"], ["M1", 6, 2]],
    "hours": [
        ["Animal", "Sucrose 0 h (g)", "Sucrose 24 h (g)", "Water 0 h (g)", "Water 24 h (g)"],
        ["M1", 250.1, 244.1, 248, 246],
    ],
    "sides": [
        ["Animal", "Left initial (g)", "Left final (g)", "Right initial (g)", "Right final (g)"],
        ["M1", 250.1, 244.1, 248, 246],
        ["M2", 240, 237, 200, 199],
    ],
    "German": [
        ["Tier", "Zucker vorher (g)", "Zucker nachher (g)", "Wasser vorher (g)", "Wasser nachher (g)", "Bemerkung"],
        ["M1", "250,1", "244,1", 248, 246, None],
    ],
    "one row per bottle": [
        ["Animal", "Day", "Bottle", "Start (g)", "End (g)"],
        ["M1", 1, "Sucrose", 250.1, 244.1],
        [None, None, "Water", 248, 246],
        ["M1", 2, "Sucrose", 250, 247],
        [None, None, "Water", 248, 247],
    ],
    "one row per bottle and side": [
        ["Mouse", "Session", "Side", "Content", "Weight start g", "Weight end g"],
        ["M1", "day1", "L", "sucrose 1%", 250.1, 244.1],
        ["M1", "day1", "R", "water", 248, 246],
        ["M1", "day2", "R", "sucrose 1%", 250, 247],
        ["M1", "day2", "L", "water", 248, 247],
    ],
    "days side by side": [
        ["Mouse", "Day 1", None, None, None, "Day 2", None, None, None],
        [None, "Sucrose", None, "Water", None, "Sucrose", None, "Water", None],
        [None, "Start (g)", "End (g)", "Start (g)", "End (g)", "Start (g)", "End (g)", "Start (g)", "End (g)"],
        ["M1", 250.1, 244.1, 248, 246, 250, 247, 248, 247],
        ["M2", 200, 199, 240, 237, 200, 198, 240, 238],
    ],
    "days numbered in a row of headings": [
        ["Day", 1, None, None, None, 2, None, None, None],
        ["Mouse", *["suc start g", "suc end g", "water start g", "water end g"] * 2],
        ["M1", 250.1, 244.1, 248, 246, 250, 247, 248, 247],
    ],
    "days in the headings": [
        ["Mouse", "D2 sucrose intake (g)", "D1 sucrose intake (g)", "D1 water intake (g)", "D2 water intake (g)"],
        ["M1", 3, 6, 2, 1],
    ],
    "days below each other, the bottles in another order": [
        ["SPT day 2"],
        ["Mouse", "Water (g)", None, "Sucrose (g)", None],
        [None, "Start", "End", "Start", "End"],
        ["M1", 248, 247, 250, 247],
        [],
        ["SPT day 1"],
        ["Mouse", "Sucrose (g)", None, "Water (g)", None],
        [None, "Start", "End", "Start", "End"],
        ["M1", 250.1, 244.1, 248, 246],
    ],
    "units in the cells": [
        ["Animal", "Sucrose start", "Sucrose end", "Water start", "Water end"],
        ["M1", "250.1 g", "244.1g", "248 g", "246 g"],
    ],
    "animals side by side": [
        ["Mouse", "M2", "M1"],
        ["Sucrose start (g)", 200, 250.1],
        ["Sucrose end (g)", 199, 244.1],
        ["Water start (g)", 240, 248],
        ["Water end (g)", 237, 246],
    ],
    "dates": [
        ["Date", "Mouse", "Sucrose start (g)", "Sucrose end (g)", "Water start (g)", "Water end (g)"],
        ["02.03.2026", "M1", 250.1, 244.1, 248, 246],
        ["03.03.2026", "M1", 250, 247, 248, 247],
    ],
}  # fmt: skip


def drunk(found) -> tuple[float | None, float | None]:
    return found["sucrose_intake_g"], found["water_intake_g"]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_sheet_gives_the_same_intake(measure, tmp_path, form):
    saved(tmp_path / "sheet.xlsx", FORMS[form])
    times = {"start_time": "2026-03-02 18:00:00", "end_time": "2026-03-03 18:00:00"}
    assert drunk(measure(pair(**times), tmp_path)) == (pytest.approx(6), pytest.approx(2))


@pytest.mark.parametrize("form", [name for name in FORMS if "day" in name or "row per" in name or name == "dates"])
def test_the_session_chooses_the_day(measure, tmp_path, form):
    saved(tmp_path / "sheet.xlsx", FORMS[form])
    is_swapped = form == "one row per bottle and side"
    rows = pair(session="day2", start_time="2026-03-03 18:00:00", end_time="2026-03-04 18:00:00")
    if is_swapped:
        rows = [row | {"side": side} for row, side in zip(rows, ("right", "left"), strict=True)]
    if any("day 2" in str(cell).lower() or cell in (2, "day2", "D2 water intake (g)", "03.03.2026")
           for row in FORMS[form] for cell in row):  # fmt: skip
        assert drunk(measure(rows, tmp_path)) == (pytest.approx(3), pytest.approx(1))
    else:
        with pytest.raises(IngestError, match="of another day than session 'day2'"):
            measure(rows, tmp_path)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("form", FORMS)
def test_a_sheet_saved_as_text_is_the_same(measure, tmp_path, form, delimiter):
    point = "," if delimiter == ";" else "."

    def text(cell) -> str:
        shown = "" if cell is None else str(cell).replace(",", ".") if str(cell)[:1].isdigit() else str(cell)
        return f'"{shown}"' if delimiter in shown else shown.replace(".", point) if shown[:1].isdigit() else shown

    width = max(map(len, FORMS[form]))
    rows = [[*row, *[None] * (width - len(row))] for row in FORMS[form]]
    if form == "dates":
        point = "."
    (tmp_path / "sheet.csv").write_text("\n".join(delimiter.join(map(text, row)) for row in rows))
    times = {"start_time": "2026-03-02 18:00:00", "end_time": "2026-03-03 18:00:00"}
    assert drunk(measure(pair("sheet.csv", **times), tmp_path)) == (pytest.approx(6), pytest.approx(2))


def test_worksheets_may_be_days(measure, tmp_path):
    one, two = FORMS["one row of headings"], [*FORMS["one row of headings"][:1], ["M1", 250, 247, 248, 247]]
    saved(tmp_path / "sheet.xlsx", one, two, titles=("Day 1", "Day 2"))
    assert drunk(measure(pair(), tmp_path)) == (pytest.approx(6), pytest.approx(2))
    assert drunk(measure(pair(session="day2"), tmp_path)) == (pytest.approx(3), pytest.approx(1))


@pytest.mark.parametrize("channels", [("Sucrose", "Water"), ("sucrose start (g)", "Water end (g)"), ("suc", "H2O")])
def test_channel_may_be_a_heading_or_the_words_of_one(measure, tmp_path, channels):
    saved(tmp_path / "sheet.xlsx", FORMS["one row of headings"])
    assert drunk(measure(pair(channels=channels), tmp_path)) == (pytest.approx(6), pytest.approx(2))


def test_a_comment_is_shown_as_a_check(measure, tmp_path):
    saved(tmp_path / "sheet.xlsx", FORMS["a title, sexes, comments and body weights"])
    assert "sheet_comment" not in measure(pair(), tmp_path).doubts()
    found = measure(pair(animal="M2"), tmp_path)
    (check, _) = (row for row in found.checked.checks if row.check == "sheet_comment")
    assert check.message == "the sheet has the comment 'bottle dripped'"


def test_a_consumption_that_contradicts_the_readings_is_shown(measure, tmp_path):
    rows = [["Animal", "Sucrose start (g)", "Sucrose end (g)", "Sucrose consumed (g)", "Water consumed (g)"],
            ["M1", 250.1, 244.1, 5, 2]]  # fmt: skip
    saved(tmp_path / "sheet.xlsx", rows)
    found = measure(pair(), tmp_path)
    assert drunk(found) == (pytest.approx(6), pytest.approx(2))
    assert "sheet_consumption" in found.doubts()


def test_large_readings_with_a_fraction_are_grams_and_others_need_their_unit(measure, tmp_path):
    rows = [["Animal", "Sucrose start", "Sucrose end", "Water start", "Water end"], ["M1", 250.1, 244.1, 248, 246]]
    saved(tmp_path / "sheet.xlsx", rows)
    found = measure(pair(), tmp_path)
    assert drunk(found) == (pytest.approx(6), pytest.approx(2))
    assert {row.check: row.verdict for row in found.checked.checks}["reading_unit"] == "pass"
    saved(tmp_path / "tubes.xlsx", [rows[0], ["M1", 30.5, 24.5, 30, 28]])
    with pytest.raises(IngestError, match="name no unit"):
        measure(pair("tubes.xlsx"), tmp_path)
    assert measure(pair("tubes.xlsx"), tmp_path, sheet_unit="ml")["sucrose_preference_pct"] == pytest.approx(75)


def test_a_leak_control_is_read_from_the_sheet_too(measure, tmp_path):
    rows = [*FORMS["one row of headings"], ["dummy", 240, 239.5, 240, 239.5]]
    saved(tmp_path / "sheet.xlsx", rows)
    control = {"recording": "leak1", "animal": None, "dummy": True, "side": "left", "content": "water"}
    found = measure([*pair(), {**control, "log": "sheet.xlsx", "channel": "water"}], tmp_path)
    assert drunk(found) == (pytest.approx(5.5), pytest.approx(1.5))
    saved(tmp_path / "sheet.xlsx", FORMS["one row of headings"])
    with pytest.raises(IngestError, match="no row names the leak-control bottle 'leak1'"):
        measure([*pair(), {**control, "log": "sheet.xlsx", "channel": "water"}], tmp_path)


def test_a_number_is_looked_for_among_the_animals_and_not_the_cages(measure, tmp_path):
    head = ["Cage", "Mouse", *FORMS["one row of headings"][0][1:]]
    saved(tmp_path / "sheet.xlsx", [head, [3, 7, 250.1, 244.1, 248, 246], [7, 3, 200, 199, 240, 237]])
    assert drunk(measure(pair(animal="7"), tmp_path)) == (pytest.approx(6), pytest.approx(2))
    saved(tmp_path / "sheet.xlsx", [head, [3, 7, 250.1, 244.1, 248, 246]])
    with pytest.raises(IngestError, match="no cell is '3'"):
        measure(pair(animal="3"), tmp_path)


def test_the_content_beside_a_side_must_agree(measure, tmp_path):
    rows = [["Animal", "Left content", "Left start (g)", "Left end (g)", "Right start (g)", "Right end (g)"],
            ["M1", "sucrose", 250.1, 244.1, 248, 246], ["M2", "water", 250.1, 244.1, 248, 246]]  # fmt: skip
    saved(tmp_path / "sheet.xlsx", rows)
    assert drunk(measure(pair(), tmp_path)) == (pytest.approx(6), pytest.approx(2))
    with pytest.raises(
        IngestError, match="is the bottle with water of animal 'M2'; the table says that it held sucrose"
    ):
        measure(pair(animal="M2"), tmp_path)


@pytest.mark.parametrize("heading", ["Sucrose intake (g/kg)", "Sucrose consumed (µl)", "Sucrose drunk (ml/kg)"])
def test_an_intake_in_another_unit_is_not_read_as_grams(measure, tmp_path, heading):
    saved(tmp_path / "sheet.xlsx", [["Animal", heading, "Water consumed (g)"], ["M1", 6, 2]])
    with pytest.raises(IngestError, match="neither 'sucrose' nor the left side"):
        measure(pair(), tmp_path)


def test_a_group_called_g_is_no_unit(measure, tmp_path):
    rows = [["Cohort G"], ["Animal", "Sucrose start", "Sucrose end"], ["M1", 30, 24]]
    saved(tmp_path / "sheet.xlsx", rows)
    with pytest.raises(IngestError, match="name no unit"):
        measure(pair()[:1], tmp_path)


def test_numbers_of_animals_may_have_lost_their_zeros(measure, tmp_path):
    saved(tmp_path / "sheet.xlsx", [FORMS["one row of headings"][0], [7, 250.1, 244.1, 248, 246]])
    assert drunk(measure(pair(animal="007"), tmp_path)) == (pytest.approx(6), pytest.approx(2))


@pytest.mark.parametrize(
    ("form", "changed", "message"),
    [
        ("one row of headings", {"animal": "M3"}, r"no cell is 'M3'"),
        ("one row of headings", {"channel": "quinine"}, r"no bottle 'quinine' for animal 'M1'; the sheet has 'suc"),
        ("one row of headings", {"channel": "water"}, r"the bottle with water .* the table says that it held sucrose"),
        ("one row of headings", {"content": "saccharin"}, r"neither 'saccharin' nor the left side"),
        ("sides", {"channel": "right"}, r"is the right bottle of animal 'M1'; .* sucrose was on the left"),
        ("one row per bottle and side", {"session": "day2"}, r"is the right bottle .* sucrose was on the left"),
        ("one row per bottle", {"session": "day3"}, r"of another day than session 'day3': row 2"),
        ("one row per bottle", {"session": "test"}, r"2 places fit animal 'M1', session 'test'"),
        ("dates", {"start_time": "2026-03-09 18:00:00"}, r"of another day than session 'day1'"),
        ("dates", {}, r"2 places fit animal 'M1'"),
    ],
)  # fmt: skip
def test_what_a_sheet_leaves_open_is_refused(measure, tmp_path, form, changed, message):
    saved(tmp_path / "sheet.xlsx", FORMS[form])
    with pytest.raises(IngestError, match=message):
        measure([pair()[0] | changed], tmp_path)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([["ID", "Suc start (g)", "Suc end (g)"], ["M1", 250, "244*"]], r"row 2, column 'Suc end \(g\)': '244\*'"),
        ([["Animal", "Sucrose start (g)", "Sucrose end (ml)"], ["M1", 250, 244]], "have different units"),
        ([["Animal", "Sucrose start (g)", "Sucrose end (g)"], ["M1", "250 ml", 244]], "have different units"),
        ([["Animal", "Sucrose (g)", None, None, None], [None, "Start", "End", "Start", "End"], ["M1", 9, 8, 9, 7]],
         "two columns have the same heading"),
        ([["Animal", "Suc start (g)", "Suc end (g)"], ["M1", 250, 244], ["M1", 250, 240]], "2 places fit animal 'M1'"),
    ],
)  # fmt: skip
def test_a_fault_in_a_sheet_names_row_and_column(measure, tmp_path, rows, message):
    saved(tmp_path / "sheet.xlsx", rows)
    with pytest.raises(IngestError, match=message):
        measure(pair()[:1], tmp_path)


def test_a_reading_that_is_missing_gives_no_preference(measure, tmp_path):
    saved(tmp_path / "sheet.xlsx", [FORMS["one row of headings"][0], ["M1", 250.1, "n/a", 248, 246]])
    found = measure(pair(), tmp_path)
    assert found["sucrose_preference_pct"] is None
    assert "lacks its first or its last reading" in found.reason("sucrose_preference_pct")
    assert found["water_intake_g"] == pytest.approx(2)


def test_a_remark_in_the_place_of_readings_is_no_row_of_headings(measure, tmp_path):
    head, first, second = FORMS["one row of headings"]
    remark = ["M9", "died before the start of the test, so there are no readings"]
    saved(tmp_path / "sheet.xlsx", [head, first, remark, second])
    assert measure(pair(animal="M2"), tmp_path)["sucrose_preference_pct"] == pytest.approx(25, abs=0.2)
