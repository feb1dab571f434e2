"""Measurements and tables from lickometer logs: licks, contact, bursts, preference in light and dark.

In: a recording and the summary of its spouts. Out: rows of the measurements table, of ``bins.csv`` and of
``bursts.csv``. A stuck sensor leaves counts flagged and gives no preference.
"""

from collections.abc import Sequence

import numpy as np

from ketaflow.assays.sucrose_preference import constants
from ketaflow.assays.sucrose_preference.licks.lick_microstructure import Bursts, binned
from ketaflow.assays.sucrose_preference.licks.lick_summary import combined, stuck_sensors
from ketaflow.assays.sucrose_preference.licks.light_cycle import clock, dark_at
from ketaflow.assays.sucrose_preference.model import (
    BottleLicks,
    BottleTest,
    LickBin,
    LickBurst,
    LickSummary,
    LightCycle,
)
from ketaflow.assays.sucrose_preference.preference import preference_pct, solution_of
from ketaflow.assays.sucrose_preference.reporting import Subject, reported, subject_of
from ketaflow.core.results import Measurement


def lick_measures(test: BottleTest, spouts: Sequence[LickSummary]) -> list[Measurement]:
    """Licks, contact, bursts and preferences of one recording.

    Parameters
    ----------
    test : BottleTest
        One recording.
    spouts : sequence of LickSummary
        One for each bottle with a log.

    Returns
    -------
    list of Measurement
        Measures of the solution are named ``sucrose_...`` whatever it is; ``analyte`` names another one.
    """
    solution = solution_of({spout.content for spout in spouts})
    subject = subject_of(test, solution)
    rows = []
    for content, name in ((constants.WATER, "water"), (solution or constants.SUCROSE, "sucrose")):
        own = [spout for spout in spouts if spout.content == content]
        if own:
            rows += _of_content(subject, combined(own), name)
    return rows + (_preferences(subject, spouts, solution) if solution else [])


def phase_preferences(test: BottleTest, spouts: Sequence[LickSummary], lights: LightCycle) -> list[Measurement]:
    """Lick preference in the dark and in the light phase.

    Parameters
    ----------
    test : BottleTest
        One recording.
    spouts : sequence of LickSummary
        One for each bottle with a log.
    lights : LightCycle
        Hours at which the light goes on and off.

    Returns
    -------
    list of Measurement
        One for each phase with licks; empty where a clock is not known.
    """
    solution = solution_of({spout.content for spout in spouts})
    if not solution:
        return []
    licks = {"dark": dict.fromkeys((solution, constants.WATER), 0.0)}
    licks["light"] = dict(licks["dark"])
    for log in test.logs:
        start = clock(log)
        if start is None:
            return []
        dark = dark_at(log.time_s, start, lights)
        licks["dark"][log.content] += float(log.licks[dark].sum())
        licks["light"][log.content] += float(log.licks[~dark].sum())
    return [
        reported(
            subject_of(test, solution),
            f"sucrose_lick_preference_{phase}_pct",
            preference_pct(counts[solution], counts[constants.WATER]),
            refusal=stuck_sensors(spouts),
            undefined="no lick was counted in this phase",
        )
        for phase, counts in licks.items()
        if any(counts.values())
    ]


def _of_content(subject: Subject, spout: LickSummary, name: str) -> list[Measurement]:
    """Licks at the bottles of one content; what the device does not record is left out."""
    values = {
        "licks": spout.licks,
        "contact_s": spout.contact_s,
        "burst_count": spout.bursts,
        "licks_per_burst": _mean(spout.burst_licks, spout.bursts),
        "lick_rate_hz": spout.rate_hz,
        "long_lick_count": spout.long_licks,
    }
    rows = [
        reported(subject, f"{name}_{measure}", value, doubt=spout.stuck)
        for measure, value in values.items()
        if value is not None
    ]
    if spout.bursts == 0:
        rows.append(reported(subject, f"{name}_licks_per_burst", None, undefined="there was no burst"))
    return rows


def _mean(total: int | None, count: int | None) -> float | None:
    return total / count if total is not None and count else None


def _preferences(subject: Subject, spouts: Sequence[LickSummary], solution: str) -> list[Measurement]:
    """Preference in licks, and in contact time where all devices record it."""
    made = []
    for name, values in (
        ("lick", [(spout.content, spout.licks) for spout in spouts]),
        ("contact", [(spout.content, spout.contact_s) for spout in spouts]),
    ):
        known = [(content, value) for content, value in values if value is not None]
        if len(known) < len(values):
            continue
        sweet, water = (
            sum(value for content, value in known if content == which) for which in (solution, constants.WATER)
        )
        made.append(
            reported(
                subject,
                f"sucrose_{name}_preference_pct",
                preference_pct(sweet, water),
                refusal=stuck_sensors(spouts),
                undefined="no lick was counted",
            )
        )
    return made


def lick_bins(test: BottleTest, bin_min: float, lights: LightCycle) -> list[LickBin]:
    """Licks and contact at each bottle in time bins.

    Parameters
    ----------
    test : BottleTest
        One recording.
    bin_min : float
        Width of the bins (min).
    lights : LightCycle
        Hours at which the light goes on and off.

    Returns
    -------
    list of LickBin
        Bins from the start of each log; the last may reach beyond its end.
    """
    return [row for log in test.logs for row in _bins_of(test, log, bin_min * constants.MINUTE_S, lights)]


def _bins_of(test: BottleTest, log: BottleLicks, width_s: float, lights: LightCycle) -> list[LickBin]:
    """Time bins of one log."""
    edges_s = np.arange(0, (log.duration_s or 0.0) + width_s, width_s)
    if len(edges_s) < 2:
        return []
    start, middles_s = clock(log), (edges_s[:-1] + edges_s[1:]) / 2
    dark = dark_at(middles_s, start, lights).tolist() if start else [None] * len(middles_s)
    minutes = (edges_s / constants.MINUTE_S).tolist()
    licks = binned(log.time_s, log.licks, edges_s).tolist()
    contact_s = binned(log.time_s, log.contact_s, edges_s).tolist()
    own = (test.animal, test.recording, test.session, log.side, log.content)
    return [LickBin(*own, *row) for row in zip(minutes[:-1], minutes[1:], licks, contact_s, dark, strict=True)]


def burst_rows(test: BottleTest, bursts: Sequence[Bursts | None]) -> list[LickBurst]:
    """Bursts at each bottle as table rows.

    Parameters
    ----------
    test : BottleTest
        One recording.
    bursts : sequence of Bursts or None
        Bursts of each log of the recording, in its order.

    Returns
    -------
    list of LickBurst
        One row per burst; none for a log of counts alone.
    """
    return [
        LickBurst(test.animal, test.recording, test.session, log.side, log.content, *row)
        for log, own in zip(test.logs, bursts, strict=True)
        if own is not None
        for row in zip(own.start_s.tolist(), own.stop_s.tolist(), own.licks.tolist(), strict=True)
    ]
