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
from ketaflow.assays.western_blot.simulation.drawing import LADDER_KDA

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


def layout(seed: int, kind: str) -> Layout:
    """Draw a membrane of one kind."""
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    count = {"two lanes": 2, "26 lanes": 26}.get(kind) or int(rng.integers(5, 19))
    pitch, height = rng.uniform(24, 60), int(rng.uniform(250, 600))
    width = int((count + 1.2) * pitch)
    samples = ["animal"] * count
    if kind == "ladder in the middle":
        samples[int(rng.integers(1, count - 1))] = "ladder"
    elif kind == "two ladders":
        samples[0] = samples[-1] = "ladder"
    elif kind != "two lanes" and (kind == "dim ladder" or rng.random() < 0.6):
        samples[0] = "ladder"
    if kind == "empty lane":
        for lane in rng.choice(np.arange(2, count - 1), min(2, count - 3), replace=False):
            samples[lane] = "blank"
    lean = rng.choice([-1, 1]) * rng.uniform(0.04, 0.1) if kind == "leaning" else rng.uniform(-0.01, 0.01)
    fan = rng.choice([-1, 1]) * rng.uniform(0.06, 0.15) if kind == "fanned" else 0.0
    smile = height * (rng.choice([-1, 1]) * rng.uniform(0.04, 0.09) if kind == "smiling" else rng.uniform(-0.01, 0.01))
    lane_width = pitch * (rng.uniform(0.9, 0.96) if kind == "crowded" else rng.uniform(0.6, 0.82))
    spread = 0.9 if kind == "uneven loading" else 0.4
    band_sd = rng.uniform(0.06, 0.12) * pitch
    peak = rng.uniform(90, 160) if kind == "faint" else rng.uniform(600, 6000)
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    down = rows / height - 0.5
    # Column to which a point would have run on a straight membrane.
    straight = (columns - width / 2 - lean * height * down) / (1 + fan * down) + width / 2
    centres = width / 2 + (np.arange(count) - (count - 1) / 2) * pitch + rng.normal(0, 0.02 * pitch, count)
    bent = smile * (2 * (straight - width / 2) / width) ** 2 + rng.uniform(-0.015, 0.015) * (columns - width / 2)
    level = rng.uniform(150, 1500)
    signal = level * (1 + 0.3 * rng.uniform(-1, 1) * down + 0.3 * rng.uniform(-1, 1) * (columns / width - 0.5))
    places = np.sort(rng.uniform(0.15, 0.88, int(rng.integers(1, 4)))) * height
    strengths = peak * rng.lognormal(0, 0.5, len(places))
    ladder = np.linspace(0.08, 0.92, len(LADDER_KDA)) * height
    for centre, sample in zip(centres, samples, strict=True):
        if sample == "blank":
            continue
        own = rng.lognormal(0, spread)
        across = np.exp(-((2 * np.abs(straight - centre) / lane_width) ** rng.choice([4, 8, 16])))
        across *= 1 + rng.uniform(0, 0.4) * (2 * np.abs(straight - centre) / lane_width) ** 2
        dim = rng.uniform(0.1, 0.25) if kind == "dim ladder" else rng.uniform(0.5, 1.2)
        heights = peak * dim * rng.uniform(0.6, 1.4, len(ladder)) if sample == "ladder" else own * strengths
        for place, strong in zip(ladder if sample == "ladder" else places, heights, strict=True):
            tail = rng.uniform(1, 1.8)
            away = (rows - place - bent - rng.normal(0, 0.6)) / band_sd
            signal = signal + strong * rng.lognormal(0, 0.15) * across * np.exp(
                -0.5 * np.where(away > 0, away / tail, away) ** 2
            )
    if kind == "scratched":
        for _ in range(int(rng.integers(3, 12))):
            x, y, size = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(1, 0.25 * pitch)
            signal = signal + peak * rng.uniform(0.3, 3) * np.exp(-(((columns - x) ** 2 + (rows - y) ** 2) / size**2))
    noisy = rng.normal(signal, np.sqrt(rng.uniform(4, 20) ** 2 + 0.5 * signal)).clip(0, 65535)
    return Layout(noisy.astype(np.float32), samples, centres, pitch)


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
