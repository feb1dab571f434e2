"""Checks of one animal's chromatograms, calibration, fractions and baseline; and what its reviewer sees."""

import numpy as np
import pandas as pd

from ketaflow.assays.microdialysis.figures import review_figures
from ketaflow.assays.microdialysis.response import baseline_response
from ketaflow.assays.microdialysis.response.brain_time import MISSED, Fraction
from ketaflow.core.measures import check, within
from ketaflow.core.records import Record

# A drift of the baseline counts where chance would give such a slope more rarely than this.
TREND_P = 0.05
# A run shorter than this share of the animal's usual one is mentioned.
SHORT_RUN = 0.95


def qc(
    recording: Record,
    measured: Record,
    *,
    baseline_cv_max_pct: float,
    baseline_trend_max_pct: float,
    standard_error_max_pct: float,
    r_squared_min: float,
    signal_to_noise_min: float,
    tailing_max: float,
    resolution_min: float,
    foot_max_pct: float,
    shift_max_min: float,
    drift_max_pct: float,
) -> Record:
    """Check one animal. Figures: each chromatogram's trace; the animal's time course, calibration and drift."""
    tables = {
        name: measured.table(name).to_dict("records") for name in ("peaks", "calibration", "standards", "fractions")
    }
    by_path: dict[str, list[dict]] = {}
    for peak in tables["peaks"]:
        by_path.setdefault(peak["chromatogram"], []).append(peak)
    own = list(dict.fromkeys(row["chromatogram"] for row in recording.rows["microdialysis"] if row.get("chromatogram")))
    limits = {
        "signal_to_noise_min": signal_to_noise_min,
        "tailing_max": tailing_max,
        "resolution_min": resolution_min,
        "foot_max_pct": foot_max_pct,
        "shift_max_min": shift_max_min,
    }
    checks, shown = [], {}
    ends_min = {path: recording.arrays[facts["array"]][0] for path, facts in recording.facts["traces"].items()}
    ends_min = {path: float(times[-1]) for path, times in ends_min.items() if len(times)}
    for path in own:
        checks += _trace_checks(recording, path, by_path.get(path, []), limits)
        checks += _length_check(recording.name, path, ends_min)
        shown[path] = review_figures.of_trace(recording, path, by_path.get(path, []))
    checks += _standard_checks(recording, tables, standard_error_max_pct, r_squared_min, drift_max_pct)
    checks += _fraction_checks(recording, tables["fractions"])
    checks += _baseline_checks(recording.name, measured, baseline_cv_max_pct, baseline_trend_max_pct)
    shown[recording.name] = review_figures.of_animal(measured, tables, standard_error_max_pct) + review_figures.of_flux(
        recording
    )
    return Record(tables={"checks": checks}, figures=shown)


def _trace_checks(recording: Record, path: str, peaks: list[dict], limits: dict[str, float]) -> list[dict]:
    """Readable, saturated, signal to noise, tailing, resolution, foot and retention of one chromatogram."""
    about = {"recording": path, "animal": recording.name}
    reason = recording.facts["unreadable"].get(path)
    if reason:
        return [check("chromatogram_readable", None, verdict="fail", message=reason, **about)]
    named = [peak for peak in peaks if peak["analyte"]]
    cut = [peak for peak in named if peak["saturated"]]
    told = f"detector saturated at {', '.join(peak['analyte'] for peak in cut)}: dilute and inject again"
    made = [
        check(
            "saturated_peaks", len(cut), unit="peaks", high=0, verdict="fail" if cut else "pass", **about,
            message=told if cut else "no named peak is cut off",
        )
    ]  # fmt: skip
    for name, column, low, high, text in (
        ("signal_to_noise", "snr", limits["signal_to_noise_min"], None, "{analyte} rises {value:.1f} times the noise"),
        ("tailing", "tailing", None, limits["tailing_max"], "{analyte} tails (factor {value:.1f})"),
        ("resolution", "resolution", limits["resolution_min"], None, "{analyte} overlaps the peak before it"),
        ("foot", "foot_pct", None, limits["foot_max_pct"],
         "{analyte} begins or ends {value:.0f} % up its height: its area hangs on how the line is drawn"),
        ("retention_shift", "shift_min", -limits["shift_max_min"], limits["shift_max_min"],
         "{analyte} came {value:+.2f} min off"),
    ):  # fmt: skip
        made += _worst(named, name, column, low, high, text, about)
    return made


