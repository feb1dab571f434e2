"""The comparisons of ``side_by_side.py``: ketaflow and other programs on the same drawn input.

Each part returns one row per program and input. Everything is drawn from fixed seeds that nothing was tuned on. A rival
that needs a limit or a width is given its most favourable one; one that is not installed is left out. Times are CPU
seconds of this process (of R: CPU seconds of the fit), without start-up; each is one call.
"""

import contextlib
import io
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import util
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
HERE = Path(__file__).parent
sys.path[:0] = [str(ROOT / "workflow"), str(HERE), str(ROOT / "tests" / "assays" / "forced_swim")]

import drawn_videos  # noqa: E402
import group_statistics  # noqa: E402
import imagej  # noqa: E402
import microdialysis as chromatograms  # noqa: E402
import stained_cells as stained  # noqa: E402
import synaptic_puncta as puncta  # noqa: E402
import tifffile  # noqa: E402
import western_blot as blots  # noqa: E402
from forced_swim import pixel_differences  # noqa: E402
from scipy.signal import find_peaks, peak_widths  # noqa: E402
from skimage.restoration import rolling_ball  # noqa: E402
from swim_cases import codes, judged, measure, read  # noqa: E402

from ketaflow.assays.microdialysis.integration import peaks  # noqa: E402
from ketaflow.assays.stained_cells.simulation.rendering import simulate_field as stained_field  # noqa: E402
from ketaflow.assays.western_blot.simulation import drawing  # noqa: E402

OURS = "ketaflow"
SEED = 7100
# Detection threshold of the other programs (fraction of the largest peak); the smallest drawn peak is 0.05.
SMALLEST = 0.02
# Runs of each kind of chromatogram, and CPU time after which a call is stopped (s).
RUNS, LIMIT_S = 4, 8.0
R_NESTED = """
suppressMessages(library(lmerTest)); rows <- read.csv(commandArgs(TRUE)[1])
fit <- function() summary(lmer(value ~ arm + (1 | animal), rows))$coefficients
found <- fit(); spent <- min(sapply(1:3, function(i) sum(system.time(fit())[c(1, 2)])))
cat(spent, found[2, 2], found[2, 3], found[2, 5])
"""


@dataclass(frozen=True)
class Row:
    """One tool on one input: how right it was, in words, and its CPU time (s)."""

    task: str
    tool: str
    accuracy: str
    cpu_s: float


def timed(call: Callable):
    """Result and CPU seconds of one call, which is stopped after LIMIT_S; what it prints is dropped."""
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        signal.setitimer(signal.ITIMER_PROF, LIMIT_S)
        start = time.process_time()
        try:
            found = call()
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        return found, time.process_time() - start


def out_of_time(*_) -> None:
    raise TimeoutError


# Puncta.
def spots() -> list[Row]:
    """F1 of puncta in fields of 512 x 512 pixels, each with 375 (crowded: 1,000)."""
    fields = {
        "SNR 3": {"snr": 3, "pre_alone": 375},
        "SNR 6": {"snr": 6, "pre_alone": 375},
        "SNR 6, crowded": {"snr": 6, "pre_alone": 1000},
        "SNR 6, large": {"snr": 6, "pre_alone": 375, "sigma_um": 0.24},
    }
    scene = replace(puncta.WIDE, width_px=512, height_px=512, synapses=0, post_alone=0)
    rows = []
    for number, (name, words) in enumerate(fields.items()):
        drawn = puncta.simulate_field(replace(scene, **words), np.random.default_rng(SEED + number))
        for tool, detect in puncta.detectors().items():
            found, spent = timed(lambda detect=detect, image=drawn.pre[0]: detect(image))
            rows.append(Row(f"puncta, {name}", tool, f"F1 {puncta.f1(found, drawn.pre_px[:, 1:]):.3f}", spent))
        if imagej.version():
            image = drawn.pre[0]
            noise = float(np.std(np.diff(image.astype(float), axis=0)) / np.sqrt(2))
            tried = imagej.maxima(image, noise).values()
            best, spent = max((puncta.f1(found, drawn.pre_px[:, 1:]), -spent) for found, spent in tried)
            rows.append(Row(f"puncta, {name}", "ImageJ Find Maxima, best prominence", f"F1 {best:.3f}", -spent))
    return rows


# Blots.
MASSES_KDA = (100.0, 42.0, 20.0)
BLOT_LANES = 8


