"""Spines of one image: dendrites traced, candidates scored, corrections applied, spines measured and counted."""

from typing import NamedTuple

import numpy as np

from ketaflow.assays.dendritic_spines.constants import CLASSES, SHAFT_POINT_UM
from ketaflow.assays.dendritic_spines.detection import candidate_search, scorer
from ketaflow.assays.dendritic_spines.detection.candidates import Candidates, concatenate
from ketaflow.assays.dendritic_spines.detection.shape import Shapes, measure_shapes
from ketaflow.assays.dendritic_spines.detection.spine_class import class_probabilities
from ketaflow.assays.dendritic_spines.model import (
    BranchRow,
    Correction,
    DendriteImage,
    Measured,
    QuantifySettings,
    ShaftPoint,
    SpineRow,
    Weights,
    corrections,
    spine_table,
)
from ketaflow.assays.dendritic_spines.raters.corrections import CorrectedSpine, replay
from ketaflow.assays.dendritic_spines.tracing.constants import LINE_STEP_UM
from ketaflow.assays.dendritic_spines.tracing.dendrite import Dendrite
from ketaflow.assays.dendritic_spines.tracing.projection import Projection, project_stack, projected_fwhm_um
from ketaflow.assays.dendritic_spines.tracing.tracer import Tracing, trace_dendrites
from ketaflow.core.inputs import Rows
from ketaflow.core.results import Measurement, measurement

MEASURES = (
    "dendrite_length_um", "spine_count", "spine_density_per_um", "spine_head_diameter_um", "spine_length_um",
    *(f"{name}_density_per_um" for name in CLASSES),
)  # fmt: skip
NO_DENDRITE = "no dendrite was found in the image"
NO_SPINE = "the dendrite has no spines"


class Spines(NamedTuple):
    """Spines of an image: where they are, what corrections made of each, and the score of each."""

    candidates: Candidates
    corrected: list[CorrectedSpine]
    scores: list[float]


def quantify(image: DendriteImage, settings: QuantifySettings, *, rows: Rows) -> Measured:
    """Measure the dendrites and spines of one image.

    Parameters
    ----------
    image : DendriteImage
        The image.
    settings : QuantifySettings
        Settings of the method.
    rows : Rows
        ``dendritic_spines_corrections`` of the image.

    Returns
    -------
    Measured
        Every measure is empty where no dendrite was found.
    """
    projection = project_stack(image.stack, image.voxel_um)
    tracing = trace_dendrites(
        projection, min_dendrite_um=settings.min_dendrite_um, faintest_ratio=settings.faintest_dendrite_ratio
    )
    if not tracing.dendrites:
        missing = [_measurement(image, name, None, reason=NO_DENDRITE) for name in MEASURES]
        return Measured(
            tracing.soma, projection.noise, projection.background, [], measurements=missing, spines=spine_table([])
        )
    found, scores = _found_spines(projection, tracing, image.lab_weights, settings)
    spines, unmatched = _corrected(corrections(rows), projection, tracing, found, scores)
    spine_rows = _spine_rows(image, projection, tracing, spines, settings)
    return Measured(
        soma=tracing.soma,
        noise=projection.noise,
        background=projection.background,
        unmatched_corrections=unmatched,
        foreground_ratio=foreground_ratio(projection, tracing.dendrites),
        measurements=_measurements(image, tracing.dendrites, spine_rows),
        spines=spine_table(spine_rows),
        dendrites=_branch_rows(image, tracing.dendrites),
        shafts=_shaft_points(image, tracing.dendrites),
    )


def foreground_ratio(projection: Projection, dendrites: list[Dendrite]) -> float:
    """Area of the image that is bright, over that of the traced shafts.

    Parameters
    ----------
    projection : Projection
        The image.
    dendrites : list of Dendrite
        Its dendrites; at least one.

    Returns
    -------
    float
        Area of the pixels at least half as bright as the shafts over length times width of these: about 1 where the
        image shows dendrites with spines and little else, more where it shows nuclei, puncta or haze.
    """
    radius_um, brightness = (
        np.concatenate([getattr(dendrite, name) for dendrite in dendrites]) for name in ("radius_um", "brightness")
    )
    bright = np.count_nonzero(projection.pixels > brightness.mean() / 2) * projection.pixel_um**2
    return float(bright / (2 * radius_um * LINE_STEP_UM).sum())


def _found_spines(
    projection: Projection, tracing: Tracing, lab_weights: Weights, settings: QuantifySettings
) -> tuple[Candidates, np.ndarray]:
    """Find the spines of an image, branch by branch, on the scale of the file; and their scores (n,)."""
    candidates = candidate_search.detectable(
        candidate_search.find_candidates(projection, tracing, reach_um=settings.max_reach_um)
    )
    scores = _scores(candidates, lab_weights, settings)
    duplicates = candidate_search.find_duplicates(
        projection, tracing, candidates, min_distance_um=settings.min_distance_um
    )
    accepted = duplicates.suppress(scores, scores >= settings.score_threshold)
    accepted = accepted[np.lexsort((candidates.point[accepted], candidates.dendrite[accepted]))]
    return candidate_search.at_file_scale(candidates.subset(accepted), projection, tracing), scores[accepted]


def _scores(candidates: Candidates, lab_weights: Weights, settings: QuantifySettings) -> np.ndarray:
    """Score each candidate (n,); the adjustment for clear images is not for a laboratory's own scorer."""
    if settings.scorer == "classical":
        return scorer.classical_score(candidates)
    if lab_weights:
        return scorer.score_candidates(candidates, lab_weights)
    return scorer.adjust_for_clear_image(
        scorer.score_candidates(candidates, scorer.shipped_weights()),
        candidates,
        stricter_when_clear=settings.stricter_when_clear,
        laxer_when_clear=settings.laxer_when_clear,
    )


