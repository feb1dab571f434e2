"""Values that do not enter an endpoint, with the reason: failed values, rules of the plan, reviewers' decisions."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from ketaflow.statistics import exclusion_rules
from ketaflow.statistics.dataset import Cohort
from ketaflow.statistics.exclusion_rules import Values, ValuesOf
from ketaflow.statistics.model import Endpoint
from ketaflow.statistics.results.rows import NAN, ExclusionRow

COLUMNS = ("assay", "animal", "recording", "session", "time_min", "sample", "value")
NO_REASON = "no reason was given"


@dataclass(frozen=True)
class Kept:
    """Rows that stay in an analysis.

    Attributes
    ----------
    rows : data frame
        Rows of measurements.csv that stay.
    excluded : list of ExclusionRow
        Rows of the exclusions table for the others.
    notes : tuple of str
        What the methods paragraph and the reader should know.
    """

    rows: pd.DataFrame
    excluded: list[ExclusionRow]
    notes: tuple[str, ...] = ()


def failed(rows: pd.DataFrame) -> Kept:
    """Exclude rows without a value.

    Parameters
    ----------
    rows : data frame
        Rows of measurements.csv.

    Returns
    -------
    Kept
        Rows with a value; the others are excluded with the reason that the measurement gives.
    """
    empty = rows["value"].isna()
    if not empty.any():
        return Kept(rows, [])
    excluded = [
        replace(row, source="no value", reason=reason if isinstance(reason, str) and reason else NO_REASON)
        for row, reason in zip(_excluded(rows[empty]), rows.loc[empty, "reason"], strict=True)
    ]
    return Kept(rows[~empty], excluded)


def unallocated(rows: pd.DataFrame, cohort: Cohort) -> Kept:
    """Exclude rows of animals without an arm.

    Parameters
    ----------
    rows : data frame
        Rows of measurements.csv.
    cohort : Cohort
        Its allocation counts.

    Returns
    -------
    Kept
        Rows of allocated animals, and the others as exclusions.
    """
    allocated = np.array([animal in cohort.allocated for animal in rows["animal"]], dtype=bool)
    if allocated.all():
        return Kept(rows, [])
    reason = "the animal is not in allocation"
    return Kept(rows[allocated], [replace(row, source="no arm", reason=reason) for row in _excluded(rows[~allocated])])


def rejected(rows: pd.DataFrame, decisions: pd.DataFrame) -> Kept:
    """Exclude what reviewers rejected.

    Parameters
    ----------
    rows : data frame
        Rows of measurements.csv.
    decisions : data frame
        Rejections: ``assay``, ``recording``, ``animal``, ``reviewer``, ``reason``. One without an animal applies to all
        animals of the recording.

    Returns
    -------
    Kept
        Rows of recordings that nobody rejected, and the others as exclusions, each once.
    """
    excluded, out = [], pd.Series(False, index=rows.index)
    for decision in decisions.to_dict("records"):
        hit = (rows["assay"] == decision["assay"]) & (rows["recording"] == decision["recording"]) & ~out
        if isinstance(decision.get("animal"), str) and decision["animal"]:
            hit &= rows["animal"] == decision["animal"]
        out |= hit
        reviewer, reason = decision["reviewer"], decision["reason"] or NO_REASON
        excluded += [replace(row, source="reviewer", reviewer=reviewer, reason=reason) for row in _excluded(rows[hit])]
    return Kept(rows[~out], excluded)


def planned(
    rows: pd.DataFrame, endpoint: Endpoint, measurements: pd.DataFrame, checks: pd.DataFrame, cohort: Cohort
) -> Kept:
    """Exclude what the rules of the plan exclude.

    Parameters
    ----------
    rows : data frame
        Rows of the endpoint.
    endpoint : Endpoint
        The endpoint's entry in the plan.
    measurements, checks : data frame
        The two tables of all assays, whose values the rules compare.
    cohort : Cohort
        Animals, whose columns the rules compare.

    Returns
    -------
    Kept
        With a note for each rule that could not be evaluated for some rows; these are kept.
    """
    excluded, notes, out = [], [], pd.Series(False, index=rows.index)
    for rule in endpoint.exclude:
        lookup = _lookup(rule.when, endpoint, measurements, checks, cohort)
        verdicts = [exclusion_rules.holds(rule.when, lookup(row)) for row in rows.to_dict("records")]
        unknown = sum(verdict is None for verdict in verdicts)
        if unknown:
            notes.append(
                f"the rule '{rule.when}' could not be evaluated for {unknown} of {len(rows)} rows, which are kept"
            )
        hit = pd.Series([bool(verdict) for verdict in verdicts], index=rows.index) & ~out
        out |= hit
        excluded += [replace(row, source="plan", rule=rule.when, reason=rule.reason) for row in _excluded(rows[hit])]
    return Kept(rows[~out], excluded, tuple(notes))


def _lookup(
    text: str, endpoint: Endpoint, measurements: pd.DataFrame, checks: pd.DataFrame, cohort: Cohort
) -> Callable[[Any], ValuesOf]:
    """For a row, return a function from a name to its values: the recording's, else the animal's."""
    names = exclusion_rules.names(text)
    of_names = measurements[measurements["measure"].isin(names) & measurements["value"].notna()]
    own = of_names[of_names["assay"] == endpoint.assay]
    with_recording = own.dropna(subset=["recording"])
    by_recording = with_recording.groupby(["measure", "recording", "animal"])["value"].agg(list).to_dict()
    by_animal = own.groupby(["measure", "animal"])["value"].agg(list).to_dict()
    elsewhere = of_names.groupby(["measure", "animal"])["value"].agg(list).to_dict()
    checked = checks[checks["check"].isin(names) & checks["value"].notna() & (checks["assay"] == endpoint.assay)]
    by_check: dict[tuple[str, str, str], list[float]] = {}
    for row in checked.to_dict("records"):
        animal = row["animal"] if isinstance(row["animal"], str) else ""
        by_check.setdefault((row["check"], row["recording"], animal), []).append(row["value"])
    animals = cohort.animals.drop_duplicates("animal").set_index("animal")

    def of_row(row: Any) -> ValuesOf:
        animal, recording = row["animal"], row["recording"]

        def values(name: str) -> Values:
            checks_of = [by_check.get((name, recording, who), []) for who in ("", animal)]
            for found in (
                by_recording.get((name, recording, animal)),
                by_animal.get((name, animal)),
                elsewhere.get((name, animal)),
                [value for own_values in checks_of for value in own_values],
            ):
                if found:
                    return list(found)
            value = row.get(name) if name in ("status", "value") else None
            if name in animals and value is None:
                value = animals.at[animal, name]
            return [] if value is None or pd.isna(value) else [value]

        return values

    return of_row


def _excluded(rows: pd.DataFrame) -> list[ExclusionRow]:
    found: list[ExclusionRow] = []
    if not len(rows):
        return found
    for values in rows.reindex(columns=list(COLUMNS)).itertuples(index=False, name=None):
        given = {name: value for name, value in zip(COLUMNS, values, strict=True) if not pd.isna(value)}
        found.append(replace(ExclusionRow(value=NAN), **given))
    return found
