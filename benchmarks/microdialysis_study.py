"""How near the responses of drawn animals come to the truth, whatever befell their tubes.

    .venv/bin/python benchmarks/microdialysis_study.py [seeds]

Twelve kinds of session (lag, merged, missed, mixed fractions, changed flow, unrest ...) of the tests' drawn_study.py,
at 10 and 30 mg/kg, from chromatograms to areas. Errors are the largest over all animals of a kind: of the percentages
of single fractions, and of the area above baseline 0 to 120 min (in percent of that area; glutamate).
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "workflow"), str(ROOT / "tests" / "assays" / "microdialysis")]

from dialysate import measure, values  # noqa: E402
from drawn_study import SESSIONS, animal  # noqa: E402

DOSES = (10, 30)


def errors(session: str, dose: int, seed: int) -> tuple[float, float, float]:
    """(percentages of glutamate, of all analytes, area of glutamate): largest error of one animal (%)."""
    with tempfile.TemporaryDirectory() as folder:
        record, true = animal(Path(folder), SESSIONS[session], dose, seed)
        found = measure(record)
    shares = {name: np.abs(100 * (np.array(values(found, "pct_baseline", name)) / true[name].pct - 1)) for name in true}
    (area,) = values(found, "auc_pct_min")
    truth = true["glutamate"].area_pct_min
    largest = {name: float(np.nanmax(share)) for name, share in shares.items()}
    return largest["glutamate"], max(largest.values()), abs(100 * (area / truth - 1))


def main() -> None:
    """Print the table."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 4
    start = time.process_time()
    print(f"{'session':36} {'% baseline':>11} {'all three':>10} {'area':>7} {'area, median':>13}")
    for session in SESSIONS:
        made = np.array([errors(session, dose, 50 + seed) for dose in DOSES for seed in range(seeds)])
        worst, middle = made.max(axis=0), np.median(made[:, 2])
        print(f"{session:36} {worst[0]:10.1f}% {worst[1]:9.1f}% {worst[2]:6.1f}% {middle:12.1f}%")
    animals = len(SESSIONS) * len(DOSES) * seeds
    print(f"{animals} animals, {(time.process_time() - start) / animals:.2f} s of a processor each")


if __name__ == "__main__":
    main()