def bands() -> list[Row]:
    """Ratios between lanes in boxes given by hand on two drawn membranes, one with an uneven and blotchy background."""
    rows = []
    for name, background, unevenness in (
        ("blot, even background", 400.0, 0.0),
        ("blot, steep background", 2500.0, 1.5),
    ):
        rng = np.random.default_rng([SEED, int(background)])
        stage = drawing.Stage(420, 640, BLOT_LANES, 0.02, 5.0, background, 12.0, band_sd_px=5.0)
        volumes = 1.2e6 * rng.lognormal(0, 0.6, (BLOT_LANES, len(MASSES_KDA)))
        picture = drawing.blank_picture(stage, rng)
        picture *= np.linspace(1, 1 + unevenness, stage.height_px)[:, None]
        for lane, number in np.ndindex(volumes.shape):
            drawing.add_band(picture, stage, lane + 1, MASSES_KDA[number], volumes[lane, number], rng)
        image = drawing.developed(picture, stage, rng)
        boxes = [[box_of(stage, lane + 1, kda) for kda in MASSES_KDA] for lane in range(BLOT_LANES)]
        rows.append(Row(name, OURS, *ratio_words(*timed(lambda given=(image, boxes): volumes_ours(*given)), volumes)))
        flat = [box for own in boxes for box in own]
        found = timed(lambda image=image, flat=flat: volumes_over_ball(image, flat))
        rows.append(Row(name, "skimage rolling_ball, 50 px", *ratio_words(*found, volumes)))
        if imagej.version():
            found = imagej.box_volumes(image, flat)
            rows.append(Row(name, "ImageJ rolling ball, 50 px", *ratio_words(*found, volumes)))
    return rows


def box_of(stage: drawing.Stage, lane: int, kda: float) -> tuple[int, int, int, int]:
    """Left, top, width and height of a box that holds a band: 0.9 of the lane's pitch, four standard deviations."""
    x, reach = stage.lane_x(lane), 4 * stage.band_sd_px
    row = stage.row(kda) + float(stage.drop(x))
    return round(x - 0.45 * stage.pitch_px), round(row - reach), round(0.9 * stage.pitch_px), round(2 * reach)


def volumes_ours(image: np.ndarray, boxes: list[list[tuple[int, int, int, int]]]) -> np.ndarray:
    with tempfile.TemporaryDirectory() as folder:
        tifffile.imwrite(Path(folder) / "a.tif", image)
        names = ("x_px", "y_px", "width_px", "height_px")
        given = [
            {"image": "a.tif", "lane": lane, "target": f"p{number}", **dict(zip(names, box, strict=True))}
            for lane, own in enumerate(boxes, start=1)
            for number, box in enumerate(own)
        ]
        shown = [{"image": "a.tif", "membrane": "B", "target": f"p{number}"} for number in range(len(MASSES_KDA))]
        shown = [{**one, "role": "target", "kda": kda} for one, kda in zip(shown, MASSES_KDA, strict=True)]
        found, _ = blots.measured(Path(folder), shown, blots.lane_rows("B", len(boxes)), given)
    found = found[found["box"].eq("given")].set_index(["lane", "target"])["volume"]
    return np.array([found.get((one["lane"], one["target"]), np.nan) for one in given])


def volumes_over_ball(image: np.ndarray, boxes: list[tuple[int, int, int, int]]) -> np.ndarray:
    above = image - rolling_ball(image.astype(np.float32), radius=50)
    return np.array([above[top : top + height, left : left + width].sum() for left, top, width, height in boxes])


def ratio_words(found: np.ndarray, spent: float, volumes: np.ndarray) -> tuple[str, float]:
    """Mean and largest error of volumes after one scale per protein, and seconds."""
    logs = np.log(np.maximum(np.reshape(found, volumes.shape), 1)) - np.log(volumes)
    off = 100 * np.abs(np.expm1(logs - np.nanmean(logs, axis=0)))
    return f"mean {np.nanmean(off):.1f} %, largest {np.nanmax(off):.1f} %, {np.isnan(off).sum()} missing", spent


# Stained cells.
def cells() -> list[Row]:
    """Cells counted over cells drawn in fluorescent fields of 0.16 mm2 with 150 single cells and 40 touching pairs."""
    rows = []
    for name, style, snr in (("cells, SNR 6", "disc", 6), ("cells, SNR 3", "textured", 3)):
        scene = replace(stained.STYLES[style], snr=snr)
        drawn = stained_field(scene, np.random.default_rng([SEED, snr]))
        found, spent = timed(lambda drawn=drawn, scene=scene: stained.measured(drawn, scene).cells)
        rows.append(Row(name, OURS, cell_words(found[["y_px", "x_px"]].to_numpy(), drawn.cells.centres_px), spent))
        if imagej.version():
            smallest_px = np.pi / 4 * (0.5 * scene.diameter_um / scene.pixel_size_um) ** 2
            places, spent = imagej.particles(drawn.pixels.astype(np.uint16), smallest_px)
            rows.append(Row(name, "ImageJ Otsu, watershed", cell_words(places, drawn.cells.centres_px), spent))
    return rows


