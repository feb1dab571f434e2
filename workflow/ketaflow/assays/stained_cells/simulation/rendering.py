"""Draw a field of known cells as a fluorescence camera or a colour camera would record it.

In: a scene. Out: the image, and the truth: places and masks of the cells, and the optical density that was drawn.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ketaflow.assays.stained_cells import constants
from ketaflow.assays.stained_cells.simulation.scene import Cells, Scene, place_cells


@dataclass(frozen=True)
class SimulatedField:
    """A drawn field.

    Attributes
    ----------
    pixels : (rows, columns) or (rows, columns, 3) ndarray
        Fluorescence counts, or red, green and blue.
    cells : Cells
        The cells.
    labels : (rows, columns) int ndarray
        Number of the cell of each pixel, from 1; 0 outside.
    stain : (rows, columns) float ndarray
        What was drawn before noise and camera: photons, or optical density of DAB.
    signal : (rows, columns) float ndarray
        The same without the background.
    """

    pixels: np.ndarray
    cells: Cells
    labels: np.ndarray
    stain: np.ndarray
    signal: np.ndarray


def simulate_field(scene: Scene, rng: np.random.Generator) -> SimulatedField:
    """Draw a field.

    Parameters
    ----------
    scene : Scene
        What to draw.
    rng : numpy Generator
        Source of chance; the same scene and state give the same field.

    Returns
    -------
    SimulatedField
    """
    cells = place_cells(scene, rng)
    sharp, labels = _drawn(cells, scene, rng)
    relative = ndimage.gaussian_filter(sharp, scene.blur_um / scene.pixel_size_um)
    relative += _haze(scene, rng)
    if scene.texture:
        grain = ndimage.gaussian_filter(
            rng.standard_normal(sharp.shape, np.float32), constants.TEXTURE_UM / scene.pixel_size_um
        )
        relative += scene.texture * grain / grain.std()
    ground = _background(scene, rng)
    if scene.stain == "dab":
        signal = scene.optical_density * relative
        density = np.maximum(scene.background_density * ground + signal, 0)
        return SimulatedField(_bright_field(density, scene, rng), cells, labels, density, signal)
    signal = scene.snr * math.sqrt(constants.PHOTONS + constants.READ_NOISE_SD**2) * relative
    photons = np.maximum(constants.PHOTONS * ground + signal, 0)
    return SimulatedField(_fluorescence(photons, scene, rng), cells, labels, photons, signal)


def _drawn(cells: Cells, scene: Scene, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Cells before the blur of the optics, height 1 on average, and the number of the cell of each pixel."""
    picture = np.zeros((scene.height_px, scene.width_px), np.float32)
    labels = np.zeros(picture.shape, np.int32)
    for number in range(len(cells)):
        profile, window = _profile(cells, number, scene, rng)
        inside = profile.distance <= 1
        # Stain of touching cells does not add up: each pixel belongs to one cell.
        drawn = cells.heights[number] * profile.stain
        picture[window] = np.maximum(picture[window], drawn)
        labels[window] = np.where(inside & (labels[window] == 0), number + 1, labels[window])
    return picture, labels


@dataclass(frozen=True)
class _Profile:
    """A cell in its window: distance from its centre over its radius, and its stain."""

    distance: np.ndarray
    stain: np.ndarray


def _profile(cells: Cells, number: int, scene: Scene, rng: np.random.Generator) -> tuple[_Profile, tuple[slice, slice]]:
    """The stain of one cell (mean about 1 inside), and the window of the image that holds it."""
    (y, x), (long, short), angle = cells.centres_px[number], cells.radii_um[number], cells.angles[number]
    size = scene.pixel_size_um
    reach = math.ceil(constants.DRAWN_REACH * long / size)
    top, left = max(round(y) - reach, 0), max(round(x) - reach, 0)
    window = (
        slice(top, min(round(y) + reach + 1, scene.height_px)),
        slice(left, min(round(x) + reach + 1, scene.width_px)),
    )
    rows, columns = np.mgrid[window]
    down, across = (rows - y) * size, (columns - x) * size
    along = across * math.cos(angle) + down * math.sin(angle)
    aside = down * math.cos(angle) - across * math.sin(angle)
    distance = np.hypot(along / long, aside / short)
    radius_px = math.sqrt(long * short) / size
    cover = np.clip((1 - distance) * radius_px + 0.5, 0, 1)
    if scene.style == "textured":
        grain = ndimage.gaussian_filter(rng.standard_normal(cover.shape), max(constants.CHROMATIN_UM / size, 0.6))
        cover = cover * np.clip(1 + constants.CHROMATIN_CV * grain / grain.std(), 0.2, 2)
    elif scene.style == "defocused":
        # Half of the height lies at the edge of the cell.
        cover = np.exp(-math.log(2) * distance**2)
    elif scene.style == "soma":
        nucleus = np.clip((constants.NUCLEUS_RATIO - distance) * radius_px + 0.5, 0, 1)
        cover = cover - constants.NUCLEUS_DEPTH * nucleus
        process = np.clip(1 - np.abs(aside) / constants.PROCESS_UM, 0, 1) * np.clip(2.0 - distance, 0, 1) * (along > 0)
        cover = np.maximum(cover, constants.PROCESS_HEIGHT * process * (distance > 1))
    return _Profile(distance, cover.astype(np.float32)), window


