"""Exports of plate readers: each layout written by hand after its documentation or public samples, and read back."""

import math

import numpy as np
import openpyxl
import pytest

from ketaflow.assays.elisa.readers import cells
from ketaflow.assays.elisa.readers.dispatch import read_export
from ketaflow.core.errors import IngestError

ROWS, COLUMNS = "ABCDEFGH", range(1, 13)


def value(well: str, nm: int = 450) -> float:
    """A response that no other well and wavelength has."""
    return round(nm / 10000 + (ROWS.index(well[0]) * 12 + int(well[1:])) / 40, 4)


def matrix(nm: int = 450, sep: str = "\t", corner: str = "", comma: bool = False) -> list[str]:
    lines = [sep.join([corner, *map(str, COLUMNS)])]
    for row in ROWS:
        texts = [f"{value(f'{row}{column}', nm):.4f}" for column in COLUMNS]
        lines.append(sep.join([row, *(text.replace(".", ",") if comma else text for text in texts)]))
    return lines


def saved(tmp_path, lines: list[str], name: str = "plate.csv", encoding: str = "utf-8"):
    path = tmp_path / name
    path.write_text("\r\n".join(lines), encoding=encoding, newline="")
    return path


def workbook(tmp_path, sheets: dict[str, list[list]]):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(tmp_path / "plate.xlsx")
    return tmp_path / "plate.xlsx"


def numeric_matrix(nm: int = 450, corner: str | None = None) -> list[list]:
    return [[corner, *COLUMNS], *([row, *(value(f"{row}{c}", nm) for c in COLUMNS)] for row in ROWS)]


def assert_whole(read, nm: int | None = 450, drawn_nm: int = 450):
    assert read.wavelength_nm == nm
    assert read.kind == "raw"
    assert len(read.values) == 96
    assert all(read.values[f"{r}{c}"] == value(f"{r}{c}", drawn_nm) for r in ROWS for c in COLUMNS)


def test_gen5_writes_reads_and_calculated_lines_under_one_letter(tmp_path):
    lines = ["", "Protocol File Path:\tx", "Plate Number\tPlate 7", "", "Procedure Details", "", "Layout",
             "\t" + "\t".join(map(str, COLUMNS))]  # fmt: skip
    lines += [row + "\tSTD1" * 12 + "\tWell ID" for row in ROWS]
    lines += ["", "Results", "\t" + "\t".join(map(str, COLUMNS))]
    for row in ROWS:
        for label, nm in (("read:450", 450), ("read:570", 570), ("Blank read:450", 1), ("[Concentration]", 2)):
            texts = [f"{value(f'{row}{column}', nm):.4f}" for column in COLUMNS]
            lines.append("\t".join([row if nm == 450 else "", *texts, label]))
    export = read_export(saved(tmp_path, lines, "plate.txt"))
    assert export.format.startswith("Gen5")
    assert [(read.kind, read.plate) for read in export.reads] == [
        ("raw", "Plate 7"), ("raw", "Plate 7"), ("blank_corrected", "Plate 7"), ("calculated", "Plate 7"),
    ]  # fmt: skip
    assert_whole(export.reads[0])
    assert_whole(export.reads[1], 570, 570)


def test_gen5_names_a_line_by_its_wavelength_alone(tmp_path):
    lines = ["Procedure Details", "\tWavelengths:  450, 570", "Results", "\t" + "\t".join(map(str, COLUMNS))]
    for row in ROWS:
        for nm in (450, 570):
            cells_ = [f"{value(f'{row}{column}', nm):.4f}" for column in COLUMNS]
            lines.append("\t".join([row if nm == 450 else "", *cells_, str(nm)]))
    reads = read_export(saved(tmp_path, lines, "plate.txt")).reads
    assert_whole(reads[0])
    assert_whole(reads[1], 570, 570)


def test_mars_has_a_matrix_for_each_wavelength(tmp_path):
    head = ["User: USER,Path: C:\\,Test run no.: 4", "Test name: BDNF,Date: 1/2/2026", "", "Absorbance", ""]
    lines = [*head, "Raw Data (450 1)", "", *matrix(450, ","), "", "Raw Data (570 2)", "", *matrix(570, ",")]
    export = read_export(saved(tmp_path, lines))
    assert export.format.startswith("MARS")
    assert_whole(export.reads[0])
    assert_whole(export.reads[1], 570, 570)


