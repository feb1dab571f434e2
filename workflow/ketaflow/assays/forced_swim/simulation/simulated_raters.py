"""Drawn raters: what two people would have written down of swims whose truth is known.

A rater is late by a reaction time, unsteady from edge to edge, and does not write down what is over at once; that is
how scores of trained people differ (Sturman 2020, doi:10.1038/s41386-020-0776-y, has four of them on the same videos).
"""

import numpy as np
import pandas as pd

# Rater: how late (s), how unsteady (SD, s), and the shortest bout written down (s). Chosen so that the two differ by
# some seconds of immobility a swim; unverified as a description of any person.
HABITS = {"ada": (0.3, 0.3, 0.8), "ben": (0.6, 0.4, 1.5)}


def simulated_scores(bouts: dict[str, list[tuple[str, float, float]]], rng: np.random.Generator) -> pd.DataFrame:
    """The table ``forced_swim_human_scores`` for some recordings: every bout of both raters.

    ``bouts`` holds what was drawn in each recording: behaviour, start and stop (seconds of the video), without gaps.
    """
    rows = []
    for recording, drawn in bouts.items():
        for rater, habits in HABITS.items():
            rows += [
                {"recording": recording, "rater": rater, "behaviour": name, "start_s": start_s, "stop_s": stop_s}
                for name, start_s, stop_s in rated_bouts(drawn, *habits, rng)
            ]
    return pd.DataFrame(rows)


def rated_bouts(
    drawn: list[tuple[str, float, float]], late_s: float, unsteady_s: float, shortest_s: float, rng: np.random.Generator
) -> list[tuple[str, float, float]]:
    """The bouts one rater writes down: short ones go unnoticed, equal neighbours become one, edges come late."""
    noticed: list[tuple[str, float]] = []
    for name, start_s, stop_s in drawn:
        is_new = not noticed or (stop_s - start_s >= shortest_s and noticed[-1][0] != name)
        if is_new:
            noticed.append((name, start_s))
    first_s, last_s = drawn[0][1], drawn[-1][2]
    edges = np.array([start_s for _, start_s in noticed[1:]])
    edges = np.maximum.accumulate(edges + rng.normal(late_s, unsteady_s, len(edges)))
    edges = np.concatenate([[first_s], np.clip(edges, first_s, last_s), [last_s]]).round(2)
    pieces = zip(noticed, edges[:-1].tolist(), edges[1:].tolist(), strict=True)
    return [(name, start_s, stop_s) for (name, _), start_s, stop_s in pieces if stop_s > start_s]
