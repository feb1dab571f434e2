"""Draw forced swim videos whose truth is known, and the tables of the demonstration cohort.

In: rows of the cohort with their truth (what each animal does and when; the scene). Out: a video with water, ripples,
sensor noise, glass edges, a mirror image under the surface and animals with limbs. Same rows and seed, same video.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from ketaflow.assays.forced_swim.simulation import simulated_raters
from ketaflow.assays.forced_swim.simulation.rendering import encode_video, frames
from ketaflow.assays.forced_swim.simulation.swim_plan import parse_states, plan_states

SCENE = {
    "fps": 10.0, "width_px": 320, "height_px": 240, "codec": "libx264", "body_level": 45.0, "wall_level": 190.0,
    "noise_sd": 2.0, "ripple": 6.0, "flicker": 0.0, "light_drift": 0.0, "reflection": 0.35, "tilt_px": 0.0,
    "drop_frames_pct": 0.0, "body_length": 0.42, "vigour": 1.0, "seed": 0,
}  # fmt: skip
RELEASE_S = 4.0
SWIM_S = 360.0


def draw(rows: dict[str, list[dict]], folder: Path, *, seed: int) -> None:
    """Write the video that the rows of one group describe below ``folder``."""
    truth = {row["recording"]: row for row in rows["forced_swim_truth"]}
    animals = [{**SCENE, **{k: v for k, v in {**truth[row["recording"]], **row}.items() if v is not None}}
               for row in rows["forced_swim"]]  # fmt: skip
    target = folder / animals[0]["video"]
    target.parent.mkdir(parents=True, exist_ok=True)
    faults = {animal.get("fault", "") for animal in animals}
    if faults & {"zero_byte", "wrong_type"}:
        target.write_bytes(b"" if "zero_byte" in faults else b"recording,animal\nthis is a table,not a video\n")
        return
    encode_video(frames(animals, np.random.default_rng(seed)), target, animals[0])
    if "truncated" in faults:
        content = target.read_bytes()
        target.write_bytes(content[: len(content) // 3])


def design(animals: pd.DataFrame, rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Tables of the demonstration cohort: four cylinders to a video, animals of unlike arms side by side.

    Immobility falls with the dose from about 165 s of the scored 240 s (39 % less at 20 mg/kg); SD 20 s.
    """
    order = animals.assign(place=rng.permutation(len(animals)))
    order["turn"] = order.sort_values("place").groupby("arm").cumcount()
    order = order.sort_values(["turn", "place"]).reset_index(drop=True)
    swims, truths = [], []
    for index, animal in order.iterrows():
        number, cylinder = divmod(index, 4)
        dose = float(animal.get("dose_mg_per_kg") or 0.0)
        target_s = float(np.clip(rng.normal(165 - 90 * dose / (dose + 8), 20), 30, 220))
        release_s = RELEASE_S + 2.0 * cylinder
        recording = f"swim_{animal['animal']}"
        swims.append(
            {
                "recording": recording,
                "animal": animal["animal"],
                "video": f"videos/swim_{number + 1:02d}.mp4",
                "cylinder": cylinder + 1,
                "session": "test",
                "hours_after_dose": 24,
            }
        )
        count = min(4, len(order) - 4 * number)
        truths.append(
            {
                "recording": recording,
                "states": plan_states(target_s, release_s, rng),
                "seed": int(rng.integers(1, 1_000_000)),
                "body_length": round(float(rng.normal(0.5, 0.025)), 3),
                "vigour": round(float(rng.normal(1.0, 0.08)), 3),
                "fps": 10,
                "width_px": 320,
                "height_px": 200,
                "duration_s": RELEASE_S + 2.0 * 3 + SWIM_S + 2.0,
                "codec": "libx264",
                "cylinders": count,
                "noise_sd": 2.0,
            }
        )
    by_people = {truth["recording"]: parse_states(truth["states"]) for truth in truths[::3]}
    return {
        "forced_swim": pd.DataFrame(swims),
        "forced_swim_truth": pd.DataFrame(truths),
        "forced_swim_human_scores": simulated_raters.simulated_scores(by_people, rng),
    }
