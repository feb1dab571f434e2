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
from ketaflow.assays.sucrose_preference.model import LogQuality, RowKind, Span
from ketaflow.assays.sucrose_preference.readers.cell_files import CellFile
from ketaflow.assays.sucrose_preference.settings import IngestSettings
from ketaflow.core.errors import IngestError
from ketaflow.core.tables import listed, quoted

WORD = re.compile(r"[^\W\d_]+|\d+")


@dataclass(frozen=True)
class LogFile:
    """Cells of a log, and what its readers may need beside them.

    Attributes
    ----------
    cells : CellFile
        Content of the file, or of one of its worksheets.
    subject : str or None
        The animal, which selects its session in a file that holds several.
    settings : IngestSettings
        Unit of lick times, and length from which a pause is a gap.
    """

    cells: CellFile
    subject: str | None
    settings: IngestSettings

    @property
    def name(self) -> str:
        """Name of the file, for messages."""
        return self.cells.name


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
        Meaning of one row.
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
    unusable : dict of str to str
        Columns that may be meant as channels and cannot be read, and why.
    pokes : frozenset of str
        Channels that count nose pokes; they are licks only where the cohort's table says so.
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
    unusable: dict[str, str] = field(default_factory=dict)
    pokes: frozenset[str] = frozenset()
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
    is_usual = np.abs(steps - usual) <= constants.REGULAR_TOLERANCE * usual
    if usual <= 0 or is_usual.mean() < constants.REGULAR_SHARE:
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
    names = [*log.channels, *log.unusable]
    only = names[0] if len(names) == 1 else None
    if channel is None:
        found = only
        fault, remedy = "the channel of the bottle is not given", "Enter one in the column channel."
    else:
        key = channel.strip().lower()
        found = _named(log, key) or (only if only is not None and _may_be_meant(only, key) else None)
        fault, remedy = f"no channel is named {quoted(channel)}", "Correct the column channel."
    if found is None:
        raise IngestError(f"{file}: {fault}; this log ({log.device}) has {_listed(log)}. {remedy}")
    if found in log.unusable:
        raise IngestError(f"{file}: {log.unusable[found]}")
    return found


def _named(log: Log, key: str) -> str | None:
    """The channel that has a name, or the only one whose name has its words; None if none or several do."""
    known = {name: name for name in (*log.channels, *log.unusable)}
    names = {**log.aliases, **known}
    if key in names:
        return names[key]
    alike = {name for alias, name in names.items() if _plain(alias) == _plain(key)}
    if not alike and key in ("left", "right"):
        alike = {key[0]} & set(known)
    if not alike:
        words = set(WORD.findall(key))
        is_side = key in ("left", "right")
        alike = {name for name in known if words and (words <= set(WORD.findall(name)) or (is_side and key in name))}
    return alike.pop() if len(alike) == 1 else None


def _may_be_meant(only: str, key: str) -> bool:
    """Whether the only channel of a log may be meant by an entry that is not its name: one side, if it names no "
    "other."""
    sides = {"left", "right"}
    return not only or (key in sides and not any(side in only for side in sides - {key}))


def _plain(name: str) -> str:
    """Letters and digits of a name."""
    return re.sub(r"[\W_]+", "", name.lower())


def _listed(log: Log) -> str:
    """The channels of a log, for messages."""
    names = [name or "(one column without a heading)" for name in (*log.channels, *log.unusable)]
    return listed([quoted(name)[1:-1] for name in names])


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
        Name of the file, for messages; empty where the caller adds it.

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
            f"{file + ': ' if file else ''}time falls from {before:g} to {after:g} s at lick {back[0] + 2}; lick "
            "times must rise. Save each session in a file of its own, in the order of recording."
        )
    return time_s


def without_padding(values: Sequence[float]) -> np.ndarray:
    """Remove the zeros with which a program pads arrays of fixed length.

    Parameters
    ----------
    values : sequence of float
        Lick times.

    Returns
    -------
    (n_licks,) float
        The times without zeros at either end.
    """
    return np.trim_zeros(np.array(values, dtype=float))


def seconds_since(start: datetime, at: datetime) -> float:
    """Seconds from one moment to another."""
    return (at - start) / timedelta(seconds=1)
