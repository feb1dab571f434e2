"""What shows only when all recordings are seen: the animal over its whole test, swaps, odd intakes.

In: the assay's tables over all batches. Out: ``tests`` (one row an animal), preference, intake and side
bias over the sessions of the test as measurements, and checks. The baseline gate and the anhedonia class
are shown, never applied.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from ketaflow.assays.sucrose_preference.bottles.loss import WATER
from ketaflow.core.measures import check, measurement

# Scales the median absolute deviation to the standard deviation of a normal distribution.
MAD_TO_SD = 1.4826
# What is averaged over the sessions of the test, as ``test_<measure>``.
OVER_TEST = (
    "sucrose_preference_pct",
    "sucrose_intake_g",
    "sucrose_intake_g_per_kg",
    "total_intake_ml_per_kg",
    "sucrose_lick_preference_pct",
)


def summarise(
    tables: dict[str, pd.DataFrame],
    rows: dict[str, pd.DataFrame],
    *,
    baseline_sessions: list[str],
    baseline_gate_pct: float,
    anhedonia_pct: float,
    side_difference_points: float,
    outlier_score: float,
    outlier_min_count: int,
) -> dict[str, pd.DataFrame]:
    """Animals over their test, and what to doubt in the light of the others."""
    measured, bottles = tables["measurements"], rows["sucrose_preference"]
    preferences = _sessions(measured, "sucrose_preference_pct", bottles, baseline_sessions).dropna(subset="value")
    outliers = _outliers(measured, outlier_score, outlier_min_count)
    if preferences.empty:
        return {"checks": pd.DataFrame(outliers)} if outliers else {}
    tests = _tests(preferences, baseline_gate_pct, anhedonia_pct)
    checks = outliers + _swap_checks(tests, side_difference_points)
    means = [
        mean
        for measure in OVER_TEST
        for mean in _over_test(_sessions(measured, measure, bottles, baseline_sessions), measure)
    ]
    biases = [
        measurement(
            "side_bias_pct", row.side_bias_pct, unit="%", animal=row.animal, recording="", session="", n=row.n_sessions
        )
        for row in tests.itertuples()
        if np.isfinite(row.side_bias_pct)
    ]
    return {"tests": tests, "measurements": pd.DataFrame(biases + means), "checks": pd.DataFrame(checks)}


def _sessions(
    measured: pd.DataFrame, measure: str, bottles: pd.DataFrame, baseline_sessions: list[str]
) -> pd.DataFrame:
    """A measure of every recording, with the side the solution hung on; values that could not be had are NaN."""
    told = ["animal", "recording", "session", "value", "unit", "analyte"]
    found = measured.loc[measured["measure"].eq(measure)].reindex(columns=told)
    solution = bottles[bottles["content"].str.strip().str.lower().ne(WATER) & bottles["dummy"].ne(True)]
    hung = solution[["recording", "side"]].drop_duplicates()
    sides = hung.drop_duplicates("recording").set_index("recording")["side"].astype(object)
    sides[hung.loc[hung["recording"].duplicated(), "recording"]] = "both"
    begins = tuple(name.lower() for name in baseline_sessions)
    sessions = found["session"].astype(object).fillna("").str.lower()
    baseline = sessions.str.startswith(begins) if begins else pd.Series(False, index=found.index)
    return found.assign(side=found["recording"].map(sides), baseline=baseline.astype(bool))


def side_balanced_means(sessions: pd.DataFrame, by: list[str]) -> pd.Series:
    """Mean ``value`` of each group in which left and right count equally, however often the solution hung on each.

    A habit of side adds to one side what it takes from the other, so it leaves this mean. Where the
    solution hung on one side only, or changed places within a session, it is the plain mean.
    """
    plain = sessions.groupby(by)["value"].mean()
    sides = sessions.groupby([*by, "side"])["value"].mean().unstack("side").reindex(columns=["left", "right", "both"])
    swapped = sides["left"].notna() & sides["right"].notna() & sides["both"].isna()
    return ((sides["left"] + sides["right"]) / 2).where(swapped).reindex(plain.index).fillna(plain)


def _over_test(sessions: pd.DataFrame, measure: str) -> list[dict]:
    """One value an animal, where any animal has several sessions; flagged where one of its sessions is missing."""
    test = sessions[~sessions["baseline"] & sessions["animal"].notna()]
    if test.empty or test.groupby("animal").size().max() < 2:
        return []
    by = ["animal", "analyte"]
    test = test.assign(analyte=test["analyte"].astype(object).fillna(""), value=test["value"].astype(float))
    made = test.groupby(by).agg(unit=("unit", "first"), n=("value", "count"), n_sessions=("value", "size"))
    made["mean"] = side_balanced_means(test.dropna(subset="value"), by)
    return [_mean_row(measure, row) for row in made.reset_index().itertuples()]


def _mean_row(measure: str, row: NamedTuple) -> dict:
    """The measurement of one animal over its test."""
    more = {"unit": row.unit, "animal": row.animal, "recording": "", "session": ""}
    if row.analyte:
        more["analyte"] = row.analyte
    if not row.n:
        return measurement(f"test_{measure}", None, reason="no session of the test gave a value", **more)
    if row.n < row.n_sessions:
        missing = row.n_sessions - row.n
        more |= {"status": "flagged", "reason": f"{missing} of {row.n_sessions} sessions gave no value"}
    return measurement(f"test_{measure}", row.mean, n=row.n, **more)


def _tests(preferences: pd.DataFrame, baseline_gate_pct: float, anhedonia_pct: float) -> pd.DataFrame:
    """One row an animal: mean preference of baseline and test, by side, and the classes in use."""
    test, base = preferences[~preferences["baseline"]], preferences[preferences["baseline"]]
    made = pd.DataFrame(index=pd.Index(sorted(preferences["animal"].unique()), name="animal"))
    made["baseline_preference_pct"] = base.groupby("animal")["value"].mean()
    made["test_preference_pct"] = side_balanced_means(test, ["animal"])
    made["n_sessions"] = test.groupby("animal").size().reindex(made.index).fillna(0).astype(int)
    for side in ("left", "right"):
        made[f"preference_{side}_pct"] = test[test["side"].eq(side)].groupby("animal")["value"].mean()
    made["side_bias_pct"] = (made["preference_left_pct"] - made["preference_right_pct"]).abs()
    made["passes_baseline_gate"] = _class(
        made["baseline_preference_pct"] >= baseline_gate_pct, made["baseline_preference_pct"]
    )
    made["anhedonic"] = _class(made["test_preference_pct"] < anhedonia_pct, made["test_preference_pct"])
    return made.reset_index()


def _class(holds: pd.Series, known: pd.Series) -> pd.Series:
    """yes or no; empty where the value is not known."""
    return holds.map({True: "yes", False: "no"}).where(known.notna())


def _swap_checks(tests: pd.DataFrame, side_difference_points: float) -> list[dict]:
    """Whether each animal had the solution on both sides, and drank it on both."""
    made = []
    for row in tests.itertuples():
        if row.n_sessions < 1:
            continue
        own = {"recording": "", "animal": row.animal}
        if not np.isfinite(row.side_bias_pct):
            said = "the solution hung on one side in all sessions that count: a habit of side looks like preference"
            made.append(check("swap_missing", None, verdict="warn", message=said, **own))
            continue
        verdict = "pass" if row.side_bias_pct <= side_difference_points else "warn"
        said = "difference between preferences with the solution left and right"
        made.append(
            check(
                "side_bias_swap",
                row.side_bias_pct,
                unit="points",
                high=side_difference_points,
                verdict=verdict,
                message=said,
                **own,
            )
        )
    return made


def _outliers(measured: pd.DataFrame, outlier_score: float, outlier_min_count: int) -> list[dict]:
    """Total intakes far from their session's median: leaks too small for the limit of volume."""
    totals = measured[measured["measure"].eq("total_intake_g") & measured["value"].notna()]
    made = []
    for _, session in totals.groupby("session"):
        if len(session) < outlier_min_count:
            continue
        away = session["value"] - session["value"].median()
        spread = MAD_TO_SD * away.abs().median()
        if not spread > 0:
            continue
        far = session[(away / spread).abs() > outlier_score]
        scores = (away / spread).loc[far.index]
        said = "total intake against its session's median, in robust standard deviations: perhaps a small leak"
        made += [
            check(
                "intake_outlier", score, recording=row.recording, animal=row.animal, high=outlier_score,
                low=-outlier_score, verdict="warn", message=said,
            )
            for row, score in zip(far.itertuples(), scores, strict=True)
        ]  # fmt: skip
    return made
