"""Images that the constants of the microscopy assays are tried on, and what is compared of each.

``prepare_...`` draws or reads the images of a part once and returns what measures them. It imports the assay when it is
called, so that a changed constant acts. ``microscopy_ablation.py`` uses it.
"""

import zlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from ablation import Evaluation, Item, digest_of
from scipy import ndimage
from scipy.spatial import cKDTree

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "spine"
# Seed of all drawings; no final figure is taken from it.
SEED = 40


class Drawing(NamedTuple):
    """A drawn field: the group of its figures, what was to be drawn, and what was."""

    group: str
    scene: Any
    field: Any


def drawings(scenes: Iterable[tuple[str, Any]], simulate_field: Callable[..., Any], seed: int) -> list[Drawing]:
    """Draw the fields of scenes, each from a seed of its group and number."""
    return [
        Drawing(group, scene, simulate_field(scene, np.random.default_rng([seed, zlib.crc32(group.encode()), number])))
        for number, (group, scene) in enumerate(scenes)
    ]


def matched(found: np.ndarray, true: np.ndarray, reach: float) -> int:
    """Number of pairs, one to one, no farther apart than ``reach``, the nearest first."""
    if not len(found) or not len(true):
        return 0
    near = cKDTree(found).sparse_distance_matrix(cKDTree(true), reach, output_type="coo_matrix")
    rows, columns = set(), set()
    for index in np.argsort(near.data, kind="stable"):
        if near.row[index] not in rows and near.col[index] not in columns:
            rows.add(near.row[index])
            columns.add(near.col[index])
    return len(rows)


def agreement(found: np.ndarray, true: np.ndarray, reach: float) -> dict[str, float]:
    """F1, and the number found over the true number."""
    both = matched(found, true, reach)
    return {"F1": 2 * both / max(len(found) + len(true), 1), "count": len(found) / max(len(true), 1)}


# Puncta ---------------------------------------------------------------------------------------------------------------
def prepare_puncta(seed: int = SEED) -> Evaluation:
    """Draw fields of puncta, pairs, stacks and nuclei, and read one real pair of channels."""
    from synaptic_puncta import FIELDS, MIXTURES, WIDE, simulate_field

    small = replace(WIDE, width_px=400, height_px=400)
    # As dense as the fields of 1024 x 1024 pixels.
    share = (small.width_px / WIDE.width_px) ** 2
    scenes = []
    for name, words in FIELDS.items():
        words = {**words, "pre_alone": round(share * words["pre_alone"])}
        scenes += 2 * [(f"detection {name}", replace(small, synapses=0, post_alone=0, **words))]
    for synapses, alone, snr in MIXTURES:
        alone = round(share * alone)
        scene = replace(small, synapses=round(share * synapses), pre_alone=alone, post_alone=alone, snr=snr)
        scenes.append(("pairs", scene))
    scenes += [("nuclei", replace(small, synapses=120, nuclei=7)) for _ in range(3)]
    scenes += [("stack", replace(small, width_px=256, height_px=256, planes=8, synapses=80)) for _ in range(2)]
    scenes += [("bleed", replace(small, synapses=120, pre_alone=200, post_alone=200, bleed_pct=15)) for _ in range(2)]
    scenes += [("coarse", replace(small, pixel_size_um=0.2, sigma_um=0.16, synapses=200)) for _ in range(2)]
    drawn = drawings(scenes, simulate_field, seed)
    real = _real_puncta()
    return lambda: [*(_puncta_item(*one) for one in drawn), *(_real_item(*one) for one in real)]


