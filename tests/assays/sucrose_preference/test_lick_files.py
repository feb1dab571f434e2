"""Lists and tables of lick times in every form a lab has them: the same licks, or a message that says what to do."""

import numpy as np
import openpyxl
import pytest

from ketaflow.core.errors import IngestError

# Lick times (s): trains at 7 Hz with pauses between them.
TIMES = np.cumsum([0.5, *([0.14] * 29), 3.0, *([0.15] * 19), 8.0, *([0.13] * 9)]).round(3)
MS = (1000 * TIMES).round().astype(int)


def workbook(path, sheets: dict[str, list[list]]):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)


def licks(measure, folder, name, channel=None, **more):
    return measure([{"side": "left", "content": "sucrose", "log": name, "channel": channel} | more], folder)


def same(found) -> bool:
    counts = (found["sucrose_licks"], found["sucrose_burst_count"])
    times_s = found.test.logs[0].time_s
    return counts == (len(TIMES), 3) and times_s[-1] - times_s[0] == pytest.approx(TIMES[-1] - TIMES[0], abs=2e-3)


LISTS = {
    "seconds": "\n".join(map(str, TIMES)),
    "decimal comma": "\n".join(str(t).replace(".", ",") for t in TIMES),
    "a delimiter at each end": "".join(f"{t};\n" for t in TIMES),
    "milliseconds by their rhythm": "\n".join(map(str, MS)),
    "pandas index": ",onset\n" + "".join(f"{i},{t}\n" for i, t in enumerate(MS)),
    "pandas index of chosen rows": ",onset\n" + "".join(f"{3 * i + 7},{t}\n" for i, t in enumerate(MS)),
    "R row names": '"onset"\n' + "".join(f'"{i + 1}",{t}\n' for i, t in enumerate(MS)),
    "headless index": "".join(f"{i}\t{t}\n" for i, t in enumerate(MS)),
    "unit in a heading of two words": "Lick Time (ms)\n" + "\n".join(map(str, MS)),
    "on and off": "On Timestamp,Off Timestamp\n" + "".join(f"{t},{t + 60}\n" for t in MS),
    "off before on": "Off;On\n" + "".join(f"{t + 60};{t}\n" for t in MS),
    "start and end": "Lick Start (s);Lick End (s)\n" + "".join(f"{t};{t + 0.06:.3f}\n" for t in TIMES),
    "text beside it": "onset,note\n" + "".join(f"{t},ok\n" for t in TIMES),
    "one animal in each row": "mouse;time_ms\n" + "".join(f"7;{t}\n" for t in MS),
    "title rows": "Mouse 7\nBox,3\n\nonset_s,comment\n" + "".join(f"{t},\n" for t in TIMES),
    "blank rows": "onset_s\n\n" + "\n\n\n".join(map(str, TIMES)),
    "missing values": "onset_s,other_s\n" + "".join(f"{t},NaN\n" for t in TIMES),
    "blanks between columns": "".join(f"  {t}   {t + 0.05:.3f}\n" for t in TIMES),
    "clock times": "".join(f"10:00:{t:06.3f}\n" for t in TIMES),
    "dates": "time,state\n" + "".join(f"2026-03-02 19:00:{t:06.3f},on\n" for t in TIMES),
    "a declared delimiter": "sep=;\nindex;onset\n"
    + "".join(f"{i};{t}\n".replace(".", ",") for i, t in enumerate(TIMES)),
    "states": "timestamp,state\n" + "".join(f"{t},1\n{t + 60},0\n" for t in MS),
    "states as pandas writes them": "millis,touched\n" + "".join(f"{t}.0,1.0\n{t + 60}.0,0.0\n" for t in MS),
    "events of other kinds": "time_s,event\n0.1,Pellet\n" + "".join(f"{t},Lick\n" for t in TIMES),
}
CHANNELS = {"missing values": "onset_s", "blanks between columns": "1"}


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("form", LISTS)
def test_every_form_of_a_list_gives_the_same_licks(measure, tmp_path, form, ending):
    (tmp_path / "log.csv").write_bytes(LISTS[form].replace("\n", ending).encode("utf-8"))
    assert same(licks(measure, tmp_path, "log.csv", CHANNELS.get(form)))


