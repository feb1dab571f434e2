"""Draw two-channel fields whose puncta and pairs are known, and the tables of the demonstration cohort.

In: rows of the cohort with their truth. Out: a 16-bit OME-TIFF with uneven background, dark nuclei, photon and
read noise, and puncta of varying brightness and size. Same rows and seed, same image.
"""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import tifffile
from scipy import ndimage

from ketaflow.core.images import SIMULATED_OME_UUID

SCENE = {
    "width_px": 256, "height_px": 256, "planes": 1, "pixel_size_um": 0.1, "z_step_um": 0.3, "synapses": 100,
    "pre_alone": 60, "post_alone": 60, "snr": 8.0, "brightness_cv": 0.3, "sigma_um": 0.15, "axial_sigma_um": 0.4,
    "apart_um": 0.12, "background": 300.0, "unevenness": 0.5, "nuclei": 0, "nucleus_um": 6.0, "bleed_pct": 0.0,
    "bits": 16,
}  # fmt: skip
OFFSET = 100.0
READ_NOISE_SD = 6.0
MARGIN_SD = 2.0
# Synapses per square micrometre of the drawn vehicle animals, what 20 mg/kg adds to it, and how much animals differ.
VEHICLE_DENSITY = 0.20
GAIN_AT_20 = 0.35
ANIMAL_SD = 0.12


def draw(rows: dict[str, list[dict]], folder: Path, *, seed: int) -> None:
    """Write the field that the rows of one group describe below ``folder``."""
    row, truth = rows["synaptic_puncta"][0], rows["synaptic_puncta_truth"][0]
    scene = {**SCENE, **{name: value for name, value in truth.items() if value is not None}}
    channels, _ = field(scene, np.random.default_rng(seed))
    write(channels, folder / row["image"], scene, [row["pre_marker"], row["post_marker"]])


