"""Loss of a bottle between two readings, the part of it that was not drunk, and the most that can have been.

In: readings of bottles and of leak-control bottles. Out: grams and millilitres. Plain numbers, not arrays: a
study has thousands of recordings with two bottles each.
"""

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from ketaflow.assays.sucrose_preference import constants
from ketaflow.assays.sucrose_preference.settings import QuantifySettings


class ControlLoss(NamedTuple):
    """Loss of one leak-control bottle (g) over its time in place (h)."""

    content: str
    lost_g: float
    hours: float


def density_g_per_ml(content: str, concentration_pct: float) -> float:
    """Density of a solution at 20 degrees Celsius.

    Parameters
    ----------
    content : str
        Sucrose; any other solution is taken to have the density of water.
    concentration_pct : float
        Concentration of sucrose (% by weight).

    Returns
    -------
    float
        Density (g/ml).

    Notes
    -----
    Quadratic fit to the CRC Handbook of Chemistry and Physics; see ``constants``.
    """
    if content != constants.SUCROSE:
        return constants.WATER_G_PER_ML
    linear = constants.SUCROSE_DENSITY_SLOPE * concentration_pct
    return constants.WATER_G_PER_ML + linear + constants.SUCROSE_DENSITY_CURVATURE * concentration_pct**2


def lost_amount(start: float, end: float, unit: str, volume_scale: str) -> float:
    """Loss of a bottle between two readings.

    Parameters
    ----------
    start, end : float
        Readings when the bottle was given and taken away, in ``unit``.
    unit : {"g", "ml"}
        Unit of the readings.
    volume_scale : {"remaining", "removed"}
        Whether a volume is read as what is left or as what is gone. Weights are always of what is left.

    Returns
    -------
    float
        Loss in ``unit``; negative if the bottle gained.
    """
    return end - start if unit == "ml" and volume_scale == "removed" else start - end


def control_loss_g_per_h(controls: Sequence[ControlLoss], content: str, limit_g: float, precision_g: float) -> float:
    """Loss of a bottle from which no animal drank: evaporation, drops and handling.

    Parameters
    ----------
    controls : sequence of ControlLoss
        Leak-control bottles of the session.
    content : str
        Content of the bottle to be corrected. Controls with the same content are preferred.
    limit_g : float
        Controls that lost more than this in 24 h (g) leaked themselves and are left out.
    precision_g : float
        Controls that gained more than this (g) were misread and are left out.

    Returns
    -------
    float
        Median loss of the controls (g/h), at least 0; 0 without controls.
    """
    sound = [
        (one.content, one.lost_g / one.hours)
        for one in controls
        if -precision_g <= one.lost_g <= limit_g * one.hours / 24
    ]
    same = [rate for name, rate in sound if name == content]
    rates = same or [rate for _, rate in sound]
    return max(0.0, median(rates)) if rates else 0.0


def intake_limit_ml(weight_g: float | None, hours: float, settings: QuantifySettings) -> float:
    """The most that an animal can drink in a session.

    Parameters
    ----------
    weight_g : float or None
        Body weight (g). From ``rat_from_g`` the limit for rats applies, else (or unweighed) that for mice.
    hours : float
        Length of the session (h).
    settings : QuantifySettings
        Daily limits of both species.

    Returns
    -------
    float
        Limit (ml): one day's for sessions up to 24 h, because a thirsty animal drinks half a day's fluid within an
        hour; in proportion for longer sessions.
    """
    is_rat = weight_g is not None and weight_g >= settings.rat_from_g
    return (settings.rat_limit_ml if is_rat else settings.mouse_limit_ml) * max(1.0, hours / 24)