@pytest.mark.parametrize("name", ["log.xlsx", "log.csv"])
def test_a_workbook_is_read_like_a_text_whatever_its_name(measure, tmp_path, name):
    workbook(tmp_path / "log.xlsx", {"licks": [["Index", "onset (s)"], *([i, float(t)] for i, t in enumerate(TIMES))]})
    (tmp_path / "log.xlsx").rename(tmp_path / name)
    assert same(licks(measure, tmp_path, name))


def test_a_worksheet_is_found_by_the_name_of_the_channel(measure, tmp_path):
    left, right = [[float(t)] for t in TIMES], [[float(t)] for t in TIMES[:20]]
    workbook(tmp_path / "log.xlsx", {"notes": [["by hand"]], "left": left, "right": right})
    rows = [
        {"side": side, "content": what, "log": "log.xlsx", "channel": side}
        for side, what in (("left", "sucrose"), ("right", "water"))
    ]
    found = measure(rows, tmp_path)
    assert (found["sucrose_licks"], found["water_licks"]) == (len(TIMES), 20)
    with pytest.raises(IngestError, match="several worksheets hold numbers: 'notes', 'left', 'right'"):
        licks(measure, tmp_path, "log.xlsx")


def test_each_spout_of_an_event_table_is_a_channel(measure, tmp_path):
    lines = [f"{'0' if i % 4 else '1'} , {100 + 140 * i} , 1\n{'0' if i % 4 else '1'} , {160 + 140 * i} , 0\n"
             for i in range(400)]  # fmt: skip
    (tmp_path / "touchlog.txt").write_text("sipper_id , timestamp, state\n" + "".join(lines))
    rows = [
        {"side": "left", "content": "sucrose", "log": "touchlog.txt", "channel": "0"},
        {"side": "right", "content": "water", "log": "touchlog.txt", "channel": "sipper 1"},
    ]
    found = measure(rows, tmp_path)
    assert (found["sucrose_licks"], found["water_licks"]) == (300, 100)
    assert found["sucrose_lick_preference_pct"] == 75.0
    assert found["sucrose_contact_s"] == pytest.approx(300 * 0.06)


SIDES = ["right" if i % 4 == 0 else "left" for i in range(len(TIMES))]
ROWS = list(zip(SIDES, TIMES, MS, strict=True))


@pytest.mark.parametrize(
    "text",
    [
        "side,onset\n" + "".join(f"{side},{t}\n" for side, t, _ in ROWS),
        "ID,sensor,tiempo,actividad\n" + "".join(f"1,{side},{m},{n}\n" for n, (side, _, m) in enumerate(ROWS)),
        "Side;Onset (ms);Offset (ms)\n" + "".join(f"{side};{m};{m + 60}\n" for side, _, m in ROWS),
        "stop,start,spout\n" + "".join(f"{t + 0.06:.3f},{t},{side[0]}\n" for side, t, _ in ROWS),
        "event,timestamp\n" + "".join(f"lick_{side},{m}\nlick_{side}_off,{m + 60}\n" for side, _, m in ROWS),
        "time_s\tevent\n" + "".join(f"{t}\t{side.title()}Lick\n" for side, t, _ in ROWS) + "99\tPellet\n",
    ],
    ids=[
        "side and onset",
        "Spanish headings",
        "side, onset and offset",
        "stop before start",
        "named events with ends",
        "named events",
    ],
)
def test_rows_of_both_sides_are_separated(measure, tmp_path, text):
    (tmp_path / "log.csv").write_text(text)
    rows = [
        {"side": side, "content": what, "log": "log.csv", "channel": side}
        for side, what in (("left", "sucrose"), ("right", "water"))
    ]
    if text.startswith("stop"):
        rows = [row | {"channel": row["side"][0]} for row in rows]
    found = measure(rows, tmp_path)
    assert (found["sucrose_licks"], found["water_licks"]) == (SIDES.count("left"), SIDES.count("right"))
    if "ff" in text or "stop" in text:
        assert found["sucrose_contact_s"] == pytest.approx(0.06 * SIDES.count("left"), abs=0.01)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("genotype,onset_s\n" + "".join(f"{side},{t}\n" for side, t, _ in ROWS), r"'genotype' distinguishes rows"),
        ("".join(f"{t},{side}\n" for side, t, _ in ROWS), r"column '2' distinguishes rows \('left', 'right'\)"),
        (
            "bin_start_s,left,right\n" + "".join(f"{60 * i},{7 * i},{i}\n" for i in range(20)),
            "has values at the times of",
        ),
    ],
)
def test_rows_that_belong_to_different_spouts_are_not_added_up(measure, tmp_path, text, message):
    (tmp_path / "log.csv").write_text(text)
    with pytest.raises(IngestError, match=message):
        licks(measure, tmp_path, "log.csv", "left")


