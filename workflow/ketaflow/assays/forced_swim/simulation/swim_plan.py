"""What a simulated animal does and when: a schedule of states, and a plan with a given immobility."""

import re

import numpy as np

from ketaflow.assays.forced_swim.simulation.simulated_mouse import PlannedState

PATTERN = re.compile(r"\s*([a-z_]+)\s+([0-9.]+)-([0-9.]+)\s*")


def parse_states(text: str) -> list[PlannedState]:
    """Parse the states of a truth row, such as ``swimming 5-40; immobility 40-52``.

    Parameters
    ----------
    text : str
        States with start and stop (seconds of the video).

    Returns
    -------
    list of PlannedState

    Raises
    ------
    ValueError
        If the text reads otherwise.
    """
    found = []
    for part in text.split(";"):
        if part.strip():
            match = PATTERN.fullmatch(part)
            if not match:
                raise ValueError(f"states must read like 'swimming 5-40; immobility 40-52', found {text!r}")
            found.append(PlannedState(match[1], float(match[2]), float(match[3])))
    return found


def plan_states(target_s: float, release_s: float, rng: np.random.Generator) -> str:
    """Plan a six-minute swim with a given immobility in its last four minutes.

    Parameters
    ----------
    target_s : float
        Immobility (seconds).
    release_s : float
        Release of the animal (seconds of the video).
    rng : numpy Generator
        Source of chance.

    Returns
    -------
    str
        The text of a truth row.
    """
    window_s, swim_s = release_s + 120, 240
    plan, now_s = _mobile(release_s, release_s + rng.uniform(40, 75), rng)
    while now_s < window_s - 14:
        still_s = min(rng.uniform(2, 7), window_s - 2 - now_s)
        plan.append(PlannedState("immobility", now_s, now_s + still_s))
        more, now_s = _mobile(now_s + still_s, min(now_s + still_s + rng.uniform(6, 20), window_s), rng)
        plan += more
    more, now_s = _mobile(now_s, window_s, rng)
    plan += more
    count = max(4, round(min(target_s, swim_s - target_s) / 7))
    stills_s = 2 + rng.dirichlet(np.full(count, 1.5)) * (target_s - 2 * count)
    moves_s = 2 + rng.dirichlet(np.full(count, 1.5)) * (swim_s - target_s - 2 * count)
    for still_s, move_s in zip(stills_s, moves_s, strict=True):
        more, now_s = _mobile(now_s, now_s + move_s, rng)
        plan += [*more, PlannedState("immobility", now_s, now_s + still_s)]
        now_s += still_s
    return "; ".join(
        f"{state} {start_s:.2f}-{stop_s:.2f}" for state, start_s, stop_s in plan if stop_s - start_s > 0.01
    )


def _mobile(start_s: float, stop_s: float, rng: np.random.Generator) -> tuple[list[PlannedState], float]:
    """A stretch of swimming, sometimes with climbing of two seconds or more in it, and its end."""
    if stop_s - start_s > 5 and rng.random() < 0.45:
        climb_s = rng.uniform(2, min(7, stop_s - start_s - 2))
        middle_s = start_s + rng.uniform(1, stop_s - start_s - climb_s - 1)
        return [
            PlannedState("swimming", start_s, middle_s),
            PlannedState("climbing", middle_s, middle_s + climb_s),
            PlannedState("swimming", middle_s + climb_s, stop_s),
        ], stop_s
    return [PlannedState("swimming", start_s, stop_s)], stop_s
