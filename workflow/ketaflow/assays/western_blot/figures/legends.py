"""Figure legends ready for a paper: a text for every target of every membrane.

In: the targets, measurements and lane maps of the cohort. Out: rows of ``figure`` and ``legend``. Legends count animals
and never name a treatment, which is not known here; antibodies and exposure times are for the author to add.
"""

from collections import Counter
from typing import NamedTuple

import pandas as pd

from ketaflow.assays.western_blot.model import CONTROL_ROLES, Lane, TargetSummary
from ketaflow.core.results import Measurement

# What the reasons of flagged and failed values contain, and how a legend says it.
DOUBTS = (
    ("saturated", "saturated at the detector"),
    ("stronger than", "above the range of the dilution lanes"),
    ("fainter than", "below the range of the dilution lanes"),
    ("faint", "less than three times the noise"),
    ("no signal", "without a signal above background"),
    ("loading control", "without a loading control"),
    ("lanes not found", "on a picture whose lanes could not be found"),
    ("no row of bands", "without a row of bands"),
)
OTHERWISE = "doubtful for another reason"
BACKGROUNDS = {
    "border": "a plane through a border around the box",
    "lane": "a baseline of the lane's own profile",
    "gap": "a baseline of the gaps beside the lane",
}
RATIO = "phospho_to_total_ratio"


class _Shown(NamedTuple):
    """The values that a figure of a picture shows, and which measure they are."""

    values: list[Measurement]
    measure: str


def legends(
    targets: list[TargetSummary], measured: list[Measurement], lanes: list[Lane], parallel: set[tuple[str, str | None]]
) -> pd.DataFrame:
    """Write one legend for each target of each picture and membrane.

    Parameters
    ----------
    targets : list of TargetSummary
        Targets of the exposures that count.
    measured : list of Measurement
        Measurements of the cohort.
    lanes : list of Lane
        Lane maps of all membranes.
    parallel : set of (recording, analyte)
        Phosphorylated proteins that were divided by the total of a parallel membrane.

    Returns
    -------
    data frame
        Columns ``figure`` and ``legend``.
    """
    made = []
    for target in targets:
        loads = {lane.load_ug for lane in lanes if lane.membrane == target.membrane and lane.sample == "animal"}
        shown = _shown(measured, target)
        parts = [
            _described(target, loads - {None}),
            _divided(target, shown.measure, (target.image, target.target) in parallel),
            _counted(target, shown.values, measured),
            _doubtful(shown.values),
            _picture(target),
        ]
        made.append((_title(target), " ".join(filter(None, parts))))
    return pd.DataFrame(made, columns=["figure", "legend"])


def _title(target: TargetSummary) -> str:
    repeat = f", repeat {target.repeat}" if target.repeat else ""
    return f"{target.target}, membrane {target.membrane}{repeat}"


def _shown(measured: list[Measurement], target: TargetSummary) -> _Shown:
    """The most processed values of a target."""
    key = (target.image, target.target, target.sample_name)
    own = [row for row in measured if (row.recording, row.analyte, row.sample) == key]
    for measure in (RATIO, "normalised_density", "band_volume"):
        values = [row for row in own if row.measure == measure]
        if values:
            return _Shown(values, measure)
    return _Shown(own, "band_volume")


def _described(target: TargetSummary, loads: set[float | None]) -> str:
    """The protein, its mass, the region, and the lanes of the membrane."""
    mass = "" if target.expected_kda is None else f" (expected at {target.expected_kda:g} kDa)"
    load = f", {next(iter(loads)):g} \N{MICRO SIGN}g of protein each" if len(loads) == 1 else ""
    lanes = f"{_number(target.animal_lanes, 'lane')} with {_number(target.animals, 'animal')}"
    if target.animal_lanes == target.animals:
        lanes = f"{_number(target.animal_lanes, 'lane')} with one animal each"
    others = (
        (target.pool_lanes, "pooled reference"), (target.dilution_lanes, "dilution"), (target.ladder_lanes, "ladder"),
    )  # fmt: skip
    beside = [_number(count, name) for count, name in others if count]
    also = f", beside {_listed(beside)}" if beside else ""
    region = f" in {target.region}" if target.region else ""
    return f"Western blot of {target.target}{mass}{region}: {lanes}{load}{also}."


def _divided(target: TargetSummary, measure: str, is_parallel: bool) -> str:
    """What the volumes were divided by, in order."""
    methods = [BACKGROUNDS[method] for method in target.background_method.split("+") if method in BACKGROUNDS]
    background = " or ".join(methods) or "a baseline"
    first = f"Band volumes less background ({background})"
    if target.role in CONTROL_ROLES:
        return f"{first}; the {target.role.replace('_', ' ')} by which the other targets of this membrane are divided."
    reference = (
        "the membrane's pooled reference"
        if target.reference == "pool"
        else "the geometric mean of the membrane's animals"
    )
    steps = [f"loading ({target.loading_controls.replace('+', ' and ')})"] if target.loading_controls else []
    if measure == RATIO:
        where = "of a parallel membrane, each over its own loading" if is_parallel else "of the same lane"
        steps = [f"{target.total_target or 'the total protein'} {where}"]
    steps.append(reference)
    averaged = "; the lanes of one animal were averaged geometrically" if target.animal_lanes > target.animals else ""
    return f"{first} were divided by {', then by '.join(steps)}{averaged}."


def _counted(target: TargetSummary, values: list[Measurement], measured: list[Measurement]) -> str:
    """How many animals have a value, on this membrane and over all."""
    here = {row.animal for row in values if row.value is not None}
    everywhere = {
        row.animal
        for row in measured
        if row.analyte == target.target
        and row.value is not None
        and (not values or row.measure == values[0].measure)
        and (row.region or "") == (target.region or "")
    }
    alone = f"n = {_number(len(here), 'animal')}"
    return f"{alone} ({len(everywhere)} over all membranes)." if len(everywhere) > len(here) else f"{alone}."


def _doubtful(values: list[Measurement]) -> str:
    """How many values are marked or missing, by reason; none is left out without a decision."""
    said = []
    for status, words in (("flagged", "marked and kept"), ("failed", "without a value")):
        reasons = [_doubt(row.reason) for row in values if row.status == status]
        if reasons:
            listed = _listed([f"{count} {reason}" for reason, count in Counter(reasons).most_common()])
            said.append(f"{_number(len(reasons), 'animal')} {words}: {listed}.")
    return " ".join(said)


def _doubt(reason: str) -> str:
    return next((words for sign, words in DOUBTS if sign in reason), OTHERWISE)


def _picture(target: TargetSummary) -> str:
    drawn = f" {_number(target.boxes_drawn, 'box')} drawn by hand." if target.boxes_drawn else ""
    return f"Uncropped {target.bits:.0f}-bit {target.format}.{drawn}"


def _number(count: int, noun: str) -> str:
    plural = noun + ("es" if noun.endswith("x") else "s")
    return f"{count:.0f} {noun if count == 1 else plural}"


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
