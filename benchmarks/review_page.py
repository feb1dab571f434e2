"""CPU time of the review page, compared with writing the same figures and checks as plain JSON.

Run: .venv/bin/python benchmarks/review_page.py [items]
"""

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "workflow"))

from ketaflow.core import settings  # noqa: E402
from ketaflow.core.results import Figure, check  # noqa: E402
from ketaflow.core.svg import Chart  # noqa: E402
from ketaflow.engine.study import settings_schema  # noqa: E402
from ketaflow.report import review_page  # noqa: E402
from ketaflow.report.model import ReportSettings  # noqa: E402
from ketaflow.review.items import ReviewItem  # noqa: E402


def light_items(count: int) -> list[ReviewItem]:
    """Items with one trace of 120 points and six checks each."""
    rng = np.random.default_rng(1)
    made = []
    for number in range(count):
        chart = Chart((0, 360), (0, 1), "time (s)", "motion")
        chart.line(np.linspace(0, 360, 120), rng.random(120))
        checks = [
            check(f"check_{k}", 0.5, unit="s", low=0.1, high=1.0, verdict="pass", message="normal", recording="fst")
            for k in range(6)
        ]
        figures = [Figure("Motion", chart.svg("motion over time"), caption="Low is immobile.")]
        made.append(
            ReviewItem(
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


def plain(items: list[ReviewItem], path: Path) -> None:
    """The same content as JSON, with nothing done to it."""
    rows = [
        {"figures": [figure.content for figure in item.figures], "checks": [asdict(one) for one in item.checks]}
        for item in items
    ]
    path.write_text(json.dumps(rows), encoding="utf-8")


def pages(items: Iterator[ReviewItem], path: Path) -> None:
    """The review page with the settings as shipped."""
    shipped = settings.with_defaults({}, settings_schema())["report"]
    review_page.write(
        items,
        path,
        cohort_name="benchmark",
        blind=review_page.Blinding("key"),
        decisions=None,
        settings=ReportSettings.from_dict(shipped),
    )


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