def test_mars_as_a_list_with_rows_and_columns_apart(tmp_path):
    lines = ["Well Row,Well Col,Content,Raw Data (450),Blank corrected based on Raw Data (450)"]
    lines += [f"{r},{c},Sample X1,{value(f'{r}{c}')},{value(f'{r}{c}') - 0.05:.4f}" for r in ROWS for c in COLUMNS]
    reads = read_export(saved(tmp_path, lines)).reads
    assert [read.kind for read in reads] == ["raw", "blank_corrected"]
    assert_whole(reads[0])


def test_icontrol_workbook_with_two_labels(tmp_path):
    rows: list[list] = [["Application: Tecan i-control", None, None, None, "Tecan i-control , 1.10.4.0"], []]
    for nm in (450, 620):
        rows += [["Label: x"], ["Mode", None, None, None, "Absorbance"], ["Wavelength", None, None, None, nm, "nm"],
                 ["Part of Plate", None, None, None, "A1-H12"], [None, "Temperature: 26.8 °C"],
                 *numeric_matrix(nm, "<>"), [], ["End Time:", "x"], []]  # fmt: skip
    export = read_export(workbook(tmp_path, {"Sheet2": rows}))
    assert export.format.startswith("i-control")
    assert_whole(export.reads[0])
    assert_whole(export.reads[1], 620, 620)


def test_spark_writes_wells_side_by_side(tmp_path):
    wells = [f"{r}{c}" for r in ROWS for c in COLUMNS]
    rows = [["Application: SparkControl"], ["Measurement wavelength [nm]", None, 450], ["<>", *wells],
            ["Value", *map(value, wells)]]  # fmt: skip
    assert_whole(read_export(workbook(tmp_path, {"Sheet1": rows})).reads[0])


def test_magellan_list_with_two_labels(tmp_path):
    rows = [["Well positions", "Label1", "Label2"], [None, "0s", "0s"], [None, "24.8 °C", "25.1 °C"]]
    rows += [[f"{r}{c}", value(f"{r}{c}"), value(f"{r}{c}", 570)] for r in ROWS for c in COLUMNS]
    reads = read_export(workbook(tmp_path, {"Magellan Sheet 1": rows})).reads
    assert [read.name for read in reads] == ["Label1", "Label2"]
    assert_whole(reads[0], None)
    assert_whole(reads[1], None, 570)


def test_skanit_tells_raw_from_calculated_sheets(tmp_path):
    def head(title):
        return [["Measurement results"], ["x.skax"], [" "], [title], ["Wavelength: 450 nm"], [" "], ["Plate 1"], [" "]]

    layout = [["Sample", *COLUMNS], *([row, *["Un0001"] * 12] for row in ROWS)]
    sheets = {
        "Absorbance 1_01": [*head("Absorbance 1"), *numeric_matrix(450, "Abs"), [], *layout],
        "Blank Subtraction 1_02": [*head("Blank Subtraction 1"), *numeric_matrix(1, "Blank subtracted"), [], *layout],
        "Standard Curve 1_03": [*head("Standard Curve 1"), *numeric_matrix(2, "Conc. [pg/ml]")],
    }
    reads = read_export(workbook(tmp_path, sheets)).reads
    assert [read.kind for read in reads] == ["raw", "blank_corrected", "calculated"]
    assert_whole(reads[0])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_softmax_matrices_stand_side_by_side(tmp_path, encoding):
    head = "Plate:\tP7\t1.3\tPlateFormat\tEndpoint\tAbsorbance\tRaw\tFALSE\t1\t\t\t\t\t\t2\t450 650 \t1\t12\t96\t1\t8"
    numbers = "\t".join(map(str, COLUMNS))
    lines = ["##BLOCKS= 1", head, f"\tTemperature(¡C)\t{numbers}\t\t{numbers}"]
    for row in ROWS:
        both = [[f"{value(f'{row}{c}', nm):.4f}" for c in COLUMNS] for nm in (450, 650)]
        lines.append("\t".join(["", "21.5" if row == "A" else "", *both[0], "", *both[1]]))
    lines += ["", "~End", "Group: Unknowns", "Sample\tWells\tValue", "01\tC3\t1.2", "~End"]
    export = read_export(saved(tmp_path, lines, "plate.txt", encoding))
    assert export.format.startswith("SoftMax")
    assert [read.plate for read in export.reads] == ["P7", "P7"]
    assert_whole(export.reads[0])
    assert_whole(export.reads[1], 650, 650)


