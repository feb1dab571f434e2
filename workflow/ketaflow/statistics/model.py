"""What a statistics plan asks for, as types: the plan, its endpoints, and the settings of the stage.

A plan arrives as the mapping that ``plan.filled`` returns, in which every key has a value; ``Plan.of`` turns it into
these classes. The fields of ``Endpoint`` are the keys of an endpoint in ``plan.schema.yaml``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

# One line of a statistics table: its columns (see results/columns.py) and their values.
Line = dict[str, Any]
# Lines of several statistics tables, by the name of the table.
Lines = dict[str, list[Line]]
# Levels of a treatment in rising dose, with their dose.
DoseLevels = Mapping[Any, float]
# Animals' means by level of the treatment.
Groups = Mapping[Any, np.ndarray]
# What measures.yaml says of one measure: unit, direction, minimum, maximum.
MeasureFacts = Mapping[str, Any]
# MeasureFacts by assay and measure.
Measures = Mapping[str, Mapping[str, MeasureFacts]]


@dataclass(frozen=True)
class ExclusionRule:
    """A rule of the plan: leave out what ``when`` holds for, because of ``reason``."""

    when: str
    reason: str


@dataclass(frozen=True)
class CustomContrast:
    """A contrast of the plan's own: a weight for each level of the treatment it names."""

    name: str
    weights: Mapping[str, float]


@dataclass(frozen=True)
class Endpoint:
    """One endpoint of a plan.

    Attributes
    ----------
    assay, measure, analyte, region, where
        Which rows of the measurements are compared; ``where`` maps a column to the value or values it must have.
    arms : tuple of str
        Arms that are compared; empty for all.
    role, family
        Role in the study, and the family whose endpoints are corrected together.
    design, fixed, covariates, cluster, time, random_slopes, df
        The model: see docs/plan.md. The first of ``fixed`` is the treatment.
    scale : str
        Scale of the analysis: identity, log or logit.
    contrasts, alternative
        What is compared, and in which direction.
    smallest_effect : float or None
        Smallest difference that matters, in the measure's unit; a ratio above 1 on the log scale.
    sensitivity, exclude
        Analyses beside the plan's own, and rules of exclusion.
    window_min : (first, last) or None
        Times of a time course that count (minutes).
    summary : str
        ``mean`` if an animal's rows are averaged first; else empty.
    """

    assay: str
    measure: str
    analyte: str
    region: str
    where: Mapping[str, Any]
    arms: tuple[str, ...]
    role: str
    family: str
    design: str
    fixed: tuple[str, ...]
    covariates: tuple[str, ...]
    cluster: tuple[str, ...]
    scale: str
    contrasts: tuple[str | CustomContrast, ...]
    alternative: str
    smallest_effect: float | None
    sensitivity: tuple[str, ...]
    exclude: tuple[ExclusionRule, ...]
    window_min: tuple[float, float] | None
    summary: str
    time: str
    random_slopes: bool
    df: str

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> "Endpoint":
        """Build from an endpoint of a filled plan."""
        optional = {"analyte": "", "region": "", "arms": (), "smallest_effect": None, "window_min": None, "summary": ""}
        values = optional | {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}
        contrasts = (CustomContrast(**each) if isinstance(each, Mapping) else each for each in entry["contrasts"])
        rules = (ExclusionRule(**each) for each in entry["exclude"])
        return cls(**values | {"contrasts": tuple(contrasts), "exclude": tuple(rules)})


@dataclass(frozen=True)
class Plan:
    """A plan: its endpoints by name, the method of each family, and the error rate of every test."""

    alpha: float
    endpoints: Mapping[str, Endpoint]
    families: Mapping[str, str]

    @classmethod
    def of(cls, plan: Mapping[str, Any]) -> "Plan":
        """Build from a filled plan."""
        endpoints = {name: Endpoint.of(entry) for name, entry in plan["endpoints"].items()}
        return cls(plan["alpha"], endpoints, dict(plan["families"]))


@dataclass(frozen=True)
class Settings:
    """Settings of the statistics; see ``settings.schema.yaml``.

    Attributes
    ----------
    min_animals_per_arm : int
        Fewer animals than this in an arm, and the endpoint is not tested.
    power : float
        Power the next cohort should have for the smallest effect that matters (probability).
    """

    min_animals_per_arm: int
    power: float
