"""What each numeric constant of microdialysis contributes: traces and animals measured with it changed.

    python benchmarks/microdialysis_ablation.py integration|series|readers [neutral|others] [NAME ...]

Every constant of the part is halved, doubled or set to the values below (the first of them switches a rule off where
that is possible), and the same recordings are measured each time. ``integration``: drawn runs, pairs and baselines of
seeds that no other figure is taken from, hostile traces (clipped, dips, steps, few or very many samples), and the real
traces beside the repository. ``series``: drawn animals with lags, lost, merged and mixed tubes, faults and pairs
without a dip, and real standard series. ``readers``: all real files, whole and damaged. A line holds the change, the
number of recordings in which anything at all became different, and the figures that moved; ``*`` marks those that moved
by more than twice the standard error of the differences. ``neutral`` tries the first value of each constant alone,
``others`` the rest; NAMEs choose constants. docs/decisions/0018 shows the table.
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / part) for part in ("workflow", "benchmarks", "tests/assays/microdialysis")]

from ablation import (  # noqa: E402
    Constant,
    Item,
    choice,
    constants_of,
    digest_of,
    evaluate_changed,
    print_baseline,
    print_changes,
    trials_of,
)

ASSAY = "ketaflow.assays.microdialysis"
SHARED = ROOT.parent / "shared" / "data"
SEED, TRACES_PER_FOLDER = 7300, 2
# Values that say more than half and double; the first switches the rule off where it can be.
VALUES: dict[str, tuple[Any, ...]] = {
    # integration
    "WIDTH_PEAKS": (1000, 5, 20),
    "DRIFT_STRAIGHT_ERRORS": (1e9, 1.5, 6.0),
    "DRIFT_VISIBLE_NOISES": (1e9, 3.0, 12.0),
    "DRIFT_SPARE_STRETCHES": (0, 1, 4),
    "DRIFT_NEAR_NOISES": (1e9, 1.0, 4.0),
    "DRIFT_KEPT_FRACTION": (0.0, 0.35, 0.9),
    "DRIFT_GAP_FRACTION": (10.0, 0.2, 0.8),
    "DRIFT_ROUNDS": (1, 3, 12),
    "DRIFT_BOW_RIPPLES": (0.0, 2.5, 10.0),
    "VISIBLE_RIPPLES": (1e9, 3.0, 12.0),
    "SADDLE_RIPPLES": (0.0, 2.0, 8.0),
    "LONG_WIDTHS": (1e9, 1.0, 4.0),
    "SLOPING_FRACTION": (1e9, 0.0, 0.17, 0.7),
    "GENTLE_WIDTHS": (1e9, 0.0, 0.25, 1.0),
    "GENTLE_FRACTION": (1e9, 0.01, 0.04),
    "CALM_CHANGE_RIPPLES": (1e9, 1.0, 4.0),
    "BESIDE_STEPS": (0, 6, 24),
    "HUMP_WIDTHS": (1e9, 0.5, 2.0),
    "SETTLED_RIPPLES": (0.0, 0.25, 2.0),
    "TOP_FRACTION": (0.0, 0.25, 0.9),
    "TAIL_KEPT_FRACTION": (0.0, 0.5, 1.0),
    "LINE_WIDTH_POINTS": (1_000_000, 8, 32),
    "BESIDE_FRACTION": (0.0, 0.15, 0.6),
    "VOID_HEIGHT_FACTOR": (0.0, 1.0, 4.0, 1e9),
    "VOID_REACH_WIDTHS": (1e6, 1.5, 6.0),
    "VOID_RISE_FRACTION": (0.0, 0.01, 0.04),
    "END_FRACTION": (0.0, 0.0005, 0.002),
    "SHOULDER_TURN_FRACTION": (0.0, 0.01, 0.04),
    "SHOULDER_LEVEL_FRACTION": (1e9, 0.0125, 0.05),
    "CLIPPED_POINTS": (0, 3, 10),
    "CLIPPED_SHARE": (0.0, 0.2, 0.7),
    "CUT_WIDTHS": (0.0, 1.0, 4.0),
    "OVERLAP_FRACTION": (0.0, 0.025, 0.1, 1e9),
    "MAX_FITTED_PEAKS": (2, 3, 6),
    "ACCEPTED_RESIDUAL_FRACTION": (1e-9, 0.0025, 0.01),
    "FITTED_PEAK_POINTS": (100_000, 15, 60),
    "HIDDEN_NOISES": (0.0, 15.0, 60.0),
    "HIDDEN_AREA_FRACTION": (0.0, 0.05, 0.2),
    "WIDTH_LOG_RANGE": (50.0, 0.6, 2.4),
    "RIDGE": (0.0, 1e-14, 1e-10),
    "ERFCX_LOWEST": (-26.5, -12.0),
    # series
    "NEIGHBOUR_WIDTH_LOG_SD": (1e3, 0.1, 0.4),
    "NEIGHBOUR_FORM_SD": (1e3, 0.15, 0.6),
    "LEAST_FORM": (1e-3, 0.05, 0.2),
    "SERIES_WIDTH_LOG_SD": (1e3, 0.01, 0.04),
    "SERIES_FORM_SD": (1e3, 0.025, 0.1),
    "PRIOR_MISSED_SDS": (1e9, 2.5, 10.0),
    "AS_GOOD_FACTOR": (1.0, 1.1, 1.4),
    "SEEDED_WIDTHS": (1e9, 0.35, 1.4),
    "SEEDED_STEPS": (10_000, 30),
    "LEAST_LEVELS": (2, 4),
    "LOW_STANDARDS_FACTOR": (1, 4, 1e9),
    "LOQ_ERROR_FRACTION": (0.0, 0.1, 0.4),
    "LOQ_EXTRAPOLATION_FACTOR": (1e9, 1.5, 6),
    "RANGE_ROUNDING_FACTOR": (1.0, 1.01),
    "EQUAL_LIMITS_GAIN": (0.0, 0.35, 1.0),
    "EQUAL_LIMITS_SCATTER": (0.0, 0.015, 0.06),
    "EQUAL_LIMITS_HEIGHT_FRACTION": (1e9, 0.12, 0.5),
    "CUT_FRACTION": (0.0, 0.025, 0.1, 1e9),
    "SHOULDER_RISE_FRACTION": (0.0, 0.025, 0.1, 1e9),
    "SMALL_PEAK_FRACTION": (1e-9, 0.05, 0.2, 1e9),
    "LOCAL_SHIFT_ANALYTES": (100, 1, 2),
    "SHIFT_COST_FRACTION": (0.0, 0.05, 0.2),
    "EDGE_MIN": (0.0, 0.5),
    "GAP_SCATTER_FACTOR": (0.0, 0.75, 3.0),
    "INTERPOLATED_MAX_PCT": (0.0, 5.0, 20.0, 1e9),
    "TREND_P_MAX": (1.0, 0.01, 0.1),
    "SHORT_RUN_FRACTION": (0.0, 0.5, 1.0),
    "LOWEST_STANDARD_EXTRA_PCT": (0, 10),
    "EQUAL_PEAKS": (1, 6, 1000),
    # readers
    "SIGNAL_MAX": (1e300, 1e9),
    "UNPACKED_MAX_BYTES": (1 << 60, 1 << 10),
    "STAMP_PAUSE_S": (1e300, 1.0),
    "LEAST_POINTS": (0, 10),
    "END_ROUNDING_MIN": (1e300, 0.0),
    "RUN_MAX_MIN": (1e300, 90),
    "STEP_MAX_MIN": (1e300, 0.025),
    "STATED_RUN_MAX_MIN": (1e300, 720),
    "HEADING_LINES": (1_000_000, 30),
    "HEADING_LETTERS": (1_000_000, 100),
    "INTERVAL_TOLERANCE": (1.0, 0.0),
}
Evaluation = Callable[[], list[Item]]


class Part(NamedTuple):
    """Module of the constants, those to leave out (figures, names, checked where they are used), how to prepare."""

    modules: tuple[str, ...]
    without: set[str]
    prepare: Callable[[], Evaluation]


def prepare_integration() -> Evaluation:
    """Draw nothing in advance but the hostile traces; read the real ones."""
    hostile, real = _hostile(), _real_traces()

    def evaluate() -> list[Item]:
        import microdialysis as bench

        made = [
            *(_errors(kind, bench.hard_errors_pct, seed, kind) for kind in bench.HARD for seed in range(2)),
            *(_errors("runs", bench.run_errors_pct, seed, 14.0) for seed in range(4)),
            *(_errors("crowded", bench.run_errors_pct, seed, 7.0) for seed in range(4)),
            *(_errors("pairs", bench.pair_errors_pct, seed, snr) for seed in range(4) for snr in (50, 300)),
            *(_errors("no dip", bench.hidden_pair_errors_pct, seed, snr) for seed in range(4) for snr in (100, 1000)),
        ]
        made += [_integrated("hostile", name, *trace) for name, trace in hostile.items()]
        return made + [_integrated("vendors", name, *trace) for name, trace in real.items()]

    return evaluate


def _errors(group: str, errors_pct: Callable[..., list[float]], seed: int, *more: Any) -> Item:
    """Errors of the areas of one drawing."""
    errors = np.array(errors_pct(np.random.default_rng([SEED, seed]), *more))
    if not len(errors):
        return Item(group, "", {})
    return Item(group, digest_of(errors), {"error (%)": float(np.median(np.abs(errors)))})


def _hostile() -> dict[str, tuple[np.ndarray, np.ndarray, list[Any]]]:
    """Traces that guards are meant for."""
    from ketaflow.assays.microdialysis.simulate import tailed_peak

    rng, time_s = np.random.default_rng(SEED), np.arange(0, 600, 0.4)
    peaks = sum(tailed_peak(time_s, at, 5, 3, area) for at, area in ((150, 2e4), (240, 9e4), (262, 3e4), (420, 1e5)))
    noisy = peaks + 40 + rng.normal(0, 4, len(time_s))
    bell = np.exp(-(((time_s - 330) / 8) ** 2))
    made = {
        "clipped": np.minimum(noisy, 2500),
        "clipped low": np.minimum(noisy, 400),
        "negative peak": noisy - 900 * bell,
        "shallow dip": noisy - 120 * bell,
        "void": noisy + tailed_peak(time_s, 50, 3, 2, 4e5) - tailed_peak(time_s, 65, 5, 4, 1e5),
        "step": noisy + 600 * (time_s > 350),
        "spike": noisy + 1e4 * (np.abs(time_s - 500) < 0.3),
        "ripple": noisy + 30 * np.sin(time_s / 3),
        "slow waves": noisy + 300 * np.sin(time_s / 60),
        "cut by the end": np.where(time_s < 428, noisy, 0)[time_s < 428],
        "shoulder": noisy + tailed_peak(time_s, 436, 7, 2, 3e4),
        "small on a tail": noisy + tailed_peak(time_s, 450, 4, 1, 3e3),
        "noise alone": rng.normal(0, 5, len(time_s)),
        "no noise": peaks + 40,
        "five together": noisy + sum(tailed_peak(time_s, 500 + 14 * k, 5, 1, 3e4) for k in range(5)),
        "constant": np.full(len(time_s), 3.0),
    }
    traces = {name: (time_s[: len(one)] / 60, one, []) for name, one in made.items()}
    dense_s = np.arange(0, 600, 0.02)
    traces["dense"] = (dense_s / 60, np.interp(dense_s, time_s, peaks) + rng.normal(0, 4, len(dense_s)), [])
    traces["sparse"] = (time_s[::12] / 60, noisy[::12], [])
    return traces


def _files() -> list[Path]:
    """Real files of chromatograms beside the repository."""
    folders = [SHARED / "microdialysis", SHARED / "cases" / "chromatography"]
    found = [path for folder in folders if folder.is_dir() for path in sorted(folder.rglob("*")) if path.is_file()]
    return [path for path in found if path.suffix.lower() not in (".xlsx", ".md", ".xml", ".ref", ".py")]


def _real_traces() -> dict[str, tuple[np.ndarray, np.ndarray, list[Any]]]:
    """The first trace of the first real files of each folder that can be read, with the vendor's peaks."""
    from ketaflow.assays.microdialysis.readers import dispatch
    from ketaflow.core.errors import IngestError

    found: dict[str, tuple[np.ndarray, np.ndarray, list[Any]]] = {}
    for path in _files():
        if sum(Path(name).parent == path.parent for name in found) == TRACES_PER_FOLDER:
            continue
        try:
            one = dispatch.read(path, time_unit="auto")[0]
        except IngestError:
            continue
        if len(one.signal):
            known = [peak for peak in one.vendor_peaks if peak.area and peak.retention_min]
            largest = sorted(known, key=lambda peak: -peak.area)[:8]
            found[str(path)] = (
                np.asarray(one.time_min, float), np.asarray(one.signal, float),
                [(peak.retention_min, peak.area * one.area_time_s) for peak in largest],
            )  # fmt: skip
    return found


