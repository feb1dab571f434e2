"""Dataclasses of the assay: rows of its tables, settings of its stages, and what the stages hand on."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from ketaflow.core.results import Measurement, table

Unit = Literal["", "g", "ml"]
# Meaning of one row of a log: a single lick, a bout of licks, or the change of a counter.
RowKind = Literal["licks", "bouts", "counts"]


@dataclass(frozen=True)
class BottleRow:
    """One row of the cohort table ``sucrose_preference``: one bottle of a recording, or a leak-control bottle."""

    recording: str
    animal: str | None
    session: str
    side: str
    content: str
    concentration_pct: float | None
    start_g: float | None
    end_g: float | None
    start_ml: float | None
    end_ml: float | None
    empty_g: float | None
    start_time: str | None
    end_time: str | None
    log: str | None
    channel: str | None
    weight_g: float | None
    dummy: bool | None
    pokes_are_licks: bool | None


@dataclass(frozen=True)
class AnimalRow:
    """The columns of the cohort table ``animals`` that the assay uses."""

    animal: str
    weight_g: float | None


class Note(NamedTuple):
    """A remark about the readings of a bottle: name of its check, whether it raises a doubt, and its text."""

    check: str
    is_doubt: bool
    text: str


@dataclass(frozen=True)
class Bottle:
    """One bottle with its two readings.

    Attributes
    ----------
    side : str
        ``left`` or ``right``.
    content : str
        ``sucrose``, ``water`` or another solution, in lower case.
    concentration_pct : float or None
        Concentration of the solution (%), where the table gives it.
    start_time : str or None
        When the bottle was given (ISO date and time).
    hours : float or None
        How long it was in place (h); None where the table gives no times.
    unit : str
        Unit of the readings, ``g`` or ``ml``; empty where there is none.
    lost : float or None
        What left the bottle, in ``unit``: start minus end reading, or the amount consumed; None where neither is known.
    ran_empty : bool
        Whether no more than the setting ``empty_up_to_ml`` was left.
    notes : tuple of Note
        What the sheet of the bottle says beside its readings.
    """

    side: str
    content: str
    concentration_pct: float | None
    start_time: str | None
    hours: float | None
    unit: Unit
    lost: float | None
    ran_empty: bool
    notes: tuple[Note, ...] = ()


class Span(NamedTuple):
    """A stretch of time, in seconds from the start of a log."""

    start_s: float
    stop_s: float


@dataclass(frozen=True)
class LogQuality:
    """Properties of a log that speak for or against its device; None where the format does not show them.

    Attributes
    ----------
    interval_s : float or None
        Usual interval between rows (s) of a log that is written at fixed times.
    gaps : tuple of Span
        Longer pauses of such a log.
    counter_resets, broken_rows, duplicated_rows : int or None
        How often a counter fell back, rows that could not be read, rows equal to the one before.
    battery_v : float or None
        Lowest voltage of the battery (V).
    """

    interval_s: float | None = None
    gaps: tuple[Span, ...] = ()
    counter_resets: int | None = None
    broken_rows: int | None = None
    duplicated_rows: int | None = None
    battery_v: float | None = None


@dataclass(frozen=True)
class BottleLicks:
    """Licks at one bottle while it was in place.

    Attributes
    ----------
    side, content : str
        The bottle.
    device : str
        The lickometer.
    kind : {"licks", "bouts", "counts"}
        Meaning of one row.
    time_s : (n_rows,) float
        Time of each row (s) from ``start``, never falling.
    licks : (n_rows,) float
        Licks of each row.
    contact_s : (n_rows,) float
        Contact time of each row (s); NaN where the device does not record it.
    start : str or None
        Date and time of time 0 (ISO); None where neither log nor table gives it.
    duration_s : float or None
        Length of the record (s).
    quality : LogQuality
        Properties of the log, its gaps in seconds from ``start``.
    clock_is_set : bool
        Whether ``start`` is not before the year of the setting ``clock_from_year``; True where it is not known.
    clock_disagrees : bool
        Whether the times of the log and of the bottle do not overlap.
    contradicted_side : str
        Side of the solution according to the log, where the table says the other; else empty.
    """

    side: str
    content: str
    device: str
    kind: RowKind
    time_s: np.ndarray
    licks: np.ndarray
    contact_s: np.ndarray
    start: str | None
    duration_s: float | None
    quality: LogQuality
    clock_is_set: bool
    clock_disagrees: bool
    contradicted_side: str


@dataclass(frozen=True)
class BottleTest:
    """One recording: what an animal drank in one session, and the leak-control bottles of that session.

    Attributes
    ----------
    weight_g : float or None
        Body weight on that day (g), else that of the table of animals.
    bottles : list of Bottle
        The animal's bottles.
    controls : list of Bottle
        Leak-control bottles of the session.
    logs : list of BottleLicks
        One for each bottle with a lickometer log.
    """

    recording: str
    animal: str
    session: str
    weight_g: float | None
    bottles: list[Bottle]
    controls: list[Bottle]
    logs: list[BottleLicks]


@dataclass(frozen=True)
class BottleIntake:
    """One row of ``bottles.csv``: what a weighed bottle lost, and how much of it was drunk.

    Attributes
    ----------
    lost_g, control_g : float
        Loss of the bottle, and loss of a leak-control bottle in the same time (g).
    drunk_g, drunk_ml : float or None
        Intake from the bottle (g, ml); None where ``fault`` says why there is none.
    ran_empty : bool
        Whether the bottle ran empty.
    fault : str
        Why the bottle has no intake; else empty.
    """

    animal: str
    recording: str
    session: str
    side: str
    content: str
    concentration_pct: float | None
    start_time: str | None
    hours: float
    lost_g: float
    control_g: float
    drunk_g: float | None
    drunk_ml: float | None
    ran_empty: bool
    fault: str


@dataclass(frozen=True)
class Intake:
    """The bottles of a recording taken together.

    Attributes
    ----------
    hours : float
        Length of the session (h).
    control_g_per_day : float or None
        Largest loss of a leak-control bottle (g in 24 h); None without controls.
    limit_ml : float
        The most that an animal of this weight can drink in the session (ml).
    total_ml : float or None
        Intake from all bottles (ml); None where one of them has none.
    refusal : str
        Why no intake of the recording is reported; else empty.
    doubts : tuple of str
        What makes the intake doubtful but usable.
    """

    hours: float
    control_g_per_day: float | None
    limit_ml: float
    total_ml: float | None
    refusal: str
    doubts: tuple[str, ...]


@dataclass(frozen=True)
class LickSummary:
    """Licks at one bottle, or at all bottles of one content, in numbers.

    Attributes
    ----------
    side, content : str
        The bottle.
    licks : float
        Number of licks.
    contact_s, mean_contact_s : float or None
        Contact time in all and per lick (s); None where the device does not record it.
    duty_pct : float or None
        Share of the session in contact (%).
    bursts, burst_licks : int or None
        Number of bursts, and licks in them; None where the device records counts alone.
    rate_hz : float or None
        Modal lick rate within bursts (Hz); None without single licks.
    long_licks : int or None
        Contacts too long for a tongue; None without single licks.
    stuck : str
        Why the sensor is not trusted; else empty.
    """

    side: str
    content: str
    licks: float
    contact_s: float | None
    mean_contact_s: float | None
    duty_pct: float | None
    bursts: int | None
    burst_licks: int | None
    rate_hz: float | None
    long_licks: int | None
    stuck: str


@dataclass(frozen=True)
class LickBin:
    """One row of ``bins.csv``: licks and contact at one bottle in one time bin.

    ``dark`` says whether the light was off in the middle of the bin; None where the clock is not known.
    """

    animal: str
    recording: str
    session: str
    side: str
    content: str
    bin_start_min: float
    bin_stop_min: float
    licks: float
    contact_s: float
    dark: bool | None


@dataclass(frozen=True)
class LickBurst:
    """One row of ``bursts.csv``: first and last lick of a burst (s from the start of the log), and its licks."""

    animal: str
    recording: str
    session: str
    side: str
    content: str
    start_s: float
    stop_s: float
    licks: int


@dataclass(frozen=True)
class LightCycle:
    """Hours of the clock at which the light goes on and off (h, 0 to 24)."""

    on_h: float
    off_h: float


@dataclass(frozen=True)
class Measured:
    """What was measured in one recording: tables to publish, and what the checks need besides."""

    intake: Intake
    spouts: list[LickSummary]
    lights: LightCycle
    measurements: list[Measurement] = table()
    bottles: list[BottleIntake] = table()
    bins: list[LickBin] = table()
    bursts: list[LickBurst] = table()
