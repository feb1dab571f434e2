"""Ablation of the constants of elisa, sucrose_preference and core.images that a value or a check depends on.

    python benchmarks/elisa_sucrose_images_ablation.py PART [neutral | others] [NAME ...]

PART is a key of ``PARTS``; ``neutral`` tries the first value of each constant alone, ``others`` the rest. Constants
that a value depends on are tried on drawn recordings, those of readers on the real files of ``../shared/data`` and the
tests of the package. A line gives the recordings of which any result differs, the figures that moved (``compared`` in
``ablation.py``), and the tests that fail. docs/decisions/0020 holds the table.
"""

import contextlib
import functools
import io
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests"
sys.path[:0] = [str(ROOT / "workflow"), str(ROOT / "benchmarks")]

from ablation import (  # noqa: E402
    Item,
    choice,
    compared,
    constants_of,
    evaluate_changed,
    print_baseline,
    print_changes,
    trials_of,
)
from elisa_sucrose_images_recordings import (  # noqa: E402
    prepare_elisa,
    prepare_images,
    prepare_nothing,
    prepare_real,
    prepare_sucrose,
)
from elisa_sucrose_images_values import VALUES  # noqa: E402


class Failures:
    """Plugin of pytest that collects the tests that fail."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Keep the name of a test that failed in any phase."""
        if report.failed:
            self.names.append(report.nodeid.rpartition("::")[2])


def tests_item(paths: list[str]) -> Item:
    """Run tests; the digest holds the names of those that fail."""
    import pytest

    own = Failures()
    if not paths:
        return Item("tests", "", {})
    options = ["-q", "-n", "0", "-p", "no:cacheprovider", "--hypothesis-seed=0", f"--rootdir={ROOT}"]
    with contextlib.redirect_stdout(io.StringIO()):
        pytest.main([*options, *(str(TESTS / path) for path in paths)], plugins=[own])
    return Item("tests", ", ".join(dict.fromkeys(own.names)), {"failing": float(len(own.names))})


@dataclass(frozen=True)
class Part:
    """Where the constants are, what is drawn, and the tests."""

    modules: str
    prepare: Callable[[], Callable[[], list[Item]]]
    tests: tuple[str, ...] = ()


ELISA, SUCROSE = "assays/elisa", "assays/sucrose_preference"
PARTS = {
    "elisa_plates": Part("ketaflow.assays.elisa.constants", prepare_elisa),
    "elisa_files": Part("ketaflow.assays.elisa.constants", prepare_nothing,
                        (f"{ELISA}/test_readers.py", f"{ELISA}/test_ingest.py")),
    "sucrose_logs": Part("ketaflow.assays.sucrose_preference.constants", prepare_sucrose),
    "sucrose_files": Part("ketaflow.assays.sucrose_preference.constants", prepare_real, (SUCROSE,)),
    "images": Part("ketaflow.core.images", prepare_images,
                   ("core/test_images.py", "core/test_image_series.py", "core/test_roi.py")),
}  # fmt: skip


def evaluated(drawn: Callable[[], list[Item]], tests: tuple[str, ...]) -> list[Item]:
    """Items of the drawn and real recordings, and the item of the tests last."""
    return [*drawn(), tests_item(list(tests))]


def with_tests(before: list[Item], after: list[Item]) -> str:
    """Describe what changed, and name the tests that fail."""
    return f"{compared(before[:-1], after[:-1])}; failing tests: {after[-1].digest or 'none'}"


def main() -> None:
    part, values = PARTS[sys.argv[1]], VALUES[sys.argv[1]]
    names, turn = choice(sys.argv[2:])
    evaluate = functools.partial(evaluated, part.prepare(), part.tests)
    stale = ("ketaflow", "conftest", "drawn_plates", "test_", "tests")
    constants = [one for one in constants_of(part.modules) if one.name in values and (one.name in names or not names)]
    os.chdir(ROOT)
    before = evaluate_changed(constants[0], constants[0].value, evaluate, stale)
    print(f"unchanged: {len(before) - 1} recordings; failing tests: {before[-1].digest or 'none'}", flush=True)
    print_baseline(before[:-1])
    trials = trials_of(constants, values, turn)
    print_changes(before, trials, lambda one, value: evaluate_changed(one, value, evaluate, stale), with_tests)


if __name__ == "__main__":
    main()
