"""Damaged files of every kind: refused in words, or read as far as they are right; never anything else."""

import json
import struct
import sys
import time
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from agilent_files import channel, container

from ketaflow.assays.microdialysis import simulate
from ketaflow.assays.microdialysis.readers import dispatch
from ketaflow.core.errors import IngestError

TIME = np.arange(0, 3, 1 / 120)
SIGNAL = np.round(900 + 1e5 * np.exp(-(((TIME - 2) / 0.1) ** 2)))
TABLE = list(zip(TIME.tolist(), SIGNAL.tolist(), strict=True))


def chromeleon(folder: Path) -> Path:
    head = f"Channel\tFLD\nData Points\t{len(TIME)}\n\nChromatogram Data:\nTime (min)\tStep (s)\tValue (mAU)\n"
    rows = "".join(f"{time:.6f}\t0.50\t{value:.4f}\t\r\n" for time, value in TABLE)
    return stored(folder / "run.txt", (head + rows).replace(".", ",").encode("utf-16"))


def andi(folder: Path) -> Path:
    from scipy.io import netcdf_file

    with netcdf_file(folder / "run.cdf", "w") as made:
        made.createDimension("point_number", len(SIGNAL))
        made.createVariable("ordinate_values", "f4", ("point_number",))[:] = SIGNAL
        made.createVariable("actual_sampling_interval", "f4", ()).data[()] = 0.5
    return folder / "run.cdf"


def allotrope(folder: Path) -> Path:
    cube = {
        "label": "FLD",
        "cube-structure": {"dimensions": [{"unit": "s"}], "measures": [{"unit": "RFU"}]},
        "data": {"dimensions": [(60 * TIME).tolist()], "measures": [SIGNAL.tolist()]},
    }
    return stored(folder / "run.json", json.dumps([{"chromatogram data cube": cube}]).encode())


def empower(folder: Path) -> Path:
    rows = "".join(f"{time:.7g}\t{value:.7g}\r" for time, value in TABLE)
    return stored(folder / "run.arw", f'"SampleName"\t"Channel"\r"f1"\t"FLD"\r{rows}'.encode())


def long_table(folder: Path) -> Path:
    rows = "".join(f'{time:.4f}\t{value:.3f}\t"A1"\t"FLD"\n' for time, value in TABLE)
    return stored(folder / "run.txt", f'"Minutes"\t"Intensity"\t"File"\t"Detector"\n{rows}'.encode())


def stamped(folder: Path) -> Path:
    rows = "".join(f"04/07/2017 11:{i // 120:02d}:{i // 2 % 60:02d}, \t{v:.4f}\r\n" for i, (_, v) in enumerate(TABLE))
    return stored(folder / "run.txt", f"Date, HPLC\r\n{rows}".encode())


def results(folder: Path) -> Path:
    return stored(folder / "run.csv", b"Compound;RT;Area;Conc.\nGlu;3,10;1200,5;0,81\nGABA;7,40;300,2;0,24\n")


