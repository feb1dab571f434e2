"""Cages that weigh their bottles: the amounts between the times of a bottle, from the exports that are documented."""

from datetime import datetime, timedelta

import numpy as np
import openpyxl
import pytest

from ketaflow.core.errors import IngestError

START = datetime(2026, 3, 12, 18, 0)
# Amounts drunk from each bottle in each quarter of an hour over two days (ml): day 1 twice as much as day 2.
STEPS = 192
RNG = np.random.default_rng(4)
SUCROSE, WATER = (np.where(RNG.random(STEPS) < 0.4, (RNG.random(STEPS) * scale).round(2), 0.0) for scale in (0.2, 0.06))
MOMENTS = [START + timedelta(minutes=15 * (step + 1)) for step in range(STEPS)]


def bottles(name, channels=("Drink1", "Drink2"), **more) -> list[dict]:
    day = {"start_time": "2026-03-12 18:00:00", "end_time": "2026-03-13 18:00:00"}
    return [
        {"side": side, "content": what, "log": name, "channel": channel} | day | more
        for side, what, channel in zip(("left", "right"), ("sucrose", "water"), channels, strict=True)
    ]


def tse(form="%d.%m.%Y", *, delimiter=";", point=",", cumulative=False, animals=("1", "2")) -> str:
    """The table of all sensors as PhenoMaster exports it: three sections, headings, units, a row per interval."""
    rows = [["Study 7", "SPT"], ["V", "7.2"], ["Box", "Animal No.", "Weight [g]", "Text1"]]
    rows += [[str(box), animal, "25", ""] for box, animal in enumerate(animals, start=1)]
    rows += [[], ["Date", "Time", "Animal No.", "Box", "VO2(3)", "Drink1", "Feed1", "Drink2"],
             ["", "", "", "", "[ml/h]", "[ml]", "[g]", "[ml]"]]  # fmt: skip
    amounts = [np.cumsum(one) if cumulative else one for one in (SUCROSE, WATER)]
    for box, animal in enumerate(animals, start=1):
        for at, one, two in zip(MOMENTS, *amounts, strict=True):
            drunk = [f"{box * value:.2f}".replace(".", point) for value in (one, two)]
            rows.append([at.strftime(form), at.strftime("%H:%M"), animal, str(box), "-", drunk[0], "0", drunk[1]])
    return "\n".join(delimiter.join(row) for row in rows) + "\n"


@pytest.mark.parametrize("cumulative", [False, True])
@pytest.mark.parametrize(("form", "delimiter", "point"), [("%d.%m.%Y", ";", ","), ("%d/%m/%Y", ",", "."),
                                                          ("%Y-%m-%d", "\t", ".")])  # fmt: skip
def test_phenomaster_gives_the_intake_of_the_day(measure, tmp_path, form, delimiter, point, cumulative):
    text = tse(form, delimiter=delimiter, point=point, cumulative=cumulative)
    (tmp_path / "tse.csv").write_text(text)
    found = measure(bottles("tse.csv", animal="2"), tmp_path)
    drunk = [2 * one[:96].sum() for one in (SUCROSE, WATER)]
    assert found.test.bottles[0].lost == pytest.approx(drunk[0], abs=0.02)
    assert found.test.bottles[1].lost == pytest.approx(drunk[1], abs=0.02)
    assert found["sucrose_preference_pct"] == pytest.approx(100 * drunk[0] / sum(drunk), abs=0.3)
    assert not {"intake_log_covers", "intake_log_step"} & found.doubts()