def _haze(scene: Scene, rng: np.random.Generator) -> np.ndarray:
    """Cells far out of focus: wide, faint patches."""
    haze = np.zeros((scene.height_px, scene.width_px), np.float32)
    count = round(scene.haze * (scene.cells + 2 * scene.pairs))
    if not count:
        return haze
    places = rng.integers((0, 0), haze.shape, (count, 2))
    np.add.at(haze, tuple(places.T), rng.uniform(0.5, 1.5, count))
    sigma = constants.HAZE_DIAMETERS * scene.diameter_um / scene.pixel_size_um
    area = math.pi * (scene.diameter_um / 2 / scene.pixel_size_um) ** 2
    return area * ndimage.gaussian_filter(haze, sigma)


def _background(scene: Scene, rng: np.random.Generator) -> np.ndarray:
    """Uneven background, mean 1: a slope and clouds."""
    shape = (scene.height_px, scene.width_px)
    y, x = np.mgrid[: shape[0], : shape[1]] / np.array(shape).reshape(2, 1, 1) - 0.5
    angle, grid = rng.uniform(0, 2 * math.pi), constants.CLOUD_GRID
    zoom = (shape[0] / grid, shape[1] / grid)
    clouds = ndimage.zoom(rng.normal(size=(grid, grid)), zoom, order=3, mode="nearest", grid_mode=True)
    relative = 1 + scene.unevenness * (np.cos(angle) * y + np.sin(angle) * x + constants.CLOUD_WEIGHT * clouds)
    return np.maximum(relative, constants.MIN_RELATIVE_LIGHT).astype(np.float32)


def _fluorescence(photons: np.ndarray, scene: Scene, rng: np.random.Generator) -> np.ndarray:
    """What the camera writes (uint16): photon noise, read noise, an offset, whole numbers."""
    noise = np.sqrt(photons + constants.READ_NOISE_SD**2) * rng.standard_normal(photons.shape, np.float32)
    return np.clip(np.rint(photons + noise + constants.CAMERA_OFFSET), 0, 2**scene.bits - 1).astype(np.uint16)


def _bright_field(density: np.ndarray, scene: Scene, rng: np.random.Generator) -> np.ndarray:
    """What a colour camera writes (uint8 RGB) of DAB, the counterstain and noise."""
    counter = np.zeros_like(density)
    if scene.nuclei:
        plain = Scene(
            width_px=scene.width_px, height_px=scene.height_px, pixel_size_um=scene.pixel_size_um, cells=scene.nuclei,
            pairs=0, diameter_um=constants.COUNTERSTAINED_UM,
        )  # fmt: skip
        counter = constants.COUNTERSTAIN_DENSITY * _drawn(place_cells(plain, rng), plain, rng)[0]
        counter = ndimage.gaussian_filter(counter, scene.blur_um / scene.pixel_size_um)
    vectors = np.array([constants.DRAWN_DAB, constants.DRAWN_HAEMATOXYLIN])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    absorbed = density[..., None] * vectors[0] + counter[..., None] * vectors[1]
    light = np.array(scene.white) * 10**-absorbed
    # The noise of a pixel at the background, along the vector of DAB, is the mean optical density over the SNR.
    noise_sd = math.log(10) * np.array(scene.white) * scene.optical_density / scene.snr
    recorded = light + noise_sd * constants.CHANNEL_NOISE * rng.standard_normal(light.shape, np.float32)
    return np.clip(np.rint(recorded), 0, 255).astype(np.uint8)
