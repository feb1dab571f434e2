"""Spines of one image: shafts traced, candidates judged, corrections replayed, shapes measured, counts by length."""

from pathlib import PurePosixPath

import numpy as np
from scipy import ndimage

from ketaflow.assays.dendritic_spines import constants
from ketaflow.assays.dendritic_spines.detection import candidate_search, candidates, lab_scorer, shape, spine_class
from ketaflow.assays.dendritic_spines.detection import scorer as judge
from ketaflow.assays.dendritic_spines.detection.candidates import Candidates
from ketaflow.assays.dendritic_spines.raters import corrections
from ketaflow.assays.dendritic_spines.tracing import centreline, image_properties, projection, tracer
from ketaflow.assays.dendritic_spines.tracing.dendrite import Dendrite
from ketaflow.assays.dendritic_spines.tracing.tracer import Tracing
from ketaflow.core.measures import measurement
from ketaflow.core.records import Record

TABLE = "dendritic_spines"
CORRECTIONS = "dendritic_spines_corrections"
UNITS = {
    "dendrite_length_um": "um", "spine_count": "spines", "spine_density_per_um": "spines/um",
    "spine_head_diameter_um": "um", "spine_length_um": "um",
    **{f"{name}_density_per_um": "spines/um" for name in constants.CLASSES},
}  # fmt: skip
NO_DENDRITE = "no dendrite was found in the image"
NO_SPINE = "the dendrite has no spines"


def quantify(
    recording: Record, *, scorer: str, score_threshold: float, stricter_when_clear: float, laxer_when_clear: float,
    min_distance_um: float, max_reach_um: float, min_dendrite_um: float, faintest_dendrite_ratio: float,
    psf_fwhm_um: float, mushroom_head_um: float, stubby_neck_um: float, stubby_length_um: float,
    filopodium_length_um: float,
) -> Record:  # fmt: skip
    """Measure the dendrite of one image.

    Tables: ``measurements``; ``spines``, one row each; ``dendrites``, one row for each traced branch; ``shafts``,
    points of their centrelines. Array ``soma`` (y, x): where a cell body is, and no dendrite is looked for.
    """
    row = recording.rows[TABLE][0]
    voxel_um = projection.voxel_size_um(recording.facts)
    stack, background = projection.subtract_background(recording.arrays["stack"])
    picture = projection.project(stack, voxel_um)
    noise = image_properties.pixel_noise(picture[None], image_properties.count_step(recording.arrays["stack"]))
    traced = tracer.trace_dendrites(
        stack, picture, voxel_um, noise, min_dendrite_um=min_dendrite_um,
        faintest_dendrite_ratio=faintest_dendrite_ratio,
    )  # fmt: skip
    about = {"background": background, "noise": noise}
    if not traced.dendrites:
        return Record(facts={**about, "unmatched": []}, arrays={"soma": traced.soma},
                      tables={"measurements": _measurements(row, None, None)})  # fmt: skip
    offered = candidate_search.find_candidates(picture, voxel_um, traced, noise, reach_um=max_reach_um)
    scores = _scores(offered, scorer, recording.arrays, {
        "stricter_when_clear": stricter_when_clear, "laxer_when_clear": laxer_when_clear,
    })  # fmt: skip
    same = candidate_search.find_duplicates(picture, voxel_um, traced, offered, min_distance_um)
    likely = same.suppress(scores, scores >= score_threshold)
    likely = likely[np.lexsort((offered.point[likely], offered.dendrite[likely]))]
    chosen = _in_depth(offered.subset(likely), traced.factor, stack, voxel_um)
    found, told, unmatched = _corrected(recording, stack, picture, voxel_um, traced, noise, chosen, scores[likely])
    fwhm_um = projection.projected_fwhm_um(psf_fwhm_um, len(stack))
    spines = _spine_table(_named(row), picture, voxel_um, traced.dendrites, found, told, psf_fwhm_um=fwhm_um, rule={
        "mushroom_head_um": mushroom_head_um, "stubby_neck_um": stubby_neck_um,
        "stubby_length_um": stubby_length_um, "filopodium_length_um": filopodium_length_um,
    })  # fmt: skip
    tables = {
        "measurements": _measurements(row, traced.dendrites, spines),
        "spines": spines,
        "dendrites": _dendrite_table(_named(row), traced.dendrites, voxel_um),
        "shafts": _shaft_table(_named(row), traced.dendrites, voxel_um),
    }
    return Record(facts={**about, "unmatched": unmatched}, tables=tables, arrays={"soma": traced.soma})