def cell_words(found: np.ndarray, centres_px: np.ndarray) -> str:
    return f"off by {100 * abs(len(found) / len(centres_px) - 1):.1f} % ({len(found)} of {len(centres_px)})"


# Chromatograms.
def areas_ours(time_s: np.ndarray, signal: np.ndarray) -> list[tuple[float, float]]:
    found = peaks.peaks_of(time_s / 60, signal, method="drop_line", unmix=True, **chromatograms.HOW).peaks
    return [(60 * row.retention_min, row.area) for row in found]


def areas_scipy(time_s: np.ndarray, signal: np.ndarray) -> list[tuple[float, float]]:
    """Peaks of scipy, each integrated over a straight line between its feet (98 % of its prominence)."""
    apexes = find_peaks(signal, prominence=6 * np.std(np.diff(signal)))[0]
    left, right = (ends.astype(int) for ends in peak_widths(signal, apexes, rel_height=0.98)[2:])
    made = []
    for apex, first, last in zip(apexes, left, right + 1, strict=True):
        own, at = signal[first : last + 1], time_s[first : last + 1]
        made.append((time_s[apex], np.trapezoid(own - np.interp(at, at[[0, -1]], own[[0, -1]]), at)))
    return made


def areas_mocca2(time_s: np.ndarray, signal: np.ndarray) -> list[tuple[float, float]]:
    from mocca2 import estimate_baseline
    from mocca2 import find_peaks as find

    level = signal - estimate_baseline(signal)
    return [
        (time_s[one.maximum], np.trapezoid(level[one.left : one.right + 1], time_s[one.left : one.right + 1]))
        for one in find(level, min_rel_height=SMALLEST)
    ]


def areas_hplc(time_s: np.ndarray, signal: np.ndarray) -> list[tuple[float, float]]:
    from hplc.quant import Chromatogram

    table = pd.DataFrame({"time": time_s / 60, "signal": signal - signal.min()})
    found = Chromatogram(table).fit_peaks(verbose=False, approx_peak_width=0.5, prominence=SMALLEST)
    # Its areas are sums of samples.
    step_s = time_s[1] - time_s[0]
    return [(60 * at, area * step_s) for at, area in zip(found["retention_time"], found["area"], strict=True)]


def areas() -> list[Row]:
    """Median and 90th percentile of the errors of all areas of four drawn runs each, apart and crowded."""
    tools = {OURS: areas_ours, "scipy find_peaks": areas_scipy}
    tools |= {"mocca2": areas_mocca2} if util.find_spec("mocca2") else {}
    tools |= {"hplc-py": areas_hplc} if util.find_spec("hplc") else {}
    rows = []
    for name, apart in (("peaks apart", 14.0), ("peaks crowded", 9.5)):
        drawn = [chromatograms.drawn_run(np.random.default_rng([SEED, seed]), apart) for seed in range(RUNS)]
        for tool, integrate in tools.items():
            errors, spent, stopped, failed = [], 0.0, 0, 0
            for run in drawn:
                try:
                    found, own = timed(lambda run=run, integrate=integrate: integrate(run.time_s, run.signal))
                except TimeoutError:
                    found, own, stopped = [], LIMIT_S, stopped + 1
                except Exception as error:  # a rival's own
                    found, own, failed = [], 0.0, failed + 1
                    print(f"{tool}: {error}", file=sys.stderr)
                spent += own
                errors += [
                    area_error_pct(found, top, area, run.sigma_s)
                    for top, area in zip(run.tops_s, run.areas, strict=True)
                ]
            median, most = np.quantile(np.abs(errors), [0.5, 0.9])
            missed = int(np.sum(np.equal(errors, -100)))
            text = f"median {median:.2f} %, 90th {most:.2f} %, {missed} of {len(errors)} missed"
            text += f", {failed} of {RUNS} runs ended with an error" if failed else ""
            text += f", {stopped} of {RUNS} runs stopped after {LIMIT_S:g} s" if stopped else ""
            rows.append(Row(f"chromatograms, {name}", tool, text, spent))
    return rows


def area_error_pct(found: list[tuple[float, float]], top_s: float, area: float, sigma_s: float) -> float:
    """Relative error of the nearest peak (%); -100 if there is none within 2.5 standard deviations."""
    near = [(abs(at - top_s), own) for at, own in found if abs(at - top_s) < 2.5 * sigma_s]
    return 100 * (min(near)[1] / area - 1) if near else -100.0