def _integrated(group: str, name: str, time_min: np.ndarray, signal: np.ndarray, vendor: list[Any]) -> Item:
    """Every number of every peak of one trace; the median error against the vendor's areas."""
    import dataclasses

    from ketaflow.assays.microdialysis.integration import peaks

    how = {"peak_width_s": 0, "snr_min": 5, "smallest_peak_pct": 0.05, "unmix": True}
    found = peaks.peaks_of(time_min, signal, method="drop_line", **how).peaks
    skimmed = peaks.peaks_of(time_min, signal, method="tangent_skim", **{**how, "unmix": False}).peaks
    numbers = [
        [value for value in dataclasses.astuple(peak) if isinstance(value, int | float)] for peak in found + skimmed
    ]
    figures = {}
    if vendor and found:
        nearest = [min(found, key=lambda peak, at=at: abs(peak.retention_min - at)).area for at, _ in vendor]
        ratios = np.array(nearest) / [area for _, area in vendor]
        # The unit of the vendor's areas is its own.
        figures["error (%)"] = float(100 * np.median(np.abs(ratios / np.median(ratios) - 1)))
    return Item(group, digest_of(np.nan_to_num(np.array(numbers, float), nan=-1.0)), figures)


def prepare_series() -> Evaluation:
    """Draw and read animals; measuring them is what is repeated."""
    import dialysate
    import drawn_study as study

    from ketaflow.assays.microdialysis.ingest import ingest
    from ketaflow.core.inputs import Rows

    folder = Path(tempfile.mkdtemp())
    animals = []
    for number, (name, session) in enumerate(study.SESSIONS.items()):
        own, truth = study.animal(folder / str(number), session, 30, SEED + number)
        animals.append((name, own, {analyte: one.area_pct_min for analyte, one in truth.items()}))
    levels = [{"glutamate": 1.2, "glutamine": 4.0, "gaba": value} for value in (0.25, 0.04, 0.3, 0.02, 30.0, 0.2)]
    for name, faults in {"low and high": {}, "saturated": {1: "saturated"}, "truncated": {2: "truncated"}}.items():
        animals.append((name, dialysate.drawn_animal(folder / name, levels, faults), {}))
    cases = SHARED / "cases" / "chromatography"
    if cases.is_dir():
        at = {"serotonin": 1.87, "5-HTP": 2.04, "tryptophan": 3.43, "melatonin": 6.96}
        standards = [
            {"chromatogram": f"indoles_{word}ug.txt", "analyte": analyte, "concentration_um": level,
             "retention_min": minutes}
            for word, level in (("2p5", 2.5), ("10", 10.0), ("250", 250.0), ("1000", 1000.0))
            for analyte, minutes in at.items()
        ]  # fmt: skip
        tubes = [
            dialysate.fraction_row(level, 20 * level, 20 * level + 20, chromatogram=f"indoles_{level}ug.txt")
            for level in (5, 25)
        ]
        rows = Rows({"microdialysis": tubes, "microdialysis_standards": standards})
        animals.append(("indoles", dialysate.Animal(ingest(rows, cases, dialysate.INGEST)), {}))

    def evaluate() -> list[Item]:
        import microdialysis as bench

        made = [_animal_item(*animal) for animal in animals]
        made += [_errors("pairs, series", bench.hidden_series_errors_pct, seed, snr)
                 for seed in range(3) for snr in (100, 1000)]  # fmt: skip
        return made

    return evaluate


