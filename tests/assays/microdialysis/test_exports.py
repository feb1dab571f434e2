"""Exports of Clarity, LabChart, MassHunter, OpenLab and Allotrope; several injections in a file; formats not read."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from dialysate import QUANTIFY, fraction_row, table

from ketaflow.assays.microdialysis import ingest, quantify
from ketaflow.assays.microdialysis.model import IngestSettings
from ketaflow.assays.microdialysis.readers import dispatch
from ketaflow.core.errors import IngestError
from ketaflow.core.inputs import Rows

TIME_S = np.arange(0, 300, 0.5)
SIGNAL = 2 + 5 * np.exp(-(((TIME_S - 120) / 6) ** 2))


def read(folder: Path, name: str, text: str):
    path = folder / name
    path.write_text(text)
    return dispatch.read(path, time_unit="auto")


CLARITY = (
    "\tReten. Time [min]\tArea [mV.s]\tHeight [mV]\tArea [%]\tCompound Name\n"
    "1\t2.100\t100.500\t10.200\t43.0\tGlu\n2\t3.400\t133.500\t11.200\t57.0\tGABA\n\tTotal\t234.0\t21.4\t100.0\t\n"
)


def test_a_clarity_table_is_read_without_its_total(tmp_path):
    (trace,) = read(tmp_path, "run.txt", "Result Table (Uncal - C:\\DATA\\M01_03.prm - ECD)\n" + CLARITY)
    assert [(peak.name, peak.retention_min, peak.area) for peak in trace.vendor_peaks] == [
        ("Glu", 2.1, 100.5),
        ("GABA", 3.4, 133.5),
    ]
    assert trace.detector == "ECD"


def test_two_clarity_tables_are_two_samples(tmp_path):
    text = "".join(f"Result Table (Uncal - C:\\DATA\\{name}.prm - ECD)\n{CLARITY}" for name in ("M01_03", "M01_04"))
    found = read(tmp_path, "runs.txt", text)
    assert [trace.sample for trace in found] == ["M01_03", "M01_04"]
    assert all(len(trace.vendor_peaks) == 2 for trace in found)


def labchart(time=lambda seconds: f"{seconds:.1f}", comment_at: int | None = None, factor: float = 1.0) -> str:
    head = "Interval=\t0.5 s\nTimeFormat=\tStartOfBlock\nChannelTitle=\tECD\tPump\nRange=\t10.000 nA\t10.000 V\n"
    rows = [f"{time(t)}\t{factor * s:.4f}\t1.2" for t, s in zip(TIME_S, SIGNAL, strict=True)]
    if comment_at is not None:
        rows[comment_at] += "\t#* inject M01_03"
    return head + "\n".join(rows) + "\n"


def clock(seconds: float) -> str:
    return f"{int(seconds // 60)}:{seconds % 60:04.1f}"


@pytest.mark.parametrize("more", [{}, {"comment_at": 40}, {"time": clock}])
def test_labchart_channels_have_their_titles_whatever_the_times_and_comments(tmp_path, more):
    ecd, pump = read(tmp_path, "run.txt", labchart(**more))
    assert [(one.detector, one.unit) for one in (ecd, pump)] == [("ECD", "nA"), ("Pump", "V")]
    np.testing.assert_allclose(60 * ecd.time_min, TIME_S, atol=1e-6)
    np.testing.assert_allclose(ecd.signal, SIGNAL, atol=1e-4)


def test_labchart_blocks_are_injections(tmp_path):
    found = [one for one in read(tmp_path, "run.txt", labchart() + labchart(factor=2.0)) if one.detector == "ECD"]
    assert [one.sample for one in found] == ["1", "2"]
    np.testing.assert_allclose(found[1].signal, 2 * SIGNAL, atol=1e-3)


def test_a_jump_of_the_labchart_clock_is_refused(tmp_path):
    lines = labchart().splitlines()
    with pytest.raises(IngestError, match="the times jump after"):
        read(tmp_path, "run.txt", "\n".join([*lines[:200], *lines[260:]]) + "\n")


def cube(factor: float) -> dict:
    return {
        "cube-structure": {"dimensions": [{"unit": "s"}], "measures": [{"unit": "mAU"}]},
        "data": {"dimensions": [TIME_S.tolist()], "measures": [(factor * SIGNAL).tolist()]},
    }


def allotrope(names: list[str | None]) -> str:
    documents = [
        {"measurement document": [{**({"sample document": {"sample identifier": name}} if name else {}),
                                   "chromatogram data cube": cube(number + 1.0)}]}
        for number, name in enumerate(names)
    ]  # fmt: skip
    return json.dumps({"liquid chromatography aggregate document": {"liquid chromatography document": documents}})


@pytest.mark.parametrize(
    ("names", "samples"), [(["std", "M1_0"], ["std", "M1_0"]), ([None, None], ["injection 1", "injection 2"])]
)
def test_injections_of_an_allotrope_document_are_kept_apart(tmp_path, names, samples):
    found = read(tmp_path, "batch.json", allotrope(names))
    assert [one.sample for one in found] == samples


def fractions_of(folder: Path, rows: list[dict]):
    return ingest.ingest(Rows({"microdialysis": rows}), folder, IngestSettings("", "auto"))


def test_a_file_of_several_injections_is_chosen_from_or_refused(tmp_path):
    (tmp_path / "batch.json").write_text(allotrope(["std", "M1_0", "M1_1"]))
    rows = [fraction_row(number, 20 * number, 20 * number + 20, chromatogram="batch.json") for number in (0, 1, 2)]
    rows.append(fraction_row(3, 60, 80, chromatogram="batch.json", injection="std"))
    found = fractions_of(tmp_path, rows)
    assert sorted(found.chromatograms) == ["batch.json#M1_0", "batch.json#M1_1", "batch.json#std"]
    assert found.chromatograms["batch.json#M1_1"].signal.max() == pytest.approx(21, abs=0.1)
    assert [row.path for row in found.fractions] == [
        "batch.json#M1_0",
        "batch.json#M1_1",
        "batch.json",
        "batch.json#std",
    ]
    assert "Enter the name of the sample in the column 'injection'" in found.unreadable["batch.json"]


def test_a_masshunter_folder_with_results_alone_gives_its_peaks(tmp_path):
    folder = tmp_path / "run.D"
    folder.mkdir()
    (folder / "RESULTS.CSV").write_text(
        '[contents]\ncount=1\n[INT TIC: run.D\\data.ms]\nHeader=,"Peak","R.T.","First","Height","Area"\n'
        "1=,  1,  6.056,  856,1366398, 13751453\n2=,  2,  6.302,  899,1063632,  7963360\n"
    )
    (trace,) = dispatch.read(folder, time_unit="auto")
    assert [(peak.retention_min, peak.area) for peak in trace.vendor_peaks] == [(6.056, 13751453), (6.302, 7963360)]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("run.lcd", b"\xd0\xcf\x11\xe0\0\0", "a LabSolutions data file"),
        ("run.adicht", b"\0\1\2\0", "LabChart Text File"),
        ("run.prm", b"\0CLARITY\0", "Export Chromatogram"),
        ("run.wiff", b"\xd0\xcf\x11\xe0\0\0", "SCIEX"),
    ],
)
def test_formats_that_are_not_read_are_named_with_the_export_to_make(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(IngestError, match=words):
        dispatch.read(tmp_path / name, time_unit="auto")


def test_a_waters_folder_is_named(tmp_path):
    folder = tmp_path / "run.raw"
    folder.mkdir()
    (folder / "_FUNC001.DAT").write_bytes(b"\0" * 50)
    with pytest.raises(IngestError, match="Waters MassLynx"):
        dispatch.read(folder, time_unit="auto")


AREAS = {
    "long": "Sample,Component,Area\n"
    + "".join(f"{sample},{name},{area}\n" for sample, name, area in (
        ("std1", "Glu", 100), ("std1", "GABA", 50), ("std2", "Glu", 400), ("std2", "GABA", 200),
        ("std3", "Glu", 200), ("std3", "GABA", 100), ("M1_0", "Glu", 300), ("M1_0", "GABA", 150),
        ("M1_1", "Glu", 150), ("M1_1", "GABA", 75), ("Total", "", 1375),
    )),
    "wide": "Sample Name,Glu Area,GABA Area\nstd1,100,50\nstd2,400,200\nstd3,200,100\nM1_0,300,150\nM1_1,150,75\n",
    "wide, two rows of headings": "Injection Name\tGlu\tGABA\n\tArea (mV*min)\tArea (mV*min)\n"
    "std1\t100\t50\nstd2\t400\t200\nstd3\t200\t100\nM1_0\t300\t150\nM1_1\t150\t75\n",
}  # fmt: skip


@pytest.mark.parametrize("layout", AREAS)
def test_one_table_of_areas_serves_a_whole_batch(tmp_path, layout):
    (tmp_path / "areas.txt").write_text(AREAS[layout])
    fractions = [fraction_row(number, 20 * number, 20 * number + 20, chromatogram="areas.txt") for number in (0, 1)]
    standards = [
        {"chromatogram": "areas.txt", "injection": name, "analyte": analyte, "concentration_um": level}
        for name, level in (("std1", 1.0), ("std2", 4.0), ("std3", 2.0))
        for analyte in ("Glu", "GABA")
    ]
    rows = Rows({"microdialysis": fractions, "microdialysis_standards": standards})
    found = quantify.quantify(ingest.ingest(rows, tmp_path, IngestSettings("", "auto")), QUANTIFY, rows=Rows({}))
    made = table(found, "fractions").pivot(index="fraction", columns="analyte", values="concentration_um")
    assert made["Glu"].tolist() == pytest.approx([3.0, 1.5])
    assert made["GABA"].tolist() == pytest.approx([3.0, 1.5])


def ezchrom(points: int) -> str:
    head = (
        "Version:,3\nMaxchannels:,2\nSample ID:,M01_03\nSampling Rate:,2.0,2.0,Hz\n"
        f"Total Data Points:,{len(SIGNAL)},{len(SIGNAL)},Pts.\nX Axis Title:,Minutes,Minutes\n"
        "Y Axis Title:,mV,nA\nX Axis Multiplier:,0.016667,0.016667\nY Axis Multiplier:,0.001,0.01\n"
    )
    counts = [f"{round(1000 * value)}\n" for value in SIGNAL]
    return head + "".join((counts + counts)[:points])


def test_every_channel_of_an_ezchrom_export_is_read_with_its_scale(tmp_path):
    first, second = read(tmp_path, "run.dat.asc", ezchrom(2 * len(SIGNAL)))
    np.testing.assert_allclose(first.time_min, TIME_S / 60)
    np.testing.assert_allclose(first.signal, SIGNAL, atol=1e-3)
    np.testing.assert_allclose(second.signal, 10 * SIGNAL, atol=1e-2)
    assert (first.unit, second.unit) == ("mV", "nA")


def test_an_ezchrom_export_cut_between_two_lines_is_refused(tmp_path):
    with pytest.raises(IngestError, match="promises 1200 values of 2 channels, 1100 are there"):
        read(tmp_path, "run.dat.asc", ezchrom(1100))


def test_a_clarity_summary_of_several_runs_is_read_by_its_primary_file(tmp_path):
    text = "Primary File\tPeak No.\tReten. Time [min]\tArea [mV.s]\nM01_01\t1\t2.10\t100.5\nM01_02\t1\t2.11\t90.5\n"
    one, two = read(tmp_path, "summary.txt", text)
    assert [(one.sample, one.vendor_peaks[0].area), (two.sample, two.vendor_peaks[0].area)] == [
        ("M01_01", 100.5),
        ("M01_02", 90.5),
    ]
