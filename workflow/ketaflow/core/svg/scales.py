"""Scales: from data to pixels, limits that hold the data, round numbers along an axis."""

from collections.abc import Iterable
from typing import TypeVar

import numpy as np

Limits = tuple[float, float]
Values = TypeVar("Values", float, np.ndarray)
# From this size on, numbers of an axis are written without decimals and in groups of three digits.
GROUPED_FROM = 10_000
# Numbers along an axis, and their steps in the order of preference, as multiples of a power of ten.
FEWEST_TICKS = 4
MOST_TICKS = 7
STEPS = ((1, 2, 5), (2.5,), (4,), (3,), (1.5,))
NARROW_SPACE = "\u202f"


def position(value: Values, limits: Limits, ends_px: Limits) -> Values:
    """Map values to pixels, linearly.

    Parameters
    ----------
    value : float or ndarray of float
        In data units.
    limits : (low, high) float
        Limits of the scale in data units; ``low`` differs from ``high``.
    ends_px : (first, last) float
        Pixels of ``low`` and ``high``.

    Returns
    -------
    float or ndarray of float
        Pixel of each value; outside ``ends_px`` if the value lies outside ``limits``.
    """
    low, high = limits
    first, last = ends_px
    return first + (value - low) / (high - low) * (last - first)


def limits(values: Iterable[float], *, margin: float = 0.06, include: Iterable[float] = ()) -> Limits:
    """Return limits that hold all finite values.

    Parameters
    ----------
    values : iterable of float
        In data units; NaN and infinite values are ignored.
    margin : float
        Room added on either side, as a fraction of the range.
    include : iterable of float
        Further values that must lie inside, such as 0.

    Returns
    -------
    (low, high) : tuple of float
        (0, 1) if no value is finite.
    """
    finite = np.asarray([value for value in [*values, *include] if np.isfinite(value)], dtype=float)
    if not len(finite):
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    room = (high - low) * margin or abs(high) * 0.1 or 1.0
    return low - room, high + room


def ticks(low: float, high: float, count: int = 6) -> list[float]:
    """Return round numbers between two limits.

    Parameters
    ----------
    low, high : float
        Limits in data units.
    count : int
        About how many numbers to return, 4 to 7.

    Returns
    -------
    list of float
        4 to 7 multiples of 1, 2 or 5 times a power of ten, ascending; of 2.5, 4, 3 or 1.5 times where none of these
        gives as many. ``[low]`` if the limits do not ascend.
    """
    if not high > low:
        return [low]
    power = 10.0 ** np.floor(np.log10((high - low) / count))
    for factors in STEPS:
        steps = [factor * scale * power for factor in factors for scale in (0.1, 1, 10)]
        ends = [(np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9)) for step in steps]
        numbers = [last - first + 1 for first, last in ends]
        fitting = [index for index, number in enumerate(numbers) if FEWEST_TICKS <= number <= MOST_TICKS]
        if fitting:
            best = min(fitting, key=lambda index: abs(numbers[index] - count))
            first, last = ends[best]
            # Adding zero turns -0 into 0.
            return [float(f"{value:.10g}") + 0.0 for value in np.arange(first, last + 1) * steps[best]]
    return [low, high]


def axis_number(value: float) -> str:
    """Return a number as an axis shows it: with a true minus sign, and narrow spaces between groups of thousands."""
    value = value or 0.0  # no minus sign before a zero
    text = f"{value:.10g}" if abs(value) < GROUPED_FROM else f"{value:,.0f}".replace(",", NARROW_SPACE)
    return text.replace("-", "−")
