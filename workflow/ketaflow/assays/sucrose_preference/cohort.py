"""What needs all recordings: each animal over its test, side swaps, unusual intakes.

In: the assay's tables over all batches. Out: the table ``tests`` (one row per animal), means over the sessions of the
test as measurements, and checks. The baseline gate and the anhedonia class are reported, never applied.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from ketaflow.assays.sucrose_preference import constants
from ketaflow.assays.sucrose_preference.figures import preference_by_session
from ketaflow.assays.sucrose_preference.settings import CohortSettings
from ketaflow.core.results import Check, Figure, Measurement, Summary, Tables, check, measurement, within

# Measures that are averaged over the sessions of the test, as ``test_<measure>``.
OVER_TEST = (
    "sucrose_preference_pct",
    "sucrose_intake_g",
    "sucrose_intake_g_per_kg",
    "total_intake_ml_per_kg",
    "sucrose_lick_preference_pct",
)


# Measures that are drawn by session, and the titles of the figures.
PICTURES = (
    ("sucrose_preference_pct", "Preference in each session, by intake"),
    ("sucrose_lick_preference_pct", "Preference in each session, by licks"),
)


class _AnimalMean(NamedTuple):
    """Mean of a measure over the sessions of one animal's test."""

    animal: str
    analyte: str
    mean: float
    n: int
    n_sessions: int


def summarise(tables: Tables, cohort: Tables, settings: CohortSettings) -> Summary:
    """Average animals over their test, and check each in the light of the others.

    Parameters
    ----------
    tables : mapping of str to data frame
        ``measurements`` of all recordings of the assay.
    cohort : mapping of str to data frame
        The cohort's table ``sucrose_preference``.
    settings : CohortSettings
        Settings ``sucrose_preference.cohort``.

    Returns
    -------
    Summary
        Means over the test and side bias per animal, the table ``tests``, checks, and pictures of the sessions.
    """
    measured, bottles = tables["measurements"], cohort["sucrose_preference"]
    outliers = _outliers(measured, settings)
    preferences = _sessions(measured, "sucrose_preference_pct", bottles, settings).dropna(subset="value")
    pictures = _pictures(measured, bottles, settings)
    if preferences.empty:
        return Summary(checks=outliers, figures=pictures)
    tests = _tests(preferences, settings)
    means = [
        mean for measure in OVER_TEST for mean in _over_test(_sessions(measured, measure, bottles, settings), measure)
    ]
    return Summary(
        measurements=_side_biases(tests) + means,
        checks=outliers + _swap_checks(tests, settings),
        tables={"tests": tests},
        figures=pictures,
    )


def _pictures(measured: pd.DataFrame, bottles: pd.DataFrame, settings: CohortSettings) -> list[Figure]:
    """Preference of every animal in every session, by intake and by licks."""
    order = _session_order(bottles)
    made = []
    for measure, title in PICTURES:
        sessions = _sessions(measured, measure, bottles, settings).dropna(subset=["value", "animal", "session"])
        sessions = sessions.assign(place=sessions["session"].map(order)).sort_values(["place", "animal"], kind="stable")
        if len(sessions):
            made.append(preference_by_session(sessions, title))
    return made


def _session_order(bottles: pd.DataFrame) -> dict[str, int]:
    """Place of each session: by its first bottle, else as in the table."""
    starts = bottles.reindex(columns=["session", "start_time"]).groupby("session", sort=False)["start_time"].min()
    if starts.notna().all():
        starts = starts.sort_values(kind="stable")
    return {str(name): place for place, name in enumerate(starts.index)}


def _sessions(measured: pd.DataFrame, measure: str, bottles: pd.DataFrame, settings: CohortSettings) -> pd.DataFrame:
    """A measure of every recording, with the side of the solution and whether the session is a baseline."""
    found = measured.loc[measured["measure"].eq(measure)]
    found = found.reindex(columns=["animal", "recording", "session", "value", "analyte"])
    solution = bottles[bottles["content"].str.strip().str.lower().ne(constants.WATER) & bottles["dummy"].ne(True)]
    placed = solution[["recording", "side"]].drop_duplicates()
    sides = placed.drop_duplicates("recording").set_index("recording")["side"].astype(object)
    sides[placed.loc[placed["recording"].duplicated(), "recording"]] = "both"
    begins = tuple(name.lower() for name in settings.baseline_sessions)
    sessions = found["session"].astype(object).fillna("").str.lower()
    baseline = sessions.str.startswith(begins) if begins else pd.Series(False, index=found.index)
    return found.assign(side=found["recording"].map(sides), baseline=baseline.astype(bool))


def side_balanced_means(sessions: pd.DataFrame, by: Sequence[str]) -> "pd.Series[float]":
    """Mean of each group in which left and right count equally, however often the solution was on each side.

    Parameters
    ----------
    sessions : data frame
        One row per session: ``value``, ``side`` of the solution (left, right, both), and the columns ``by``.
    by : sequence of str
        Columns that form the groups.

    Returns
    -------
    series of float
        Mean of each group, indexed by ``by``.

    Notes
    -----
    A side habit adds to one side what it takes from the other, so it cancels in this mean. Where the solution was on
    one side only, or changed places within a session, it is the plain mean.
    """
    plain = sessions.groupby(list(by))["value"].mean()
    sides = sessions.groupby([*by, "side"])["value"].mean().unstack("side").reindex(columns=["left", "right", "both"])
    swapped = sides["left"].notna() & sides["right"].notna() & sides["both"].isna()
    return ((sides["left"] + sides["right"]) / 2).where(swapped).reindex(plain.index).fillna(plain)


