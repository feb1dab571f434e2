"""Bottle tests with a known truth: preference, leak controls, a leaking bottle, a stuck sensor.

``design`` says who drinks what; ``draw`` writes the lickometer logs. Bottle weights stand in the table,
so they are drawn in ``design``. Everything is rounded as a balance of 0.01 g rounds.
"""

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

SESSIONS = ("day1", "day2")
START = datetime(2026, 3, 2, 18, 0)
# Preference (%) by dose, and the rise above vehicle at 5, 10 and 20 mg/kg: made up, of the size the plan hopes for.
VEHICLE_PCT, DOSES_MG_PER_KG, RISE_PCT = 70.0, (0, 5, 10, 20), (0, 5, 10, 15)
SD_PCT, SIDE_PULL_PCT = 5.0, 3.0
DAILY_ML_PER_G, DAILY_SD = 0.24, 0.1
# Evaporation and drops: 0.1 ml a day in well-made tubes (Tordoff).
CONTROL_LOSS_G, LEAK_G = 0.10, 24.0
LOG_EVERY = 4
LOG_HOURS, ROW_S = 12, 60
LICKS_PER_H, CONTACT_S = 60.0, 0.12
STUCK_CONTACT_S = 40.0


def design(animals: pd.DataFrame, rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Two days of bottles with sides swapped for every animal, and a lickometer night for every fourth."""
    rows, truths = [], []
    leaking = animals["animal"].iloc[-1]
    for index, animal in enumerate(animals.to_dict("records")):
        rise = np.interp(animal["dose_mg_per_kg"], DOSES_MG_PER_KG, RISE_PCT)
        wanted = np.clip(VEHICLE_PCT + rise + SD_PCT * rng.standard_normal(), 40, 97)
        for day, session in enumerate(SESSIONS):
            side = ("left", "right")[(index + day) % 2]
            leak = animal["animal"] == leaking and day == 1
            made, truth = _bottle_pair(animal, session, side, wanted, leak, rng)
            rows += made
            truths.append(truth)
        if index % LOG_EVERY == 0:
            made, truth = _logged_pair(animal, wanted, index == 0, rng)
            rows += made
            truths.append(truth)
    rows += [_dummy(session, side) for session in SESSIONS for side in ("left", "right")]
    return {"sucrose_preference": pd.DataFrame(rows), "sucrose_preference_truth": pd.DataFrame(truths)}


def _bottle_pair(
    animal: dict, session: str, side: str, wanted_pct: float, leak: bool, rng: np.random.Generator
) -> tuple[list[dict], dict]:
    """Two bottles of one day, and what was drunk from them."""
    total_g = DAILY_ML_PER_G * animal["weight_g"] * (1 + DAILY_SD * rng.standard_normal())
    pull = SIDE_PULL_PCT if side == "left" else -SIDE_PULL_PCT
    sucrose_g = round(total_g * (wanted_pct + pull) / 100, 2)
    water_g = round(total_g - sucrose_g, 2)
    name, other = f"spt_{animal['animal']}_{session}", {"left": "right", "right": "left"}[side]
    rows = []
    for place, content, drunk_g in ((side, "sucrose", sucrose_g), (other, "water", water_g)):
        start_g = round(150 + rng.uniform(-3, 3), 2)
        lost_g = drunk_g + CONTROL_LOSS_G + (LEAK_G if leak and content == "water" else 0)
        rows.append(
            {
                **_common(name, animal["animal"], session, place, content),
                "start_g": start_g,
                "end_g": round(start_g - lost_g, 2),
            }
        )
    preference = 100 * sucrose_g / (sucrose_g + water_g)
    truth = {
        "recording": name,
        "sucrose_preference_pct": preference,
        "sucrose_intake_g": sucrose_g,
        "water_intake_g": water_g,
    }
    return rows, truth | ({"fault": "leak"} if leak else {})


def _logged_pair(animal: dict, wanted_pct: float, stuck: bool, rng: np.random.Generator) -> tuple[list[dict], dict]:
    """Two bottles at a lickometer for one night, and how often each was licked."""
    name = f"lick_{animal['animal']}"
    total = rng.poisson(LICKS_PER_H * LOG_HOURS)
    sucrose = int(rng.binomial(total, wanted_pct / 100))
    begin = datetime(2026, 3, 6, 19, 0)
    rows = [
        {
            **_common(name, animal["animal"], "night", side, content, begin, LOG_HOURS),
            "log": f"sippers/sipper_{animal['animal']}.csv",
            "channel": side,
        }
        for side, content in (("left", "sucrose"), ("right", "water"))
    ]
    truth = {"recording": name, "sucrose_licks": sucrose, "water_licks": int(total - sucrose)}
    return rows, truth | ({"fault": "stuck_sensor"} if stuck else {})


def _common(
    name: str, animal: str | None, session: str, side: str, content: str, begin: datetime | None = None, hours: int = 24
) -> dict:
    begin = begin or START + timedelta(days=SESSIONS.index(session))
    return {
        "recording": name,
        "animal": animal,
        "session": session,
        "side": side,
        "content": content,
        "concentration_pct": 1 if content == "sucrose" else None,
        "start_time": begin.isoformat(sep=" ", timespec="minutes"),
        "end_time": (begin + timedelta(hours=hours)).isoformat(sep=" ", timespec="minutes"),
        "dummy": "no" if animal else "yes",
    }


def _dummy(session: str, side: str) -> dict:
    """A leak-control bottle in an empty cage."""
    content = "sucrose" if side == "left" else "water"
    common = _common(f"leak_{session}", None, session, side, content)
    return {**common, "start_g": 151.0, "end_g": round(151.0 - CONTROL_LOSS_G, 2)}


def draw(rows: dict, folder: Path, *, seed: int) -> None:
    """Write the Sipper log of one recording: counts and contact of two spouts, a row a minute."""
    truth = rows["sucrose_preference_truth"][0]
    rng = np.random.default_rng(seed)
    bottles = [row for row in rows["sucrose_preference"] if row["log"]]
    counts, contacts = {}, {}
    for bottle in bottles:
        total = int(truth[f"{bottle['content']}_licks"])
        steps = np.bincount(rng.integers(1, LOG_HOURS * 60, total), minlength=LOG_HOURS * 60 + 1)
        lengths = steps * CONTACT_S * rng.uniform(0.8, 1.2, len(steps))
        if truth["fault"] == "stuck_sensor" and bottle["content"] == "sucrose":
            lengths[len(lengths) // 2 :] += STUCK_CONTACT_S
        counts[bottle["channel"]], contacts[bottle["channel"]] = np.cumsum(steps), np.cumsum(lengths)
    begin = datetime.fromisoformat(bottles[0]["start_time"])
    path = folder / bottles[0]["log"]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_sipper_text(begin, counts, contacts), encoding="ascii", newline="\r\n")


def _sipper_text(begin: datetime, counts: dict[str, np.ndarray], contacts: dict[str, np.ndarray]) -> str:
    """A log as the Sipper's firmware writes it."""
    head = (
        "MM:DD:YYYY hh:mm:ss, Elapsed Time, Device, LeftCount, LeftDuration, RightCount, RightDuration, BatteryVoltage"
    )
    lines = [head]
    for index in range(len(counts["left"])):
        now, elapsed = begin + timedelta(seconds=ROW_S * index), ROW_S * index
        clock = f"{now.month}/{now.day}/{now.year} {now:%H:%M:%S}"
        spent = f"{elapsed // 3600}:{elapsed // 60 % 60}:{elapsed % 60}"
        sides = ",".join(f"{counts[side][index]},{contacts[side][index]:.2f}" for side in ("left", "right"))
        lines.append(f"{clock},{spent},1,{sides},{4.1 - 0.0002 * index:.2f}")
    return "\n".join(lines) + "\n"
