"""A trace as it is searched: as recorded, smoothed, smoothed lightly; how wide its peaks are, how much noise it has."""

from dataclasses import dataclass, replace

import numpy as np

from ketaflow.assays.microdialysis.integration.extrema import parabola, smoothed, typical_width

# The trace is smoothed by so many widths of its peaks.
SMOOTHING_WIDTHS = 0.1
# Where a valley is, and how low, is read from a trace smoothed less: more would fill and shift a narrow one.
LIGHT_WIDTHS = 0.04
# Ripple is seen over so many widths.
RIPPLE_WIDTHS = 3.0


@dataclass(frozen=True)
class Outline:
    """``signal``, ``smooth``, ``light`` (n,) of one trace, the ``width`` of its peaks (samples) and its ``noise``.

    ``ripple`` is the noise, or what of it is slower, where that is more. ``drift`` has been taken off all three.
    """

    signal: np.ndarray
    smooth: np.ndarray
    light: np.ndarray
    width: float
    noise: float
    ripple: float
    drift: np.ndarray | float = 0.0

    def less(self, drift: np.ndarray) -> "Outline":
        """The same trace without a slow drift (n,)."""
        return replace(
            self, signal=self.signal - drift, smooth=self.smooth - drift, light=self.light - drift, drift=drift
        )

    def thinned(self, factor: int) -> "Outline":
        """The trace in means of ``factor`` samples, with the noise these have; an incomplete last one is left out."""
        signal, smooth, light = (
            one[: len(one) // factor * factor].reshape(-1, factor).mean(axis=1)
            for one in (self.signal, self.smooth, self.light)
        )
        return _described(signal, smooth, light, self.width / factor)


def outlined(signal: np.ndarray, width_points: float = 0.0) -> Outline:
    """The outline of a trace; the width of its peaks at half height is taken from it where none is given."""
    width = width_points or typical_width(signal)
    smooth = smoothed(signal, max(SMOOTHING_WIDTHS * width, 0.5))
    light = smoothed(signal, max(LIGHT_WIDTHS * width, 0.5))
    return _described(signal, smooth, light, width)


def _described(signal: np.ndarray, smooth: np.ndarray, light: np.ndarray, width: float) -> Outline:
    noise = noise_sd(signal, width)
    return Outline(signal, smooth, light, width, noise, max(noise, ripple_sd(signal, width)))


def noise_sd(signal: np.ndarray, width_points: float) -> float:
    """Noise of a trace: the standard deviation about a parabola, in its quieter stretches of one peak width.

    The lower fifth of all stretches is taken, as peaks fill the others; 1.15 makes up for that choice in white noise.
    """
    return 1.15 * _rest_sd(signal, width_points, 0.2)


def ripple_sd(signal: np.ndarray, width_points: float) -> float:
    """The same over three peak widths, in the quietest twentieth: the ripple of pump and lamp is seen there, too."""
    return _rest_sd(signal, RIPPLE_WIDTHS * width_points, 0.05)


def _rest_sd(signal: np.ndarray, length_points: float, share: float) -> float:
    """Standard deviation about a parabola within overlapping stretches of a length: the given quantile of all."""
    length = int(np.clip(length_points, 10, max(10, len(signal) // 8)))
    blocks = np.lib.stride_tricks.sliding_window_view(signal, length)[:: max(1, length // 3)]
    curves = parabola(length)
    rest = blocks - (blocks @ curves) @ curves.T
    return float(np.quantile(np.sqrt((rest**2).sum(axis=1) / (length - 3)), share))
