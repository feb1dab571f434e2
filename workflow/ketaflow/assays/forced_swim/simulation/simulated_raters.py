"""Simulated raters: what two people would have scored in swims whose truth is known.

A rater is late by a reaction time, unsteady from key press to key press, and misses short bouts; that is how scores of
trained people differ.
"""

import numpy as np

from ketaflow.assays.forced_swim.model import HumanScoreRow
from ketaflow.assays.forced_swim.simulation.constants import RATERS, Habits
from ketaflow.assays.forced_swim.simulation.simulated_mouse import PlannedState


def simulated_scores(schedules: dict[str, list[PlannedState]], rng: np.random.Generator) -> list[HumanScoreRow]:
    """Score recordings as both raters would.

    Parameters
    ----------
    schedules : dict of str to list of PlannedState
        What was drawn in each recording, without gaps.
    rng : numpy Generator
        Source of chance.

    Returns
    -------
    list of HumanScoreRow
        Every bout of both raters.
    """
    return [
        HumanScoreRow(recording, rater, bout.state, bout.start_s, bout.stop_s, None, None)
        for recording, schedule in schedules.items()
        for rater, habits in RATERS.items()
        for bout in rated_bouts(schedule, habits, rng)
    ]


def rated_bouts(schedule: list[PlannedState], habits: Habits, rng: np.random.Generator) -> list[PlannedState]:
    """Return the bouts one rater scores: short ones go unnoticed, equal neighbours become one, edges come late.

    Parameters
    ----------
    schedule : list of PlannedState
        What was drawn, without gaps.
    habits : Habits
        How the rater scores.
    rng : numpy Generator
        Source of chance.

    Returns
    -------
    list of PlannedState
        Without gaps.
    """
    noticed: list[tuple[str, float]] = []
    for state, start_s, stop_s in schedule:
        if not noticed or (stop_s - start_s >= habits.min_bout_s and noticed[-1][0] != state):
            noticed.append((state, start_s))
    first_s, last_s = schedule[0].start_s, schedule[-1].stop_s
    edges = np.array([start_s for _, start_s in noticed[1:]])
    edges = np.maximum.accumulate(edges + rng.normal(habits.delay_s, habits.jitter_s, len(edges)))
    edges = np.concatenate([[first_s], np.clip(edges, first_s, last_s), [last_s]]).round(2)
    pieces = zip(noticed, edges[:-1].tolist(), edges[1:].tolist(), strict=True)
    return [PlannedState(state, start_s, stop_s) for (state, _), start_s, stop_s in pieces if stop_s > start_s]