# Swims.
def swims() -> list[Row]:
    """Immobility in two drawn films of two animals each, against the truth."""
    window, rows = (4.0, 56.0), []
    for film in range(2):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "swim.mp4"
            truth = [drawn_videos.schedule(np.random.default_rng([SEED, film, k]), 0, 60, 0.6) for k in (1, 2)]
            drawn_videos.make(path, truth, 60, width=640, height=480, fps=12.5, seed=SEED + film)
            measured, spent = timed(lambda path=path: measure(read(path.parent, path.name), window=window))
            own = [judged(measured, f"s{k + 1}", truth[k])[:2] for k in range(2)]
            rows += [Row(f"swim, film {film + 1}", OURS, swim_words(own), spent)]
            counts, spent = timed(lambda path=path: pixel_differences(path, limit=None))
            rival = [best_cut(counts[:, k], truth[k], window) for k in range(2)]
            rows += [
                Row(
                    f"swim, film {film + 1}",
                    "pixel differences (ezTrack's method), best limit",
                    swim_words(rival),
                    spent,
                )
            ]
    return rows


def swim_words(found: list[tuple[float, float]]) -> str:
    errors, kappas = zip(*found, strict=True)
    return f"error {np.mean(np.abs(errors)):.1f} % of the window, kappa {np.mean(kappas):.2f}"


def best_cut(counts: np.ndarray, truth: list, window: tuple[float, float]) -> tuple[float, float]:
    """Error (%) and kappa of the pixel counts with the limit that agrees best with the truth."""
    from ketaflow.assays.forced_swim.raters.agreement import kappa

    times_s = (np.arange(len(counts)) + 1) / 12.5
    inside = (times_s >= window[0]) & (times_s < window[1])
    true = codes(truth, times_s)[inside] == 0
    best = (100.0, -1.0)
    for limit in np.unique(np.quantile(counts[inside], np.linspace(0.05, 0.95, 37))):
        still = counts[inside] < limit
        agreed = kappa(~still, ~true)
        if agreed > best[1]:
            best = (100 * float(still.mean() - true.mean()), agreed)
    return best


# Statistics.
def nested() -> list[Row]:
    """One nested fit of 40 animals with 20 dendrites each: standard error, degrees of freedom and p of an arm."""
    import statsmodels.formula.api as smf
    from scipy import stats

    from ketaflow.statistics.models import mixed, model_matrix

    table = group_statistics.measurements(np.random.default_rng(SEED), 1, group_statistics.DENDRITES)
    table["arm"] = np.repeat(group_statistics.cohort()[2]["arm"].to_numpy(), group_statistics.DENDRITES)
    levels = {"arm": sorted(table["arm"].unique())}
    matrix = model_matrix.Coding((("arm",),), levels).matrix({"arm": table["arm"].to_numpy()})
    grouping = mixed.Grouping("animal", pd.factorize(table["animal"])[0], np.ones((len(table), 1)))
    fit_other = smf.mixedlm("value ~ arm", table, groups=table["animal"])
    own_s = group_statistics.fastest(lambda: mixed.fit(matrix, table["value"].to_numpy(), [grouping]), repeats=3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other_s = group_statistics.fastest(fit_other.fit, repeats=3)
        other = fit_other.fit()
    own = mixed.fit(matrix, table["value"].to_numpy(), [grouping])
    arm = table["arm"].to_numpy()
    treated, control = (matrix[np.flatnonzero(arm == level)[0]] for level in (levels["arm"][1], levels["arm"][0]))
    found = own.estimate(treated - control)
    se, df, p = found.se, found.df, 2 * stats.t.sf(abs(found.value / found.se), found.df)
    term = other.params.index[1]
    rows = [
        Row("nested model", OURS, f"se {se:.5f}, df {df:.2f}, p {p:.5f}", own_s),
        Row(
            "nested model",
            "statsmodels mixedlm",
            f"se {other.bse[term]:.5f}, no df (normal), p {other.pvalues[term]:.5f}",
            other_s,
        ),
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        table.to_csv(path, index=False)
        try:
            said = subprocess.run(["Rscript", "-e", R_NESTED, str(path)], capture_output=True, text=True, timeout=300)
            spent, r_se, r_df, r_p = map(float, said.stdout.split())
        except (OSError, ValueError, subprocess.TimeoutExpired):
            return rows
    return [*rows, Row("nested model", "R lmerTest", f"se {r_se:.5f}, df {r_df:.2f}, p {r_p:.5f}", spent)]


PARTS = {
    "Puncta": spots,
    "Stained cells": cells,
    "Western blots": bands,
    "Chromatograms": areas,
    "Swims": swims,
    "Statistics": nested,
}