def _scores(offered: Candidates, kind: str, arrays: dict[str, np.ndarray], when_clear: dict[str, float]) -> np.ndarray:
    """Score (n,) of each candidate; ``when_clear`` is not for a laboratory's own scorer."""
    if kind == "classical":
        return judge.classical_score(offered)
    if own := lab_scorer.weights(arrays):
        return judge.score_candidates(offered, own)
    return judge.adjust_for_clear_image(judge.score_candidates(offered, judge.shipped_weights()), offered, **when_clear)


def _in_depth(chosen: Candidates, factor: float, stack: np.ndarray, voxel_um: np.ndarray) -> Candidates:
    """Candidates in true micrometres, each in the plane in which it is brightest."""
    chosen.places_um = chosen.places_um / factor
    chosen.places_um[:, 0] = _depth(chosen.places_um, stack, voxel_um)
    return chosen


def _corrected(
    recording: Record, stack: np.ndarray, picture: np.ndarray, voxel_um: np.ndarray, traced: Tracing, noise: float,
    found: Candidates, scores: np.ndarray,
) -> tuple[Candidates, list[dict], list[str]]:  # fmt: skip
    """Spines after a person's corrections, what is known of each (number, score, class given), and what failed."""
    rows = recording.rows.get(CORRECTIONS, [])
    spines, failed = corrections.replay(rows, found.places_um / voxel_um, float(voxel_um[1]), stack.shape[1:])
    as_found = [spine for spine in spines if spine.origin == "found"]
    by_hand = [spine for spine in spines if spine.origin != "found"]
    facts = [
        {"spine": spine.number, "score": scores[spine.index] if spine.origin == "found" else 1.0,
         "given": spine.given, "origin": spine.origin}
        for spine in as_found + by_hand
    ]  # fmt: skip
    parts = [found.subset(np.array([spine.index for spine in as_found], int))]
    if by_hand:
        places_um = np.array([spine.place_px for spine in by_hand]) * voxel_um
        places_um[:, 0] = np.where(
            np.isnan(places_um[:, 0]), _depth(np.nan_to_num(places_um), stack, voxel_um), places_um[:, 0]
        )
        parts.append(candidate_search.candidates_at(picture, voxel_um, traced, noise, places_um))
    return candidates.concatenate(parts), facts, failed


def _depth(places_um: np.ndarray, stack: np.ndarray, voxel_um: np.ndarray) -> np.ndarray:
    """Depth (n,) um at which each place of the projection is brightest, over three by three pixels."""
    if len(stack) == 1 or not len(places_um):
        return np.zeros(len(places_um))
    y, x = np.rint(places_um[:, 1:] / voxel_um[1:]).astype(int).T
    columns = sum(
        stack[:, (y + dy).clip(0, stack.shape[1] - 1), (x + dx).clip(0, stack.shape[2] - 1)]
        for dy in (-1, 0, 1)
        for dx in (-1, 0, 1)
    )
    return ndimage.uniform_filter1d(columns, 3, axis=0, mode="nearest").argmax(0) * voxel_um[0]


