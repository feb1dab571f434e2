"""What the two pages are made from: the tables of a study, its plan, and what is known about the run.

The plan, its lock, the versions and the figures of the assays come as JSON or YAML; ``read`` of each class turns them
into dataclasses.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import pandas as pd

from ketaflow.core.results import Figure
from ketaflow.report import formatting
from ketaflow.review.decisions import Decisions

ROLES = ("primary", "secondary", "exploratory")


@dataclass(frozen=True)
class ReportSettings:
    """The block ``report`` of the settings; settings.schema.yaml describes each."""

    page_size_mb: float
    reject_reasons: tuple[str, ...]
    correlation_min_animals: int
    hide_outcome: bool
    show_earlier_decisions: bool

    @classmethod
    def from_dict(cls, block: Mapping[str, Any]) -> Self:
        """Build from the block of the settings."""
        return cls(
            page_size_mb=float(block["page_size_mb"]),
            reject_reasons=tuple(block["reject_reasons"]),
            correlation_min_animals=int(block["correlation_min_animals"]),
            hide_outcome=bool(block["hide_outcome"]),
            show_earlier_decisions=bool(block["show_earlier_decisions"]),
        )


@dataclass(frozen=True)
class MechanismStep:
    """A step of the effect overview that an assay adds.

    Attributes
    ----------
    title : str
        Its heading.
    after : str
        Name of the step it follows (figures/effect_overview.yaml).
    """

    title: str
    after: str


@dataclass(frozen=True)
class MeasureInfo:
    """What ``measures.yaml`` says about a measure.

    Attributes
    ----------
    title, unit : str
        Empty if the assay does not describe the measure.
    direction : {"lower", "higher", "none"}
        Where an antidepressant moves it.
    time_course : bool
        Whether the page draws its course over time, even where it is no endpoint.
    step : MechanismStep or None
        The step of the effect overview that the measure belongs to; None if its words decide.
    """

    title: str = ""
    unit: str = ""
    direction: str = "none"
    time_course: bool = False
    step: MechanismStep | None = None

    @classmethod
    def from_dict(cls, described: Mapping[str, Any]) -> Self:
        """Build from the measure's entry."""
        title, unit = str(described.get("title") or ""), str(described.get("unit") or "")
        step = MechanismStep(**described["step"]) if "step" in described else None
        return cls(title, unit, str(described.get("direction") or "none"), bool(described.get("time_course")), step)


Measures = Mapping[str, Mapping[str, MeasureInfo]]


@dataclass(frozen=True)
class PlannedEndpoint:
    """One endpoint of the plan.

    Attributes
    ----------
    where : dict of str to tuple
        Values of measurements.csv the endpoint takes, by column; analyte and region are among them.
    contrasts : tuple of str
        What is compared, in words.
    smallest_effect : float or None
        Smallest difference that matters, in the unit of the measure (a ratio on the log scale).
    window_min : (first, last) float or None
        Time points the endpoint takes (minutes from dosing).
    arms : tuple of str
        Arms compared; empty for all.
    n_exclusion_rules : int
        Rules that exclude values.
    """

    assay: str
    measure: str
    where: Mapping[str, tuple[Any, ...]]
    role: str = "exploratory"
    design: str = ""
    scale: str = "identity"
    family: str = ""
    contrasts: tuple[str, ...] = ()
    smallest_effect: float | None = None
    window_min: tuple[float, float] | None = None
    arms: tuple[str, ...] = ()
    n_exclusion_rules: int = 0

    @classmethod
    def from_dict(cls, planned: Mapping[str, Any]) -> Self:
        """Build from the endpoint's entry in the plan."""
        named = {key: planned[key] for key in ("analyte", "region") if planned.get(key)}
        window = planned.get("window_min")
        return cls(
            assay=planned["assay"],
            measure=planned["measure"],
            where={column: _as_tuple(value) for column, value in {**named, **(planned.get("where") or {})}.items()},
            role=str(planned.get("role") or "exploratory"),
            design=str(planned.get("design") or ""),
            scale=str(planned.get("scale") or "identity"),
            family=str(planned.get("family") or ""),
            contrasts=tuple(_contrast(one) for one in planned.get("contrasts") or []),
            smallest_effect=planned.get("smallest_effect"),
            window_min=(float(window[0]), float(window[1])) if window else None,
            arms=tuple(planned.get("arms") or ()),
            n_exclusion_rules=len(planned.get("exclude") or ()),
        )


@dataclass(frozen=True)
class Plan:
    """The statistics plan; ``alpha`` is the error rate, ``families`` the adjustment of each family of tests."""

    endpoints: Mapping[str, PlannedEndpoint]
    families: Mapping[str, str]
    alpha: float | None = None

    @classmethod
    def from_dict(cls, plan: Mapping[str, Any]) -> Self:
        """Build from plan.yaml, with all defaults filled in."""
        endpoints = {name: PlannedEndpoint.from_dict(planned) for name, planned in plan["endpoints"].items()}
        return cls(endpoints, dict(plan.get("families") or {}), plan.get("alpha"))


@dataclass(frozen=True)
class PlanChange:
    """A change of the plan after it was locked: the day, and the entries that changed."""

    day: str
    changed: tuple[str, ...]


@dataclass(frozen=True)
class PlanLock:
    """Fingerprint of the plan at its first run, and how it changed since.

    Attributes
    ----------
    sha256, day : str
        Empty if nothing was locked.
    is_changed : bool
        Whether the plan carried out differs from the one locked.
    changes : tuple of PlanChange
        All changes, in order.
    plan : Plan or None
        The plan that was locked.
    """

    sha256: str = ""
    day: str = ""
    is_changed: bool = False
    changes: tuple[PlanChange, ...] = ()
    plan: Plan | None = None

    @classmethod
    def from_dict(cls, lock: Mapping[str, Any]) -> Self:
        """Build from plan.lock.json."""
        return cls(
            sha256=lock.get("sha256", ""),
            day=_day(lock.get("locked_at")),
            is_changed=bool(lock.get("changed")),
            changes=tuple(
                PlanChange(_day(change["changed_at"]), tuple(change["what"])) for change in lock.get("changes", [])
            ),
            plan=Plan.from_dict(lock["plan"]) if lock.get("plan") else None,
        )


