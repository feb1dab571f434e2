"""Unit of lick times: from the settings, the heading, or the rhythm of licking.

In: lick times of one channel as the file gives them. Out: seconds per unit.
"""

import re
from typing import Literal

import numpy as np
from scipy.special import bdtrc

from ketaflow.assays.sucrose_preference import constants
from ketaflow.core.errors import IngestError
from ketaflow.core.tables import quoted

# Units by the words that headings use for them. A lone "s" counts in brackets and after an underscore: "Licks S" may be
# the sucrose bottle.
UNIT_WORDS = {
    "us": 1e-6, "micros": 1e-6, "microseconds": 1e-6,
    "ms": 1e-3, "msec": 1e-3, "millis": 1e-3, "millisecond": 1e-3, "milliseconds": 1e-3,
    "sec": 1.0, "secs": 1.0, "second": 1.0, "seconds": 1.0,
    "min": 60.0, "mins": 60.0, "minutes": 60.0,
}  # fmt: skip
LONE_SECOND = re.compile(r"(?:[\[(_]|\bin )s[\])]?$")
SETTINGS = {"s": 1.0, "ms": 1e-3}


def heading_unit_s(heading: str) -> float | None:
    """Seconds per unit that a heading names; None if it names none."""
    plain = heading.strip()
    if LONE_SECOND.search(plain):
        return 1.0
    words = re.findall(r"[a-zµ]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", plain).lower())
    return next((UNIT_WORDS[word] for word in reversed(words) if word in UNIT_WORDS), None)


def rhythm_unit_s(times: np.ndarray) -> float | None:
    """Seconds per unit in which the intervals between licks are those of licking.

    Parameters
    ----------
    times : (n_licks,) float
        Lick times, rising.

    Returns
    -------
    float or None
        1 (s), 0.001 (ms) or 0.000001 (us); None for fewer than six licks, and where no unit or several fit.

    Notes
    -----
    Rats and mice lick 6 to 8 times a second within trains, and most licks belong to trains: in 17 public channels the
    lower quartile of the intervals is 0.07 to 0.21 s. It has to lie between 0.05 and 0.5 s. The median does not serve,
    because a bottle that is licked rarely has median intervals of minutes, which look like milliseconds. Units shorter
    than a second also need trains: more intervals within a factor of two of the quartile than licks at random times
    have (binomial test).
    """
    if len(times) < constants.UNIT_MIN_LICKS:
        return None
    intervals = np.diff(times)
    quartile = float(np.quantile(intervals, constants.RHYTHM_QUANTILE))
    low_s, high_s = constants.RHYTHM_INTERVAL_S
    units_s = (1.0, 1e-3, 1e-6) if _are_trains(intervals, quartile) else (1.0,)
    return next((unit_s for unit_s in units_s if low_s <= quartile * unit_s <= high_s), None)


def _are_trains(intervals: np.ndarray, quartile: float) -> bool:
    """Whether more intervals are alike than those of licks at random times, which are distributed exponentially."""
    factor, mean_per_quartile = constants.TRAIN_FACTOR, -np.log1p(-constants.RHYTHM_QUANTILE)
    by_chance = np.exp(-mean_per_quartile / factor) - np.exp(-mean_per_quartile * factor)
    alike = int(((intervals >= quartile / factor) & (intervals <= quartile * factor)).sum())
    return bool(bdtrc(alike - 1, len(intervals), by_chance) < constants.TRAIN_PROBABILITY)


def seconds_per_unit(times: np.ndarray, heading: str, setting: Literal["auto", "s", "ms"]) -> float:
    """Seconds in a unit of lick times.

    Parameters
    ----------
    times : (n_licks,) float
        Lick times of one channel, rising.
    heading : str
        Heading of its column.
    setting : {"auto", "s", "ms"}
        Setting ``sucrose_preference.ingest.lick_time_unit``.

    Returns
    -------
    float
        Seconds per unit.

    Raises
    ------
    IngestError
        If neither heading nor rhythm gives the unit, or if the heading's is impossible. The message names no file.
    """
    if setting != "auto":
        return SETTINGS[setting]
    named = heading_unit_s(heading)
    if named is not None:
        _refuse_impossible(times * named, heading)
        return named
    found = rhythm_unit_s(times)
    if found is not None:
        return found
    fraction = bool((times % 1).any())
    if not len(times) or (fraction and (np.diff(times) < constants.SECONDS_BELOW).all()):
        return 1.0
    raise IngestError(
        f"the unit of {len(times)} lick times cannot be told from their rhythm, and the heading does not name it. "
        "Write (s) or (ms) into the heading, or set sucrose_preference.ingest.lick_time_unit to s or ms."
    )


def _refuse_impossible(times_s: np.ndarray, heading: str) -> None:
    """Refuse times that follow each other faster than any animal licks, in the unit of the heading."""
    if len(times_s) < constants.UNIT_MIN_LICKS:
        return
    interval_s = float(np.quantile(np.diff(times_s), constants.RHYTHM_QUANTILE))
    if 0 < interval_s < constants.SHORTEST_INTERVAL_S:
        raise IngestError(
            f"in the unit of the heading {quoted(heading)}, a quarter of the licks follow each other within "
            f"{1000 * interval_s:.2g} ms, faster than any animal licks. Correct the unit in the heading."
        )
