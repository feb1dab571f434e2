"""Bottle tests with a known truth: preference, leak controls, licks and bursts, a leaking bottle, a stuck sensor.

In: animals with their doses, and a seed. Out: the tables of the assay and of the truth (``design``), and the lickometer
logs (``draw``). Bottle weights are in the table, so ``design`` makes them, rounded as by a balance of 0.01 g.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ketaflow.assays.sucrose_preference import constants
from ketaflow.assays.sucrose_preference.model import BottleRow
from ketaflow.core.inputs import Rows

SESSIONS = ("day1", "day2")
START = datetime(2026, 3, 2, 18, 0)
LOG_START = datetime(2026, 3, 6, 19, 0)
OTHER_SIDE = {"left": "right", "right": "left"}
HEADINGS = (
    "MM:DD:YYYY hh:mm:ss, Elapsed Time, Device, LeftCount, LeftDuration, RightCount, RightDuration, BatteryVoltage"
)

# One row of a table that is drawn, by column.
Row = dict[str, Any]


@dataclass(frozen=True)
class TruthRow:
    """One row of the table ``sucrose_preference_truth``: what was drawn into a simulated recording."""

    recording: str
    sucrose_licks: int | None
    water_licks: int | None
    sucrose_bursts: int | None
    water_bursts: int | None
    fault: str | None


@dataclass(frozen=True)
class _Animal:
    """An animal whose bottles are drawn."""

    animal: str
    weight_g: float
    preference_pct: float
    dose_mg_per_kg: float


@dataclass(frozen=True)
class _Session:
    """A session of an animal (None: of a leak-control bottle)."""

    recording: str
    animal: str | None
    session: str
    start: datetime
    hours: int = 24


def design(animals: pd.DataFrame, rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Design two days of bottles with swapped sides for every animal, and a lickometer night for three of four.

    Parameters
    ----------
    animals : data frame
        ``animal``, ``weight_g`` and ``dose_mg_per_kg``. The last animal's bottle leaks on the second day; the first
        has a stuck sensor. Every fourth animal has a Sipper, which counts licks, every second one a lickometer that
        times them.
    rng : numpy Generator
        Source of chance.

    Returns
    -------
    dict of str to data frame
        Tables ``sucrose_preference`` and ``sucrose_preference_truth``.
    """
    rows: list[Row] = []
    truths: list[Row] = []
    timed: list[_Animal] = []
    leaking = animals["animal"].iloc[-1]
    columns = (animals[name].tolist() for name in ("animal", "weight_g", "dose_mg_per_kg"))
    for index, (name, weight_g, dose) in enumerate(zip(*columns, strict=True)):
        rise = np.interp(dose, constants.DOSES_MG_PER_KG, constants.PREFERENCE_RISE_PCT)
        mean_pct = constants.VEHICLE_PREFERENCE_PCT + rise + constants.PREFERENCE_SD_PCT * rng.standard_normal()
        bounds = (constants.LOWEST_PREFERENCE_PCT, constants.HIGHEST_PREFERENCE_PCT)
        animal = _Animal(name, weight_g, float(np.clip(mean_pct, *bounds)), dose)
        timed += [animal] if index % constants.TIMED_EVERY == 1 else []
        for day in range(len(SESSIONS)):
            side = ("left", "right")[(index + day) % 2]
            made, truth = _bottle_pair(animal, day, side, name == leaking and day == 1, rng)
            rows += made
            truths.append(truth)
        if index % constants.LOG_EVERY == 0:
            made, truth = _logged_pair(animal, index == 0, rng)
            rows += made
            truths.append(truth)
    for number, animal in enumerate(timed):
        made, truth = _timed_pair(animal, ("left", "right")[number % 2], rng)
        rows += made
        truths.append(truth)
    rows += [_leak_control(day, side) for day in range(len(SESSIONS)) for side in ("left", "right")]
    return {"sucrose_preference": pd.DataFrame(rows), "sucrose_preference_truth": pd.DataFrame(truths)}


