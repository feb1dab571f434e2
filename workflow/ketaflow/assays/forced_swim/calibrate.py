"""Fit threshold and shortest bout to a lab's own people: the target ``snakemake calibrate_forced_swim``.

In: the cohort's recordings with their traces, and what people scored. Out: settings fitted on some swims and judged on
others, in words, as tables, as a figure, and as a ready ``settings.yaml``. Nothing is decoded, and nothing is written
into the cohort folder.
"""

from collections import Counter
from collections.abc import Iterable
from itertools import combinations

import numpy as np
import pandas as pd

from ketaflow.assays.forced_swim.raters import comparison, rater_checks, threshold_fitting
from ketaflow.assays.forced_swim.raters.threshold_fitting import RatedSwim, SettingsGrid
from ketaflow.assays.forced_swim.scoring import measures
from ketaflow.core.errors import IngestError
from ketaflow.core.records import Record
from ketaflow.core.svg import Chart

ETHOVISION = "ethovision"


def calibrate(
    recordings: Iterable[Record], tables: dict[str, pd.DataFrame], settings: dict
) -> dict[str, pd.DataFrame | str | bytes]:
    """Everything the target writes, by file name."""
    own, step_s = settings["calibrate"], settings["cohort"]["step_s"]
    scores, left = trusted_scores(tables, settings)
    found = rated_swims(recordings, tables, scores, measures.ScoringRules(**settings["quantify"]))
    kind, swims = most_common(found)
    part = threshold_fitting.cross_validation_folds(swims, own["folds"]) if swims else np.zeros(0, int)
    if len(swims) < own["min_recordings"] or len(set(part)) < 2:
        raise IngestError(too_few_message(len(swims), len(set(part)), own["min_recordings"], left))
    now = (swims[0].rules["threshold"], swims[0].rules["min_bout_s"])
    grid = threshold_fitting.score_grid(swims, *search_values(now, own), step_s=step_s, edge_s=own["edge_s"])
    bout = int(np.flatnonzero(grid.min_bouts_s == now[1])[0])
    unseen = [
        (grid.thresholds[t], grid.min_bouts_s[b]) for t, b in threshold_fitting.held_out_settings(grid, part, bout)
    ]
    chosen = threshold_fitting.best_settings(grid.loss_s(), bout)
    pair = (float(grid.thresholds[chosen[0]]), float(grid.min_bouts_s[chosen[1]]))
    report = pd.DataFrame([
        {"settings": "present", **threshold_fitting.fit_quality(swims, [now] * len(swims), step_s)},
        {"settings": "fitted, on swims not fitted to", **threshold_fitting.fit_quality(swims, unseen, step_s)},
        {"settings": "people with one another", **between_raters(swims)},
    ])  # fmt: skip
    worth = report["mean_error_s"][0] - report["mean_error_s"][1] >= own["min_gain_s"]
    return {
        "report": report,
        "recordings": by_recording(swims, part, now, unseen, step_s),
        "tried": grid_table(grid),
        "figure.svg": figure(grid, chosen, now, kind),
        "settings.yaml": settings_text(kind, pair if worth else now, worth),
        "told.txt": summary_text(kind, swims, part, report, now, pair, worth, left, at_the_end(chosen, grid)),
    }


def trusted_scores(
    tables: dict[str, pd.DataFrame], settings: dict
) -> tuple[comparison.ScorerComparison | None, list[str]]:
    """What people scored without what looks swapped or shifted, and why that is left out."""
    if any(not len(tables.get(name, ())) for name in ("windows", "states", "human_scores")):
        return None, []
    scores = comparison.compare_scorers(tables, settings["cohort"]["step_s"])
    doubtful = [
        one
        for one in rater_checks.all_findings(scores, settings["cohort"]["human_limits_s"])
        if one.doubtful and one.rater != comparison.AUTOMATIC
    ]
    for one in doubtful:
        for key in [key for key in scores.totals_s if key[0] == one.rater and one.recording in ("", key[1])]:
            del scores.totals_s[key]
            scores.timelines.pop(key, None)
    return scores, [f"{one.rater}{f' in {one.recording}' * bool(one.recording)}: {one.message}" for one in doubtful]


