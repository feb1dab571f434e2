"""One run written in the ways laboratories and their programs write it: read as itself, or refused in words."""

import json
from pathlib import Path

import numpy as np
import pytest

from ketaflow.assays.microdialysis.readers import dispatch
from ketaflow.assays.microdialysis.readers.number_text import decimal_sign, number
from ketaflow.core.errors import IngestError

TIME = np.arange(0, 5, 1 / 60)
SIGNAL = 900 + 1e5 * np.exp(-(((TIME - 2) / 0.1) ** 2))
ROWS = list(zip(TIME.tolist(), SIGNAL.tolist(), strict=True))
# Ten values a second, with times in tenths of a minute.
DENSE = [(t / 60, float(np.interp(t / 600, TIME, SIGNAL))) for t in range(3000)]


def english(value: float, digits: int = 2) -> str:
    return f"{value:,.{digits}f}"


def german(value: float, digits: int = 2) -> str:
    return english(value, digits).translate(str.maketrans(",.", ".,"))


def grouped(mark: str):
    return lambda value: english(value).replace(",", mark)


def written(
    form: str, time=lambda value: f"{value:.5f}", signal=lambda value: f"{value:.2f}", heading: str = ""
) -> str:
    return heading + "".join(form.format(n=n, t=time(t), s=signal(s)) for n, (t, s) in enumerate(ROWS))


def comma(value: float) -> str:
    return f"{value:.5f}".replace(".", ",")


PLAIN = {
    "tab, German thousands": written("{t}\t{s}\n", comma, german),
    "semicolon, German thousands": written("{t};{s}\n", comma, german, "Zeit (min);Wert\n"),
    "tab, German thousands of whole numbers": written("{t}\t{s}\n", comma, lambda value: german(value, 0)),
    "tab, English thousands": written("{t}\t{s}\n", signal=english),
    "tab, English thousands of whole numbers": written("{t}\t{s}\n", signal=lambda value: english(value, 0)),
    "whole seconds, thousands of whole numbers": written(
        "{t}\t{s}\n", lambda t: f"{60 * t:.0f}", lambda value: english(value, 0), "Time (s)\tSignal\n"
    ),
    "quoted English thousands": written('"{t}","{s}"\n', signal=english, heading="Time (min),Signal\n"),
    "quoted decimal commas": written('"{t}","{s}"\n', comma, comma, "Time (min),Signal\n"),
    "thousands parted by narrow blanks": written("{t}\t{s}\n", signal=grouped("\u202f")),
    "thousands parted by blanks": written("{t}\t{s}\n", signal=grouped(" ")),
    "Swiss thousands": written("{t}\t{s}\n", signal=grouped("\u2019")),
    "blanks between decimal commas": written("{t} {s}\n", comma, comma),
    "a column that counts, told": written("{n},{t},{s}\n", heading="index,Time (min),Signal\n"),
    "a column that counts, nameless": written("{n},{t},{s}\n", heading=",Time,Signal\n"),
    "a column that counts, no headings": written("{n},{t},{s}\n"),
    "signal before time": written("{s},{t}\n", heading="Signal,Time (min)\n"),
    "a time for each signal": written("{t},{s},{t},0\n", heading="Time (min),A,Time (min),B\n"),
    "two lines of headings": written("{t},{s}\n", heading="Sample: x, day 1\nTime (min),y\nmin,mV\n"),
    "a stroke before the unit": written("{t},{s}\n", lambda t: f"{60 * t:.2f}", heading="Time/s,Signal\n"),
    "tenths of a second, no heading": "".join(f"{6 * t:.1f},{s:.2f}\n" for t, s in DENSE),
    "times rounded until they repeat": "Time (min),Signal\n" + "".join(f"{t / 10:.2f},{s:.2f}\n" for t, s in DENSE),
}  # fmt: skip


def stored(folder: Path, text: str | bytes, encoding: str = "utf-8") -> Path:
    path = folder / "run.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


def is_the_run(path: Path) -> bool:
    """Whether the first trace of a file is the run, however densely it was sampled."""
    trace = dispatch.read(path, time_unit="auto")[0]
    expected = np.interp(trace.time_min, TIME, SIGNAL)
    return len(trace.signal) >= len(SIGNAL) - 1 and np.abs(trace.signal - expected).max() < 0.02 * 1e5


@pytest.mark.parametrize("name", PLAIN)
def test_plain_text_is_the_same_run_in_every_notation(tmp_path, name):
    assert is_the_run(stored(tmp_path, PLAIN[name]))


