"""Every fault of a log has its check, with the number and its limit; a good recording passes all."""

import numpy as np
import pytest

HEAD = "MM:DD:YYYY hh:mm:ss, Elapsed Time, Device, LeftCount, LeftDuration, RightCount, RightDuration, BatteryVoltage\n"


def sipper(
    folder, *, contact_s=0.2, right_contact_s=0.2, battery_v=3.9, year=2026, pause_s=0, repeat=False, reset=False
):
    """A log of an hour in which both spouts are licked every 10 s; returns the rows of its two bottles."""
    lines = []
    for step in range(361):
        at = 10 * step + (pause_s if step > 180 else 0)
        count = step - (300 if reset and step > 300 else 0)
        clock = f"2/12/{year} {10 + at // 3600}:{at // 60 % 60:02d}:{at % 60:02d}"
        spent = f"{at // 3600}:{at // 60 % 60}:{at % 60}"
        left, right = f"{2 * count},{2 * count * contact_s:.2f}", f"{count},{count * right_contact_s:.2f}"
        line = f"{clock},{spent},5,{left},{right},{battery_v}"
        lines += [line] * (2 if repeat and step == 100 else 1)
    (folder / "s.csv").write_text(HEAD + "\n".join(lines) + "\n")
    pairs = (("left", "sucrose"), ("right", "water"))
    return [{"side": side, "content": what, "log": "s.csv", "channel": side} for side, what in pairs]


