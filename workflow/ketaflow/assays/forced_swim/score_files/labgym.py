"""LabGym's probabilities of all events: the behaviour of every frame, one row for each animal.

In: ``all_event_probability.csv`` (or .xlsx) as LabGym wrote it. Out: bouts in seconds of the video. The first row holds
the times of the frames, every other row the number of an animal and ``['floating', 0.98]`` for each frame; ``NA`` where
the animal was not found.
"""

import re
from itertools import groupby, pairwise

from ketaflow.assays.forced_swim.readers import sheets
from ketaflow.assays.forced_swim.score_files.behaviours import bouts_of_events
from ketaflow.assays.forced_swim.score_files.scored_bouts import Bouts, Event, Events, ReadOptions, ScoreFile
from ketaflow.core.errors import Problem

PROGRAM = "LabGym"
CELL = re.compile(r"^\[\s*'(.*)'\s*,\s*[-+.\deE]+\s*\]$")
NOT_FOUND = "NA"
NAME_END = re.compile(r"[\W_]*all[\W_]event[\W_]probability$", re.IGNORECASE)
EXPORT_AGAIN = "Copy the file from LabGym's results again, unchanged"


def recognises(file: ScoreFile) -> bool:
    """Return whether a file has times in its first row, and behaviours with their probability in the second."""
    rows = [row for _, row in file.sheets[0].numbered()[:2]]
    return len(rows) == 2 and len(rows[0]) > 2 and not rows[0][0] and all(CELL.match(cell) for cell in rows[1][1:3])


def read(file: ScoreFile, options: ReadOptions) -> Bouts:
    """Read the behaviour of every animal of a film.

    Parameters
    ----------
    file : ScoreFile
        The probabilities of all events.
    options : ReadOptions
        The lab's own names of behaviours.

    Returns
    -------
    Bouts
        The observation is the film, which LabGym writes before the name of the file or takes for that of its folder;
        the subject is the number of the animal. A bout lasts from its first frame to the first frame of the next.
    """
    (top, heading), *animals = file.sheets[0].numbered()
    times = [sheets.parse_number(cell) for cell in heading[1:]]
    times_s = [time_s for time_s in times if time_s is not None]
    if len(times_s) < len(times) or any(later < earlier for earlier, later in pairwise(times_s)):
        return Bouts([], [Problem(file.name, top, "", "the times of the frames do not rise", EXPORT_AGAIN)])
    film = NAME_END.sub("", file.path.stem) or file.path.parent.name
    ends_s = [*times_s[1:], times_s[-1] + (times_s[-1] - times_s[0]) / max(len(times_s) - 1, 1)]
    events: list[Event] = []
    problems: list[Problem] = []
    for number, row in animals:
        found = [CELL.match(cell) for cell in row[1:]]
        words = [match.group(1) for match in found if match]
        if len(words) < len(times_s):
            what = f"animal {row[0]} has a behaviour in {len(words)} of {len(times_s)} frames"
            problems.append(Problem(file.name, number, "", what, EXPORT_AGAIN))
            continue
        for word, frames in groupby(range(len(times_s)), key=words.__getitem__):
            own = list(frames)
            if word != NOT_FOUND:
                event = Event(number, film, row[0], PROGRAM, film, word, "STATE", float("nan"),
                              start_s=times_s[own[0]], stop_s=ends_s[own[-1]])  # fmt: skip
                events.append(event)
    return bouts_of_events(Events(events, problems), options.words, file.name)
