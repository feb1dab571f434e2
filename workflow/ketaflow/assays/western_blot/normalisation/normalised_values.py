"""Values of each animal from the bands of a group of membranes.

In: the readings of a group, with the exposures that count chosen, and its dilution lanes. Out: ``band_volume``,
``normalised_density``, ``phospho_to_total_ratio`` and ``loading_factor`` by animal and membrane, each flagged with what
is doubtful about the bands behind it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ketaflow.assays.western_blot.bands.reading import Reading
from ketaflow.assays.western_blot.model import Band, Dilution, QuantifySettings, Target
from ketaflow.assays.western_blot.normalisation.loading_control import lane_loading
from ketaflow.assays.western_blot.normalisation.normalise import geometric_mean, referenced
from ketaflow.core.results import Measurement, measurement


@dataclass(frozen=True)
class _Values:
    """One measure of one target by lane: values, (n_lanes,) float, and what is doubtful about each, in words."""

    measure: str
    analyte: str
    by_lane: np.ndarray
    doubts: list[str]
    mean: Callable[[np.ndarray], float] = geometric_mean


def animal_values(readings: list[Reading], dilutions: list[Dilution], settings: QuantifySettings) -> list[Measurement]:
    """Compute all values of a group's animals.

    Parameters
    ----------
    readings : list of Reading
        With the exposures that count chosen.
    dilutions : list of Dilution
        The linear range of targets with dilution lanes.
    settings : QuantifySettings
        Limits from which a value is flagged.

    Returns
    -------
    list of Measurement
        The mean of each animal's lanes; empty with the reason where no lane gave a value.
    """
    made: list[Measurement] = []
    # Loading is reported once for each membrane and repeat.
    loaded: set[tuple[str, str | None]] = set()
    for reading in readings:
        for target in reading.view.targets:
            doubts = _doubts_by_lane(reading, target, dilutions, settings)
            own = reading.volumes(target.target)
            made += _by_animal(reading, target, _Values("band_volume", target.target, own, doubts, _mean))
            if not target.counts:
                continue
            if target.is_control:
                key = (target.membrane, target.repeat)
                made += [] if key in loaded else _by_animal(reading, target, _loading(readings, reading, target))
                loaded.add(key)
                continue
            made += _by_animal(reading, target, _density(readings, reading, target, doubts))
            total = total_of(readings, target) if target.role == "phospho" else None
            if total is not None:
                under = _doubts_by_lane(*total, dilutions, settings)
                made += _by_animal(reading, target, _ratio(reading, target, total, doubts, under))
    return made


def total_of(readings: list[Reading], phospho: Target) -> tuple[Reading, Target] | None:
    """Find the total protein of a phosphorylated one on the same membrane.

    Parameters
    ----------
    readings : list of Reading
        All readings of the group.
    phospho : Target
        The phosphorylated protein. Where it names no total, the membrane's only total counts.

    Returns
    -------
    (Reading, Target) or None
        That of the same repeat, or that of the membrane as a whole.
    """
    totals = [
        (reading, target)
        for reading in readings
        for target in reading.view.targets
        if reading.view.membrane == phospho.membrane
        and target.target != phospho.target
        and target.role in ("total", "target")
        and target.counts
    ]
    named = [pair for pair in totals if phospho.total_target and pair[1].target == phospho.total_target]
    if not phospho.total_target:
        named = [pair for pair in totals if pair[1].role == "total"]
        named = named if len({target.target for _, target in named}) == 1 else []
    same_repeat = [pair for pair in named if pair[1].repeat == phospho.repeat]
    whole = [pair for pair in named if pair[1].repeat is None]
    return next(iter(same_repeat or whole), None)


def _density(readings: list[Reading], reading: Reading, target: Target, doubts: list[str]) -> _Values:
    """Volumes over the lanes' loading, over the membrane's reference."""
    animals = reading.view.holds("animal")
    load, controls = lane_loading(readings, target, animals)
    values, _ = referenced(reading.volumes(target.target) / load, animals, reading.view.holds("pool"))
    lacking = "" if controls else "no loading control on this membrane"
    unloaded = ["the lane's loading control could not be measured" if not np.isfinite(part) else "" for part in load]
    words = [_joined(doubt, lacking, lost) for doubt, lost in zip(doubts, unloaded, strict=True)]
    return _Values("normalised_density", target.target, values, words)


def _ratio(
    reading: Reading, target: Target, total: tuple[Reading, Target], doubts: list[str], total_doubts: list[str]
) -> _Values:
    """Phosphorylated over total, lane by lane: loading cancels, as both come from the same lane."""
    own, below = reading.volumes(target.target), total[0].volumes(total[1].target)
    ratio = own / np.where(below > 0, below, np.nan)
    values, _ = referenced(ratio, reading.view.holds("animal"), reading.view.holds("pool"))
    words = [
        _joined(doubt, f"total: {under}" if under else "") for doubt, under in zip(doubts, total_doubts, strict=True)
    ]
    return _Values("phospho_to_total_ratio", target.target, values, words)


def _loading(readings: list[Reading], reading: Reading, target: Target) -> _Values:
    """The loading factor of each lane; statistics test whether it follows the arms."""
    load, controls = lane_loading(readings, target, reading.view.holds("animal"))
    return _Values("loading_factor", "+".join(controls), load, [""] * len(load))


def _mean(values: np.ndarray) -> float:
    return float(np.nanmean(values))


def _by_animal(reading: Reading, target: Target, values: _Values) -> list[Measurement]:
    """One measurement per animal: the mean of its lanes; empty with the reason where no lane gave a value."""
    made = []
    lanes: dict[str, list[int]] = {}
    for index, lane in enumerate(reading.view.lanes):
        if lane.sample == "animal" and lane.animal:
            lanes.setdefault(lane.animal, []).append(index)
    given_by_lane = _given_by_lane(reading, target)
    for animal, indices in lanes.items():
        known = [index for index in indices if np.isfinite(values.by_lane[index]) and values.by_lane[index] > 0]
        words = _joined(*(values.doubts[index] for index in indices))
        missing = words or reading.view.refusal or "no signal above the background"
        given = _joined(*(given_by_lane[index] for index in indices))
        made.append(
            measurement(
                values.measure,
                values.mean(values.by_lane[known]) if known else None,
                animal=animal,
                recording=reading.view.image,
                status="flagged" if known and words else None,
                reason=_joined(words if known else missing, given),
                analyte=values.analyte,
                region=target.region,
                sample=target.sample_name,
                n=len(known),
            )
        )
    return made


def _given_by_lane(reading: Reading, target: Target) -> list[str]:
    """What people gave for the band of a target in each lane, in words; no doubt, but part of every value's record."""
    view, choice = reading.view, reading.choices.get(target.target)
    lanes = f"lanes from the {view.lanes_given} given by {view.lanes_given_by}" if view.lanes_given else ""
    row = f"rows given by {choice.given_by}" if choice is not None and choice.given_by else ""
    boxed = {band.lane: band.given_by for band in reading.bands_of(target.target) if band.box == "given"}
    return [
        f"box given by {boxed[lane]}" if lane in boxed else _joined(lanes, row)
        for lane in range(1, len(view.lanes) + 1)
    ]


