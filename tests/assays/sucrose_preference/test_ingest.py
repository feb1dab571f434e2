"""Logs of every lickometer are read into one form; what a file leaves open is an error, never a guess."""

from pathlib import Path

import numpy as np
import pytest

from ketaflow.assays.sucrose_preference.readers.cell_files import text_cells
from ketaflow.assays.sucrose_preference.readers.dispatch import PLAIN_LIST, READERS, read_log
from ketaflow.assays.sucrose_preference.readers.logs import Log, LogFile
from ketaflow.assays.sucrose_preference.settings import IngestSettings
from ketaflow.assays.sucrose_preference.sheets.intake_logs import INTAKE_READERS
from ketaflow.core.errors import IngestError

SETTINGS = IngestSettings("remaining", "", "auto", empty_up_to_ml=0.2, quiet_gap_s=600.0, clock_from_year=2010)


PAGE = Path(__file__).resolve().parents[3] / "docs" / "assays" / "sucrose_preference.md"


def log(text: str) -> Log:
    return read_log(LogFile(text_cells("log.txt", text), "M1", SETTINGS))


def sipper(rows: list[tuple[int, int, float, int, float]]) -> str:
    head = (
        "MM:DD:YYYY hh:mm:ss, Elapsed Time, Device, LeftCount, LeftDuration, RightCount, RightDuration, BatteryVoltage"
    )
    lines = []
    for at, *counts in rows:
        hour, minute, second = at // 3600, at // 60 % 60, at % 60
        cells = ",".join(map(str, counts))
        lines.append(f"2/12/2026 {10 + hour}:{minute:02d}:{second:02d},{hour}:{minute}:{second},5,{cells},3.9")
    return "\n".join([head, *lines]) + "\n"


def test_a_sipper_counts_from_its_first_row_and_through_a_reset():
    rows = [(10 * step, 5 + step, 0.5 * step, 2 * step, 0.2 * step) for step in range(1, 13)]
    rows += [(130, 2, 0.4, 26, 2.6), (140, 4, 0.8, 28, 2.8)]
    found = log(sipper(rows))
    left, right = found.channels["left"], found.channels["right"]
    assert left.licks.sum() == 11 + 4
    assert right.licks.sum() == 26
    assert found.quality.counter_resets >= 1


def test_a_pause_of_a_sipper_is_a_gap():
    rows = [(10 * step, step, 0.1, 0, 0) for step in range(1, 20)]
    rows += [(at + 2000, count + 20, 0.1, 0, 0) for at, count, *_ in rows]
    assert log(sipper(rows)).quality.gaps == ((190.0, 2010.0),)


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r", "\r\r\n"])
@pytest.mark.parametrize("comma", [False, True])
def test_a_list_of_lick_times_is_read_with_any_line_ending_and_decimal_sign(ending, comma):
    times = np.cumsum(np.full(40, 0.13)).round(2)
    text = ending.join(str(value) for value in times) + ending
    found = log(text.replace(".", ",") if comma else text)
    (channel,) = found.channels.values()
    np.testing.assert_allclose(channel.time_s, times)


def test_the_rhythm_of_licking_shows_whether_times_are_milliseconds():
    times = np.cumsum(np.full(40, 130))
    (channel,) = log("\n".join(map(str, times))).channels.values()
    assert channel.time_s[-1] == pytest.approx(5.2)


def test_the_page_of_the_assay_lists_every_reader_with_its_basis():
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    for reader in (*READERS, PLAIN_LIST, *INTAKE_READERS):
        (line,) = (line for line in lines if line.startswith(f"| {reader.name} |"))
        assert line.endswith(f"| {reader.basis} |")


def test_an_empty_log_is_refused_with_a_remedy():
    with pytest.raises(IngestError, match="empty"):
        log("  \n")


def test_times_that_go_back_are_refused(measure, tmp_path):
    (tmp_path / "a.csv").write_text("0.1\n0.2\n5.0\n0.3\n")
    with pytest.raises(IngestError, match=r"a\.csv: time falls from 5 to 0\.3 s at lick 4"):
        measure([{"side": "left", "content": "sucrose", "log": "a.csv"}], tmp_path)


def test_a_text_is_refused_as_a_log():
    with pytest.raises(IngestError):
        log("Dear colleague,\nplease find the licks attached.\n")


LIQHD_MINUTES = (
    "Experimental_side,millis,datetime,LickNumber1,LickDuration1,LickNumber2,LickDuration2\n"
    'LEFT,0,"2026-01-05 18:00:00",0,0,0,0\n'
    'LEFT,60000,"2026-01-05 18:01:00",12,900,3,200\n'
    'LEFT,120000,"2026-01-05 18:02:00",8,700,0,0\n'
)


def test_liq_hd_minutes_are_counts_of_odd_left_and_even_right_sensors():
    found = log(LIQHD_MINUTES)
    left, right = (found.channels[found.aliases[name]] for name in ("cage1.left", "cage1.right"))
    assert (left.licks.sum(), right.licks.sum()) == (20, 3)
    assert left.contact_s.sum() == pytest.approx(1.6)


def test_liq_hd_bouts_begin_before_they_are_written():
    text = (
        "Experimental_side,millis_since_start,datetime,Cage_ID,BottleLicked,BoutDuration,BoutLickNumber,BoutLickDuration,"
        "LickFrequency,Inter-Lick-Interval\n"
        'LEFT,10000,"2026-01-05 18:00:10",1,LEFT,2000,14,1100,7,140\n'
        'LEFT,30000,"2026-01-05 18:00:30",1,RIGHT,1000,6,500,7,140\n'
    )
    found = log(text)
    left = found.channels["cage1.left"]
    assert (left.kind, left.licks.tolist()) == ("bouts", [14.0])


