"""Recordings for the ablation of elisa, sucrose_preference and core.images (elisa_sucrose_images_ablation.py).

Each ``prepare_...`` draws recordings, or names real ones of ``../shared/data``, and returns a function that measures
them and gives their items. What is measured is imported there, since its modules are changed.
"""

import math
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"
sys.path[:0] = [
    str(ROOT / "workflow"), str(ROOT / "benchmarks"),
    *(str(ROOT / "tests" / "assays" / assay) for assay in ("elisa", "sucrose_preference")),
]  # fmt: skip

from ablation import Item, digest_of  # noqa: E402

SEED = 2_026_113


# ELISA ----------------------------------------------------------------------------------------------------------------
def prepare_elisa(turns: int = 1) -> Callable[[], list[Item]]:
    """Draw plates of every kit with every fault, and take the public runs of DNase."""
    from dnase import CONCENTRATION, DENSITY
    from drawn_plates import Layout, plate, usual, whole_plate
    from elisa import KITS

    made = []
    for kit_number, (title, kit) in enumerate(KITS.items()):
        for turn in range(turns):
            for fault_number, fault in enumerate(FAULTS):
                rng = np.random.default_rng([SEED, kit_number, turn, fault_number])
                layout = usual(kit, rng, blanks=fault != "no blanks", animals=3 if fault == "few samples" else 36)
                if "below" in fault:
                    layout = replicates_below(layout)
                values = whole_plate(kit, layout, rng, 0.12 if fault == "noisy" else 0.05)
                values, moved = spoiled(fault, values, kit, rng)
                made.append((f"{fault}, {title}" if fault == "sound" else fault, plate(layout, values), layout, moved))
    for run in DENSITY.values():
        layout = Layout()
        for place, level in enumerate(CONCENTRATION):
            kind = ("standard", "animal")[place % 2]
            known = {"concentration_pg_per_ml": level} if kind == "standard" else {"animal": f"M{place}"}
            layout.put([f"{'ABCDEFGH'[place // 2]}{place % 2 + 1}"], kind, level / 2, **known)
        values = {f"{'ABCDEFGH'[place // 2]}{place % 2 + 1}": value for place, value in enumerate(run)}
        made.append(("DNase", plate(layout, values), layout, ()))
    return lambda: [item for curve in ("4pl", "5pl") for one in made if (item := plate_item(curve, *one))]


FAULTS = ("sound", "exchanged rows", "exchanged columns", "contaminated blank", "well without substrate", "wrong level",
          "noisy", "no blanks", "few samples", "edge", "saturated", "high blanks", "empty column", "no background",
          "part of a plate", "part of a plate, exchanged rows", "exchanged rows, replicates below",
          "exchanged columns, replicates below", "wrong level, replicates below")  # fmt: skip


def replicates_below(layout: Any) -> Any:
    """The layout turned, so that replicates are below each other: standards in rows A and B, 24 animals."""
    from drawn_plates import Layout, well_row

    made = Layout()
    for well, row in layout.rows.items():
        place = "ABCDEFGH".index(well[0])
        turned = f"{'ABCDEFGHIJKL'[int(well[1:]) - 1]}{place + 1}"
        if turned[0] in "ABCDEFGH":
            known = vars(row) | {"plate": "P1", "well": turned, "sample": row.sample}
            made.rows[turned], made.truth[turned] = well_row(**known), layout.truth[well]
    return made


