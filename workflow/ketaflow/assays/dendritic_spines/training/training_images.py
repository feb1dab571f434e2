"""Simulated images for training: dendrites with known spines, and everything that is mistaken for spines.

Every property of tissue and microscope is drawn at random, from a wider range than any one laboratory has: sampling,
blur, photons, haze, uneven shafts, spines small and large beside their shaft, crossing axons with boutons, dendrites
out of focus, loose dots, sharpening, display range and gamma. Each tissue is imaged more than once.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ketaflow.assays.dendritic_spines.constants import CLASSES
from ketaflow.assays.dendritic_spines.simulation import optics, scene
from ketaflow.assays.dendritic_spines.simulation.constants import STEP_UM
from ketaflow.assays.dendritic_spines.simulation.scene import Spheres, Spine
from ketaflow.assays.dendritic_spines.tracing.projection import project
from ketaflow.assays.dendritic_spines.training import constants
from ketaflow.assays.dendritic_spines.training.constants import DEPTH_UM, FIELD_UM


@dataclass(frozen=True)
class TrainingImage:
    """A simulated image and its spines.

    Attributes
    ----------
    pixels : (rows, columns) float32
        The projection, as a laboratory keeps it.
    voxel_um : (3,) float
        Size of a voxel (um), on a scale that is not always right.
    heads_um : (n, 3) float
        Middles of the heads on that scale: depth, y, x (um).
    widths_um : (n,) float
        Diameters of the heads on that scale (um).
    hidden : (n,) bool
        Heads that nobody can see: too faint, or lost in the light of the shaft.
    """

    pixels: np.ndarray
    voxel_um: np.ndarray
    heads_um: np.ndarray
    widths_um: np.ndarray
    hidden: np.ndarray


@dataclass(frozen=True)
class Tissue:
    """Simulated tissue.

    Attributes
    ----------
    light, without_spines : (planes, rows, columns) float32
        Concentration of fluorophore, with and without the spines.
    voxel_um : (3,) float
        Size of a voxel (um).
    heads_um : (n, 3) float
        Middles of the heads: depth, y, x (um).
    widths_um : (n,) float
        Diameters of the heads (um).
    over : (n,) bool
        Heads that lie over their shaft in the projection.
    is_clear : bool
        Whether there is no haze, and hardly anything beside the dendrites.
    """

    light: np.ndarray
    without_spines: np.ndarray
    voxel_um: np.ndarray
    heads_um: np.ndarray
    widths_um: np.ndarray
    over: np.ndarray
    is_clear: bool


def random_image(rng: np.random.Generator) -> TrainingImage:
    """Simulate one random image."""
    return image_tissue(random_tissue(rng), rng)


def random_tissue(rng: np.random.Generator) -> Tissue:
    """Simulate dendrites with spines among axons, loose dots and dendrites out of focus.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of all properties.

    Returns
    -------
    Tissue
    """
    pixel_um = rng.uniform(0.08, 0.16)
    voxel_um = np.array([rng.uniform(0.3, 0.5), pixel_um, pixel_um])
    shape = tuple(np.ceil(np.array([DEPTH_UM, FIELD_UM, FIELD_UM]) / voxel_um).astype(int).tolist())
    is_clear = bool(rng.random() < constants.CLEAR_SHARE)
    bare = _distractors(is_clear, rng)
    heads, widths, over, spheres = [], [], [], []
    size, share = rng.uniform(constants.MIN_SIZE, constants.MAX_SIZE), rng.uniform(0.7, 1.5)
    for number, line in enumerate(_lines(rng)):
        radius_um = rng.uniform(constants.MIN_RADIUS_UM, constants.MAX_RADIUS_UM)
        brightness = 1.0 if number == 0 else rng.uniform(0.4, 1.1)
        spines, own_spheres = _spines(line, radius_um, size, rng)
        spheres.append(own_spheres.brightened(brightness).brightened(share))
        bare += [_uneven_shaft(line, radius_um, brightness, rng), _lumps(line, radius_um, brightness, rng)]
        for truth, _ in spines:
            head_um, width_um = truth.head_um * size, size * truth.head_diameter_um
            if _is_inside(head_um, shape, voxel_um):
                heads.append(head_um)
                widths.append(width_um)
                over.append(_lies_over(head_um, width_um, line, radius_um))
    without_spines = optics.rasterise(Spheres.concatenate(bare), shape, voxel_um)
    light = np.maximum(without_spines, optics.rasterise(Spheres.concatenate(spheres), shape, voxel_um))
    heads_um, widths_um = np.array(heads).reshape(-1, 3), np.array(widths)
    return Tissue(light, without_spines, voxel_um, heads_um, widths_um, np.array(over, bool), is_clear)


def image_tissue(tissue: Tissue, rng: np.random.Generator) -> TrainingImage:
    """Image tissue with a random microscope, confocal or two-photon.

    Parameters
    ----------
    tissue : Tissue
        The tissue.
    rng : numpy.random.Generator
        Source of blur, noise, display and scale.

    Returns
    -------
    TrainingImage
        A stack projected as ketaflow does, or the brightest of all planes or the mean of a thin slab as people keep
        them.
    """
    fwhm_um = rng.uniform(0.2, 0.65)
    axial_um = fwhm_um * rng.uniform(2.2, 4)
    is_slab = bool(rng.random() < 0.4)
    light, bare = (
        optics.blur(volume, tissue.voxel_um, fwhm_um, axial_um) for volume in (tissue.light, tissue.without_spines)
    )
    flat, flat_bare = _projected(light, is_slab), _projected(bare, is_slab)
    shaft = max(float(np.quantile(flat_bare, 0.99)), 1e-3)
    own = _sample_at((flat - flat_bare) / shaft, tissue.heads_um[:, 1:] / tissue.voxel_um[1:])
    hidden = own < np.where(tissue.over, constants.MIN_LIGHT_OVER_SHAFT, constants.MIN_LIGHT)
    strength = 0.2 * rng.random() if tissue.is_clear else 1.0
    haze = strength * _haze(flat / shaft, tissue.voxel_um[1], rng)
    if not tissue.is_clear and rng.random() < constants.OUT_OF_FOCUS_SHARE:
        haze = haze + _out_of_focus(flat / shaft, tissue.voxel_um[1], rng)
    if rng.random() < constants.STACK_SHARE:
        pixels = project(_detected(light / shaft + haze, rng), tissue.voxel_um)
    elif is_slab or rng.random() < 0.5:
        pixels = _displayed(_processed(_detected(flat / shaft + haze, rng), rng), rng)
    else:
        pixels = _displayed(_processed(_detected(light / shaft + haze, rng).max(0), rng), rng)
    # The scale in a laboratory's file is not always right.
    wrong = rng.uniform(0.65, 1.5)
    return TrainingImage(pixels, tissue.voxel_um * wrong, tissue.heads_um * wrong, tissue.widths_um * wrong, hidden)


def _lines(rng: np.random.Generator) -> list[np.ndarray]:
    """Draw one to three dendrites, or one with a branch; in some fields one of them ends."""
    lines = [_line(rng, spread=0.3)]
    if rng.random() < 0.35:
        fork = len(lines[0]) // 2 + int(rng.normal(0, 40))
        heading = rng.uniform(0, 2 * np.pi)
        lines.append(scene.random_centreline(lines[0][fork], heading, 18.0, bend=0.1, tilt=0.03, rng=rng))
    else:
        lines += [_line(rng, spread=1.0) for _ in range(rng.choice([0, 1, 2], p=[0.55, 0.35, 0.1]))]
    if rng.random() < 0.3:
        which = rng.integers(len(lines))
        lines[which] = lines[which][: int(len(lines[which]) * rng.uniform(0.35, 0.65))]
    return lines


def _line(rng: np.random.Generator, spread: float) -> np.ndarray:
    """Draw a shaft from beyond one side of the field to beyond the other."""
    heading = rng.uniform(0, 2 * np.pi)
    middle = np.array([DEPTH_UM / 2 + rng.normal(0, 0.8) * spread, *(FIELD_UM / 2 + rng.normal(0, 4, 2))])
    start = middle - 16 * np.array([0, np.sin(heading), np.cos(heading)])
    return scene.random_centreline(
        start, heading, 34.0, bend=rng.uniform(0.02, 0.25), tilt=rng.uniform(0, 0.06), rng=rng
    )


def _uneven_shaft(line_um: np.ndarray, radius_um: float, brightness: float, rng: np.random.Generator) -> Spheres:
    """Draw a shaft whose width and brightness vary over one or a few micrometres, by up to a third and a fifth."""
    width = np.exp(rng.uniform(0.03, 0.3) * _wave(len(line_um), rng.uniform(0.5, 3), rng))
    glow = np.exp(rng.uniform(0.02, 0.2) * _wave(len(line_um), rng.uniform(1, 6), rng))
    return Spheres(line_um, radius_um * width, brightness * glow)


def _lumps(line_um: np.ndarray, radius_um: float, brightness: float, rng: np.random.Generator) -> Spheres:
    """Draw swellings that protrude from the shaft by less than half of its radius: mitochondria, not spines."""
    count = rng.poisson(rng.uniform(0, 1.0) * scene.path_length_um(line_um))
    at = rng.integers(1, len(line_um) - 1, count)
    sideways = np.cross(line_um[at + 1] - line_um[at - 1], rng.normal(0, 1, (count, 3)))
    sideways /= np.linalg.norm(sideways, axis=1, keepdims=True)
    radii = radius_um * rng.uniform(0.4, 0.9, count)
    out = radius_um * rng.uniform(1.05, 1.45, count) - radii
    return Spheres(line_um[at] + out[:, None] * sideways, radii, np.full(count, brightness))


def _wave(count: int, period_um: float, rng: np.random.Generator) -> np.ndarray:
    """Draw random values (count,) along a line, of mean 0 and deviation 1, that change over ``period_um``."""
    knots = max(4, int(count * STEP_UM / period_um) + 2)
    return np.interp(np.linspace(0, knots - 1, count), np.arange(knots), rng.normal(0, 1, knots))


def _spines(
    line_um: np.ndarray, radius_um: float, size: float, rng: np.random.Generator
) -> tuple[list[Spine], Spheres]:
    """Draw spines ``size`` times as large as published ones: the spines before enlarging, and all spheres after it."""
    count = rng.poisson(rng.uniform(0.2, 2.0) / np.sqrt(size) * scene.path_length_um(line_um))
    shares = rng.dirichlet([4, 4, 2.5, 0.6])
    classes = list(rng.choice(CLASSES, count, p=shares))
    spines = scene.spines_along(line_um / size, radius_um / size, classes, flatness=rng.uniform(0, 0.8), rng=rng)
    spheres = Spheres.concatenate([spine.spheres for spine in spines])
    brightness = spheres.brightness * rng.uniform(0.7, 1.2)
    return spines, Spheres(spheres.centres_um * size, spheres.radii_um * size, brightness)


def _lies_over(head_um: np.ndarray, width_um: float, line_um: np.ndarray, radius_um: float) -> bool:
    """Tell whether a head lies over the shaft in the projection, where it must be bright to differ from a swelling."""
    away = np.hypot(line_um[:, 1] - head_um[1], line_um[:, 2] - head_um[2]).min()
    return bool(away < radius_um + 0.1 * width_um)


def _is_inside(place_um: np.ndarray, shape: tuple[int, ...], voxel_um: np.ndarray) -> bool:
    """Tell whether a place lies in the volume."""
    return bool((place_um >= 0).all() and (place_um < np.array(shape) * voxel_um).all())


def _distractors(is_clear: bool, rng: np.random.Generator) -> list[Spheres]:
    """Draw axons with boutons, dim dendrites and loose dots."""
    parts = []
    for _ in range(rng.poisson(0.4 if is_clear else 1.5)):
        line, dim = _line(rng, spread=2.0), rng.uniform(0.15, 0.8)
        parts.append(_uneven_shaft(line, rng.uniform(0.06, 0.22), dim, rng))
        boutons = line[rng.choice(len(line), rng.poisson(6))]
        parts.append(Spheres(boutons, rng.uniform(0.15, 0.45, len(boutons)), np.full(len(boutons), dim)))
    for _ in range(rng.poisson(0.2 if is_clear else 0.8)):
        line = _line(rng, spread=2.0)
        line[:, 0] += rng.choice([-1, 1]) * rng.uniform(2.5, 4)
        dim = rng.uniform(0.3, 1.0)
        _, spheres = _spines(line, 0.4, 1.0, rng)
        parts += [_uneven_shaft(line, rng.uniform(0.2, 0.7), dim, rng), spheres.brightened(dim)]
    if not is_clear and rng.random() < constants.BUNDLE_SHARE:
        parts += _bundle(rng)
    dots = rng.poisson(rng.uniform(0, 2 if is_clear else 20))
    centres = rng.uniform(0, 1, (dots, 3)) * [DEPTH_UM, FIELD_UM, FIELD_UM]
    return [*parts, Spheres(centres, rng.uniform(0.1, 0.4, dots), rng.uniform(0.1, 0.6, dots))]


def _bundle(rng: np.random.Generator) -> list[Spheres]:
    """Draw thin fibres that run side by side, as axons do along an apical dendrite."""
    line, count = _line(rng, spread=2.0), rng.integers(3, 8)
    fibres = []
    for _ in range(count):
        aside = rng.normal(0, constants.BUNDLE_WIDTH_UM, 3)
        own = line + aside + 0.3 * np.stack([_wave(len(line), 4.0, rng) for _ in range(3)], axis=1)
        fibres.append(_uneven_shaft(own, rng.uniform(0.06, 0.16), rng.uniform(0.15, 0.6), rng))
    return fibres


def _projected(light: np.ndarray, is_slab: bool) -> np.ndarray:
    """Project the brightest of all planes (rows, columns), or the mean of nine in the middle."""
    middle = len(light) // 2
    return np.asarray(light[max(0, middle - 4) : middle + 5].mean(0) if is_slab else light.max(0))


def _sample_at(pixels: np.ndarray, places_px: np.ndarray) -> np.ndarray:
    """Value of an image at each place (n,)."""
    y, x = np.rint(places_px).astype(int).T
    return np.asarray(pixels[y.clip(0, pixels.shape[0] - 1), x.clip(0, pixels.shape[1] - 1)])


def _haze(flat: np.ndarray, pixel_um: float, rng: np.random.Generator) -> np.ndarray:
    """Draw what scattering tissue adds (rows, columns): the shaft's halo, and large and small clouds."""
    halo = ndimage.gaussian_filter(flat, rng.uniform(0.8, 2.5) / pixel_um, truncate=2.0)
    far = rng.uniform(0, 0.3) * _clouds(flat.shape, rng.uniform(2, 6) / pixel_um, rng)
    near = rng.uniform(0, 0.12) * _clouds(flat.shape, rng.uniform(0.4, 1.2) / pixel_um, rng)
    return np.asarray(rng.uniform(0, 1.0) * halo + far + near + rng.uniform(0, 0.08)).astype(np.float32)


