"""Any export becomes a checked trace; a damaged one is refused with its reason, and the others go on."""

import json
from pathlib import Path

import numpy as np
import pytest

from ketaflow.assays.microdialysis import ingest, simulate
from ketaflow.assays.microdialysis.model import IngestSettings
from ketaflow.assays.microdialysis.readers import dispatch
from ketaflow.core.errors import IngestError
from ketaflow.core.inputs import Rows

TIME = np.arange(0, 5, 1 / 60)
SIGNAL = 10 + 100 * np.exp(-(((TIME - 2) / 0.1) ** 2))


def write(folder: Path, name: str, text: str, encoding: str = "utf-8", newline: str = "\n") -> Path:
    path = folder / name
    path.write_bytes(text.replace("\n", newline).encode(encoding))
    return path


def chromeleon(comma: bool, points: int = len(TIME)) -> str:
    rows = "".join(f"{time:.6f}\t0.5\t{value:.5f}\n" for time, value in zip(TIME, SIGNAL, strict=True))
    head = (
        f"Channel\tFLD\nChromatogram Data Information:\nData Points\t{points}\nSignal Unit\tmAU\n\nChromatogram Data:\n"
    )
    text = head + "Time (min)\tStep (s)\tValue (mAU)\n" + rows
    return text.replace(".", ",") if comma else text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r", "\r\r\n"])
@pytest.mark.parametrize("comma", [False, True])
def test_a_chromeleon_export_reads_the_same_in_every_dialect(tmp_path, encoding, newline, comma):
    path = write(tmp_path, "run.txt", chromeleon(comma), encoding, newline)
    (trace,) = dispatch.read(path, time_unit="auto")
    np.testing.assert_allclose(trace.signal, SIGNAL, atol=1e-5)
    np.testing.assert_allclose(trace.time_min, TIME, atol=1e-6)
    assert (trace.unit, trace.area_unit) == ("mAU", "mAU*min")


def test_mixed_line_ends_are_one_file(tmp_path):
    text = chromeleon(False).split("\n")
    mixed = "".join(line + ("\r\n" if index % 3 else "\r") for index, line in enumerate(text))
    (trace,) = dispatch.read(write(tmp_path, "run.txt", mixed), time_unit="auto")
    assert len(trace.signal) == len(SIGNAL)


def test_fewer_points_than_promised_are_refused(tmp_path):
    path = write(tmp_path, "run.txt", chromeleon(False, points=3241))
    with pytest.raises(IngestError, match="promises 3241 points, 300 are there"):
        dispatch.read(path, time_unit="auto")


def test_labsolutions_counts_are_microvolts_whatever_the_multiplier(tmp_path):
    text = simulate.as_labsolutions(TIME, SIGNAL)
    (trace,) = dispatch.read(write(tmp_path, "run.txt", text), time_unit="auto")
    np.testing.assert_allclose(trace.signal, SIGNAL, atol=0.51)
    assert trace.area_unit == "uV*s"


@pytest.mark.parametrize("cut", [0.3, 0.5, 0.9, 0.999])
def test_a_labsolutions_file_cut_anywhere_is_refused(tmp_path, cut):
    text = simulate.as_labsolutions(TIME, SIGNAL)
    with pytest.raises(IngestError):
        dispatch.read(write(tmp_path, "run.txt", text[: int(cut * len(text))].rstrip("\n")[:-1]), time_unit="auto")


def test_comma_separated_semicolon_separated_and_tabbed_text_are_one_trace(tmp_path):
    rows = list(zip(TIME, SIGNAL, strict=True))
    texts = {
        "comma": "time,signal\n" + "".join(f"{t:.5f},{s:.4f}\n" for t, s in rows),
        "semicolon": "time;signal\n" + "".join(f"{t:.5f};{s:.4f}\n" for t, s in rows).replace(".", ","),
        "tab": "".join(f"{t:.5f}\t{s:.4f}\n" for t, s in rows),
        "blank": "".join(f"{t:.5f} {s:.4f}\n" for t, s in rows),
    }
    for name, text in texts.items():
        (trace,) = dispatch.read(write(tmp_path, f"{name}.csv", text), time_unit="auto")
        np.testing.assert_allclose(trace.signal, SIGNAL, atol=1e-4, err_msg=name)


