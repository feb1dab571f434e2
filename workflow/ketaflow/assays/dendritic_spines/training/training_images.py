"""Fields of view drawn for training: dendrites with known spines, and all that is mistaken for spines.

Every property of tissue and microscope is drawn at random, wider than any one laboratory has it: sampling,
blur, photons, haze, uneven shafts, spines small and large beside their shaft, axons with boutons crossing it,
dendrites out of focus, loose dots, sharpening, display range and gamma. One tissue is photographed more than once.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ketaflow.assays.dendritic_spines import constants
from ketaflow.assays.dendritic_spines.simulation import optics, scene
from ketaflow.assays.dendritic_spines.simulation.scene import Spheres
from ketaflow.assays.dendritic_spines.tracing import projection

FIELD_UM = 22.0
DEPTH_UM = 6.0
# A spine that adds less light than this to the picture (of a shaft's) cannot be seen beside the shaft, or over it.
LEAST_LIGHT, LEAST_LIGHT_OVER_SHAFT = 0.03, 0.2
# How much larger than published spines (scene.SHAPES) those of one field are, beside a shaft of RADIUS_UM. Blur, a
# scale told wrongly and the bringing of shafts to an ordinary width make them look larger more often than smaller.
SIZES, RADIUS_UM = (0.8, 2.2), (0.25, 0.7)
# Share of tissues that are clear: a lone labelled cell in cleared or cultured tissue, with next to nothing around it.
CLEAR = 0.4
# Share of photographs that are stacks; the others are pictures that people projected and adjusted for display.
STACKS = 0.3


@dataclass
class TrainingImage:
    """A drawn field: its projection (y, x), its voxels, and the heads (n, 3) um that are in it, so wide (n,) um.

    ``hidden`` marks heads that nobody can tell are there: too faint, or lost in the light of the shaft.
    """

    picture: np.ndarray
    voxel_um: np.ndarray
    heads_um: np.ndarray
    widths_um: np.ndarray
    hidden: np.ndarray


@dataclass
class Tissue:
    """Fluorophore (z, y, x) with and without the spines, their heads (n, 3) um so wide; ``over`` lie on the shaft.

    ``clear`` tissue has no haze and hardly anything else in it.
    """

    light: np.ndarray
    bald: np.ndarray
    voxel_um: np.ndarray
    heads_um: np.ndarray
    widths_um: np.ndarray
    over: np.ndarray
    clear: bool


def random_image(rng: np.random.Generator) -> TrainingImage:
    """One random field."""
    return image_tissue(random_tissue(rng), rng)


def random_tissue(rng: np.random.Generator) -> Tissue:
    """Dendrites with spines, among axons, loose dots and dendrites out of focus."""
    pixel_um = rng.uniform(0.08, 0.16)
    voxel_um = np.array([rng.uniform(0.3, 0.5), pixel_um, pixel_um])
    shape = tuple(np.ceil(np.array([DEPTH_UM, FIELD_UM, FIELD_UM]) / voxel_um).astype(int))
    clear = bool(rng.random() < CLEAR)
    bare, spines, heads, widths, over = _distractors(clear, rng), [], [], [], []
    size, share = rng.uniform(*SIZES), rng.uniform(0.7, 1.5)
    for number, line in enumerate(_lines(rng)):
        radius, brightness = rng.uniform(*RADIUS_UM), 1.0 if number == 0 else rng.uniform(0.4, 1.1)
        truth, drawn = _spiny(line, radius, size, rng)
        drawn.brightness = drawn.brightness * brightness * share
        bare += [_uneven(line, radius, brightness, rng), _lumps(line, radius, brightness, rng)]
        spines.append(drawn)
        places = [np.array([facts["z_um"], facts["y_um"], facts["x_um"]]) * size for facts in truth]
        inside = [_inside(place, shape, voxel_um) for place in places]
        heads += [place for place, kept in zip(places, inside, strict=True) if kept]
        widths += [size * facts["head_diameter_um"] for facts, kept in zip(truth, inside, strict=True) if kept]
        over += [
            _lies_over(place, size * facts["head_diameter_um"], line, radius)
            for place, facts, kept in zip(places, truth, inside, strict=True)
            if kept
        ]
    bald = optics.rasterise(Spheres.concatenate(bare), shape, voxel_um)
    light = np.maximum(bald, optics.rasterise(Spheres.concatenate(spines), shape, voxel_um))
    return Tissue(light, bald, voxel_um, np.array(heads).reshape(-1, 3), np.array(widths), np.array(over, bool), clear)


def image_tissue(drawn: Tissue, rng: np.random.Generator) -> TrainingImage:
    """The tissue through a random microscope: confocal or two-photon, all planes' brightest or a thin slab's mean."""
    fwhm_um = rng.uniform(0.2, 0.65)
    blur_um = (fwhm_um, fwhm_um * rng.uniform(2.2, 4))
    slab = rng.random() < 0.4
    seen, bald = (optics.blur(light, drawn.voxel_um, *blur_um) for light in (drawn.light, drawn.bald))
    flat, flat_bald = _projected(seen, slab), _projected(bald, slab)
    shaft = max(float(np.quantile(flat_bald, 0.99)), 1e-3)
    own = _sample_at((flat - flat_bald) / shaft, drawn.heads_um[:, 1:] / drawn.voxel_um[1:])
    hidden = own < np.where(drawn.over, LEAST_LIGHT_OVER_SHAFT, LEAST_LIGHT)
    haze = (0.2 * rng.random() if drawn.clear else 1.0) * _haze(flat / shaft, drawn.voxel_um[1], rng)
    if rng.random() < STACKS:
        # A stack as the detector counted it, which the scorer sees as all stacks are projected here.
        picture = projection.project(_detected(seen / shaft + haze, rng), drawn.voxel_um)
    elif slab or rng.random() < 0.5:
        picture = _displayed(_shown(_detected(flat / shaft + haze, rng), rng), rng)
    else:
        picture = _displayed(_shown(_detected(seen / shaft + haze, rng).max(0), rng), rng)
    # The scale that a laboratory tells is not always right.
    told = rng.uniform(0.65, 1.5)
    return TrainingImage(picture, drawn.voxel_um * told, drawn.heads_um * told, drawn.widths_um * told, hidden)


def _lines(rng: np.random.Generator) -> list[np.ndarray]:
    """One to three dendrites, or one with a branch; in some fields one of them ends."""
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
    """A shaft from beyond one side of the field to beyond the other."""
    heading = rng.uniform(0, 2 * np.pi)
    middle = np.array([DEPTH_UM / 2 + rng.normal(0, 0.8) * spread, *(FIELD_UM / 2 + rng.normal(0, 4, 2))])
    start = middle - 16 * np.array([0, np.sin(heading), np.cos(heading)])
    return scene.random_centreline(
        start, heading, 34.0, bend=rng.uniform(0.02, 0.25), tilt=rng.uniform(0, 0.06), rng=rng
    )


def _uneven(line_um: np.ndarray, radius_um: float, brightness: float, rng: np.random.Generator) -> Spheres:
    """A shaft whose width and brightness wander, every one or few micrometres, by up to a third and a fifth."""
    width = np.exp(rng.uniform(0.03, 0.3) * _wave(len(line_um), rng.uniform(0.5, 3), rng))
    glow = np.exp(rng.uniform(0.02, 0.2) * _wave(len(line_um), rng.uniform(1, 6), rng))
    return Spheres(line_um, radius_um * width, brightness * glow)


def _lumps(line_um: np.ndarray, radius_um: float, brightness: float, rng: np.random.Generator) -> Spheres:
    """Swellings that stand out from the shaft by less than half of its radius: mitochondria, not spines."""
    count = rng.poisson(rng.uniform(0, 1.0) * scene.path_length_um(line_um))
    at = rng.integers(1, len(line_um) - 1, count)
    sideways = np.cross(line_um[at + 1] - line_um[at - 1], rng.normal(0, 1, (count, 3)))
    sideways /= np.linalg.norm(sideways, axis=1, keepdims=True)
    radii = radius_um * rng.uniform(0.4, 0.9, count)
    out = radius_um * rng.uniform(1.05, 1.45, count) - radii
    return Spheres(line_um[at] + out[:, None] * sideways, radii, np.full(count, brightness))


def _wave(count: int, period_um: float, rng: np.random.Generator) -> np.ndarray:
    """Random values (count,) along a line, of mean 0 and deviation 1, changing over ``period_um``."""
    knots = max(4, int(count * scene.STEP_UM / period_um) + 2)
    return np.interp(np.linspace(0, knots - 1, count), np.arange(knots), rng.normal(0, 1, knots))


def _spiny(line_um: np.ndarray, radius_um: float, size: float, rng: np.random.Generator) -> tuple[list[dict], Spheres]:
    """Spines ``size`` times as large as published ones: their truth before it is enlarged, and their balls after."""
    count = rng.poisson(rng.uniform(0.2, 2.0) / np.sqrt(size) * scene.path_length_um(line_um))
    shares = rng.dirichlet([4, 4, 2.5, 0.6])
    classes = list(rng.choice(constants.CLASSES, count, p=shares))
    truth, balls = scene.spines_along(line_um / size, radius_um / size, classes, flatness=rng.uniform(0, 0.8), rng=rng)
    brightness = balls.brightness * rng.uniform(0.7, 1.2)
    return truth, Spheres(balls.centres_um * size, balls.radii_um * size, brightness)


def _lies_over(place_um: np.ndarray, head_um: float, line_um: np.ndarray, radius_um: float) -> bool:
    """Whether the projection lays the head over the shaft, where it has to be bright to be told from a swelling."""
    away = np.hypot(line_um[:, 1] - place_um[1], line_um[:, 2] - place_um[2]).min()
    return bool(away < radius_um + 0.1 * head_um)


def _inside(place_um: np.ndarray, shape: tuple[int, ...], voxel_um: np.ndarray) -> bool:
    return bool((place_um >= 0).all() and (place_um < np.array(shape) * voxel_um).all())


def _distractors(clear: bool, rng: np.random.Generator) -> list[Spheres]:
    """Axons with boutons, dim dendrites, loose dots."""
    parts = []
    for _ in range(rng.poisson(0.4 if clear else 1.5)):
        line, dim = _line(rng, spread=2.0), rng.uniform(0.15, 0.8)
        parts.append(_uneven(line, rng.uniform(0.06, 0.22), dim, rng))
        boutons = line[rng.choice(len(line), rng.poisson(6))]
        parts.append(Spheres(boutons, rng.uniform(0.15, 0.45, len(boutons)), np.full(len(boutons), dim)))
    for _ in range(rng.poisson(0.2 if clear else 0.8)):
        line = _line(rng, spread=2.0)
        line[:, 0] += rng.choice([-1, 1]) * rng.uniform(2.5, 4)
        dim = rng.uniform(0.3, 1.0)
        _, spines = _spiny(line, 0.4, 1.0, rng)
        spines.brightness = spines.brightness * dim
        parts += [_uneven(line, rng.uniform(0.2, 0.7), dim, rng), spines]
    dots = rng.poisson(rng.uniform(0, 2 if clear else 20))
    centres = rng.uniform(0, 1, (dots, 3)) * [DEPTH_UM, FIELD_UM, FIELD_UM]
    return [*parts, Spheres(centres, rng.uniform(0.1, 0.4, dots), rng.uniform(0.1, 0.6, dots))]


def _projected(light: np.ndarray, slab: bool) -> np.ndarray:
    """The brightest of the planes (y, x), or the mean of nine in the middle."""
    middle = len(light) // 2
    return light[max(0, middle - 4) : middle + 5].mean(0) if slab else light.max(0)


def _sample_at(picture: np.ndarray, places_px: np.ndarray) -> np.ndarray:
    """Picture at each place (n,)."""
    y, x = np.rint(places_px).astype(int).T
    return picture[y.clip(0, picture.shape[0] - 1), x.clip(0, picture.shape[1] - 1)]


def _haze(seen: np.ndarray, pixel_um: float, rng: np.random.Generator) -> np.ndarray:
    """What scattering tissue adds (y, x): the shaft's own halo, and a background in large and small clouds."""
    halo = ndimage.gaussian_filter(seen, rng.uniform(0.8, 2.5) / pixel_um, truncate=2.0)
    far = rng.uniform(0, 0.3) * _clouds(seen.shape, rng.uniform(2, 6) / pixel_um, rng)
    near = rng.uniform(0, 0.12) * _clouds(seen.shape, rng.uniform(0.4, 1.2) / pixel_um, rng)
    return (rng.uniform(0, 1.0) * halo + far + near + rng.uniform(0, 0.08)).astype(np.float32)