def rated_swims(
    recordings: Iterable[Record],
    tables: dict[str, pd.DataFrame],
    scores: comparison.ScorerComparison | None,
    rules: measures.ScoringRules,
) -> list[tuple[str, RatedSwim]]:
    """Swims that people scored and that have a window, with ``ethovision`` or ``video``."""
    found = []
    if scores is None:
        return found
    windows = tables["windows"].set_index("recording")[["start_s", "stop_s"]]
    for record in recordings:
        codec = record.facts["video"]["codec"]
        traces = dict(list(record.table("trace").groupby("recording", sort=False)))
        for row in record.rows["forced_swim"]:
            name = row["recording"]
            people_s = {
                a: s for (a, other), s in scores.totals_s.items() if other == name and a != comparison.AUTOMATIC
            }
            if people_s and name in windows.index and name in traces:
                lines = {a: scores.timelines[a, name] for a in people_s if (a, name) in scores.timelines}
                swim = RatedSwim(
                    name, row["animal"], row["video"], traces[name], record.facts["cylinders"][name]["gap_s"],
                    tuple(windows.loc[name]), rules.state_rules(codec), people_s, lines,
                )  # fmt: skip
                found.append((ETHOVISION if codec == ETHOVISION else "video", swim))
    return found


def most_common(found: list[tuple[str, RatedSwim]]) -> tuple[str, list[RatedSwim]]:
    """Videos or EthoVision exports, whichever people scored more of: they have thresholds of their own."""
    if not found:
        return "video", []
    kind = Counter(kind for kind, _ in found).most_common(1)[0][0]
    return kind, [swim for own, swim in found if own == kind]


def search_values(now: tuple[float, float], own: dict) -> tuple[np.ndarray, np.ndarray]:
    """Thresholds in equal ratios around the present one, and shortest bouts, the present one among both."""
    factors = np.geomspace(1 / own["widest_factor"], own["widest_factor"], own["threshold_steps"])
    return np.unique(np.append(now[0] * factors, now[0])), np.unique([*own["min_bouts_s"], now[1]])


def between_raters(swims: list[RatedSwim]) -> dict:
    """How far people are from one another: every pair of raters of every swim."""
    apart_s = [swim.people_s[a] - swim.people_s[b] for swim in swims for a, b in combinations(sorted(swim.people_s), 2)]
    return {"n": len(apart_s), "mean_error_s": float(np.mean(np.abs(apart_s))) if apart_s else np.nan}


def by_recording(
    swims: list[RatedSwim], part: np.ndarray, now: tuple[float, float], unseen: list[tuple[float, float]], step_s: float
) -> pd.DataFrame:
    """Each swim: what people scored, the present settings, and the settings fitted without its part."""
    return pd.DataFrame(
        [
            {
                "recording": swim.recording,
                "animal": swim.animal,
                "part": int(part[place]) + 1,
                "raters": " ".join(sorted(swim.people_s)),
                "people_s": swim.mean_s(),
                "present_s": threshold_fitting.rescored(swim, *now, step_s)[1],
                "fitted_s": threshold_fitting.rescored(swim, *unseen[place], step_s)[1],
                "threshold": unseen[place][0],
                "min_bout_s": unseen[place][1],
            }
            for place, swim in enumerate(swims)
        ]
    )


def grid_table(grid: SettingsGrid) -> pd.DataFrame:
    """Every pair of settings with its loss, over all swims."""
    apart_s = grid.seconds - grid.people_s[:, None, None]
    means = {"loss_s": grid.loss_s(), "mean_error_s": np.abs(apart_s), "bias_s": apart_s}
    t, b = np.meshgrid(grid.thresholds, grid.min_bouts_s, indexing="ij")
    columns = {name: values.mean(axis=0).ravel() for name, values in means.items()}
    return pd.DataFrame({"threshold": t.ravel(), "min_bout_s": b.ravel(), **columns})


def figure(grid: SettingsGrid, chosen: tuple[int, int], now: tuple[float, float], kind: str) -> str:
    """Loss against threshold, one line for each shortest bout; the chosen one in colour."""
    factor, unit = (100, "%") if kind == ETHOVISION else (1, "share of the body")
    mean_s, x = grid.loss_s().mean(axis=0), factor * grid.thresholds
    chart = Chart((float(x[0]), float(x[-1])), (0.0, 1.05 * float(mean_s.max())), f"Threshold ({unit})",
                  "Unlike people (s)", 520, 240)  # fmt: skip
    for bout in range(len(grid.min_bouts_s)):
        chart.line(x, mean_s[:, bout], "blue" if bout == chosen[1] else "grey")
    chart.moment(factor * now[0], "now")
    chart.moment(float(x[chosen[0]]), f"fitted, bouts of {grid.min_bouts_s[chosen[1]]:g} s", "orange")
    return chart.svg("How unlike people immobility is at every threshold; one line for each shortest bout")