def test_seconds_are_told_by_the_heading_or_by_the_length_of_the_run(tmp_path):
    for name, heading in (("told", "time (s),signal\n"), ("guessed", "time,signal\n")):
        text = heading + "".join(f"{60 * t:.3f},{s:.4f}\n" for t, s in zip(TIME, SIGNAL, strict=True))
        (trace,) = dispatch.read(write(tmp_path, f"{name}.csv", text), time_unit="auto")
        np.testing.assert_allclose(trace.time_min, TIME, atol=1e-4)


def test_a_value_without_its_time_names_the_line(tmp_path):
    text = "time,signal\n" + "".join(f"{t:.5f},{s:.4f}\n" for t, s in zip(TIME, SIGNAL, strict=True)) + "5.00"
    with pytest.raises(IngestError, match=r"line 302 reads '5.00', expected 2 numbers"):
        dispatch.read(write(tmp_path, "run.csv", text), time_unit="auto")


def test_two_runs_in_one_file_are_refused(tmp_path):
    text = "time,signal\n" + 2 * "".join(f"{t:.5f},{s:.4f}\n" for t, s in zip(TIME, SIGNAL, strict=True))
    with pytest.raises(IngestError, match="time does not increase"):
        dispatch.read(write(tmp_path, "run.csv", text), time_unit="auto")


def test_time_stamps_of_one_second_are_spread_over_it(tmp_path):
    lines = [f"04/07/2017 11:42:{index // 5:02d}, \t{index:.4f}" for index in range(250)]
    (trace,) = dispatch.read(write(tmp_path, "run.txt", "Date, HPLC\n" + "\n".join(lines) + "\n"), time_unit="auto")
    np.testing.assert_allclose(60 * trace.time_min, np.arange(250) / 5, atol=1e-9)


def test_a_long_table_gives_every_detector(tmp_path):
    rows = [
        f'{t:.4f}\t{s:.3f}\t"A1.lcd"\t"{name}"' for name in ("260nm", "RID") for t, s in zip(TIME, SIGNAL, strict=True)
    ]
    path = write(tmp_path, "a.txt", '"Minutes"\t"Intensity"\t"File"\t"Detector"\n' + "\n".join(rows) + "\n")
    assert [trace.detector for trace in dispatch.read(path, time_unit="auto")] == ["260nm", "RID"]
    assert ingest.chosen(dispatch.read(path, time_unit="auto"), "rid", "a.txt").detector == "RID"
    with pytest.raises(IngestError, match="no detector named like 'FLD', found '260nm', 'RID'"):
        ingest.chosen(dispatch.read(path, time_unit="auto"), "FLD", "a.txt")


def test_allotrope_seconds_become_minutes(tmp_path):
    cube = {
        "label": "UV",
        "cube-structure": {"dimensions": [{"concept": "retention time", "unit": "s"}], "measures": [{"unit": "mAU"}]},
        "data": {"dimensions": [(60 * TIME).tolist()], "measures": [SIGNAL.tolist()]},
    }
    document = {"liquid chromatography aggregate document": [{"measurement": {"chromatogram data cube": cube}}]}
    (trace,) = dispatch.read(write(tmp_path, "a.json", json.dumps(document)), time_unit="auto")
    np.testing.assert_allclose(trace.time_min, TIME)
    assert trace.unit == "mAU"


def test_a_result_table_is_a_chromatogram_without_a_trace(tmp_path):
    text = "Compound,RT,Area,Height\nGlutamate,3.1,1200,90\nGABA,7.4,300,20\n"
    (trace,) = dispatch.read(write(tmp_path, "results.csv", text), time_unit="auto")
    assert [(peak.name, peak.area) for peak in trace.vendor_peaks] == [("Glutamate", 1200), ("GABA", 300)]


LC_MS = {
    "MassHunter": "Name,Data File,RT,Resp.,ISTD Resp.,Final Conc.\nGlutamate,f1.d,3.1,1200,900,0.82\n",
    "Analyst": "Sample Name\tAnalyte Peak Name\tAnalyte Peak Area (counts)\tCalculated Concentration (uM)\n"
    "f1\tGlutamate\t1200\t0.82\n",
    "SCIEX OS": "Sample Name;Component Name;Area;Retention Time;Calculated Concentration\nf1;Glutamate;1200;3,1;0,82\n",
    "Skyline": "Molecule Name,Replicate Name,Retention Time,Area\nGlutamate,f1,3.1,1200\n",
}