def test_softmax_with_one_column_per_well_and_only_part_of_the_plate(tmp_path):
    head = "Plate:\tP1\t1.3\tTimeFormat\tEndpoint\tAbsorbance\tRaw\tFALSE\t1\t\t\t\t\t\t1\t450 \t3\t8\t96\t3\t4\t\t\t"
    wells = [f"{r}{c}" for r in ROWS for c in COLUMNS]
    texts = [f"{value(well):.4f}" if well[0] in "CD" else "" for well in wells]
    lines = ["##BLOCKS= 1", head, "\tTemperature(¡C)\t" + "\t".join(wells), "\t21\t" + "\t".join(texts), "",
             "\t\t" + "\t".join(wells), "\t\t" + "\t".join(["9.9"] * 96), "~End"]  # fmt: skip
    (read,) = read_export(saved(tmp_path, lines, "plate.txt")).reads
    assert set(read.values) == {f"{r}{c}" for r in "CD" for c in COLUMNS}
    assert read.values["C3"] == value("C3")


def test_a_matrix_typed_by_hand_lies_anywhere_and_may_have_decimal_commas(tmp_path):
    lines = [";;;", "BDNF ELISA;2.3.2026;;", "OD 450;;;", ""]
    lines += [";;" + line for line in matrix(450, ";", comma=True)]
    assert_whole(read_export(saved(tmp_path, lines)).reads[0])


def test_a_layout_above_the_values_does_not_make_them_calculated_and_a_year_is_no_wavelength(tmp_path):
    layout = ["," + ",".join(map(str, COLUMNS)), *(f"{row}," + ",".join(["S1"] * 12) for row in ROWS)]
    lines = ["Run 2026", "Absorbance 450 nm", *["note"] * 40, "Layout", *layout, "Day 2026", *matrix(450, ",")]
    assert_whole(read_export(saved(tmp_path, lines)).reads[0])


def test_a_year_over_a_column_is_no_wavelength(tmp_path):
    lines = ["Well,Run 2026", *(f"{r}{c},{value(f'{r}{c}')}" for r in ROWS for c in COLUMNS)]
    assert_whole(read_export(saved(tmp_path, lines)).reads[0], None)


def test_a_title_with_a_semicolon_does_not_split_the_lines(tmp_path):
    assert_whole(read_export(saved(tmp_path, ["BDNF; plate 3; 450 nm", *matrix(450, ",")])).reads[0])


def test_a_bare_block_of_numbers_is_a_plate(tmp_path):
    lines = [",".join(f"{value(f'{row}{column}'):.4f}" for column in COLUMNS) for row in ROWS]
    assert_whole(read_export(saved(tmp_path, lines)).reads[0], None)


def test_a_long_list_of_two_wavelengths(tmp_path):
    lines = ["Well,Wavelength (nm),OD"]
    lines += [f"{r}{c:02d},{nm},{value(f'{r}{c}', nm)}" for nm in (450, 570) for r in ROWS for c in COLUMNS]
    reads = read_export(saved(tmp_path, lines)).reads
    assert_whole(reads[0])
    assert_whole(reads[1], 570, 570)


def test_a_list_in_which_wells_come_again_has_two_reads(tmp_path):
    wells = [f"{r}{c}" for r in ROWS for c in COLUMNS]
    lines = ["well;value", *(f"{well};{value(well)}".replace(".", ",") for well in wells)]
    lines += [f"{well};{value(well, 451)}".replace(".", ",") for well in wells]
    assert [len(read.values) for read in read_export(saved(tmp_path, lines)).reads] == [96, 96]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("OVRFLW", math.inf), (">Max", math.inf), ("> Max", math.inf), ("OVER", math.inf), (">4.000", math.inf),
     ("MISSED", math.nan), ("?????", math.nan), ("", math.nan), ("< Min", math.nan), ("Std1", None),
     ("1,234.5", 1234.5), ("12,345", 12345.0), ("-0.012", -0.012), ("1e-3", 0.001), ("\u22120.5", -0.5)],
)  # fmt: skip
def test_words_in_the_place_of_numbers(text, expected):
    found = cells.value(text)
    assert found is expected if expected is None else np.array_equal(found, expected, equal_nan=True)


def test_a_comma_that_may_be_either_is_refused():
    assert cells.has_decimal_comma(["0,512", "1,204"])
    assert not cells.has_decimal_comma(["12,512", "987"])
    with pytest.raises(ValueError, match="decimal point"):
        cells.has_decimal_comma(["12,512", "11,204"])


UNREADABLE = {
    b"": "empty",
    b"%PDF-1.7": "PDF",
    b"\xd0\xcf\x11\xe0": "old Excel",
    b"PK\x03\x04broken": "not a whole Excel",
    b"some words": "no values",
}


@pytest.mark.parametrize(("content", "says"), UNREADABLE.items())
def test_what_cannot_be_read_is_refused_with_a_remedy(tmp_path, content, says):
    path = tmp_path / "plate.csv"
    path.write_bytes(content)
    with pytest.raises(IngestError, match=says):
        read_export(path)
