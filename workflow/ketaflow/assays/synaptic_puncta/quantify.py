"""Measure a field: puncta of both channels, their pairs, and the synapses left when chance is taken out.

In: the two channels of each row. Out: densities per square micrometre of tissue for each section, every punctum
with its score and its partner, and the numbers behind the densities.
"""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ketaflow.assays.synaptic_puncta.colocalisation import crosstalk, pair_matching
from ketaflow.assays.synaptic_puncta.colocalisation.pair_matching import Field
from ketaflow.assays.synaptic_puncta.detection import punctum_detection
from ketaflow.assays.synaptic_puncta.detection.punctum_detection import Puncta
from ketaflow.assays.synaptic_puncta.detection.tissue_mask import tissue_mask
from ketaflow.core.measures import measurement
from ketaflow.core.records import Record

# A Gaussian is 2.355 standard deviations wide at half its height.
FWHM_PER_SD = 2.0 * math.sqrt(2.0 * math.log(2.0))
LEAST_SIGMA_PX = 0.8
LEAST_WINDOW_PX = 48
SIDES = ("pre", "post")
NO_TISSUE = "no tissue was found in the field"
NO_PAIRS = "no pair was found, so no share of them can be told"


@dataclass
class Channel:
    """One channel while it is measured: its matched response, its puncta, and where they lie (um)."""

    matched: np.ndarray
    puncta: Puncta
    positions_um: np.ndarray


def quantify(recording: Record, *, puncta: dict, pairs: dict, tissue: dict) -> Record:
    """Measure every row of a recording; tables ``measurements``, ``puncta`` and ``sections``."""
    measured = Record(tables={"measurements": [], "sections": []})
    found = []
    for number, row in enumerate(recording.rows["synaptic_puncta"]):
        facts = recording.facts["fields"][number]
        channels = {side: find_puncta(recording.arrays[f"{number}.{side}"], facts, puncta) for side in SIDES}
        images = [recording.arrays[f"{number}.{side}"] for side in SIDES]
        field = _field(images, channels, facts, tissue)
        section, partners = measure_field(channels, field, pairs)
        measured.tables["sections"].append({**_names(row), **section})
        measured.tables["measurements"] += _measurements(row, section)
        listed = [_puncta_table(row, side, channels[side], field, partners[side], facts) for side in SIDES]
        found.append(pd.concat(listed).assign(field=number))
        measured.arrays[f"{number}.tissue"] = field.tissue
    measured.tables["puncta"] = pd.concat(found, ignore_index=True)
    return measured


def find_puncta(pixels: np.ndarray, facts: dict, settings: dict) -> Channel:
    """Puncta of one channel that pass the size gates; ``settings`` is the block ``quantify.puncta``."""
    voxel_um = _voxel_um(facts, pixels.ndim)
    fwhm_um = [settings["axial_fwhm_um"], settings["fwhm_um"], settings["fwhm_um"]][-pixels.ndim :]
    sizes_px = np.divide(fwhm_um, FWHM_PER_SD * voxel_um)
    sigma_px = tuple(np.maximum(sizes_px, LEAST_SIGMA_PX).tolist())
    filtered = punctum_detection.responses(pixels, sigma_px, settings["surround_ratio"])
    found = punctum_detection.find(
        filtered,
        window_px=max(LEAST_WINDOW_PX, settings["noise_window_um"] / facts["pixel_size_um"]),
        z_threshold=settings["z_threshold"],
        boundary_fraction=settings["boundary_fraction"],
    )
    area_um2 = found.area_px * facts["pixel_size_um"] ** 2
    found = found.chosen((area_um2 >= settings["min_area_um2"]) & (area_um2 <= settings["max_area_um2"]))
    return Channel(filtered.matched, found, (found.positions_px + 0.5) * voxel_um)


def measure_field(channels: dict[str, Channel], field: Field, settings: dict) -> tuple[dict, dict[str, tuple]]:
    """All numbers of one field, and the partners of each side.

    Puncta outside the tissue are left out of all of it. ``settings`` is the block ``quantify.pairs``.
    """
    pre, post = channels["pre"], channels["post"]
    inside = {side: np.flatnonzero(field.is_tissue(channels[side].positions_um)) for side in SIDES}
    pre_um, post_um = pre.positions_um[inside["pre"]], post.positions_um[inside["post"]]
    reach_um = np.array([settings["axial_reach_um"], settings["reach_um"], settings["reach_um"]])[-pre_um.shape[1] :]
    pairs, _ = pair_matching.one_to_one(pre_um, post_um, reach_um)
    shifts_um = pair_matching.ring_of_shifts(settings["n_shifts"], settings["shift_um"])
    chance = pair_matching.chance_pairs(pre_um, post_um, field, reach_um, shifts_um=shifts_um)
    moved_um, moved_error_um = crosstalk.displacement_um(pre_um[pairs[:, 0]], post_um[pairs[:, 1]])
    section = {
        **_densities(len(pre_um), len(post_um), len(pairs), chance, field),
        "pre_z_median": _median(pre.puncta.z_score),
        "post_z_median": _median(post.puncta.z_score),
        "bleed_pre_into_post_pct": crosstalk.bleed_through_pct(pre.puncta, post.matched),
        "bleed_post_into_pre_pct": crosstalk.bleed_through_pct(post.puncta, pre.matched),
        "channel_correlation": crosstalk.correlation(pre.matched, post.matched),
        "displacement_um": moved_um,
        "displacement_error_um": moved_error_um,
    }
    return section, _partners(pairs, inside, pre_um, post_um)


