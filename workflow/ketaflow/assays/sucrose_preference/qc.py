"""Check one recording of bottles or licks, and draw what its reviewer judges.

In: the recording and what was measured in it. Out: checks with their limits, and charts: what left each bottle, and
licks over time with the dark phase behind them.
"""

from collections.abc import Sequence
from functools import partial

from ketaflow.assays.sucrose_preference import figures
from ketaflow.assays.sucrose_preference.model import (
    Bottle,
    BottleIntake,
    BottleLicks,
    BottleTest,
    Intake,
    LickSummary,
    Measured,
)
from ketaflow.assays.sucrose_preference.settings import QcSettings
from ketaflow.core.results import Check, Checked, Measurement, check, within


def qc(test: BottleTest, measured: Measured, settings: QcSettings) -> Checked:
    """Check one recording.

    Parameters
    ----------
    test : BottleTest
        The recording.
    measured : Measured
        What was measured in it.
    settings : QcSettings
        Settings ``sucrose_preference.qc``.

    Returns
    -------
    Checked
        Checks, and the figures of the recording.
    """
    own = partial(check, recording=test.recording, animal=test.animal)
    return Checked(
        checks=[
            *_bottle_checks(own, measured.bottles, measured.intake),
            *_note_checks(own, [*test.bottles, *test.controls]),
            *_intake_checks(own, measured, settings),
            *_side_check(own, measured.measurements, settings),
            *_sensor_checks(own, measured.spouts, settings),
            *_log_checks(own, test.logs, settings),
            *_lick_volume_checks(own, measured, settings),
        ],
        figures={test.recording: figures.review_figures(test, measured)},
    )


def _place(one: Bottle | BottleIntake | LickSummary) -> str:
    return f"{one.content}, {one.side}"


def _bottle_checks(own: partial[Check], bottles: Sequence[BottleIntake], intake: Intake) -> list[Check]:
    """Bottles that gained weight or ran empty."""
    rows = [
        own(
            "negative_intake",
            one.lost_g,
            message=one.fault or "loss of the bottle; a negative loss means a wrong reading or a refill",
            verdict="fail" if one.fault else "pass",
            unit="g",
            place=_place(one),
            low=0.0,
        )
        for one in bottles
    ]
    message = "the bottle ran empty: its intake is a lower bound"
    verdict = "fail" if intake.refusal else "warn"
    return rows + [
        own("bottle_emptied", one.drunk_ml, message=message, verdict=verdict, unit="ml", place=_place(one))
        for one in bottles
        if one.ran_empty
    ]


def _note_checks(own: partial[Check], bottles: Sequence[Bottle]) -> list[Check]:
    """What the sheet of a bottle says beside its readings, and how these were understood."""
    return [
        own(note.check, None, message=note.text, verdict="warn" if note.is_doubt else "pass", place=_place(one))
        for one in bottles
        for note in one.notes
    ]


def _intake_checks(own: partial[Check], measured: Measured, settings: QcSettings) -> list[Check]:
    """Intake too large or too small to be true, and the loss of the leak-control bottles."""
    intake, rows = measured.intake, []
    if not measured.bottles:
        return []
    if intake.total_ml is not None:
        message = "fluid that left both bottles; more than an animal of this size can drink means a leak"
        verdict = within(intake.total_ml, None, intake.limit_ml, "fail")
        rows.append(
            own("leak_volume", intake.total_ml, message=message, verdict=verdict, unit="ml", high=intake.limit_ml)
        )
        low = settings.low_intake_ml * intake.hours / 24
        message = "fluid that left both bottles; less means a blocked spout or an animal that did not drink"
        verdict = within(intake.total_ml, low, None)
        rows.append(own("low_intake", intake.total_ml, message=message, verdict=verdict, unit="ml", low=low))
        rows += [_blocked_check(own, one) for one in measured.bottles]
    if intake.control_g_per_day is not None:
        message, high = "largest loss of the session's leak-control bottles in 24 h", settings.control_warn_g
        verdict = within(intake.control_g_per_day, None, high)
        rows.append(
            own("leak_control", intake.control_g_per_day, message=message, verdict=verdict, unit="g", high=high)
        )
    return rows


def _blocked_check(own: partial[Check], bottle: BottleIntake) -> Check:
    """Whether a bottle gave anything."""
    message = "intake from this bottle; none means a blocked spout or complete avoidance"
    verdict = "pass" if bottle.drunk_ml else "warn"
    return own(
        "blocked_bottle", bottle.drunk_ml, message=message, verdict=verdict, unit="ml", place=_place(bottle), low=0.0
    )


def _side_check(own: partial[Check], measurements: Sequence[Measurement], settings: QcSettings) -> list[Check]:
    """Side bias, where it could be measured."""
    message, high = (
        "difference between the sides, where both bottles held the same or the bottles changed places",
        settings.side_bias_points,
    )
    return [
        own("side_bias", one.value, message=message, verdict=within(one.value, None, high), unit="points", high=high)
        for one in measurements
        if one.measure == "side_bias_pct" and one.status != "failed"
    ]