@pytest.mark.parametrize("program", LC_MS)
def test_result_tables_of_lc_ms_are_read(tmp_path, program):
    (trace,) = dispatch.read(write(tmp_path, "results.txt", LC_MS[program]), time_unit="auto")
    (peak,) = trace.vendor_peaks
    assert (peak.name, peak.area) == ("Glutamate", 1200)
    assert peak.concentration in (None if program == "Skyline" else 0.82,)
    assert peak.unit == ("uM" if program == "Analyst" else None)


def test_results_of_several_injections_are_not_taken_for_one(tmp_path):
    text = "Sample Name,Component Name,Area\nf1,GABA,300\nf2,GABA,900\n"
    one, two = dispatch.read(write(tmp_path, "results.csv", text), time_unit="auto")
    assert [one.sample, two.sample] == ["f1", "f2"]
    assert one.vendor_peaks[0].area == 300
    with pytest.raises(
        IngestError, match=r"2 injections in one file \('f1', 'f2'\), none or several named like 'M1_3'"
    ):
        ingest.sample_of(["f1", "f2"], ["M1_3"], "results.csv")
    assert ingest.sample_of(["f1", "f02"], ["F2"], "results.csv") == "f02"


def test_an_analyte_in_two_rows_is_not_guessed(tmp_path):
    text = "Compound,RT,Area\nGABA,7.4,300\nGABA,7.9,900\n"
    with pytest.raises(IngestError, match="'gaba' is in more than one row"):
        dispatch.read(write(tmp_path, "results.csv", text), time_unit="auto")


@pytest.mark.parametrize("word", ["N/A", "n.a.", "N/F", "< LOQ", "", "No Peak"])
def test_a_word_for_a_missing_peak_is_no_number(tmp_path, word):
    text = f"Compound,RT,Area\nGlutamate,3.1,1200\nGABA,,{word}\n"
    (trace,) = dispatch.read(write(tmp_path, "results.csv", text), time_unit="auto")
    assert [peak.name for peak in trace.vendor_peaks] == ["Glutamate"]


def test_a_word_that_is_no_number_is_named(tmp_path):
    with pytest.raises(IngestError, match=r"line 2 has '12o0' for area"):
        dispatch.read(write(tmp_path, "results.csv", "Compound,RT,Area\nGABA,7.4,12o0\n"), time_unit="auto")


def test_a_point_whose_line_has_no_end_is_left_out(tmp_path):
    """A file cut inside its last number would end in a wrong value."""
    text = "time,signal\n" + "".join(f"{t:.5f},{s:.4f}\n" for t, s in zip(TIME, SIGNAL, strict=True))
    (trace,) = dispatch.read(write(tmp_path, "run.csv", text[:-4]), time_unit="auto")
    np.testing.assert_allclose(trace.signal, SIGNAL[:-1], atol=1e-4)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04",
        b"%PDF-1.4",
        b"notes on animal 1\nno numbers\n",
        b"CDF\x01broken",
        b"<?xml version",
        b"\x89HDF",
    ],
)
def test_what_is_no_chromatogram_is_refused_in_words(tmp_path, content):
    path = tmp_path / "run.txt"
    path.write_bytes(content)
    with pytest.raises(IngestError, match=r"run\.txt"):
        dispatch.read(path, time_unit="auto")


def test_an_unreadable_chromatogram_leaves_the_others_alone(tmp_path):
    write(tmp_path, "good.txt", chromeleon(False))
    write(tmp_path, "bad.txt", chromeleon(False)[:3000])
    rows = [{"animal": "M1", "chromatogram": path} for path in ("good.txt", "bad.txt", None)]
    found = ingest.ingest(Rows({"microdialysis": rows}), tmp_path, IngestSettings(detector="", time_unit="auto"))
    assert (found.animal, list(found.chromatograms)) == ("M1", ["good.txt"])
    assert "bad.txt" in found.unreadable["bad.txt"]


