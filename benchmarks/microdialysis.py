"""How long a chromatogram takes, and how near its areas come: against scipy's bare peak search in the same run.

    .venv/bin/python benchmarks/microdialysis.py [seed]

CPU time of this process, the best of three. The ratio is to scipy's find_peaks and peak_widths on the same trace, which
knows no baseline; reading is from an 8,000-point text export. Areas are those of drawn runs (4 to 12 tailing peaks over
waving, bowed, decaying or stepping baselines), of pairs at resolutions of 0.6 to 1.4, and of runs over what straight
lines find hard.
"""

import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from scipy.signal import find_peaks, peak_widths

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow"))

from ketaflow.assays.microdialysis import quantify, simulate
from ketaflow.assays.microdialysis.cohort_rows import FractionRow, StandardRow
from ketaflow.assays.microdialysis.integration import peaks
from ketaflow.assays.microdialysis.model import Chromatogram, Dialysate, KnownPeak, QuantifySettings
from ketaflow.assays.microdialysis.readers import dispatch
from ketaflow.core import settings
from ketaflow.core.inputs import Rows, build

SCHEMA = Path(simulate.__file__).with_name("settings.schema.yaml")
SETTINGS = build(
    QuantifySettings, settings.with_defaults({}, yaml.safe_load(SCHEMA.read_text(encoding="utf-8")))["quantify"]
)
HARD = ("bows up", "bows down", "a dip beside a peak", "a hump", "the tail of the void", "tails")
SEED = int(sys.argv[1]) if sys.argv[1:] and sys.argv[1].isdigit() else 9
HOW = {"peak_width_s": 0, "snr_min": 5, "smallest_peak_pct": 0.05}


def best_ms(work) -> float:
    """CPU milliseconds of the quickest of three runs, after one to warm up."""
    work()
    spent = []
    for _ in range(3):
        start = time.process_time()
        work()
        spent.append(time.process_time() - start)
    return 1000 * min(spent)


def trace(points: int, apart_s: float) -> tuple[np.ndarray, np.ndarray]:
    """A drifting run of ``points`` samples with twelve peaks, each pair ``apart_s`` apart."""
    time_s = np.arange(points) * 0.25
    signal = 100 + 0.02 * time_s + np.random.default_rng(1).normal(0, 0.5, points)
    for centre in np.linspace(200, time_s[-1] - 200, 6):
        signal += simulate.tailed_peak(time_s, centre, 5, 2, 5000) + simulate.tailed_peak(
            time_s, centre + apart_s, 5, 2, 4000
        )
    return time_s / 60, signal


def bare(signal: np.ndarray) -> None:
    """What scipy alone offers."""
    apexes = find_peaks(signal, prominence=10)[0]
    peak_widths(signal, apexes, rel_height=0.5)


@dataclass(frozen=True)
class DrawnRun:
    """A drawn run with the tops (s) and areas of its peaks, and their width (standard deviation, s)."""

    time_s: np.ndarray
    signal: np.ndarray
    tops_s: np.ndarray
    areas: np.ndarray
    sigma_s: float


def drawn_run(rng: np.random.Generator, apart_sigma: float) -> DrawnRun:
    """Draw a run; the smallest peak stands out of the noise by 30, 100 or 300."""
    step_s, length_s = rng.choice([0.2, 0.4, 0.5, 1.0]), 60 * rng.uniform(8, 25)
    time_s = np.arange(0, length_s, step_s)
    sigma_s = rng.uniform(3, 8)
    tail_s = sigma_s * rng.uniform(0.2, 1.2)
    gaps = (apart_sigma * sigma_s + 3 * tail_s) * rng.uniform(1, 1.6, rng.integers(4, 12))
    centres = 60 + rng.uniform(3, 8) * sigma_s + np.cumsum(gaps) - gaps[0]
    centres = centres[centres < length_s - 8 * sigma_s - 6 * tail_s]
    height = 10 ** rng.uniform(3, 5)
    areas = height * sigma_s * 2.5 * 10 ** rng.uniform(-1.3, 0, len(centres))
    share, size = time_s / length_s, height * rng.uniform(0.005, 0.05)
    drifts = (
        np.sin(share * rng.uniform(1, 5) + rng.uniform(0, 6)),
        4 * share - 3 * share**2,
        np.exp(-4 * share),
        2 / (1 + np.exp(-8 * (share - 0.5))),
    )
    signal = size * drifts[rng.integers(0, 4)] + rng.uniform(-1, 1) * height
    for centre, area in zip(centres, areas, strict=True):
        signal += simulate.tailed_peak(time_s, centre, sigma_s, tail_s, area)
    signal += rng.normal(0, areas.min() / (2.5 * sigma_s) / rng.choice([30, 100, 300]), len(time_s))
    return DrawnRun(time_s, signal, centres + 0.6 * tail_s, areas, sigma_s)


