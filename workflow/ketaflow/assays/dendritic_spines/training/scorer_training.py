"""The scorer taught by people: candidates of images they scored in, weights for ``scorer_file`` out.

Teaching starts from the shipped weights, so a dozen images are of use. What is clearly no spine to the shipped scorer
makes up most of any image and teaches little; one in four of those is kept.
"""

from dataclasses import dataclass

import numpy as np

from ketaflow.assays.dendritic_spines.detection import candidate_search, scorer
from ketaflow.assays.dendritic_spines.detection.candidate_merging import Duplicates
from ketaflow.assays.dendritic_spines.detection.candidates import Candidates
from ketaflow.assays.dendritic_spines.raters.matching import match_points
from ketaflow.assays.dendritic_spines.tracing import image_properties, projection, tracer

# People click beside the middle of a head: nearer than NEAR_UM is it, farther than FAR_UM is none.
NEAR_UM, FAR_UM = 0.45, 0.9
# Candidates the shipped scorer gives less than this are easy; of those, one in EASY_KEPT_EVERY is learned from.
EASY_SCORE, EASY_KEPT_EVERY = 0.02, 4
SEARCHED = np.linspace(0.02, 0.98, 49)
# So much F1 is given away for a count nearer to people's.
F1_TO_SPARE = 0.01


@dataclass
class RatedImage:
    """An image that people scored: its candidates, the factor of their scale, which are one, and where spines are.

    ``spines_um`` (n, 2: y, x) are the places people agree on, ``doubtful_um`` those they do not.
    """

    image: str
    animal: str
    pixel_um: float
    offered: Candidates
    factor: float
    same: Duplicates
    spines_um: np.ndarray
    doubtful_um: np.ndarray


def search_as_quantify(
    stack: np.ndarray, voxel_um: np.ndarray, rules: dict
) -> tuple[Candidates, float, Duplicates] | None:
    """Candidates as ``quantify`` finds them, the factor of their scale, and which are one; None without a dendrite."""
    lifted, _ = projection.subtract_background(stack)
    picture = projection.project(lifted, voxel_um)
    noise = image_properties.pixel_noise(picture[None], image_properties.count_step(stack))
    found = tracer.trace_dendrites(
        lifted, picture, voxel_um, noise, min_dendrite_um=rules["min_dendrite_um"],
        faintest_dendrite_ratio=rules["faintest_dendrite_ratio"],
    )  # fmt: skip
    if not found.dendrites:
        return None
    made = candidate_search.find_candidates(picture, voxel_um, found, noise, reach_um=rules["max_reach_um"])
    return (
        made,
        found.factor,
        candidate_search.find_duplicates(picture, voxel_um, found, made, rules["min_distance_um"]),
    )


def fine_tune(images: list[RatedImage], *, threshold: float, match_um: float, passes: int, seed: int) -> scorer.Weights:
    """Weights that start from the shipped ones, taught by people, and shifted to accept as they do at ``threshold``."""
    seen, label = (np.concatenate(parts) for parts in zip(*(_examples(image) for image in images), strict=True))
    weights = dict(scorer.shipped_weights())
    standard = ((seen - weights["mean"]) / weights["scale"]).astype(np.float32)
    for network in scorer.network_names(weights):
        _continue_training(weights, network, standard, label, passes, seed)
    return _shift_to_threshold(weights, images, threshold=threshold, match_um=match_um)


def accepted_positions(
    image: RatedImage, weights: scorer.Weights, threshold: float, when_clear: dict[str, float] | None = None
) -> np.ndarray:
    """Places (n, 2: y, x) um of the spines a scorer accepts in one image, adjusted for clear ones or not."""
    places_um, scores = _without_duplicates(image, weights, when_clear)
    return places_um[scores >= threshold]


