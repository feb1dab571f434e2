"""What does not enter an endpoint, and why: failed values, rules of the plan, reviewers' decisions."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from ketaflow.statistics import dataset, exclusion_rules
from ketaflow.statistics.model import Endpoint, Line

KEPT = ("assay", "animal", "recording", "session", "time_min", "sample", "value")


def failed(rows: pd.DataFrame) -> tuple[pd.DataFrame, list[Line]]:
    """Rows with a value, and a line for each without."""
    empty = rows["value"].isna()
    if not empty.any():
        return rows, []
    lines = [
        line | {"source": "no value", "reason": reason if isinstance(reason, str) and reason else "no reason was given"}
        for line, reason in zip(_lines(rows[empty]), rows.loc[empty, "reason"], strict=True)
    ]
    return rows[~empty], lines


def unallocated(rows: pd.DataFrame, known: dataset.Cohort) -> tuple[pd.DataFrame, list[Line]]:
    """Rows of animals that have an arm, and a line for each animal that has none."""
    allocated = np.array([animal in known.allocated for animal in rows["animal"]], dtype=bool)
    if allocated.all():
        return rows, []
    lines = [
        line | {"source": "no arm", "reason": "the animal is not in allocation"} for line in _lines(rows[~allocated])
    ]
    return rows[allocated], lines


def rejected(rows: pd.DataFrame, decisions: pd.DataFrame) -> tuple[pd.DataFrame, list[Line]]:
    """Rows no reviewer rejected. A decision without an animal is about everybody in the recording."""
    lines, out = [], pd.Series(False, index=rows.index)
    for decision in decisions.to_dict("records"):
        hit = (rows["assay"] == decision["assay"]) & (rows["recording"] == decision["recording"]) & ~out
        if isinstance(decision.get("animal"), str) and decision["animal"]:
            hit &= rows["animal"] == decision["animal"]
        out |= hit
        told = {
            "source": "reviewer",
            "reviewer": decision["reviewer"],
            "reason": decision["reason"] or "no reason was given",
        }
        lines += [line | told for line in _lines(rows[hit])]
    return rows[~out], lines


def planned(
    rows: pd.DataFrame, endpoint: Endpoint, measurements: pd.DataFrame, checks: pd.DataFrame, known: dataset.Cohort
) -> tuple[pd.DataFrame, list[Line], list[str]]:
    """Rows the plan's rules leave in, a line for each that they take out, and notes on rules that could not be read."""
    lines, notes, out = [], [], pd.Series(False, index=rows.index)
    for rule in endpoint.exclude:
        lookup = _lookup(rule.when, endpoint, measurements, checks, known)
        verdicts = [exclusion_rules.holds(rule.when, lookup(row)) for row in rows.to_dict("records")]
        unknown = sum(verdict is None for verdict in verdicts)
        if unknown:
            notes.append(
                f"the rule '{rule.when}' could not be decided for {unknown} of {len(rows)} rows, which stay in"
            )
        hit = pd.Series([bool(verdict) for verdict in verdicts], index=rows.index) & ~out
        out |= hit
        lines += [line | {"source": "plan", "rule": rule.when, "reason": rule.reason} for line in _lines(rows[hit])]
    return rows[~out], lines, notes


def _lookup(text: str, endpoint: Endpoint, measurements, checks, known) -> Callable[[dict], Callable[[str], list]]:
    """For a row, a function from a name to its values: the row's own, the recording's, else the animal's."""
    names = exclusion_rules.names(text)
    of_names = measurements[measurements["measure"].isin(names) & measurements["value"].notna()]
    own = of_names[of_names["assay"] == endpoint.assay]
    by_recording = (
        own.dropna(subset=["recording"]).groupby(["measure", "recording", "animal"])["value"].agg(list).to_dict()
    )
    by_animal = own.groupby(["measure", "animal"])["value"].agg(list).to_dict()
    elsewhere = of_names.groupby(["measure", "animal"])["value"].agg(list).to_dict()
    checked = checks[checks["check"].isin(names) & checks["value"].notna()]
    own_checks = checked[checked["assay"] == endpoint.assay]
    by_check = [
        (row["check"], row["recording"], row["animal"] if isinstance(row["animal"], str) else None, row["value"])
        for row in own_checks.to_dict("records")
    ]
    animals = known.people.drop_duplicates("animal").set_index("animal")

    def of_row(row: Line) -> Callable[[str], list]:
        def values(name: str) -> list:
            animal = row["animal"]
            for found in (
                by_recording.get((name, row["recording"], animal)),
                by_animal.get((name, animal)),
                elsewhere.get((name, animal)),
                [
                    v
                    for check, rec, who, v in by_check
                    if check == name and rec == row["recording"] and who in (None, animal)
                ],
            ):
                if found:
                    return found
            value = (
                row.get(name) if name in ("status", "value") else animals.at[animal, name] if name in animals else None
            )
            return [] if value is None or pd.isna(value) else [value]

        return values

    return of_row


def _lines(rows: pd.DataFrame) -> list[Line]:
    if not len(rows):
        return []
    return rows.reindex(columns=list(KEPT)).to_dict("records")