def _length_check(animal: str, path: str, ends_min: dict[str, float]) -> list[dict]:
    """Whether a run is as long as the animal's others: a plain export cut between two lines looks like a short run."""
    if path not in ends_min:
        return []
    usual = float(np.median(list(ends_min.values())))
    short = ends_min[path] < SHORT_RUN * usual
    text = f"the run ends after {ends_min[path]:.1f} min, the others after {usual:.1f}: is the file whole?"
    return [
        check(
            "run_length", ends_min[path], unit="min", low=SHORT_RUN * usual, recording=path, animal=animal,
            verdict="warn" if short else "pass", message=text if short else "the run is as long as the others",
        )
    ]  # fmt: skip


def _worst(
    named: list[dict], name: str, column: str, low: float | None, high: float | None, text: str, about: dict
) -> list[dict]:
    """One check for all named peaks: the one furthest from its limits speaks."""
    known = [peak for peak in named if np.isfinite(peak[column])]
    if not known:
        return []
    bad = [peak for peak in known if within(peak[column], low, high) != "pass"]
    worst = max(known, key=lambda peak: abs(peak[column])) if high is not None else min(known, key=lambda p: p[column])
    value = worst[column]
    message = text.format(analyte=worst["analyte"], value=value) if bad else f"{name.replace('_', ' ')} as it should be"
    verdict = "warn" if bad else "pass"
    return [check(name, value, low=low, high=high, verdict=verdict, message=message, place=worst["analyte"], **about)]


def _standard_checks(
    recording: Record, tables: dict[str, list[dict]], error_max_pct: float, r_squared_min: float, drift_max_pct: float
) -> list[dict]:
    """Standards that cannot be read; each analyte's line, its standards read back, and repeated ones."""
    about = {"recording": recording.name, "animal": recording.name}
    own = {row["chromatogram"] for row in recording.rows.get("microdialysis_standards", [])}
    made = [
        check("standard_readable", None, verdict="warn", message=recording.facts["unreadable"][path], **about)
        for path in sorted(own & set(recording.facts["unreadable"]))
    ]
    for line in tables["calibration"]:
        here = {"place": line["analyte"], **about}
        rows = [row for row in tables["standards"] if row["analyte"] == line["analyte"] and row["concentration_um"]]
        verdict = within(line["r_squared"], r_squared_min, None) if line["levels"] > 1 else "warn"
        text = f"{line['analyte']}: {line['levels']} levels, r2 {line['r_squared']:.4f}"
        made.append(
            check("calibration_r2", line["r_squared"], low=r_squared_min, verdict=verdict, message=text, **here)
        )
        made.append(_read_back(rows, line, error_max_pct, here))
        made += _drift(rows, line["analyte"], drift_max_pct, here)
    return made


def _read_back(rows: list[dict], line: dict, error_max_pct: float, here: dict) -> dict:
    """How far the standards of one analyte read back from what they hold; the lowest may be 5 % further off."""
    known = [row for row in rows if np.isfinite(row["error_pct"])]
    lowest = line["lowest_um"] * 1.01
    off = [row for row in known if abs(row["error_pct"]) > error_max_pct + 5 * (row["concentration_um"] <= lowest)]
    worst = max((abs(row["error_pct"]) for row in known), default=np.nan)
    text = f"{line['analyte']}: {len(off)} of {len(rows)} standards read back more than {error_max_pct:g} % off"
    verdict = "warn" if off or len(known) < len(rows) else "pass"
    return check("standards_read_back", worst, unit="%", high=error_max_pct, verdict=verdict, message=text, **here)


def _drift(rows: list[dict], analyte: str, drift_max_pct: float, here: dict) -> list[dict]:
    """Spread of repeated injections of one standard."""
    by_level: dict[float, list[float]] = {}
    for row in rows:
        if np.isfinite(row["response"]):
            by_level.setdefault(row["concentration_um"], []).append(row["response"])
    spreads = [100 * float(np.ptp(values) / np.mean(values)) for values in by_level.values() if len(values) > 1]
    if not spreads:
        return []
    most = max(spreads)
    text = f"{analyte}: repeated injections of a standard differ by up to {most:.0f} %"
    verdict = within(most, None, drift_max_pct)
    return [check("standard_drift", most, unit="%", high=drift_max_pct, verdict=verdict, message=text, **here)]


