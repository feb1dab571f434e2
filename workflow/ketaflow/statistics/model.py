"""Input of the statistics as types: the study's tables, its measures, the plan, and the settings of the stage.

A plan arrives as the mapping that ``plan.filled`` returns, in which every key has a value; ``Plan.of`` turns it into
these classes. The fields of ``Endpoint`` are the keys of an endpoint in ``plan.schema.yaml``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

# Levels of a treatment in rising dose, with their dose.
DoseLevels = Mapping[str, float]
# Animals' means by level of the treatment.
Groups = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class StudyTables:
    """The tables that are analysed.

    Attributes
    ----------
    measurements, checks : data frame
        The two tables of all assays, with the contract's columns.
    animals, arms, allocation : data frame
        The cohort's tables, typed.
    rejected : data frame or None
        Reviewers' rejections (assay, recording, animal, reviewer, reason); None if nobody has decided.
    reviewed : data frame or None
        Measurements of which none was computed from a rejected recording; None if they are the same.
    """

    measurements: pd.DataFrame
    checks: pd.DataFrame
    animals: pd.DataFrame
    arms: pd.DataFrame
    allocation: pd.DataFrame
    rejected: pd.DataFrame | None = None
    reviewed: pd.DataFrame | None = None


@dataclass(frozen=True)
class Measure:
    """A measure as ``measures.yaml`` describes it; the defaults are those of a measure no assay describes.

    Attributes
    ----------
    direction : str
        ``lower`` or ``higher`` if that is the effect of an antidepressant, else ``none``.
    minimum, maximum : float or None
        Physical range, in ``unit``.
    endpoint : bool
        Whether the default plan compares it.
    contrasts : tuple of str
        Contrasts of the default plan; empty for Dunnett's.
    """

    unit: str = ""
    direction: str = "none"
    minimum: float | None = None
    maximum: float | None = None
    endpoint: bool = True
    contrasts: tuple[str, ...] = ()

    @classmethod
    def from_dict(cls, entry: Mapping[str, Any]) -> Self:
        """Build from an entry of ``measures.yaml``."""
        return cls(
            str(entry.get("unit") or ""),
            entry.get("direction", "none"),
            entry.get("minimum"),
            entry.get("maximum"),
            bool(entry.get("endpoint", True)),
            tuple(entry.get("contrasts", ())),
        )


# Measures by assay and name.
Measures = Mapping[str, Mapping[str, Measure]]


def measures_of(described: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Measures:
    """Read the measures of all assays: ``described[assay][measure]`` is an entry of ``measures.yaml``."""
    return {assay: {name: Measure.from_dict(one) for name, one in own.items()} for assay, own in described.items()}


@dataclass(frozen=True)
class ExclusionRule:
    """A rule of the plan: exclude every value for which ``when`` is true, because of ``reason``."""

    when: str
    reason: str


@dataclass(frozen=True)
class CustomContrast:
    """A contrast defined in the plan by a weight for each level of the treatment."""

    name: str
    weights: Mapping[str, float]


@dataclass(frozen=True)
class Endpoint:
    """One endpoint of the plan.

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
    at_bounds : str
        ``refuse`` an endpoint with 0 or 100 % on the logit scale, or ``squeeze`` its values into the range.
    contrasts, alternative
        What is compared, and in which direction.
    smallest_effect : float or None
        Smallest difference that matters, in the measure's unit; a ratio above 1 on the log scale.
    sensitivity, exclude
        Sensitivity analyses, and exclusion rules.
    window_min : (first, last) or None
        Times of a time course that are analysed (minutes).
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
    at_bounds: str
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
    def from_dict(cls, entry: Mapping[str, Any]) -> Self:
        """Build from an endpoint of a filled plan."""
        optional = {
            "analyte": "", "region": "", "arms": (), "at_bounds": "refuse", "smallest_effect": None,
            "window_min": None, "summary": "",
        }  # fmt: skip
        values = optional | {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}
        contrasts = (CustomContrast(**each) if isinstance(each, Mapping) else each for each in entry["contrasts"])
        rules = (ExclusionRule(**each) for each in entry["exclude"])
        return cls(**values | {"contrasts": tuple(contrasts), "exclude": tuple(rules)})

    @property
    def smallest_on_scale(self) -> float | None:
        """Smallest effect that matters on the scale of the analysis; None on the logit scale or if not given."""
        if self.smallest_effect is None or self.scale == "logit":
            return None
        return float(np.log(self.smallest_effect)) if self.scale == "log" else float(self.smallest_effect)


@dataclass(frozen=True)
class Plan:
    """The plan: its endpoints by name, the method of each family, and the error rate of every test."""

    alpha: float
    endpoints: Mapping[str, Endpoint]
    families: Mapping[str, str]

    @classmethod
    def from_dict(cls, plan: Mapping[str, Any]) -> Self:
        """Build from a filled plan."""
        endpoints = {name: Endpoint.from_dict(entry) for name, entry in plan["endpoints"].items()}
        return cls(plan["alpha"], endpoints, dict(plan["families"]))


@dataclass(frozen=True)
class Settings:
    """Settings of the statistics; see ``settings.schema.yaml``.

    Attributes
    ----------
    min_animals_per_arm : int
        An endpoint with fewer animals than this in an arm is not tested.
    power : float
        Power (probability) at which sample sizes and detectable effects are computed.
    """

    min_animals_per_arm: int
    power: float