def spoiled(
    fault: str, values: dict[str, float], kit: Any, rng: np.random.Generator
) -> tuple[dict[str, float], tuple[str, ...]]:
    """Responses of a plate with a fault, and the rows or columns that were exchanged."""
    if "exchanged" in fault:
        names = list("ABCDEFGH") if "rows" in fault else [str(column) for column in range(1, 9)]
        one, other = (str(name) for name in rng.choice(names, 2, replace=False))
        there = {one: other, other: one}
        if "rows" in fault:
            values = {there.get(well[0], well[0]) + well[1:]: value for well, value in values.items()}
        else:
            values = {well[0] + there.get(well[1:], well[1:]): value for well, value in values.items()}
        moved: tuple[str, ...] = (one, other)
    else:
        moved = ()
    changed = dict(values)
    if fault == "contaminated blank":
        changed["H12"] = kit.response(90.0)
    elif fault == "high blanks":
        changed.update(dict.fromkeys(("H11", "H12"), kit.response(0.0) + 0.06))
    elif fault == "well without substrate":
        changed[f"{rng.choice(list('ABCDEFGH'))}1"] = 0.05
    elif fault.startswith("wrong level"):
        place = int(rng.integers(1, 6))
        wells = [f"A{place + 1}", f"B{place + 1}"] if "below" in fault else [f"{'ABCDEFGH'[place]}{n}" for n in (1, 2)]
        changed.update({well: 1.5 * values[well] for well in wells})
    elif fault == "edge":
        changed.update({well: 1.15 * value for well, value in values.items() if well[0] in "AH"})
    elif fault == "saturated":
        changed.update({well: math.inf for well, value in values.items() if value > 0.75 * max(values.values())})
    elif fault == "empty column":
        changed.update({well: math.nan for well in values if well[1:] in ("5", "6")})
    elif fault == "no background":
        changed = {well: value - min(kit.bottom, kit.top) + rng.normal(0, 0.004) for well, value in values.items()}
    elif fault.startswith("part of a plate"):
        changed.update({well: math.nan for well in values if int(well[1:]) > 6})
    return changed, moved


def plate_item(curve: str, group: str, plate: Any, layout: Any, moved: tuple[str, ...]) -> Item | None:
    """Figures of one plate."""
    from drawn_plates import qc_settings, settings

    from ketaflow.assays.elisa.qc import qc
    from ketaflow.assays.elisa.quantify import quantify

    if curve == "5pl" and "asymmetric" not in group and group not in ("DNase", "no blanks"):
        return None
    measured = quantify(plate, settings(curve=curve))
    checked = qc(plate, measured, qc_settings())
    pairs = [(one, 2 * layout.truth[one.wells.split(", ")[0]]) for one in measured.animals]
    known = [(one, truth) for one, truth in pairs if one.concentration_pg_per_ml is not None]
    errors = [abs(one.concentration_pg_per_ml / truth - 1) for one, truth in known]
    inside = [(one.low_pg_per_ml or 0) <= truth <= (one.high_pg_per_ml or math.inf) for one, truth in known]
    named = measured.exchange.wells if measured.exchange else []
    found = {well[0] if "".join(moved).isalpha() else well[1:] for well in named}
    failed = [one.check for one in checked.checks if one.verdict != "pass"]
    figures = {
        "with a value": len(known) / max(len(pairs), 1),
        "mean error": float(np.mean(errors)) if errors else math.nan,
        "interval holds": float(np.mean(inside)) if inside else math.nan,
        "exchange named": float(bool(moved) and found == set(moved)),
        "another exchange": float(bool(found) and found != set(moved)),
        "blanks flagged": float(failed.count("blank_contaminated")),
        "standards left out": float(failed.count("standard_left_out")),
    }
    tables = [pd.DataFrame(table) for table in (measured.curves, measured.samples)]
    numbers = [table.select_dtypes("number").replace(np.inf, -2).fillna(-1) for table in tables]
    return Item(f"{group} {curve}", digest_of(*numbers) + ",".join(failed), figures)


# Sucrose preference ---------------------------------------------------------------------------------------------------
def prepare_sucrose() -> Callable[[], list[Item]]:
    """Drawn licks in three units, logs at fixed times, series of cages, and weighed bottles."""
    rng = np.random.default_rng(SEED)
    licks = [(name, unit, drawn_licks(rng, rate, count)) for name, rate in STYLES.items() for unit in (1.0, 1e-3, 1e-6)
             for count in (4, 8, 30, 300) for _ in range(25)]  # fmt: skip
    logs = [
        (name, *drawn_log(rng, name))
        for name in ("fixed", "fixed, uneven", "every 15 min", "at events")
        for _ in range(60)
    ]
    series = [(*drawn_series(rng, kind, rows), kind, rows) for kind in ("cumulative", "cut", "drifting", "per interval")
              for rows in (3, 5, 8, 24, 200) for _ in range(20)]  # fmt: skip
    weighed = [(float(total), 0.1 * rng.standard_normal(4)) for total in np.repeat([0.1, 0.3, 0.6, 1.5, 5.0], 40)]
    return lambda: [
        *(unit_item(*one) for one in licks),
        *(log_item(*one) for one in logs), *(series_item(*one) for one in series),
        *(pair_item(*one) for one in weighed),
    ]  # fmt: skip