@pytest.mark.shared
@pytest.mark.parametrize(
    ("path", "points", "detectors"),
    [
        ("shimadzu_labsolutions/Output-sample 0.txt", 1801, 1),
        ("formats/labsolutions_gcd_ladder.txt", 66255, 1),
        ("labsolutions_long/STD12-1.txt", 3599, 3),
        ("chromeleon_adenosine/Adenosine Stadards_ 3 mM.txt", 26401, 1),
        ("chromeleon_igg/IgG Vtag 2_ACQUITY FLR ChA.txt", 7801, 1),
        ("chromeleon_igg/IgG Vtag 1_ACQUITY FLR ChA.csv", 7801, 1),
        ("formats/chromeleon_comma.txt", 3241, 1),
        ("formats/waters.arw", 6601, 1),
        ("formats/VARIAN1.CDF", 1302, 1),
        ("agilent_fid/001F0101.D", 3600, 2),
        ("agilent_dad_calibration/SAH/CA10_100uM.D", 3001, 5),
        ("lactose/lactose_mM_3.csv", 601, 1),
        ("aa_fld/02-Standard-1.txt", 9753, 1),
    ],
)
def test_real_exports_are_read_whole(shared, path, points, detectors):
    found = dispatch.read(shared / "microdialysis" / path, time_unit="auto")
    assert len(found) == detectors
    assert len(found[0].signal) == len(found[0].time_min) == points


def test_milliseconds_are_recognised_by_the_heading(tmp_path):
    text = "time (ms),signal\n" + "".join(f"{60_000 * t:.1f},{s:.4f}\n" for t, s in zip(TIME, SIGNAL, strict=True))
    (trace,) = dispatch.read(write(tmp_path, "run.csv", text), time_unit="auto")
    np.testing.assert_allclose(trace.time_min, TIME, atol=1e-5)


def test_a_run_of_days_asks_for_its_unit(tmp_path):
    text = "t,signal\n" + "".join(f"{60_000 * t:.1f},{s:.4f}\n" for t, s in zip(TIME, SIGNAL, strict=True))
    with pytest.raises(IngestError, match="Name the unit of time in the heading"):
        dispatch.read(write(tmp_path, "run.csv", text), time_unit="auto")


def test_two_runs_in_one_labsolutions_file_are_two_samples(tmp_path):
    text = simulate.as_labsolutions(TIME, SIGNAL)
    second = simulate.as_labsolutions(TIME, 2 * SIGNAL)
    first, other = dispatch.read(write(tmp_path, "run.txt", text + second), time_unit="auto")
    assert first.sample != other.sample
    np.testing.assert_allclose(other.signal, np.round(2 * SIGNAL), atol=1)


def test_every_detector_of_a_labsolutions_file_is_found(tmp_path):
    one = simulate.as_labsolutions(TIME, SIGNAL)
    section = one[one.index("[LC Chromatogram") :].replace("[LC Chromatogram(Detector A-Ch1)]", "{}")
    text = one + section.format("[LC Chromatogram(Detector B-Ch1)]") + section.format("[PDA Multi Chromatogram(Ch1)]")
    found = dispatch.read(write(tmp_path, "run.txt", text), time_unit="auto")
    assert [trace.detector for trace in found] == ["Detector A-Ch1", "Detector B-Ch1", "Ch1"]
    assert ingest.chosen(found, "detector b", "run.txt").detector == "Detector B-Ch1"


@pytest.mark.parametrize(("multiplier", "unit", "factor"), [("0.001", "mV", 1), ("1", "mV", 1000), ("0,001", "mAU", 1)])
def test_the_multiplier_of_labsolutions_is_heeded(tmp_path, multiplier, unit, factor):
    text = (
        simulate.as_labsolutions(TIME, SIGNAL)
        .replace("\t0.001\n", f"\t{multiplier}\n")
        .replace("\tmV\n", f"\t{unit}\n")
    )
    (trace,) = dispatch.read(write(tmp_path, "run.txt", text), time_unit="auto")
    np.testing.assert_allclose(trace.signal, factor * np.round(SIGNAL), rtol=1e-9, atol=0.51 * factor)
    assert trace.unit == {"mV": "uV", "mAU": "uAU"}[unit]


@pytest.mark.parametrize(("unit", "step"), [("Seconds", 1.0), ("Minutes", 1 / 60), (None, 1.0)])
def test_an_andi_file_may_count_in_seconds_or_minutes(tmp_path, unit, step):
    from scipy.io import netcdf_file

    with netcdf_file(tmp_path / "run.cdf", "w") as made:
        made.createDimension("point_number", len(SIGNAL))
        made.createVariable("ordinate_values", "f4", ("point_number",))[:] = SIGNAL
        made.createVariable("actual_sampling_interval", "f4", ()).data[()] = step
        if unit:
            made.retention_unit = unit
    (trace,) = dispatch.read(tmp_path / "run.cdf", time_unit="auto")
    np.testing.assert_allclose(trace.time_min, TIME, atol=1e-5)