def test_the_side_the_device_names_must_agree_with_the_table(measure, tmp_path):
    (tmp_path / "liq.csv").write_text(LIQHD_MINUTES)
    rows = [
        {"side": "left", "content": "water", "log": "liq.csv", "channel": "cage1.left"},
        {"side": "right", "content": "sucrose", "log": "liq.csv", "channel": "cage1.right"},
    ]
    assert "side_contradicted" in measure(rows, tmp_path).doubts()


def test_a_missing_channel_is_an_error_that_lists_the_existing_ones(measure, tmp_path):
    (tmp_path / "s.csv").write_text(sipper([(10 * step, step, 0.1, 0, 0) for step in range(1, 20)]))
    with pytest.raises(IngestError, match="left, right"):
        measure([{"side": "left", "content": "sucrose", "log": "s.csv", "channel": "middle"}], tmp_path)


def test_a_log_is_cut_to_the_time_of_its_bottle(measure, tmp_path):
    (tmp_path / "s.csv").write_text(sipper([(60 * step, step, 0.1 * step, 0, 0) for step in range(0, 121)]))
    rows = [
        {"side": "left", "content": "sucrose", "log": "s.csv", "channel": "left",
         "start_time": "2026-02-12 10:30:00", "end_time": "2026-02-12 11:30:00"},
    ]  # fmt: skip
    assert measure(rows, tmp_path)["sucrose_licks"] == pytest.approx(60, abs=1)


@pytest.mark.parametrize("sep", [",", ";"])
def test_a_wide_bottle_sheet_is_read_by_animal_and_day(measure, tmp_path, sep):
    point = "," if sep == ";" else "."
    head = sep.join(["Animal", "Date", "Water.start (ml)", "Water.finish (ml)", "Sacc.start (ml)", "Sacc.finish (ml)"])
    cells = [
        ["M1", "13.03.2026", "30", f"28{point}5", "30", f"24{point}0"],
        ["M2", "13.03.2026", "30", "20", "30", "20"],
    ]
    (tmp_path / "sheet.csv").write_text("\n".join([head, *(sep.join(row) for row in cells)]) + "\n")
    more = {"log": "sheet.csv", "start_time": "2026-03-13 09:00:00", "end_time": "2026-03-14 09:00:00"}
    rows = [
        {"side": "left", "content": "saccharin", "channel": "sacc", **more},
        {"side": "right", "content": "water", "channel": "water", **more},
    ]
    assert measure(rows, tmp_path)["sucrose_preference_pct"] == pytest.approx(80.0)


COULBOURN = """Project,Station,Subject,Time,Current State,Transition State,Transition Event,On1A1,On1A2,Off1A1,Off1A2
,8,M1,0.000,0,0,0,0,0,0,0
,8,M1,19.180,1,0,0,1,0,0,0
,8,M1,19.220,1,0,0,0,0,1,0
,8,M1,19.330,1,0,0,0,1,0,0
,8,M1,19.370,1,0,0,0,0,0,1
,8,M1,19.480,1,0,0,1,0,0,0
,8,M1,19.530,1,0,0,0,0,1,0
"""


def test_coulbourn_inputs_are_separated_by_their_on_columns(measure, tmp_path):
    (tmp_path / "box.csv").write_text(COULBOURN)
    rows = [
        {"side": "left", "content": "sucrose", "log": "box.csv", "channel": "On1A1"},
        {"side": "right", "content": "water", "log": "box.csv", "channel": "1A2"},
    ]
    found = measure(rows, tmp_path)
    assert (found["sucrose_licks"], found["water_licks"]) == (2, 1)
    assert found["sucrose_contact_s"] == pytest.approx(0.09)


FED3 = """MM:DD:YYYY hh:mm:ss,Library_Version,Battery_Voltage,Event,Left_Poke_Count,Right_Poke_Count,Poke_Time
3/2/2026 19:00:05,1.16,3.9,Left,1,0,0.2
3/2/2026 19:00:09,1.16,3.9,Left,2,0,0.3
3/2/2026 19:01:00,1.16,3.9,Right,2,1,0.1
3/2/2026 19:02:00,1.16,3.9,Left,3,1,0.4
"""


def test_a_fed3_that_writes_events_counts_the_first_event_too(measure, tmp_path):
    (tmp_path / "fed.csv").write_text(FED3)
    rows = [
        {"side": side, "content": what, "log": "fed.csv", "channel": side, "pokes_are_licks": True}
        for side, what in (("left", "sucrose"), ("right", "water"))
    ]
    found = measure(rows, tmp_path)
    assert (found["sucrose_licks"], found["water_licks"]) == (3, 1)
    assert found["sucrose_contact_s"] == pytest.approx(0.9)


def test_the_session_of_the_animal_is_read_from_a_med_file_with_several(measure, tmp_path):
    part = "Start Date: 04/28/25\nEnd Date: 04/28/25\nSubject: {}\nStart Time: 10:00:00\nEnd Time: 11:00:00\nMSN: X\n"
    block = "L:\n     0:{}\n     5:        0.000        0.000\n"
    cells = {"M1": [1.0, 1.1, 1.2], "M2": [2.0, 2.1]}
    text = "".join(
        part.format(who) + block.format("".join(f"{t:13.3f}" for t in times)) for who, times in cells.items()
    )
    (tmp_path / "med.txt").write_text(text)
    found = measure([{"side": "left", "content": "sucrose", "log": "med.txt", "channel": "L"}], tmp_path)
    assert found["sucrose_licks"] == 3
