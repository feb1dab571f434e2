"""Errors that users read: which file, row and column, what was found, what to do."""

from collections import defaultdict
from dataclasses import dataclass, replace


class IngestError(Exception):
    """One recording cannot be read. It is marked failed with this text; the other recordings are measured."""


class PlanError(Exception):
    """The statistics plan cannot be carried out. The text names the entry and says what to do."""


# How many examples of one fault a message quotes.
MOST_EXAMPLES = 3


@dataclass(frozen=True, order=True)
class Problem:
    """One fault in a table or in the settings: where it is, what was found, and how to correct it.

    ``row`` is the row number as a spreadsheet shows it (the header is row 1), 0 for the whole file.
    """

    file: str
    row: int
    column: str
    found: str
    remedy: str

    def __str__(self) -> str:
        return message([self])


class CohortError(Exception):
    """The cohort, its plan or its settings have faults, and nothing was run; one message for each cause."""

    def __init__(self, problems: list[Problem]):
        self.problems = sorted(set(problems))
        alike = defaultdict(list)
        for problem in self.problems:
            alike[replace(problem, row=0, found="")].append(problem)
        count = len(alike)
        lines = "\n".join(f"  {number}. {message(same)}" for number, same in enumerate(alike.values(), start=1))
        super().__init__(f"{count} problem{'s' * (count != 1)} in the cohort; nothing was run:\n{lines}")


def message(alike: list[Problem]) -> str:
    """One sentence for problems of one file and column that have the same remedy.

    Parameters
    ----------
    alike : list of Problem
        In the order of their rows.

    Returns
    -------
    str
        File, rows, column, what was found (three examples at most), and what to do.
    """
    first = alike[0]
    place = first.file
    rows = sorted({problem.row for problem in alike if problem.row})
    if rows:
        place += f", row{'s' * (len(rows) > 1)} {spans(rows)}"
    if first.column:
        place += f", {'entry' if first.file.endswith('.yaml') else 'column'} {first.column}"
    found = list(dict.fromkeys(problem.found for problem in alike))
    more = f" and {len(found) - MOST_EXAMPLES} more" if len(found) > MOST_EXAMPLES else ""
    return f"{place}: {'; '.join(found[:MOST_EXAMPLES])}{more}. {first.remedy}"


def spans(rows: list[int]) -> str:
    """Row numbers with stretches of three or more written as 3-7."""
    parts: list[list[int]] = []
    for row in rows:
        if parts and row == parts[-1][-1] + 1:
            parts[-1].append(row)
        else:
            parts.append([row])
    written = [f"{part[0]}-{part[-1]}" if len(part) > 2 else ", ".join(map(str, part)) for part in parts]
    return ", ".join(written)