def test_rows_of_other_animals_are_left_out(measure, tmp_path):
    lines = "".join(f"{animal};{t};L\n" for t in TIMES for animal in ("M1", "M2", "M2"))
    (tmp_path / "log.csv").write_text("animal;time_s;side\n" + lines)
    assert same(licks(measure, tmp_path, "log.csv", "left"))
    with pytest.raises(IngestError, match="names 2 animals, none of them 'M9'"):
        licks(measure, tmp_path, "log.csv", "left", animal="M9")


@pytest.mark.parametrize(("other", "reason"), [("x", "no lick time"), ("-", None), ("0", None)])
def test_a_fault_in_another_column_does_not_matter(measure, tmp_path, other, reason):
    lines = "".join(f"{t},{other if i == 5 else 100 - i}\n" for i, t in enumerate(TIMES))
    (tmp_path / "log.csv").write_text("left_s,right_s\n" + lines)
    assert same(licks(measure, tmp_path, "log.csv", "left_s"))
    with pytest.raises(IngestError, match=reason or "time falls"):
        licks(measure, tmp_path, "log.csv", "right_s")


def test_the_unit_is_that_of_the_chosen_channel(measure, tmp_path):
    lines = "".join(f"{t},{m}\n" for t, m in zip(TIMES, MS, strict=True))
    (tmp_path / "log.csv").write_text("left,right (ms)\n" + lines)
    assert same(licks(measure, tmp_path, "log.csv", "left"))
    assert same(licks(measure, tmp_path, "log.csv", "right (ms)"))


@pytest.mark.parametrize("last", ["99.5,", "99."])
def test_a_short_row_is_broken_and_a_blank_cell_is_blank(measure, tmp_path, last):
    lines = "".join(f"{t},{t}\n" for t in TIMES)
    (tmp_path / "log.csv").write_text(f"left_s,right_s\n{lines}{last}\n")
    found = licks(measure, tmp_path, "log.csv", "left_s")
    is_blank = last.endswith(",")
    assert found["sucrose_licks"] == len(TIMES) + is_blank
    assert ("broken_rows" in found.doubts()) is not is_blank


@pytest.mark.parametrize("title", ["", "Licks of one night\n", "time (s)\n"])
def test_commas_between_whole_numbers_are_delimiters_or_refused(measure, tmp_path, title):
    lines = "".join(f"{t},{t + 60}\n" for t in MS)
    (tmp_path / "log.csv").write_text(f"{title}left on,left off\n{lines}")
    assert same(licks(measure, tmp_path, "log.csv", "left on"))
    (tmp_path / "log.txt").write_text(f"{title}{lines}")
    if "(s)" in title:
        return
    with pytest.raises(IngestError, match="commas may be decimal signs or separate two columns"):
        licks(measure, tmp_path, "log.txt", "1")


def test_many_short_rows_are_refused(measure, tmp_path):
    lines = "".join(f"{t},{t}\n" for t in TIMES[:30]) + "".join(f"{t}\n" for t in TIMES[30:])
    (tmp_path / "log.csv").write_text("left_s,right_s\n" + lines)
    with pytest.raises(IngestError, match="30 of 60 rows have fewer cells than the 2 columns, the first is row 32"):
        licks(measure, tmp_path, "log.csv", "left_s")


def test_a_bottle_that_was_never_licked_has_a_channel_without_licks(measure, tmp_path):
    (tmp_path / "log.csv").write_text("left_s,right_s\n" + "".join(f"{t},\n" for t in TIMES))
    rows = [
        {"side": "left", "content": "sucrose", "log": "log.csv", "channel": "left_s"},
        {"side": "right", "content": "water", "log": "log.csv", "channel": "right"},
    ]
    assert measure(rows, tmp_path)["sucrose_lick_preference_pct"] == 100.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("12,30\n13,31\n14,32\n20,40\n", "commas may be decimal signs or separate two columns"),
        ("120\n3000\n90000\n200000\n420000\n800000\n", "unit of 6 lick times cannot be told"),
        ("120\n260\n", "unit of 2 lick times cannot be told"),
        ("left (ms)\n" + "\n".join(map(str, TIMES)), "faster than any animal licks"),
        ("right_s\n" + "\n".join(map(str, TIMES)), "no channel is named 'left'.*has right_s"),
        ("left_s\n0.1\nx\n0.3\n", "neither lick times nor readings|'x' is no lick time"),
        ("left\n0,5\n1.5\n", "decimal comma, others a point"),
        ("0.1\n0.3\n0.2\n", "time falls from 0.3 to 0.2 s at lick 3"),
        ("left_s\n0.1\n0.3\n99999999999\n", "the log spans 1.16e.06 days"),
        ("left off\n" + "\n".join(map(str, TIMES)), "ends of licks without their starts"),
    ],
)
def test_what_a_list_leaves_open_is_refused(measure, tmp_path, text, message):
    (tmp_path / "log.csv").write_text(text)
    with pytest.raises(IngestError, match=message):
        licks(measure, tmp_path, "log.csv", "left")


