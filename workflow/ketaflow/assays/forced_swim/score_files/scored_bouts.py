"""Bouts or totals that a person or a program scored, made of the events of a log.

In: the events of one observation, subject and rater. Out: bouts in seconds of the video, and faults with their rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from ketaflow.assays.forced_swim.readers.sheets import Sheet
from ketaflow.core.errors import Problem

EXPORT_AGAIN = "Correct it in the scoring program and export again"
# What is no behaviour: marks of a session, and the rest of the time where two states are scored.
IGNORE = "ignore"


@dataclass(frozen=True)
class ScoredBout:
    """One bout, or total, that a person or a program scored.

    Attributes
    ----------
    row : int
        Row of the file in which it begins.
    observation, subject, media, rater : str
        As the program names them; empty if it does not.
    behaviour : str
        immobility, swimming, climbing or diving.
    start_s, stop_s : float
        Seconds of the video.
    fps : float
        Frame rate that the program assumed; NaN if it states none.
    total_s, scored_s : float or None
        Where a file holds totals alone: seconds of the behaviour, and of the time they cover (None if not stated);
        ``start_s`` and ``stop_s`` are NaN then.
    sample_s : float or None
        Interval at which the scorer sampled; None for continuous scoring.
    """

    row: int
    observation: str
    subject: str
    media: str
    rater: str
    behaviour: str
    start_s: float
    stop_s: float
    fps: float = float("nan")
    total_s: float | None = None
    scored_s: float | None = None
    sample_s: float | None = None

    def later(self, by_s: float) -> "ScoredBout":
        """Return the bout moved later by some seconds; a total stays as it is."""
        return replace(self, start_s=self.start_s + by_s, stop_s=self.stop_s + by_s)


@dataclass(frozen=True)
class ReadOptions:
    """What a file does not say of itself.

    Attributes
    ----------
    words : mapping of str to str
        The lab's own names of behaviours (lower case), and what they mean.
    frame_rate_hz : float or None
        Frame rate of the video, for files that count frames.
    sample_s : float or None
        Interval at which a person sampled, for sheets that count intervals (seconds).
    starts_at_s : float or None
        Where the file's time 0 lies (seconds of the video); None: at its start, or not known where the file needs it.
    """

    words: Mapping[str, str] = field(default_factory=dict, hash=False)
    frame_rate_hz: float | None = None
    sample_s: float | None = None
    starts_at_s: float | None = None


@dataclass(frozen=True)
class ScoreFile:
    """A file of scores.

    Attributes
    ----------
    path : Path
        The file.
    sheets : tuple of Sheet
        Its cells.
    """

    path: Path
    sheets: tuple[Sheet, ...]

    @property
    def name(self) -> str:
        """Name of the file, for messages."""
        return self.path.name


@dataclass(frozen=True)
class Event:
    """One event of a log.

    Attributes
    ----------
    row : int
        Row of the file.
    observation, subject, rater, media : str
        As the program names them.
    word, behaviour : str
        The behaviour as written, and what it means; the meaning is empty until the word is looked up.
    kind : str
        START, STOP, POINT or STATE in capitals; empty if the program does not say.
    fps : float
        Frame rate that the program assumed; NaN if it states none.
    time_s, start_s, stop_s : float or None
        Seconds of the video: of an event, or of a bout that is written in one row.
    """

    row: int
    observation: str
    subject: str
    rater: str
    media: str
    word: str
    kind: str
    fps: float
    time_s: float | None = None
    start_s: float | None = None
    stop_s: float | None = None
    behaviour: str = ""

    @property
    def onset_s(self) -> float:
        """When the event happened or the bout began (seconds of the video)."""
        onset_s = self.start_s if self.time_s is None else self.time_s
        return float("nan") if onset_s is None else onset_s

    @property
    def scorer(self) -> tuple[str, str, str]:
        """What belongs together: observation, subject and rater."""
        return self.observation, self.subject, self.rater

    def bout(self, start_s: float, stop_s: float) -> ScoredBout:
        """Return the bout that begins with this event."""
        return ScoredBout(
            self.row, self.observation, self.subject, self.media, self.rater, self.behaviour, start_s, stop_s, self.fps
        )


class Events(NamedTuple):
    """Events of a file, and its faults."""

    events: list[Event]
    problems: list[Problem]


class Bouts(NamedTuple):
    """Bouts of a file, and its faults."""

    bouts: list[ScoredBout]
    problems: list[Problem]


def bouts_of_observation(events: list[Event], file: str) -> Bouts:
    """Make the bouts of one scorer in one observation.

    Parameters
    ----------
    events : list of Event
        All events of one observation, subject and rater.
    file : str
        Name of the file, for messages.

    Returns
    -------
    Bouts
        A scorer who saw no immobility has one bout of no length to show it.
    """
    scored = [event for event in events if event.behaviour != IGNORE]
    if scored and all(event.kind == "POINT" for event in scored):
        bouts, problems = Bouts(bouts_from_points(scored), [])
    elif events and events[0].start_s is not None:
        bouts, problems = bouts_from_rows(scored, file)
    else:
        bouts, problems = bouts_from_start_stop(scored, file)
    if not any(bout.behaviour == "immobility" for bout in bouts):
        at_s = events[0].onset_s
        bouts = [*bouts, replace(events[0], behaviour="immobility").bout(at_s, at_s)]
    return Bouts(bouts, problems)


def bouts_from_rows(events: list[Event], file: str) -> Bouts:
    """Make bouts of events that hold start and stop in one row; a point among them is a mark and is left out.

    Parameters
    ----------
    events : list of Event
        Of one observation.
    file : str
        Name of the file, for messages.

    Returns
    -------
    Bouts
    """
    found, problems = [], []
    for event in events:
        if event.kind == "POINT" or event.start_s is None or event.stop_s is None:
            continue
        if event.stop_s < event.start_s:
            what = f"the bout stops at {event.stop_s:g} s, before it starts at {event.start_s:g} s"
            problems.append(Problem(file, event.row, "stop", what, EXPORT_AGAIN))
        else:
            found.append(event.bout(event.start_s, event.stop_s))
    return Bouts(found, problems)


def bouts_from_start_stop(events: list[Event], file: str) -> Bouts:
    """Match each START with the following STOP of its behaviour; without a column of START and STOP they alternate.

    Parameters
    ----------
    events : list of Event
        Of one observation.
    file : str
        Name of the file, for messages.

    Returns
    -------
    Bouts
    """
    found: list[ScoredBout] = []
    problems: list[Problem] = []
    began: dict[str, Event] = {}
    for event in sorted(events, key=lambda event: event.onset_s):
        word, at_s = event.word, f"{event.onset_s:g} s"
        starts = event.kind == "START" if event.kind in ("START", "STOP") else word not in began
        if event.kind == "POINT":
            continue
        if starts and word in began:
            what = f"a second START of {word} at {at_s}, before the one at {began[word].onset_s:g} s has its STOP"
            problems.append(Problem(file, event.row, "time", what, EXPORT_AGAIN))
        elif starts:
            began[word] = event
        elif word not in began:
            what = f"a STOP of {word} at {at_s} without a START before it"
            problems.append(Problem(file, event.row, "time", what, EXPORT_AGAIN))
        else:
            start = began.pop(word)
            found.append(start.bout(start.onset_s, event.onset_s))
    for word, event in began.items():
        what = f"{word} starts at {event.onset_s:g} s and never stops"
        problems.append(Problem(file, event.row, "time", what, EXPORT_AGAIN))
    return Bouts(found, problems)


def bouts_from_points(events: list[Event]) -> list[ScoredBout]:
    """Make bouts of points: each lasts until the next, the last as long as the one before it.

    Parameters
    ----------
    events : list of Event
        Of one observation.

    Returns
    -------
    list of ScoredBout
    """
    events = sorted(events, key=lambda event: event.onset_s)
    times_s = [event.onset_s for event in events]
    last_s = times_s[-1] + (times_s[-1] - times_s[-2] if len(times_s) > 1 else 0)
    return [
        event.bout(start_s, stop_s)
        for event, start_s, stop_s in zip(events, times_s, [*times_s[1:], last_s], strict=True)
    ]
