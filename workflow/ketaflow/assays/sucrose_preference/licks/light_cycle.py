"""Light and dark phases of the animal room, and which moments of a log lie in them.

In: the start of a log and the hours at which the light goes on and off. Out: arrays and spans in seconds from the
start.
"""

from datetime import datetime

import numpy as np

from ketaflow.assays.sucrose_preference import constants
from ketaflow.assays.sucrose_preference.model import BottleLicks, LightCycle, Span


def clock(log: BottleLicks) -> datetime | None:
    """Date and time at which a log starts; None if its clock was never set or disagrees with the bottle's times."""
    if not log.start or not log.clock_is_set or log.clock_disagrees:
        return None
    return datetime.fromisoformat(log.start)


def dark_at(time_s: np.ndarray, start: datetime, lights: LightCycle) -> np.ndarray:
    """Whether the light was off at each moment.

    Parameters
    ----------
    time_s : (n,) float
        Moments (s) from ``start``.
    start : datetime
        Date and time of time 0.
    lights : LightCycle
        Hours at which the light goes on and off.

    Returns
    -------
    (n,) bool
        True in the dark phase. The light is on from ``on_h``, off from ``off_h``.
    """
    hour = (_since_midnight_s(start) + time_s) % constants.DAY_S / constants.HOUR_S
    if lights.on_h <= lights.off_h:
        return (hour < lights.on_h) | (hour >= lights.off_h)
    return (hour >= lights.off_h) & (hour < lights.on_h)


def dark_spans(start: datetime, length_s: float, lights: LightCycle) -> list[Span]:
    """Dark phases of a log.

    Parameters
    ----------
    start : datetime
        Date and time of time 0.
    length_s : float
        Length of the log (s).
    lights : LightCycle
        Hours at which the light goes on and off.

    Returns
    -------
    list of Span
        Dark phases between 0 and ``length_s``, in seconds from ``start``.
    """
    dark_s = (lights.on_h - lights.off_h) % 24 * constants.HOUR_S
    spans, begin = [], lights.off_h * constants.HOUR_S - _since_midnight_s(start) - constants.DAY_S
    while begin < length_s:
        if begin + dark_s > 0:
            spans.append(Span(max(begin, 0.0), min(begin + dark_s, length_s)))
        begin += constants.DAY_S
    return spans


def _since_midnight_s(at: datetime) -> float:
    return at.hour * constants.HOUR_S + at.minute * constants.MINUTE_S + at.second