def at_the_end(chosen: tuple[int, int], grid: SettingsGrid) -> bool:
    """Whether the best threshold is the lowest or highest tried, so that a better one may lie beyond."""
    return chosen[0] in (0, len(grid.thresholds) - 1)


def settings_text(kind: str, pair: tuple[float, float], worth: bool) -> str:
    """The lines for the cohort's settings.yaml."""
    name, value = setting_of(kind, pair[0])
    why = (
        "Fitted to people" if worth else "The present settings: fitted ones bring unseen swims hardly nearer to people"
    )
    return (
        f"# {why}; see report.csv beside this file.\nforced_swim:\n  quantify:\n    {name}: {value}\n"
        f"    min_bout_s: {pair[1]:g}\n"
    )


def setting_of(kind: str, threshold: float) -> tuple[str, str]:
    """Name and value of the threshold as settings have it."""
    if kind == ETHOVISION:
        return "ethovision_threshold_pct", f"{100 * threshold:.3g}"
    return "immobility_threshold", f"{threshold:.3g}"


def summary_text(
    kind: str, swims: list[RatedSwim], part: np.ndarray, report: pd.DataFrame, now: tuple[float, float],
    pair: tuple[float, float], worth: bool, left: list[str], at_end: bool,
) -> str:  # fmt: skip
    """What was found, in words for a lab member."""
    raters = sorted({rater for swim in swims for rater in swim.people_s})
    name, value = setting_of(kind, pair[0])
    present, fitted, people = report.to_dict("records")
    lines = [
        f"{len(swims)} swims of {len({swim.animal for swim in swims})} animals, scored by {', '.join(raters)}.",
        f"Present: {name} {setting_of(kind, now[0])[1]}, min_bout_s {now[1]:g}: {report_sentence(present)}.",
        f"Fitted: {name} {value}, min_bout_s {pair[1]:g}: {report_sentence(fitted)}, on swims they were not fitted to "
        f"({len(set(part))} parts, each left out once; an animal or video is never in two).",
    ]
    if people["n"]:
        lines.append(f"People are {people['mean_error_s']:.0f} s from one another on average.")
    if worth:
        lines.append("Copy the lines of settings.yaml beside this text into settings.yaml of the cohort folder.")
    else:
        gain_s = max(present["mean_error_s"] - fitted["mean_error_s"], 0.0)
        lines.append(f"Keep the present settings: fitted ones bring unseen swims {gain_s:.1f} s nearer to people.")
    if at_end:
        lines.append(
            "The best threshold is the last one tried: raise forced_swim.calibrate.widest_factor and try again."
        )
    lines += [f"Left out, {why}" for why in left]
    return "\n".join(lines) + "\n"


def report_sentence(row: dict) -> str:
    """One line of the report in words."""
    error_s = f"{row['mean_error_s']:.1f}" if row["mean_error_s"] < 10 else f"{row['mean_error_s']:.0f}"
    text = f"{error_s} s from people on average (bias {row['bias_s']:+.0f} s"
    if np.isfinite(row["loa_low_s"]):
        text += f", limits {row['loa_low_s']:.0f} to {row['loa_high_s']:.0f} s, ICC {row['icc']:.2f}"
    return text + (f", kappa {row['kappa']:.2f})" if np.isfinite(row["kappa"]) else ")")


def too_few_message(count: int, parts: int, needed: int, left: list[str]) -> str:
    """Why there is nothing to calibrate on, and what to do."""
    why = f"{count} swims scored by people can be used; {needed} are needed"
    if count >= needed and parts < 2:
        why = f"the {count} swims scored by people share one video or one animal; two that share neither are needed"
    left_out = f" Left out: {'; '.join(left)}." if left else ""
    return (
        f"Forced swim cannot be calibrated: {why}. Score more swims by hand, from several videos (8 to 10 are well), "
        f"into forced_swim_human_scores.{left_out}"
    )
