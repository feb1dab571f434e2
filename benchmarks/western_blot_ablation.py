"""What each numeric constant of the Western blot assay contributes: blots measured with it changed.

    python benchmarks/western_blot_ablation.py lanes|volumes|checks [FIRST_SEED SEEDS EVERY] [neutral] [NAME ...]

Every constant of the part is set to the values below (the first switches a rule off where that is possible) or halved
and doubled, and the same pictures are evaluated each time. ``lanes``: right and wrong lane maps of drawn membranes,
real pictures with their lane maps (as counted by eye) and one lane short and long, dot and slot blots, turned pictures;
the figure is the share that is right. ``volumes``: bands of drawn membranes of all styles, found and in drawn boxes,
and of real pictures; the figure is the mean absolute error (%). ``checks``: copied lanes, spliced pictures, uneven
transfer and dilution lanes; no figure but what changed. ``*`` marks figures that moved by more than twice the standard
error. docs/decisions/0013 shows the table.
"""

import importlib
import sys
from pathlib import Path
from typing import Any, Literal

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "workflow"), str(ROOT / "benchmarks"), str(ROOT)]

import western_blot_ablation_checks as checks  # noqa: E402
import western_blot_ablation_pictures as pictures  # noqa: E402
from ablation import (  # noqa: E402
    Constant,
    Evaluation,
    Item,
    choice,
    constants_of,
    print_baseline,
    print_changes,
    trials_of,
)

