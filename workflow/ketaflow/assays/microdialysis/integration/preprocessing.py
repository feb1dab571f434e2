"""The outline of a trace: smoothed versions of it, the width of its peaks, and its noise."""

from dataclasses import dataclass, replace

import numpy as np

from ketaflow.assays.microdialysis.integration import constants
from ketaflow.assays.microdialysis.integration.extrema import parabola, smoothed, typical_width


@dataclass(frozen=True)
class Outline:
    """A trace with what is needed to search it.

    Attributes
    ----------
    signal, smooth, light : (n_points,) float
        The trace as recorded, smoothed, and lightly smoothed (for valleys).
    width : float
        Width of its peaks at half height (samples).
    noise, ripple : float
        Standard deviation of the noise; the same, or slower fluctuation where that is larger.
    drift : (n_points,) float or 0
        The drift that was subtracted from the three traces.
    """

    signal: np.ndarray
    smooth: np.ndarray
    light: np.ndarray
    width: float
    noise: float
    ripple: float
    drift: np.ndarray | float = 0.0

    def less(self, drift: np.ndarray) -> "Outline":
        """Subtract a slow drift.

        Parameters
        ----------
        drift : (n_points,) float
            In the unit of the signal.

        Returns
        -------
        Outline
        """
        return replace(
            self, signal=self.signal - drift, smooth=self.smooth - drift, light=self.light - drift, drift=drift
        )

    def thinned(self, factor: int) -> "Outline":
        """Average groups of samples.

        Parameters
        ----------
        factor : int
            Samples per mean; an incomplete last group is left out.

        Returns
        -------
        Outline
            With the noise of the means.
        """
        signal, smooth, light = (
            one[: len(one) // factor * factor].reshape(-1, factor).mean(axis=1)
            for one in (self.signal, self.smooth, self.light)
        )
        return _described(signal, smooth, light, self.width / factor)


def outlined(signal: np.ndarray, width_points: float = 0.0) -> Outline:
    """Make the outline of a trace.

    Parameters
    ----------
    signal : (n_points,) float
        The trace.
    width_points : float
        Width of its peaks at half height (samples); 0 estimates it.

    Returns
    -------
    Outline
    """
    width = width_points or typical_width(signal)
    smooth = smoothed(signal, max(constants.SMOOTHING_WIDTHS * width, 0.5))
    light = smoothed(signal, max(constants.LIGHT_SMOOTHING_WIDTHS * width, 0.5))
    return _described(signal, smooth, light, width)


def _described(signal: np.ndarray, smooth: np.ndarray, light: np.ndarray, width: float) -> Outline:
    noise = noise_sd(signal, width)
    return Outline(signal, smooth, light, width, noise, max(noise, ripple_sd(signal, width)))


def noise_sd(signal: np.ndarray, width_points: float) -> float:
    """Estimate the noise of a trace.

    Parameters
    ----------
    signal : (n_points,) float
        The trace.
    width_points : float
        Width of a peak (samples).

    Returns
    -------
    float
        Standard deviation about a parabola within stretches of one width: the lower fifth of all stretches, as peaks
        fill the others. A factor of 1.15 corrects for that choice in white noise.
    """
    return 1.15 * _rest_sd(signal, width_points, 0.2)


def ripple_sd(signal: np.ndarray, width_points: float) -> float:
    """Estimate the ripple of a trace, such as that of a pump or lamp.

    Parameters
    ----------
    signal : (n_points,) float
        The trace.
    width_points : float
        Width of a peak (samples).

    Returns
    -------
    float
        Standard deviation about a parabola within stretches of three widths: the quietest twentieth of all stretches.
    """
    return _rest_sd(signal, constants.RIPPLE_WIDTHS * width_points, 0.05)


def _rest_sd(signal: np.ndarray, length_points: float, share: float) -> float:
    """Standard deviation about a parabola within overlapping stretches of a length: the given quantile of all."""
    length = int(np.clip(length_points, 10, max(10, len(signal) // 8)))
    blocks = np.lib.stride_tricks.sliding_window_view(signal, length)[:: max(1, length // 3)]
    curves = parabola(length)
    rest = blocks - (blocks @ curves) @ curves.T
    return float(np.quantile(np.sqrt((rest**2).sum(axis=1) / (length - 3)), share))
