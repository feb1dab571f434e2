"""What is known of a bottle's loss before it is computed: readings, or an amount consumed."""

from dataclasses import dataclass

from ketaflow.assays.sucrose_preference.model import Note, Unit


@dataclass(frozen=True)
class Readings:
    """What is known of a bottle's loss: two readings, or what was consumed; None where a cell is empty.

    Attributes
    ----------
    start, end : float or None
        First and last reading, in ``unit``.
    consumed : float or None
        Amount that left the bottle, where the sheet gives it or the cage weighed it instead, in ``unit``.
    unit : {"", "g", "ml"}
        Unit of the readings.
    hours : float or None
        How long the amounts were recorded (h), where a log of the cage says so.
    notes : tuple of Note
        What the sheet says beside the readings, and how they were understood.
    """

    start: float | None = None
    end: float | None = None
    consumed: float | None = None
    unit: Unit = ""
    hours: float | None = None
    notes: tuple[Note, ...] = ()

    @property
    def is_read(self) -> bool:
        """Whether there is any reading."""
        return any(value is not None for value in (self.start, self.end, self.consumed))
