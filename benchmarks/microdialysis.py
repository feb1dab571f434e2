"""How long a chromatogram takes, and how near its areas come: against scipy's bare peak search in the same run.

    .venv/bin/python benchmarks/microdialysis.py

CPU time of this process, the best of three. The ratio is to scipy's find_peaks and peak_widths on the same trace, which
knows no baseline; reading is from an 8,000-point text export.
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from scipy.signal import find_peaks, peak_widths

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow"))

from ketaflow.assays.microdialysis import peaks, readers, simulate

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


def main() -> None:
    """Print the table."""
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
            spent = best_ms(lambda p=path: readers.read(p, time_unit="auto"))
            print(f"{'reading 8,000 points, ' + name:44} {spent:8.1f}")


if __name__ == "__main__":
    main()
