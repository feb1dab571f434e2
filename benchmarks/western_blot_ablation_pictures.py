"""Pictures and evaluations of ``western_blot_ablation.py``: lane maps, bands with known volumes, checks."""

import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import tifffile

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "workflow"), str(ROOT / "benchmarks"), str(ROOT)]

import western_blot as bench  # noqa: E402
import western_blot_gels  # noqa: E402
import western_blot_lanes  # noqa: E402
import western_blot_styles  # noqa: E402
from ablation import Item, digest_of  # noqa: E402
from tests.assays.western_blot.conftest import rows_of  # noqa: E402

from ketaflow.assays.western_blot import ingest, quantify  # noqa: E402
from ketaflow.assays.western_blot.bands import densitometry, membrane_view  # noqa: E402
from ketaflow.assays.western_blot.images import intensity_scale  # noqa: E402
from ketaflow.assays.western_blot.images.readers import read_picture  # noqa: E402
from ketaflow.assays.western_blot.model import Band, Blot, Drawn, IngestSettings, View  # noqa: E402
from ketaflow.core.inputs import build  # noqa: E402
from ketaflow.core.results import frame  # noqa: E402


@dataclass(frozen=True)
class Map:
    """A picture with a lane map: what each lane holds, whether that is right, and where the lanes are (if known)."""

    group: str
    signal: np.ndarray
    samples: list[str]
    right: bool
    centres: np.ndarray | None = None


def words_digest(*words: object) -> str:
    return digest_of(np.frombuffer(repr(words).encode(), np.uint8))