PACKAGE = "ketaflow.assays.western_blot"
FAR = 1e9
# Values that say more than half and double; the first switches the rule off where that is possible.
VALUES: dict[str, tuple[Any, ...]] = {
    # images
    "SPLIT_REACH": (0.1, 0.45), "WORK_WIDTH_PX": (240, 960), "PX_PER_LANE": (18, 72), "USUAL_LANES": (0,),
    "HOT_PIXEL_SD": (FAR,), "RISE_FLOOR_SD": (0.0, 2.0, 8.0), "RISE_FLOOR_FRACTION": (0.0,),
    "RISE_EXPONENT": (1.0, 0.2), "EDGE_OBJECT_HEIGHT": (FAR,), "SHEET_LEVEL": (FAR,), "SHEET_HEIGHT": (FAR, 0.0),
    "SHEET_WIDTH": (FAR, 0.0), "SHEET_RIM_STEP": (0.0, FAR), "SHEET_RIM_WINDOW": (1e-9,), "TABLE_AREA": (FAR, 0.0),
    "BETWEEN_AREA": (FAR, 0.0), "TABLE_STEP": (0.0, FAR), "TABLE_LEVEL": (FAR, 0.0), "NECK_WIDTH": (0.0, 0.12),
    # lanes: detection
    "LEANS": (np.zeros(1),), "FEWEST_WELLS": (1,), "LEAN_GAIN": (1.0, 1.2), "COST_SKIPPED": (0.0, 0.5),
    "COST_OUTSIDE": (0.0, 1.2), "NEAREST_NEIGHBOUR": (0.4,), "FARTHEST_NEIGHBOUR": (2.2, 9.0),
    "ROW_HEIGHTS": ((0.12,), (0.06, 0.18, 0.3)), "ROW_GAIN": (1.0,),
    # lanes: plausibility
    "LANE_REACH": (0.3,), "FAINT_STRIP": (0.0,), "STRIP_EXPONENT": (1.0, 0.4), "SHALLOW_DIP": (0.0, 0.6),
    "DEEP_DIP": (FAR, 0.35), "USUAL_DEEP_DIP": (FAR, 0.2), "LEAST_DIP": (0.0, 0.24), "LEAST_USUAL_DIP": (0.0, 0.2),
    "SAME_LANE_CORRELATION": (-2.0, 2.0), "LEAST_DISTANCE": (0.0,), "GREATEST_OFFSET": (1.0, 0.2),
    "LIT_FRACTION": (0.0, 0.5), "OUTSIDE_REACH": (1.0, FAR), "MIDWAY_DISTANCE": (FAR, 0.0), "FLANK_DIP": (1.0, FAR),
    "FLANK_FRACTION": (FAR, 0.2), "WEAKEST_FRACTION": (0.0,), "PLAIN_FRACTION": (0.0, FAR), "SHARED_FRACTION": (0.0,),
    "SKIPPED_FRACTION": (FAR, 0.0), "FEWEST_FOR_PITCH": (0,), "CLOSE_DIP": (0.0, 0.6),
    # lanes: contents
    "LADDER_BANDS": (0, 10), "LADDER_EXCESS": (0.0, 4.0), "LADDER_SHARE": (0.0,), "LADDER_BESIDE": ((1.0,), (FAR,)),
    "EMPTY_SNR": (0.0, 9.0), "EDGE_SHARE": (FAR, 0.25), "CONTENT_LEVEL": (0.5,), "LEAST_NOISE": (0.0,),
    "BAND_PROMINENCE": (0.0, 0.3), "ROW_HEIGHT": (0.0, 0.4), "ROW_TOLERANCE": (0.0, 0.16), "ROW_NEIGHBOURS": (1, 100),
    "ROW_SHARE": (0.0, 0.2),
    # lanes: dots
    "DOT_SIZES": ((0.34,), (0.12,)), "DOT_NOISE": (0.0,), "DOT_LEAST_RISE": (0.0,), "DOT_LEAST_PX": (0,),
    "FEWEST_DOTS": (1,), "DOT_ASPECT_LOG": (FAR,), "DOT_SIZE_LOG": (FAR,), "DOT_FRACTION": (0.0,),
    "DOT_PITCH_LOG": (FAR,), "FEWEST_SLOT_ROWS": (1,), "SLOT_UNEVENNESS": (FAR,), "SLOT_FRACTION": (0.0,),
    # lanes: profiles
    "FOOT_HALF_WIDTHS": (FAR,), "LANE_EDGE": (0.02, 0.1), "LANE_CORE_LEVEL": (0.05, 0.6),
    "FLANK_LEVELS": ((0.0, 0.0), (0.1, 0.3)), "MARGIN_LEAST_PX": (0, 8),
    "WIDTH_TOLERANCE": (FAR, 0.0), "SPECK_SD": (FAR, 4.0), "ROW_CREST": (FAR, 1.5), "SPECK_WIDTH": (0.0, 1.0),
    "SPOT_ROUNDNESS": (FAR, 0.0), "SPOT_HEIGHT": (FAR, 0.0), "HOLE_ROW_QUANTILE": (0.5, 0.9),
    "HOLE_BACKGROUND_PCT": (50, 5), "HOLE_HEIGHT": (0.0, 2.0), "EDGE_STEP": (FAR, 0.2), "EDGE_STEP_OF_BAND": (0.0, FAR),
    "BUMP_LENGTH": (0.0,), "OUTER_ROWS": (0.0,), "CLIMB_HEIGHT": (FAR, 0.0), "CLIMB_UNEVENNESS": (0.0,),
    "CLIMB_LENGTH": (0.0,), "STIFFENING": ((1.0,), (1.0, 4.0)), "STRIPE_PERCENTILE": (0.0, 50.0),
    "STRIPE_SNR": (FAR, 0.0), "CORRECTION_SNR": (FAR, 0.0), "CORRECTION_FRACTION": (0.0, FAR),
    "LEAST_OWN_FRACTION": (-FAR, 0.3), "STIFFNESS_PER_BAND": (0.0, 8.0), "MOST_STIFFENING": (1.0, 4.0),
    "LEAST_STIFFENING": (1.0, 2.0), "BROAD_ROWS": (FAR,), "BROAD_HEIGHT": (0.0, 0.6),
    "STRONGEST_PERCENTILE": (100.0, 98.0),
    # bands
    "SHORTEST_BACKGROUND_ROWS": (0.0,), "LEAST_OF_ROW": (0.0, 1.0), "MOST_OF_ROW": (FAR, 1.0),
    "ROW_REACH": (0.0,), "TILTS": (np.array([0.0, 1e-9]), np.linspace(-0.28, 0.28, 57)),
    "SMILES": (np.array([0.0, 1e-9]),), "REGISTER_ROWS": (200, 2000), "FEWEST_LADDER_BANDS": (4,),
    "BESIDE_LEAST_PX": (1,),
    "MISSED_BANDS": (0, 3), "LEAST_SPREAD_PCT": (0.0,), "MOST_LADDER_BANDS": (12, 24),
    "BORDER_DISTANCE": (0.0, 0.2), "BORDER_FOOT": (FAR, 0.0), "BORDER_ROUNDS": (1,), "BORDER_CHANGE": (0.1, 1e-6),
    "RESIZED": ((1.0,), (1.1,)), "STANDARD_ERRORS": (0.0,), "SMEAR_HEIGHT": (FAR, 0.05), "CUT_HEIGHT": (FAR, 0.12),
    "ADJOIN_RISE": (FAR, 0.06), "ADJOIN_VALLEY": (0.0, 0.1), "ADJOIN_SMOOTHING": (0.0,), "ADJOIN_REACH": (0.0, 2.0),
    # integrity
    "COMMON_CORRELATION": (FAR, -FAR), "FINE_LIMIT_SD": (FAR,), "BESIDE_BAND_ROWS": (1,), "FEWEST_SAMPLES": (0,),
    "QUICK_CORRELATION": (0.3, 0.75), "SEAM_LIMIT": (FAR, 1.5), "LOOKS": (((0.015, 4.0, 5),),),
    "STRETCHES": (np.ones(1),), "FEWEST_PLACES": (3,), "LEAST_VOLUME": (1e-9,), "NEAR_STRETCH": (0.0, 0.1),
    # normalisation
    "BENDS": (np.array([0.0, 1.0]),), "CLEAR_AICC_GAIN": (0.0,), "FEWEST_DILUTION_LANES": (3,),
}  # fmt: skip
# Layouts of files, and how fingerprints are stored: not tuned.
NOT_TRIED = {
    "MD_FILE_TAG", "MD_SCALE_TAG", "MD_SQUARE_ROOT", "WHITE_IS_ZERO", "SCAN_FIELDS", "FIELD_HEADER_BYTES",
    "LEAST_SIDE_PX", "FINGERPRINT_REACH", "BYTE_SCALE",
}  # fmt: skip
# Modules of constants by part.
MODULES = {
    "lanes": ("images", "lanes"),
    "volumes": ("lanes", "bands"),
    "checks": ("images", "integrity", "normalisation"),
}
# Headings of the constants of ``lanes`` that do not find lanes, and of those that do.
PROFILES = ("profile_baseline", "lane_crops", "background", "lane_profile")


