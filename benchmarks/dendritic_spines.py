"""Spines: how fast, and how right.  python benchmarks/dendritic_spines.py [speed|accuracy|calibrated|unseen]

``speed``: a 63 MB stack (30 x 1024 x 1024, 16 bits) through all stages, in CPU seconds and in units of one Gaussian
filter over the same stack, beside scikit-image's blob_log on its projection. ``accuracy``: two-photon centres, outlined
confocal spines and drawn optics on real three-dimensional dendrites, all from the folder of real recordings beside the
repository; and simulated dendrites. ``calibrated``: ``calibrate`` on the two-photon images, each half trained on and
tested on the other. ``unseen``: the images and simulations that nothing was tuned on; run it last.
"""

import resource
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import ndimage
from scipy.spatial import cKDTree

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "workflow"))

from ketaflow import assays  # noqa: E402
from ketaflow.assays.dendritic_spines import calibrate, ingest, qc, quantify, simulate  # noqa: E402
from ketaflow.assays.dendritic_spines.constants import CLASSES  # noqa: E402
from ketaflow.assays.dendritic_spines.model import (  # noqa: E402
    HUMAN_SCORES,
    MAIN,
    AssaySettings,
    CohortSettings,
    DendriteImage,
    IngestSettings,
    Measured,
    QcSettings,
    TruthRow,
)
from ketaflow.assays.dendritic_spines.raters.matching import match_points  # noqa: E402
from ketaflow.assays.dendritic_spines.simulation import constants, optics, scene  # noqa: E402
from ketaflow.assays.dendritic_spines.simulation.constants import VOXEL_UM  # noqa: E402
from ketaflow.assays.dendritic_spines.training.scorer_training import search_as_quantify  # noqa: E402
from ketaflow.core import settings  # noqa: E402
from ketaflow.core.inputs import Rows, build  # noqa: E402

SHARED = ROOT.parent / "shared" / "data" / "spine"
DEFAULTS = settings.with_defaults({}, assays.described("dendritic_spines", "settings.schema"))
INGEST, QC = build(IngestSettings, DEFAULTS["ingest"]), build(QcSettings, DEFAULTS["qc"])
SETTINGS = build(AssaySettings, DEFAULTS)
# The two-photon images have no scale; the method has to work with any that is plausible.
SCALES_UM = (0.07, 0.15)


def image_of(stack: np.ndarray, pixel_um: float, step_um: float | None, name: str = "a.tif") -> DendriteImage:
    return DendriteImage(
        recording=name, image=name, animal="m", region="r", sample="d", stack=stack, pixel_size_um=pixel_um,
        z_step_um=step_um, saturation_level=None, scale_source="table", channel="1", notes=[], lab_weights={},
    )  # fmt: skip


def measured(stack: np.ndarray, pixel_um: float, step_um: float | None) -> Measured:
    return quantify.quantify(image_of(stack, pixel_um, step_um), SETTINGS.quantify, rows=Rows())


def large_stack(rng: np.random.Generator) -> np.ndarray:
    """Six dendrites, 30 planes of 1024 x 1024 pixels."""
    voxel = np.array([0.3, 0.1, 0.1])
    parts = []
    for number in range(6):
        line = scene.random_centreline(np.array([4.5, 10 + 15 * number, -2]), 0.1, 107, bend=0.03, tilt=0.01, rng=rng)
        classes = list(rng.choice(CLASSES[:3], 90))
        parts.append(scene.shaft_spheres(line, 0.4, 1.0, rng))
        parts += [spine.spheres for spine in scene.spines_along(line, 0.4, classes, flatness=0.5, rng=rng)]
    light = optics.rasterise(scene.Spheres.concatenate(parts), (30, 1024, 1024), voxel)
    detector = optics.Detector(photons=60, background=3, read_noise=2, gain=20, offset=100, ceiling=65535)
    return optics.detect(optics.blur(light, voxel, 0.3, 0.8), detector, rng)