HOSTILE = {
    "old Excel": b"\xd0\xcf\x11\xe0" + bytes(range(256)) * 20,
    "damaged Excel": b"PK\x03\x04" + bytes(range(256)) * 20,
    "PDF": b"%PDF-1.7\n" + bytes(range(256)) * 20,
    "compressed": b"\x1f\x8b" + bytes(range(256)) * 20,
    "random": bytes(np.random.default_rng(1).integers(0, 256, 5000, dtype=np.uint8)),
    "zeros": bytes(4000),
    "text of no format": "Liebe Kollegin,\nanbei die Lecks \x07\x02 von Käfig 3, \x1b[31m.\n".encode("latin-1") * 3,
    "headings alone": b"left_s,right_s\n",
    "one long line": b"a" * 300_000,
    "damaged Sipper": b"MM:DD:YYYY hh:mm:ss, Elapsed Time, Device, LeftCount, LeftDuration, RightCount, RightDuration\n"
    b"2/3/2020 18:53:17,0:1:51,2,\xff\xfe,0.00,2,91.61\n",
    "damaged Davis": b"PRESENTATION,TUBE,SOLUTION,IPI,LICKS,LATENCY\n1,3,A,5,x\xff,100\n1,100,\xfe\n",
    "damaged Med": b"MSN: X\nL:\n     0:   1.0   \xff.0\n",
}


@pytest.mark.parametrize("name", ["log.csv", "log.xlsx", "log.txt"])
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_message_holds_no_bytes_of_a_file(measure, tmp_path, kind, name):
    (tmp_path / name).write_bytes(HOSTILE[kind])
    with pytest.raises(IngestError) as refused:
        licks(measure, tmp_path, name, "left")
    text = str(refused.value)
    assert text.startswith(name) and text.isprintable() and len(text) < 600
    assert text.rstrip()[-1] in ".)"


def test_zero_bytes_of_a_logger_that_lost_power_are_a_broken_row(measure, tmp_path):
    text = "onset_s\n" + "\n".join(map(str, TIMES)) + "\n" + "\0" * 30 + "\n"
    (tmp_path / "log.csv").write_text(text)
    found = licks(measure, tmp_path, "log.csv")
    assert same(found)
    assert "broken_rows" in found.doubts()


def test_blank_cells_of_a_fed3_do_not_drop_its_rows(measure, tmp_path):
    (tmp_path / "fed.csv").write_text(
        "MM:DD:YYYY hh:mm:ss,Library_Version,PelletsToSwitch,Event,Left_Poke_Count,Right_Poke_Count,Poke_Time\n"
        + "".join(f"7/28/2025 15:4{i}:25,1.17.0,,Right,0,{i + 1},0.1\n" for i in range(5))
    )
    rows = [
        {"side": side, "content": what, "log": "fed.csv", "channel": side}
        for side, what in (("left", "sucrose"), ("right", "water"))
    ]
    found = measure([row | {"pokes_are_licks": True} for row in rows], tmp_path)
    assert (found["sucrose_licks"], found["water_licks"]) == (0, 5)
    with pytest.raises(IngestError, match=r"a FED3 counts nose pokes, not licks.*pokes_are_licks"):
        measure(rows, tmp_path)
    named = [row | {"channel": f"{row['side']}_Poke_Count"} for row in rows]
    assert measure(named, tmp_path)["water_licks"] == 5


