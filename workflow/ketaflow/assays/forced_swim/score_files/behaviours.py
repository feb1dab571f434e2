"""The words people use for the behaviours, and bouts of events that carry such words.

In: events with the behaviour as it is written. Out: bouts, and a fault for every word that is not known.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from itertools import groupby

from ketaflow.assays.forced_swim.score_files import constants
from ketaflow.assays.forced_swim.score_files.scored_bouts import (
    IGNORE,
    Bouts,
    Events,
    ScoredBout,
    bouts_of_observation,
)
from ketaflow.core.errors import Problem

BEHAVIOURS = ("immobility", "swimming", "climbing", "diving")
# First letters of the words people use for the behaviours, without accents (Danish: flydende, floating).
BEHAVIOUR_STEMS = {
    "immob": "immobility", "float": "immobility", "flyd": "immobility", "passiv": "immobility", "inmov": "immobility",
    "swim": "swimming", "schwimm": "swimming", "climb": "climbing", "strugg": "climbing", "kletter": "climbing",
    "div": "diving",
    # Marks of a session, and the rest of the time where only two states are scored.
    "start": IGNORE, "end": IGNORE, "stop": IGNORE, "_default": IGNORE, "mobil": IGNORE, "activ": IGNORE,
}  # fmt: skip
UNIT = re.compile(r"[(\[][^)\]]*[)\]]")


def heading(text: str) -> str:
    """Return a heading in lower case, without accents, units in brackets, or underscores; its blanks single.

    A text too long for a heading gives none.
    """
    if len(text) > constants.MAX_HEADING_LENGTH:
        return ""
    letters = unicodedata.normalize("NFKD", UNIT.sub(" ", text).replace("_", " "))
    return " ".join("".join(one for one in letters if not unicodedata.combining(one)).lower().split())


def behaviour_of(word: str, words: Mapping[str, str]) -> str:
    """Return the behaviour a word means, ``ignore``, or an empty text if it is not known."""
    plain = word.strip().lower()
    by_stem = (name for stem, name in BEHAVIOUR_STEMS.items() if plain.startswith(stem))
    return words.get(plain) or next(by_stem, "")


def unknown_word(word: str, count: int, row: int, file: str) -> Problem:
    """Return the fault of a word that stands for no behaviour."""
    what = f"'{word}' ({count} row{'s' * (count != 1)}) is no behaviour known here"
    remedy = f"Add it to forced_swim_human_words: word, behaviour ({', '.join(BEHAVIOURS)}, or {IGNORE})"
    return Problem(file, row, "behaviour", what, remedy)


def bouts_of_events(read: Events, words: Mapping[str, str], file: str) -> Bouts:
    """Make the bouts of all scorers of a file.

    Parameters
    ----------
    read : Events
        Events with their words, and the faults found so far.
    words : mapping of str to str
        The lab's own names of behaviours (lower case), and what they mean.
    file : str
        Name of the file, for messages.

    Returns
    -------
    Bouts
        All bouts that can be read, and every fault.
    """
    events = [replace(event, behaviour=behaviour_of(event.word, words)) for event in read.events]
    problems = list(read.problems)
    for word, count in Counter(event.word for event in events if not event.behaviour).items():
        row = next(event.row for event in events if event.word == word)
        problems.append(unknown_word(word, count, row, file))
    known = sorted((event for event in events if event.behaviour), key=lambda event: event.scorer)
    found: list[ScoredBout] = []
    for _, own in groupby(known, key=lambda event: event.scorer):
        bouts, faults = bouts_of_observation(list(own), file)
        found += bouts
        problems += faults
    return Bouts(found, sorted(set(problems)))