def run_errors_pct(rng: np.random.Generator, apart_sigma: float) -> list[float]:
    """Errors of all areas of one drawn run."""
    run = drawn_run(rng, apart_sigma)
    rows = peaks.peaks_of(run.time_s / 60, run.signal, method="drop_line", unmix=True, **HOW).peaks
    nearest = [min(rows, key=lambda row, at=at: abs(60 * row.retention_min - at)) for at in run.tops_s]
    return [100 * (row.area / area - 1) for row, area in zip(nearest, run.areas, strict=True)]


def hard_errors_pct(rng: np.random.Generator, kind: str) -> list[float]:
    """Errors of all areas of a drawn run over what straight lines find hard."""
    step_s, length_s = rng.choice([0.2, 0.4, 0.5, 1.0]), 60 * rng.uniform(8, 25)
    time_s = np.arange(0, length_s, step_s)
    sigma_s = rng.uniform(3, 8)
    tail_s = sigma_s * (rng.uniform(2, 5) if kind == "tails" else rng.uniform(0.2, 1.2))
    gaps = (14 * sigma_s + 3 * tail_s) * rng.uniform(1, 1.6, rng.integers(4, 10))
    centres = 60 + rng.uniform(6, 10) * sigma_s + np.cumsum(gaps) - gaps[0]
    centres = centres[centres < length_s - 8 * sigma_s - 8 * tail_s]
    height = 10 ** rng.uniform(3, 5)
    areas = height * sigma_s * 2.5 * 10 ** rng.uniform(-1.3, 0, len(centres))
    share, size = 2 * time_s / length_s - 1, height * rng.uniform(0.05, 1)
    dip_s = centres[rng.integers(0, len(centres))] - rng.uniform(7, 9) * sigma_s
    under = {
        "bows up": lambda: -size * share**2,
        "bows down": lambda: size * share**2,
        "a dip beside a peak": lambda: -0.3 * size * np.exp(-(((time_s - dip_s) / (1.5 * sigma_s)) ** 2)),
        "a hump": lambda: 0.2 * size * np.exp(-(((share - rng.uniform(-0.4, 0.4)) * length_s / 30 / sigma_s) ** 2)),
        "the tail of the void": lambda: size * np.where(time_s > 20, np.exp(-(time_s - 20) / rng.uniform(5, 60)), 0),
        "tails": lambda: 0.0,
    }
    signal = under[kind]() + sum(
        simulate.tailed_peak(time_s, centre, sigma_s, tail_s, area) for centre, area in zip(centres, areas, strict=True)
    )
    signal = signal + rng.normal(0, areas.min() / (2.5 * sigma_s) / rng.choice([50, 200]), len(time_s))
    rows = peaks.peaks_of(time_s / 60, signal, method="drop_line", unmix=True, **HOW).peaks
    tops = centres + (0.9 * sigma_s if kind == "tails" else 0.6 * tail_s)
    nearest = [min(rows, key=lambda row, at=at: abs(60 * row.retention_min - at)) for at in tops]
    return [
        100 * (row.area / area - 1) if abs(60 * row.retention_min - top) < 2.5 * sigma_s else -100.0
        for row, area, top in zip(nearest, areas, tops, strict=True)
    ]


def pair_errors_pct(rng: np.random.Generator, snr: float) -> list[float]:
    """Errors of both areas of a drawn pair; 100 % for one that is not told apart."""
    time_s = np.arange(0, 240, rng.choice([0.2, 0.4, 0.8]))
    first_s, ratio = rng.uniform(3, 7), rng.uniform(0.1, 1.2)
    second_s = first_s * rng.uniform(0.8, 1.25)
    apart_s = rng.uniform(0.6, 1.4) * 2 * (first_s + second_s) * (1 + 0.3 * ratio)
    areas = np.array([1000, 1000 * 10 ** rng.uniform(-0.8, 0.3)])
    signal = simulate.tailed_peak(time_s, 100, first_s, first_s * ratio, areas[0])
    signal += simulate.tailed_peak(time_s, 100 + apart_s, second_s, second_s * ratio * rng.uniform(0.8, 1.2), areas[1])
    signal += 50 + rng.normal(0, 0.4 * min(areas / [first_s, second_s]) / snr, len(time_s))
    rows = peaks.peaks_of(time_s / 60, signal, method="drop_line", unmix=True, **HOW).peaks
    rows = [row for row in rows if row.area > 20]
    return [100 * (row.area / area - 1) for row, area in zip(rows, areas, strict=True)] if len(rows) == 2 else [100.0]


