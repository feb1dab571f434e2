"""Draw two-channel fields whose puncta and pairs are known.

In: a description of the scene. Out: both channels as a camera would record them, with uneven background, dark nuclei,
photon and read noise, and puncta of varying brightness; and the truth.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ketaflow.assays.synaptic_puncta import constants

Shape = tuple[int, int, int]


@dataclass(frozen=True)
class Scene:
    """What is drawn.

    Attributes
    ----------
    width_px, height_px, planes : int
        Size of the image.
    pixel_size_um, z_step_um : float
        Size of a pixel, and distance between planes (um).
    synapses, pre_alone, post_alone : int
        Number of pairs, and of puncta without a partner.
    snr : float
        Mean height of a punctum (SD of the noise).
    brightness_cv : float
        SD of the heights over their mean.
    sigma_um, axial_sigma_um : float
        SD of a punctum in the plane, and along the axis of the microscope (um).
    apart_um : float
        Largest distance between the two puncta of a synapse (um).
    background : float
        Mean background (photons).
    unevenness : float
        Slope and clouds of the background (relative).
    nuclei : int
        Number of dark nuclei.
    nucleus_um : float
        Diameter of a nucleus (um).
    bleed_pct : float
        Light of the pre channel that appears in the post channel (%).
    bits : int
        Bit depth of the camera.
    """

    width_px: int = 256
    height_px: int = 256
    planes: int = 1
    pixel_size_um: float = 0.1
    z_step_um: float = 0.3
    synapses: int = 100
    pre_alone: int = 60
    post_alone: int = 60
    snr: float = 8.0
    brightness_cv: float = 0.3
    sigma_um: float = 0.15
    axial_sigma_um: float = 0.4
    apart_um: float = 0.12
    background: float = 300.0
    unevenness: float = 0.5
    nuclei: int = 0
    nucleus_um: float = 6.0
    bleed_pct: float = 0.0
    bits: int = 16

    @property
    def shape(self) -> Shape:
        """Planes, rows and columns of the image."""
        return self.planes, self.height_px, self.width_px


@dataclass(frozen=True)
class SimulatedField:
    """A drawn field.

    Attributes
    ----------
    pre, post : (planes, rows, columns) uint16 ndarray
        The channels.
    pre_px, post_px : (n, 3) ndarray
        Centres of the puncta (pixels, z y x); the paired ones come first, in the same order.
    tissue : (rows, columns) bool ndarray
        True outside nuclei.
    """

    pre: np.ndarray
    post: np.ndarray
    pre_px: np.ndarray
    post_px: np.ndarray
    tissue: np.ndarray


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
    tissue = _tissue(scene, rng)
    n_pairs = scene.synapses
    pre = _centres(n_pairs + scene.pre_alone, tissue, scene, rng)
    partners = pre[:n_pairs] + _displacements_px(n_pairs, scene, rng)
    post = np.concatenate([partners, _centres(scene.post_alone, tissue, scene, rng)])
    pre_light, post_light = (_background(tissue, scene, rng) for _ in range(2))
    pre_spots = _spots(pre, pre_light, scene, rng)
    post_spots = _spots(post, post_light, scene, rng) + scene.bleed_pct / 100 * pre_spots
    pre_pixels = _recorded(pre_light + pre_spots, scene, rng)
    post_pixels = _recorded(post_light + post_spots, scene, rng)
    return SimulatedField(pre_pixels, post_pixels, pre, post, tissue)


def _tissue(scene: Scene, rng: np.random.Generator) -> np.ndarray:
    """Where tissue is (rows, columns): outside round nuclei."""
    height, width = scene.height_px, scene.width_px
    y, x = np.mgrid[:height, :width]
    tissue = np.ones((height, width), bool)
    radius = scene.nucleus_um / scene.pixel_size_um / 2
    for _ in range(scene.nuclei):
        centre = rng.uniform((radius, radius), (max(height - radius, radius + 1), max(width - radius, radius + 1)))
        tissue &= (y - centre[0]) ** 2 + (x - centre[1]) ** 2 > radius**2
    return tissue


def _centres(count: int, tissue: np.ndarray, scene: Scene, rng: np.random.Generator) -> np.ndarray:
    """Centres (count, 3) anywhere in the tissue (pixels)."""
    margin = constants.EDGE_MARGIN_SD * scene.sigma_um / scene.pixel_size_um
    found = np.empty((0, 3))
    while len(found) < count:
        highest = np.maximum(np.array(scene.shape) - 1 - [0, margin, margin], 1)
        tried = rng.uniform((0, margin, margin), highest, (count, 3))
        if scene.planes == 1:
            tried[:, 0] = 0
        index = np.rint(tried[:, 1:]).astype(int)
        found = np.concatenate([found, tried[tissue[tuple(index.T)]]])
    return found[:count]


def _displacements_px(count: int, scene: Scene, rng: np.random.Generator) -> np.ndarray:
    """From the pre to the post punctum of each synapse (count, 3): any direction in the plane, up to ``apart_um``."""
    distance = scene.apart_um * np.sqrt(rng.uniform(0, 1, count)) / scene.pixel_size_um
    angle = rng.uniform(0, 2 * math.pi, count)
    return np.column_stack([np.zeros(count), distance * np.sin(angle), distance * np.cos(angle)])


def _background(tissue: np.ndarray, scene: Scene, rng: np.random.Generator) -> np.ndarray:
    """Uneven background (planes, rows, columns) in photons: a slope, clouds, and less light in nuclei."""
    height, width = tissue.shape
    y, x = np.mgrid[:height, :width] / np.array(tissue.shape).reshape(2, 1, 1) - 0.5
    angle = rng.uniform(0, 2 * math.pi)
    grid = constants.CLOUD_GRID
    clouds = ndimage.zoom(
        rng.normal(size=(grid, grid)), (height / grid, width / grid), order=3, mode="nearest", grid_mode=True
    )
    relative = 1 + scene.unevenness * (np.cos(angle) * y + np.sin(angle) * x + constants.CLOUD_WEIGHT * clouds)
    light = scene.background * np.maximum(relative, constants.MIN_RELATIVE_LIGHT)
    light *= np.where(tissue, 1.0, constants.NUCLEUS_RELATIVE_LIGHT)
    blurred = ndimage.gaussian_filter(light, constants.NUCLEUS_BLUR_PX).astype(np.float32)
    return np.broadcast_to(blurred, scene.shape)


def _spots(centres: np.ndarray, light: np.ndarray, scene: Scene, rng: np.random.Generator) -> np.ndarray:
    """Puncta as Gaussians (planes, rows, columns), on average ``snr`` times the noise of their place high."""
    shape = scene.shape
    sigma = np.array([scene.axial_sigma_um / scene.z_step_um, *[scene.sigma_um / scene.pixel_size_um] * 2])
    spread = math.sqrt(math.log1p(scene.brightness_cv**2))
    index = tuple(np.clip(np.rint(centres).astype(int), 0, np.array(shape) - 1).T)
    noise = np.sqrt(light[index] + constants.READ_NOISE_SD**2)
    height = scene.snr * noise * rng.lognormal(-(spread**2) / 2, spread, len(centres))
    picture = np.zeros(shape, np.float32)
    reach = np.ceil(constants.PUNCTUM_REACH_SD * sigma).astype(int)
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


def _recorded(photons: np.ndarray, scene: Scene, rng: np.random.Generator) -> np.ndarray:
    """What the camera writes (uint16): photon noise, read noise, an offset, whole numbers."""
    noise = np.sqrt(photons + constants.READ_NOISE_SD**2) * rng.standard_normal(photons.shape, np.float32)
    return np.clip(np.rint(photons + noise + constants.CAMERA_OFFSET), 0, 2**scene.bits - 1).astype(np.uint16)
