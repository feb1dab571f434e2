"""Draw forced swim videos whose truth is known, and the tables of the demonstration cohort.

In: rows of the cohort with their truth (what each animal does and when; the scene). Out: a video with water, ripples,
sensor noise, glass edges, a mirror image under the surface, and animals with limbs. Same rows and seed, same video.
"""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from ketaflow.assays.forced_swim.model import SwimRow, TruthRow
from ketaflow.assays.forced_swim.simulation import constants, simulated_raters
from ketaflow.assays.forced_swim.simulation.encoding import encode_video
from ketaflow.assays.forced_swim.simulation.rendering import AnimalTruth, draw_frames
from ketaflow.assays.forced_swim.simulation.room import SceneTruth
from ketaflow.assays.forced_swim.simulation.swim_plan import parse_states, plan_states
from ketaflow.core.inputs import Rows

Kind = TypeVar("Kind")


def draw(rows: Rows, folder: Path, *, seed: int) -> None:
    """Write the video that the rows of one group describe.

    Parameters
    ----------
    rows : Rows
        Of ``forced_swim`` and ``forced_swim_truth``. The first animal's truth describes the scene.
    folder : Path
        Where the paths of the table start.
    seed : int
        Seed of noise, ripples and lost frames.
    """
    swims = rows.of("forced_swim", SwimRow)
    truth = {row.recording: _filled(row) for row in rows.of("forced_swim_truth", TruthRow)}
    animals = [_with_defaults(AnimalTruth, {**truth[row.recording], "cylinder": row.cylinder}) for row in swims]
    target = folder / swims[0].video
    target.parent.mkdir(parents=True, exist_ok=True)
    faults = {animal.fault for animal in animals}
    if faults & {"zero_byte", "wrong_type"}:
        target.write_bytes(b"" if "zero_byte" in faults else b"recording,animal\nthis is a table,not a video\n")
        return
    scene = _with_defaults(SceneTruth, truth[swims[0].recording])
    encode_video(draw_frames(scene, animals, np.random.default_rng(seed)), target, scene)
    if "truncated" in faults:
        content = target.read_bytes()
        target.write_bytes(content[: len(content) // 3])


def _filled(row: TruthRow) -> dict[str, Any]:
    """Filled cells of a row."""
    return {name: cell for name, cell in vars(row).items() if cell is not None}


def _with_defaults(kind: type[Kind], cells: Mapping[str, Any]) -> Kind:
    """A dataclass of those cells that are its fields."""
    names = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]  # any dataclass
    return kind(**{name: cell for name, cell in cells.items() if name in names})


def design(animals: pd.DataFrame, rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Design the demonstration cohort: four cylinders to a video, animals of different arms side by side.

    Immobility falls with the dose from about 165 s of the scored 240 s (39 % less at 20 mg/kg); SD 20 s.

    Parameters
    ----------
    animals : data frame
        ``animal``, ``arm``, ``dose_mg_per_kg``.
    rng : numpy Generator
        Source of chance.

    Returns
    -------
    dict of str to data frame
        The tables of this assay.
    """
    order = animals.assign(place=rng.permutation(len(animals)))
    order["turn"] = order.sort_values("place").groupby("arm").cumcount()
    order = order.sort_values(["turn", "place"]).reset_index(drop=True)
    swims, truths = [], []
    for index, animal in enumerate(order.to_dict("records")):
        number, place = divmod(index, constants.CYLINDERS)
        recording = f"swim_{animal['animal']}"
        swims.append({
            "recording": recording,
            "animal": animal["animal"],
            "video": f"videos/swim_{number + 1:02d}.mp4",
            "cylinder": place + 1,
            "session": "test",
            "hours_after_dose": constants.HOURS_AFTER_DOSE,
        })  # fmt: skip
        count = min(constants.CYLINDERS, len(order) - constants.CYLINDERS * number)
        dose_mg_per_kg = float(animal.get("dose_mg_per_kg") or 0.0)
        truths.append(truth_row(recording, dose_mg_per_kg, place, count, rng))
    rated = {truth.recording: parse_states(truth.states) for truth in truths[:: constants.RATED_EVERY]}
    scores = pd.DataFrame(simulated_raters.simulated_scores(rated, rng)).drop(columns=["total_s", "fps"])
    return {
        "forced_swim": pd.DataFrame(swims),
        "forced_swim_truth": pd.DataFrame([_filled(truth) for truth in truths]),
        "forced_swim_human_scores": scores,
    }


def truth_row(recording: str, dose_mg_per_kg: float, place: int, cylinders: int, rng: np.random.Generator) -> TruthRow:
    """Plan one swim of the demonstration cohort.

    Parameters
    ----------
    recording : str
        Its name.
    dose_mg_per_kg : float
        Dose of the animal.
    place, cylinders : int
        Place of its cylinder in the video, from 0, and number of cylinders.
    rng : numpy Generator
        Source of chance.

    Returns
    -------
    TruthRow
    """
    fall_s = constants.MAX_FALL_S * dose_mg_per_kg / (dose_mg_per_kg + constants.HALF_DOSE_MG_PER_KG)
    drawn_s = rng.normal(constants.VEHICLE_IMMOBILITY_S - fall_s, constants.IMMOBILITY_SD_S)
    target_s = float(np.clip(drawn_s, constants.MIN_IMMOBILITY_S, constants.MAX_IMMOBILITY_S))
    release_s = constants.RELEASE_S + constants.RELEASE_STEP_S * place
    last_release_s = constants.RELEASE_S + constants.RELEASE_STEP_S * (constants.CYLINDERS - 1)
    return TruthRow(
        recording=recording,
        states=plan_states(target_s, release_s, rng),
        seed=int(rng.integers(1, 1_000_000)),
        body_length=round(float(rng.normal(0.5, 0.025)), 3),
        vigour=round(float(rng.normal(1.0, 0.08)), 3),
        fps=10,
        width_px=320,
        height_px=200,
        duration_s=last_release_s + constants.SWIM_S + constants.TAIL_S,
        codec="libx264",
        cylinders=cylinders,
        noise_sd=2.0,
    )