def _clouds(shape: tuple[int, int], width_px: float, rng: np.random.Generator) -> np.ndarray:
    """A smooth random background between 0 and 1; drawn coarsely and enlarged, for speed."""
    coarse = max(1, int(width_px / 2))
    small = rng.normal(0, 1, [side // coarse + 8 for side in shape])
    small = ndimage.gaussian_filter(small, width_px / coarse, mode="wrap")
    small = (small - small.min()) / max(float(np.ptp(small)), 1e-9)
    return ndimage.zoom(small, coarse, order=1)[: shape[0], : shape[1]]


def _detected(light: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Light as so many photons and a noisy detector count it: of a projection, or of each plane before projecting."""
    photons = 10 ** rng.uniform(1.3, 3.3)
    read = rng.uniform(0, 0.1)
    spread = np.sqrt((np.maximum(light, 0) + read**2) / photons)
    return light + spread * rng.standard_normal(light.shape, np.float32)


def _shown(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The projection averaged by the microscope or its user, and sometimes sharpened as deconvolution does."""
    picture = ndimage.gaussian_filter(picture, rng.uniform(0, 1.5))
    if rng.random() < 0.2:
        picture = picture + rng.uniform(0, 1) * (picture - ndimage.gaussian_filter(picture, rng.uniform(1.5, 4)))
    return picture


def _displayed(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Eight bits, as people keep their pictures: cut at both ends, with a gamma."""
    low, high = np.quantile(picture, [0.02, rng.uniform(0.97, 1.0)])
    return np.rint(255 * np.clip((picture - low) / (high - low), 0, 1) ** rng.uniform(0.6, 1.2)).astype(np.float32)
