"""A trace as it is searched: as recorded, smoothed, smoothed lightly; how wide its peaks are, how much noise it has."""

from dataclasses import dataclass

import numpy as np

from ketaflow.assays.microdialysis.extrema import smoothed, typical_width

# The trace is smoothed by so many widths of its peaks.
SMOOTHING_WIDTHS = 0.1
# Where a valley is, and how low, is read from a trace smoothed less: more would fill and shift a narrow one.
LIGHT_WIDTHS = 0.04


@dataclass(frozen=True)
class Outline:
    """``signal``, ``smooth``, ``light`` (n,) of one trace, the ``width`` of its peaks (samples) and its ``noise``."""

    signal: np.ndarray
    smooth: np.ndarray
    light: np.ndarray
    width: float
    noise: float


def outlined(signal: np.ndarray, width_points: float = 0.0) -> Outline:
    """The outline of a trace; the width of its peaks at half height is taken from it where none is given."""
    width = width_points or typical_width(signal)
    smooth = smoothed(signal, max(SMOOTHING_WIDTHS * width, 0.5))
    light = smoothed(signal, max(LIGHT_WIDTHS * width, 0.5))
    return Outline(signal, smooth, light, width, noise_sd(signal, width))


def noise_sd(signal: np.ndarray, width_points: float) -> float:
    """Noise of a trace: the standard deviation about a parabola, in its quieter stretches of one peak width.

    The lower fifth of all stretches is taken, as peaks fill the others; 1.15 makes up for that choice in white noise.
    """
    length = int(np.clip(width_points, 10, max(10, len(signal) // 8)))
    count = len(signal) // length
    blocks = signal[: count * length].reshape(count, length)
    curves = np.linalg.qr(np.vander(np.linspace(-1, 1, length), 3))[0]
    rest = blocks - (blocks @ curves) @ curves.T
    return float(1.15 * np.quantile(np.sqrt((rest**2).sum(axis=1) / (length - 3)), 0.2))
