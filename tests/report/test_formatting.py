"""Numbers and names as papers print them."""

import pytest

from ketaflow.report import formatting


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, "0"), (-0.0, "0"), (12.345, "12.3"), (-0.04512, "−0.0451"), (123456, "123456"), (2.5e-7, "2.50·10^−7"),
     (float("nan"), ""), (None, ""), (float("inf"), "∞")],
)  # fmt: skip
def test_a_number_has_three_digits_and_a_true_minus(value, expected):
    assert formatting.number(value) == expected


def test_p_values_are_never_zero():
    assert formatting.p_value(0.0) == "< 0.001"
    assert (formatting.p_value(0.0312), formatting.p_value(float("nan"))) == ("0.031", "")


def test_an_open_interval_ends_in_infinity():
    assert formatting.interval(float("-inf"), 2.5) == "−∞ to 2.50"
    assert formatting.interval(-0.05, 2.5) == "−0.05 to 2.50"
    assert formatting.interval(None, None) == ""


def test_names_of_the_tables_become_words():
    assert formatting.words("unseen_s") == "unseen (s)"
    assert formatting.words("brown_forsythe") == "brown forsythe"
    assert formatting.words("holm") == "Holm"


def test_units_are_printed_as_in_papers():
    units = {
        "1/um2": "1/µm²",
        "spines/um": "spines/µm",
        "% x min": "% × min",
        "cells/mm2": "cells/mm²",
        "uM": "µM",
        "s": "s",
    }
    assert {name: formatting.unit(name) for name in units} == units
    assert formatting.words("above_uloq") == "above ULOQ"


def test_units_within_a_sentence_are_printed_as_in_papers():
    said = formatting.micro("A pixel is 0.2 um wide; 12 um2, 3 uM, 5 ug and 4 ul are measured, but no umbra of a ulm.")
    assert said == "A pixel is 0.2 µm wide; 12 µm2, 3 µM, 5 µg and 4 µl are measured, but no umbra of a ulm."


def test_times_are_hours_from_two_hours_on():
    assert [formatting.minutes(one) for one in (45, 60, 240, -20)] == ["45 min", "60 min", "4 h", "−20 min"]
