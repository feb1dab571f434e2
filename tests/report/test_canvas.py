"""Drawings: scales, swarms, words."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketaflow.report import formatting
from ketaflow.report.figures import canvas


@given(st.lists(st.floats(0, 300), min_size=1, max_size=25))
def test_dots_of_a_swarm_do_not_touch_unless_there_is_no_room(pixels):
    shifts = canvas.swarm(pixels, 4, 400)
    places = np.column_stack([shifts, pixels])
    for i in range(len(places)):
        for j in range(i):
            assert np.hypot(*(places[i] - places[j])) >= 8 - 1e-6


def test_a_lone_dot_stands_in_the_middle_and_equal_values_give_equal_swarms():
    assert canvas.swarm([100.0], 4, 26) == [0.0]
    assert canvas.swarm([100.0, 100.0, 101.0], 4, 26) == canvas.swarm([100.0, 100.0, 101.0], 4, 26)


def test_a_frame_puts_values_where_they_belong():
    frame = canvas.Frame(canvas.Sheet(100, 100), 10, 5, 90, 85, (0, 4), (-1, 1))
    assert (frame.x(0), frame.x(4), frame.y(-1), frame.y(1), frame.y(0)) == (10, 90, 85, 5, 45)


def test_limits_hold_every_finite_value_and_what_must_be_included():
    low, high = canvas.limits([3, np.nan, 5, np.inf], include=[0])
    assert low < 0 and high > 5 and np.isfinite(high)
    assert canvas.limits([]) == (0.0, 1.0)
    low, high = canvas.limits([7, 7])
    assert low < 7 < high


def test_a_line_breaks_where_a_value_is_missing():
    sheet = canvas.Sheet(100, 100)
    canvas.Frame(sheet, 0, 0, 100, 100, (0, 3), (0, 1)).path([0, 1, 2, 3], [0, np.nan, 0, 1], stroke="x", width=1)
    assert sheet.parts[0].count("M") == 2


def test_words_break_between_words_but_not_between_a_number_and_its_unit():
    assert canvas.wrapped("Ketamine 10 mg/kg", 12) == ["Ketamine", "10\u00a0mg/kg"]
    assert canvas.wrapped("one two three four", 8, 2)[-1].endswith("…")


def test_text_is_escaped():
    sheet = canvas.Sheet(10, 10)
    sheet.text(0, 0, "<b>&")
    assert "&lt;b&gt;&amp;" in sheet.svg('a "picture"') and "&quot;picture" in sheet.svg('a "picture"')


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, "0"), (-0.0, "0"), (12.345, "12.3"), (-0.04512, "−0.0451"), (123456, "123456"), (2.5e-7, "2.50·10^−7"),
     (float("nan"), ""), (None, ""), (float("inf"), "∞")],
)  # fmt: skip
def test_numbers_read_well(value, expected):
    assert formatting.number(value) == expected


def test_p_values_are_never_zero():
    assert (formatting.p_value(0.0), formatting.p_value(0.0312), formatting.p_value(float("nan"))) == (
        "< 0.001",
        "0.031",
        "",
    )


def test_an_open_interval_says_so():
    assert formatting.interval(float("-inf"), 2.5) == "−∞ to 2.50"
    assert formatting.interval(-0.05, 2.5) == "−0.05 to 2.50"
    assert formatting.interval(None, None) == ""


def test_names_of_the_tables_become_words():
    assert formatting.words("unseen_s") == "unseen (s)"
    assert formatting.words("brown_forsythe") == "brown forsythe"
    assert formatting.words("holm") == "Holm"