def stored(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


COUNTS = SIGNAL.astype(int)
KINDS = {
    "LabSolutions": lambda at: stored(at / "run.txt", simulate.as_labsolutions(TIME, SIGNAL).encode()),
    "CSV": lambda at: stored(at / "run.csv", simulate.as_csv(TIME, SIGNAL).encode("utf-8-sig")),
    "Chromeleon": chromeleon,
    "ANDI": andi,
    "Allotrope": allotrope,
    "Empower": empower,
    "long table": long_table,
    "time stamps": stamped,
    "results": results,
    "ChemStation 81": lambda at: stored(at / "run.ch", channel("81", COUNTS, step_ms=500)),
    "ChemStation 130": lambda at: stored(at / "run.ch", channel("130", COUNTS, step_ms=500)),
    "ChemStation 181": lambda at: stored(at / "run.ch", channel("181", COUNTS, step_ms=500)),
    "OpenLab": lambda at: container(at / "run.dx", {"FLD1A": channel("179", COUNTS, step_ms=500)}),
}
SECOND_MIN = 1 / 60


def test_a_line_of_brackets_is_refused_at_once(tmp_path):
    start = time.process_time()
    with pytest.raises(IngestError, match="no table of numbers"):
        dispatch.read(stored(tmp_path / "run.txt", b"[" * 20_000), time_unit="auto")
    assert time.process_time() - start < 1, "it took 9 s where each bracket was searched for its partner"


def read(path: Path) -> list | None:
    """Traces of a file; None where it is refused in words. Any other exception is the test's failure."""
    try:
        return dispatch.read(path, time_unit="auto")
    except IngestError as error:
        assert path.name in str(error)
        return None


def agrees(found: list, whole: list) -> bool:
    """Whether what was read is the beginning of the whole: no value altered, no time moved by more than a second."""
    for part, all_of_it in zip(found, whole, strict=False):
        length = len(part.signal)
        if not length:
            return all(peak in all_of_it.vendor_peaks for peak in part.vendor_peaks)
        if length > len(all_of_it.signal) or not np.array_equal(part.signal, all_of_it.signal[:length]):
            return False
        if np.abs(part.time_min - all_of_it.time_min[:length]).max() > SECOND_MIN:
            return False
    return True


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_cut_anywhere_is_refused_or_right_as_far_as_it_goes(tmp_path, kind):
    path = KINDS[kind](tmp_path)
    content, whole = path.read_bytes(), read(path)
    assert whole is not None
    rng = np.random.default_rng(3)
    places = {*rng.integers(1, len(content), 40).tolist(), *range(len(content) - 12, len(content))}
    for place in sorted(places):
        path.write_bytes(content[:place])
        found = read(path)
        assert found is None or agrees(found, whole), f"cut after {place} of {len(content)} bytes"


@pytest.mark.parametrize("kind", KINDS)
def test_flipped_bytes_end_in_words_or_in_numbers(tmp_path, kind):
    path = KINDS[kind](tmp_path)
    content = path.read_bytes()
    rng = np.random.default_rng(4)
    for _ in range(60):
        damaged = bytearray(content)
        for place in rng.integers(0, len(content) if rng.random() < 0.5 else 400, 2) % len(content):
            damaged[place] = rng.integers(0, 256)
        path.write_bytes(bytes(damaged))
        for trace in read(path) or []:
            assert np.isfinite(trace.signal).all()
            assert (np.diff(trace.time_min) > 0).all()


def test_what_no_program_wrote_is_refused_in_words(tmp_path):
    rng = np.random.default_rng(5)
    for opening in (
        b"",
        b"CDF\x01",
        b"PK\x03\x04injection.acmd",
        b"\x03130",
        b"\x0230",
        b"{",
        b"[Header]\n",
        b"\xff\xfe",
    ):
        for length in (0, 3, 200, 9000):
            noise = bytes(rng.integers(0, 256, length, dtype=np.uint8))
            read(stored(tmp_path / "noise.txt", opening + noise))


def test_a_header_that_promises_more_than_there_is_takes_no_memory(tmp_path):
    whole = bytearray(andi(tmp_path).read_bytes())
    place = whole.index(struct.pack(">i", len(SIGNAL)))
    whole[place : place + 4] = struct.pack(">i", 2_000_000_000)
    assert read(stored(tmp_path / "run.cdf", bytes(whole))) is None


REAL = (
    "shimadzu_labsolutions/Output-sample 0.txt",
    "chromeleon_igg/IgG Vtag 2_ACQUITY FLR ChA.txt",
    "formats/waters.arw",
    "formats/chromeleon_comma.txt",
    "formats/VARIAN1.CDF",
    "formats/openlab_rdl_report_M2.txt",
    "agilent_fid/001F0101.D/FID1A.ch",
    "formats/chemstation_81.ch",
    "agilent_fid/001F0101.D/Report.TXT",
    "agilent_dad_calibration/SAH/CA10_100uM.D/dad1A.ch",
    "lactose/lactose_mM_3.csv",
    "aa_fld/02-Standard-1.txt",
)


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize("name", REAL)
def test_real_files_cut_anywhere_are_refused_or_right_as_far_as_they_go(shared, tmp_path, name):
    content = (shared / "microdialysis" / name).read_bytes()
    path = tmp_path / Path(name).name
    path.write_bytes(content)
    whole = read(path)
    for place in [*np.random.default_rng(6).integers(1, len(content), 15).tolist(), len(content) - 3]:
        path.write_bytes(content[:place])
        found = read(path)
        assert found is None or agrees(found, whole), f"cut after {place} of {len(content)} bytes"


def test_a_value_no_detector_gives_is_damage(tmp_path):
    text = simulate.as_csv(TIME, SIGNAL)
    damaged = text.replace(",900.0\n", ",9e200\n", 1)
    assert damaged != text
    assert read(stored(tmp_path / "run.csv", damaged.encode())) is None
