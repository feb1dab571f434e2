"""The dilution lanes of a membrane: the linear range of each target, and volumes as loads.

In: a reading of a membrane that carries dilution lanes. Out: a ``Dilution`` per target, and the reading with the load
that gives each band's volume.
"""

from dataclasses import asdict, replace

import numpy as np

from ketaflow.assays.western_blot.bands.reading import Reading
from ketaflow.assays.western_blot.model import Dilution
from ketaflow.assays.western_blot.normalisation.linear_range import Linearity, equivalent_ug, linearity


def read_dilutions(reading: Reading) -> tuple[Reading, list[Dilution]]:
    """Fit the signal of every target against the load of the dilution lanes.

    Parameters
    ----------
    reading : Reading
        A membrane with or without dilution lanes.

    Returns
    -------
    Reading
        With ``dilution_ug`` of every band whose target could be fitted.
    list of Dilution
        One for each target with enough dilution lanes.
    """
    loads = {lane.lane: lane.load_ug for lane in reading.view.lanes if lane.sample == "dilution" and lane.load_ug}
    found = []
    for target in reading.view.targets:
        bands = [band for band in reading.bands_of(target.target) if band.lane in loads]
        volumes = np.array([band.volume for band in bands], float)
        load = np.array([loads[band.lane] for band in bands], float)
        fit = linearity(load, volumes)
        if fit is None:
            continue
        reading = _with_loads(reading, target.target, fit)
        found.append(
            Dilution(
                recording=reading.view.image,
                image=reading.view.image,
                membrane=reading.view.membrane,
                target=target.target,
                **asdict(fit),
                through_zero=fit.through_zero,
                lowest_volume=float(volumes.min()),
                highest_volume=_end_of_range(load, volumes, fit) if fit.saturating else float(volumes.max()),
            )
        )
    return reading, found


def _with_loads(reading: Reading, target: str, fit: Linearity) -> Reading:
    bands = [
        replace(band, dilution_ug=equivalent_ug(fit, band.volume)) if band.target == target else band
        for band in reading.bands
    ]
    return replace(reading, bands=bands)


def _end_of_range(load: np.ndarray, volumes: np.ndarray, fit: Linearity) -> float:
    """Volume (counts) at the end of the linear range."""
    order = np.argsort(load)
    return float(np.interp(fit.linear_to_ug, np.append(0.0, load[order]), np.append(0.0, volumes[order])))
