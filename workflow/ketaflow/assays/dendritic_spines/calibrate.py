"""The scorer taught by a lab's own people; ``workflow/maintenance/calibrate_dendritic_spines.py`` is its command.

In: images and where people saw spines in them. Out: weights for ``scorer_file``, and how well they do on images
they were not taught, beside the shipped ones. Teaching starts from the shipped weights, so a dozen images are of use.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ketaflow.assays.dendritic_spines import candidates, finding, image_facts, scorer
from ketaflow.assays.dendritic_spines.candidates import Candidates
from ketaflow.assays.dendritic_spines.matching import matched

# People click beside the middle of a head: nearer than NEAR_UM is it, farther than FAR_UM is none.
NEAR_UM, FAR_UM = 0.45, 0.9
EPOCHS = 8
FOLDS = 2
SEARCHED = np.linspace(0.02, 0.98, 97)


@dataclass
class Taught:
    """Candidates of one image, the factor of their scale, and where a person saw spines (n, 2: y, x) um."""

    image: str
    offered: Candidates
    factor: float
    people_um: np.ndarray


def taught(image: str, pixels: np.ndarray, voxel_um: np.ndarray, people_px: np.ndarray, rules: dict) -> Taught | None:
    """Find candidates as ``quantify`` does; ``people_px`` (n, 2) are y, x. None where no dendrite is found."""
    stack, _ = image_facts.without_background(pixels)
    noise = image_facts.noise(stack.max(0, keepdims=True))
    found = finding.traced(
        stack, voxel_um, noise, min_dendrite_um=rules["min_dendrite_um"],
        faintest_dendrite_ratio=rules["faintest_dendrite_ratio"],
    )  # fmt: skip
    if not found.dendrites:
        return None
    offered = finding.offered(stack.max(0), voxel_um, found, noise, reach_um=rules["max_reach_um"])
    return Taught(image, offered, found.factor, people_px * voxel_um[1:])


def fitted(images: list[Taught], *, threshold: float, apart_um: float, seed: int) -> scorer.Weights:
    """Weights that start from the shipped ones, taught by people, and shifted to count as many spines as they do."""
    seen, label = (np.concatenate(parts) for parts in zip(*(_examples(image) for image in images), strict=True))
    weights = dict(scorer.shipped())
    standard = ((seen - weights["mean"]) / weights["scale"]).astype(np.float32)
    for network in scorer.networks(weights):
        _teach(weights, network, standard, label, seed)
    return _shifted(weights, images, threshold=threshold, apart_um=apart_um)


def _examples(image: Taught) -> tuple[np.ndarray, np.ndarray]:
    """Features and labels of the candidates of one image that are clearly a spine or clearly none."""
    if not len(image.people_um):
        away = np.full(len(image.offered), np.inf)
    else:
        there = image.people_um * image.factor
        away = np.linalg.norm(image.offered.places_um[:, None, 1:] - there[None], axis=2).min(1)
    sure = (away < NEAR_UM) | (away > FAR_UM)
    chosen = image.offered.chosen(np.flatnonzero(sure))
    both = [scorer.features(chosen, mirrored) for mirrored in (False, True)]
    return np.vstack(both), np.tile(away[sure] < NEAR_UM, 2)


def _teach(weights: scorer.Weights, network: str, standard: np.ndarray, label: np.ndarray, seed: int) -> None:
    """Go on training one network of ``weights``, in place."""
    from sklearn.neural_network import MLPClassifier

    layers = scorer.layers(weights, network)
    hidden = [weights[f"{network}_{layer}_bias"].size for layer in range(layers - 1)]
    batch = min(256, len(label))
    pupil = MLPClassifier(hidden, alpha=3e-3, batch_size=batch, learning_rate_init=4e-4, random_state=seed)
    pupil.partial_fit(standard[:batch], label[:batch], classes=[False, True])
    pupil.coefs_ = [weights[f"{network}_{layer}_weight"].astype(np.float32) for layer in range(layers)]
    pupil.intercepts_ = [weights[f"{network}_{layer}_bias"].astype(np.float32) for layer in range(layers)]
    for _ in range(EPOCHS):
        pupil.partial_fit(standard, label)
    for layer in range(layers):
        weights[f"{network}_{layer}_weight"], weights[f"{network}_{layer}_bias"] = (
            pupil.coefs_[layer],
            pupil.intercepts_[layer],
        )


def _shifted(weights: scorer.Weights, images: list[Taught], *, threshold: float, apart_um: float) -> scorer.Weights:
    """The same scorer on a scale on which ``threshold`` accepts as many spines as people marked."""
    scores = [scorer.scores(image.offered, weights) for image in images]
    wanted = sum(len(image.people_um) for image in images)
    counts = [
        sum(len(_accepted(image, score, level, apart_um)) for image, score in zip(images, scores, strict=True))
        for level in SEARCHED
    ]
    level = SEARCHED[int(np.argmin(np.abs(np.array(counts) - wanted)))]
    shift = np.log(threshold / (1 - threshold)) - np.log(level / (1 - level))
    shifted = dict(weights)
    for network in scorer.networks(weights):
        last = f"{network}_{scorer.layers(weights, network) - 1}_bias"
        shifted[last] = weights[last] + np.float32(shift)
    return shifted


def _accepted(image: Taught, scores: np.ndarray, threshold: float, apart_um: float) -> np.ndarray:
    """Places (n, 2: y, x) um of the spines accepted in one image."""
    likely = np.flatnonzero(scores >= threshold)
    likely = likely[candidates.strongest(image.offered.places_um[likely], scores[likely], apart_um)]
    return image.offered.places_um[likely, 1:] / image.factor


def judged(
    images: list[Taught], weights: scorer.Weights, *, threshold: float, apart_um: float, match_um: float
) -> dict[str, float]:
    """Precision, recall, F1 and bias of the count (%) over images, against people."""
    found = marked = both = 0
    for image in images:
        places = _accepted(image, scorer.scores(image.offered, weights), threshold, apart_um)
        both += len(matched(places, image.people_um, match_um)[0])
        found, marked = found + len(places), marked + len(image.people_um)
    return {
        "images": len(images), "marked": marked, "found": found,
        "precision": both / found if found else np.nan, "recall": both / marked if marked else np.nan,
        "f1": 2 * both / (found + marked) if found + marked else np.nan,
        "count_bias_pct": 100 * (found - marked) / marked if marked else np.nan,
    }  # fmt: skip


def left_out(images: list[Taught], *, threshold: float, apart_um: float, match_um: float, seed: int) -> pd.DataFrame:
    """Shipped and taught scorer on images that the taught one has not seen: taught on one half, judged on the other."""
    rules = {"threshold": threshold, "apart_um": apart_um}
    order = np.random.default_rng(seed).permutation(len(images)) % FOLDS
    rows = []
    for fold in range(FOLDS):
        kept = [image for image, of in zip(images, order, strict=True) if of != fold]
        out = [image for image, of in zip(images, order, strict=True) if of == fold]
        for name, weights in (("shipped", scorer.shipped()), ("taught", fitted(kept, **rules, seed=seed))):
            rows.append({"scorer": name, "fold": fold + 1, **judged(out, weights, **rules, match_um=match_um)})
    return pd.DataFrame(rows)