def _doubts_by_lane(
    reading: Reading, target: Target, dilutions: list[Dilution], settings: QuantifySettings
) -> list[str]:
    """What is doubtful about the band of a target in each lane, in words; empty where nothing is."""
    bands: dict[int, Band] = {}
    for band in reading.bands_of(target.target):
        bands.setdefault(band.lane, band)
    return [
        _doubts(bands[lane], reading, target, dilutions, settings) if lane in bands else _why_missing(reading)
        for lane in range(1, len(reading.view.lanes) + 1)
    ]


def _why_missing(reading: Reading) -> str:
    if reading.view.grid is None:
        remedy = "give western_blot_frames, western_blot_rows or western_blot_boxes"
        return f"lanes not certain ({reading.view.refusal}): {remedy}"
    return "no row of bands found for this target"


def _doubts(band: Band, reading: Reading, target: Target, dilutions: list[Dilution], settings: QuantifySettings) -> str:
    words = []
    if not band.volume > 0:
        words.append("no signal above the background")
    elif band.snr < settings.detection_snr:
        words.append(f"faint: {band.snr:.1f} times the noise")
    if band.saturated_pct > settings.saturated_limit_pct:
        words.append(f"saturated: {band.saturated_pct:.1f} % of the box at the saturation level")
    if band.box == "expected":
        words.append("no band found: measured at its expected place")
    if band.specks_pct > settings.specks_limit_pct:
        words.append(f"dust, scratches or bubbles cover {band.specks_pct:.0f} % of the box")
    if band.uncertainty_pct > settings.uncertainty_limit_pct:
        words.append(
            f"uncertain by {band.uncertainty_pct:.0f} %: depends on the background and on the limits of the box"
        )
    if band.overlap_pct > settings.overlap_limit_pct:
        words.append(f"overlaps a neighbouring band ({band.overlap_pct:.0f} % of its height where they meet)")
    if reading.ladder is not None and reading.ladder.doubt and band.box != "given" and target.kda:
        words.append(reading.ladder.doubt)
    words.append(reading.scan.storage.display_doubt)
    return _joined(*words, *_range_doubts(band, reading, target, dilutions))


def _range_doubts(band: Band, reading: Reading, target: Target, dilutions: list[Dilution]) -> list[str]:
    for fit in dilutions:
        if (fit.image, fit.membrane, fit.target) == (reading.view.image, reading.view.membrane, target.target):
            if band.volume > fit.highest_volume:
                return ["stronger than the linear range of the dilution lanes"]
            if 0 < band.volume < fit.lowest_volume:
                return ["fainter than the linear range of the dilution lanes"]
            return []
    return [reading.scan.film_doubt]


def _joined(*words: str) -> str:
    return "; ".join(dict.fromkeys(word for word in words if word))