def _out_of_focus(flat: np.ndarray, pixel_um: float, rng: np.random.Generator) -> np.ndarray:
    """Draw dendrites far above or below the focus (rows, columns): the field turned, moved, dimmed and blurred."""
    light = np.zeros(flat.shape, np.float32)
    for _ in range(rng.poisson(constants.OUT_OF_FOCUS_LAYERS)):
        moved = np.roll(np.rot90(flat, int(rng.integers(4))), rng.integers(0, flat.shape[0], 2), (0, 1))
        sigma_um = rng.uniform(constants.MIN_DEFOCUS_UM, constants.MAX_DEFOCUS_UM)
        light += rng.uniform(0.1, 0.8) * ndimage.gaussian_filter(moved, sigma_um / pixel_um, mode="wrap", truncate=2.0)
    return light


def _clouds(shape: tuple[int, ...], width_px: float, rng: np.random.Generator) -> np.ndarray:
    """Draw a smooth random background between 0 and 1; coarsely, then enlarged, for speed."""
    coarse = max(1, int(width_px / 2))
    small = rng.normal(0, 1, [side // coarse + 8 for side in shape])
    small = ndimage.gaussian_filter(small, width_px / coarse, mode="wrap")
    small = (small - small.min()) / max(float(np.ptp(small)), 1e-9)
    return np.asarray(ndimage.zoom(small, coarse, order=1)[: shape[0], : shape[1]])


def _detected(light: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Add the noise of photons and of a detector, to a projection or to each plane before projecting."""
    photons = 10 ** rng.uniform(1.3, 3.3)
    read = rng.uniform(0, 0.1)
    spread = np.sqrt((np.maximum(light, 0) + read**2) / photons)
    return light + spread * rng.standard_normal(light.shape, np.float32)


def _processed(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Average a projection as microscopes and users do, and sometimes sharpen it as deconvolution does."""
    pixels = ndimage.gaussian_filter(pixels, rng.uniform(0, 1.5))
    if rng.random() < 0.2:
        pixels = pixels + rng.uniform(0, 1) * (pixels - ndimage.gaussian_filter(pixels, rng.uniform(1.5, 4)))
    return pixels


def _displayed(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Convert to eight bits as people keep their pictures: clipped at both ends, with a gamma."""
    low, high = np.quantile(pixels, [0.02, rng.uniform(0.97, 1.0)])
    share = np.clip((pixels - low) / (high - low), 0, 1)
    return np.rint(255 * share ** rng.uniform(0.6, 1.2)).astype(np.float32)