def _bottle_pair(animal: _Animal, day: int, side: str, leaks: bool, rng: np.random.Generator) -> tuple[list[Row], Row]:
    """Rows of the two bottles of one day, and what was drunk from them."""
    variation = 1 + constants.DAILY_INTAKE_SD * rng.standard_normal()
    total_g = constants.DAILY_INTAKE_PER_G * animal.weight_g * variation
    habit_pct = constants.SIDE_HABIT_PCT if side == "left" else -constants.SIDE_HABIT_PCT
    sucrose_g = round(total_g * (animal.preference_pct + habit_pct) / 100, 2)
    water_g = round(total_g - sucrose_g, 2)
    session = _session(f"spt_{animal.animal}_{SESSIONS[day]}", animal.animal, day)
    rows = []
    for place, content, drunk_g in ((side, "sucrose", sucrose_g), (OTHER_SIDE[side], "water", water_g)):
        spread_g = constants.FULL_BOTTLE_SPREAD_G
        start_g = round(constants.FULL_BOTTLE_G + rng.uniform(-spread_g, spread_g), 2)
        leak_g = constants.LEAK_G if leaks and content == "water" else 0
        lost_g = drunk_g + constants.CONTROL_LOSS_G + leak_g
        rows.append({**_bottle(session, place, content), "start_g": start_g, "end_g": round(start_g - lost_g, 2)})
    truth = {
        "recording": session.recording,
        "sucrose_preference_pct": 100 * sucrose_g / (sucrose_g + water_g),
        "sucrose_intake_g": sucrose_g,
        "water_intake_g": water_g,
    }
    return rows, truth | ({"fault": "leak"} if leaks else {})


def _logged_pair(animal: _Animal, is_stuck: bool, rng: np.random.Generator) -> tuple[list[Row], Row]:
    """Rows of two bottles at a lickometer for one night, and how often each was licked."""
    session = _Session(f"lick_{animal.animal}", animal.animal, "night", LOG_START, constants.LOG_HOURS)
    total = rng.poisson(constants.LICKS_PER_H * constants.LOG_HOURS)
    sucrose = int(rng.binomial(total, animal.preference_pct / 100))
    log = f"sippers/sipper_{animal.animal}.csv"
    rows = [
        {**_bottle(session, side, content), "log": log, "channel": side}
        for side, content in (("left", "sucrose"), ("right", "water"))
    ]
    truth = {"recording": session.recording, "sucrose_licks": sucrose, "water_licks": int(total - sucrose)}
    return rows, truth | ({"fault": "stuck_sensor"} if is_stuck else {})


def _timed_pair(animal: _Animal, side: str, rng: np.random.Generator) -> tuple[list[Row], Row]:
    """Rows of two bottles at a lickometer that times every lick, and how many licks and bursts each was given."""
    session = _Session(f"lick_{animal.animal}", animal.animal, "night", LOG_START, constants.LOG_HOURS)
    total = rng.poisson(constants.LICKS_PER_H * constants.LOG_HOURS)
    sucrose = int(rng.binomial(total, animal.preference_pct / 100))
    rise = np.interp(animal.dose_mg_per_kg, constants.DOSES_MG_PER_KG, constants.BURST_RISE_LICKS)
    sizes = rng.normal((constants.SUCROSE_BURST_LICKS + rise, constants.WATER_BURST_LICKS), constants.BURST_SD_LICKS)
    log = f"lickometer/licks_{animal.animal}.csv"
    pairs = ((side, "sucrose"), (OTHER_SIDE[side], "water"))
    rows = [{**_bottle(session, place, content), "log": log, "channel": place} for place, content in pairs]
    licks = {"sucrose": sucrose, "water": int(total - sucrose)}
    truth: Row = {"recording": session.recording}
    for (content, count), size in zip(licks.items(), sizes.tolist(), strict=True):
        truth[f"{content}_licks"] = count
        truth[f"{content}_bursts"] = int(np.clip(round(count / max(size, 1.0)), min(count, 1), count))
    return rows, truth


def _session(recording: str, animal: str | None, day: int) -> _Session:
    return _Session(recording, animal, SESSIONS[day], START + timedelta(days=day))


def _bottle(session: _Session, side: str, content: str) -> Row:
    """Columns of a bottle without its readings."""
    return {
        "recording": session.recording,
        "animal": session.animal,
        "session": session.session,
        "side": side,
        "content": content,
        "concentration_pct": 1 if content == "sucrose" else None,
        "start_time": session.start.isoformat(sep=" ", timespec="minutes"),
        "end_time": (session.start + timedelta(hours=session.hours)).isoformat(sep=" ", timespec="minutes"),
        "dummy": "no" if session.animal else "yes",
    }


def _leak_control(day: int, side: str) -> Row:
    """Row of a leak-control bottle in an empty cage."""
    bottle = _bottle(_session(f"leak_{SESSIONS[day]}", None, day), side, "sucrose" if side == "left" else "water")
    start_g = constants.CONTROL_BOTTLE_G
    return {**bottle, "start_g": start_g, "end_g": round(start_g - constants.CONTROL_LOSS_G, 2)}


