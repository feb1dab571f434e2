"""Lane maps on drawn membranes of the hard kinds: right maps must be measured, wrong ones refused.

    .venv/bin/python benchmarks/western_blot_lanes.py [first seed] [membranes of each kind] [kind ...]

Wrong maps are one or two lanes short or long, or shifted: the right number of lanes with the ladder in the wrong place.
Every right map that is refused and every wrong one that is accepted is listed.
"""

import sys
from dataclasses import dataclass

import numpy as np

from western_blot import QUANTIFY  # isort: skip  (puts the library on the path)

from ketaflow.assays.western_blot.bands.membrane_view import certain_lanes
from ketaflow.assays.western_blot.images.band_enhancement import enhance_bands
from ketaflow.assays.western_blot.simulation.constants import LADDER_KDA

KINDS = (
    "straight", "leaning", "fanned", "smiling", "crowded", "empty lane", "ladder in the middle", "two ladders",
    "two lanes", "26 lanes", "uneven loading", "faint", "dim ladder", "scratched",
)  # fmt: skip


@dataclass(frozen=True)
class Layout:
    """A drawn membrane: pixels, what each lane holds, and the columns of the lanes at half the height."""

    signal: np.ndarray
    samples: list[str]
    centres: np.ndarray
    pitch: float


@dataclass(frozen=True)
class Sheet:
    """A membrane before its lanes are drawn.

    ``rows`` are those of a membrane without smile, ``straight`` the columns of one without lean and fan, (n_rows,
    n_columns) float; ``peak`` (counts), ``band_sd`` and ``lane_width`` (pixels) describe its bands.
    """

    rows: np.ndarray
    straight: np.ndarray
    peak: float
    band_sd: float
    lane_width: float

    @property
    def height(self) -> int:
        return len(self.rows)


def layout(seed: int, kind: str) -> Layout:
    """Draw a membrane of one kind."""
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    count = {"two lanes": 2, "26 lanes": 26}.get(kind) or int(rng.integers(5, 19))
    samples = lane_samples(kind, count, rng)
    pitch = rng.uniform(24, 60)
    sheet = blank_sheet(kind, pitch, int((count + 1.2) * pitch), rng)
    width = sheet.rows.shape[1]
    centres = width / 2 + (np.arange(count) - (count - 1) / 2) * pitch + rng.normal(0, 0.02 * pitch, count)
    places = np.sort(rng.uniform(0.15, 0.88, int(rng.integers(1, 4)))) * sheet.height
    strengths = sheet.peak * rng.lognormal(0, 0.5, len(places))
    ladder = np.linspace(0.08, 0.92, len(LADDER_KDA)) * sheet.height
    signal = background(sheet, rng)
    for centre, sample in zip(centres, samples, strict=True):
        if sample == "ladder":
            dim = rng.uniform(0.1, 0.25) if kind == "dim ladder" else rng.uniform(0.5, 1.2)
            signal += lane(sheet, centre, ladder, sheet.peak * dim * rng.uniform(0.6, 1.4, len(ladder)), rng)
        elif sample == "animal":
            own = rng.lognormal(0, 0.9 if kind == "uneven loading" else 0.4)
            signal += lane(sheet, centre, places, own * strengths, rng)
    if kind == "scratched":
        signal += specks(sheet, pitch, rng)
    noisy = rng.normal(signal, np.sqrt(rng.uniform(4, 20) ** 2 + 0.5 * signal)).clip(0, 65535)
    return Layout(noisy.astype(np.float32), samples, centres, pitch)


def lane_samples(kind: str, count: int, rng: np.random.Generator) -> list[str]:
    """What each lane holds."""
    samples = ["animal"] * count
    if kind == "ladder in the middle":
        samples[int(rng.integers(1, count - 1))] = "ladder"
    elif kind == "two ladders":
        samples[0] = samples[-1] = "ladder"
    elif kind != "two lanes" and (kind == "dim ladder" or rng.random() < 0.6):
        samples[0] = "ladder"
    if kind == "empty lane":
        for number in rng.choice(np.arange(2, count - 1), min(2, count - 3), replace=False):
            samples[number] = "blank"
    return samples


def blank_sheet(kind: str, pitch: float, width: int, rng: np.random.Generator) -> Sheet:
    """How a membrane of one kind is bent, and how its bands look."""
    height = int(rng.uniform(250, 600))
    lean = rng.choice([-1, 1]) * rng.uniform(0.04, 0.1) if kind == "leaning" else rng.uniform(-0.01, 0.01)
    fan = rng.choice([-1, 1]) * rng.uniform(0.06, 0.15) if kind == "fanned" else 0.0
    smile = height * (rng.choice([-1, 1]) * rng.uniform(0.04, 0.09) if kind == "smiling" else rng.uniform(-0.01, 0.01))
    lane_width = pitch * (rng.uniform(0.9, 0.96) if kind == "crowded" else rng.uniform(0.6, 0.82))
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    down = rows / height - 0.5
    straight = (columns - width / 2 - lean * height * down) / (1 + fan * down) + width / 2
    bent = smile * (2 * (straight - width / 2) / width) ** 2 + rng.uniform(-0.015, 0.015) * (columns - width / 2)
    peak = rng.uniform(90, 160) if kind == "faint" else rng.uniform(600, 6000)
    return Sheet(rows - bent, straight, peak, rng.uniform(0.06, 0.12) * pitch, lane_width)