def test_a_good_log_passes_every_check(measure, tmp_path):
    found = measure(sipper(tmp_path), tmp_path)
    assert not found.doubts()
    assert {"sensor_stuck", "log_gap", "counter_reset", "clock_not_set", "battery_low", "duplicated_rows",
            "count_against_contact"} <= {row.check for row in found.checked.checks}  # fmt: skip


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        ({"contact_s": 6.0, "right_contact_s": 6.0}, "sensor_stuck"),
        ({"contact_s": 2.5}, "sensor_stuck"),
        ({"right_contact_s": 2.0}, "count_against_contact"),
        ({"battery_v": 3.3}, "battery_low"),
        ({"year": 2000}, "clock_not_set"),
        ({"pause_s": 900}, "log_gap"),
        ({"repeat": True}, "duplicated_rows"),
        ({"reset": True}, "counter_reset"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_fault_has_its_check(measure, tmp_path, fault, check):
    assert check in measure(sipper(tmp_path, **fault), tmp_path).doubts()


def test_a_reset_loses_no_lick(measure, tmp_path):
    whole, fallen = (measure(sipper(tmp_path, reset=reset), tmp_path) for reset in (False, True))
    assert fallen["sucrose_licks"] >= whole["sucrose_licks"] - 2


def test_a_lick_cannot_take_a_tenth_of_a_millilitre(measure, tmp_path):
    rows = sipper(tmp_path)
    for row, lost in zip(rows, (72.0, 0.5), strict=True):
        row |= {"start_g": 150.0, "end_g": 150.0 - lost}
    assert "lick_volume" in measure(rows, tmp_path, weight_g=300.0).doubts()


@pytest.mark.parametrize(("drunk_g", "doubtful"), [(0.1, True), (2.0, False)])
def test_a_mouse_that_hardly_drinks_is_flagged(measure, pair, drunk_g, doubtful):
    assert ("low_intake" in measure(pair(drunk_g, drunk_g)).doubts()) is doubtful


def test_a_bottle_that_gave_nothing_is_flagged(measure, pair):
    assert "blocked_bottle" in measure(pair(4.0, 0.0)).doubts()


def test_every_check_has_a_value_and_a_limit(measure, pair):
    for row in measure(pair(4.0, 1.0)).checked.checks:
        assert row.value is not None
        assert row.low is not None or row.high is not None
        assert row.message


def test_figures_name_no_animal_and_no_recording(measure, pair, tmp_path):
    for found in (measure(pair(4.0, 25.0)), measure(sipper(tmp_path), tmp_path)):
        figures = found.checked.figures["r1"]
        assert figures
        for figure in figures:
            shown = figure.title + figure.caption + figure.content
            assert "M1" not in shown
            assert "r1" not in shown.replace("var1", "")
            assert figure.content.startswith("<svg")


def test_a_long_log_makes_a_small_figure(measure, tmp_path):
    np.savetxt(tmp_path / "licks.txt", np.cumsum(np.full(20_000, 0.13)), fmt="%.2f")
    found = measure([{"side": "left", "content": "sucrose", "log": "licks.txt"}], tmp_path)
    assert len(found.checked.figures["r1"][0].content) < 30_000


def sipper_log(path, date):
    """Thirteen lines, an hour apart: ten licks an hour on the left, five on the right."""
    head = (
        "MM:DD:YYYY hh:mm:ss, Elapsed Time, Device, LeftCount, LeftDuration, RightCount, RightDuration, BatteryVoltage"
    )
    lines = [f"{date} {h}:00:00,{h}:00:00,1,{10 * h},{h},{5 * h},{h},4.0" for h in range(13)]
    path.write_text("\n".join([head, *lines]))


def test_bottles_that_changed_places_follow_each_other_and_share_no_lick(measure, tmp_path):
    sipper_log(tmp_path / "sip.csv", "3/2/2026")
    rows = [
        {"side": side, "content": what, "channel": side, "log": "sip.csv",
         "start_time": f"2026-03-02 0{begin}:00:00", "end_time": f"2026-03-02 {begin + 6:02d}:00:00"}
        for begin, pair in ((0, ("sucrose", "water")), (6, ("water", "sucrose")))
        for side, what in zip(("left", "right"), pair, strict=True)
    ]  # fmt: skip
    found = measure(rows, tmp_path)
    assert found["sucrose_licks"] + found["water_licks"] == 12 * 15
    figures = found.checked.figures["r1"]
    assert [figure.title for figure in figures] == ["Preference", "Licks", "Preference in licks"]
    assert all(figure.content.count("swap") == 1 for figure in figures[1:])


def test_without_a_set_clock_light_and_dark_are_not_separated(measure, tmp_path):
    sipper_log(tmp_path / "sip.csv", "1/1/2000")
    rows = [
        {"side": side, "content": what, "channel": side, "log": "sip.csv"}
        for side, what in (("left", "sucrose"), ("right", "water"))
    ]
    found = measure(rows, tmp_path)
    assert "clock_not_set" in found.doubts()
    assert not any("dark" in name for name in found.rows)
    found = measure(rows, tmp_path, clock_from_year=2000)
    assert "clock_not_set" not in found.doubts()
    assert any("dark" in name for name in found.rows)


def test_the_preferences_of_a_session_are_drawn(measure, pair, tmp_path):
    (figure,) = (one for one in measure(pair(4.0, 1.0)).checked.figures["r1"] if one.title == "Preference")
    assert ">80 %<" in figure.content and ">intake<" in figure.content
    found = measure(sipper(tmp_path), tmp_path)
    (figure,) = (one for one in found.checked.figures["r1"] if one.title == "Preference")
    assert ">licks<" in figure.content and ">contact time<" in figure.content


def test_each_part_of_a_recording_with_bottles_of_its_own_has_its_preference(measure):
    rows = [
        {"side": side, "content": what, "start_g": 150.0, "end_g": 150.0 - lost,
         "start_time": f"2026-03-0{day} 18:00:00", "end_time": f"2026-03-0{day + 1} 18:00:00"}
        for day, left in ((2, "sucrose"), (3, "water"))
        for side, what, lost in zip(("left", "right"), (left, "water" if left == "sucrose" else "sucrose"),
                                    (3.0, 1.0) if left == "sucrose" else (2.0, 2.0), strict=True)
    ]  # fmt: skip
    (figure,) = (one for one in measure(rows).checked.figures["r1"] if one.title == "Preference")
    assert ">75 %<" in figure.content and ">part 2<" in figure.content and ">50 %<" in figure.content
