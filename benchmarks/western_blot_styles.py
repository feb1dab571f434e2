"""Drawn membranes of many styles: volumes against what was drawn, and maps with too few or too many lanes.

    .venv/bin/python benchmarks/western_blot_styles.py [boxes] [first seed] [membranes of each style] [style ...]

With ``boxes``, bands are measured in boxes as a person draws them, tight or loose, and by how often the stated
uncertainty covers the error.

A volume is off if it is by more than a quarter although its box is neither saturated nor told as faint; it is so in
silence if the value carries no other flag either (uneven background, dust or bubbles).
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import tifffile
from scipy import ndimage
from skimage import io

from western_blot import DEFAULTS, QUANTIFY, measured  # isort: skip  (puts the library on the path)

from ketaflow.assays.western_blot.bands import membrane_view
from ketaflow.assays.western_blot.images.band_enhancement import enhance_bands
from ketaflow.assays.western_blot.images.intensity_scale import polarity
from ketaflow.assays.western_blot.simulation import constants, drawing

STYLES = (
    "plain", "stripes", "gradient", "specks", "bubbles", "blotchy", "edge", "8bit", "jpeg", "dark", "saturated",
    "splice", "many lanes", "steep", "smile", "weak",
)  # fmt: skip
# Swings of the background as high as bands; only boxes drawn by a person are measured there.
UNEVEN = "uneven"
FAINT_SNR, WRONG = 3.0, 0.25
TOLD = (
    "lane", "target", "volume", "y_px", "height_px", "saturated_pct", "snr", "specks_pct", "volume_uncertainty",
    "overlap_pct",
)  # fmt: skip


def membrane(seed: int, style: str):
    """A picture, its stage, whether lane 1 is a ladder, the masses drawn, and (lane, target, volume, row) of bands."""
    rng = np.random.default_rng([seed, (*STYLES, UNEVEN).index(style)])
    count = int(rng.integers(16, 27) if style == "many lanes" else rng.integers(3, 16))
    pitch, height = rng.uniform(26, 60), int(rng.uniform(240, 620))
    tilt = rng.choice([-1, 1]) * (rng.uniform(0.06, 0.12) if style == "steep" else rng.uniform(0, 0.03))
    smile = rng.choice([-1, 1]) * height * (rng.uniform(0.03, 0.06) if style == "smile" else rng.uniform(0, 0.01))
    stage = drawing.Stage(
        height, int(count * pitch / 0.9), count, tilt, smile, rng.uniform(200, 3000), rng.uniform(5, 40),
        band_sd_px=rng.uniform(0.06, 0.12) * pitch,
    )  # fmt: skip
    picture = drawing.blank_picture(stage, rng)
    ladder = bool(rng.random() < 0.6)
    masses = sorted(rng.choice([150.0, 80.0, 40.0, 20.0], int(rng.integers(1, 4)), replace=False), reverse=True)
    usual = pitch**2 * (45 if style == "weak" else 300)
    for kda in constants.LADDER_KDA if ladder else ():
        drawing.add_band(picture, stage, 1, kda, 0.5 * usual * rng.uniform(0.6, 1.4), rng)
    drawn = []
    for lane in range(1 + ladder, count + 1):
        for kda in masses:
            volume = usual * rng.lognormal(0, 0.5)
            drawing.add_band(picture, stage, lane, kda, volume, rng)
            drawn.append((lane, f"T{kda:g}", volume, stage.row(kda) + stage.drop(stage.lane_x(lane))))
    picture = drawing.developed(spoiled(picture, stage, style, rng), stage, rng)
    if style == "saturated":
        picture = np.minimum(picture, int(np.percentile(picture, rng.uniform(97, 99.5))))
    scale = 1.0
    if style in ("8bit", "jpeg", "dark"):
        scale = rng.uniform(0.7, 1.0) * 255 / picture.max()
        picture = np.rint(picture * scale).astype(np.uint8)
        picture = 255 - picture if style == "dark" else picture
    return picture, stage, ladder, masses, [(lane, name, scale * volume, row) for lane, name, volume, row in drawn]


def spoiled(picture: np.ndarray, stage: drawing.Stage, style: str, rng: np.random.Generator) -> np.ndarray:
    """The picture before its noise, with what the style adds."""
    rows, columns = np.mgrid[0 : picture.shape[0], 0 : picture.shape[1]].astype(np.float32)
    height, width = picture.shape
    peak = float(np.percentile(picture, 99.5)) - stage.background
    if style == "stripes":
        for _ in range(3):
            stripe = np.exp(-(((rows - rng.uniform(0, height)) / rng.uniform(8, 40)) ** 2))
            picture = picture + peak * rng.uniform(0.03, 0.12) * stripe
    if style == "gradient":
        picture = picture + peak * rng.uniform(0.3, 1) * (columns / width if rng.random() < 0.5 else rows / height)
    if style == UNEVEN:
        blotches = ndimage.gaussian_filter(rng.normal(0, 1, picture.shape), stage.pitch_px * rng.uniform(0.5, 1))
        picture = picture + peak * (rows / height + 0.1 * blotches / blotches.std())
    if style == "blotchy":
        blotches = ndimage.gaussian_filter(rng.normal(0, 1, picture.shape), stage.pitch_px * rng.uniform(0.5, 1.5))
        picture = picture + 0.05 * peak * blotches / blotches.std()
    if style in ("specks", "bubbles"):
        for _ in range(int(rng.integers(5, 30) if style == "specks" else rng.integers(2, 6))):
            away = np.hypot(rows - rng.uniform(0, height), columns - rng.uniform(0, width))
            if style == "specks":
                picture = picture + peak * rng.uniform(0.5, 3) * np.exp(-0.5 * (away / rng.uniform(0.7, 2.5)) ** 2)
            else:
                picture = np.where(away < rng.uniform(0.1, 0.3) * stage.pitch_px, 0.2 * picture, picture)
    if style == "edge":
        edge = height * (rng.uniform(0.93, 0.98) + rng.uniform(-0.01, 0.01) * np.sin(columns / width * np.pi))
        picture = np.where(rows > edge, 0.3 * stage.background, picture)
    if style == "splice":
        cut = stage.lane_x(stage.lanes // 2) + stage.pitch_px / 2
        picture = np.where(columns > cut, picture + 0.2 * stage.background, picture)
    return picture


def volumes(seed: int, style: str) -> pd.DataFrame | None:
    """Error and place of every band of a membrane with its own map; None if its lanes were refused."""
    picture, stage, ladder, masses, drawn = membrane(seed, style)
    kinds = ["ladder"] * ladder + ["animal"] * (stage.lanes - ladder)
    lanes = [
        {"membrane": "B", "lane": lane, "sample": kind, "animal": f"M{lane}"} for lane, kind in enumerate(kinds, 1)
    ]
    with tempfile.TemporaryDirectory() as folder:
        name = "a.jpg" if style == "jpeg" else "a.tif"
        save = io.imsave if style == "jpeg" else tifffile.imwrite
        save(Path(folder) / name, picture)
        images = [
            {"image": name, "membrane": "B", "target": f"T{kda:g}", "role": "target", "kda": kda} for kda in masses
        ]
        bands, refused = measured(Path(folder), images, lanes)
    if refused:
        return None
    told = bands.dropna(subset=["target"])[list(TOLD)]
    both = pd.DataFrame(drawn, columns=["lane", "target", "drawn", "row"]).merge(told, on=["lane", "target"])
    off = (both["y_px"] + both["height_px"] / 2 - both["row"]).abs()
    return both.assign(error=both["volume"] / both["drawn"] - 1, misplaced=off > 4 * stage.band_sd_px)


def in_boxes(seed: int, style: str) -> pd.DataFrame:
    """Error of every band in a box that ends 3.3 to 5 standard deviations from it, 0.8 to 0.95 of the pitch wide."""
    picture, stage, _, masses, drawn = membrane(seed, style)
    rng = np.random.default_rng([seed, 1])
    made = []
    for lane, target, _, row in drawn:
        reach, width = rng.uniform(3.3, 5) * stage.band_sd_px, rng.uniform(0.8, 0.95) * stage.pitch_px
        place = {"x_px": stage.lane_x(lane) - width / 2, "y_px": row - reach, "width_px": width, "height_px": 2 * reach}
        made.append({"image": "a.tif", "lane": lane, "target": target, **place})
    # Pixels covered by the table hold no signal.
    last = (0.9 if style == "edge" else 1.0) * stage.height_px - 3
    kept = [box for box in made if box["y_px"] > 3 and box["y_px"] + box["height_px"] < last]
    images = [{"image": "a.tif", "membrane": "B", "target": f"T{kda:g}", "role": "target"} for kda in masses]
    lanes = [{"membrane": "B", "lane": lane, "sample": "pool"} for lane in range(1, stage.lanes + 1)]
    with tempfile.TemporaryDirectory() as folder:
        tifffile.imwrite(Path(folder) / "a.tif", picture)
        bands, _ = measured(Path(folder), images, lanes, kept)
    own = bands[bands["box"].eq("given")][list(TOLD)]
    both = pd.DataFrame(drawn, columns=["lane", "target", "drawn", "row"]).merge(own, on=["lane", "target"])
    covered = (both["volume"] - both["drawn"]).abs() <= both["volume_uncertainty"]
    return both.assign(error=both["volume"] / both["drawn"] - 1, covered=covered)


def box_words(table: pd.DataFrame) -> str:
    """Errors of boxes that are not saturated, and how often the stated uncertainty covers them."""
    clean = table[table["saturated_pct"].le(0.5)]
    size = 100 * clean["error"].abs()
    off = size > 100 * WRONG
    silent = off & ~marked(clean)
    return (
        f"error mean {size.mean():.1f} %, median {size.median():.1f} %, 95 % below {size.quantile(0.95):.0f} %; "
        f"covered {100 * clean['covered'].mean():.1f} %; off {int(off.sum())}, "
        f"in silence {int(silent.sum())} of {len(clean)}"
    )


def wrong_maps(seed: int, style: str) -> list[bool]:
    """Whether each of the maps one or two lanes short or long, or of half the lanes, is refused."""
    picture, stage, ladder, _, _ = membrane(seed, style)
    signal = picture.astype(np.float32)
    signal = signal.max() - signal if polarity(signal)[0] == "dark" else signal
    count, refused = stage.lanes, []
    for listed in {count - 2, count - 1, count + 1, count + 2, count // 2} - {0}:
        samples = ["ladder" if ladder and lane == 0 else "animal" for lane in range(listed)]
        refused.append(bool(membrane_view.certain_lanes(enhance_bands(signal, listed), samples, QUANTIFY)[1]))
    return refused


def marked(table: pd.DataFrame) -> pd.Series:
    """Which values are flagged for what hides their box or for an uneven background."""
    limits = DEFAULTS["quantify"]
    hidden = table["specks_pct"] > limits["specks_limit_pct"]
    uncertain = 100 * table["volume_uncertainty"] > limits["uncertainty_limit_pct"] * table["volume"]
    return hidden | uncertain | (table["overlap_pct"] > limits["overlap_limit_pct"])


def main() -> None:
    given = sys.argv[1:]
    boxes = given[:1] == ["boxes"]
    given = given[boxes:]
    first, count = (int(text) for text in given[:2]) if len(given) > 1 else (500, 6)
    styles = given[2:] or STYLES
    if boxes:
        tables = {style: [in_boxes(seed, style) for seed in range(first, first + count)] for style in (*styles, UNEVEN)}
        for style, own in tables.items():
            print(f"{style:11} {box_words(pd.concat(own))}")
        print(f"{'all':11} {box_words(pd.concat([one for own in tables.values() for one in own]))}")
        return
    for style in styles:
        found = [volumes(seed, style) for seed in range(first, first + count)]
        refused = [told for seed in range(first, first + count) for told in wrong_maps(seed, style)]
        measurable = [table for table in found if table is not None]
        if not measurable:
            print(f"{style:11} all refused")
            continue
        table = pd.concat(measurable)
        clean = table[table["saturated_pct"].le(0.5)]
        off = (clean["error"].abs() > WRONG) & (clean["snr"] > FAINT_SNR)
        flagged = marked(clean)
        size = 100 * clean["error"].abs()
        print(
            f"{style:11} refused {count - len(measurable)} of {count}; misplaced {int(clean['misplaced'].sum())} of "
            f"{len(clean)}; error mean {size.mean():.1f} %, median {size.median():.1f} %; off {int(off.sum())}, "
            f"in silence {int((off & ~flagged).sum())}; flagged {int(flagged.sum())}; "
            f"wrong maps refused {sum(refused)} of {len(refused)}",
            flush=True,
        )


if __name__ == "__main__":
    main()
