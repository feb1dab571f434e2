"""What any lickometer tells of its bottles, whatever it writes: one shape, and finding the right reader.

Every reader gives a ``Log``: channels by name, each a list of moments with the licks and the contact
time that came with them. A device that counts gives the increments of its counters, a device that
times each lick gives ones, a device that writes bouts gives the licks of each.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from ketaflow.core.errors import IngestError

LICKS, BOUTS, COUNTS = "licks", "bouts", "counts"


@dataclass
class Channel:
    """One bottle's licking.

    ``time_s`` (n,) seconds from the log's beginning, never falling; ``licks`` (n,) licks of that moment;
    ``contact_s`` (n,) their contact time, NaN where the device does not tell; ``kind`` what a row is.
    """

    time_s: np.ndarray
    licks: np.ndarray
    contact_s: np.ndarray
    kind: str


@dataclass
class Log:
    """One file of a lickometer.

    ``start`` is the moment of time 0, None where the file does not tell. ``facts`` holds what speaks
    for or against the device: duration_s, interval_s, gaps, resets, duplicated_rows, broken_rows,
    battery_v. ``aliases`` are other names of channels.
    """

    device: str
    channels: dict[str, Channel]
    start: datetime | None = None
    facts: dict = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)


def lick_channel(onsets_s: np.ndarray, offsets_s: np.ndarray | None = None) -> Channel:
    """A channel of single licks; offsets, where known, are paired with the onset before them."""
    contact = np.full(len(onsets_s), np.nan)
    if offsets_s is not None and len(onsets_s):
        ends = np.searchsorted(offsets_s, onsets_s, side="right")
        limit = np.append(onsets_s[1:], np.inf)
        known = ends < len(offsets_s)
        stops = np.where(known, offsets_s[np.minimum(ends, len(offsets_s) - 1)] if len(offsets_s) else np.nan, np.nan)
        contact = np.where(known & (stops <= limit), stops - onsets_s, np.nan)
    return Channel(onsets_s, np.ones(len(onsets_s)), contact, LICKS)


def increments(counter: np.ndarray) -> tuple[np.ndarray, int]:
    """Steps of a counter that only rises, and how often it was reset; after a reset it counts from zero."""
    steps = np.diff(counter, prepend=counter[:1])
    fell = steps < 0
    return np.where(fell, counter, steps), int(fell.sum())


def gaps(time_s: np.ndarray, longer_than_s: float) -> tuple[float | None, list[list[float]]]:
    """Usual interval of a log that writes at fixed times, and its longer pauses (start, stop); None if it does not."""
    steps = np.diff(time_s)
    if len(steps) < 10:
        return None, []
    usual = float(np.median(steps))
    if usual <= 0 or np.mean(np.abs(steps - usual) <= 0.5 * usual + 1) < 0.6:
        return None, []
    long = np.flatnonzero(steps > max(longer_than_s, 3 * usual))
    return usual, [[float(time_s[index]), float(time_s[index + 1])] for index in long]


def channel_name(log: Log, channel: str | None, file: str) -> str:
    """Which channel of the log a table's ``channel`` means; raises IngestError rather than guess."""
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
    """The part of a channel from ``start_s`` up to and including ``stop_s``.

    A count written at ``start_s`` tells of licks before it and is left out, so that two bottles that
    follow each other share none.
    """
    first = np.searchsorted(channel.time_s, start_s, side="right" if channel.kind == COUNTS else "left")
    last = np.searchsorted(channel.time_s, stop_s, side="right")
    inside = slice(first, last)
    return Channel(channel.time_s[inside], channel.licks[inside], channel.contact_s[inside], channel.kind)


def number(text: str) -> float | None:
    """A number with decimal point or comma; None if it is none."""
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return float(text.replace(",", ".")) if text.count(",") == 1 else None
    except ValueError:
        return None


def moment(text: str, *forms: str) -> datetime | None:
    """A date and time written in one of the forms (strptime); None if in none."""
    for form in forms:
        try:
            return datetime.strptime(text.strip(), form)
        except ValueError:
            continue
    return None


def rising(time_s: np.ndarray, file: str) -> np.ndarray:
    """The times, once they are sure never to fall."""
    back = np.flatnonzero(np.diff(time_s) < 0)
    if len(back):
        before, after = time_s[back[0]], time_s[back[0] + 1]
        raise IngestError(
            f"{file}: time goes back from {before:g} to {after:g} s at lick {back[0] + 2}; expected rising times. "
            "Keep one session to a file, in the order it was recorded."
        )
    return time_s


def seconds_since(start: datetime, at: datetime) -> float:
    """Seconds from one moment to another."""
    return (at - start) / timedelta(seconds=1)