def _fraction_checks(recording: Record, fractions: list[dict]) -> list[dict]:
    """Lag, lost fractions, changes of flow, and values that have a state in place of a number."""
    about = {"recording": recording.name, "animal": recording.name}
    once = list({(row["region"], row["fraction"]): row for row in fractions}.values())
    made = [_lag_check(recording, once, about), _lost_check(once, about), _flow_check(once, about)]
    for state in ("above_range", "below_loq", "saturated"):
        rows = [row for row in fractions if row["state"] == state]
        if rows:
            text = (
                f"{len(rows)} values {state.replace('_', ' ')}: {', '.join(sorted({row['analyte'] for row in rows}))}"
            )
            made.append(check(state, len(rows), unit="values", high=0, verdict="warn", message=text, **about))
    return made


def _lag_check(recording: Record, once: list[dict], about: dict) -> dict:
    lag = float(np.median([row["lag_min"] for row in once]))
    known = lag > 0 or all(row.get("dead_volume_ul") is not None for row in recording.rows["microdialysis"])
    text = f"fractions left the brain {lag:.1f} min before they reached the tube" if known else (
        "no dead volume is given: times are those of the tube, later than those of the brain"
    )  # fmt: skip
    return check("lag", lag, unit="min", verdict="pass" if known else "warn", message=text, **about)


def _lost_check(once: list[dict], about: dict) -> dict:
    gone = [row for row in once if row["kind"] == MISSED or row["state"] in (MISSED, "failed")]
    text = f"{len(gone)} of {len(once)} fractions hold no value" if gone else "every fraction was measured"
    verdict = "warn" if gone else "pass"
    return check("missing_fractions", len(gone), unit="fractions", high=0, verdict=verdict, message=text, **about)


def _flow_check(once: list[dict], about: dict) -> dict:
    flows = {row["flow_ul_per_min"] for row in once}
    changed = f"the flow changed ({min(flows):g} to {max(flows):g} ul/min), and recovery with it"
    verdict, text = ("warn", changed) if len(flows) > 1 else ("pass", "one flow throughout")
    return check("flow", max(flows), unit="ul/min", verdict=verdict, message=text, **about)


def _baseline_checks(animal: str, measured: Record, cv_max_pct: float, trend_max_pct: float) -> list[dict]:
    """Spread and drift of each analyte's baseline, from the fractions that made it."""
    table, made = measured.table("measurements"), []
    counts = table[table["measure"].eq("baseline_um")]
    for (region, analyte), rows in measured.table("fractions").groupby(["region", "analyte"], dropna=False, sort=False):
        here = {"recording": animal, "animal": animal, "place": analyte}
        own = counts[counts["analyte"].eq(analyte) & (counts["region"].eq(region) | counts["region"].isna())]
        if not len(own):
            continue
        if not np.isfinite(own["value"].astype(float).iloc[0]):
            made.append(check("baseline", None, verdict="fail", message=f"{analyte}: {own['reason'].iloc[0]}", **here))
            continue
        base = _baseline(rows, int(own["n"].iloc[0]))
        text = f"{analyte}: CV of the baseline {base.cv_pct:.0f} % over {base.count} fractions"
        spread = {"verdict": within(base.cv_pct, None, cv_max_pct), "message": text}
        made.append(check("baseline_cv", base.cv_pct, unit="%", high=cv_max_pct, **spread, **here))
        drifts = abs(base.trend_pct) > trend_max_pct and base.trend_p < TREND_P
        text = f"{analyte}: the baseline changes by {base.trend_pct:+.0f} % (p = {base.trend_p:.2f})"
        trend = {"low": -trend_max_pct, "high": trend_max_pct, "verdict": "warn" if drifts else "pass", "message": text}
        made.append(check("baseline_trend", base.trend_pct, unit="%", **trend, **here))
    return made


def _baseline(rows: pd.DataFrame, count: int) -> baseline_response.Baseline:
    """The baseline of one analyte, from its rows of the table of fractions."""
    moved = [
        Fraction(row.fraction, row.start_min, row.stop_min, row.kind, row.merged, row.flow_ul_per_min, row.lag_min, {})
        for row in rows.itertuples()
    ]
    return baseline_response.baseline_of(moved, rows["concentration_um"].to_numpy(float), count=count, least=1)
