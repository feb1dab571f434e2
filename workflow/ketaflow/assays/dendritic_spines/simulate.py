"""Simulated dendrites: 16-bit OME-TIFF stacks whose length, spines and classes are known.

The demonstration's dose effect follows the literature: under stress there are fewer spines, ketamine restores them, and
heads widen as thin spines become mushrooms (Li et al. 2010, Science 329:959; sizes of the effect are assumed).
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from ketaflow.assays.dendritic_spines.constants import CLASSES
from ketaflow.assays.dendritic_spines.model import MAIN, TRUTH, ImageRow, TruthRow
from ketaflow.assays.dendritic_spines.simulation import constants, optics, scene
from ketaflow.assays.dendritic_spines.simulation.constants import PLANES, VOXEL_UM
from ketaflow.assays.dendritic_spines.simulation.scene import Spheres, SpineTruth
from ketaflow.core.images import SIMULATED_OME_UUID
from ketaflow.core.inputs import Rows


class Simulated(NamedTuple):
    """A simulated image of one dendrite.

    Attributes
    ----------
    line_um : (n, 3) float
        Centreline of the dendrite inside the image: plane, y, x (um).
    spines : list of SpineTruth
        Truth of every spine.
    stack : (planes, rows, columns) uint16
        Counts.
    """

    line_um: np.ndarray
    spines: list[SpineTruth]
    stack: np.ndarray


def simulate_stack(truth: TruthRow, seed: int) -> Simulated:
    """Simulate the image of one dendrite, which enters at one side and leaves at the other.

    Parameters
    ----------
    truth : TruthRow
        Length, spines and photons.
    seed : int
        The same truth and seed give the same image.

    Returns
    -------
    Simulated
    """
    rng = np.random.default_rng(seed)
    start_um = np.array([PLANES * VOXEL_UM[0] / 2, 0, 0])
    whole = scene.random_centreline(start_um, 0.0, truth.length_um + 4, bend=0.05, tilt=0.02, rng=rng)
    edge = int(2 / constants.STEP_UM)
    whole[:, 2] -= whole[edge, 2]
    whole[:, 1] += constants.BORDER_UM - whole[:, 1].min()
    line = whole[edge:-edge]
    radius_um = constants.SHAFT_RADIUS_UM
    spines = scene.place_spines(line, radius_um, _requested(truth, rng), blur_um=constants.FWHM_XY_UM, rng=rng)
    size_um = [PLANES * VOXEL_UM[0], whole[:, 1].max() + constants.BORDER_UM, line[-1, 2]]
    shape = tuple(np.rint(np.array(size_um) / VOXEL_UM).astype(int).tolist())
    shaft = scene.shaft_spheres(whole, radius_um, 1.0, rng)
    spheres = Spheres.concatenate([shaft, *(spine.spheres for spine in spines)])
    light = optics.rasterise(spheres, shape, VOXEL_UM)
    light = optics.blur(light, VOXEL_UM, constants.FWHM_XY_UM, constants.FWHM_Z_UM)
    detector = optics.Detector(
        photons=truth.photons, background=2.0, read_noise=2.0, gain=12.0, offset=100.0, ceiling=4095
    )
    return Simulated(line, [spine.truth for spine in spines], optics.detect(light, detector, rng))


def _requested(truth: TruthRow, rng: np.random.Generator) -> list[tuple[str, bool]]:
    """Class of each spine of an image in random order, then hidden ones of any class but filopodia."""
    requested = [(name, False) for name in CLASSES for _ in range(truth.count(name))]
    rng.shuffle(requested)
    return requested + [(str(rng.choice(CLASSES[:3])), True) for _ in range(truth.hidden_count or 0)]


def draw(rows: Rows, folder: Path, *, seed: int) -> None:
    """Write the image of one group as an OME-TIFF.

    Parameters
    ----------
    rows : Rows
        The image and its truth.
    folder : Path
        Where the paths of images start.
    seed : int
        Seed of the image.
    """
    import tifffile

    (image,), (truth,) = rows.of(MAIN, ImageRow), rows.of(TRUTH, TruthRow)
    path = folder / image.image
    path.parent.mkdir(parents=True, exist_ok=True)
    sizes = {f"PhysicalSize{axis}": float(size) for axis, size in zip("ZYX", VOXEL_UM, strict=True)}
    metadata = {"axes": "ZYX", "SignificantBits": 12, "UUID": SIMULATED_OME_UUID, **sizes}
    tifffile.imwrite(path, simulate_stack(truth, seed).stack, ome=True, metadata=metadata)


def design(animals: pd.DataFrame, rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Design the demonstration: dendrites of the frontal cortex of every animal, more and larger spines with dose.

    Parameters
    ----------
    animals : data frame
        ``animal`` and ``dose_mg_per_kg``.
    rng : numpy.random.Generator
        Source of the variation.

    Returns
    -------
    dict of str to data frame
        The tables ``dendritic_spines`` and ``dendritic_spines_truth``. The density of the design is that of the spines
        that can be counted; hidden ones are added.
    """
    images, truths = [], []
    for animal in animals.to_dict("records"):
        dose = float(animal.get("dose_mg_per_kg") or 0)
        effect = dose / (dose + constants.HALF_DOSE_MG_PER_KG)
        own = rng.normal(0, constants.BETWEEN_ANIMALS)
        for number in range(1, constants.DENDRITES_PER_ANIMAL + 1):
            image = f"dendritic_spines/{animal['animal']}_d{number}.ome.tif"
            length_um = round(float(rng.uniform(13, 17)), 1)
            variation = np.exp(own + rng.normal(0, constants.BETWEEN_DENDRITES))
            density = constants.BASE_DENSITY_PER_UM * (1 + constants.GAIN * effect) * variation
            shares = np.array([0.28 + 0.12 * effect, 0.42 - 0.1 * effect, 0.25, 0.05 - 0.02 * effect])
            counts = rng.multinomial(rng.poisson(density * length_um), shares / shares.sum())
            images.append((image, animal["animal"], "mPFC", "n1", f"d{number}"))
            truths.append((image, length_um, *map(int, counts)))
    truth = pd.DataFrame(truths, columns=["image", "length_um", *(f"{name}_count" for name in CLASSES)])
    hidden = rng.poisson(constants.HIDDEN * truth.filter(like="_count").sum(axis=1))
    main = pd.DataFrame(images, columns=["image", "animal", "region", "cell", "dendrite"])
    return {MAIN: main, TRUTH: truth.assign(hidden_count=hidden, photons=constants.PHOTONS)}
