"""Results of a batch become concentrations of the right animal and fraction, or say which sample has no home."""

from pathlib import Path

import pytest

from ketaflow.assays.microdialysis import tables
from ketaflow.core import cohort
from ketaflow.engine.preparation.assay_tables import reshaped, table_schemas

FRACTIONS = "animal,fraction,start_min,stop_min,injection\n"
PLAIN = FRACTIONS + "M01,1,-20,0,\nM01,2,0,20,\nM11,1,-20,0,\nM02,1,-20,0,vial 17\n"
ANALYST = (
    "Sample Name\tSample Type\tAnalyte Peak Name\tAnalyte Peak Area (counts)\tCalculated Concentration (nM)\n"
    "STD 3\tStandard\tGlutamate\t90000\t3000\n"
    "M01_01\tUnknown\tGlutamate\t12000\t800\n"
    "M01_01\tUnknown\tGABA\t20\t< 0.63\n"
    "m01-f2\tUnknown\tGlutamate\t99999\t> 10000\n"
    "m01-f2\tUnknown\tGABA\t300\t1.5\n"
    "M11 1\tUnknown\tGlutamate\t15000\t1000\n"
    "M11 1\tUnknown\tGABA\t0\tNo Peak\n"
    "vial 17\tUnknown\tGlutamate\t\tN/A\n"
    "M01_01\tUnknown\td5-Glu\t5000\tN/A\n"
    "Blank\tUnknown\tGlutamate\t3\t0.1\n"
)


def read(folder: Path, fractions: str = PLAIN, results: str = ANALYST):
    texts = {
        "animals.csv": "animal,sex\nM01,male\nM11,male\nM02,female\n",
        "arms.csv": "arm,control,drug,dose_mg_per_kg\nvehicle,yes,saline,0\n",
        "allocation.csv": "animal,arm\nM01,vehicle\nM11,vehicle\nM02,vehicle\n",
        "microdialysis.csv": fractions,
        "microdialysis_concentrations.tsv": results,
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    found, faults = cohort.read(folder, table_schemas(), reshaped)
    return found, faults + (tables.problems(found) if not faults else [])


def test_every_fraction_gets_its_values_and_states(tmp_path):
    found, faults = read(tmp_path)
    assert faults == []
    rows = found.tables["microdialysis_concentrations"]
    told = {
        (row.animal, row.fraction, row.analyte): row.value if row.value == row.value else row.state
        for row in rows.itertuples()
    }
    assert told == {
        ("M01", "1", "Glutamate"): 800.0,
        ("M01", "1", "GABA"): "below_loq",
        ("M01", "2", "Glutamate"): "above_range",
        ("M01", "2", "GABA"): 1.5,
        ("M11", "1", "Glutamate"): 1000.0,
        ("M11", "1", "GABA"): "below_loq",
        ("M02", "1", "Glutamate"): "missed",
    }
    assert set(rows["unit"]) == {"nM"}


def test_an_ordinary_table_stays_as_it_is(tmp_path):
    ordinary = "animal\tfraction\tanalyte\tvalue\tunit\nM01\t1\tglutamate\t0.8\tuM\n"
    found, faults = read(tmp_path, results=ordinary)
    assert faults == []
    assert found.tables["microdialysis_concentrations"]["value"].tolist() == [0.8]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("M11 1\tUnknown\tGlutamate", "M12 1\tUnknown\tGlutamate", "the sample 'M12 1' is no fraction"),
        ("Concentration (nM)", "Concentration", "the concentrations have no unit"),
        ("Concentration (nM)", "Concentration (furlong)", "found 'furlong'"),
    ],
)
def test_what_has_no_home_or_unit_is_named(tmp_path, old, new, fault):
    _, faults = read(tmp_path, results=ANALYST.replace(old, new))
    assert any(fault in problem.found for problem in faults)


def test_a_name_that_fits_two_fractions_is_not_guessed(tmp_path):
    twice = FRACTIONS.replace("stop_min", "stop_min,region") + "M01,1,-20,0,mPFC,\nM01,1,-20,0,NAc,\n"
    _, faults = read(tmp_path, fractions=twice, results="\n".join(ANALYST.splitlines()[:3]) + "\n")
    assert "or of more than one" in faults[0].found


def test_an_animals_number_is_not_taken_for_its_fraction(tmp_path):
    """M1 with fraction 11 and M11 with fraction 1 are kept apart."""
    found, _ = read(tmp_path, fractions=FRACTIONS + "M01,11,-20,0,\nM11,1,-20,0,\nM02,1,-20,0,vial 17\n")
    rows = found.tables["microdialysis_concentrations"]
    assert rows.loc[rows["animal"].eq("M11"), "value"].dropna().tolist() == [1000.0]
    assert not rows["animal"].eq("M01").any()


def test_thousands_of_amounts_are_parted_as_the_others_tell(tmp_path):
    found, faults = read(tmp_path, results=ANALYST.replace("15000\t1000\n", "15000\t1,000\n"))
    assert faults == []
    rows = found.tables["microdialysis_concentrations"]
    assert rows[rows["animal"].eq("M11") & rows["analyte"].eq("Glutamate")]["value"].tolist() == [1000.0]


def test_amounts_with_two_decimal_signs_are_named(tmp_path):
    _, faults = read(tmp_path, results=ANALYST.replace("15000\t1000\n", "15000\t0,9\n"))
    assert "point and comma are both used as decimal signs" in str(faults[0])
