"""Marks of the figures: dots that do not overlap."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ketaflow.report.figures.marks import swarm


@given(st.lists(st.floats(0, 300), min_size=1, max_size=25))
def test_dots_of_a_swarm_do_not_touch_unless_there_is_no_room(pixels):
    shifts = swarm(pixels, 4, 400)
    places = np.column_stack([shifts, pixels])
    for i in range(len(places)):
        for j in range(i):
            assert np.hypot(*(places[i] - places[j])) >= 8 - 1e-6


def test_a_single_dot_is_not_shifted_and_equal_values_give_equal_swarms():
    assert swarm([100.0], 4, 26) == [0.0]
    assert swarm([100.0, 100.0, 101.0], 4, 26) == swarm([100.0, 100.0, 101.0], 4, 26)