def prepare_real() -> Callable[[], list[Item]]:
    """Real logs and sheets."""
    return lambda: [*map(real_item, REAL if SHARED.exists() else ())]


# Licks per second within trains, their relative spread, and the mean pause between trains (s; 0 for no trains).
STYLES = {"mouse": (7.5, 0.1, 20), "rat": (6.2, 0.1, 60), "irregular": (7.0, 0.35, 5), "at random": (1.0, 1.0, 0),
          "rare": (0.01, 1.0, 0), "very rare": (0.003, 1.0, 0), "bouncing contact": (100.0, 0.3, 30)}  # fmt: skip
LICKS, SUCROSE = SHARED / "sucrose" / "lick_timestamps", {"side": "left", "content": "sucrose"}
REAL = [
    *((LICKS, name, channel) for name, channel in (
        ("spt_sucrose_licks_s.txt", None), ("spt_water_licks_s.txt", None), ("med_array.txt", "L"),
        ("csv_test.csv", None),
        ("km_test.csv", None), ("dd_test.txt", None), ("ls_test1.txt", None), ("ohrbets-test.csv", None),
        ("med_test1.med", "e"))),
    *((SHARED / "sucrose" / "sipper", f"{name}.CSV", "left") for name in (
        "SIP002_020320_00", "SIP004_101119_00", "SIP004_101319_00", "SIP005_021220_03",
        "event_variant_SIP000_010100_09")),
    *((SHARED / "cases" / "drinking", name, channel) for name, channel in (
        ("licks_s.xlsx", None), ("on_off_timestamp_ms.csv", None), ("pandas_index_ms.csv", None),
        ("sipper_id_timestamp_state.csv", "0"), ("fed3_bandit_two_rows.csv", "left"), ("spt_consumed.xlsx", None),
        ("spt_two_headers.xlsx", None))),
]  # fmt: skip


def real_item(recording: tuple[Path, str, str | None]) -> Item:
    """What is measured of a real file, or the message."""
    from conftest import Measured

    folder, name, channel = recording
    try:
        found = Measured([SUCROSE | {"log": name, "channel": channel}], folder)
    except Exception as error:
        return Item("real", f"{type(error).__name__}: {error}", {"read": 0.0})
    values = [str((one.measure, one.value, one.reason)) for one in found.measured.measurements]
    return Item("real", " ".join([*values, *sorted(found.doubts())]), {"read": 1.0})


def drawn_licks(rng: np.random.Generator, style: tuple[float, float, float], count: int) -> np.ndarray:
    """Onsets of licks (s)."""
    rate, spread, pause_s = style
    intervals = rng.exponential(1 / rate, count) if not pause_s else np.abs(rng.normal(1, spread, count)) / rate
    if pause_s:
        intervals = np.where(rng.random(count) < 1 / 15, rng.exponential(pause_s, count), intervals)
    return np.cumsum(intervals) + rng.exponential(100)


def unit_item(style: str, unit_s: float, onsets_s: np.ndarray) -> Item:
    """Whether the unit of lick times is found."""
    from ketaflow.assays.sucrose_preference.readers.lick_time_unit import seconds_per_unit

    times = np.round(onsets_s / unit_s, 3 if unit_s == 1 else 0)
    try:
        found = seconds_per_unit(times, "", "auto")
    except Exception:
        found = math.nan
    figures = {"unit right": float(found == unit_s), "unit wrong": float(found == found and found != unit_s)}
    return Item(f"{style}, {unit_s:g} s", str(found), figures)


