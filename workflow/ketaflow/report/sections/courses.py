"""Time courses that an assay's measures call for, whether or not the plan compares them."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from ketaflow.report import endpoints
from ketaflow.report.endpoints import Endpoint
from ketaflow.report.figures.time_course import time_course
from ketaflow.report.model import PlannedEndpoint, Study
from ketaflow.report.palette import Arm

# Columns by which a measure falls into courses of their own.
APART = ("analyte", "region", "session")
CONFIDENCE = 0.95
# Courses shown of one measure at most, so that a run of 20 amino acids does not fill the page.
MOST_COURSES = 8


@dataclass(frozen=True)
class Course:
    """A time course: its name, its title, and the figure (SVG)."""

    name: str
    title: str
    figure: str


def courses(study: Study, arms: list[Arm], shown: list[Endpoint]) -> list[Course]:
    """Draw the time courses of the measures that are marked ``time_course`` and are no endpoint.

    Parameters
    ----------
    study : Study
        Its measurements, allocation and exclusions by reviewers.
    arms : list of Arm
        All arms, in their order.
    shown : list of Endpoint
        The endpoints of the page; those are drawn there.

    Returns
    -------
    list of Course
        At most ``MOST_COURSES`` of each measure, in the order of its rows.
    """
    return [
        Course(one.name, one.title, figure) for one in uncompared(study, shown) if (figure := time_course(one, arms))
    ]


def uncompared(study: Study, shown: list[Endpoint]) -> list[Endpoint]:
    """Return the time courses that are no endpoint, as endpoints that nothing compares.

    Parameters
    ----------
    study : Study
        Its measurements, allocation and exclusions by reviewers.
    shown : list of Endpoint
        The endpoints of the page.

    Returns
    -------
    list of Endpoint
        At most ``MOST_COURSES`` of each measure, in the order of its rows, with at least two time points each.
    """
    made: list[Endpoint] = []
    drawn = [(one.plan.assay, one.plan.measure, _where(one.plan)) for one in shown]
    for assay, measures in study.measures.items():
        for measure, info in measures.items():
            if not info.time_course:
                continue
            rows = study.measurements
            rows = rows[rows["assay"].eq(assay) & rows["measure"].eq(measure) & rows["value"].notna()]
            by = [column for column in APART if column in rows and rows[column].notna().any()]
            if "period" in study.allocation and "session" in by:
                by.remove("session")
            groups = rows[by].drop_duplicates().dropna().to_dict("records") if by else [{}]
            for group in groups[:MOST_COURSES]:
                planned = PlannedEndpoint(
                    assay, measure, {str(column): (value,) for column, value in group.items()},
                    design="crossover" if "period" in study.allocation else "",
                )  # fmt: skip
                covered = [where for *named, where in drawn if named == [assay, measure]]
                if not any(where <= _where(planned) for where in covered):
                    made += _course(f"course_{len(made) + 1}", planned, study)
    return made


def _where(planned: PlannedEndpoint) -> frozenset[tuple[str, str]]:
    return frozenset((column, str(value)) for column, values in planned.where.items() for value in values)


def _course(name: str, planned: PlannedEndpoint, study: Study) -> list[Endpoint]:
    """The course of one analyte; none with fewer than two time points."""
    endpoint = endpoints.endpoint_of(name, planned, study)
    values = endpoint.values[~endpoint.values["recording"].isin(_rejected(study))]
    if values["time_min"].nunique() < 2:
        return []
    return [replace(endpoint, values=values, tables={**endpoint.tables, "descriptives": _described(values)})]


def _rejected(study: Study) -> set[str]:
    """Recordings that a reviewer rejected."""
    table = study.statistics.get("exclusions")
    if table is None or not {"source", "recording"} <= set(table):
        return set()
    return set(table.loc[table["source"].eq("reviewer"), "recording"].dropna())


def _described(values: pd.DataFrame) -> pd.DataFrame:
    """Mean of each arm and time over animals, with the 95 % interval of the t distribution."""
    per_animal = values.groupby(["arm", "time_min", "animal"], sort=True)["value"].mean()
    rows = per_animal.groupby(level=["arm", "time_min"]).agg(["mean", "std", "count"]).reset_index()
    count = rows["count"].to_numpy(float)
    half = np.full(len(rows), np.nan)
    several = count > 1
    spread = rows["std"].to_numpy(float)[several] / np.sqrt(count[several])
    half[several] = stdtrit(count[several] - 1, (1 + CONFIDENCE) / 2) * spread
    return rows[["arm", "time_min", "mean"]].assign(ci_low=rows["mean"] - half, ci_high=rows["mean"] + half)