def _densities(n_pre: int, n_post: int, n_pairs: int, chance: pair_matching.Chance, field: Field) -> dict:
    """Counts, chance and densities of one field."""
    field_um2 = float(np.prod(field.extent_um[-2:]))
    tissue_um2 = field_um2 * float(field.tissue.mean())
    true = pair_matching.synapses(n_pairs, chance.pairs, n_pre, n_post)
    low, high = pair_matching.synapse_interval(n_pairs, chance, n_pre, n_post)
    chance_low, chance_high = chance.interval
    area = tissue_um2 if tissue_um2 else math.nan
    return {
        "field_um2": field_um2,
        "tissue_um2": tissue_um2,
        "pre_puncta": n_pre,
        "post_puncta": n_post,
        "pairs": n_pairs,
        "chance_pairs": chance.pairs,
        "chance_pairs_low": chance_low,
        "chance_pairs_high": chance_high,
        "rotated_pairs": float(chance.rotated.mean()),
        "synapses": true,
        "synapses_low": low,
        "synapses_high": high,
        "pre_density_per_um2": n_pre / area,
        "post_density_per_um2": n_post / area,
        "synapse_density_per_um2": max(true, 0.0) / area,
        "chance_colocalisation_pct": 100 * chance.pairs / n_pairs if n_pairs else math.nan,
    }


def _measurements(row: dict, section: dict) -> list[dict]:
    """The section's rows of the measurements table."""
    both = f"{row['pre_marker']}/{row['post_marker']}"
    density, share = "1/um2", "%"
    listed = [
        ("pre_density_per_um2", density, row["pre_marker"], section["pre_puncta"]),
        ("post_density_per_um2", density, row["post_marker"], section["post_puncta"]),
        ("synapse_density_per_um2", density, both, section["pairs"]),
        ("chance_colocalisation_pct", share, both, section["pairs"]),
    ]
    return [
        measurement(
            measure,
            section[measure],
            unit=unit,
            animal=row["animal"],
            recording=recording_name(row),
            analyte=analyte,
            region=row["region"],
            sample=row.get("section") or recording_name(row),
            n=n,
            reason="" if math.isfinite(section[measure]) else (NO_PAIRS if section["tissue_um2"] else NO_TISSUE),
        )
        for measure, unit, analyte, n in listed
    ]


def recording_name(row: dict) -> str:
    """The file that stands for a row's recording."""
    return row.get("image") or row["pre_image"]


def _names(row: dict) -> dict:
    return {
        "recording": recording_name(row),
        "animal": row["animal"],
        "region": row["region"],
        "section": row.get("section"),
        "pre_marker": row["pre_marker"],
        "post_marker": row["post_marker"],
    }


def _puncta_table(row: dict, side: str, channel: Channel, field: Field, partners: tuple, facts: dict) -> pd.DataFrame:
    """Every punctum of one channel; ``partner`` is the number of the other channel's punctum it pairs with."""
    positions, count = channel.puncta.positions_px, len(channel.puncta)
    partner, distance = np.full(count, np.nan), np.full(count, np.nan)
    own, other, apart_um = partners
    partner[own], distance[own] = other + 1, apart_um.round(3)
    return pd.DataFrame(
        {
            "image": row.get(f"{side}_image") or row["image"],
            "recording": recording_name(row),
            "channel": side,
            "marker": row[f"{side}_marker"],
            "punctum": np.arange(count) + 1,
            "x_px": positions[:, -1].round(2),
            "y_px": positions[:, -2].round(2),
            "z_px": positions[:, 0].round(2) if positions.shape[1] == 3 else np.full(count, np.nan),
            "area_um2": (channel.puncta.area_px * facts["pixel_size_um"] ** 2).round(4),
            "z_score": channel.puncta.z_score.round(2),
            "height": channel.puncta.height.astype(float).round(2),
            "in_tissue": field.is_tissue(channel.positions_um),
            "partner": partner,
            "partner_distance_um": distance,
        }
    )


def _partners(pairs: np.ndarray, inside: dict, pre_um: np.ndarray, post_um: np.ndarray) -> dict[str, tuple]:
    """For each side the puncta that have a partner, their partners, and how far apart they are (um)."""
    apart_um = np.linalg.norm(pre_um[pairs[:, 0]] - post_um[pairs[:, 1]], axis=1)
    first, second = inside["pre"][pairs[:, 0]], inside["post"][pairs[:, 1]]
    return {"pre": (first, second, apart_um), "post": (second, first, apart_um)}


def _field(images: list[np.ndarray], channels: dict[str, Channel], facts: dict, settings: dict) -> Field:
    extent_um = np.array(images[0].shape) * _voxel_um(facts, images[0].ndim)
    mask, coarse_um = tissue_mask(
        images, [channels[side].positions_um for side in SIDES], pixel_size_um=facts["pixel_size_um"], **settings
    )
    return Field(extent_um, mask, coarse_um)


def _voxel_um(facts: dict, dimensions: int) -> np.ndarray:
    return np.array([facts["z_step_um"] or math.nan, facts["pixel_size_um"], facts["pixel_size_um"]])[-dimensions:]


def _median(values: np.ndarray) -> float:
    return float(np.median(values)) if len(values) else math.nan