def draw(rows: Rows, folder: Path, *, seed: int) -> None:
    """Write the log of one recording: that of a Sipper, or start and end of every lick where bursts are given.

    Parameters
    ----------
    rows : Rows
        Rows of the recording and of its truth.
    folder : Path
        The cohort folder.
    seed : int
        The same seed writes the same log.
    """
    (truth,) = rows.of("sucrose_preference_truth", TruthRow)
    rng = np.random.default_rng(seed)
    bottles = [row for row in rows.of("sucrose_preference", BottleRow) if row.log]
    path = folder / str(bottles[0].log)
    path.parent.mkdir(parents=True, exist_ok=True)
    if truth.sucrose_bursts is None:
        text = _drawn_sipper(bottles, truth, rng)
    else:
        text = _drawn_lick_times(bottles, truth, rng)
    path.write_text(text, encoding="ascii", newline="\r\n")


def _drawn_sipper(bottles: Sequence[BottleRow], truth: TruthRow, rng: np.random.Generator) -> str:
    """Counts and contact of two spouts, one row per minute."""
    count = int(constants.LOG_HOURS * constants.HOUR_S) // constants.LOG_ROW_S
    licks, contact_s = {}, {}
    for bottle in bottles:
        total = (truth.sucrose_licks if bottle.content == "sucrose" else truth.water_licks) or 0
        steps = np.bincount(rng.integers(1, count, total), minlength=count + 1)
        lengths_s = steps * constants.LICK_CONTACT_S * rng.uniform(0.8, 1.2, len(steps))
        if truth.fault == "stuck_sensor" and bottle.content == "sucrose":
            lengths_s[len(lengths_s) // 2 :] += constants.STUCK_CONTACT_S
        side = bottle.channel or bottle.side
        licks[side], contact_s[side] = np.cumsum(steps), np.cumsum(lengths_s)
    return _sipper_text(datetime.fromisoformat(str(bottles[0].start_time)), licks, contact_s)


def _drawn_lick_times(bottles: Sequence[BottleRow], truth: TruthRow, rng: np.random.Generator) -> str:
    """Start and end of every lick (s) in columns of each side; blank cells below the shorter ones."""
    columns: list[list[str]] = []
    for bottle in bottles:
        is_sucrose = bottle.content == "sucrose"
        licks = (truth.sucrose_licks if is_sucrose else truth.water_licks) or 0
        bursts = (truth.sucrose_bursts if is_sucrose else truth.water_bursts) or 0
        starts_s = _lick_starts_s(licks, bursts, rng)
        ends_s = starts_s + np.clip(rng.normal(constants.LICK_S, constants.LICK_SD_S, licks), 0.02, 0.1)
        for name, times_s in (("on", starts_s), ("off", ends_s)):
            columns.append([f"{bottle.side}_{name}_s", *(f"{time_s:.3f}" for time_s in times_s)])
    return "\n".join(",".join(row) for row in zip_longest(*columns, fillvalue="")) + "\n"


def _lick_starts_s(licks: int, bursts: int, rng: np.random.Generator) -> np.ndarray:
    """Start of every lick (s): bursts of at least one lick at random times of the night."""
    if not licks:
        return np.empty(0)
    sizes = 1 + rng.multinomial(licks - bursts, np.full(bursts, 1 / bursts))
    intervals_s = np.clip(rng.normal(constants.LICK_INTERVAL_S, constants.LICK_INTERVAL_SD_S, licks), 0.11, 0.3)
    firsts = np.cumsum(sizes) - sizes
    intervals_s[firsts] = 0.0
    free_s = constants.HOUR_S * constants.LOG_HOURS - intervals_s.sum() - bursts * constants.LEAST_PAUSE_S
    intervals_s[firsts] = constants.LEAST_PAUSE_S + free_s * rng.dirichlet(np.ones(bursts + 1))[:-1]
    return np.cumsum(intervals_s)


def _sipper_text(begin: datetime, licks: Mapping[str, np.ndarray], contact_s: Mapping[str, np.ndarray]) -> str:
    """A log as the Sipper's firmware writes it, from cumulative licks and contact times of both sides."""
    lines = [HEADINGS]
    for index in range(len(licks["left"])):
        elapsed_s = constants.LOG_ROW_S * index
        now = begin + timedelta(seconds=elapsed_s)
        clock = f"{now.month}/{now.day}/{now.year} {now:%H:%M:%S}"
        spent = f"{elapsed_s // 3600}:{elapsed_s // 60 % 60}:{elapsed_s % 60}"
        sides = ",".join(f"{licks[side][index]},{contact_s[side][index]:.2f}" for side in ("left", "right"))
        battery_v = constants.BATTERY_V - constants.BATTERY_FALL_V * index
        lines.append(f"{clock},{spent},1,{sides},{battery_v:.2f}")
    return "\n".join(lines) + "\n"