def _puncta_item(group: str, scene: Any, drawn: Any) -> Item:
    from ketaflow.assays.synaptic_puncta.model import Channel, Field, Fields
    from ketaflow.assays.synaptic_puncta.quantify import quantify

    channels = [
        Channel("drawn", name, pixels if scene.planes > 1 else pixels[0], 0.0)
        for name, pixels in (("pre", drawn.pre), ("post", drawn.post))
    ]
    step_um = scene.z_step_um if scene.planes > 1 else None
    field = Field("drawn", "M1", "", None, *channels, scene.pixel_size_um, step_um, "table", ())
    result = quantify(Fields([field]), _settings("synaptic_puncta"))
    one, puncta = result.sections[0], result.puncta
    pre = puncta[puncta["channel"].eq("pre")]
    figures = agreement(pre[["y_px", "x_px"]].to_numpy(float), drawn.pre_px[:, 1:], 0.25 / scene.pixel_size_um)
    if group == "stack":
        in_um = [scene.z_step_um, scene.pixel_size_um, scene.pixel_size_um]
        figures = agreement(pre[["z_px", "y_px", "x_px"]].to_numpy(float) * in_um, drawn.pre_px * in_um, 0.5)
    if scene.synapses:
        figures["synapses"] = one.synapses / scene.synapses
    if group == "nuclei":
        figures["tissue"] = one.tissue_um2 / (drawn.tissue.sum() * scene.pixel_size_um**2)
    if group == "bleed":
        figures["bleed"] = one.bleed_pre_into_post_pct / scene.bleed_pct
    numbers = puncta.select_dtypes("number").fillna(-1)
    values = [one.synapses, one.tissue_um2, one.bleed_pre_into_post_pct, one.displacement_um, one.chance_pairs]
    return Item(group, digest_of(numbers, np.nan_to_num(np.array(values, float))), figures)


def _real_puncta() -> list[tuple[str, np.ndarray, np.ndarray, float, np.ndarray]]:
    """The pair of brain section of the development half, and one culture with pixels that a person painted."""
    import tifffile

    found = []
    for name, folder, files, pixel_um in (
        ("in vivo", SHARED / "synapse_puncta_invivo", ("4-6_VGluT1.tif", "4-6_PSD95.tif"), 0.1413),
        (
            "culture",
            SHARED / "synapse_puncta_culture" / "images",
            ("Control_01_Bassoon.tif", "Control_01_Homer.tif"),
            0.1,
        ),
    ):
        if folder.exists():
            pre, post = (np.squeeze(tifffile.imread(folder / file)) for file in files)
            where = folder.parent / "human_pixels" if name == "culture" else folder
            stem = files[1].removesuffix(".tif")
            marks = where / (f"{stem}.csv" if name == "culture" else f"{stem}_human_pixels.csv")
            found.append((name, pre, post, pixel_um, pd.read_csv(marks).to_numpy()))
    return found


def _real_item(name: str, pre: np.ndarray, post: np.ndarray, pixel_um: float, painted: np.ndarray) -> Item:
    """Painted puncta with a punctum, and painted background with one, of the post channel."""
    from ketaflow.assays.synaptic_puncta.model import Channel, Field, Fields
    from ketaflow.assays.synaptic_puncta.quantify import quantify

    channels = [Channel("real", marker, pixels, 0.0) for marker, pixels in (("pre", pre), ("post", post))]
    field = Field("real", "M1", "", None, *channels, pixel_um, None, "table", ())
    result = quantify(Fields([field]), _settings("synaptic_puncta"))
    puncta, one = result.puncta, result.sections[0]
    own = puncta[puncta["channel"].eq("post")]
    away = cKDTree(own[["x_px", "y_px"]].to_numpy(float)).query(painted[:, :2])[0]
    figures = {
        "painted puncta found": float((away <= 3)[painted[:, 2] == 1].mean()),
        "painted background hit": float((away <= 1)[painted[:, 2] == 2].mean()),
        "synapses (1000)": one.synapses / 1000,
        "puncta (1000)": len(own) / 1000,
        "tissue (%)": 100 * one.tissue_um2 / one.field_um2,
    }
    return Item(name, digest_of(puncta.select_dtypes("number").fillna(-1)), figures)


