"""Drawn dendrites: 16-bit OME-TIFF stacks whose length, spines and classes are known.

The demonstration's dose effect follows the field: under stress fewer spines, ketamine brings them back, and heads
widen as thin spines become mushrooms (Li et al. 2010, Science 329:959; sizes of the effect are assumed).
"""

from pathlib import Path

import numpy as np
import pandas as pd

from ketaflow.assays.dendritic_spines import constants
from ketaflow.assays.dendritic_spines.simulation import optics, scene
from ketaflow.assays.dendritic_spines.simulation.scene import Spheres
from ketaflow.core.images import SIMULATED_OME_UUID

TABLE = "dendritic_spines"
TRUTH = "dendritic_spines_truth"
VOXEL_UM = np.array([0.3, 0.1, 0.1])
PLANES = 14
BORDER_UM = 3.5
SHAFT_RADIUS_UM = 0.4
FWHM_XY_UM, FWHM_Z_UM = 0.3, 0.8
DENDRITES_PER_ANIMAL = 2
# Spines per um of the control, and gain at the highest dose (half of it at about 7 mg/kg).
BASE_DENSITY_PER_UM, GAIN, HALF_DOSE_MG_PER_KG = 0.75, 0.45, 7.0
BETWEEN_ANIMALS, BETWEEN_DENDRITES = 0.10, 0.12
# Spines over or under the shaft for each one beside it: those that point steeply are a quarter of all directions.
HIDDEN = 1 / 3


def draw_stack(truth: dict, seed: int) -> tuple[np.ndarray, list[dict], np.ndarray]:
    """Centreline (n, 3) um inside the image, truth of every spine, and the stack of counts (z, y, x).

    The shaft enters at one side of the image and leaves at the other.
    """
    rng = np.random.default_rng(seed)
    whole = scene.random_centreline(np.array([PLANES * VOXEL_UM[0] / 2, 0, 0]), 0.0, truth["length_um"] + 4, bend=0.05,
                             tilt=0.02, rng=rng)  # fmt: skip
    edge = int(2 / scene.STEP_UM)
    whole[:, 2] -= whole[edge, 2]
    whole[:, 1] += BORDER_UM - whole[:, 1].min()
    line = whole[edge:-edge]
    wanted = [(name, False) for name in constants.CLASSES for _ in range(int(truth[f"{name}_count"]))]
    rng.shuffle(wanted)
    wanted += [(str(rng.choice(constants.CLASSES[:3])), True) for _ in range(int(truth.get("hidden_count") or 0))]
    spines, balls = scene.place_spines(line, SHAFT_RADIUS_UM, wanted, blur_um=FWHM_XY_UM, rng=rng)
    size_um = [PLANES * VOXEL_UM[0], whole[:, 1].max() + BORDER_UM, line[-1, 2]]
    shape = tuple(np.rint(np.array(size_um) / VOXEL_UM).astype(int))
    light = optics.rasterise(
        Spheres.concatenate([scene.shaft_spheres(whole, SHAFT_RADIUS_UM, 1.0, rng), balls]), shape, VOXEL_UM
    )
    light = optics.blur(light, VOXEL_UM, FWHM_XY_UM, FWHM_Z_UM)
    stack = optics.detect(light, photons=truth["photons"], background=2.0, read_noise=2.0, gain=12.0, offset=100.0,
                          ceiling=4095, rng=rng)  # fmt: skip
    return line, spines, stack


def draw(rows: dict[str, list[dict]], folder: Path, *, seed: int) -> None:
    """Write the image of one group."""
    import tifffile

    path = folder / rows[TABLE][0]["image"]
    path.parent.mkdir(parents=True, exist_ok=True)
    _, _, stack = draw_stack(rows[TRUTH][0], seed)
    sizes = {f"PhysicalSize{axis}": float(size) for axis, size in zip("ZYX", VOXEL_UM, strict=True)}
    told = {"axes": "ZYX", "SignificantBits": 12, "UUID": SIMULATED_OME_UUID, **sizes}
    tifffile.imwrite(path, stack, ome=True, metadata=told)


def design(animals: pd.DataFrame, rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Two dendrites of the frontal cortex of every animal, with more and larger spines the higher the dose.

    The density that is built in is that of the spines that can be counted; hidden ones go with it.
    """
    images, truths = [], []
    for animal in animals.to_dict("records"):
        dose = float(animal.get("dose_mg_per_kg") or 0)
        effect = dose / (dose + HALF_DOSE_MG_PER_KG)
        own = rng.normal(0, BETWEEN_ANIMALS)
        for number in range(1, DENDRITES_PER_ANIMAL + 1):
            image = f"dendritic_spines/{animal['animal']}_d{number}.ome.tif"
            length = round(float(rng.uniform(13, 17)), 1)
            density = BASE_DENSITY_PER_UM * (1 + GAIN * effect) * np.exp(own + rng.normal(0, BETWEEN_DENDRITES))
            shares = np.array([0.28 + 0.12 * effect, 0.42 - 0.1 * effect, 0.25, 0.05 - 0.02 * effect])
            counts = rng.multinomial(rng.poisson(density * length), shares / shares.sum())
            images.append({"image": image, "animal": animal["animal"], "region": "mPFC", "cell": "n1",
                           "dendrite": f"d{number}"})  # fmt: skip
            named = {f"{name}_count": int(count) for name, count in zip(constants.CLASSES, counts, strict=True)}
            truths.append({"image": image, "length_um": length, **named, "photons": 80.0})
    truth = pd.DataFrame(truths)
    hidden = rng.poisson(HIDDEN * truth.filter(like="_count").sum(axis=1))
    truth.insert(truth.columns.get_loc("photons"), "hidden_count", hidden)
    return {TABLE: pd.DataFrame(images), TRUTH: truth}