def test_the_phenomaster_table_of_drinking_alone_names_the_box(measure, tmp_path):
    lines = ["Study 7;SPT", "", "Date;Time;Box1: Drink1;Box1: Feed1;Box1: Drink2"]
    lines += [f"{at:%d.%m.%Y;%H:%M:%S};{one:.2f};0;{two:.2f}"
              for at, one, two in zip(MOMENTS, SUCROSE, WATER, strict=True)]  # fmt: skip
    (tmp_path / "tse.csv").write_text("\n".join(lines))
    found = measure(bottles("tse.csv", ("Box1: Drink1", "box1:drink2")), tmp_path)
    assert found.test.bottles[0].lost == pytest.approx(SUCROSE[:96].sum())
    assert found.test.bottles[1].lost == pytest.approx(WATER[:96].sum())


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"animal": "9"}, r"no row is of animal '9'; the file has '1', '2'"),
        ({"channel": "Drink3"}, r"no sensor is named 'Drink3'; the file has 'drink1', 'drink2'"),
        ({"channel": None}, r"no sensor is named ''"),
        ({"start_time": "2026-05-01 18:00:00", "end_time": "2026-05-02 18:00:00"}, r"do not overlap"),
    ],
)
def test_what_a_phenomaster_table_leaves_open_is_refused(measure, tmp_path, changed, message):
    (tmp_path / "tse.csv").write_text(tse())
    with pytest.raises(IngestError, match=message):
        measure([bottles("tse.csv", animal="1")[0] | changed], tmp_path)


def test_a_record_that_covers_part_of_the_day_is_flagged(measure, tmp_path):
    (tmp_path / "tse.csv").write_text(tse())
    times = {"start_time": "2026-03-12 06:00:00", "end_time": "2026-03-13 06:00:00"}
    assert "intake_log_covers" in measure(bottles("tse.csv", animal="1", **times), tmp_path).doubts()


def test_a_refilled_bottle_is_flagged(measure, tmp_path):
    text = tse(cumulative=False).replace("18:15;1;1;-;", "18:15;1;1;-;-5", 1)
    (tmp_path / "tse.csv").write_text(text)
    assert "intake_log_step" in measure(bottles("tse.csv", animal="1"), tmp_path).doubts()


def biodaq(path):
    """A workbook of the BioDAQ viewer: settings above the headings, bouts of modules 3 (sucrose) and 4 (water)."""
    book = openpyxl.Workbook()
    book.active.title = "PSC Totals"
    book.active.append(["PSC", "Bout\nGrams"])
    book.active.append([3, SUCROSE.sum()])
    sheet = book.create_sheet("Bouts table")
    for row in [["Settings"], ["Bout Filter 1: ", "Include.", "  Min.: ", 0]] + [[None]] * 3:
        sheet.append(row)
    sheet.append(["PSC", "Exp. day", "Period", "Bout #", "Consumed\nGrams", "Rate\nmG/minute", "Start",
                  "Seconds since\nperiod start", "Duration\nSeconds"])  # fmt: skip
    for module, amounts in ((3, SUCROSE), (4, WATER)):
        for step in np.flatnonzero(amounts):
            start = START + timedelta(minutes=15 * int(step))
            sheet.append([module, 0, 0, 1, amounts[step], 1.0, start, 0, 30])
    book.save(path)


def test_biodaq_sums_the_bouts_of_a_module(measure, tmp_path):
    biodaq(tmp_path / "biodaq.xlsx")
    found = measure(bottles("biodaq.xlsx", ("3", "PSC 4")), tmp_path)
    assert found["sucrose_intake_g"] == pytest.approx(SUCROSE[:96].sum())
    assert found["water_intake_g"] == pytest.approx(WATER[:96].sum())
    with pytest.raises(IngestError, match=r"no module .PSC. is '7'; the file has 3, 4"):
        measure(bottles("biodaq.xlsx", ("7", "4")), tmp_path)
    with pytest.raises(IngestError, match=r"left \(sucrose\) and right \(water\) would take what one channel recorded"):
        measure(bottles("biodaq.xlsx", ("3", "3")), tmp_path)


def test_a_biodaq_data_file_is_read_too(measure, tmp_path):
    lines = [
        f"{START + timedelta(minutes=15 * int(step)):%Y-%m-%d %H:%M:%S}\t30\t180.00\t{amounts[step]:.2f}\t{module}"
        for step in range(STEPS) for module, amounts in ((3, SUCROSE), (4, WATER))
    ]  # fmt: skip
    (tmp_path / "experiment.tab").write_text("\n".join(lines))
    found = measure(bottles("experiment.tab", ("3", "4")), tmp_path)
    assert found["sucrose_intake_g"] == pytest.approx(SUCROSE[:96].sum())
