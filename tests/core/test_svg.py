"""Drawings are well-formed, escape text, and break lines where values are missing."""

from xml.etree import ElementTree

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ketaflow.core import svg
from ketaflow.core.svg import Chart, panels, stacked, ticks


def test_a_chart_is_well_formed_whatever_its_text():
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


def test_panels_are_arranged_in_rows_with_their_titles():
    charts = [Chart((0, 1), (0, 1), "x", "y", 200, 100) for _ in range(3)]
    root = ElementTree.fromstring(panels(charts, [[f"panel <{i}>", "n = 3"] for i in range(3)], 2, "three"))
    assert root.attrib["viewBox"] == "0 0 400 268"
    assert "".join(root.itertext()).count("panel <2>") == 1


def test_a_stripe_is_cut_to_the_chart():
    chart = Chart((0, 1), (0, 10), "x", "y")
    chart.stripe(-50, 50, "grey")
    assert f"{chart.y(0):.1f}" in chart.parts[0]
    assert f"{chart.y(10):.1f}" in chart.parts[0]


def test_stacked_charts_share_the_axis_of_the_last():
    upper, lower = Chart((0, 9), (0, 1), "", "a", show_x_ticks=False), Chart((0, 9), (0, 1), "seconds", "b", height=90)
    root = ElementTree.fromstring(stacked([upper, lower], "both"))
    assert "".join(root.itertext()).count("seconds") == 1
    assert float(root.attrib["viewBox"].split()[3]) < upper.height + lower.height


def test_the_label_of_a_moment_stays_inside_the_chart():
    chart = Chart((0, 10), (0, 1), "x", "y")
    chart.moment(1, "scored from")
    chart.moment(10, "to")
    assert ["text-anchor" in part for part in chart.parts] == [False, True]


def test_axes_map_values_to_pixels():
    axes = svg.Axes(svg.Canvas(100, 100), 10, 5, 90, 85, (0, 4), (-1, 1))
    assert (axes.x(0), axes.x(4), axes.y(-1), axes.y(1), axes.y(0)) == (10, 90, 85, 5, 45)


def test_limits_hold_every_finite_value_and_those_to_include():
    low, high = svg.limits([3, np.nan, 5, np.inf], include=[0])
    assert low < 0 and high > 5 and np.isfinite(high)
    assert svg.limits([]) == (0.0, 1.0)
    low, high = svg.limits([7, 7])
    assert low < 7 < high


def test_a_path_breaks_where_a_value_is_missing():
    canvas = svg.Canvas(100, 100)
    svg.Axes(canvas, 0, 0, 100, 100, (0, 3), (0, 1)).path([0, 1, 2, 3], [0, np.nan, 0, 1], stroke="x", width=1)
    assert canvas.parts[0].count("M") == 2


def test_words_break_between_words_but_not_between_a_number_and_its_unit():
    assert svg.wrapped("Ketamine 10 mg/kg", 12) == ["Ketamine", "10\u00a0mg/kg"]
    assert svg.wrapped("one two three four", 8, 2)[-1].endswith("…")


def test_text_is_escaped():
    canvas = svg.Canvas(10, 10)
    canvas.text(0, 0, "<b>&")
    assert "&lt;b&gt;&amp;" in canvas.svg('a "picture"') and "&quot;picture" in canvas.svg('a "picture"')
