"""Batches: own standards, brackets, dilutions, repeated injections, amounts, standards that cannot be read."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from dialysate import QC, QUANTIFY, Animal, checked, fraction_row, gaussian, measure, table, values, with_concentrations

from ketaflow.assays.microdialysis import cohort, ingest, qc, quantify, revise
from ketaflow.assays.microdialysis.cohort_rows import FractionRow, StandardRow
from ketaflow.assays.microdialysis.model import Chromatogram, Dialysate, IngestSettings
from ketaflow.core.inputs import Rows

LEVELS = (0.5, 1.0, 2.0, 5.0)
TIMES = np.arange(0, 10, 1 / 120)


def run(concentration: float, gain: float = 1.0, seed: int = 0) -> Chromatogram:
    """A run with a peak of 1000 x concentration x gain at 5 min."""
    noise = np.random.default_rng(seed).normal(0, 0.05, len(TIMES))
    return Chromatogram(TIMES, 100 + gaussian(TIMES, 5.0, 6.0, 1000 * concentration * gain) + noise, "mV")


def standard(path: str, level: float, **more) -> StandardRow:
    return StandardRow(path, "glutamate", level, 5.0, None, **more)


def tube(number: int, path: str, **more) -> FractionRow:
    row = fraction_row(number, 20 * number - 60, 20 * number - 40, chromatogram=path)
    return Rows({"microdialysis": [{**row, **more}]}).of("microdialysis", FractionRow)[0]


def test_fractions_are_read_from_the_standards_of_their_batch():
    standards, traces = [], {}
    for batch, gain in (("A", 1.0), ("B", 0.75)):
        for level in LEVELS:
            path = f"{batch}{level}"
            standards.append(standard(path, level, batch=batch))
            traces[path] = run(level, gain, seed=len(traces))
    tubes = []
    for number in range(8):
        batch, gain = ("A", 1.0) if number % 2 else ("B", 0.75)
        tubes.append(tube(number, f"c{number}", batch=batch))
        traces[f"c{number}"] = run(2.0, gain, seed=100 + number)
    found = measure(Animal(Dialysate("M1", tubes, standards, traces)))
    assert values(found, "concentration_um") == pytest.approx([2.0] * 8, rel=0.01)
    assert table(found, "calibration")["batch"].tolist() == ["B", "A"]
    pooled = [replace(row, batch=None) for row in standards]
    mixed = measure(Animal(Dialysate("M1", [replace(row, batch=None) for row in tubes], pooled, traces)))
    assert np.ptp(values(mixed, "concentration_um")) > 0.4, "without batches the two sets differ by 25 %"


def bracketed(order: bool) -> Animal:
    """The detector loses 20 % between two standard sets, evenly; six fractions of 2 uM lie between them."""
    standards, traces, tubes = [], {}, []
    for number, (place, gain) in enumerate(((0, 1.0), (70, 0.8)), start=1):
        for step, level in enumerate(LEVELS):
            path = f"s{number}-{level}"
            standards.append(standard(path, level, replicate=number, injection_order=place + step if order else None))
            traces[path] = run(level, gain, seed=len(traces))
    for number in range(6):
        place = 10 * (number + 1) + 1.5
        tubes.append(tube(number, f"c{number}", injection_order=place if order else None))
        traces[f"c{number}"] = run(2.0, 1 - 0.2 * (place - 1.5) / 70, seed=50 + number)
    return Animal(Dialysate("M1", tubes, standards, traces))


def test_brackets_follow_the_drift_between_two_standard_sets():
    found = measure(bracketed(order=True), bracketing="interpolated")
    assert values(found, "concentration_um") == pytest.approx([2.0] * 6, rel=0.01)
    pooled = measure(bracketed(order=True))
    assert max(values(pooled, "concentration_um")) / min(values(pooled, "concentration_um")) > 1.1
    drift = table(checked(bracketed(order=True)), "checks")
    message = drift.loc[drift["check"].eq("standard_drift"), "message"].item()
    assert "-20 %" in message


def test_without_order_the_standard_sets_are_pooled():
    assert values(measure(bracketed(order=False), bracketing="interpolated"), "concentration_um") == pytest.approx(
        values(measure(bracketed(order=False)), "concentration_um")
    )


def one_batch(tubes: list[FractionRow], levels: dict[str, float]) -> Animal:
    traces = {f"s{level}": run(level, seed=number) for number, level in enumerate(LEVELS)}
    traces |= {path: run(level, seed=50 + number) for number, (path, level) in enumerate(levels.items())}
    return Animal(Dialysate("M1", tubes, [standard(f"s{level}", level) for level in LEVELS], traces))


def test_a_diluted_sample_counts_as_often_as_it_was_diluted():
    animal = one_batch([tube(0, "a", dilution_factor=4.0), tube(1, "b")], {"a": 1.0, "b": 4.0})
    found = measure(animal)
    assert values(found, "concentration_um") == pytest.approx([4.0, 4.0], rel=0.01)
    assert table(found, "fractions")["dilution_factor"].tolist() == [4.0, 1.0]
    reported = with_concentrations([fraction_row(0, 0, 20, dilution_factor=2.0)], {"glutamate": [3.0]})
    assert values(measure(reported), "concentration_um") == [6.0]


def test_injections_of_one_tube_are_averaged_and_their_spread_is_checked():
    tubes = [tube(0, "a1", injection="1"), tube(0, "a2", injection="2"), tube(1, "b", injection="1")]
    animal = one_batch(tubes, {"a1": 1.0, "a2": 2.0, "b": 2.0})
    found = measure(animal)
    assert values(found, "concentration_um") == pytest.approx([1.5, 2.0], rel=0.01)
    first = table(found, "fractions").iloc[0]
    assert (first["injections"], first["chromatogram"]) == (2, "a1; a2")
    assert first["injection_cv_pct"] == pytest.approx(47, abs=1)
    assert table(found, "injections")["concentration_um"].tolist() == pytest.approx([1.0, 2.0], rel=0.01)
    checks = table(checked(animal), "checks")
    assert checks.loc[checks["check"].eq("injection_cv"), "verdict"].tolist() == ["warn"]


def test_a_rejected_injection_leaves_the_other_one():
    tubes = [tube(number, f"c{number}") for number in range(3)]
    tubes += [tube(3, "a1", injection="1"), tube(3, "a2", injection="2")]
    animal = one_batch(tubes, {"c0": 1.0, "c1": 1.0, "c2": 1.0, "a1": 1.0, "a2": 2.0})
    found = measure(animal)
    tables = {name: table(found, name) for name in ("fractions", "injections")}
    again = revise.revise(tables, {"a2": "a bubble"}, QUANTIFY)
    made = {(row.measure, row.time_min): row.value for row in again}
    assert made["pct_baseline", 10.0] == pytest.approx(100, abs=2)
    assert made["concentration_um", 10.0] == pytest.approx(1.0, rel=0.01)


@pytest.mark.parametrize(
    ("unit", "more", "expected"),
    [
        ("pmol/fraction", {}, 3.0 / (1.5 * 20)),
        ("fmol/fraction", {}, 0.003 / (1.5 * 20)),
        ("pmol/injection", {"injection_ul": 10.0}, 0.3),
        ("fmol / injection", {"injection_ul": 10.0}, 3e-4),
    ],
)
def test_amounts_become_concentrations(unit, more, expected):
    row = fraction_row(0, 0, 20, flow_ul_per_min=1.5)
    animal = with_concentrations([row], {"glutamate": [3.0]}, unit=unit)
    reported = [{**one, **more} for one in animal.rows["microdialysis_concentrations"]]
    found = measure(animal.with_rows("microdialysis_concentrations", reported))
    assert values(found, "concentration_um") == pytest.approx([expected])


def test_an_amount_without_its_volume_is_no_number_and_says_why():
    animal = with_concentrations([fraction_row(0, 0, 20, flow_ul_per_min=None)], {"glutamate": [3.0]}, "pmol/fraction")
    row = table(measure(animal), "fractions").iloc[0]
    assert np.isnan(row["concentration_um"])
    assert "flow_ul_per_min" in row["reason"]


def test_a_standard_that_cannot_be_read_fails_alone(tmp_path):
    for name, level in (("s1", 1.0), ("s2", 2.0), ("c0", 1.5)):
        one = run(level)
        lines = [f"{t:.5f},{y:.5f}\n" for t, y in zip(one.time_min, one.signal, strict=True)]
        (tmp_path / f"{name}.csv").write_text("time_min,signal\n" + "".join(lines))
    (tmp_path / "broken.csv").write_text('"' + "x" * 140_000 + "\n1,2\n")
    rows = {
        "microdialysis": [fraction_row(0, 0, 20, chromatogram="c0.csv")],
        "microdialysis_standards": [
            {"chromatogram": f"{name}.csv", "analyte": analyte, "concentration_um": level, "retention_min": 5.0}
            for name, level in (("s1", 1.0), ("broken", 1.5), ("s2", 2.0))
            for analyte in ("glutamate",)
        ],
    }
    read = ingest.ingest(Rows(rows), tmp_path, IngestSettings("", "auto"))
    assert list(read.unreadable) == ["broken.csv"]
    found = quantify.quantify(read, QUANTIFY, rows=Rows({}))
    assert values(found, "concentration_um") == pytest.approx([1.5], rel=0.01)
    standards = table(found, "standards")
    assert standards["readable"].tolist() == [True, False, True]
    (failed,) = cohort.unread_standards(standards)
    assert (failed.recording, failed.verdict) == ("broken.csv", "fail")


WIDE = """Sample Name;glutamate Area
M1_01;200
M1_2;400
STD1;100
STD2;200
STD 5;500
"""


def test_injections_of_one_file_are_recordings_of_their_own(tmp_path):
    (tmp_path / "batch.csv").write_text(WIDE)
    tubes = [
        fraction_row(
            number, 20 * number, 20 * number + 20, chromatogram="batch.csv", recording=f"batch.csv#M1_{number}"
        )
        for number in (1, 2)
    ]
    levels = {"STD1": 1.0, "STD2": 2.0, "STD5": 5.0, "STD9": 9.0}
    standards = [
        {"chromatogram": "batch.csv", "analyte": "glutamate", "concentration_um": level, "injection": name}
        for name, level in levels.items()
    ]
    rows = Rows({"microdialysis": tubes, "microdialysis_standards": standards})
    read = ingest.ingest(rows, tmp_path, IngestSettings("", "auto"))
    found = quantify.quantify(read, QUANTIFY, rows=Rows({}))
    measured = table(found, "measurements").query("measure == 'concentration_um'")
    assert measured["recording"].tolist() == ["batch.csv#M1_1", "batch.csv#M1_2"]
    assert measured["value"].tolist() == pytest.approx([2.0, 4.0])
    assert table(found, "fractions")["chromatogram"].tolist() == ["batch.csv#M1_1", "batch.csv#M1_2"]
    (failed,) = cohort.unread_standards(table(found, "standards"))
    assert failed.recording == "batch.csv#STD9"
    assert "'STD9'" in failed.message
    shown = qc.qc(read, found, QC)
    assert {one.recording for one in shown.checks} == {"M1", "batch.csv#M1_1", "batch.csv#M1_2"}


def test_a_value_whose_area_depends_on_the_baseline_is_flagged():
    """A step of the baseline under a small peak: both levels are admissible."""
    animal = one_batch([tube(0, "a"), tube(1, "b")], {"a": 1.0, "b": 1.0})
    traces = dict(animal.dialysate.chromatograms)
    step = 20 * (1 + np.tanh((TIMES - 5.02) / 0.01))
    traces["b"] = replace(traces["b"], signal=traces["b"].signal + step)
    found = table(measure(Animal(replace(animal.dialysate, chromatograms=traces))), "fractions")
    assert found["state"].tolist() == ["ok", "uncertain_area"]
    assert "depends on the baseline" in found["reason"].iloc[1]
