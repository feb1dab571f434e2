"""What is drawn: a description of a field, and the places, sizes and brightness of its cells.

In: a scene and a source of chance. Out: the cells. ``rendering`` makes an image of them.
"""

import math
from dataclasses import dataclass

import numpy as np

from ketaflow.assays.stained_cells import constants
from ketaflow.assays.stained_cells.model import Colour, Stain, Style


@dataclass(frozen=True)
class Scene:
    """What is drawn.

    Attributes
    ----------
    width_px, height_px : int
        Size of the image.
    pixel_size_um : float
        Size of a pixel (um).
    stain : {"fluorescence", "dab"}
        Bright cells on a dark ground, or brown cells in a colour image.
    style : {"disc", "textured", "defocused", "soma"}
        Evenly stained nuclei; nuclei with mottled chromatin; nuclei out of focus, with the profile of a Gaussian;
        somata whose nucleus is free of stain, with a process.
    cells, pairs : int
        Number of cells that touch no other, and of pairs of touching cells.
    diameter_um, diameter_cv : float
        Mean diameter of a cell (um), and its SD over its mean.
    min_axis_ratio : float
        Smallest ratio of the short to the long axis of a cell.
    snr : float
        Mean height of a cell: over the SD of the noise of a pixel of the background (fluorescence: counts; DAB:
        optical density).
    brightness_cv : float
        SD of the heights over their mean.
    blur_um : float
        SD of the blur of the optics (um).
    unevenness : float
        Slope and clouds of the background (relative).
    haze : float
        Cells out of focus above and below the plane, per cell in focus.
    texture : float
        SD of fine structure of the background, over the mean height of a cell.
    background_density : float
        DAB: mean optical density of the tissue between the cells.
    optical_density : float
        Mean optical density of a cell along the unit vector of DAB.
    nuclei : int
        DAB: nuclei that only the counterstain shows.
    white : tuple of float
        DAB: counts of red, green and blue where there is no tissue.
    crowding : float
        Smallest distance of two cells that do not touch, over the sum of their radii.
    bits : int
        Bit depth of the camera.
    """

    width_px: int = 512
    height_px: int = 512
    pixel_size_um: float = 0.5
    stain: Stain = "fluorescence"
    style: Style = "disc"
    cells: int = 60
    pairs: int = 8
    diameter_um: float = 9.0
    diameter_cv: float = 0.12
    min_axis_ratio: float = 0.75
    snr: float = 6.0
    brightness_cv: float = 0.25
    blur_um: float = 0.4
    unevenness: float = 0.4
    haze: float = 0.0
    texture: float = 0.0
    background_density: float = 0.05
    optical_density: float = 0.4
    nuclei: int = 0
    white: Colour = (245.0, 245.0, 245.0)
    crowding: float = 1.3
    bits: int = 12


@dataclass(frozen=True)
class Cells:
    """Cells of a drawn field.

    Attributes
    ----------
    centres_px : (n, 2) ndarray
        y and x (pixels; 0 is the middle of the first).
    radii_um : (n, 2) ndarray
        Half of the long and of the short axis (um).
    angles : (n,) ndarray
        Direction of the long axis (radians).
    heights : (n,) ndarray
        Height over the mean height.
    pair : (n,) int ndarray
        Number of the pair, from 0; -1 for a cell that touches no other.
    """

    centres_px: np.ndarray
    radii_um: np.ndarray
    angles: np.ndarray
    heights: np.ndarray
    pair: np.ndarray

    def __len__(self) -> int:
        return len(self.heights)


def place_cells(scene: Scene, rng: np.random.Generator) -> Cells:
    """Place the cells of a field: pairs first, then cells that touch no other; all lie wholly inside the image.

    Parameters
    ----------
    scene : Scene
        What to draw.
    rng : numpy Generator
        Source of chance.

    Returns
    -------
    Cells
        Fewer than asked for where there is no room.
    """
    n = 2 * scene.pairs + scene.cells
    radii = _radii_um(scene, n, rng)
    angles = rng.uniform(0, math.pi, n)
    spread = math.sqrt(math.log1p(scene.brightness_cv**2))
    heights = rng.lognormal(-(spread**2) / 2, spread, n)
    placed: list[tuple[float, float, float]] = []
    centres, pair, kept = [], [], []
    for number in range(scene.pairs + scene.cells):
        members = (2 * number, 2 * number + 1) if number < scene.pairs else (scene.pairs + number,)
        found = _free_place(scene, radii[list(members)], angles[list(members)], placed, rng)
        if found is None:
            continue
        for member, (y, x) in zip(members, found, strict=True):
            placed.append((y, x, float(radii[member].max())))
            centres.append((y, x))
            pair.append(number if len(members) == 2 else -1)
            kept.append(member)
    return Cells(np.array(centres).reshape(-1, 2), radii[kept], angles[kept], heights[kept], np.array(pair, int))


def _radii_um(scene: Scene, n: int, rng: np.random.Generator) -> np.ndarray:
    """Half axes (n, 2) of ellipses whose area is that of a disc of the drawn diameter (um)."""
    diameter = scene.diameter_um * np.clip(rng.normal(1, scene.diameter_cv, n), 0.6, 1.5)
    ratio = rng.uniform(scene.min_axis_ratio, 1, n)
    return np.column_stack([diameter / 2 / np.sqrt(ratio), diameter / 2 * np.sqrt(ratio)])


def _free_place(
    scene: Scene,
    radii_um: np.ndarray,
    angles: np.ndarray,
    placed: list[tuple[float, float, float]],
    rng: np.random.Generator,
) -> list[tuple[float, float]] | None:
    """Centres (pixels) of a cell or a pair that no other cell touches; None where there is no room."""
    reach = radii_um.max() / scene.pixel_size_um + constants.DRAWN_MARGIN_PX
    occupied = np.array(placed).reshape(-1, 3)
    for _ in range(constants.PLACING_ATTEMPTS):
        y, x = rng.uniform((reach, reach), (scene.height_px - reach, scene.width_px - reach))
        centres = [(y, x)]
        if len(radii_um) == 2:
            direction = rng.uniform(0, 2 * math.pi)
            extent = [_extent_um(radii, direction - angle) for radii, angle in zip(radii_um, angles, strict=True)]
            apart = sum(extent) * rng.uniform(*constants.PAIR_DISTANCE) / scene.pixel_size_um
            centres.append((y + apart * math.sin(direction), x + apart * math.cos(direction)))
        if all(_is_free(centre, reach, scene, occupied) for centre in centres):
            return centres
    return None


def _is_free(centre: tuple[float, float], reach: float, scene: Scene, occupied: np.ndarray) -> bool:
    y, x = centre
    if not (reach <= y <= scene.height_px - reach and reach <= x <= scene.width_px - reach):
        return False
    distance = np.hypot(occupied[:, 0] - y, occupied[:, 1] - x)
    return bool((distance >= scene.crowding * (occupied[:, 2] / scene.pixel_size_um + reach)).all())


def _extent_um(radii_um: np.ndarray, angle: float) -> float:
    """Distance from the centre of an ellipse to its edge, in a direction counted from its long axis (um)."""
    long, short = radii_um
    return float(long * short / math.hypot(short * math.cos(angle), long * math.sin(angle)))