def drawn_log(rng: np.random.Generator, name: str) -> tuple[np.ndarray, float]:
    """Times of the rows of a log, in which one pause of two hours may be; and whether there is one."""
    count = int(rng.choice([6, 12, 60, 1440]))
    spread, usual_s = {"fixed, uneven": 0.4}.get(name, 0.02), 900 if name == "every 15 min" else 60
    steps = usual_s * np.abs(1 + spread * rng.standard_normal(count))
    if name == "at events":
        return np.cumsum(rng.exponential(60, count)), 0.0
    gap = rng.random() < 0.5
    if gap:
        steps[count // 2] = 7200
    return np.cumsum(steps), float(gap)


def log_item(name: str, time_s: np.ndarray, gap: float) -> Item:
    """Whether a log at fixed times is known as one, and its gap found."""
    from ketaflow.assays.sucrose_preference.readers.logs import regular_interval_and_gaps

    interval, gaps = regular_interval_and_gaps(time_s, 600.0)
    figures = {"at fixed times": float(interval is not None), "gaps right": float(len(gaps) == gap)}
    return Item(f"log {name}", f"{interval} {gaps}", figures)


def drawn_series(rng: np.random.Generator, kind: str, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Amounts as a cage writes them, and what was drunk in each interval (ml)."""
    drunk = np.where(rng.random(rows) < 0.4, rng.random(rows).round(2) * 0.2, 0.0)
    drunk[0] += 0.05
    noise = (0.008 if kind == "drifting" else 0.0) * rng.standard_normal(rows)
    before = 1 + 3 * rng.random() if kind == "cut" else 0.0
    if before:
        drunk[0] = 0.0
    return (drunk if kind == "per interval" else before + np.cumsum(drunk) + noise), drunk


def series_item(amounts: np.ndarray, drunk: np.ndarray, kind: str, rows: int) -> Item:
    """Whether the amount of a series is right within 5 % and 0.02 ml."""
    from ketaflow.assays.sucrose_preference.sheets.intake_logs import _per_row

    try:
        total = float(_per_row("cage", amounts).sum())
    except Exception:
        total = math.nan
    off = abs(total - drunk.sum()) > 0.02 + 0.05 * drunk.sum()
    figures = {"amount right": float(not (off or math.isnan(total))), "amount wrong": float(off)}
    return Item(f"{kind}, {rows} rows", f"{total:.6f}", figures)


def pair_item(total_g: float, noise_g: np.ndarray) -> Item:
    """Preference of an animal that drank 70 % sucrose, weighed with an error of 0.1 g."""
    from conftest import Measured

    start, drunk = 150.0, (0.7 * total_g, 0.3 * total_g)
    rows = [
        {"side": side, "content": what, "start_g": start + noise_g[place], "end_g": start - own + noise_g[place + 2]}
        for place, (side, what, own) in enumerate(zip(("left", "right"), ("sucrose", "water"), drunk, strict=True))
    ]
    value = Measured(rows)["sucrose_preference_pct"]
    off = value is not None and abs(value - 70) > 20
    figures = {"with a value": float(value is not None), "off by 20 points": float(off)}
    return Item(f"{total_g:g} g", str(value), figures)


# Images ---------------------------------------------------------------------------------------------------------------
def prepare_images() -> Callable[[], list[Item]]:
    """Stacks of detectors of known depth, grey and coloured pictures, and the vendors' files of ``../shared/data``."""
    rng = np.random.default_rng(SEED)
    stacks = [(bits, shift, *drawn_stack(rng, bits, fill, shift)) for bits in (8, 10, 12, 14, 16)
              for shift in ((0, 16 - bits) if 8 < bits < 16 else (0,)) for fill in (0.2, 0.6, 0.9, 1.3)
              for _ in range(5)]  # fmt: skip
    pictures = [(name, quality, drawn_picture(rng, name)) for name in PICTURES for quality in (30, 50, 75, 95, 100)
                for _ in range(4)]  # fmt: skip
    files = sorted((SHARED / "cases" / "microscopy").glob("*")) if SHARED.exists() else []
    return lambda: [
        *(level_item(*one) for one in stacks), *(grey_item(*one) for one in pictures),
        *(file_item(path, channel, series) for path in files for channel in (None, "1") for series in (None, "1")),
        *(shape_item(shape) for shape in SHAPES),
    ]  # fmt: skip


PICTURES = ("grey", "grey with grain", "grey by a colour camera", "haematoxylin", "pale DAB", "one red cell",
            "merged channels", "dim merged channels")  # fmt: skip
# Planes or channels, rows, columns: stacks, tiles, strips, and stacks saved as y, x, z.
SHAPES = ((3, 512, 512), (5, 512, 512), (40, 256, 256), (300, 64, 64), (512, 512, 40), (400, 300, 12), (1024, 20, 1024),
          (120, 100, 100), (150, 20, 200), (60, 64, 8))  # fmt: skip


def drawn_stack(rng: np.random.Generator, bits: int, fill: float, shift: int) -> tuple[np.ndarray, float]:
    """A plane of a detector whose brightest cells reach a share of its range, and the level at which it clips."""
    full = 2**bits - 1
    light = rng.gamma(2, 0.02, (128, 128))
    light[40:60, 40:60] += 1.0
    plane = np.clip(fill * full * light / 1.1 + rng.normal(0, 0.003 * full, light.shape), 0, full).astype(np.uint16)
    kind = np.uint8 if bits == 8 else np.uint16
    return (plane << shift).astype(kind)[None], float(full << shift)


def level_item(bits: int, shift: int, stack: np.ndarray, level: float) -> Item:
    """Whether the saturation level is right, and how many pixels are wrongly called saturated."""
    from ketaflow.core.images.intensity import saturation_level

    found = saturation_level(stack, None)
    share = {name: float((stack >= one).mean()) for name, one in (("true", level), ("found", found))}
    figures = {"level right": float(found == level), "saturated off (%)": 100 * abs(share["found"] - share["true"])}
    return Item(f"{bits} bits{f' shifted by {shift}' if shift else ''}", str(found), figures)


def drawn_picture(rng: np.random.Generator, name: str) -> np.ndarray:
    """A picture in red, green and blue."""
    from skimage.filters import gaussian

    texture = gaussian(rng.random((128, 160)), 0.5 if name == "grey with grain" else 3)
    grey = np.interp(texture, (texture.min(), texture.max()), (10, 245))[..., None].repeat(3, 2)
    if name == "haematoxylin":
        grey = 255 - (255 - grey) * np.array([0.8, 0.9, 0.4])
    elif name == "pale DAB":
        grey = 255 - 0.25 * (255 - grey) * np.array([0.3, 0.6, 1.0])
    elif name == "one red cell":
        grey[40:50, 40:50] = (230, 40, 40)
    elif name.endswith("merged channels"):
        grey = np.stack([grey[..., 0], grey[::-1, :, 0], grey[:, ::-1, 0]], -1) * (0.1 if "dim" in name else 1)
    elif name == "grey by a colour camera":
        grey = grey + rng.normal(0, 3, grey.shape)
    return np.clip(grey, 0, 255).round().astype(np.uint8)


def grey_item(name: str, quality: int, picture: np.ndarray) -> Item:
    """Whether a picture saved as JPEG (100: as PNG) is read as one grey channel, as it should be or not."""
    import imagecodecs

    from ketaflow.core import images

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("a.png" if quality == 100 else "a.jpg")
        imagecodecs.imwrite(path, picture, **({} if quality == 100 else {"level": quality}))
        try:
            found = images.read(path, channel=None, pixel_size_um=0.5, z_step_um=None).channel == "grey"
        except Exception:
            found = False
    return Item(f"{name}", str(found), {"right": float(found == name.startswith("grey"))})


def file_item(path: Path, channel: str | None, series: str | None) -> Item:
    """What is read of a vendor's file, or the message."""
    from ketaflow.core import images

    try:
        one = images.read(path, channel=channel, pixel_size_um=None, z_step_um=None, series=series)
    except Exception as error:
        return Item("files", f"{type(error).__name__}: {error}", {"read": 0.0})
    facts = (one.pixels.shape, one.pixel_size_um, one.saturation_level, one.channel, one.notes, one.acquisition)
    return Item("files", str(facts), {"read": 1.0})


def shape_item(shape: tuple[int, ...]) -> Item:
    """What becomes of an unnamed stack of a shape, as planes and as channels."""
    from ketaflow.core.images import channels
    from ketaflow.core.images.model import StoredImage

    found = []
    for axes in ("ZYX", "CYX"):
        try:
            one = channels.select(Path("a.tif"), StoredImage(np.zeros(shape, np.uint8), axes, None, "", ()), None)
            found.append(str(one.pixels.shape))
        except Exception as error:
            found.append(str(error))
    return Item(f"shape {shape}", " ".join(found), {})


def prepare_nothing() -> Callable[[], list[Item]]:
    """Draw nothing: the tests hold the files."""
    return lambda: []