def cpu(function, *arguments) -> tuple[float, object]:
    start = time.process_time()
    result = function(*arguments)
    return time.process_time() - start, result


def speed() -> None:
    import tempfile

    import tifffile
    from skimage.feature import blob_log

    stack = large_stack(np.random.default_rng(0))
    with tempfile.TemporaryDirectory() as folder:
        sizes = {"PhysicalSizeX": 0.1, "PhysicalSizeY": 0.1, "PhysicalSizeZ": 0.3}
        tifffile.imwrite(Path(folder) / "a.tif", stack, ome=True, metadata={"axes": "ZYX", **sizes})
        del stack
        rows = Rows({MAIN: [{"image": "a.tif", "animal": "m", "region": "r"}]})
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        read_s, image = cpu(lambda: ingest.ingest(rows, Path(folder), INGEST))
    quantify_s, found = cpu(lambda: quantify.quantify(image, SETTINGS.quantify, rows=Rows()))
    qc_s, _ = cpu(lambda: qc.qc(image, found, QC, rows=Rows()))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    stack = image.stack
    unit_s, _ = cpu(lambda: ndimage.gaussian_filter(stack.astype(np.float32), (1, 2, 2)))
    flat = stack.max(0).astype(np.float32)
    log_s, _ = cpu(lambda: blob_log(flat / flat.max(), min_sigma=1.5, max_sigma=5, num_sigma=4, threshold=0.02))
    lines = [("ingest", read_s), ("quantify", quantify_s), ("qc", qc_s), ("all stages", read_s + quantify_s + qc_s),
             ("blob_log on the projection alone", log_s)]  # fmt: skip
    for name, seconds in lines:
        print(f"{name:36} {seconds:7.2f} s CPU  {seconds / unit_s:6.2f} Gaussian filters")
    print(f"peak memory {peak / 1024:.0f} MB (before the stages, with the simulation: {before / 1024:.0f} MB)")
    print(f"{len(found.dendrites)} branches, {len(found.spines)} spines")


def two_photon() -> tuple[dict[str, np.ndarray], pd.DataFrame]:
    import imagecodecs

    folder = SHARED / "twophoton_spine_centres"
    centres = pd.read_csv(folder / "spine_centres.csv")
    pictures = {}
    for name in sorted(centres["image"].unique()):
        picture = imagecodecs.imread(folder / "images" / name)
        pictures[name] = picture if picture.ndim == 2 else picture[..., :3].max(-1)
    return pictures, centres


def accuracy() -> None:
    """Two-photon centres by halves of the file numbers and by scale, real outlines, simulated and real 3D shapes."""
    pictures, centres = two_photon()
    names = list(pictures)
    middle = len(names) // 2
    for title, chosen, pixel_um in [
        ("first half, scale 0.1 um", names[:middle:4], 0.1), ("second half, scale 0.1 um", names[middle::4], 0.1),
        *((f"both, scale {scale} um", names[::13], scale) for scale in SCALES_UM),
    ]:  # fmt: skip
        judged = []
        for name in chosen:
            people = centres[centres["image"].eq(name)]
            spines = measured(pictures[name][None], pixel_um, None).spines
            judged.append(_counts(spines, people, people["box_width_px"].iloc[0] / 2))
        _print_agreement(f"two-photon, {title}", judged)
    ceiling(pictures, centres)
    outlined()
    sticks()
    solid()