def _without_duplicates(
    image: RatedImage, weights: scorer.Weights, when_clear: dict[str, float] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Places (n, 2) um and scores (n,) of candidates none of which is displaced by a better one.

    What a better one displaces does not depend on the level of acceptance, so any level may be put to the scores.
    """
    scores = scorer.score_candidates(image.offered, weights)
    if when_clear:
        scores = scorer.adjust_for_clear_image(scores, image.offered, **when_clear)
    kept = image.same.suppress(scores, np.ones(len(scores), bool))
    return image.offered.places_um[kept, 1:] / image.factor, scores[kept]


def _examples(image: RatedImage) -> tuple[np.ndarray, np.ndarray]:
    """Features and labels of the candidates of one image that are clearly a spine or clearly none."""
    places_um = image.offered.places_um[:, 1:]
    to_spine = _nearest(places_um, image.spines_um * image.factor)
    to_doubt = _nearest(places_um, image.doubtful_um * image.factor)
    spine = to_spine < NEAR_UM
    other = np.minimum(to_spine, to_doubt) > FAR_UM
    easy = np.flatnonzero(other & (scorer.score_candidates(image.offered, scorer.shipped_weights()) < EASY_SCORE))
    other[np.delete(easy, np.s_[::EASY_KEPT_EVERY])] = False
    chosen = image.offered.subset(np.flatnonzero(spine | other))
    both = [scorer.network_input(chosen, mirrored) for mirrored in (False, True)]
    return np.vstack(both), np.tile(spine[spine | other], 2)


def _nearest(places_um: np.ndarray, marks_um: np.ndarray) -> np.ndarray:
    """Distance (n,) of each place to the nearest mark; infinite where there is none."""
    if not len(marks_um):
        return np.full(len(places_um), np.inf)
    return np.linalg.norm(places_um[:, None] - marks_um[None], axis=2).min(1)


def _continue_training(
    weights: scorer.Weights, network: str, standard: np.ndarray, label: np.ndarray, passes: int, seed: int
) -> None:
    """Go on training one network of ``weights``, in place."""
    from sklearn.neural_network import MLPClassifier

    layers = scorer.layer_count(weights, network)
    hidden = [weights[f"{network}_{layer}_bias"].size for layer in range(layers - 1)]
    batch = min(256, len(label))
    pupil = MLPClassifier(hidden, alpha=3e-3, batch_size=batch, learning_rate_init=4e-4, random_state=seed)
    pupil.partial_fit(standard[:batch], label[:batch], classes=[False, True])
    pupil.coefs_ = [weights[f"{network}_{layer}_weight"].astype(np.float32) for layer in range(layers)]
    pupil.intercepts_ = [weights[f"{network}_{layer}_bias"].astype(np.float32) for layer in range(layers)]
    for _ in range(passes):
        pupil.partial_fit(standard, label)
    for layer, taught in enumerate(zip(pupil.coefs_, pupil.intercepts_, strict=True)):
        weights[f"{network}_{layer}_weight"], weights[f"{network}_{layer}_bias"] = taught


def _shift_to_threshold(
    weights: scorer.Weights, images: list[RatedImage], *, threshold: float, match_um: float
) -> scorer.Weights:
    """The same scorer on a scale on which ``threshold`` is the best level to accept spines at."""
    level = _best_level([(image.spines_um, *_without_duplicates(image, weights)) for image in images], match_um)
    shift = np.log(threshold / (1 - threshold)) - np.log(level / (1 - level))
    shifted = dict(weights)
    for network in scorer.network_names(weights):
        last = f"{network}_{scorer.layer_count(weights, network) - 1}_bias"
        shifted[last] = weights[last] + np.float32(shift)
    return shifted


def _best_level(judged: list[tuple[np.ndarray, np.ndarray, np.ndarray]], match_um: float) -> float:
    """The level at which the count comes nearest to people's, of those whose F1 is the best but for ``F1_TO_SPARE``.

    ``judged`` holds of each image people's places, those the scorer offers, and its scores.
    """
    marked = sum(len(people_um) for people_um, _, _ in judged)
    counts, both = np.zeros(len(SEARCHED)), np.zeros(len(SEARCHED))
    for people_um, places_um, scores in judged:
        for number, level in enumerate(SEARCHED):
            found_um = places_um[scores >= level]
            counts[number] += len(found_um)
            both[number] += len(match_points(found_um, people_um, match_um)[0])
    f1 = 2 * both / np.maximum(counts + marked, 1)
    good = np.flatnonzero(f1 >= f1.max() - F1_TO_SPARE)
    return float(SEARCHED[good[np.argmin(np.abs(counts[good] - marked))]])