def _corrected(
    rows: list[Correction], projection: Projection, tracing: Tracing, found: Candidates, scores: np.ndarray
) -> tuple[Spines, list[str]]:
    """Apply corrections to the spines found; and the corrections that changed nothing, with the reasons."""
    voxel_um = projection.voxel_um
    replayed = replay(rows, found.positions_um / voxel_um, projection.pixel_um, projection.pixels.shape)
    kept = [spine for spine in replayed.spines if spine.origin == "found"]
    by_hand = [spine for spine in replayed.spines if spine.origin != "found"]
    index = [spine.index for spine in kept if spine.index is not None]
    parts = [found.subset(np.array(index, int))]
    if by_hand:
        positions_um = np.array([spine.position_px for spine in by_hand]) * voxel_um
        brightest_um = candidate_search.brightest_depth_um(np.nan_to_num(positions_um), projection)
        positions_um[:, 0] = np.where(np.isnan(positions_um[:, 0]), brightest_um, positions_um[:, 0])
        parts.append(candidate_search.candidates_at(projection, tracing, positions_um))
    spines = Spines(concatenate(parts), kept + by_hand, [*map(float, scores[index]), *[1.0] * len(by_hand)])
    return spines, replayed.failed


def _spine_rows(
    image: DendriteImage, projection: Projection, tracing: Tracing, spines: Spines, settings: QuantifySettings
) -> list[SpineRow]:
    """Measure and classify each spine."""
    fwhm_um = projected_fwhm_um(settings.psf_fwhm_um, len(projection.stack))
    shapes = measure_shapes(projection, spines.candidates, tracing.dendrites, psf_fwhm_um=fwhm_um)
    probabilities = class_probabilities(shapes, settings)
    positions_px = np.round(spines.candidates.positions_um / projection.voxel_um, 2).tolist()
    sizes = _rounded(shapes)
    rows = []
    for index, (spine, score) in enumerate(zip(spines.corrected, spines.scores, strict=True)):
        best = int(np.argmax(probabilities[index]))
        z_px, y_px, x_px = positions_px[index]
        head_um, length_um, neck_um, light = sizes[index]
        rows.append(
            SpineRow(
                image=image.image,
                recording=image.recording,
                animal=image.animal,
                spine=spine.number,
                x_px=x_px,
                y_px=y_px,
                z_px=z_px,
                score=round(score, 4),
                head_diameter_um=head_um,
                length_um=length_um,
                neck_length_um=neck_um,
                brightness_um2=light,
                spine_class=spine.given_class or CLASSES[best],
                class_probability=1.0 if spine.given_class else round(float(probabilities[index, best]), 3),
                below_resolution=bool(shapes.below_resolution[index]),
                origin=spine.origin,
                branch=int(spines.candidates.dendrite[index]) + 1,
            )
        )
    return rows


def _rounded(shapes: Shapes) -> list[list[float]]:
    """Head diameter, length, neck length and light of each spine, to four digits."""
    columns = (shapes.head_diameter_um, shapes.length_um, shapes.neck_length_um, shapes.brightness_um2)
    rows: list[list[float]] = np.round(np.column_stack(columns), 4).tolist()
    return rows


def _branch_rows(image: DendriteImage, dendrites: list[Dendrite]) -> list[BranchRow]:
    """Describe each traced branch."""
    return [
        BranchRow(
            image=image.image,
            recording=image.recording,
            animal=image.animal,
            branch=number,
            length_um=dendrite.length_um,
            radius_um=float(np.median(dendrite.radius_um)),
            brightness=float(np.median(dendrite.brightness)),
            pixel_size_um=image.pixel_size_um,
        )
        for number, dendrite in enumerate(dendrites, start=1)
    ]


def _shaft_points(image: DendriteImage, dendrites: list[Dendrite]) -> list[ShaftPoint]:
    """Sample the centrelines in steps of ``SHAFT_POINT_UM``, each to its last point."""
    every = max(1, round(SHAFT_POINT_UM / LINE_STEP_UM))
    points = []
    for number, dendrite in enumerate(dendrites, start=1):
        sampled = [*range(0, len(dendrite.line_um) - 1, every), -1]
        for z, y, x in np.round((dendrite.line_um / image.voxel_um)[sampled], 1).tolist():
            points.append(ShaftPoint(image.image, image.recording, image.animal, number, x, y, z))
    return points


def _measurements(image: DendriteImage, dendrites: list[Dendrite], spines: list[SpineRow]) -> list[Measurement]:
    """Compute every measure of the dendrite."""
    length_um = sum(dendrite.length_um for dendrite in dendrites)
    count = len(spines)
    by_class = [sum(spine.spine_class == name for spine in spines) / length_um for name in CLASSES]
    head_um = float(np.mean([spine.head_diameter_um for spine in spines])) if spines else None
    spine_um = float(np.mean([spine.length_um for spine in spines])) if spines else None
    values = [length_um, count, count / length_um, head_um, spine_um, *by_class]
    return [
        _measurement(image, name, value, reason="" if value is not None else NO_SPINE, n=count)
        for name, value in zip(MEASURES, values, strict=True)
    ]


def _measurement(
    image: DendriteImage, name: str, value: float | None, *, reason: str, n: float | None = None
) -> Measurement:
    """Make one measurement of an image."""
    return measurement(
        name,
        value,
        animal=image.animal,
        recording=image.recording,
        region=image.region,
        sample=image.sample,
        reason=reason,
        n=n,
    )
