"""The demonstration cohort's fields: tables with a known truth, and the image files they name.

In: animals with their doses, and a seed. Out: the tables of the assay and of the truth (``design``), and 16-bit
OME-TIFF files (``draw``). The same rows and seed give the same file.
"""

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import tifffile

from ketaflow.assays.synaptic_puncta import constants
from ketaflow.assays.synaptic_puncta.model import FieldRow, TruthRow
from ketaflow.assays.synaptic_puncta.simulation.fields import Scene, SimulatedField, simulate_field
from ketaflow.core.images import SIMULATED_OME_UUID
from ketaflow.core.inputs import Rows


def draw(rows: Rows, folder: Path, *, seed: int) -> None:
    """Write the image of one group.

    Parameters
    ----------
    rows : Rows
        The row of ``synaptic_puncta`` and its row of ``synaptic_puncta_truth``.
    folder : Path
        The cohort folder.
    seed : int
        Seed of the noise and of all positions.
    """
    row, truth = rows.of("synaptic_puncta", FieldRow)[0], rows.of("synaptic_puncta_truth", TruthRow)[0]
    given = {name: value for name, value in asdict(truth).items() if value is not None and name != "image"}
    scene = replace(Scene(), **given)
    field = simulate_field(scene, np.random.default_rng(seed))
    write(field, folder / row.file("pre"), scene, (row.marker("pre"), row.marker("post")))


def design(animals: pd.DataFrame, rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Design one prefrontal section per animal; synapses grow with the dose, and animals differ.

    Parameters
    ----------
    animals : data frame
        ``animal`` and ``dose_mg_per_kg``.
    rng : numpy Generator
        Source of chance.

    Returns
    -------
    dict of str to data frame
        Tables ``synaptic_puncta`` and ``synaptic_puncta_truth``.
    """
    scene = Scene()
    tissue_um2 = (scene.width_px * scene.pixel_size_um) ** 2
    dose = animals["dose_mg_per_kg"].to_numpy() / constants.HIGHEST_DOSE_MG_PER_KG
    gain = 1 + constants.GAIN_AT_HIGHEST_DOSE * dose
    between_animals = np.exp(rng.normal(0, constants.BETWEEN_ANIMAL_SD, len(animals)))
    density = constants.VEHICLE_DENSITY_PER_UM2 * gain * between_animals
    images = [f"synaptic_puncta/{animal}_S1.ome.tif" for animal in animals["animal"]]
    table = pd.DataFrame(
        {
            "image": images,
            "animal": animals["animal"].to_numpy(),
            "region": "mPFC",
            "section": "S1",
            "pre_marker": "VGluT1",
            "post_marker": "PSD95",
            "pre_channel": "VGluT1",
            "post_channel": "PSD95",
        }
    )
    truth = pd.DataFrame(
        {
            "image": images,
            "synapses": np.rint(density * tissue_um2).astype(int),
            "pre_alone": rng.integers(70, 110, len(animals)),
            "post_alone": rng.integers(50, 90, len(animals)),
            "snr": rng.uniform(6, 12, len(animals)).round(1),
            "unevenness": rng.uniform(0.2, 0.7, len(animals)).round(2),
            "nuclei": rng.integers(0, 2, len(animals)),
        }
    )
    return {"synaptic_puncta": table, "synaptic_puncta_truth": truth}


def write(field: SimulatedField, path: Path, scene: Scene, names: tuple[str, str]) -> None:
    """Write a field as an OME-TIFF with its scale.

    Parameters
    ----------
    field : SimulatedField
        The channels.
    path : Path
        The file.
    scene : Scene
        Gives the scale.
    names : tuple of str
        Names of the pre and the post channel.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    stack = np.stack([field.pre, field.post], axis=1)
    scale = {"PhysicalSizeX": scene.pixel_size_um, "PhysicalSizeY": scene.pixel_size_um}
    if len(stack) > 1:
        scale["PhysicalSizeZ"] = scene.z_step_um
    else:
        stack = stack[0]
    axes = "ZCYX"[-stack.ndim :]
    metadata = {"axes": axes, "Channel": {"Name": list(names)}, "UUID": SIMULATED_OME_UUID, **scale}
    tifffile.imwrite(path, stack, ome=True, photometric="minisblack", metadata=metadata)
