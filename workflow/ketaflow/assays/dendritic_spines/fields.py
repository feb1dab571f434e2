"""Fields of view drawn for training: dendrites with known spines, and all that is mistaken for spines.

Every property of tissue and microscope is drawn at random, wider than any one laboratory has it: sampling,
blur, photons, haze, axons with boutons crossing the dendrite, dendrites out of focus, loose dots, display gamma.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ketaflow.assays.dendritic_spines import optics, scene
from ketaflow.assays.dendritic_spines.scene import Balls

FIELD_UM = 22.0
DEPTH_UM = 7.0
LEAST_CONTRAST = 0.015


@dataclass
class Field:
    """A drawn field: its stack or projection (z, y, x), its voxels, and the heads (n, 3) um that are in it.

    ``hidden`` marks heads that nobody can tell are there: laid over the shaft by a projection, or too faint.
    """

    stack: np.ndarray
    voxel_um: np.ndarray
    heads_um: np.ndarray
    hidden: np.ndarray


def draw(rng: np.random.Generator, *, flat: bool) -> Field:
    """One random field; ``flat`` as a projection, else as a stack."""
    pixel_um = rng.uniform(0.07, 0.16)
    voxel_um = np.array([rng.uniform(0.2, 0.5), pixel_um, pixel_um])
    shape = tuple(np.ceil(np.array([DEPTH_UM, FIELD_UM, FIELD_UM]) / voxel_um).astype(int))
    parts, heads, hidden = [], [], []
    for number in range(rng.choice([1, 2, 3], p=[0.6, 0.3, 0.1])):
        line, radius = _line(rng, spread=0.3 if number == 0 else 1.0), rng.uniform(0.22, 0.75)
        truth, spines = _spiny(line, radius, rng)
        brightness = 1.0 if number == 0 else rng.uniform(0.5, 1.1)
        spines.brightness = spines.brightness * brightness
        parts += [scene.shaft(line, radius, brightness, rng), spines]
        inside = [facts for facts in truth if _inside(facts, shape, voxel_um)]
        heads += [[facts["z_um"], facts["y_um"], facts["x_um"]] for facts in inside]
        hidden += [_lies_over(facts, line, radius) for facts in inside]
    parts += _distractors(rng)
    light = optics.fill(Balls.together(parts), shape, voxel_um)
    fwhm_xy_um = rng.uniform(0.2, 0.6)
    seen = optics.blur(light, voxel_um, fwhm_xy_um, fwhm_xy_um * rng.uniform(2.2, 4))
    heads = np.array(heads).reshape(-1, 3)
    unseen = np.array(hidden, bool) if flat else np.zeros(len(heads), bool)
    unseen |= _contrast(seen, voxel_um, heads, flat=flat) < LEAST_CONTRAST
    stack = _photographed(seen, light, voxel_um, rng, flat=flat)
    # The scale that a laboratory tells is not always right, and its spines are larger or smaller than these.
    told = rng.uniform(0.65, 1.5)
    return Field(stack, voxel_um * told, heads * told, unseen)


def _line(rng: np.random.Generator, spread: float) -> np.ndarray:
    """A shaft from beyond one side of the field to beyond the other."""
    heading = rng.uniform(0, 2 * np.pi)
    middle = np.array([DEPTH_UM / 2 + rng.normal(0, 0.8) * spread, *(FIELD_UM / 2 + rng.normal(0, 4, 2))])
    start = middle - 16 * np.array([0, np.sin(heading), np.cos(heading)])
    return scene.centreline(start, heading, 34.0, bend=rng.uniform(0.02, 0.2), tilt=rng.uniform(0, 0.06), rng=rng)


def _spiny(line_um: np.ndarray, radius_um: float, rng: np.random.Generator) -> tuple[list[dict], Balls]:
    count = rng.poisson(rng.uniform(0.2, 2.0) * scene.length_um(line_um))
    shares = rng.dirichlet([4, 4, 2.5, 0.6])
    classes = list(rng.choice(scene.CLASSES, count, p=shares))
    return scene.spines(line_um, radius_um, classes, flatness=rng.uniform(0, 0.8), rng=rng)


def _inside(facts: dict, shape: tuple[int, ...], voxel_um: np.ndarray) -> bool:
    place = np.array([facts["z_um"], facts["y_um"], facts["x_um"]]) / voxel_um
    return bool((place >= 0).all() and (place < np.array(shape)).all())


def _lies_over(facts: dict, line_um: np.ndarray, radius_um: float) -> bool:
    away = np.hypot(line_um[:, 1] - facts["y_um"], line_um[:, 2] - facts["x_um"]).min()
    return bool(away < radius_um + 0.1 * facts["head_diameter_um"])


def _distractors(rng: np.random.Generator) -> list[Balls]:
    """Axons with boutons, dim dendrites, loose dots."""
    parts = []
    for _ in range(rng.poisson(1.2)):
        line, dim = _line(rng, spread=2.0), rng.uniform(0.15, 0.7)
        parts.append(scene.shaft(line, rng.uniform(0.06, 0.2), dim, rng))
        boutons = line[rng.choice(len(line), rng.poisson(8))]
        parts.append(Balls(boutons, rng.uniform(0.15, 0.45, len(boutons)), np.full(len(boutons), dim)))
    for _ in range(rng.poisson(0.7)):
        line = _line(rng, spread=2.0)
        line[:, 0] += rng.choice([-1, 1]) * rng.uniform(2.5, 4)
        dim = rng.uniform(0.3, 1.0)
        _, spines = _spiny(line, 0.4, rng)
        spines.brightness = spines.brightness * dim
        parts += [scene.shaft(line, rng.uniform(0.2, 0.7), dim, rng), spines]
    dots = rng.poisson(rng.uniform(0, 25))
    centres = rng.uniform(0, 1, (dots, 3)) * [DEPTH_UM, FIELD_UM, FIELD_UM]
    return [*parts, Balls(centres, rng.uniform(0.1, 0.4, dots), rng.uniform(0.1, 0.6, dots))]


def _contrast(seen: np.ndarray, voxel_um: np.ndarray, heads_um: np.ndarray, *, flat: bool) -> np.ndarray:
    """How far each head stands out of its surroundings, in shafts, before any noise."""
    if not len(heads_um):
        return np.zeros(0)
    view = seen.max(0, keepdims=True) if flat else seen
    near, around = (
        ndimage.gaussian_filter(view, (0, width / voxel_um[1], width / voxel_um[1])) for width in (0.15, 0.4)
    )
    at = np.rint(heads_um / voxel_um).astype(int).clip(0, np.array(seen.shape) - 1)
    return (near - around)[0 if flat else at[:, 0], at[:, 1], at[:, 2]]


def _photographed(
    seen: np.ndarray, light: np.ndarray, voxel_um: np.ndarray, rng: np.random.Generator, *, flat: bool
) -> np.ndarray:
    """The field as a random microscope and a random display give it."""
    haze = ndimage.gaussian_filter(light, np.array([2.0, 1.5, 1.5]) / voxel_um, truncate=2.0)
    seen = seen + rng.uniform(0, 1.2) * haze + rng.uniform(0, 0.08)
    photons = 10 ** rng.uniform(0.9, 2.5)
    counts = optics.detect(
        seen, photons=photons, background=rng.uniform(0, 0.05) * photons, read_noise=rng.uniform(0, 3),
        gain=rng.uniform(5, 50), offset=rng.uniform(20, 200), ceiling=65535, rng=rng,
    ).astype(np.float32)  # fmt: skip
    if not flat:
        return counts
    picture = counts.max(0) if rng.random() < 0.6 else _mean_of_brightest(counts)
    picture = ndimage.gaussian_filter(picture, rng.uniform(0, 0.8))
    low, high = np.quantile(picture, [0.02, rng.uniform(0.99, 1.0)])
    return (255 * np.clip((picture - low) / (high - low), 0, 1) ** rng.uniform(0.7, 1.2))[None].astype(np.float32)


def _mean_of_brightest(counts: np.ndarray) -> np.ndarray:
    """A few planes around the brightest, averaged: a thin projection."""
    middle = int(np.argmax(counts.mean((1, 2))))
    return counts[max(0, middle - 2) : middle + 3].mean(0)
