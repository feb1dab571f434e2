"""Faults across the rows of the tables: each is named with its row and what to do; a sound table has none."""

from pathlib import Path

import pytest

from ketaflow.assays.microdialysis import tables
from ketaflow.core import cohort
from ketaflow.engine.preparation.assay_tables import table_schemas

SOUND = {
    "animals": "animal,sex\nM1,male\nM2,female\n",
    "arms": "arm,control,drug,dose_mg_per_kg\nvehicle,yes,saline,0\n",
    "allocation": "animal,arm\nM1,vehicle\nM2,vehicle\n",
    "microdialysis": "animal,fraction,start_min,stop_min,region,chromatogram\n"
    "M1,1,-20,0,mPFC,c1.txt\nM1,2,0,20,mPFC,c2.txt\nM1,1,-20,0,NAc,c3.txt\nM2,1,-20,0,,\n",
    "microdialysis_standards": "chromatogram,analyte,concentration_um\ns.txt,glutamate,1\n",
    "microdialysis_concentrations": "animal,fraction,analyte,value,unit,state\n"
    "M2,1,glutamate,1.5,uM,\nM2,1,GABA,,,below_loq\n",
    "microdialysis_limits": "chromatogram,start_min,stop_min\nc1.txt,3,3.5\n",
}


def found(folder: Path, **changed: str | None) -> list[str]:
    for name, text in {**SOUND, **changed}.items():
        if text is not None:
            (folder / f"{name}.csv").write_text(text)
    read, faults = cohort.read(folder, table_schemas())
    assert not faults
    return [f"{fault.file}:{fault.row} {fault.column}: {fault.found}" for fault in tables.problems(read)]


def test_a_sound_cohort_has_no_fault(tmp_path):
    assert found(tmp_path) == []


FRACTIONS = "animal,fraction,start_min,stop_min,region,chromatogram\n"
LAB = "animal,fraction,analyte,value,unit,state\n"


@pytest.mark.parametrize(
    ("table", "text", "fault"),
    [
        ("microdialysis", FRACTIONS + "M1,1,0,-20,,c1.txt\nM2,1,-20,0,,", "ends (-20 min) before it starts (0 min)"),
        (
            "microdialysis",
            FRACTIONS + "M1,1,-20,0,,c1.txt\nM1,2,-5,15,,c1.txt\nM2,1,-20,0,,",
            "the one before it ends at 0",
        ),
        ("microdialysis_concentrations", LAB + "M2,7,glutamate,1.5,uM,", "fraction '7' of animal 'M2' is not in"),
        ("microdialysis_concentrations", LAB + "M2,1,glutamate,1.5,furlong,", "found 'furlong' for glutamate"),
        ("microdialysis_concentrations", LAB + "M2,1,mystery,1.5,ng/ml,", "found 'ng/ml' for mystery"),
        ("microdialysis_concentrations", LAB + "M2,1,glutamate,-1,uM,", "found -1"),
        ("microdialysis_concentrations", LAB + "M2,1,glutamate,,uM,", "the cell is empty, and so is 'state'"),
        ("microdialysis_concentrations", LAB + "M2,1,glutamate,0.2,uM,below_loq", "'below_loq' beside 0.2"),
        ("microdialysis_concentrations", LAB + "M2,1,glutamate,0.2,,", "0.2 without a unit"),
        ("microdialysis_concentrations", LAB + "M1,1,glutamate,0.2,uM,", "the cell is empty"),
        ("microdialysis_limits", "chromatogram,start_min,stop_min\nx.txt,3,3.5", "'x.txt' is no chromatogram"),
        ("microdialysis_limits", "chromatogram,start_min,stop_min\nc1.txt,3.5,3", "ends before it starts"),
    ],
)
def test_a_fault_is_named_with_its_row(tmp_path, table, text, fault):
    (only,) = found(tmp_path, **{table: text + "\n"})
    assert only.startswith(f"{table}.csv:")
    assert fault in only


def test_neither_chromatograms_nor_concentrations_is_a_fault(tmp_path):
    text = FRACTIONS + "M1,1,-20,0,,\nM2,1,-20,0,,\n"
    (only,) = found(tmp_path, microdialysis=text, microdialysis_concentrations=None, microdialysis_limits=None)
    assert "no fraction has a chromatogram or a concentration" in only


@pytest.mark.parametrize(("ending", "faults"), [("txt", 1), ("csv", 0)])
def test_traces_need_standards_and_result_tables_may_do_without(tmp_path, ending, faults):
    text = FRACTIONS + f"M1,1,-20,0,,c1.{ending}\nM2,1,-20,0,,\n"
    absent = dict.fromkeys(("microdialysis_standards", "microdialysis_concentrations", "microdialysis_limits"))
    assert len(found(tmp_path, microdialysis=text, **absent)) == faults


BATCHES = {"microdialysis_standards": "chromatogram,analyte,concentration_um,batch\ns.txt,glutamate,1,A\n"}


@pytest.mark.parametrize(("batch", "words"), [("", "the cell is empty"), ("C", "batch 'C' has no standards")])
def test_a_fraction_needs_a_batch_that_has_standards(tmp_path, batch, words):
    fractions = f"{FRACTIONS.strip()},batch\nM1,1,0,20,,c.txt,A\nM1,2,20,40,,d.txt,{batch}\nM2,1,0,20,,,\n"
    limits = {"microdialysis_limits": None}
    assert found(tmp_path, microdialysis=fractions, **BATCHES, **limits) == [f"microdialysis.csv:3 batch: {words}"]


def test_injections_of_one_tube_agree_on_its_times(tmp_path):
    fractions = (
        "animal,fraction,start_min,stop_min,region,chromatogram,injection\n"
        "M1,1,0,20,,c1.txt,a\nM1,1,0,21,,c2.txt,b\nM1,2,20,40,,c3.txt,a\nM2,1,0,20,,,\n"
    )
    assert found(tmp_path, microdialysis=fractions) == [
        "microdialysis.csv:3 stop_min: 21.0 for fraction 1, in an earlier row of the same fraction 20.0"
    ]


def test_an_amount_needs_the_volume_it_was_found_in(tmp_path):
    lab = f"{LAB}M2,1,glutamate,3,pmol/fraction,\nM2,1,GABA,3,fmol/injection,\n"
    amounts = found(tmp_path, microdialysis_concentrations=lab)
    assert "has no flow for fraction 1 of M2" in amounts[0]
    assert "fmol/injection without injection_ul" in amounts[1]


def test_limits_without_a_chromatogram_name_their_analyte(tmp_path):
    assert found(tmp_path, microdialysis_limits="chromatogram,start_min,stop_min\n,3,3.5\n") == [
        "microdialysis_limits.csv:2 chromatogram: neither chromatogram nor analyte"
    ]