@dataclass(frozen=True)
class Provenance:
    """Versions, settings and fingerprints behind a run.

    Attributes
    ----------
    commit : str
        Commit of the code; empty if unknown. ``is_edited`` says whether files differ from it.
    made_at : str
        Date and time (ISO 8601).
    packages : dict of str to str
        Version of each package.
    tables : dict of str to str
        SHA-256 of each table of the cohort.
    settings : mapping
        All settings, as read.
    """

    ketaflow: str
    commit: str
    is_edited: bool
    python: str
    platform: str
    made_at: str
    packages: Mapping[str, str]
    tables: Mapping[str, str]
    settings: Mapping[str, Any]

    @property
    def day(self) -> str:
        """Date of the run."""
        return _day(self.made_at)

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> Self:
        """Build from provenance.json."""
        code = facts.get("code") or {}
        return cls(
            ketaflow=facts["ketaflow"],
            commit=code.get("commit") or "",
            is_edited=bool(code.get("edited")),
            python=facts["python"],
            platform=facts["platform"],
            made_at=facts.get("made_at") or "",
            packages=dict(facts.get("packages") or {}),
            tables={name: table["sha256"] for name, table in (facts.get("tables") or {}).items()},
            settings=dict(facts.get("settings") or {}),
        )


@dataclass(frozen=True)
class Sentence:
    """One result as a sentence; ``is_sensitivity`` marks analyses beside the planned one."""

    endpoint: str
    dataset: str
    is_sensitivity: bool
    text: str

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> Self:
        """Build from an entry of the sentences the statistics wrote."""
        return cls(facts["endpoint"], facts["dataset"], bool(facts.get("sensitivity")), facts["sentence"])


@dataclass(frozen=True)
class Legend:
    """A figure legend ready for a paper: the title of the figure and the legend."""

    figure: str
    legend: str


@dataclass(frozen=True)
class AssayFigures:
    """What one assay shows of the whole cohort."""

    assay: str
    title: str
    figures: tuple[Figure, ...]
    legends: tuple[Legend, ...]

    @classmethod
    def from_dict(cls, shown: Mapping[str, Any]) -> Self:
        """Build from an entry of figures.json."""
        return cls(
            shown["assay"],
            shown["title"],
            tuple(Figure(**figure) for figure in shown["figures"]),
            tuple(Legend(legend["figure"], legend["legend"]) for legend in shown["legends"]),
        )


@dataclass(frozen=True)
class Study:
    """Everything the results page shows.

    Attributes
    ----------
    name : str
        Name of the cohort.
    animals, arms, allocation : data frame
        Tables of the cohort (docs/cohort.md).
    measurements, checks, recordings : data frame
        Tables of the run (docs/results.md); after a review, the measurements revised without rejected recordings.
    statistics : mapping of str to data frame
        Statistics tables by name (docs/results.md).
    measures : mapping
        ``measures[assay][measure]``.
    plan : Plan or None
        The cohort's plan; None if it has none.
    lock : PlanLock
        Fingerprint of the plan; it holds the default plan if the cohort has none.
    review : Decisions or None
        None if nobody has decided anything.
    sentences : tuple of Sentence
        Results in sentences.
    methods_paragraph : str
        Statistical methods, ready for a paper.
    assays : tuple of AssayFigures
        Figures and legends of each assay.
    notes : tuple of str
        What was read in the cohort's tables although it was not written as documented, and what is not used.
    """

    name: str
    animals: pd.DataFrame
    arms: pd.DataFrame
    allocation: pd.DataFrame
    measurements: pd.DataFrame
    checks: pd.DataFrame
    recordings: pd.DataFrame
    statistics: Mapping[str, pd.DataFrame]
    measures: Measures
    plan: Plan | None
    lock: PlanLock
    review: Decisions | None
    provenance: Provenance
    sentences: tuple[Sentence, ...] = ()
    methods_paragraph: str = ""
    assays: tuple[AssayFigures, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def executed_plan(self) -> Plan:
        """The plan carried out: the cohort's, else the default plan of the lock, else read from the contrasts."""
        return self.plan or self.lock.plan or _plan_of(self.statistics["contrasts"])


def measures_from(described: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Measures:
    """Read the measures of all assays: ``described[assay][measure]`` is an entry of measures.yaml."""
    return {assay: {name: MeasureInfo.from_dict(one) for name, one in own.items()} for assay, own in described.items()}


def _plan_of(contrasts: pd.DataFrame) -> Plan:
    """A plan read back from the contrasts table, where no other plan is available."""
    columns = [name for name in ("assay", "measure", "analyte", "region", "role", "family") if name in contrasts]
    endpoints = {}
    for row in contrasts.drop_duplicates("endpoint").to_dict("records"):
        planned = {name: row[name] for name in columns if not formatting.is_missing(row[name])}
        endpoints[str(row["endpoint"])] = PlannedEndpoint.from_dict(planned)
    return Plan(endpoints, {})


def _contrast(one: object) -> str:
    """A contrast in words: its own name where the plan defines it by weights."""
    return str(one["name"]) if isinstance(one, Mapping) else formatting.words(one)


def _as_tuple(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list) else (value,)


def _day(moment: str | None) -> str:
    return (moment or "")[:10]
