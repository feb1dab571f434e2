"""What each numeric constant of the microscopy assays contributes: images measured with it changed.

    python benchmarks/microscopy_ablation.py synaptic_puncta|stained_cells|detection|tracing [neutral|others] [NAME ...]

``detection`` and ``tracing`` are the parts of dendritic_spines; for ``detection`` the images are traced once. Every
constant of the part is halved, doubled or set to the values of ``microscopy_values.py`` (the first of them switches a
rule off where that is possible), and the same images are measured each time (``microscopy_images.py``): drawings of
seeds that no final figure is taken from, and of the real recordings beside the repository those of the development
half. A line holds the change, the number of images in which anything at all became different, and the figures that
moved; ``*`` marks those that moved by more than twice the standard error of the differences between images. ``neutral``
tries the first value of each constant alone, ``others`` the rest; NAMEs choose constants. docs/decisions/0019 shows the
table.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "workflow"), str(ROOT / "benchmarks")]

from ablation import (  # noqa: E402
    Constant,
    Evaluation,
    choice,
    constants_of,
    evaluate_changed,
    print_baseline,
    print_changes,
    trials_of,
)
from microscopy_images import prepare_cells, prepare_detection, prepare_puncta, prepare_tracing  # noqa: E402
from microscopy_values import VALUES  # noqa: E402


class Part(NamedTuple):
    """Constants to change: of the modules whose names begin so, without some; modules to import again; how to draw."""

    modules: tuple[str, ...]
    without: set[str]
    stale: tuple[str, ...]
    prepare: Callable[[], Evaluation]


SPINES = "ketaflow.assays.dendritic_spines"
PARTS = {
    "synaptic_puncta": Part(
        ("ketaflow.assays.synaptic_puncta.constants",),
        # Read from files, shown, or drawn.
        {"PIXEL_SIZE_TOLERANCE", "CHANCE_QUANTILES", "NORMAL_95_SD", "DISPLAY_QUANTILES", "PRE_COLOUR", "POST_COLOUR"},
        ("ketaflow.assays.synaptic_puncta",),
        prepare_puncta,
    ),
    "stained_cells": Part(
        ("ketaflow.assays.stained_cells.constants",),
        {"UM2_PER_MM2", "UM_PER_CM", "ANY_Z_STEP_UM", "MIN_COMPARED_FIELDS"},
        ("ketaflow.assays.stained_cells",),
        prepare_cells,
    ),
    "detection": Part((f"{SPINES}.detection",), set(), (SPINES, "dendritic_spines"), prepare_detection),
    "tracing": Part((f"{SPINES}.tracing",), set(), (SPINES, "dendritic_spines"), prepare_tracing),
}
# Constants from these on are of figures and drawings.
LAST = {"synaptic_puncta": "PRE_COLOUR", "stained_cells": "COUNTED_FLUORESCENCE_COLOUR"}


def chosen(part: str, names: set[str]) -> list[Constant]:
    """Constants of a part: those named, or all that a measurement can depend on."""
    listed = [one for package in PARTS[part].modules for one in constants_of(package)]
    stop = next((number for number, one in enumerate(listed) if one.name == LAST.get(part)), len(listed))
    return [one for one in listed[:stop] if one.name not in PARTS[part].without and (not names or one.name in names)]


def main() -> None:
    part = sys.argv[1]
    names, turn = choice(sys.argv[2:])
    evaluate = PARTS[part].prepare()
    before = evaluate()
    print_baseline(before)
    trials = trials_of(chosen(part, names), VALUES, turn)
    print_changes(before, trials, lambda one, value: evaluate_changed(one, value, evaluate, PARTS[part].stale))


if __name__ == "__main__":
    main()
