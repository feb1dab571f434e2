"""A study of drawn animals whose every fault is known: lag, merged, missed and mixed fractions, unstable baselines.

What is true of an animal is its concentration from moment to moment; a tube holds the mean of it over the time in which
its fluid was in the brain. Chromatograms are drawn from that with noise, drift and shifts of retention.
"""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from dialysate import Animal, fraction_row, ingested

# Top of the rise (% of baseline) by dose (mg/kg): up at 10 to 30, nothing at 50, down at 200 (Moghaddam 1997).
TOP_PCT = {0: 0.0, 10: 50.0, 30: 90.0, 50: 0.0, 200: -35.0}
BASE_UM = {"glutamate": 1.5, "glutamine": 5.0, "gaba": 0.6}
# Share of glutamate's response that the other analytes show.
SHARE = {"glutamate": 1.0, "glutamine": 0.15, "gaba": 0.4}
GRID_MIN = np.arange(-240, 300, 0.05)
WINDOW_MIN = (0.0, 120.0)


@dataclass(frozen=True)
class Session:
    """How an animal's tubes were collected; times are the tube's clock, ``wander_pct`` the animal's own unrest."""

    length_min: float = 20.0
    first_min: float = -80.0
    fractions: int = 11
    flow_ul_per_min: float = 1.5
    dead_volume_ul: float = 0.0
    merged: int | None = None
    missed: int | None = None
    faster_from: int | None = None
    wander_pct: float = 3.0
    trend_pct: float = 0.0


SESSIONS = {
    "plain": Session(),
    "lag of 6 min": Session(dead_volume_ul=9.0),
    "lag of 14.6 min, fractions of 7.5": Session(7.5, -45.0, 25, 1.2, 17.56),
    "mixed": Session(first_min=-88.0, fractions=12),
    "merged": Session(merged=6),
    "missed": Session(missed=8),
    "missed near the top": Session(missed=5),
    "missed before the dose": Session(missed=2),
    "flow raised": Session(dead_volume_ul=9.0, faster_from=9),
    "unstable": Session(wander_pct=15.0),
    "drifting": Session(trend_pct=30.0),
    "all at once": Session(dead_volume_ul=9.0, merged=7, missed=3, wander_pct=8.0),
}


def course(session: Session, dose: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """(moments,) concentration of each analyte on ``GRID_MIN`` (uM)."""
    after = np.clip(GRID_MIN, 0, None)
    rise = TOP_PCT[dose] / 100 * after / 35 * np.exp(1 - after / 35)
    knots = np.arange(GRID_MIN[0], GRID_MIN[-1] + 10, 10)
    made = {}
    for analyte, base in BASE_UM.items():
        unrest = np.interp(GRID_MIN, knots, rng.normal(0, session.wander_pct / 100, len(knots)))
        trend = session.trend_pct / 100 * np.clip(GRID_MIN / 80, -1, 0)
        made[analyte] = base * rng.lognormal(0, 0.2) * (1 + SHARE[analyte] * rise) * (1 + unrest + trend)
    return made


def tubes(session: Session) -> list[dict]:
    """The fraction table of one animal."""
    edges = session.first_min + session.length_min * np.arange(session.fractions + 1)
    rows = []
    for index, (start, stop) in enumerate(pairwise(edges)):
        if session.merged is not None and index == session.merged + 1:
            rows[-1]["stop_min"] = stop
            continue
        faster = session.faster_from is not None and index >= session.faster_from
        more = {"dead_volume_ul": session.dead_volume_ul, "chromatogram": f"c/{index}.txt"}
        more["flow_ul_per_min"] = 2.0 if faster else session.flow_ul_per_min
        note = "tube lost" if index == session.missed else None
        rows.append(fraction_row(index, start, stop, **more, note=note))
    return rows


def in_brain(rows: list[dict]) -> list[tuple[float, float]]:
    """When each tube's fluid was in the brain, from the pump's volume alone: not by the library's own account."""
    fine = np.arange(-400, 400, 0.01)
    flow = np.full(len(fine), rows[0]["flow_ul_per_min"])
    for row in rows:
        flow[fine >= row["start_min"] - 1e-9] = row["flow_ul_per_min"]
    volume = np.cumsum(flow) * 0.01
    moved = []
    for row in rows:
        at = np.interp([row["start_min"], row["stop_min"]], fine, volume) - row["dead_volume_ul"]
        moved.append(tuple(float(time) for time in np.interp(at, volume, fine)))
    return moved


def content(concentration: np.ndarray, spans: list[tuple[float, float]]) -> np.ndarray:
    """(fractions,) mean concentration in each tube."""
    area = np.concatenate([[0], np.cumsum(concentration[:-1]) * 0.05])
    return np.array([np.diff(np.interp(span, GRID_MIN, area))[0] / (span[1] - span[0]) for span in spans])


@dataclass(frozen=True)
class Truth:
    """What is true of one analyte of one animal."""

    baseline_um: float
    pct: np.ndarray
    area_pct_min: float


def truth(rows: list[dict], concentration: np.ndarray) -> Truth:
    """Baseline of the last four whole tubes before the dose, percent of it, and the area under the course itself."""
    spans = in_brain(rows)
    held = content(concentration, spans)
    before = [index for index, span in enumerate(spans) if span[1] <= 0.05 and not rows[index]["note"]][-4:]
    baseline = float(held[before].mean())
    first, last = np.searchsorted(GRID_MIN, WINDOW_MIN)
    area = float((100 * concentration[first:last] / baseline - 100).sum() * 0.05)
    return Truth(baseline, 100 * held / baseline, area)


def animal(folder: Path, session: Session, dose: int, seed: int) -> tuple[Animal, dict[str, Truth]]:
    """An animal's files, drawn and ingested, and what is true of it."""
    rng = np.random.default_rng(seed)
    rows, known = tubes(session), course(session, dose, rng)
    drawn = []
    for analyte, concentration in known.items():
        for row, value in zip(rows, content(concentration, in_brain(rows)), strict=True):
            drawn.append({"fraction": row["fraction"], "analyte": analyte, "concentration_um": value, "fault": None})
    made = ingested(folder, rows, drawn, seed)
    return made, {analyte: truth(rows, concentration) for analyte, concentration in known.items()}
