"""Agilent's signals: every version gives back what was stored, and half a file is never taken for a whole one."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from agilent_files import channel, container, halves

from ketaflow.assays.microdialysis.readers import agilent, dispatch
from ketaflow.core.errors import IngestError

VERSIONS = ["8", "30", "81", "130", "179", "181"]
TIME_S = np.arange(400) * 0.4
COUNTS = np.round(2000 + 3 * TIME_S + 5e5 * np.exp(-(((TIME_S - 60) / 3) ** 2))).astype(int)
REPORT = """
Signal 1: FLD1 A, Ex=337, Em=454

RetTime  Type     Area     Amt/Area    Amount   Grp   Name
 [min]           [LU*s]                 [uM]
-------|------|----------|----------|----------|--|------------------
  3.101 VB R   1234.56000 1.00000e-3    1.23456     glutamate
  7.402 BB      300.10000 1.00000e-3    0.30010     GABA
Totals :                                1.53466

                          *** End of Report ***
"""


@pytest.fixture
def stored(tmp_path):
    def write(content: bytes, name: str = "FLD1A.ch") -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


@pytest.mark.parametrize("version", VERSIONS)
def test_a_channel_gives_back_its_values_and_times(stored, version):
    (trace,) = dispatch.read(stored(channel(version, COUNTS)), time_unit="auto")
    np.testing.assert_allclose(trace.signal, 0.5 * COUNTS)
    np.testing.assert_allclose(60 * trace.time_min, TIME_S, atol=1e-4)
    assert (trace.unit, trace.detector) == ("mAU", "FLD1A")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_channel_cut_anywhere_is_refused(stored, version):
    whole = channel(version, COUNTS)
    for length in range(5, len(whole) - 2, 61):
        with pytest.raises(IngestError, match=r"FLD1A\.ch"):
            dispatch.read(stored(whole[:length]), time_unit="auto")


def test_values_beyond_sixteen_bits_and_below_zero_are_kept(stored):
    counts = np.array([5, -7, 2_000_000_000, 2_000_000_001, -1_500_000_000, 0] * 10)
    for version in ("30", "130", "181"):
        (trace,) = dispatch.read(stored(channel(version, counts)), time_unit="auto")
        np.testing.assert_array_equal(trace.signal, 0.5 * counts, err_msg=version)


def test_numbers_of_four_bytes_are_told_from_those_of_eight(stored):
    """Taken for numbers of eight bytes they would be higher than any detector counts."""
    whole = channel("179", COUNTS)
    (trace,) = dispatch.read(stored(whole[:0x1800] + halves(COUNTS)), time_unit="auto")
    np.testing.assert_allclose(trace.signal, 0.5 * COUNTS, rtol=1e-6)


def test_a_damaged_difference_shifts_all_that_follows_and_is_noticed(stored):
    """Bytes before the highest value are changed one at a time: the header knows how high it was."""
    low = np.round(2000 + 3 * TIME_S + 2e4 * np.exp(-(((TIME_S - 60) / 5) ** 2))).astype(int)
    whole = channel("30", low)
    for place in range(0x407, 0x400 + 2 * int(low.argmax()) - 10, 7):
        damaged = whole[:place] + bytes([whole[place] ^ 0x41]) + whole[place + 1 :]
        with pytest.raises(IngestError):
            dispatch.read(stored(damaged), time_unit="auto")


def test_an_unknown_version_names_what_to_do(stored):
    with pytest.raises(IngestError, match=r"version '82'.*Export the signal as text"):
        dispatch.read(stored(b"\x0282" + bytes(7000)), time_unit="auto")


def test_a_container_gives_its_channels_under_the_names_of_its_manifest(tmp_path):
    path = container(
        tmp_path / "run.dx", {"FLD1A,Ex=337, Em=454": channel("179", COUNTS), "DAD1A": channel("130", COUNTS)}
    )
    found = dispatch.read(path, time_unit="auto")
    assert [(trace.detector, trace.unit, trace.form) for trace in found] == [
        ("DAD1A", "mAU", "OpenLab"),
        ("FLD1A,Ex=337, Em=454", "mAU", "OpenLab"),
    ]
    for trace in found:
        np.testing.assert_allclose(trace.signal, 0.5 * COUNTS)


def test_a_damaged_container_is_refused_wherever_it_is_damaged(tmp_path):
    path = container(tmp_path / "run.dx", {"FLD1A": channel("179", COUNTS)})
    whole = path.read_bytes()
    rng = np.random.default_rng(1)
    for length in range(2, len(whole) - 30, 97):
        path.write_bytes(whole[:length])
        with pytest.raises(IngestError, match=r"run\.dx"):
            dispatch.read(path, time_unit="auto")
    for place in rng.integers(0, len(whole), 60):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        try:
            (trace,) = dispatch.read(path, time_unit="auto")
        except IngestError:
            continue
        np.testing.assert_allclose(trace.signal, 0.5 * COUNTS)


def test_a_container_without_a_single_channel_says_so(tmp_path):
    path = container(tmp_path / "run.dx", {})
    with pytest.raises(IngestError, match="no single-channel signal"):
        dispatch.read(path, time_unit="auto")


def test_a_folder_pairs_its_channels_with_its_report(tmp_path):
    folder = tmp_path / "run.D"
    folder.mkdir()
    (folder / "FLD1A.ch").write_bytes(channel("130", COUNTS))
    (folder / "Report.TXT").write_bytes(REPORT.encode("utf-16"))
    (trace,) = dispatch.read(folder, time_unit="auto")
    assert len(trace.signal) == len(COUNTS)
    assert [peak.area for peak in trace.vendor_peaks] == [1234.56, 300.1]


def test_a_folder_without_a_channel_says_what_to_copy(tmp_path):
    (tmp_path / "run.D").mkdir()
    with pytest.raises(IngestError, match=r"Copy the whole \.D folder"):
        dispatch.read(tmp_path / "run.D", time_unit="auto")


def test_a_report_alone_is_a_peak_table_told_by_its_ruler(stored):
    (trace,) = dispatch.read(stored(REPORT.encode("utf-16"), "Report.TXT"), time_unit="auto")
    told = [(peak.name, peak.retention_min, peak.area, peak.concentration) for peak in trace.vendor_peaks]
    assert told == [("glutamate", 3.101, 1234.56, 1.23456), ("GABA", 7.402, 300.1, 0.3001)]


def test_a_report_without_its_end_is_refused(stored):
    with pytest.raises(IngestError, match="cut short"):
        dispatch.read(stored(REPORT.split("Totals")[0].encode(), "Report.TXT"), time_unit="auto")


@pytest.mark.shared
def test_real_channels_agree_with_another_reader(shared):
    from rainbow.agilent import chemstation

    for path in sorted((shared / "microdialysis").rglob("*.ch")):
        if path.name == "chemstation_81.ch":  # which the other does not read
            continue
        (trace,) = dispatch.read(path, time_unit="auto")
        other = chemstation.parse_ch(str(path)).data[:, 0]
        np.testing.assert_allclose(trace.signal, other[: len(trace.signal)])
        # The other reader counts the zero that ends version 181 as a value: 3601 in a run of 3600.
        assert len(other) - len(trace.signal) == (1 if path.suffix == ".ch" and b"181" in path.read_bytes()[:5] else 0)
        step_ms = 60_000 * np.diff(trace.time_min)
        np.testing.assert_allclose(step_ms, round(step_ms[0]), atol=1e-6)


@pytest.mark.shared
def test_a_real_channel_of_version_81_is_read_whole(shared):
    """Five values a second from 3 to 12 min; its header tells the end of the step after the last."""
    (trace,) = dispatch.read(shared / "microdialysis/formats/chemstation_81.ch", time_unit="auto")
    assert (len(trace.signal), trace.unit) == (2699, "pA")
    np.testing.assert_allclose(60 * np.diff(trace.time_min), 0.2, rtol=1e-6)
    assert trace.signal[0] == pytest.approx(17.5, abs=0.1)
    assert trace.signal[-1] == pytest.approx(trace.signal[0], abs=0.5), "one difference misread shifts all that follow"


@pytest.mark.shared
def test_real_reports_give_every_peak(shared):
    folder = shared / "microdialysis"
    first, second = dispatch.read(folder / "agilent_fid/001F0101.D/Report.TXT", time_unit="auto")
    assert [(peak.retention_min, peak.area) for peak in first.vendor_peaks] == [
        (2.824, 45713.7), (4.057, 955.59546), (9.209, 17.71351),
    ]  # fmt: skip
    assert [peak.area for peak in second.vendor_peaks] == [2608.15039]
    (boxed,) = dispatch.read(folder / "formats/openlab_rdl_report_M2.txt", time_unit="auto")
    assert [peak.area for peak in boxed.vendor_peaks] == [53.0992, 6094.3336, 14.2114, 7620.703, 381.8593, 301.7014]
    assert boxed.vendor_peaks[1].name == "AMP@1,169min"


def test_columns_of_a_report_are_those_under_their_headings():
    (peaks,) = agilent.report_peaks(REPORT.splitlines()).values()
    assert peaks[0].height is None, "this report has no heights, and the amount is none"


def test_a_strange_pace_is_believed_where_a_checksum_holds(tmp_path, stored):
    odd = channel("179", COUNTS, step_ms=333.0)
    with pytest.raises(IngestError, match="no detector samples so"):
        dispatch.read(stored(odd), time_unit="auto")
    (trace,) = dispatch.read(container(tmp_path / "run.dx", {"FLD1A": odd}), time_unit="auto")
    assert 60 * trace.time_min[-1] == pytest.approx(0.333 * 399, rel=1e-6)
