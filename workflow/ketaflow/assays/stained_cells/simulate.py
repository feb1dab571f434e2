"""The demonstration cohort's fields: tables with a known truth, and the image files they name.

In: animals with their doses, and a seed. Out: the tables of the assay and of the truth (``design``), and TIFF files
(``draw``): c-Fos in fluorescence, pS6 in DAB. The same rows and seed give the same file.
"""

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import tifffile

from ketaflow.assays.stained_cells import constants
from ketaflow.assays.stained_cells.model import MAIN, TRUTH, FieldRow, TruthRow
from ketaflow.assays.stained_cells.simulation.rendering import SimulatedField, simulate_field
from ketaflow.assays.stained_cells.simulation.scene import Scene
from ketaflow.core.images import SIMULATED_OME_UUID
from ketaflow.core.inputs import Rows

# What the two markers of the demonstration look like.
C_FOS = Scene(width_px=400, height_px=400, pixel_size_um=0.8, diameter_um=9.0, snr=8.0)
PS6 = Scene(width_px=400, height_px=400, pixel_size_um=0.8, stain="dab", style="soma", diameter_um=14.0, snr=8.0)


def draw(rows: Rows, folder: Path, *, seed: int) -> None:
    """Write the image of one group.

    Parameters
    ----------
    rows : Rows
        The row of ``stained_cells`` and its row of ``stained_cells_truth``.
    folder : Path
        The cohort folder.
    seed : int
        Seed of the noise and of all positions.
    """
    row, truth = rows.of(MAIN, FieldRow)[0], rows.of(TRUTH, TruthRow)[0]
    given = {name: value for name, value in asdict(truth).items() if value is not None and name != "image"}
    scene = replace(Scene(), **given)
    write(simulate_field(scene, np.random.default_rng(seed)), folder / row.image, scene, row.marker)


def design(animals: pd.DataFrame, rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Design a section per animal and marker; stained cells grow with the dose, and animals differ.

    Parameters
    ----------
    animals : data frame
        ``animal`` and ``dose_mg_per_kg``.
    rng : numpy Generator
        Source of chance.

    Returns
    -------
    dict of str to data frame
        Tables ``stained_cells`` and ``stained_cells_truth``.
    """
    dose = animals["dose_mg_per_kg"].to_numpy() / constants.HIGHEST_DOSE_MG_PER_KG
    gain = 1 + constants.GAIN_AT_HIGHEST_DOSE * dose
    made = []
    for marker, scene, ratio in (("c-Fos", C_FOS, 1.0), ("pS6", PS6, constants.PS6_RATIO)):
        between_animals = np.exp(rng.normal(0, constants.BETWEEN_ANIMAL_SD, len(animals)))
        area_mm2 = scene.width_px * scene.height_px * scene.pixel_size_um**2 / constants.UM2_PER_MM2
        count = ratio * constants.VEHICLE_DENSITY_PER_MM2 * area_mm2 * gain * between_animals
        pairs = np.rint(count * constants.TOUCHING_SHARE / 2).astype(int)
        made.append(
            pd.DataFrame(
                {
                    "image": [f"stained_cells/{animal}_{marker}.tif" for animal in animals["animal"]],
                    "animal": animals["animal"].to_numpy(),
                    "region": "mPFC",
                    "section": "S1",
                    "marker": marker,
                    "stain": scene.stain,
                    "style": scene.style,
                    "cells": np.rint(count).astype(int) - 2 * pairs,
                    "pairs": pairs,
                    "diameter_um": scene.diameter_um,
                    "snr": rng.uniform(5, 10, len(animals)).round(1),
                    "unevenness": rng.uniform(0.1, 0.5, len(animals)).round(2),
                    "background_density": constants.BACKGROUND_DENSITY,
                    "nuclei": 60 if scene.stain == "dab" else 0,
                    "width_px": scene.width_px,
                    "height_px": scene.height_px,
                    "pixel_size_um": scene.pixel_size_um,
                }
            )
        )
    everything = pd.concat(made, ignore_index=True)
    shared = ["image", "animal", "region", "section", "marker", "stain"]
    return {MAIN: everything[shared], TRUTH: everything.drop(columns=["animal", "region", "section", "marker"])}


def write(field: SimulatedField, path: Path, scene: Scene, marker: str) -> None:
    """Write a field as a TIFF with its scale: OME for fluorescence, RGB for DAB.

    Parameters
    ----------
    field : SimulatedField
        The image.
    path : Path
        The file.
    scene : Scene
        Gives the scale.
    marker : str
        Name of the channel.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    size = scene.pixel_size_um
    if scene.stain == "dab":
        resolution = (constants.UM_PER_CM / size, constants.UM_PER_CM / size)
        tifffile.imwrite(path, field.pixels, photometric="rgb", resolution=resolution, resolutionunit="CENTIMETER")
        return
    metadata = {"axes": "YX", "PhysicalSizeX": size, "PhysicalSizeY": size, "Channel": {"Name": marker}}
    tifffile.imwrite(
        path, field.pixels, ome=True, photometric="minisblack", metadata={**metadata, "UUID": SIMULATED_OME_UUID}
    )
