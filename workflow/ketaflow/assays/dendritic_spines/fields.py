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
# A spine that adds less light than this to the picture (of a shaft's) cannot be seen.
LEAST_LIGHT = 0.06


@dataclass
class Field:
    """A drawn field: its projection (y, x), its voxels, and the heads (n, 3) um that are in it.

    ``hidden`` marks heads that nobody can tell are there, laid over the shaft, or too faint.
    """

    picture: np.ndarray
    voxel_um: np.ndarray
    heads_um: np.ndarray
    hidden: np.ndarray


def draw(rng: np.random.Generator) -> Field:
    """One random field."""
    pixel_um = rng.uniform(0.07, 0.16)
    voxel_um = np.array([rng.uniform(0.2, 0.5), pixel_um, pixel_um])
    shape = tuple(np.ceil(np.array([DEPTH_UM, FIELD_UM, FIELD_UM]) / voxel_um).astype(int))
    bare, spines, heads, over = _distractors(rng), [], [], []
    for number, line in enumerate(_lines(rng)):
        radius, brightness = rng.uniform(0.22, 0.75), 1.0 if number == 0 else rng.uniform(0.5, 1.1)
        truth, drawn = _spiny(line, radius, rng)
        drawn.brightness = drawn.brightness * brightness
        bare.append(scene.shaft(line, radius, brightness, rng))
        spines.append(drawn)
        inside = [facts for facts in truth if _inside(_place(facts), shape, voxel_um)]
        heads += [_place(facts) for facts in inside]
        over += [_lies_over(facts, line, radius) for facts in inside]
    heads = np.array(heads).reshape(-1, 3)
    camera = Camera.random(rng)
    without = optics.fill(Balls.together(bare), shape, voxel_um)
    light = np.maximum(without, optics.fill(Balls.together(spines), shape, voxel_um))
    seen, bald = (camera.view(optics.blur(field, voxel_um, *camera.fwhm_um)) for field in (light, without))
    own = _at(seen - bald, heads / voxel_um)
    haze = camera.view(ndimage.gaussian_filter(light, np.array([2.0, 1.5, 1.5]) / voxel_um, truncate=2.0))
    stack = _photographed(seen, haze, rng)
    # The scale that a laboratory tells is not always right, and its spines are larger or smaller than these.
    told = rng.uniform(0.65, 1.5)
    return Field(stack[0], voxel_um * told, heads * told, (own < LEAST_LIGHT) | np.array(over, bool))


@dataclass
class Camera:
    """Blur (xy, z) um, and how the planes are projected: the brightest, or a thin slab's mean."""

    fwhm_um: tuple[float, float]
    projection: str

    @staticmethod
    def random(rng: np.random.Generator) -> "Camera":
        """Any confocal or two-photon microscope, and any way of showing its planes."""
        fwhm_xy_um = rng.uniform(0.2, 0.6)
        projection = rng.choice(["brightest", "mean"], p=[0.6, 0.4])
        return Camera((fwhm_xy_um, fwhm_xy_um * rng.uniform(2.2, 4)), str(projection))

    def view(self, light: np.ndarray) -> np.ndarray:
        """What the projection (1, y, x) makes of the planes, with the shaft as bright as before."""
        if self.projection == "brightest":
            return light.max(0, keepdims=True)
        middle = len(light) // 2
        thin = light[max(0, middle - 4) : middle + 5].mean(0, keepdims=True)
        return thin * (float(light.max()) / max(float(thin.max()), 1e-6))


def _lines(rng: np.random.Generator) -> list[np.ndarray]:
    """One to three dendrites, or one with a branch."""
    main = _line(rng, spread=0.3)
    if rng.random() < 0.3:
        fork = len(main) // 2 + int(rng.normal(0, 40))
        heading = rng.uniform(0, 2 * np.pi)
        return [main, scene.centreline(main[fork], heading, 18.0, bend=0.1, tilt=0.03, rng=rng)]
    return [main] + [_line(rng, spread=1.0) for _ in range(rng.choice([0, 1, 2], p=[0.6, 0.3, 0.1]))]


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
    truth, balls = scene.spines(line_um, radius_um, classes, flatness=rng.uniform(0, 0.8), rng=rng)
    balls.brightness = balls.brightness * rng.uniform(0.7, 1.3)
    return truth, balls


def _place(facts: dict) -> np.ndarray:
    return np.array([facts["z_um"], facts["y_um"], facts["x_um"]])


def _lies_over(facts: dict, line_um: np.ndarray, radius_um: float) -> bool:
    """Whether the projection lays the head over the shaft, where nobody can tell it from a swelling."""
    away = np.hypot(line_um[:, 1] - facts["y_um"], line_um[:, 2] - facts["x_um"]).min()
    return bool(away < radius_um + 0.1 * facts["head_diameter_um"])


def _inside(place_um: np.ndarray, shape: tuple[int, ...], voxel_um: np.ndarray) -> bool:
    return bool((place_um >= 0).all() and (place_um < np.array(shape) * voxel_um).all())


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


def _at(light: np.ndarray, places_px: np.ndarray) -> np.ndarray:
    """Light at each place (n,), of a stack or a projection."""
    at = np.rint(places_px).astype(int).clip(0)
    depth = np.minimum(at[:, 0], len(light) - 1)
    return light[depth, at[:, 1].clip(max=light.shape[1] - 1), at[:, 2].clip(max=light.shape[2] - 1)]


def _photographed(seen: np.ndarray, haze: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What is seen as a random camera and a random display give it."""
    seen = seen + rng.uniform(0, 1.2) * haze + rng.uniform(0, 0.08)
    photons = 10 ** rng.uniform(0.9, 2.5) * 3
    counts = optics.detect(
        seen, photons=photons, background=rng.uniform(0, 0.05) * photons, read_noise=rng.uniform(0, 3),
        gain=rng.uniform(5, 50), offset=rng.uniform(20, 200), ceiling=65535, rng=rng,
    ).astype(np.float32)  # fmt: skip
    picture = ndimage.gaussian_filter(counts[0], rng.uniform(0, 0.8))
    low, high = np.quantile(picture, [0.02, rng.uniform(0.985, 1.0)])
    return (255 * np.clip((picture - low) / (high - low), 0, 1) ** rng.uniform(0.7, 1.2))[None].astype(np.float32)