def design(animals: pd.DataFrame, rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """One prefrontal section per animal; synapses grow with the dose, animals differ."""
    tissue_um2 = (SCENE["width_px"] * SCENE["pixel_size_um"]) ** 2
    gain = 1 + GAIN_AT_20 * animals["dose_mg_per_kg"].to_numpy() / 20
    density = VEHICLE_DENSITY * gain * np.exp(rng.normal(0, ANIMAL_SD, len(animals)))
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


def field(scene: dict, rng: np.random.Generator) -> tuple[list[np.ndarray], dict]:
    """Draw a field: both channels as (z, y, x) uint16, and the truth.

    The truth: ``pre_px`` and ``post_px`` (n, 3) centres with the paired ones first, ``tissue`` (y, x), ``pairs``.
    """
    shape = (int(scene["planes"]), int(scene["height_px"]), int(scene["width_px"]))
    tissue = _tissue(shape, scene, rng)
    n_pairs = int(scene["synapses"])
    pre = _places(n_pairs + int(scene["pre_alone"]), shape, tissue, scene, rng)
    apart = _apart_px(n_pairs, scene, rng)
    post = np.concatenate([pre[:n_pairs] + apart, _places(int(scene["post_alone"]), shape, tissue, scene, rng)])
    lights = [_light(shape, tissue, scene, rng) for _ in range(2)]
    spots = [_spots(shape, centres, light, scene, rng) for centres, light in zip((pre, post), lights, strict=True)]
    spots[1] = spots[1] + scene["bleed_pct"] / 100 * spots[0]
    channels = [_exposed(light + spot, scene, rng) for light, spot in zip(lights, spots, strict=True)]
    return channels, {"pre_px": pre, "post_px": post, "tissue": tissue, "pairs": n_pairs}


def write(channels: list[np.ndarray], path: Path, scene: dict, names: list[str]) -> None:
    """Write channels (z, y, x) as an OME-TIFF with its scale."""
    path.parent.mkdir(parents=True, exist_ok=True)
    stack = np.stack(channels, axis=1)
    scale = {"PhysicalSizeX": scene["pixel_size_um"], "PhysicalSizeY": scene["pixel_size_um"]}
    if len(stack) > 1:
        scale["PhysicalSizeZ"] = scene["z_step_um"]
    else:
        stack = stack[0]
    axes = "ZCYX"[-stack.ndim :]
    metadata = {"axes": axes, "Channel": {"Name": names}, "UUID": SIMULATED_OME_UUID, **scale}
    tifffile.imwrite(path, stack, ome=True, photometric="minisblack", metadata=metadata)


def _tissue(shape: tuple[int, int, int], scene: dict, rng: np.random.Generator) -> np.ndarray:
    """Where tissue is: all but some round nuclei."""
    y, x = np.mgrid[: shape[1], : shape[2]]
    tissue = np.ones(shape[1:], bool)
    radius = scene["nucleus_um"] / scene["pixel_size_um"] / 2
    for _ in range(int(scene["nuclei"])):
        centre = rng.uniform((radius, radius), (max(shape[1] - radius, radius + 1), max(shape[2] - radius, radius + 1)))
        tissue &= (y - centre[0]) ** 2 + (x - centre[1]) ** 2 > radius**2
    return tissue


def _places(
    count: int, shape: tuple[int, int, int], tissue: np.ndarray, scene: dict, rng: np.random.Generator
) -> np.ndarray:
    """Centres (count, 3) anywhere in the tissue, in pixels."""
    margin = MARGIN_SD * scene["sigma_um"] / scene["pixel_size_um"]
    deep = (shape[0] - 1) / 2 if shape[0] == 1 else None
    found = np.empty((0, 3))
    while len(found) < count:
        tried = rng.uniform((0, margin, margin), np.maximum(np.array(shape) - 1 - [0, margin, margin], 1), (count, 3))
        if deep is not None:
            tried[:, 0] = deep
        index = np.rint(tried[:, 1:]).astype(int)
        found = np.concatenate([found, tried[tissue[tuple(index.T)]]])
    return found[:count]


def _apart_px(count: int, scene: dict, rng: np.random.Generator) -> np.ndarray:
    """From the pre to the post punctum of each synapse: any direction in the plane, up to ``apart_um``."""
    distance = scene["apart_um"] * np.sqrt(rng.uniform(0, 1, count)) / scene["pixel_size_um"]
    angle = rng.uniform(0, 2 * math.pi, count)
    return np.column_stack([np.zeros(count), distance * np.sin(angle), distance * np.cos(angle)])


def _light(shape: tuple[int, int, int], tissue: np.ndarray, scene: dict, rng: np.random.Generator) -> np.ndarray:
    """Uneven background (z, y, x) in photons: a slope, clouds, and a third of it in nuclei."""
    y, x = np.mgrid[: shape[1], : shape[2]] / np.array(shape[1:]).reshape(2, 1, 1) - 0.5
    angle = rng.uniform(0, 2 * math.pi)
    coarse = rng.normal(size=(6, 6))
    clouds = ndimage.zoom(coarse, (shape[1] / 6, shape[2] / 6), order=3, mode="nearest", grid_mode=True)
    relief = 1 + scene["unevenness"] * (np.cos(angle) * y + np.sin(angle) * x + 0.2 * clouds)
    light = scene["background"] * np.maximum(relief, 0.2)
    light *= np.where(tissue, 1.0, 0.35)
    return np.broadcast_to(ndimage.gaussian_filter(light, 2.0).astype(np.float32), shape)


def _spots(
    shape: tuple[int, int, int], centres: np.ndarray, light: np.ndarray, scene: dict, rng: np.random.Generator
) -> np.ndarray:
    """Puncta as Gaussians, each ``snr`` times the noise of its place high on average."""
    sigma = np.array([scene["axial_sigma_um"] / scene["z_step_um"], *[scene["sigma_um"] / scene["pixel_size_um"]] * 2])
    spread = math.sqrt(math.log1p(scene["brightness_cv"] ** 2))
    index = tuple(np.clip(np.rint(centres).astype(int), 0, np.array(shape) - 1).T)
    noise = np.sqrt(light[index] + READ_NOISE_SD**2)
    height = scene["snr"] * noise * rng.lognormal(-(spread**2) / 2, spread, len(centres))
    picture = np.zeros(shape, np.float32)
    reach = np.ceil(4 * sigma).astype(int)
    for centre, top in zip(centres, height, strict=True):
        low = np.maximum(np.rint(centre).astype(int) - reach, 0)
        high = np.minimum(np.rint(centre).astype(int) + reach + 1, shape)
        profiles = [
            np.exp(-0.5 * ((np.arange(first, last) - middle) / width) ** 2)
            for first, last, middle, width in zip(low, high, centre, sigma, strict=True)
        ]
        patch = top * profiles[0][:, None, None] * profiles[1][:, None] * profiles[2]
        picture[tuple(slice(first, last) for first, last in zip(low, high, strict=True))] += patch
    return picture


def _exposed(photons: np.ndarray, scene: dict, rng: np.random.Generator) -> np.ndarray:
    """What the camera writes: photon noise, read noise, an offset, whole numbers."""
    noisy = photons + np.sqrt(photons + READ_NOISE_SD**2) * rng.standard_normal(photons.shape, np.float32)
    return np.clip(np.rint(noisy + OFFSET), 0, 2 ** int(scene["bits"]) - 1).astype(np.uint16)
