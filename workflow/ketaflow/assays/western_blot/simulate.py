"""Draw blots with known amounts, as 16-bit TIFFs of a camera.

In: the rows of the cohort, truth included. Out: one picture per membrane and protein. Each membrane holds the ladder,
eight animals (two of each arm where there are four) and a pooled sample. Loading and exposure vary, and cancel.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from ketaflow.assays.western_blot.model import Lane, Sample, Target, TruthRow
from ketaflow.assays.western_blot.simulation import constants
from ketaflow.assays.western_blot.simulation.drawing import Stage, add_band, blank_picture, developed
from ketaflow.core.inputs import Rows

# Masses of the ladder as the lane map names them.
LADDER_TEXT = " ".join(f"{kda:g}" for kda in constants.LADDER_KDA)


def design(animals: pd.DataFrame, rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Lay out the membranes of a study, with the arms balanced over them.

    Parameters
    ----------
    animals : data frame
        Columns ``animal``, ``arm``, ``dose_mg_per_kg``.
    rng : numpy Generator
        Source of lane order, loading and exposure.

    Returns
    -------
    dict of str to data frame
        The tables ``western_blot_images``, ``western_blot_lanes`` and ``western_blot_truth`` (the amounts to draw).
    """
    membranes = _shared_out(animals, rng)
    pictures, lanes, truth = [], [], []
    for number, members in enumerate(membranes, start=1):
        name = f"B{number}"
        held = ["ladder", *members["animal"], "pool"]
        for lane, content in enumerate(held, start=1):
            kind = content if content in ("ladder", "pool") else "animal"
            load, masses = (None, LADDER_TEXT) if kind == "ladder" else (20, None)
            lanes.append((name, lane, kind, content if kind == "animal" else None, load, masses))
        loading = rng.lognormal(0, constants.LOADING_SD, len(members) + 1)
        states = dict(zip(members["animal"], members["dose_mg_per_kg"], strict=True))
        for target, role, total, kda, rise, half_dose, spread in constants.PROTEINS:
            image = f"blots/{name}_{target}.tif"
            pictures.append((image, name, target, role, kda, total, "prefrontal cortex"))
            exposure = rng.lognormal(0, constants.EXPOSURE_SD)
            amounts = [1 + rise * dose / (dose + half_dose) for dose in states.values()]
            amounts = [amount * rng.lognormal(0, spread) if spread else amount for amount in amounts]
            pooled = 1 + 0.5 * rise
            for lane, (amount, load) in enumerate(zip([*amounts, pooled], loading, strict=True), start=2):
                volume = constants.USUAL_VOLUME[target] * exposure * amount * load
                truth.append((image, name, lane, target, round(amount, 4), round(volume)))
    return {
        "western_blot_images": pd.DataFrame(
            pictures, columns=["image", "membrane", "target", "role", "kda", "total_target", "region"]
        ),
        "western_blot_lanes": pd.DataFrame(
            lanes, columns=["membrane", "lane", "sample", "animal", "load_ug", "ladder_kda"]
        ),
        "western_blot_truth": pd.DataFrame(truth, columns=["image", "membrane", "lane", "target", "amount", "volume"]),
    }


def _shared_out(animals: pd.DataFrame, rng: np.random.Generator) -> list[pd.DataFrame]:
    """Animals by membrane: every arm dealt out in turn, lanes shuffled within the membrane."""
    count = max(1, -(-len(animals) // constants.PER_MEMBRANE))
    shuffled = animals.iloc[rng.permutation(len(animals))].sort_values("arm", kind="stable")
    return [
        shuffled.iloc[first::count].iloc[rng.permutation(len(shuffled.iloc[first::count]))] for first in range(count)
    ]


def draw(rows: Rows, folder: Path, *, seed: int) -> None:
    """Draw every picture of a group of membranes.

    Parameters
    ----------
    rows : Rows
        Rows of the pictures, the lane maps and the truth.
    folder : Path
        Where the paths of the pictures start.
    seed : int
        The same seed draws the same pictures.
    """
    import tifffile

    lanes: dict[str, dict[int, Sample]] = {}
    for lane in rows.of("western_blot_lanes", Lane):
        lanes.setdefault(lane.membrane, {})[lane.lane] = lane.sample
    truth = rows.of("western_blot_truth", TruthRow)
    for number, target in enumerate(rows.of("western_blot_images", Target)):
        rng = np.random.default_rng([seed, number])
        lay = np.random.default_rng([seed, 99])
        held = lanes[target.membrane]
        stage = Stage(
            constants.HEIGHT_PX, constants.WIDTH_PX, max(held), tilt=lay.uniform(-0.03, 0.03),
            smile_px=lay.uniform(-5, 8), background=rng.uniform(250, 900), noise_sd=rng.uniform(6, 14),
        )  # fmt: skip
        bands = [row for row in truth if row.image == target.image]
        path = folder / target.image
        path.parent.mkdir(parents=True, exist_ok=True)
        picture = _picture(stage, target.kda or 0.0, held, bands, rng)
        tifffile.imwrite(path, picture, photometric="minisblack")


def _picture(
    stage: Stage, kda: float, held: dict[int, Sample], bands: list[TruthRow], rng: np.random.Generator
) -> np.ndarray:
    """One picture: the ladder, the bands of the target at its mass (kDa), and a fainter band below each."""
    picture = blank_picture(stage, rng)
    usual = float(np.mean([band.volume for band in bands]))
    for lane, kind in held.items():
        if kind == "ladder":
            for mass in constants.LADDER_KDA:
                add_band(picture, stage, lane, mass, 0.5 * usual * rng.uniform(0.6, 1.4), rng)
    for band in bands:
        add_band(picture, stage, band.lane, kda, band.volume, rng)
        add_band(picture, stage, band.lane, kda * 0.62, 0.06 * usual * rng.uniform(0.5, 1.5), rng)
    return developed(picture, stage, rng)