def hidden_pair_errors_pct(rng: np.random.Generator, snr: float) -> list[float]:
    """Errors of both areas of a pair without a dip whose retentions are known; 100 % for one that is not separated."""
    time_s = np.arange(0, 240, rng.choice([0.2, 0.4, 0.8]))
    first_s, ratio = rng.uniform(3, 7), rng.uniform(0.1, 1.2)
    second_s = first_s * rng.uniform(0.8, 1.25)
    apart_s = rng.uniform(0.35, 0.75) * 2 * (first_s + second_s) * (1 + 0.3 * ratio)
    areas = np.array([1000, 1000 * 10 ** rng.uniform(-0.8, 0.3)])
    both = [
        simulate.tailed_peak(time_s, 100, first_s, first_s * ratio, areas[0]),
        simulate.tailed_peak(time_s, 100 + apart_s, second_s, second_s * ratio * rng.uniform(0.8, 1.2), areas[1]),
    ]
    signal = both[0] + both[1]
    if len(find_peaks(signal, prominence=1e-3 * signal.max())[0]) > 1:
        return []
    known_min = [float(time_s[one.argmax()]) / 60 for one in both]
    signal = signal + 50 + rng.normal(0, 0.4 * min(areas / [first_s, second_s]) / snr, len(time_s))
    found = peaks.peaks_of(time_s / 60, signal, method="drop_line", unmix=False, **HOW)
    tops = [peak.retention_min for peak in found.peaks]
    alone = [at for at in known_min if not any(abs(at - top) == min(abs(k - top) for k in known_min) for top in tops)]
    rows = [
        row
        for row in found.separated(time_s / 60, known=[KnownPeak(at, at in alone) for at in known_min])
        if row.area > 20
    ]
    return [100 * (row.area / area - 1) for row, area in zip(rows, areas, strict=True)] if len(rows) == 2 else [100.0]


def hidden_series_errors_pct(rng: np.random.Generator, snr: float) -> list[float]:
    """Errors of both analytes of a pair without a dip, in six fractions of a series of ten; NaN without a number.

    Retentions are given to 0.01 min, runs shift by 1 s, and each fraction has levels of its own. Flagged values are
    NaN as well.
    """
    time_s = np.arange(0, 360, rng.choice([0.2, 0.4, 0.8]))
    first_s, ratio = rng.uniform(3, 7), rng.uniform(0.1, 1.2)
    second_s, other_ratio = first_s * rng.uniform(0.8, 1.25), ratio * rng.uniform(0.8, 1.2)
    apart_s, share = (
        rng.uniform(0.35, 0.75) * 2 * (first_s + second_s) * (1 + 0.3 * ratio),
        10 ** rng.uniform(-0.8, 0.3),
    )

    def both(first: float, second: float, shift_s: float) -> list[np.ndarray]:
        at = 160 + shift_s
        return [
            simulate.tailed_peak(time_s, at, first_s, first_s * ratio, 1000 * first),
            simulate.tailed_peak(time_s, at + apart_s, second_s, second_s * other_ratio, 1000 * share * second),
        ]

    pure = both(1, 1, 0)
    if len(find_peaks(sum(pure), prominence=1e-3 * sum(pure).max())[0]) > 1:
        return []
    noise = 0.4 * min(1000 / first_s, 1000 * share / second_s) / snr
    names = {name: float(time_s[one.argmax()]) / 60 for name, one in zip(("first", "second"), pure, strict=True)}
    traces, standards, tubes, truth = {}, [], [], {}
    for number in range(10):
        levels = [2.0 ** (number - 1)] * 2 if number < 4 else rng.uniform(0.6, 3, 2).tolist()
        signal = 50 + sum(both(*levels, rng.normal(0, 1))) + rng.normal(0, noise, len(time_s))
        traces[f"c{number}"] = Chromatogram(time_s / 60, signal, "mV")
        if number < 4:
            standards += [StandardRow(f"c{number}", name, levels[0], round(at, 2), None) for name, at in names.items()]
        else:
            truth |= {(str(number), name): level for name, level in zip(names, levels, strict=True)}
            tubes.append(FractionRow("M1", str(number), 20.0 * number, 20.0 * number + 20, 1.0, 0.0, None, f"c{number}",
                                     None, None))  # fmt: skip
    found = quantify.quantify(Dialysate("M1", tubes, standards, traces), SETTINGS, rows=Rows({})).fractions
    return [
        100 * (row.concentration_um / truth[row.fraction, row.analyte] - 1) if row.state == "ok" else np.nan
        for row in found
    ]


