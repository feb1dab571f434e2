"""Charts are well-formed, escape what they are given, and break lines where values are missing."""

from xml.etree import ElementTree

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ketaflow.core.svg import Chart, ticks


def test_a_chart_is_well_formed_whatever_its_words():
    chart = Chart((0, 10), (0, 1), "time <s>", 'say "motion" & more')
    chart.line([0, 5, 10], [0, 0.5, 1])
    chart.bands([(2, 4)], "grey")
    chart.level(0.5, "<threshold>")
    chart.moment(3, "release")
    chart.points([1], [0.2])
    chart.bars([0], [1], [0.4], "green")
    chart.text(1, 1, "<b>")
    root = ElementTree.fromstring(chart.svg('a "trace" of <motion>'))
    assert root.attrib["aria-label"] == 'a "trace" of <motion>'


def test_a_line_breaks_where_a_value_is_missing():
    chart = Chart((0, 3), (0, 1), "x", "y")
    chart.line([0, 1, 2, 3], [0, np.nan, 1, 1])
    assert chart.parts[0].count("M") == 2


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_ticks_lie_inside_and_are_few(low, span):
    found = ticks(low, low + span)
    assert all(low - 1e-6 * span <= value <= low + span * (1 + 1e-6) for value in found)
    assert len(found) <= 11
