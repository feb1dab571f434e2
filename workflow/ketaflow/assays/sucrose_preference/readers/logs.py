"""The common form of all lickometer logs, and what the readers share.

Every reader returns a ``Log``: channels by name, each with the time, the licks and the contact time of its rows. A
device that counts gives the increments of its counters, one that times each lick gives ones, one that records bouts
gives the licks of each bout. So later stages need not know which device it was.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from ketaflow.assays.sucrose_preference import constants
from ketaflow.assays.sucrose_preference.model import IngestSettings, LogQuality, RowKind, Span
from ketaflow.core.errors import IngestError


@dataclass(frozen=True)
class LogFile:
    """Text of a log, and what its readers may need beside it.

    Attributes
    ----------
    text : str
        Content of the file.
    name : str
        Name of the file, for messages.
    subject : str or None
        The animal, which selects its session in a file that holds several.
    settings : IngestSettings
        Unit of lick times, and length from which a pause is a gap.
    """

    text: str
    name: str
    subject: str | None
    settings: IngestSettings


@dataclass(frozen=True)
class Channel:
    """Licks at one bottle.

    Attributes
    ----------
    time_s : (n_rows,) float
        Time of each row (s) from the start of the log, never falling.
    licks : (n_rows,) float
        Licks of each row.
    contact_s : (n_rows,) float
        Contact time of each row (s); NaN where the device does not record it.
    kind : {"licks", "bouts", "counts"}
        What one row stands for.
    """

    time_s: np.ndarray
    licks: np.ndarray
    contact_s: np.ndarray
    kind: RowKind


@dataclass(frozen=True)
class Log:
    """One file of a lickometer.

    Attributes
    ----------
    device : str
        Name of the device or format.
    channels : dict of str to Channel
        By the name that the file gives them.
    start : datetime or None
        Date and time of time 0, where the file gives it.
    duration_s : float or None
        Length of the log (s), where the file gives it.
    quality : LogQuality
        Properties that speak for or against the device.
    aliases : dict of str to str
        Further names of channels.
    clock_of_day_s : float or None
        Seconds since midnight of time 0, where the file gives the time of day without a date.
    solution_side : str
        Side of the solution as entered in the device; empty where it has no such entry.
    solution_side_turns_s : tuple of float
        Times at which that side changes within the file (s).
    """

    device: str
    channels: dict[str, Channel]
    start: datetime | None = None
    duration_s: float | None = None
    quality: LogQuality = field(default_factory=LogQuality)
    aliases: dict[str, str] = field(default_factory=dict)
    clock_of_day_s: float | None = None
    solution_side: str = ""
    solution_side_turns_s: tuple[float, ...] = ()


def lick_channel(onsets_s: np.ndarray, offsets_s: np.ndarray | None = None) -> Channel:
    """Make a channel of single licks.

    Parameters
    ----------
    onsets_s : (n_licks,) float
        Onsets (s), rising.
    offsets_s : (n_offsets,) float, optional
        Ends of licks (s), rising. An offset belongs to the onset before it.

    Returns
    -------
    Channel
        Contact is NaN for a lick without an offset before the next onset.
    """
    contact = np.full(len(onsets_s), np.nan)
    if offsets_s is not None and len(offsets_s) and len(onsets_s):
        ends = np.searchsorted(offsets_s, onsets_s, side="right")
        limit = np.append(onsets_s[1:], np.inf)
        known = ends < len(offsets_s)
        stops = np.where(known, offsets_s[np.minimum(ends, len(offsets_s) - 1)], np.nan)
        contact = np.where(known & (stops <= limit), stops - onsets_s, np.nan)
    return Channel(onsets_s, np.ones(len(onsets_s)), contact, "licks")


def increments(counter: np.ndarray) -> tuple[np.ndarray, int]:
    """Steps of a counter that only rises.

    Parameters
    ----------
    counter : (n_rows,) float
        Cumulative counts.

    Returns
    -------
    steps : (n_rows,) float
        Counts since the row before; the first is 0. After a reset the counter starts from zero.
    resets : int
        How often the counter fell.
    """
    steps = np.diff(counter, prepend=counter[:1])
    fell = steps < 0
    return np.where(fell, counter, steps), int(fell.sum())


def regular_interval_and_gaps(time_s: np.ndarray, quiet_gap_s: float) -> tuple[float | None, tuple[Span, ...]]:
    """Interval of a log that is written at fixed times, and its longer pauses.

    Parameters
    ----------
    time_s : (n_rows,) float
        Times of the rows (s).
    quiet_gap_s : float
        A longer pause is a gap (s).

    Returns
    -------
    interval_s : float or None
        Median interval (s); None if the log is not written at fixed times.
    gaps : tuple of Span
        Pauses in which the device did not record.
    """
    steps = np.diff(time_s)
    if len(steps) < constants.REGULAR_MIN_INTERVALS:
        return None, ()
    usual = float(np.median(steps))
    tolerance = constants.REGULAR_TOLERANCE * usual + constants.REGULAR_TOLERANCE_S
    if usual <= 0 or np.mean(np.abs(steps - usual) <= tolerance) < constants.REGULAR_SHARE:
        return None, ()
    long = np.flatnonzero(steps > max(quiet_gap_s, constants.GAP_INTERVALS * usual))
    return usual, tuple(Span(float(time_s[index]), float(time_s[index + 1])) for index in long)


def channel_name(log: Log, channel: str | None, file: str) -> str:
    """Name of the channel that an entry in the column ``channel`` means.

    Parameters
    ----------
    log : Log
        The log.
    channel : str or None
        Entry of the table.
    file : str
        Name of the file, for messages.

    Returns
    -------
    str
        A key of ``log.channels``.

    Raises
    ------
    IngestError
        If no channel, or more than one, may be meant.
    """
    names = list(log.channels)
    if len(names) == 1 and (channel is None or names[0] == "" or channel.lower() in ("left", "right")):
        return names[0]
    known = ", ".join(names)
    if channel is None:
        raise IngestError(f"{file}: this {log.device} log has the channels {known}. Enter one in the column channel.")
    key = channel.strip().lower()
    if key in log.channels:
        return key
    if key in log.aliases:
        return log.aliases[key]
    if key in ("left", "right") and {"l", "r"} <= set(names):
        return key[0]
    raise IngestError(
        f"{file}: there is no channel '{channel}'; this {log.device} log has {known}. Correct the column channel."
    )


def cut(channel: Channel, start_s: float, stop_s: float) -> Channel:
    """Cut a channel to a stretch of time.

    Parameters
    ----------
    channel : Channel
        Licks at one bottle.
    start_s, stop_s : float
        The stretch (s from the start of the log), its end included.

    Returns
    -------
    Channel
        Its rows in the stretch; times count from ``start_s``.

    Notes
    -----
    A count written exactly at ``start_s`` belongs to the time before it, so two bottles that follow each other share
    no lick.
    """
    first = np.searchsorted(channel.time_s, start_s, side="right" if channel.kind == "counts" else "left")
    last = np.searchsorted(channel.time_s, stop_s, side="right")
    inside = slice(first, last)
    return Channel(channel.time_s[inside] - start_s, channel.licks[inside], channel.contact_s[inside], channel.kind)


def number(text: str) -> float | None:
    """A number with decimal point or comma; None if the text is not a number."""
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return float(text.replace(",", ".")) if text.count(",") == 1 else None
    except ValueError:
        return None


def moment(text: str, *forms: str) -> datetime | None:
    """Date and time in the first of the ``strptime`` forms that fits; None if none does."""
    for form in forms:
        try:
            return datetime.strptime(text.strip(), form)
        except ValueError:
            continue
    return None


def rising(time_s: np.ndarray, file: str) -> np.ndarray:
    """Return lick times unchanged if they never fall.

    Parameters
    ----------
    time_s : (n_licks,) float
        Lick times (s).
    file : str
        Name of the file, for messages.

    Returns
    -------
    (n_licks,) float
        The same times.

    Raises
    ------
    IngestError
        If a time is earlier than the one before.
    """
    back = np.flatnonzero(np.diff(time_s) < 0)
    if len(back):
        before, after = time_s[back[0]], time_s[back[0] + 1]
        raise IngestError(
            f"{file}: time goes back from {before:g} to {after:g} s at lick {back[0] + 2}; expected rising times. "
            "Keep one session to a file, in the order it was recorded."
        )
    return time_s


def without_padding(values: Sequence[float]) -> np.ndarray:
    """Remove zeros from lick times.

    Parameters
    ----------
    values : sequence of float
        Lick times; arrays of fixed length are padded with zeros, and a first time of zero is not a lick either.

    Returns
    -------
    (n_licks,) float
        Times other than 0.
    """
    times = np.array(values, dtype=float)
    return times[times != 0]


def lines_of(text: str) -> list[str]:
    """Non-empty lines, stripped, for any line ending."""
    return [line.strip() for line in re.split(r"[\r\n]+", text) if line.strip()]


def seconds_since(start: datetime, at: datetime) -> float:
    """Seconds from one moment to another."""
    return (at - start) / timedelta(seconds=1)