def _sensor_checks(own: partial[Check], spouts: Sequence[LickSummary], settings: QcSettings) -> list[Check]:
    """Sensors that are stuck, or whose counts and contact times disagree."""
    rows = [
        own(
            "sensor_stuck",
            one.mean_contact_s,
            message=one.stuck or "mean length of a contact with the spout",
            verdict="fail" if one.stuck else "pass",
            unit="s",
            place=_place(one),
        )
        for one in spouts
        if one.mean_contact_s is not None
    ]
    difference = _count_against_contact(spouts)
    if difference is not None:
        message = "difference between the preferences in licks and in contact time; a large one means a faulty sensor"
        high = settings.count_against_contact_points
        verdict = within(difference, None, high)
        rows.append(
            own("count_against_contact", difference, message=message, verdict=verdict, unit="points", high=high)
        )
    return rows


def _count_against_contact(spouts: Sequence[LickSummary]) -> float | None:
    """Difference between the shares of the first bottle in licks and in contact time (points)."""
    licks = [one.licks for one in spouts]
    contact_s = [one.contact_s for one in spouts if one.contact_s is not None]
    if len(spouts) < 2 or len(contact_s) < len(spouts) or not sum(licks) or not sum(contact_s):
        return None
    return 100 * abs(licks[0] / sum(licks) - contact_s[0] / sum(contact_s))


def _log_checks(own: partial[Check], logs: Sequence[BottleLicks], settings: QcSettings) -> list[Check]:
    """Checks of each log; bottles that share one give them once."""
    rows, seen = [], set()
    for log in logs:
        key = (log.device, log.start, log.duration_s, log.contradicted_side)
        if key not in seen:
            seen.add(key)
            rows += [*_row_checks(own, log, settings), *_clock_checks(own, log)]
    return rows


def _row_checks(own: partial[Check], log: BottleLicks, settings: QcSettings) -> list[Check]:
    """Pauses, resets, repeated and broken rows, battery."""
    rows, quality = [], log.quality
    if quality.interval_s:
        longest = max((gap.stop_s - gap.start_s for gap in quality.gaps), default=quality.interval_s)
        message, verdict = "longest pause between two rows of the log", within(longest, None, settings.gap_s)
        rows.append(own("log_gap", longest, message=message, verdict=verdict, unit="s", high=settings.gap_s))
    for name, count, unit, message in (
        ("counter_reset", quality.counter_resets, "", "number of times the counter restarted from zero"),
        ("duplicated_rows", quality.duplicated_rows, "rows", "rows of the log that repeat the row before"),
        ("broken_rows", quality.broken_rows, "rows", "rows of the log that could not be read and were left out"),
    ):
        if count is not None:
            rows.append(own(name, float(count), message=message, verdict=within(count, None, 0.0), unit=unit, high=0.0))
    if quality.battery_v is not None:
        message, verdict = "lowest voltage of the battery", within(quality.battery_v, settings.battery_v, None)
        rows.append(
            own("battery_low", quality.battery_v, message=message, verdict=verdict, unit="V", low=settings.battery_v)
        )
    return rows


def _clock_checks(own: partial[Check], log: BottleLicks) -> list[Check]:
    """A clock that was never set, or that disagrees with the table, and a side that does."""
    rows = []
    if log.start:
        message = "year in the log; before the setting clock_from_year the device's clock was never set"
        verdict = "pass" if log.clock_is_set else "warn"
        rows.append(own("clock_not_set", float(log.start[:4]), message=message, verdict=verdict))
    if log.clock_disagrees:
        message = "the times of the log and of the bottle do not overlap; the whole log was used"
        rows.append(own("clock_disagrees", None, message=message, verdict="warn"))
    if log.contradicted_side:
        message = f"the log has the solution on the {log.contradicted_side}, the table on the other side"
        rows.append(own("side_contradicted", None, message=message, verdict="fail"))
    return rows


def _lick_volume_checks(own: partial[Check], measured: Measured, settings: QcSettings) -> list[Check]:
    """Volume of one lick, where a bottle was weighed and its licks were counted."""
    low, high = settings.lick_volume_ul
    message = "volume of one lick; outside the limits the bottle leaked or the sensor missed licks"
    rows = []
    for spout in measured.spouts:
        bottles = [one for one in measured.bottles if (one.side, one.content) == (spout.side, spout.content)]
        drunk_ml = [one.drunk_ml for one in bottles if one.drunk_ml is not None]
        if not bottles or len(drunk_ml) < len(bottles) or not spout.licks:
            continue
        volume_ul = 1000 * sum(drunk_ml) / spout.licks
        rows.append(
            own(
                "lick_volume",
                volume_ul,
                message=message,
                verdict=within(volume_ul, low, high),
                unit="ul",
                place=_place(spout),
                low=low,
                high=high,
            )
        )
    return rows