def test_arrays_of_a_med_file_that_hold_no_times_are_no_channels(measure, tmp_path):
    blocks = {"A": [5.0, 12.0, 3.0], "L": [1.0, 1.1, 1.2]}
    text = "Start Date: 04/28/25\nSubject: M1\nStart Time: 10:00:00\nMSN: X\n"
    text += "".join(f"{name}:\n     0:{''.join(f'{t:13.3f}' for t in times)}\n" for name, times in blocks.items())
    (tmp_path / "med.txt").write_text(text)
    assert licks(measure, tmp_path, "med.txt", "L")["sucrose_licks"] == 3
    with pytest.raises(IngestError, match="array A: time falls"):
        licks(measure, tmp_path, "med.txt", "A")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_sipper_log_that_excel_saved_again_is_the_same(measure, tmp_path, delimiter):
    head = ["MM:DD:YYYY hh:mm:ss", " Elapsed Time", " Device", " LeftCount", " LeftDuration", " RightCount",
            " RightDuration", " BatteryVoltage"]  # fmt: skip
    lines = [
        [
            f"2/12/2026 10:0{s // 6}:{s % 6}0",
            f"0:{s // 6}:{s % 6}0",
            5,
            3 * s,
            f"{0.3 * s:.2f}",
            s,
            f"{0.1 * s:.2f}",
            "",
        ]
        for s in range(30)
    ]
    point = "," if delimiter == ";" else "."
    text = "\n".join(delimiter.join(str(cell).replace(".", point) for cell in line) for line in [head, *lines])
    (tmp_path / "s.csv").write_text(text)
    rows = [
        {"side": side, "content": what, "log": "s.csv", "channel": side}
        for side, what in (("left", "sucrose"), ("right", "water"))
    ]
    found = measure(rows, tmp_path)
    assert (found["sucrose_licks"], found["water_licks"], found["sucrose_contact_s"]) == (87, 29, pytest.approx(8.7))


def test_two_bottles_at_one_time_never_take_the_licks_of_one_channel(measure, tmp_path):
    (tmp_path / "licks.txt").write_text("\n".join(map(str, TIMES)), encoding="utf-8")
    bottles = [
        {"side": "left", "content": "sucrose", "log": "licks.txt", "channel": "left"},
        {"side": "right", "content": "water", "log": "licks.txt", "channel": "right"},
    ]
    with pytest.raises(IngestError, match=r"left \(sucrose\) and right \(water\) would take what one channel"):
        measure(bottles, tmp_path)
    turns = ("2026-03-02 18:00", "2026-03-03 06:00", "2026-03-03 18:00")
    in_turn = [
        bottle | {"side": "left", "channel": "left", "start_time": start, "end_time": end}
        for bottle, start, end in zip(bottles, turns, turns[1:], strict=False)
    ]
    assert len(measure(in_turn, tmp_path).test.logs) == 2


def test_a_quotation_mark_that_is_never_closed_costs_a_few_rows(measure, tmp_path):
    rows = [f'{time},"note' if place == 5 else f"{time}," for place, time in enumerate(TIMES)]
    (tmp_path / "log.csv").write_text("\n".join(["onset_s,comment", *rows]))
    assert len(TIMES) - 5 <= licks(measure, tmp_path, "log.csv")["sucrose_licks"] < len(TIMES)


def test_a_binary_file_is_no_text(measure, tmp_path):
    (tmp_path / "log.dat").write_bytes(b"1.0\n2.0\n" + bytes(range(32)) * 40 + b"\n3.0\n")
    with pytest.raises(IngestError, match="neither text nor"):
        licks(measure, tmp_path, "log.dat")


def test_a_counter_is_no_spout(measure, tmp_path):
    more = np.concatenate([TIMES + 60 * turn for turn in range(3)])
    lines = [f"{time:.3f},{count}" for count, time in enumerate(more, start=1)]
    (tmp_path / "log.csv").write_text("\n".join(["time_s,sensor", *lines]))
    assert licks(measure, tmp_path, "log.csv", "time_s")["sucrose_licks"] == len(more)


def test_a_clock_passes_midnight_but_does_not_go_back_a_minute(measure, tmp_path):
    clock = [
        f"{23 + at // 3600:02d}:{at // 60 % 60:02d}:{at % 60:02d}.5".replace("24:", "00:")
        for at in range(3500, 3800, 9)
    ]
    (tmp_path / "log.txt").write_text("\n".join(clock))
    assert licks(measure, tmp_path, "log.txt")["sucrose_licks"] == len(clock)
    clock[2], clock[9] = clock[9], clock[2]
    (tmp_path / "log.txt").write_text("\n".join(clock))
    with pytest.raises(IngestError, match="time falls"):
        licks(measure, tmp_path, "log.txt")
