"""Membranes drawn for one story: so much of a protein in each lane, on a picture of its own noise."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import tifffile

from ketaflow.assays.western_blot import cohort
from ketaflow.assays.western_blot.model import Blot, Fingerprint, Lane, Measured, Target, TargetSummary
from ketaflow.assays.western_blot.simulation.constants import LADDER_KDA
from ketaflow.assays.western_blot.simulation.drawing import Stage, add_band, blank_picture, developed
from ketaflow.core.results import Measurement, Summary, frame

from .conftest import COHORT, LADDER_TEXT

PUBLISHED = {"measurements": Measurement, "targets": TargetSummary, "fingerprints": Fingerprint}
HEIGHT_PX, WIDTH_PX = 420, 560


def picture(
    volumes: list[float | None], kda: float, seed: int, *, ladder: bool = True, gradient: float = 0.0
) -> np.ndarray:
    """A picture whose lane 1 is the ladder (if any) and whose further lanes hold these volumes (None: empty).

    ``gradient`` is what transfer adds to the logarithm of the amount from the left lane to the right one.
    """
    rng = np.random.default_rng(seed)
    count = len(volumes) + ladder
    stage = Stage(HEIGHT_PX, WIDTH_PX, count, 0.01, 4.0, rng.uniform(300, 700), rng.uniform(7, 12))
    plane = blank_picture(stage, rng)
    usual = float(np.mean([volume for volume in volumes if volume]))
    for mass in LADDER_KDA if ladder else ():
        add_band(plane, stage, 1, mass, 0.5 * usual * rng.uniform(0.7, 1.3), rng)
    for lane, volume in enumerate(volumes, start=1 + ladder):
        came = np.exp(gradient * (lane - 1) / max(count - 1, 1))
        if volume:
            add_band(plane, stage, lane, kda, volume * came, rng)
    return developed(plane, stage, rng)


def stain(loading: np.ndarray, seed: int, *, corner: float = 1.0) -> np.ndarray:
    """Total protein of lanes beside a ladder: one proteome of 18 bands, loaded differently.

    ``corner`` is how many times as much came across in the lower right corner, against the lane's and row's own mean.
    """
    rng = np.random.default_rng(seed)
    count = len(loading) + 1
    stage = Stage(HEIGHT_PX, WIDTH_PX, count, 0.005, 2.0, rng.uniform(300, 700), 9.0)
    plane = blank_picture(stage, rng)
    for mass in LADDER_KDA:
        add_band(plane, stage, 1, mass, 3e5, rng)
    for mass in np.geomspace(200, 12, 18):
        share, down = rng.uniform(0.3, 1), stage.row(mass) / HEIGHT_PX - 0.5
        for lane, load in enumerate(loading, start=2):
            came = np.exp(4 * np.log(corner) * ((lane - 1) / (count - 1) - 0.5) * down)
            add_band(plane, stage, lane, mass, 2.5e5 * share * load * came, rng)
    return developed(plane, stage, rng)


def write(folder: Path, name: str, plane: np.ndarray) -> str:
    tifffile.imwrite(folder / name, plane, photometric="minisblack")
    return name


def lane_map(membrane: str, animals: list[str], *, ladder: bool = True, pool: int = 0) -> list[dict]:
    """Ladder, one lane for each animal, pooled lanes."""
    kinds = ["ladder"] * ladder + ["animal"] * len(animals) + ["pool"] * pool
    named = [None] * ladder + animals + [None] * pool
    return [
        {
            "membrane": membrane,
            "lane": lane,
            "sample": kind,
            "animal": animal,
            "load_ug": 20.0,
            "ladder_kda": LADDER_TEXT if kind == "ladder" else None,
        }
        for lane, (kind, animal) in enumerate(zip(kinds, named, strict=True), start=1)
    ]


def summarised(blots: list[tuple[Blot, Measured]], **changed: float) -> Summary:
    """The cohort's summary of measured blots, as the engine hands their tables to it."""
    tables = {
        name: pd.concat([frame(getattr(measured, name), kind) for _, measured in blots], ignore_index=True)
        for name, kind in PUBLISHED.items()
    }
    cohort_tables = {
        "western_blot_images": frame([target for blot, _ in blots for target in blot.targets], Target),
        "western_blot_lanes": frame([lane for blot, _ in blots for lane in blot.lanes], Lane),
    }
    return cohort.summarise(tables, cohort_tables, replace(COHORT, **changed))


def legend_of(summary: Summary) -> pd.Series:
    """Legends by the title of their figure."""
    return summary.tables["legends"].set_index("figure")["legend"]