def _spine_table(
    named: dict[str, str], picture: np.ndarray, voxel_um: np.ndarray, dendrites: list[Dendrite], spines: Candidates,
    facts: list[dict], *, psf_fwhm_um: float, rule: dict[str, float],
) -> list[dict]:  # fmt: skip
    """One row for each spine."""
    shapes = shape.measure_shapes(picture, voxel_um, spines, dendrites, psf_fwhm_um=psf_fwhm_um)
    probabilities = spine_class.class_probabilities(
        shapes.length_um, shapes.head_diameter_um, shapes.neck_length_um, **rule
    )
    places_px = spines.places_um / voxel_um
    table = []
    for index, fact in enumerate(facts):
        best = int(np.argmax(probabilities[index]))
        table.append({
            **named, "spine": fact["spine"], "x_px": round(places_px[index, 2], 2),
            "y_px": round(places_px[index, 1], 2), "z_px": round(places_px[index, 0], 2),
            "score": round(float(fact["score"]), 4), "head_diameter_um": round(shapes.head_diameter_um[index], 4),
            "length_um": round(shapes.length_um[index], 4), "neck_length_um": round(shapes.neck_length_um[index], 4),
            "brightness_um2": round(shapes.brightness_um2[index], 4), "class": fact["given"] or constants.CLASSES[best],
            "class_probability": 1.0 if fact["given"] else round(float(probabilities[index, best]), 3),
            "below_resolution": bool(shapes.below_resolution[index]), "origin": fact["origin"],
            "branch": int(spines.dendrite[index]) + 1,
        })  # fmt: skip
    return table


def _dendrite_table(named: dict[str, str], dendrites: list[Dendrite], voxel_um: np.ndarray) -> list[dict]:
    return [
        {**named, "branch": number, "length_um": dendrite.length_um,
         "radius_um": float(np.median(dendrite.radius_um)), "brightness": float(np.median(dendrite.brightness)),
         "pixel_size_um": float(voxel_um[1])}
        for number, dendrite in enumerate(dendrites, start=1)
    ]  # fmt: skip


def _shaft_table(named: dict[str, str], dendrites: list[Dendrite], voxel_um: np.ndarray) -> list[dict]:
    """Centrelines, a point every half micrometre."""
    every = max(1, round(0.5 / centreline.LINE_STEP_UM))
    return [
        {**named, "branch": number, "x_px": round(x, 1), "y_px": round(y, 1), "z_px": round(z, 1)}
        for number, dendrite in enumerate(dendrites, start=1)
        for z, y, x in (dendrite.line_um / voxel_um)[[*range(0, len(dendrite.line_um) - 1, every), -1]]
    ]


def _measurements(row: dict, dendrites: list[Dendrite] | None, spines: list[dict] | None) -> list[dict]:
    """Every measure of the dendrite; all empty where none was found."""
    about = {"animal": row["animal"], "recording": row["image"], "region": row["region"], "sample": _sample(row)}
    if dendrites is None or spines is None:
        return [measurement(name, None, unit=unit, reason=NO_DENDRITE, **about) for name, unit in UNITS.items()]
    length_um = sum(dendrite.length_um for dendrite in dendrites)
    count = len(spines)
    values = {
        "dendrite_length_um": length_um,
        "spine_count": count,
        "spine_density_per_um": count / length_um,
        "spine_head_diameter_um": np.mean([spine["head_diameter_um"] for spine in spines]) if spines else None,
        "spine_length_um": np.mean([spine["length_um"] for spine in spines]) if spines else None,
        **{
            f"{name}_density_per_um": sum(spine["class"] == name for spine in spines) / length_um
            for name in constants.CLASSES
        },
    }
    return [
        measurement(name, value, unit=UNITS[name], reason="" if value is not None else NO_SPINE, n=count, **about)
        for name, value in values.items()
    ]


def _named(row: dict) -> dict[str, str]:
    """Columns that say of what recording and animal a row of the assay's tables is."""
    return {"image": row["image"], "recording": row["image"], "animal": row["animal"]}


def _sample(row: dict) -> str:
    """What lies below the animal: the dendrite of the cell, or the image where the table names no dendrite."""
    named = [row[column] for column in ("cell", "dendrite") if row.get(column)]
    return "/".join(named) if row.get("dendrite") else "/".join([*named, PurePosixPath(row["image"]).stem])