@pytest.mark.parametrize("name", ["tab, English thousands", "blanks between decimal commas"])
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "cp1252", "utf-8-sig"])
def test_and_in_every_encoding(tmp_path, name, encoding):
    assert is_the_run(stored(tmp_path, PLAIN[name], encoding))


def test_a_minus_of_the_printers_is_a_minus(tmp_path):
    text = written("{t}\t{s}\n", signal=lambda value: f"{value - 1000:.2f}".replace("-", "\u2212"))
    (trace,) = dispatch.read(stored(tmp_path, text), time_unit="auto")
    np.testing.assert_allclose(trace.signal, SIGNAL - 1000, atol=0.01)


def test_each_signal_has_the_times_before_it(tmp_path):
    text = "Time (min),A,Time (min),B\n" + "".join(f"{t:.4f},0,{t + 0.5:.4f},{s:.2f}\n" for t, s in ROWS)
    first, second = dispatch.read(stored(tmp_path, text), time_unit="auto")
    assert (first.detector, second.detector) == ("A", "B")
    np.testing.assert_allclose(second.time_min - first.time_min, 0.5, atol=1e-4)


def test_one_time_that_repeats_is_damage_and_no_rounding(tmp_path):
    lines = written("{t},{s}\n").splitlines(keepends=True)
    lines[100] = lines[99].split(",")[0] + "," + lines[100].split(",")[1]
    with pytest.raises(IngestError, match="time does not increase after point 100"):
        dispatch.read(stored(tmp_path, "".join(lines)), time_unit="auto")


def test_two_decimal_signs_in_one_table_are_refused(tmp_path):
    with pytest.raises(IngestError, match="point and comma are both used as decimal signs"):
        dispatch.read(stored(tmp_path, written("{t}\t{s}\n", comma)), time_unit="auto")


@pytest.mark.parametrize(
    ("rows", "sign"),
    [
        ([["0,5", "1.234,5"]], ","),
        ([["0.5", "1,234"], ["1.0", "999"]], "."),
        ([["0,5", "1.234"]], ","),
        ([["1", "999"], ["2", "1,234"]], "."),
        ([["0,008", "1,234"], ["0,016", "1,001"]], ","),
        ([["1", "1.234"], ["2", "999"]], ","),
        ([["1", "1.234"], ["2", "1.5"]], "."),
        ([["1000", "1,234"], ["1001", "2,345"]], ","),
        ([["1.234.567", "1"]], ","),
    ],
)
def test_the_decimal_sign_is_told_by_all_numbers_together(rows, sign):
    assert decimal_sign("\n".join("\t".join(row) for row in rows), rows, "f") == sign


@pytest.mark.parametrize(
    ("text", "alone", "point", "comma"),
    [
        ("1.234,56", 1234.56, None, 1234.56),
        ("1,234.56", 1234.56, 1234.56, None),
        ("1,234", 1.234, 1234.0, 1.234),
        ("1,234,567", 1234567.0, 1234567.0, None),
        ("1 234,5", 1234.5, None, 1234.5),
        ("12,34.5", None, None, None),
        ("1e-3", 1e-3, 1e-3, 1e-3),
    ],
)
def test_a_number_follows_the_decimal_sign_it_is_given(text, alone, point, comma):
    assert (number(text), number(text, "."), number(text, ",")) == (alone, point, comma)