def prepare_lanes(first: int, seeds: int, every: int) -> Callable[[], list[Item]]:
    """Lane maps of drawn and real pictures."""
    maps = [one for seed in range(first, first + seeds) for one in _drawn_maps(seed)]
    maps += list(_real_maps())
    turned = western_blot_lanes.layout(first, "straight")
    maps += [Map("turned", np.rot90(turned.signal, turns).copy(), turned.samples, False) for turns in (1, 2, 3)]
    dots = [
        _dots(rows, columns, high, first)
        for rows, columns, high in ((2, 6, 1.0), (4, 8, 1.0), (4, 6, 0.2), (3, 8, 0.3))
    ]
    maps, blots = maps[::every], list(_divided())[: 5 // every]

    def evaluate() -> list[Item]:
        made = [_map_item(one) for one in maps]
        for signal in dots:
            doubt = membrane_view._manifold(signal, ["animal"] * 6, 1)
            made.append(Item("dots", words_digest(doubt), {"refused": float(bool(doubt))}))
        for one in maps[::5]:
            doubt = membrane_view._manifold(one.signal, list(one.samples), 1)
            made.append(Item("no dots", words_digest(doubt), {"refused": float(bool(doubt))}))
        for blot in blots:
            views = membrane_view.locate_lanes(blot, Drawn(), bench.QUANTIFY)
            grids = [grid.centres for view in views if (grid := view.grid or view.proposed) is not None]
            words = [(view.top, view.bottom, view.refusal) for view in views]
            found = float(np.mean([view.grid is not None for view in views]))
            made.append(
                Item("real combs", words_digest(words, np.concatenate(grids).round(6).tolist()), {"found": found})
            )
        return made

    return evaluate


# Enhanced pictures, kept while constants are tried on which they do not depend.
_enhanced: dict[tuple[int, int], Any] = {}
KEPT = [True]


def _map_item(one: Map) -> Item:
    key = id(one.signal), len(one.samples)
    enhanced = _enhanced.get(key) if KEPT[0] else None
    if enhanced is None:
        enhanced = _enhanced[key] = membrane_view.enhance_bands(one.signal, len(one.samples))
    grid, refusal = membrane_view.certain_lanes(enhanced, one.samples, bench.QUANTIFY)
    measured = not refusal and grid is not None
    if measured and one.right and one.centres is not None:
        filled = np.array([sample != "blank" for sample in one.samples])
        measured = bool(np.abs(grid.centres - one.centres)[filled].max() < 0.3 * grid.pitch)
    digest = words_digest(
        refusal, [] if grid is None else grid.centres.round(6).tolist(), None if grid is None else grid.lean
    )
    return Item(one.group, digest, {"right": float(measured == one.right)})


def _drawn_maps(seed: int) -> Iterator[Map]:
    for kind in western_blot_lanes.KINDS:
        drawn = western_blot_lanes.layout(seed, kind)
        yield Map("drawn, right", drawn.signal, drawn.samples, True, drawn.centres)
        wrong = list(western_blot_lanes.wrong_maps(drawn.samples).values())
        for samples in wrong[seed % 2 :: 2][:2]:
            yield Map("drawn, wrong", drawn.signal, samples, False)
    for style in ("many lanes", "edge", "specks", "bubbles", "splice", "jpeg"):
        plane, stage, ladder, _, _ = western_blot_styles.membrane(seed, style)
        samples = ["ladder"] * ladder + ["animal"] * (stage.lanes - ladder)
        centres = np.array([stage.lane_x(lane) for lane in range(1, stage.lanes + 1)])
        yield Map("drawn, right", plane.astype(np.float32), samples, True, centres)
        yield Map("drawn, wrong", plane.astype(np.float32), samples[:-1], False)


def _real_maps() -> Iterator[Map]:
    """Real pictures with the number of lanes counted by eye, and with one lane less and more."""
    pictures = {
        bench.BLOTS / "antiActin_IQ800_16bit.tif": 8,
        bench.BLOTS.parent / "cases" / "blot" / "test4_ref.tif": 16,
    }
    for path, count in pictures.items():
        if not path.exists():
            continue
        plane = next(iter(read_picture(path).planes.values()))
        way, _ = intensity_scale.polarity(plane)
        signal = intensity_scale.upright(plane, way == "dark", intensity_scale.full_scale(plane, None))
        for listed in (count - 1, count, count + 1):
            yield Map(f"real, {'right' if listed == count else 'wrong'}", signal, ["animal"] * listed, listed == count)


def _divided() -> Iterator[Blot]:
    """Real DNA gels with towels, tables and one or two combs."""
    folder = bench.BLOTS / "gelgenie_masks"
    for stem, counts in list(western_blot_gels.GEL_LANES.items())[::2] if folder.is_dir() else ():
        names = [f"G{comb}" for comb, _ in enumerate(counts, start=1)]
        images = [{"image": f"{stem}.jpg", "membrane": name, "target": "DNA", "role": "target"} for name in names]
        lanes = [
            row for name, count in zip(names, counts, strict=True) for row in bench.lane_rows(name, count, "ladder")
        ]
        yield ingest.ingest(
            rows_of(images=images, lanes=lanes), folder, build(IngestSettings, bench.DEFAULTS["ingest"])
        )


def _dots(rows: int, columns: int, high: float, seed: int) -> np.ndarray:
    """A dot blot (``high`` 1) or slot blot with unequal amounts, its glare, and dust."""
    rng = np.random.default_rng([seed, rows, columns])
    down, across = np.mgrid[0 : 60 * rows + 60, 0 : 60 * columns + 60].astype(float)
    signal = rng.normal(300, 12, down.shape)
    for row in range(rows):
        for column in range(columns):
            away = np.hypot((down - 60 * row - 60) / high, across - 60 * column - 60)
            signal += rng.lognormal(7.5, 0.8) * (1 / (1 + np.exp((away - 18) / 2)) + 0.02 * np.exp(-away / 30))
    for _ in range(8):
        signal[rng.integers(0, len(signal)), rng.integers(0, signal.shape[1])] += 4000
    return signal.clip(0, 65535).astype(np.uint16)


@dataclass(frozen=True)
class Shown:
    """A view with its lanes, its scan, what was drawn on it, and the volumes that are known, by lane and target."""

    group: str
    blot: Blot
    view: View
    drawn: Drawn
    known: pd.DataFrame


def prepare_volumes(first: int, seeds: int, every: int) -> Callable[[], list[Item]]:
    """Membranes whose lanes are found once."""
    shown = [one for seed in range(first, first + seeds) for one in _drawn_views(seed)]
    shown += list(_real_views())
    shown = shown[::every]
    # The search for the masses of ladders takes most of the time, and no volume depends on it.
    densitometry.read_ladder = lambda *_: None
    return lambda: [_view_item(one) for one in shown]


def _view_item(one: Shown) -> Item:
    scan = one.blot.scan(one.view.image, one.view.channel)
    reading = densitometry.read_view(one.view, scan, one.drawn, bench.QUANTIFY)
    bands = frame(reading.bands, Band)
    numbers = bands.select_dtypes("number").fillna(-1)
    ladder = () if reading.ladder is None else (reading.ladder.rows, reading.ladder.kda)
    digest = digest_of(numbers, *ladder, np.frombuffer(repr(reading.choices.keys()).encode(), np.uint8))
    both = one.known.merge(bands.dropna(subset=["target"]), on=["lane", "target"])
    clean = both[both["saturated_pct"].le(0.5) & both["snr"].gt(western_blot_styles.FAINT_SNR)]
    if one.group == "ladder":
        lane = bands[bands["lane"].eq(1) & (bands["y_px"] + bands["height_px"] / 2).between(350, 950)]
        lane = lane.sort_values("y_px").head(len(bench.LADDER_NG))
        ng = np.array(bench.LADDER_NG[: len(lane)], float)
        error = 100 * np.mean(np.abs(bench._relative(lane["volume"].to_numpy(), ng) - 1)) if len(lane) else np.nan
        return Item("ladder", digest, {"error": float(error)})
    size = 100 * (clean["volume"] / clean["drawn"] - 1).abs()
    covered = (clean["volume"] - clean["drawn"]).abs() <= clean["volume_uncertainty"]
    figures = {"error": float(size.clip(upper=50).mean()), "covered": float(100 * covered.mean())} if len(clean) else {}
    return Item(one.group, digest, figures | {"bands": float(len(bands))})


def _view_of(folder: Path, images: list[dict], lanes: list[dict], boxes: list[dict]) -> tuple[Blot, View, Drawn]:
    rows = rows_of(images=images, lanes=lanes, boxes=boxes)
    blot = ingest.ingest(rows, folder, build(IngestSettings, bench.DEFAULTS["ingest"]))
    drawn = Drawn(boxes=rows.of("western_blot_boxes", quantify.Box))
    return blot, membrane_view.locate_lanes(blot, Drawn(), bench.QUANTIFY)[0], drawn


def _drawn_views(seed: int) -> Iterator[Shown]:
    for style in (*western_blot_styles.STYLES, western_blot_styles.UNEVEN):
        plane, stage, ladder, masses, truth = western_blot_styles.membrane(seed, style)
        kinds = ["ladder"] * ladder + ["animal"] * (stage.lanes - ladder)
        lanes = [
            {"membrane": "B", "lane": lane, "sample": kind, "animal": f"M{lane}"} for lane, kind in enumerate(kinds, 1)
        ]
        images = [
            {"image": "a.tif", "membrane": "B", "target": f"T{kda:g}", "role": "target", "kda": kda} for kda in masses
        ]
        known = pd.DataFrame(truth, columns=["lane", "target", "drawn", "row"])
        rng = np.random.default_rng([seed, 1])
        boxes = []
        for lane, target, _, row in truth:
            reach, width = rng.uniform(3.3, 5) * stage.band_sd_px, rng.uniform(0.8, 0.95) * stage.pitch_px
            if reach + 3 < row < (0.9 if style == "edge" else 1.0) * stage.height_px - reach - 3:
                place = {
                    "x_px": stage.lane_x(lane) - width / 2,
                    "y_px": row - reach,
                    "width_px": width,
                    "height_px": 2 * reach,
                }
                boxes.append({"image": "a.tif", "lane": lane, "target": target, **place})
        with tempfile.TemporaryDirectory() as folder:
            tifffile.imwrite(Path(folder) / "a.tif", plane)
            blot, view, drawn = _view_of(Path(folder), images, lanes, boxes)
        if style != western_blot_styles.UNEVEN and view.grid is not None:
            yield Shown("found", blot, view, Drawn(), known)
        if style not in ("plain", "8bit", "jpeg", "dark", "weak"):
            yield Shown("boxes", blot, replace(view, grid=None), drawn, known)


def _real_views() -> Iterator[Shown]:
    if not bench.BLOTS.is_dir():
        return
    nothing = pd.DataFrame(columns=["lane", "target", "drawn", "row"])
    image = "NEB1kbplus_overheated_8bit.tif"
    images = [{"image": image, "membrane": "B", "target": "DNA", "role": "target"}]
    blot, view, _ = _view_of(bench.BLOTS, images, bench.lane_rows("B", 2, "ladder"), [])
    yield Shown("ladder", blot, view, Drawn(), nothing)
    named = {f"T{number}": box for number, box in enumerate(bench.LADDER_BOXES)}
    left, right = bench.LADDER_COLUMNS
    boxes = [
        {
            "image": image,
            "lane": 1,
            "target": name,
            "x_px": left,
            "y_px": top,
            "width_px": right - left,
            "height_px": end - top,
        }
        for name, (top, end) in named.items()
    ]
    images = [{"image": image, "membrane": "B", "target": name, "role": "target"} for name in named]
    ng = np.array(bench.LADDER_NG[: len(named)], float)
    blot, view, drawn = _view_of(bench.BLOTS, images, bench.lane_rows("B", 2, "ladder"), boxes)
    volumes = densitometry.read_view(replace(view, grid=None), blot.scans[0], drawn, bench.QUANTIFY).volumes
    found = np.array([volumes(name)[0] for name in named])
    # One scale for the lane, that of the constants as they are.
    known = pd.DataFrame({"lane": 1, "target": list(named), "drawn": ng * found.sum() / ng.sum()})
    yield Shown("ladder in boxes", blot, replace(view, grid=None), drawn, known)
    image = "antiActin_IQ800_16bit.tif"
    images = [{"image": image, "membrane": "B", "target": "actin", "role": "target"}]
    blot, view, _ = _view_of(bench.BLOTS, images, bench.lane_rows("B", 8), [])
    known = pd.read_csv(bench.BLOTS / "antiActin_imagej_values.csv").query("band == 'upper'")
    known = pd.DataFrame({"lane": known["lane"], "target": "actin", "drawn": known["rb100_intden"]})
    yield Shown("actin", blot, view, Drawn(), known)
    folder = bench.BLOTS / "gelgenie_masks"
    images = [{"image": "Pair_12_Wk10_GelRed.jpg", "membrane": "B", "target": "DNA", "role": "target"}]
    blot, view, _ = _view_of(folder, images, bench.lane_rows("B", 7, "ladder"), [])
    yield Shown("gel", blot, view, Drawn(), nothing)
