"""The scorer retrained on what people marked: rated images in, weights for ``scorer_file`` out.

Training starts from the shipped weights, so that a dozen images are of use. Most candidates of an image are clearly no
spine to the shipped scorer and teach little; a part of them is kept.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ketaflow.assays.dendritic_spines.detection import candidate_search, scorer
from ketaflow.assays.dendritic_spines.detection.candidate_merging import Duplicates
from ketaflow.assays.dendritic_spines.detection.candidates import Candidates
from ketaflow.assays.dendritic_spines.model import QuantifySettings, Weights
from ketaflow.assays.dendritic_spines.raters.matching import match_points
from ketaflow.assays.dendritic_spines.tracing.projection import project_stack
from ketaflow.assays.dendritic_spines.tracing.tracer import trace_dendrites
from ketaflow.assays.dendritic_spines.training import constants


@dataclass(frozen=True)
class Search:
    """Candidates of an image as ``quantify`` finds them.

    Attributes
    ----------
    candidates : Candidates
        On the ordinary scale.
    scale_factor : float
        Ordinary scale over the scale of the file.
    duplicates : Duplicates
        Which candidates are one spine.
    """

    candidates: Candidates
    scale_factor: float
    duplicates: Duplicates


@dataclass(frozen=True)
class RatedImage:
    """An image that people rated.

    Attributes
    ----------
    image, animal : str
        The image and its animal.
    pixel_um : float
        Size of a pixel (um).
    search : Search
        Its candidates.
    spines_um : (n, 2) float
        Places that raters agree on: y, x (um).
    doubtful_um : (n, 2) float
        Places that too few of them marked: y, x (um).
    """

    image: str
    animal: str
    pixel_um: float
    search: Search
    spines_um: np.ndarray
    doubtful_um: np.ndarray


@dataclass(frozen=True)
class Training:
    """How a scorer is retrained.

    Attributes
    ----------
    threshold : float
        Score from which candidates are accepted.
    match_um : float
        Distance within which an accepted candidate is the spine that people marked (um).
    passes, seed : int
        Passes through the examples, and the seed of their order.
    """

    threshold: float
    match_um: float
    passes: int
    seed: int


@dataclass(frozen=True)
class ClearImages:
    """Adjustment of scores in clear images (``scorer.adjust_for_clear_image``)."""

    stricter_when_clear: float
    laxer_when_clear: float


class _Judged(NamedTuple):
    """Places by people (n, 2), places that a scorer offers (m, 2), and its scores (m,)."""

    people_um: np.ndarray
    offered_um: np.ndarray
    scores: np.ndarray


def search_as_quantify(stack: np.ndarray, voxel_um: np.ndarray, settings: QuantifySettings) -> Search | None:
    """Find the candidates of an image as ``quantify`` does.

    Parameters
    ----------
    stack : (planes, rows, columns) array
        Counts.
    voxel_um : (3,) float
        Size of a voxel: depth, height, width (um).
    settings : QuantifySettings
        Settings of ``quantify``.

    Returns
    -------
    Search or None
        None where no dendrite was found.
    """
    projection = project_stack(stack, voxel_um)
    tracing = trace_dendrites(
        projection, min_dendrite_um=settings.min_dendrite_um, faintest_ratio=settings.faintest_dendrite_ratio
    )
    if not tracing.dendrites:
        return None
    found = candidate_search.detectable(
        candidate_search.find_candidates(projection, tracing, reach_um=settings.max_reach_um)
    )
    duplicates = candidate_search.find_duplicates(projection, tracing, found, min_distance_um=settings.min_distance_um)
    return Search(found, tracing.scale_factor, duplicates)


def retrain(images: list[RatedImage], training: Training) -> Weights:
    """Train the shipped scorer further on rated images.

    Parameters
    ----------
    images : list of RatedImage
        At least one.
    training : Training
        How it is trained.

    Returns
    -------
    dict of str to array
        Weights, shifted so that ``training.threshold`` is the best level of acceptance. The same images and seed give
        the same weights.
    """
    inputs, labels = (np.concatenate(parts) for parts in zip(*(_examples(image) for image in images), strict=True))
    weights = dict(scorer.shipped_weights())
    standard = ((inputs - weights["mean"]) / weights["scale"]).astype(np.float32)
    for network in scorer.network_names(weights):
        weights |= _trained_on(weights, network, standard, labels, training)
    return _shifted_to_threshold(weights, images, training)


def accepted_positions(
    image: RatedImage, weights: Weights, threshold: float, when_clear: ClearImages | None = None
) -> np.ndarray:
    """Places of the spines that a scorer accepts in an image.

    Parameters
    ----------
    image : RatedImage
        The image.
    weights : dict of str to array
        The scorer.
    threshold : float
        Score from which candidates are accepted.
    when_clear : ClearImages, optional
        Adjustment for clear images; none for a laboratory's own scorer.

    Returns
    -------
    (n, 2) float
        Position of each spine in the plane: y, x (um).
    """
    judged = _judged(image, weights, when_clear)
    return judged.offered_um[judged.scores >= threshold]


def _judged(image: RatedImage, weights: Weights, when_clear: ClearImages | None = None) -> _Judged:
    """Score the candidates that no better one displaces.

    Which ones a better one displaces does not depend on the threshold, so any threshold may be applied to the scores.
    """
    search = image.search
    scores = scorer.score_candidates(search.candidates, weights)
    if when_clear:
        scores = scorer.adjust_for_clear_image(
            scores,
            search.candidates,
            stricter_when_clear=when_clear.stricter_when_clear,
            laxer_when_clear=when_clear.laxer_when_clear,
        )
    kept = search.duplicates.suppress(scores, np.ones(len(scores), bool))
    return _Judged(image.spines_um, search.candidates.positions_um[kept, 1:] / search.scale_factor, scores[kept])


def _examples(image: RatedImage) -> tuple[np.ndarray, np.ndarray]:
    """Inputs (n, inputs) and labels (n,) of the candidates that are clearly a spine or clearly none, both mirrored."""
    candidates, factor = image.search.candidates, image.search.scale_factor
    flat_um = candidates.positions_um[:, 1:]
    to_spine = _distance_to_nearest(flat_um, image.spines_um * factor)
    to_doubt = _distance_to_nearest(flat_um, image.doubtful_um * factor)
    spine = to_spine < constants.MARK_NEAR_UM
    other = np.minimum(to_spine, to_doubt) > constants.MARK_FAR_UM
    shipped = scorer.score_candidates(candidates, scorer.shipped_weights())
    easy = np.flatnonzero(other & (shipped < constants.EASY_SCORE))
    other[np.delete(easy, np.s_[:: constants.EASY_KEPT_EVERY])] = False
    chosen = candidates.subset(np.flatnonzero(spine | other))
    both = [scorer.network_input(chosen, mirrored=mirrored) for mirrored in (False, True)]
    return np.vstack(both), np.tile(spine[spine | other], 2)


def _distance_to_nearest(positions_um: np.ndarray, marks_um: np.ndarray) -> np.ndarray:
    """Distance (n,) of each place to the nearest mark (um); infinite without marks."""
    if not len(marks_um):
        return np.full(len(positions_um), np.inf)
    return np.asarray(np.linalg.norm(positions_um[:, None] - marks_um[None], axis=2).min(1))


def _trained_on(
    weights: Weights, network: str, standard: np.ndarray, labels: np.ndarray, training: Training
) -> Weights:
    """Train one network further on standardised inputs, and return its new weights."""
    from sklearn.neural_network import MLPClassifier

    layers = scorer.layer_count(weights, network)
    hidden = [weights[f"{network}_{layer}_bias"].size for layer in range(layers - 1)]
    batch = min(constants.BATCH, len(labels))
    classifier = MLPClassifier(
        hidden,
        alpha=constants.RETRAINING_ALPHA,
        batch_size=batch,
        learning_rate_init=constants.RETRAINING_RATE,
        random_state=training.seed,
    )
    classifier.partial_fit(standard[:batch], labels[:batch], classes=[False, True])
    classifier.coefs_ = [weights[f"{network}_{layer}_weight"].astype(np.float32) for layer in range(layers)]
    classifier.intercepts_ = [weights[f"{network}_{layer}_bias"].astype(np.float32) for layer in range(layers)]
    for _ in range(training.passes):
        classifier.partial_fit(standard, labels)
    trained: Weights = {}
    for layer, (weight, bias) in enumerate(zip(classifier.coefs_, classifier.intercepts_, strict=True)):
        trained |= {f"{network}_{layer}_weight": weight, f"{network}_{layer}_bias": bias}
    return trained


def _shifted_to_threshold(weights: Weights, images: list[RatedImage], training: Training) -> Weights:
    """Shift the scores of a scorer so that the best level to accept spines at becomes the threshold."""
    level = _best_level([_judged(image, weights) for image in images], training.match_um)
    threshold = training.threshold
    shift = np.log(threshold / (1 - threshold)) - np.log(level / (1 - level))
    shifted = dict(weights)
    for network in scorer.network_names(weights):
        last = f"{network}_{scorer.layer_count(weights, network) - 1}_bias"
        shifted[last] = weights[last] + np.float32(shift)
    return shifted


def _best_level(judged: list[_Judged], match_um: float) -> float:
    """Level whose count is nearest to people's, among those whose F1 is within ``F1_TO_SPARE`` of the best."""
    marked = sum(len(one.people_um) for one in judged)
    levels = constants.THRESHOLDS
    counts, both = np.zeros(len(levels)), np.zeros(len(levels))
    for one in judged:
        for number, level in enumerate(levels):
            found_um = one.offered_um[one.scores >= level]
            counts[number] += len(found_um)
            both[number] += len(match_points(found_um, one.people_um, match_um)[0])
    f1 = 2 * both / np.maximum(counts + marked, 1)
    good = np.flatnonzero(f1 >= f1.max() - constants.F1_TO_SPARE)
    return float(levels[good[np.argmin(np.abs(counts[good] - marked))]])
