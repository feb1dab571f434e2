"""What the review page costs beside the least it could: writing the same pictures and checks as plain JSON.

Run: .venv/bin/python benchmarks/review_page.py [items]
"""

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "workflow"))

from ketaflow.core import settings  # noqa: E402
from ketaflow.core.records import Figure  # noqa: E402
from ketaflow.core.svg import Chart  # noqa: E402
from ketaflow.engine.study import settings_schema  # noqa: E402
from ketaflow.report import review  # noqa: E402


def light_items(count: int) -> list[review.ReviewItem]:
    """Items with one trace of 120 points and six checks each."""
    rng = np.random.default_rng(1)
    made = []
    for number in range(count):
        chart = Chart((0, 360), (0, 1), "time (s)", "motion")
        chart.line(np.linspace(0, 360, 120), rng.random(120))
        checks = [
            {
                "check": f"check_{k}",
                "value": 0.5,
                "unit": "s",
                "low": 0.1,
                "high": 1.0,
                "verdict": "pass",
                "message": "as expected",
            }
            for k in range(6)
        ]
        figures = [Figure("Motion", chart.svg("motion over time"), caption="Low is immobile.")]
        made.append(
            review.ReviewItem(
                "forced_swim",
                "Forced swim",
                f"fst_{number:05d}",
                f"M{number:05d}",
                "ok",
                "",
                figures,
                checks,
                f"{number:064x}",
            )
        )
    return made


def seconds(work) -> float:
    """CPU seconds of one call."""
    start = time.process_time()
    work()
    return time.process_time() - start


def plain(items: list[review.ReviewItem], path: Path) -> None:
    """The same content as JSON, with nothing done to it."""
    rows = [{"figures": [figure.content for figure in item.figures], "checks": item.checks} for item in items]
    path.write_text(json.dumps(rows), encoding="utf-8")


def pages(items: Iterator[review.ReviewItem], path: Path) -> None:
    """The review page with the settings as shipped."""
    shipped = settings.with_defaults({}, settings_schema())["report"]
    review.write(items, path, cohort_name="benchmark", blinding_key="key", decisions=None, **shipped)


def main() -> None:
    """Print CPU time per item, and as a multiple of plain JSON."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    items = light_items(count)
    with tempfile.TemporaryDirectory() as folder:
        least = seconds(lambda: plain(items, Path(folder) / "plain.json"))
        whole = seconds(lambda: pages(iter(items), Path(folder) / "qc.html"))
        sizes = [page.stat().st_size / 1e6 for page in sorted(Path(folder).glob("qc*.html"))]
    print(f"{'':24}{'ms per item':>12}{'ratio':>8}")
    print(f"{'plain JSON':24}{1000 * least / count:>12.3f}{1:>8.1f}")
    print(f"{'review page':24}{1000 * whole / count:>12.3f}{whole / least:>8.1f}")
    print(f"{count} items, {len(sizes)} pages, the largest {max(sizes):.1f} MB")


if __name__ == "__main__":
    main()
