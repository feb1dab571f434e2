"""One plate from its rows and exports: the right read, the reference, the wells."""

import math

import pytest

from ketaflow import assays
from ketaflow.assays.elisa.ingest import ingest
from ketaflow.assays.elisa.model import IngestSettings
from ketaflow.core.errors import IngestError
from ketaflow.core.inputs import Rows, build
from ketaflow.core.settings import with_defaults

SETTINGS = build(IngestSettings, with_defaults({}, assays.described("elisa", "settings.schema"))["ingest"])
ROWS = "ABCDEFGH"


def block(level: float, label: str = "") -> str:
    """A matrix in which a well's value is the level plus its number."""
    lines = ["," + ",".join(map(str, range(1, 13)))]
    for number, row in enumerate(ROWS):
        lines.append(",".join([row, *(f"{level + (12 * number + column) / 1000:.3f}" for column in range(1, 13))]))
    return f"{label}\n" + "\n".join(lines) + "\n\n"


def rows(wells=("A1", "A2"), **plate) -> Rows:
    own = [{"plate": "P1", "well": well, "sample": "animal", "animal": "M01", "analyte": "BDNF"} for well in wells]
    return Rows({"elisa_plates": [{"plate": "P1", "file": "p.csv", **plate}], "elisa_wells": own})


def saved(tmp_path, text: str, name: str = "p.csv"):
    (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def first(plate) -> float:
    return round(plate.wells[0].response, 6)


def test_one_read_needs_no_wavelength(tmp_path):
    plate = ingest(rows(("B3", "A01")), saved(tmp_path, block(1)), SETTINGS)
    assert [(well.name, round(well.response, 3)) for well in plate.wells] == [("A1", 1.001), ("B3", 1.015)]
    assert plate.source.reference == ""


def test_the_reference_wavelength_of_the_file_is_subtracted(tmp_path):
    folder = saved(tmp_path, block(1, "Raw Data (450)") + block(0.25, "Raw Data (570)"))
    for plate in (ingest(rows(wavelength_nm=450), folder, SETTINGS), ingest(rows(), folder, SETTINGS)):
        assert (first(plate), plate.source.reference) == (0.75, "570 nm")
    assert first(ingest(rows(wavelength_nm=450, reference_read="none"), folder, SETTINGS)) == 1.001


def test_the_reference_file_is_subtracted(tmp_path):
    folder = saved(saved(tmp_path, block(1, "450 nm")), block(0.2), "ref.csv")
    plate = ingest(rows(wavelength_nm=450, reference_file="ref.csv"), folder, SETTINGS)
    assert first(plate) == 0.8


def test_a_saturated_well_stays_saturated_after_the_reference(tmp_path):
    text = block(1, "Raw Data (450)").replace("1.001", "OVRFLW") + block(0.25, "Raw Data (570)")
    assert math.isinf(ingest(rows(), saved(tmp_path, text), SETTINGS).wells[0].response)


def test_repeats_that_agree_are_taken_with_a_note_and_others_refused(tmp_path):
    plate = ingest(rows(), saved(tmp_path, block(1, "450 nm") + block(1.01, "450 nm")), SETTINGS)
    assert first(plate) == 1.001
    assert "read 2 times" in plate.source.notes[0]
    folder = saved(tmp_path, block(1, "450 nm, before") + block(1.5, "450 nm, after the stop solution"), "q.csv")
    with pytest.raises(IngestError, match="holds 2 reads"):
        ingest(rows(file="q.csv"), folder, SETTINGS)
    assert first(ingest(rows(file="q.csv", read="2"), folder, SETTINGS)) == 1.501


def test_the_plate_of_that_name_is_taken_from_a_file_of_several(tmp_path):
    text = "Plate P0\n" + block(2, "Raw Data (450)") + "Plate P1\n" + block(1, "Raw Data (450)")
    assert first(ingest(rows(), saved(tmp_path, text), SETTINGS)) == 1.001


def test_the_sheet_of_that_name_is_taken_with_the_reference_on_it(tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, level in (("P0", 2.0), ("P1", 1.0)):
        sheet = book.create_sheet(title)
        for nm, offset in ((450, level), (570, level / 4)):
            for line in block(offset, f"Raw Data ({nm})").splitlines():
                sheet.append(line.split(","))
    book.save(tmp_path / "p.xlsx")
    assert first(ingest(rows(file="p.xlsx"), tmp_path, SETTINGS)) == 0.75


@pytest.mark.parametrize(
    ("plate", "says"),
    [({"wavelength_nm": 620}, "no values at 620 nm"), ({"read": "x"}, "no read is named 'x'"),
     ({"wavelength_nm": 450, "reference_read": "600"}, "no values at 600 nm")],
)  # fmt: skip
def test_what_the_file_does_not_hold_is_refused(tmp_path, plate, says):
    folder = saved(tmp_path, block(1, "Raw Data (450)") + block(0.2, "Raw Data (570)"))
    with pytest.raises(IngestError, match=says):
        ingest(rows(**plate), folder, SETTINGS)


def test_calculated_values_alone_are_refused(tmp_path):
    with pytest.raises(IngestError, match="calculated"):
        ingest(rows(), saved(tmp_path, block(1, "Concentration (pg/ml)")), SETTINGS)


def test_wells_beyond_the_file_and_a_plate_without_any_are_told_apart(tmp_path):
    text = "\n".join(line for line in block(1).splitlines() if not line.startswith(("F", "G", "H")))
    folder = saved(tmp_path, text)
    assert math.isnan(ingest(rows(("A1", "H12")), folder, SETTINGS).wells[1].response)
    with pytest.raises(IngestError, match="none of the 1 wells"):
        ingest(rows(("H12",)), folder, SETTINGS)


def test_excluded_wells_are_left_out_and_listed(tmp_path):
    given = rows()
    given.by_table["elisa_wells"][0]["exclude"] = True
    plate = ingest(given, saved(tmp_path, block(1)), SETTINGS)
    assert ([well.name for well in plate.wells], plate.excluded) == (["A2"], ["A1"])
