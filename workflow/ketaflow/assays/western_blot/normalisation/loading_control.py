"""Which pictures are the loading control of a target, and how each target was read.

In: the readings of a group. Out: loading factors by lane, and the table ``targets``.
"""

import hashlib
from collections import Counter

import numpy as np

from ketaflow.assays.western_blot.bands.reading import Reading
from ketaflow.assays.western_blot.model import Blot, Target, TargetSummary
from ketaflow.assays.western_blot.normalisation.normalise import loading_factors, referenced


def lane_loading(readings: list[Reading], target: Target, animals: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Return the loading factor of every lane of a target's membrane.

    Parameters
    ----------
    readings : list of Reading
        All readings of the group. The controls of the target's membrane and repeat count, and those of the membrane as
        a whole.
    target : Target
        The target to be divided.
    animals : (n_lanes,) bool
        Lanes that hold an animal.

    Returns
    -------
    (n_lanes,) float
        Loading factor; 1 everywhere where there is no control.
    list of str
        Names of the controls.
    """
    found = [
        (reading, control)
        for reading in readings
        for control in reading.view.targets
        if reading.view.membrane == target.membrane
        and control.is_control
        and control.counts
        and control.repeat in (target.repeat, None)
    ]
    stacked = np.array([reading.volumes(control.target) for reading, control in found])
    return loading_factors(stacked, animals), [control.target for _, control in found]


def target_summaries(blot: Blot, readings: list[Reading]) -> list[TargetSummary]:
    """Summarise how each target of each picture was read.

    Parameters
    ----------
    blot : Blot
        The group's pictures and tables.
    readings : list of Reading
        The group's readings, with the exposures that count already chosen.

    Returns
    -------
    list of TargetSummary
        What figure legends and parallel membranes need to know.
    """
    return [_summary(blot, readings, reading, target) for reading in readings for target in reading.view.targets]


def _summary(blot: Blot, readings: list[Reading], reading: Reading, target: Target) -> TargetSummary:
    view, scan = reading.view, blot.scan(reading.view.image, reading.view.channel)
    animals, pools = view.holds("animal"), view.holds("pool")
    load, controls = lane_loading(readings, target, animals)
    bands = reading.bands_of(target.target)
    masses = [band.kda for band in bands if band.kda]
    choice = reading.choices.get(target.target)
    counts = Counter(lane.sample for lane in view.lanes)
    pixels = np.ascontiguousarray(scan.pixels[view.top : view.bottom])
    return TargetSummary(
        recording=view.image,
        image=view.image,
        membrane=view.membrane,
        channel=view.channel,
        target=target.target,
        role=target.role,
        total_target=target.total_target,
        repeat=target.repeat,
        region=target.region,
        expected_kda=target.kda,
        seen_kda=float(np.median(masses)) if masses else None,
        chosen_by=choice.how if choice else None,
        loading_controls="+".join(controls),
        reference=referenced(reading.volumes(target.target) / load, animals, pools)[1],
        background_method="+".join(sorted({band.background_method for band in bands})),
        lanes=len(view.lanes),
        animal_lanes=counts["animal"],
        pool_lanes=counts["pool"],
        ladder_lanes=counts["ladder"],
        dilution_lanes=counts["dilution"],
        animals=len(blot.animals_of(view.membrane)),
        superseded_by=target.superseded_by,
        boxes_drawn=sum(band.box == "given" for band in bands),
        bits=scan.storage.bits,
        format=scan.storage.format,
        picture_sha256=hashlib.sha256(pixels.tobytes()).hexdigest(),
    )
