"""Peaks and curves whose answers can be read off."""

import numpy as np

from ketaflow.assays.western_blot.lanes.curves import monotone, peaks, prominent


def test_peaks_are_where_both_sides_are_lower():
    assert peaks(np.array([0, 2, 1, 5, 0, 3, 0.0])).tolist() == [1, 3, 5]


def test_a_flat_top_counts_once_at_its_middle():
    assert peaks(np.array([0, 1, 4, 4, 4, 1, 0.0])).tolist() == [3]


def test_the_ends_are_no_peaks():
    assert peaks(np.array([3, 2, 1, 2, 3.0])).tolist() == []


def test_prominence_is_the_height_above_the_higher_valley():
    curve = np.array([0, 9, 4, 6, 1, 0.0])
    assert prominent(curve, 3) == 2 and prominent(curve, 1) == 9
    assert peaks(curve, prominence=3).tolist() == [1]


def test_of_peaks_close_together_the_highest_is_kept():
    assert peaks(np.array([0, 2, 0, 5, 0, 1, 0, 1, 0.0]), apart=3).tolist() == [3, 7]


def test_a_monotone_curve_passes_its_points_and_keeps_lines_straight():
    x, y = np.array([0, 1, 3, 7.0]), np.array([5, 4, 1, 0.0])
    np.testing.assert_allclose(monotone(x, y, x), y)
    np.testing.assert_allclose(monotone(x, 2 * x + 1, np.linspace(0, 7, 20)), 2 * np.linspace(0, 7, 20) + 1)
    assert (np.diff(monotone(x, y, np.linspace(0, 7, 200))) <= 0).all()


def test_two_points_give_the_line_between_them():
    np.testing.assert_allclose(monotone(np.array([0, 2.0]), np.array([4, 0.0]), np.array([0.5, 1.0])), [3, 2])