TABLES = {
    "a share of the area before the area": ("Peak,Name,RT,Area %,Area\n1,GABA,7.4,20,1234.5\n", 1234.5, None),
    "a share of the amount": ("Name,RT,Area,Conc. %\nGABA,7.4,1234.5,20\n", 1234.5, None),
    "a comma in a quoted name": ('Name,RT,Area\n"GABA, free",7.4,1234.5\n', 1234.5, None),
    "German thousands": ("Name;RT;Area;Amount\nGABA;7,40;1.234,5;0,2\nGlu;3,1;12.345;1,0\n", 1234.5, 0.2),
    "English thousands": ("Name\tRT\tArea\nGABA\t7.40\t1,234.5\nGlu\t3.10\t12,345\n", 1234.5, None),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_peak_table_is_read_by_its_headings_and_its_decimal_sign(tmp_path, name):
    text, area, amount = TABLES[name]
    (trace,) = dispatch.read(stored(tmp_path, text), time_unit="auto")
    assert trace.vendor_peaks[0].name.startswith("GABA")
    assert (trace.vendor_peaks[0].area, trace.vendor_peaks[0].concentration) == (area, amount)
    assert [peak.area for peak in trace.vendor_peaks[1:]] in ([], [12345.0])


CHROMELEON = "Channel\tFLD\nChromatogram Data Information:\nData Points\t300\nSignal Unit\tmAU\n\nChromatogram Data:\n"


@pytest.mark.parametrize("heading", ["Time (min)\tStep (s)\tValue (mAU)\n", "Zeit (min)\tSchritt (s)\tWert (mAU)\n"])
@pytest.mark.parametrize("style", [english, german])
def test_a_chromeleon_export_is_read_in_either_language_with_thousands(tmp_path, heading, style):
    body = "".join(f"{style(t, 6)}\t{style(1.0, 1)}\t{style(s, 4)}\n" for t, s in ROWS)
    assert is_the_run(stored(tmp_path, CHROMELEON + heading + body))


@pytest.mark.parametrize("told", ["1,300", "1.300", "1 300", "1300"])
def test_the_number_of_points_in_a_header_may_have_separated_thousands(tmp_path, told):
    body = "".join(f"{n / 300:.5f}\t0.2\t{n % 7}.5\n" for n in range(1300))
    head = CHROMELEON.replace("\t300\n", f"\t{told}\n") + "Time (min)\tStep (s)\tValue (mAU)\n"
    assert len(dispatch.read(stored(tmp_path, head + body), time_unit="auto")[0].signal) == 1300
    with pytest.raises(IngestError, match="promises 1300 points, 1299 are there"):
        dispatch.read(stored(tmp_path, head + body.rsplit("\n", 2)[0] + "\n"), time_unit="auto")


def test_a_chromeleon_export_in_seconds_is_in_seconds(tmp_path):
    body = "".join(f"{60 * t:.3f}\t1.0\t{s:.4f}\n" for t, s in ROWS)
    assert is_the_run(stored(tmp_path, CHROMELEON + "Time (s)\tStep (s)\tValue (mAU)\n" + body))


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_long_table_may_be_parted_by_any_mark(tmp_path, mark):
    heading = mark.join(("Minutes", "Intensity", "File", "Detector")) + "\n"
    body = "".join(mark.join((f"{t:.5f}", f"{s:.3f}", '"A1"', '"FLD"')) + "\n" for t, s in ROWS)
    assert is_the_run(stored(tmp_path, heading + body))


def cube(unit: str | None, factor: float) -> str:
    about = {"dimensions": [{"unit": unit}], "measures": [{"unit": "RFU"}]}
    inside = {"dimensions": [(factor * TIME).tolist()], "measures": [SIGNAL.tolist()]}
    return json.dumps([{"chromatogram data cube": {"label": "FLD", "cube-structure": about, "data": inside}}])


@pytest.mark.parametrize(("unit", "factor"), [("s", 60), ("SecondTime", 60), ("minutes", 1), (None, 60)])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_json_is_read_in_its_unit_of_time_and_encoding(tmp_path, unit, factor, encoding):
    assert is_the_run(stored(tmp_path, cube(unit, factor), encoding))


def test_a_unit_of_time_that_is_not_known_is_no_second(tmp_path):
    with pytest.raises(IngestError, match="times are given in 'h'"):
        dispatch.read(stored(tmp_path, cube("h", 1 / 60)), time_unit="auto")


@pytest.mark.parametrize("with_times", [True, False])
def test_an_andi_file_sampled_unevenly_needs_its_times(tmp_path, with_times):
    from scipy.io import netcdf_file

    kept = np.r_[0:100:2, 100:300]
    with netcdf_file(tmp_path / "run.cdf", "w") as made:
        made.createDimension("point_number", len(kept))
        values = made.createVariable("ordinate_values", "f4", ("point_number",))
        values[:] = SIGNAL[kept]
        values.uniform_sampling_flag = "N"
        made.createVariable("actual_sampling_interval", "f4", ()).data[()] = 1.0
        if with_times:
            made.createVariable("raw_data_retention", "f4", ("point_number",))[:] = 60 * TIME[kept]
    if with_times:
        (trace,) = dispatch.read(tmp_path / "run.cdf", time_unit="auto")
        np.testing.assert_allclose(trace.time_min, TIME[kept], atol=1e-4)
    else:
        with pytest.raises(IngestError, match="sampled unevenly"):
            dispatch.read(tmp_path / "run.cdf", time_unit="auto")
