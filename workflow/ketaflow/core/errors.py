"""What ketaflow says when it cannot go on, in the words of the lab member who has to act."""

from collections import defaultdict
from dataclasses import dataclass, replace


class IngestError(Exception):
    """One recording cannot be read: it is marked failed with this text, the others go on."""


class PlanError(Exception):
    """The statistics plan cannot be carried out: the text says which entry, and what to do."""


@dataclass(frozen=True, order=True)
class Problem:
    """One fault in a table or in the settings, with the place where to mend it.

    ``row`` is the row number as a spreadsheet shows it (the header is row 1), 0 for the whole file.
    """

    file: str
    row: int
    column: str
    found: str
    remedy: str

    def __str__(self) -> str:
        return self.told([self.row])

    def told(self, rows: list[int]) -> str:
        """The fault as a sentence, where it stands in several rows alike."""
        place = self.file
        if any(rows):
            place += f", row{'s' * (len(rows) > 1)} {', '.join(map(str, rows))}"
        if self.column:
            place += f", column {self.column}"
        return f"{place}: {self.found}. {self.remedy}"


class CohortError(Exception):
    """The cohort or its settings hold faults; nothing was run. Carries all; the same one in many rows is told once."""

    def __init__(self, problems: list[Problem]):
        self.problems = sorted(set(problems))
        alike = defaultdict(list)
        for problem in self.problems:
            alike[replace(problem, row=0)].append(problem.row)
        count = len(alike)
        told = (problem.told(rows) for problem, rows in alike.items())
        lines = "\n".join(f"  {number}. {text}" for number, text in enumerate(told, start=1))
        super().__init__(f"{count} problem{'s' * (count != 1)} in the cohort; nothing was run:\n{lines}")