PREPARE = {
    "lanes": pictures.prepare_lanes,
    "volumes": pictures.prepare_volumes,
    "checks": checks.prepare_checks,
}


def chosen(part: Literal["lanes", "volumes", "checks"], names: set[str]) -> list[Constant]:
    """Constants of a part: those named, or all that it can depend on."""
    found = []
    for package in MODULES[part]:
        for one in constants_of(f"{PACKAGE}.{package}.constants"):
            profiles = _heading(one) in PROFILES
            fits = package != "lanes" or profiles == (part == "volumes")
            if one.name not in NOT_TRIED and fits and (not names or one.name in names):
                found.append(one)
    return found


def _heading(constant: Constant) -> str:
    """The module that a constant serves, as the comment ``# module.py`` above it says."""
    path = ROOT / "workflow" / Path(*constant.module.split(".")).with_suffix(".py")
    heading = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("# ") and line.endswith(".py"):
            heading = line.removeprefix("# ").removesuffix(".py")
        if line.startswith(f"{constant.name} ="):
            return heading
    return heading


def changed(constant: Constant, value: Any, evaluate: Evaluation) -> list[Item]:
    """Evaluate with another value of a constant, which is then set back."""
    module = importlib.import_module(constant.module)
    pictures.KEPT[0] = not constant.module.endswith("images.constants")
    setattr(module, constant.name, value)
    try:
        return evaluate()
    finally:
        setattr(module, constant.name, constant.value)


def main() -> None:
    part, *more = sys.argv[1:]
    first, seeds, every = (int(more.pop(0)) for _ in range(3)) if more and more[0].isdigit() else (9700, 1, 1)
    names, turn = choice(more)
    evaluate = PREPARE[part](first, seeds, every)
    before = evaluate()
    print_baseline(before)
    print_changes(
        before, trials_of(chosen(part, names), VALUES, turn), lambda one, value: changed(one, value, evaluate)
    )


if __name__ == "__main__":
    main()
