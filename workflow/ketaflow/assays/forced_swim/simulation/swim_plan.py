"""What a simulated animal does and when: a schedule of states as text, and a plan with a given immobility."""

import re

import numpy as np


def parse_states(text: str) -> list[tuple[str, float, float]]:
    """States of a truth row, as (state, start_s, stop_s)."""
    pattern = re.compile(r"\s*([a-z_]+)\s+([0-9.]+)-([0-9.]+)\s*")
    parts = [pattern.fullmatch(part) for part in text.split(";") if part.strip()]
    if not all(parts):
        raise ValueError(f"states must read like 'swimming 5-40; immobility 40-52', found {text!r}")
    return [(part[1], float(part[2]), float(part[3])) for part in parts]


def plan_states(target_s: float, release_s: float, rng: np.random.Generator) -> str:
    """States of a six-minute swim with ``target_s`` of immobility in its last four minutes, as a truth row's text."""
    parts, now = _mobile(release_s, release_s + rng.uniform(40, 75), rng)
    while now < release_s + 120 - 14:
        still = min(rng.uniform(2, 7), release_s + 118 - now)
        parts.append(("immobility", now, now + still))
        more, now = _mobile(now + still, min(now + still + rng.uniform(6, 20), release_s + 120), rng)
        parts += more
    more, now = _mobile(now, release_s + 120, rng)
    parts += more
    count = max(4, round(min(target_s, 240 - target_s) / 7))
    stills = 2 + rng.dirichlet(np.full(count, 1.5)) * (target_s - 2 * count)
    moves = 2 + rng.dirichlet(np.full(count, 1.5)) * (240 - target_s - 2 * count)
    for still, move in zip(stills, moves, strict=True):
        more, now = _mobile(now, now + move, rng)
        parts += [*more, ("immobility", now, now + still)]
        now += still
    return "; ".join(f"{state} {start:.2f}-{stop:.2f}" for state, start, stop in parts if stop - start > 0.01)


def _mobile(start_s: float, stop_s: float, rng: np.random.Generator) -> tuple[list[tuple[str, float, float]], float]:
    """A stretch of swimming, sometimes with climbing of two seconds or more in it."""
    if stop_s - start_s > 5 and rng.random() < 0.45:
        climb_s = rng.uniform(2, min(7, stop_s - start_s - 2))
        middle = start_s + rng.uniform(1, stop_s - start_s - climb_s - 1)
        parts = [("swimming", start_s, middle), ("climbing", middle, middle + climb_s)]
        return [*parts, ("swimming", middle + climb_s, stop_s)], stop_s
    return [("swimming", start_s, stop_s)], stop_s