def _over_test(sessions: pd.DataFrame, measure: str) -> list[Measurement]:
    """One value per animal, if any animal has several sessions; flagged where one of its sessions is missing."""
    test = sessions[~sessions["baseline"] & sessions["animal"].notna()]
    if test.empty or test.groupby("animal").size().max() < 2:
        return []
    by = ["animal", "analyte"]
    test = test.assign(analyte=test["analyte"].astype(object).fillna(""), value=test["value"].astype(float))
    made = test.groupby(by).agg(n=("value", "count"), n_sessions=("value", "size"))
    made["mean"] = side_balanced_means(test.dropna(subset="value"), by)
    rows = made.reset_index()[list(_AnimalMean._fields)]
    return [_mean_row(measure, _AnimalMean(*row)) for row in rows.itertuples(index=False)]


def _mean_row(measure: str, row: _AnimalMean) -> Measurement:
    """The measurement of one animal over its test."""
    missing = row.n_sessions - row.n
    reason = f"{missing} of {row.n_sessions} sessions gave no value" if missing else ""
    return measurement(
        f"test_{measure}",
        row.mean if row.n else None,
        animal=row.animal,
        recording="",
        session="",
        analyte=row.analyte or None,
        n=float(row.n) if row.n else None,
        status="flagged" if missing and row.n else None,
        reason=reason if row.n else "no session of the test gave a value",
    )


def _side_biases(tests: pd.DataFrame) -> list[Measurement]:
    """Side bias of each animal over its test, where the solution was on both sides."""
    known = tests[tests["side_bias_pct"].notna()]
    columns = (known[name].tolist() for name in ("animal", "side_bias_pct", "n_sessions"))
    return [
        measurement("side_bias_pct", bias, animal=animal, recording="", session="", n=float(n))
        for animal, bias, n in zip(*columns, strict=True)
    ]


def _tests(preferences: pd.DataFrame, settings: CohortSettings) -> pd.DataFrame:
    """One row per animal: mean preference of baseline and test, by side, and the classes in use."""
    test, base = preferences[~preferences["baseline"]], preferences[preferences["baseline"]]
    made = pd.DataFrame(index=pd.Index(sorted(preferences["animal"].unique()), name="animal"))
    made["baseline_preference_pct"] = base.groupby("animal")["value"].mean()
    made["test_preference_pct"] = side_balanced_means(test, ["animal"])
    made["n_sessions"] = test.groupby("animal").size().reindex(made.index).fillna(0).astype(int)
    for side in ("left", "right"):
        made[f"preference_{side}_pct"] = test[test["side"].eq(side)].groupby("animal")["value"].mean()
    made["side_bias_pct"] = (made["preference_left_pct"] - made["preference_right_pct"]).abs()
    baseline, tested = made["baseline_preference_pct"], made["test_preference_pct"]
    made["passes_baseline_gate"] = _yes_no(baseline >= settings.baseline_gate_pct, baseline)
    made["anhedonic"] = _yes_no(tested < settings.anhedonia_pct, tested)
    return made.reset_index()


def _yes_no(holds: "pd.Series[bool]", known: "pd.Series[float]") -> "pd.Series[str]":
    """Yes or no; missing where the value is not known."""
    return holds.map({True: "yes", False: "no"}).where(known.notna())


def _swap_checks(tests: pd.DataFrame, settings: CohortSettings) -> list[Check]:
    """Whether each animal had the solution on both sides, and preferred it on both alike."""
    high, tested = settings.side_difference_points, tests[tests["n_sessions"].ge(1)]
    made = []
    for animal, bias in zip(tested["animal"], tested["side_bias_pct"].tolist(), strict=True):
        if not np.isfinite(bias):
            message = (
                "the solution was on one side in all sessions of the test: a side bias cannot be told from preference"
            )
            made.append(check("swap_missing", None, verdict="warn", message=message, recording="", animal=animal))
            continue
        message = "difference between the preferences with the solution on the left and on the right"
        verdict = within(bias, None, high)
        made.append(
            check(
                "side_bias_swap",
                bias,
                unit="points",
                high=high,
                verdict=verdict,
                message=message,
                recording="",
                animal=animal,
            )
        )
    return made


def _outliers(measured: pd.DataFrame, settings: CohortSettings) -> list[Check]:
    """Total intakes far from their session's median: leaks too small for the limit of volume."""
    totals = measured[measured["measure"].eq("total_intake_g") & measured["value"].notna()]
    limit = settings.outlier_score
    made = []
    for _, session in totals.groupby("session"):
        if len(session) < settings.outlier_min_count:
            continue
        away = session["value"] - session["value"].median()
        spread = constants.MAD_TO_SD * away.abs().median()
        if not spread > 0:
            continue
        scores = away / spread
        far = scores.abs() > limit
        message = "total intake relative to its session's median, in robust standard deviations; possibly a small leak"
        columns = (session.loc[far, "recording"], session.loc[far, "animal"], scores[far])
        made += [
            check(
                "intake_outlier",
                score,
                recording=recording,
                animal=animal,
                high=limit,
                low=-limit,
                verdict="warn",
                message=message,
            )
            for recording, animal, score in zip(*columns, strict=True)
        ]
    return made
