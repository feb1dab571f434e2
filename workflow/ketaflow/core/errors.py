"""What ketaflow says when it cannot go on, in the words of the lab member who has to act."""

from dataclasses import dataclass


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
        place = self.file
        if self.row:
            place += f", row {self.row}"
        if self.column:
            place += f", column {self.column}"
        return f"{place}: {self.found}. {self.remedy}"


class CohortError(Exception):
    """The cohort or its settings hold faults; nothing was run. Carries all of them."""

    def __init__(self, problems: list[Problem]):
        self.problems = sorted(set(problems))
        count = len(self.problems)
        lines = "\n".join(f"  {number}. {problem}" for number, problem in enumerate(self.problems, start=1))
        super().__init__(f"{count} problem{'s' * (count != 1)} in the cohort; nothing was run:\n{lines}")