# Stained cells --------------------------------------------------------------------------------------------------------
def prepare_cells(seed: int = SEED) -> Evaluation:
    """Draw fields of stained cells in every style, and empty ones."""
    from stained_cells import OTHERS, STYLES, Scene, simulate_field

    scenes = []
    for name, scene in STYLES.items():
        part = replace(scene, width_px=500, height_px=500, cells=scene.cells * 2 // 5, pairs=scene.pairs * 2 // 5)
        for stain in ("fluorescence", "dab"):
            scenes += [(f"{name} {stain}", replace(part, stain=stain, snr=snr, nuclei=40 * (stain == "dab")))
                       for snr in (3, 6)]  # fmt: skip
    for name, scene in OTHERS.items():
        part = replace(scene, width_px=scene.width_px // 2, height_px=scene.height_px // 2,
                       cells=scene.cells // 4, pairs=scene.pairs // 4)  # fmt: skip
        scenes += [(f"{name} {stain}", replace(part, stain=stain)) for stain in ("fluorescence", "dab")]
    empty = Scene(width_px=500, height_px=500, pixel_size_um=0.65, cells=0, pairs=0)
    scenes += [("empty", replace(empty, **words)) for words in (
        {}, {"unevenness": 1.2}, {"stain": "dab", "nuclei": 80, "snr": 3}, {"stain": "dab", "nuclei": 80})]  # fmt: skip
    dim = replace(
        STYLES["disc"], width_px=500, height_px=500, cells=60, pairs=16, stain="dab", white=(205.0, 200.0, 210.0)
    )
    scenes += [("dim white dab", dim), ("dense tissue dab", replace(dim, background_density=0.3))]
    glass = replace(dim, white=(225.0, 222.0, 224.0), background_density=0.1)
    scenes += [("glass beside tissue dab", glass), ("glass beside tissue dab", replace(glass, snr=3))]
    drawn = drawings(scenes, simulate_field, seed)
    for group, scene, field in drawn:
        if group.startswith("glass"):
            edge = field.pixels[:, : scene.width_px // 5]
            light = np.random.default_rng(seed).normal(np.broadcast_to(scene.white, edge.shape), 6)
            edge[:] = light.round().clip(0, 255).astype(edge.dtype)
    return lambda: [_cells_item(*one) for one in drawn]


def _cells_item(group: str, scene: Any, drawn: Any) -> Item:
    from ketaflow.assays.stained_cells.model import Field, Fields
    from ketaflow.assays.stained_cells.quantify import quantify
    from ketaflow.core.inputs import Rows

    level = 255.0 if scene.stain == "dab" else 2.0**scene.bits - 1
    field = Field(
        recording="drawn", image="drawn", animal="M1", region="", section=None, marker="c-Fos", stain=scene.stain,
        pixels=drawn.pixels, roi=None, pixel_size_um=scene.pixel_size_um, planes=1, saturation_level=level,
        scale_source="table", notes=(),
    )  # fmt: skip
    result = quantify(Fields([field]), _settings("stained_cells"), rows=Rows())
    cells, truth, one = result.cells, drawn.cells, result.fields[0]
    numbers = [cells.select_dtypes("number").fillna(-1), [one.cell_count, np.nan_to_num(float(one.stained_area_pct))]]
    if not scene.cells:
        return Item(group, digest_of(*numbers), {"cells": float(len(cells))})
    places = cells[["y_px", "x_px"]].to_numpy(float)
    reach = 0.6 * float(np.sqrt(truth.radii_um.prod(1)).mean()) / scene.pixel_size_um
    figures = agreement(places, truth.centres_px, reach)
    away, nearest = cKDTree(places).query(truth.centres_px) if len(places) else (np.full(len(truth), np.inf), None)
    pairs = [np.flatnonzero(truth.pair == pair) for pair in np.unique(truth.pair[truth.pair >= 0])]
    if pairs and nearest is not None:
        figures["split"] = float(np.mean([
            len(set(nearest[pair])) == len(pair) and bool((away[pair] <= reach).all()) for pair in pairs
        ]))  # fmt: skip
    alone = np.flatnonzero((truth.pair < 0) & (away <= reach))
    if len(alone) and nearest is not None:
        labels = alone + 1
        area = ndimage.sum_labels(np.ones(drawn.labels.shape), drawn.labels, labels) * scene.pixel_size_um**2
        source, column = (
            (drawn.stain, "mean_optical_density") if scene.stain == "dab" else (drawn.signal, "mean_intensity")
        )
        level_of = ndimage.mean(source, drawn.labels, labels)
        own = cells.iloc[nearest[alone]]
        figures["area"] = float(np.nanmedian(own["area_um2"].to_numpy() / area))
        figures["stain"] = float(np.nanmedian(own[column].to_numpy() / level_of))
    return Item(group, digest_of(*numbers), figures)


# Spines ---------------------------------------------------------------------------------------------------------------
class Picture(NamedTuple):
    """An image with its spines: group, stack, size of a pixel and step (um), places (pixels: x, y), reach (pixels)."""

    group: str
    stack: np.ndarray
    pixel_um: float
    step_um: float | None
    spines_px: np.ndarray
    reach_px: float
    length_um: float


def _pictures(every: int) -> list[Picture]:
    """Load one in ``every`` two-photon images of the first half, confocal segments and drawings, and a 3D shape."""
    import dendritic_spines as bench
    import imagecodecs

    found = []
    if bench.SHARED.exists():
        images, centres = bench.two_photon()
        names = list(images)
        for name in names[: len(names) // 2 : every]:
            people = centres[centres["image"].eq(name)]
            found.append(Picture("two-photon", images[name][None], 0.1, None, people[["x_px", "y_px"]].to_numpy(float),
                                 people["box_width_px"].iloc[0] / 2, np.nan))  # fmt: skip
        folder = bench.SHARED / "confocal_classified_spines"
        outlines = pd.read_csv(folder / "spines.csv")
        # The unseen half starts at 3, in steps of 6 (``dendritic_spines.unseen``).
        for name in sorted(outlines["image"].unique())[:: 3 * every]:
            people = outlines[outlines["image"].eq(name)]
            found.append(Picture("confocal", imagecodecs.imread(folder / "images" / name)[None], 0.1, None,
                                 people[["x_px", "y_px"]].to_numpy(float), 10, np.nan))  # fmt: skip
    for photons in (20.0, 80.0):
        for seed in range(2):
            truth = bench.TruthRow(15.0, photons, mushroom_count=4, thin_count=5, stubby_count=3, filopodium_count=0,
                                   hidden_count=4)  # fmt: skip
            line, spines, stack = bench.simulate.simulate_stack(truth, SEED + seed)
            places, length_um = bench._countable(spines).to_numpy(float), bench.scene.path_length_um(line)
            z_um, y_um, _ = bench.VOXEL_UM
            found.append(Picture(f"{photons:g} photons", stack, y_um, z_um, places, 8, length_um))
    return found


def prepare_detection(every: int = 8) -> Evaluation:
    """Trace the images once."""
    from dendritic_spines import SETTINGS

    from ketaflow.assays.dendritic_spines.tracing.projection import project_stack
    from ketaflow.assays.dendritic_spines.tracing.tracer import trace_dendrites

    traced = []
    for picture in _pictures(every):
        voxel_um = np.array([picture.step_um or 1.0, picture.pixel_um, picture.pixel_um])
        tracing = trace_dendrites(
            project_stack(picture.stack, voxel_um),
            min_dendrite_um=SETTINGS.quantify.min_dendrite_um,
            faintest_ratio=SETTINGS.quantify.faintest_dendrite_ratio,
        )
        traced.append((picture, tracing))
    return lambda: [_spines_item(*one) for one in traced]


def prepare_tracing(every: int = 16) -> Evaluation:
    """Images that are traced each time."""
    pictures = _pictures(every)
    return lambda: [_spines_item(picture, None) for picture in pictures]


def _spines_item(picture: Picture, tracing: Any) -> Item:
    import dendritic_spines as bench

    if tracing is not None:
        bench.quantify.trace_dendrites = lambda *_, **__: tracing
    result = bench.measured(picture.stack, picture.pixel_um, picture.step_um)
    spines = result.spines
    places = spines[["x_px", "y_px"]].to_numpy(float) if len(spines) else np.zeros((0, 2))
    figures = agreement(places, picture.spines_px, picture.reach_px)
    length_um = sum(branch.length_um for branch in result.dendrites)
    if np.isfinite(picture.length_um):
        figures["length"] = length_um / picture.length_um
        figures["head (um)"] = float(spines["head_diameter_um"].mean())
        figures["spine (um)"] = float(spines["length_um"].mean())
    return Item(picture.group, digest_of(spines.select_dtypes("number").fillna(-1), [length_um]), figures)


def _settings(assay: str) -> Any:
    """Return the default settings of the stage ``quantify``."""
    import importlib

    from ketaflow import assays
    from ketaflow.core import settings
    from ketaflow.core.inputs import build

    defaults = settings.with_defaults({}, assays.described(assay, "settings.schema"))
    model = importlib.import_module(f"ketaflow.assays.{assay}.model")
    return build(model.QuantifySettings, defaults["quantify"])