def background(sheet: Sheet, rng: np.random.Generator) -> np.ndarray:
    """An uneven background, (n_rows, n_columns) float (counts)."""
    rows, columns = np.mgrid[-0.5 : 0.5 : sheet.height * 1j, -0.5 : 0.5 : sheet.rows.shape[1] * 1j]
    return rng.uniform(150, 1500) * (1 + 0.3 * rng.uniform(-1, 1) * rows + 0.3 * rng.uniform(-1, 1) * columns)


def lane(sheet: Sheet, centre: float, places: np.ndarray, heights: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Signal of one lane with bands of these heights (counts) at these rows, (n_rows, n_columns) float."""
    beside = 2 * np.abs(sheet.straight - centre) / sheet.lane_width
    across = np.exp(-(beside ** rng.choice([4, 8, 16]))) * (1 + rng.uniform(0, 0.4) * beside**2)
    signal = np.zeros_like(across)
    for place, height in zip(places, heights, strict=True):
        tail = rng.uniform(1, 1.8)
        away = (sheet.rows - place - rng.normal(0, 0.6)) / sheet.band_sd
        down = np.exp(-0.5 * np.where(away > 0, away / tail, away) ** 2)
        signal += height * rng.lognormal(0, 0.15) * across * down
    return signal


def specks(sheet: Sheet, pitch: float, rng: np.random.Generator) -> np.ndarray:
    """Dust and scratches, (n_rows, n_columns) float (counts)."""
    height, width = sheet.rows.shape
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    signal = np.zeros_like(rows)
    for _ in range(int(rng.integers(3, 12))):
        x, y, size = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(1, 0.25 * pitch)
        signal += sheet.peak * rng.uniform(0.3, 3) * np.exp(-(((columns - x) ** 2 + (rows - y) ** 2) / size**2))
    return signal


def wrong_maps(right: list[str]) -> dict[str, list[str]]:
    """Maps that do not fit a membrane, by their fault."""
    made = {"one short": right[:-1], "one long": [*right, "animal"], "two long": [*right, "animal", "animal"]}
    if len(right) > 2:
        made["two short"] = right[:-2]
    if right.count("ladder") == 1 and "blank" not in right:
        place = right.index("ladder")
        other = place + 1 if place + 1 < len(right) else place - 1
        made["ladder one further on"] = [
            "ladder" if lane == other else "animal" for lane in range(len(right))
        ]  # fmt: skip
        if place == 0:
            made["ladder at the other end"] = [*["animal"] * (len(right) - 1), "ladder"]
            made["ladder left out"] = right[1:]
    return {fault: samples for fault, samples in made.items() if samples and samples[-1] != "blank"}


def judged(drawn: Layout) -> tuple[str, dict[str, bool], dict[str, str]]:
    """Why the right map is not measured (empty: it is, in the right place), and whether wrong ones are refused."""
    grid, refusal = certain_lanes(enhance_bands(drawn.signal, len(drawn.samples)), drawn.samples, QUANTIFY)
    filled = np.array([sample != "blank" for sample in drawn.samples])
    if grid is not None and not refusal and np.abs(grid.centres - drawn.centres)[filled].max() > 0.3 * drawn.pitch:
        refusal = "lanes in the wrong place"
    told = {
        fault: certain_lanes(enhance_bands(drawn.signal, len(samples)), samples, QUANTIFY)[1]
        for fault, samples in wrong_maps(drawn.samples).items()
    }
    return refusal, {fault: bool(reason) for fault, reason in told.items()}, told


def main() -> None:
    first, count = (int(text) for text in sys.argv[1:3]) if len(sys.argv) > 2 else (700, 4)
    totals = np.zeros(4, int)
    for kind in sys.argv[3:] or KINDS:
        tally = np.zeros(4, int)
        for seed in range(first, first + count):
            drawn = layout(seed, kind)
            refusal, wrong, _ = judged(drawn)
            tally += (not refusal, 1, sum(wrong.values()), len(wrong))
            listed = f"    {kind}, seed {seed}, {len(drawn.samples)} lanes:"
            if refusal:
                print(listed, "right map:", refusal)
            for fault in (fault for fault, refused in wrong.items() if not refused):
                print(listed, "wrong map accepted:", fault)
        totals += tally
        print(
            f"{kind:21} right maps measured {tally[0]} of {tally[1]}; wrong refused {tally[2]} of {tally[3]}",
            flush=True,
        )
    print(f"{'all':21} right maps measured {totals[0]} of {totals[1]}; wrong refused {totals[2]} of {totals[3]}")


if __name__ == "__main__":
    main()