def ceiling(pictures: dict[str, np.ndarray], centres: pd.DataFrame) -> None:
    """What the candidates would allow a judge that knows people's marks: every eighth two-photon image."""
    marked, offered, left = 0, 0, 0
    for name in list(pictures)[::8]:
        people = centres[centres["image"].eq(name)]
        reach_um = 0.1 * people["box_width_px"].iloc[0] / 2
        marks_um = people[["y_px", "x_px"]].to_numpy(float) * 0.1
        search = search_as_quantify(pictures[name][None], np.array([1, 0.1, 0.1]), SETTINGS.quantify)
        positions_um = search.candidates.positions_um[:, 1:] / search.scale_factor
        away = np.linalg.norm(positions_um[:, None] - marks_um[None], axis=2).min(1)
        kept = search.duplicates.suppress(-away, away <= reach_um)
        marked += len(marks_um)
        offered += len(match_points(positions_um, marks_um, reach_um)[0])
        left += len(match_points(positions_um[kept], marks_um, reach_um)[0])
    print(f"two-photon marks with a candidate: {offered / marked:.3f}; after displacement {left / marked:.3f}")


def _counts(spines: pd.DataFrame, people: pd.DataFrame, reach_px: float) -> tuple[int, int, int]:
    """Found, marked, and the pairs among them no farther apart than ``reach_px``."""
    places = spines[["x_px", "y_px"]].to_numpy(float) if len(spines) else np.zeros((0, 2))
    both = match_points(places, people[["x_px", "y_px"]].to_numpy(float), reach_px)[0]
    return len(places), len(people), len(both)


def _print_agreement(title: str, judged: list[tuple[int, int, int]]) -> None:
    found, marked, both = np.sum(judged, axis=0)
    print(f"{title:40} {len(judged):3} images  F1 {2 * both / (found + marked):.3f}  precision {both / found:.3f}  "
          f"recall {both / marked:.3f}  count {100 * (found - marked) / marked:+.0f} %", flush=True)  # fmt: skip


def outlined(start: int = 0) -> None:
    """Confocal segments cut out by hand, every sixth; their scale is unknown, 0.1 um is assumed.

    "Ball" (a head seen without its neck) is no class of ours and does not count for the classes.
    """
    import imagecodecs

    folder = SHARED / "confocal_classified_spines"
    spines = pd.read_csv(folder / "spines.csv")
    spines["class"] = spines["spine_class"].replace({"filopodia": "filopodium"})
    judged, same = [], []
    for name in sorted(spines["image"].unique())[start::6]:
        picture = imagecodecs.imread(folder / "images" / name)
        found, people = measured(picture[None], 0.1, None).spines, spines[spines["image"].eq(name)]
        judged.append(_counts(found, people, 10))
        ours, theirs = match_points(
            found[["x_px", "y_px"]].to_numpy(float), people[["x_px", "y_px"]].to_numpy(float), 10
        )
        named = people["class"].to_numpy()[theirs]
        same += list((found["class"].to_numpy()[ours] == named)[named != "ball"])
    _print_agreement("confocal, cut out, scale 0.1 um", judged)
    print(f"their class as the person's: {np.mean(same):.2f} of {len(same)}")


def sticks() -> None:
    """Dendrites as the demonstration draws them: spines, and the length of the centreline."""
    judged, off_pct = [], []
    for seed in range(12):
        truth = TruthRow(15.0, 80.0, mushroom_count=4, thin_count=5, stubby_count=3, filopodium_count=0, hidden_count=4)
        line, spines, stack = simulate.simulate_stack(truth, seed)
        found = measured(stack, VOXEL_UM[1], VOXEL_UM[0])
        judged.append(_counts(found.spines, _countable(spines), 8))
        found_um = sum(branch.length_um for branch in found.dendrites)
        off_pct.append(100 * (found_um / scene.path_length_um(line) - 1))
    _print_agreement("drawn as for the demonstration", judged)
    print(f"their length is off by {min(off_pct):+.1f} to {max(off_pct):+.1f} %")