def two_sets_differ_by_pct(seed: int) -> float:
    """Largest difference between equal animals of two batches, whose detector differs by a quarter (%)."""
    rng = np.random.default_rng([8, seed])
    time_s = np.arange(0, 600, 0.5)
    means = []
    for gain in (1.0, 0.75):
        traces, standards = {}, []
        for level in (0.5, 1.0, 2.0, 5.0):
            traces[f"s{level}"] = one_peak(time_s, level, gain, rng)
            standards.append(StandardRow(f"s{level}", "glutamate", level, 5.0, None, batch=f"{gain}"))
        tubes = []
        for number in range(6):
            traces[f"c{number}"] = one_peak(time_s, 1.7, gain, rng)
            tubes.append(FractionRow("M1", str(number), 20.0 * number, 20.0 * number + 20, 1.0, 0.0, None, f"c{number}",
                                     None, None, batch=f"{gain}"))  # fmt: skip
        found = quantify.quantify(Dialysate("M1", tubes, standards, traces), SETTINGS, rows=Rows({}))
        means.append(np.mean([row.concentration_um for row in found.fractions]))
    return 100 * abs(means[0] / means[1] - 1)


def one_peak(time_s: np.ndarray, level: float, gain: float, rng: np.random.Generator) -> Chromatogram:
    """A run with one tailed peak on a noisy baseline."""
    signal = 50 + simulate.tailed_peak(time_s, 300, 6, 3, 2000 * level * gain) + rng.normal(0, 0.3, len(time_s))
    return Chromatogram(time_s / 60, signal, "mV")


def accuracy() -> None:
    """Print how near drawn areas come."""
    print(f"\n{'drawn':44} {'peaks':>6} {'median %':>9} {'90th %':>7} {'within 1, 5 %':>14} {'no value':>9}")
    for label, draw, given in (
        ("runs, peaks well apart", run_errors_pct, 14.0),
        ("runs, crowded", run_errors_pct, 9.5),
        ("pairs, noise 1/1000", pair_errors_pct, 1000.0),
        ("pairs, noise 1/300", pair_errors_pct, 300.0),
        ("pairs, noise 1/50", pair_errors_pct, 50.0),
        ("pairs without a dip, known, noise 1/1000", hidden_pair_errors_pct, 1000.0),
        ("pairs without a dip, known, noise 1/300", hidden_pair_errors_pct, 300.0),
        ("series without a dip, known, noise 1/1000", hidden_series_errors_pct, 1000.0),
        ("series without a dip, known, noise 1/300", hidden_series_errors_pct, 300.0),
        *((f"hard: {kind}", hard_errors_pct, kind) for kind in HARD),
    ):
        errors = np.abs([error for seed in range(60) for error in draw(np.random.default_rng([SEED, seed]), given)])
        gone, errors = 100 * np.isnan(errors).mean(), errors[np.isfinite(errors)]
        median, most = np.quantile(errors, [0.5, 0.9])
        near = "".join(f"{100 * np.mean(errors <= limit):5.0f} %" for limit in (1, 5))
        print(f"{label:44} {len(errors):6} {median:9.2f} {most:7.2f} {near:>14} {gone:7.0f} %", flush=True)


def main() -> None:
    """Print the tables."""
    print(f"{'what':44} {'ms':>8} {'x scipy':>8}")
    for label, apart_s, method in (
        ("8,000 points, apart, drop_line", 60, "drop_line"),
        ("8,000 points, six overlaps parted", 14, "drop_line"),
        ("8,000 points, apart, snip", 60, "snip"),
        ("8,000 points, apart, arpls", 60, "arpls"),
    ):
        times, signal = trace(8000, apart_s)
        spent = best_ms(lambda t=times, s=signal, m=method: peaks.peaks_of(t, s, method=m, unmix=True, **HOW))
        print(f"{label:44} {spent:8.1f} {spent / best_ms(lambda s=signal: bare(s)):8.1f}")
    with tempfile.TemporaryDirectory() as folder:
        times, signal = trace(8000, 60)
        for name, text in (
            ("LabSolutions", simulate.as_labsolutions(times, signal)),
            ("CSV", simulate.as_csv(times, signal)),
        ):
            path = Path(folder) / f"{name}.txt"
            path.write_text(text, encoding="utf-8")
            spent = best_ms(lambda p=path: dispatch.read(p, time_unit="auto"))
            print(f"{'reading 8,000 points, ' + name:44} {spent:8.1f}")
    apart = [two_sets_differ_by_pct(seed) for seed in range(5)]
    print(f"{'equal animals of two batches, a quarter apart':44} {max(apart):8.2f} % at most")
    accuracy()


if __name__ == "__main__":
    main()