def _animal_item(name: str, animal: Any, area_pct_min: dict[str, float]) -> Item:
    """Every table of one animal; how far its areas under the response are from the truth."""
    import dialysate

    measured = dialysate.measure(animal)
    checks = dialysate.qc.qc(animal.dialysate, measured, dialysate.QC)
    tables = [dialysate.table(measured, one).to_csv() for one in ("measurements", "peaks", "fractions", "calibration")]
    tables.append(dialysate.table(checks, "checks").to_csv())
    figures = {}
    for analyte, true in area_pct_min.items():
        found = dialysate.values(measured, "auc_pct_min", analyte)
        if found and np.isfinite(found[0]) and analyte == "glutamate":
            figures["AUC error (%)"] = 100 * abs(found[0] / true - 1)
    digest = digest_of(np.frombuffer("".join(tables).encode(), np.uint8))
    return Item("indoles" if name == "indoles" else "animals", digest, figures)


def prepare_readers() -> Evaluation:
    """All real files, and the same cut in half, with a digit changed and without their ends."""
    whole = [(path, path.read_bytes()) for path in _files() if path.stat().st_size < 3_000_000]
    folder = Path(tempfile.mkdtemp())
    paths = []
    for number, (path, content) in enumerate(whole):
        paths.append(path)
        for word, damaged in (("half", content[: len(content) // 2]), ("end", content[:-3])):
            target = folder / str(number) / word / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(damaged)
            paths.append(target)
    return lambda: [_read_item(path) for path in paths]


def _read_item(path: Path) -> Item:
    from ketaflow.assays.microdialysis.readers import dispatch
    from ketaflow.core.errors import IngestError

    try:
        found = dispatch.read(path, time_unit="auto")
    except IngestError as error:
        return Item("files", str(error), {"read": 0.0})
    numbers = np.concatenate([np.concatenate([one.time_min, one.signal]) for one in found])
    return Item("files", digest_of(numbers, [len(one.vendor_peaks) for one in found]), {"read": 1.0})


SERIES = {  # constants of the integration that a series alone shows
    "SEEDED_APART_WIDTHS", "SEEDED_SHIFT_WIDTHS", 
    "NEIGHBOUR_WIDTH_LOG_SD", "NEIGHBOUR_FORM_SD", "LEAST_FORM", "SERIES_WIDTH_LOG_SD", "SERIES_FORM_SD",
    "PRIOR_MISSED_SDS", "AS_GOOD_FACTOR", "SEEDED_GAIN", "SEEDED_STEPS", "SEEDED_WIDTHS",
}  # fmt: skip
PARTS = {
    "integration": Part((f"{ASSAY}.integration.constants",), SERIES | {"INTERVAL_SDS"}, prepare_integration),
    "series": Part(
        (f"{ASSAY}.integration.constants", f"{ASSAY}.constants"),
        # Memory of one process, definitions (ICH Q2(R1), 95 %), and figures.
        {"KEPT_TRACES", "LOD_SDS", "LOQ_SDS", "CONFIDENCE", "INTERVAL_SDS", "DRAWN_POINTS_MAX", "LABELLED_ERROR_PCT"},
        prepare_series,
    ),
    "readers": Part((f"{ASSAY}.readers.constants",), set(), prepare_readers),
}
STALE = (ASSAY, "microdialysis", "dialysate", "drawn_study")


def chosen(part: str, names: set[str]) -> list[Constant]:
    """Constants of a part: those named, or all that a measurement can depend on."""
    listed = [one for package in PARTS[part].modules for one in constants_of(package)]
    if part == "series":
        own = [one for one in listed if one.module == f"{ASSAY}.constants" and not one.name.startswith("SIMULATED")]
        listed = [*own, *(one for one in listed if one.name in SERIES)]
    return [one for one in listed if one.name not in PARTS[part].without and (not names or one.name in names)]


def main() -> None:
    part = sys.argv[1]
    names, turn = choice(sys.argv[2:])
    sys.argv[1:] = []  # the benchmark that draws the traces reads its own
    evaluate = PARTS[part].prepare()
    before = evaluate()
    print_baseline(before)
    trials = trials_of(chosen(part, names), VALUES, turn)
    print_changes(before, trials, lambda one, value: evaluate_changed(one, value, evaluate, STALE))


if __name__ == "__main__":
    main()