def unseen() -> None:
    """Every other two-photon image of the second half, other confocal segments, drawings of other composition."""
    pictures, centres = two_photon()
    judged = []
    for name in list(pictures)[len(pictures) // 2 :: 2]:
        people = centres[centres["image"].eq(name)]
        spines = measured(pictures[name][None], 0.1, None).spines
        judged.append(_counts(spines, people, people["box_width_px"].iloc[0] / 2))
    _print_agreement("two-photon, second half", judged)
    outlined(start=3)
    for photons in (20.0, 80.0, 300.0):
        sticks_by_chance(range(1000, 1016), photons)


def sticks_by_chance(seeds: range, photons: float) -> None:
    """Dendrites as the demonstration draws them, of any length and density, so many photons where light is 1."""
    judged = []
    for seed in seeds:
        rng = np.random.default_rng(5000 + seed)
        length_um = round(float(rng.uniform(13, 17)), 1)
        counts = rng.multinomial(rng.poisson(0.9 * length_um), [0.34, 0.37, 0.25, 0.04])
        named = {f"{name}_count": int(count) for name, count in zip(CLASSES, counts, strict=True)}
        hidden = int(rng.poisson(constants.HIDDEN * counts.sum()))
        truth = TruthRow(length_um, photons, **named, hidden_count=hidden)
        _, spines, stack = simulate.simulate_stack(truth, seed)
        found = measured(stack, VOXEL_UM[1], VOXEL_UM[0]).spines
        judged.append(_counts(found, _countable(spines), 8))
    _print_agreement(f"drawn by chance, {photons:g} photons", judged)


def _countable(spines: list[scene.SpineTruth]) -> pd.DataFrame:
    """Places (px) of the simulated spines that can be counted."""
    places = [spine.head_um[[2, 1]] / VOXEL_UM[1] for spine in spines if not spine.hidden]
    return pd.DataFrame(np.array(places).reshape(-1, 2), columns=["x_px", "y_px"])


def solid() -> None:
    """Real shapes under our own optics: 0.1 um pixels, planes every 0.2 um, 150 photons in a full voxel.

    The length is set beside that of the shortest way through the shape between the ends of each traced branch.
    """
    import tifffile

    agree = classed = 0
    for path in sorted((SHARED / "dendrite_3d_shapes").glob("*_mask.tif")):
        name = path.name.removesuffix("_mask.tif")
        labels = pd.read_csv(path.with_name(f"{name}_spines.csv"))
        labels = labels[labels["n_voxels"].gt(0)]
        shape = np.pad(tifffile.imread(path) > 0, 15)
        light = optics.blur(shape.astype(np.float32), np.full(3, 0.1), 0.25, 0.6)[::2]
        detector = optics.Detector(photons=150, background=2, read_noise=2, gain=20, offset=100, ceiling=65535)
        found = measured(optics.detect(light, detector, np.random.default_rng(0)), 0.1, 0.2)
        spines, shafts = found.spines, pd.DataFrame(found.shafts)
        places = spines[["x_px", "y_px"]].to_numpy(float) * 0.1 - 1.5
        left, right = match_points(places, labels[["x_vox", "y_vox"]].to_numpy(float) * 0.1, 0.8)
        majority = labels["majority_class"].replace({"filopodia": "filopodium"}).to_numpy()
        same = spines["class"].to_numpy()[left] == majority[right]
        agree, classed = agree + same.sum(), classed + len(same)
        length = sum(branch.length_um for branch in found.dendrites)
        way_um = sum(_shortest_um(shape, branch) for _, branch in shafts.groupby("branch"))
        real = tifffile.imread(path.with_name(f"{name}_spine_labels.tif"))
        others = places[np.setdiff1d(np.arange(len(places)), left)]
        bare = shape & ~np.pad(real > 0, 15)
        line = shafts[["x_px", "y_px"]].to_numpy(float) * 0.1 - 1.5
        mirrored = 2 * line[cKDTree(line).query(others)[1]] - others
        out, chance = (_stand_out(where + 1.5, bare, shape, shafts) for where in (others, mirrored))
        print(f"{name:14} F1 {2 * len(left) / (len(spines) + len(labels)):.3f}  found {len(spines)}, labelled "
              f"{len(labels)}, both {len(left)}; of the other {len(others)} on a bare protrusion {out} "
              f"(mirrored at the shaft {chance}); length "
              f"{length:.2f} um, {100 * (length / way_um - 1):+.1f} % beside the shortest way; class as the majority "
              f"{same.mean():.2f}")  # fmt: skip
    print(f"class as the majority of experts: {agree / classed:.2f} of {classed}")


def _way(shape: np.ndarray, cost: np.ndarray, branch: pd.DataFrame) -> np.ndarray:
    """Voxels (n, 3) of the cheapest way through a shape (0.1 um, every second plane seen) between a line's ends."""
    from skimage.graph import MCP_Geometric

    inside = np.argwhere(shape)
    ends = branch[["z_px", "y_px", "x_px"]].to_numpy(float)[[0, -1]] * [2, 1, 1]
    start, stop = (tuple(inside[((inside - end) ** 2).sum(1).argmin()]) for end in ends)
    cheapest = MCP_Geometric(np.where(shape, cost, np.inf))
    cheapest.find_costs([start])
    return np.array(cheapest.traceback(stop))


def _shortest_um(shape: np.ndarray, branch: pd.DataFrame) -> float:
    """Length of the shortest way through a shape between a line's ends."""
    way = np.pad(_way(shape, np.ones(shape.shape), branch), ((40, 40), (0, 0)), mode="reflect", reflect_type="odd")
    # Half a micrometre takes the voxels' steps off.
    way = ndimage.gaussian_filter1d(0.1 * way, 5, axis=0)[40:-40]
    return float(np.linalg.norm(np.diff(way, axis=0), axis=1).sum())


def _stand_out(places_um: np.ndarray, bare: np.ndarray, shape: np.ndarray, shafts: pd.DataFrame) -> int:
    """How many places (y, x) lie on a part of the real shape that carries no label and stands 0.4 um off its shaft.

    The shaft is the way through the thick of the shape, as wide as the ball that fits in; nothing of it is ours but
    its ends. Protrusions are spines, stumps of branches and fibres that cross.
    """
    thick = ndimage.distance_transform_edt(shape)
    ways = [_way(shape, 1 / np.maximum(thick, 0.5) ** 2, branch) for _, branch in shafts.groupby("branch")]
    radii = np.concatenate([ndimage.median_filter(thick[tuple(way.T)], 15, mode="nearest") for way in ways])
    voxels = np.argwhere(bare)
    away, nearest = cKDTree(np.concatenate(ways)).query(voxels)
    out = voxels[away - radii[nearest] > 10 * constants.COUNTED_UM]
    return int((cKDTree(0.1 * out[:, 1:]).query(places_um[:, ::-1])[0] < 0.25).sum()) if len(places_um) else 0


def calibrated() -> None:
    """The two-photon images as a cohort of two animals, the first and the last file numbers; each trains, each tests.

    Many images show nearly the same field, but none of them on both sides of the middle.
    """
    pictures, centres = two_photon()
    images = []
    for number, (name, picture) in enumerate(pictures.items()):
        animal = "first" if number < len(pictures) / 2 else "last"
        images.append(replace(image_of(picture[None], 0.1, None, name), animal=animal))
    scores = centres.assign(rater="people", **{"class": None})
    # Half a box of 27 pixels at 0.1 um.
    own = replace(SETTINGS, cohort=CohortSettings(match_um=1.35))
    seconds, made = cpu(lambda: calibrate.calibrate(images, {}, {HUMAN_SCORES: scores}, own))
    print(made["summary.txt"])
    print(made["left_out"].groupby(["half", "first"], sort=False)[["n_first", "n_second", "n_matched"]].sum())
    print(f"{seconds:.0f} s CPU")


if __name__ == "__main__":
    {"speed": speed, "accuracy": accuracy, "calibrated": calibrated, "unseen": unseen}[
        sys.argv[1] if len(sys.argv) > 1 else "speed"
    ]()
