"""Reader of event tables: a column of times, and columns that name the spout, the animal or the state of a contact.

In: cells of a table with headings. Out: its common form, one channel per spout. Rows in which a contact ends are no
licks; they give its contact time. Examples: ``sipper_id,timestamp,state`` of touch-sensor firmware,
``side;onset;offset``.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

import numpy as np

from ketaflow.assays.sucrose_preference import constants
from ketaflow.assays.sucrose_preference.model import LogQuality
from ketaflow.assays.sucrose_preference.readers.cell_files import CellFile, CellRow, number
from ketaflow.assays.sucrose_preference.readers.lick_time_unit import UNIT_WORDS, seconds_per_unit
from ketaflow.assays.sucrose_preference.readers.logs import Log, LogFile, lick_channel, rising, seconds_since
from ketaflow.assays.sucrose_preference.readers.plain_lists import OFF_WORDS, ON_WORDS
from ketaflow.core.errors import IngestError
from ketaflow.core.tables import quoted

TIME_WORDS = {
    "time", "times", "timestamp", "timestamps", "datetime", "elapsed", "t", "tiempo", "tiempos", "temps", "zeit",
    "zeiten", "zeitstempel", "tijd", "tempo", *UNIT_WORDS,
}  # fmt: skip
SPOUT_WORDS = {
    "sipper", "spout", "sensor", "channel", "bottle", "side", "port", "tube", "lickometer", "input", "pin", "electrode",
    "pad", "canal", "kanal", "kanaal", "capteur", "sonde", "flasche", "fles", "botella", "bouteille", "bottiglia",
    "sensore",
}  # fmt: skip
ANIMAL_WORDS = {
    "animal",
    "subject",
    "mouse",
    "rat",
    "cage",
    "box",
    "maus",
    "ratte",
    "tier",
    "raton",
    "rata",
    "souris",
    "muis",
}
STATE_WORDS = {"state", "status", "value", "touched", "touch", "contact", "edge", "event", "type", "action", "licking"}
STARTS = {
    "1", "on", "true", "start", "onset", "begin", "press", "pressed", "touch", "touched", "contact", "lick", "licks",
    "lick on", "lickon", "lick start", "down", "high",
}  # fmt: skip
ENDS = {
    "0", "off", "false", "stop", "offset", "end", "release", "released", "lick off", "lickoff", "lick end", "lick stop",
    "up", "low",
}  # fmt: skip


# How the name of an event ends that ends a lick.
END_NAME = re.compile(r"[\W_]*(off|end|stop)$")


@dataclass(frozen=True)
class Layout:
    """Places of the columns of an event table (None where it has none), and the row of headings.

    ``end`` is the column of the ends of contacts, ``is_named`` whether events named as licks are of spouts.
    """

    top: int
    headings: list[str]
    time: int
    end: int | None
    spout: int | None
    state: int | None
    animal: int | None
    is_named: bool = False


def is_event_list(cells: CellFile) -> bool:
    """Whether rows name a time and the spout or the state of a contact."""
    return _layout(cells) is not None


def read_event_list(file: LogFile) -> Log:
    """Read the licks of each spout.

    Parameters
    ----------
    file : LogFile
        Event table with headings.

    Returns
    -------
    Log
        One channel per spout, named as in the table; the heading with the name is an alias (``sipper 0``).

    Raises
    ------
    IngestError
        If a time or a state cannot be read, if times fall, or if none of several animals is the subject.
    """
    layout = _layout(file.cells)
    if layout is None:
        raise IngestError(f"{file.name}: no columns of times and of spouts or states were found.")
    rows = file.cells.rows[layout.top + 1 :]
    whole = [row for row in rows if len(row.cells) == len(layout.headings)]
    own = _of_subject(whole, layout, file)
    times, start = _times(own, layout.time, layout, file)
    spouts = [_label(row.cells[layout.spout]) if layout.spout is not None else "" for row in own]
    states = [_state(row, layout.state, file.name) for row in own]
    if layout.is_named:
        states = ["end" if END_NAME.search(spout) else "start" for spout in spouts]
        spouts = [END_NAME.sub("", spout) for spout in spouts]
    ends = times
    if layout.end is not None:
        ends = _times(own, layout.end, layout, file)[0]
        states = ["both" if state == "start" else state for state in states]
    by_spout = {}
    for spout in dict.fromkeys(spouts):
        here = np.array([one == spout for one in spouts])
        lick = here & np.array([state in ("start", "both") for state in states])
        end = here & np.array([state in ("end", "both") for state in states])
        by_spout[spout] = rising(times[lick], file.name), np.sort(ends[end])
    unit_s = 1.0 if start else _unit_s([onsets for onsets, _ in by_spout.values()], layout, file)
    heading = re.sub(r"[\W_]*id$", "", layout.headings[layout.spout].lower()) if layout.spout is not None else ""
    return Log(
        "event table",
        {name: lick_channel(on * unit_s, off * unit_s if len(off) else None) for name, (on, off) in by_spout.items()},
        start,
        quality=LogQuality(broken_rows=len(rows) - len(whole) + file.cells.damaged_lines),
        aliases={f"{heading} {name}": name for name in by_spout if heading},
    )


def _words(heading: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", heading).lower())


def _layout(cells: CellFile) -> Layout | None:
    """Places of the columns; None if this is no event table."""
    for top, row in enumerate(cells.rows[: constants.MOST_TITLE_ROWS]):
        if len(row.cells) < 2 or any(number(cell) is not None for cell in row.cells):
            continue
        places = {kind: _place(row.cells, words) for kind, words in _KINDS.items()}
        end, state = _place(row.cells, OFF_WORDS), places["state"]
        times = [at for at, name in enumerate(row.cells) if TIME_WORDS & set(_words(name)) and at != end]
        times = times or [at for at, name in enumerate(row.cells) if ON_WORDS & set(_words(name)) and at != end]
        time = times[0] if len(times) == 1 else None
        data = [one.cells for one in cells.rows[top + 1 :] if len(one.cells) == len(row.cells)]
        if time is None or not data or not _is_time(data[0][time]):
            continue
        state = state if state not in (time, end) else None
        spout = places["spout"] if places["spout"] not in (time, end, state) else None
        found = Layout(top, list(row.cells), time, end, spout, state, places["animal"])
        states = {_label(one[state]) for one in data} if state is not None else set()
        if state is not None and not states & (STARTS | ENDS):
            is_named = spout is None and any("lick" in one for one in states)
            found = replace(found, state=None, spout=state if is_named else spout, is_named=is_named)
        names = {one[found.spout] for one in data} if found.spout is not None else set()
        if found.spout is not None and len(names) > constants.MOST_SPOUTS:
            found = replace(found, spout=None)
        return found if found.spout is not None or found.state is not None else None
    return None


_KINDS = {"spout": SPOUT_WORDS, "state": STATE_WORDS, "animal": ANIMAL_WORDS}


def _place(headings: Sequence[str], known: set[str]) -> int | None:
    """Place of the only heading that has one of the words; None where there is none or are several."""
    places = [place for place, heading in enumerate(headings) if known & set(_words(heading))]
    return places[0] if len(places) == 1 else None


@lru_cache(maxsize=1024)
def _label(cell: str) -> str:
    """A name or a state in lower case; whole numbers without a fraction (pandas writes 1.0 for 1)."""
    return re.sub(r"^(-?\d+)[.,]0+$", r"\1", cell.strip().lower())


def _is_time(cell: str) -> bool:
    return number(cell) is not None or _moment(cell) is not None


def _moment(cell: str) -> datetime | None:
    try:
        return datetime.fromisoformat(cell.replace(",", "."))
    except ValueError:
        return None


def _of_subject(rows: list[CellRow], layout: Layout, file: LogFile) -> list[CellRow]:
    """Rows of the subject, if the table names several animals."""
    if layout.animal is None:
        return rows
    named = list(dict.fromkeys(row.cells[layout.animal] for row in rows))
    own = [row for row in rows if file.subject and row.cells[layout.animal].lower() == file.subject.lower()]
    if own or len(named) < 2:
        return own or rows
    raise IngestError(
        f"{file.name}: column {quoted(layout.headings[layout.animal])} names {len(named)} animals, none of them "
        f"{quoted(file.subject or '')}. Name the animal as the log does, or save each animal in a file of its own."
    )


def _times(rows: Sequence[CellRow], place: int, layout: Layout, file: LogFile) -> tuple[np.ndarray, datetime | None]:
    """Time of each row in the unit of the file; seconds from the first where they are dates with times of day."""
    cells = [(row.number, row.cells[place]) for row in rows]
    moments = [_moment(cell) if number(cell) is None else None for _, cell in cells]
    start = next(iter(moments), None)
    values = []
    for (row, cell), at in zip(cells, moments, strict=True):
        value = seconds_since(start, at) if start and at else number(cell)
        if value is None or (start is None) is not (at is None):
            raise IngestError(
                f"{file.name}: row {row}, column {quoted(layout.headings[place])}: {quoted(cell)} is no time. "
                "Save each session in a file of its own."
            )
        values.append(value)
    return np.array(values, dtype=float), start


def _state(row: CellRow, place: int | None, file: str) -> str:
    """Whether a row starts a contact, ends one, or is another event."""
    if place is None:
        return "start"
    state = _label(row.cells[place])
    if not state:
        raise IngestError(
            f"{file}: row {row.number}: the state of the contact is empty. Correct the row, or delete it."
        )
    return "start" if state in STARTS else "end" if state in ENDS else "other"


def _unit_s(onsets: Sequence[np.ndarray], layout: Layout, file: LogFile) -> float:
    """Seconds per unit of the column of times, from the spout with most licks."""
    most = max(onsets, key=len, default=np.empty(0))
    try:
        return seconds_per_unit(most, layout.headings[layout.time], file.settings.lick_time_unit)
    except IngestError as error:
        raise IngestError(f"{file.name}: {error}") from None
