"""How the shipped scorer is made. Command, to be run in ``workflow/``:

    python -m ketaflow.assays.dendritic_spines.training.shipped_scorer

Draws images (``training_images``), finds candidates in them as ``quantify`` does, calls those near a drawn head spines
and those far from all heads not, and fits the networks. Nothing but drawings goes in. About three minutes of one core.
"""

import sys
import warnings

import numpy as np

from ketaflow.assays.dendritic_spines.detection import candidate_search, scorer
from ketaflow.assays.dendritic_spines.detection.candidates import DESCRIPTORS, Candidates
from ketaflow.assays.dendritic_spines.tracing import image_properties, projection, tracer
from ketaflow.assays.dendritic_spines.training import training_images

# A candidate this near to a head (um, in the plane) is it; one farther than FAR_UM from all and RIM_UM from their
# surface is none, nor is one on the shaft (within so many of its radii) that is not near: the root of a spine is not
# the spine.
NEAR_UM, FAR_UM, RIM_UM, ON_SHAFT = 0.35, 0.6, 0.2, 0.8
LAYERS = (96, 32)
NETWORKS = 5
PASSES = 12
TISSUES = 650
PHOTOGRAPHS = 2


def labelled_candidates(
    field: training_images.TrainingImage, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Features (n, features) and labels (n,) of the candidates of one field, the whole field mirrored or not."""
    stack, _ = projection.subtract_background(field.picture[None])
    noise = image_properties.pixel_noise(field.picture[None], image_properties.count_step(field.picture))
    found = tracer.trace_dendrites(
        stack, stack[0], field.voxel_um, noise, min_dendrite_um=6.0, faintest_dendrite_ratio=0.35
    )
    if not found.dendrites:
        return np.zeros((0, scorer.INPUT_WIDTH), np.float16), np.zeros(0, bool)
    offered = candidate_search.find_candidates(stack[0], field.voxel_um, found, noise, reach_um=3.0)
    label, sure = label_by_head(offered, field.heads_um * found.factor, field.widths_um * found.factor, field.hidden)
    kept = np.flatnonzero(sure)
    return scorer.network_input(offered.subset(kept), bool(rng.random() < 0.5)).astype(np.float16), label[kept]


def label_by_head(
    offered: Candidates, heads_um: np.ndarray, widths_um: np.ndarray, hidden: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Which candidates are spines (n,), and for which of them that is certain (n,)."""
    if not len(heads_um):
        return np.zeros(len(offered), bool), np.ones(len(offered), bool)
    away = np.linalg.norm(offered.places_um[:, None, 1:] - heads_um[None, :, 1:], axis=2)
    near = away.min(1) < NEAR_UM
    aside = offered.descriptors[:, DESCRIPTORS.index("distance_in_radii")] >= ON_SHAFT
    rim = (away - widths_um / 2).min(1) < RIM_UM
    doubtful = (away.min(1) >= NEAR_UM) & ((away.min(1) < FAR_UM) | rim) & aside
    if hidden.any():
        doubtful |= away[:, hidden].min(1) < FAR_UM
    return near, ~doubtful


def fit_networks(seen: np.ndarray, label: np.ndarray, *, seed: int, networks: int = NETWORKS) -> scorer.Weights:
    """Weights of the scorer fitted to features (n, features) and labels (n,)."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    mean, scale = seen.mean(0, dtype=np.float64), seen.std(0, dtype=np.float64) + 1e-3
    weights = {"mean": mean.astype(np.float32), "scale": scale.astype(np.float32)}
    standard = ((seen - weights["mean"]) / weights["scale"]).astype(np.float32)
    for number in range(networks):
        network = MLPClassifier(
            LAYERS, alpha=1e-2, batch_size=256, learning_rate_init=1e-3, max_iter=PASSES, random_state=seed + number
        )
        with warnings.catch_warnings():
            # So many passes and no more is meant.
            warnings.simplefilter("ignore", ConvergenceWarning)
            network.fit(standard, label)
        for layer, (weight, bias) in enumerate(zip(network.coefs_, network.intercepts_, strict=True)):
            weights[f"n{number}_{layer}_weight"] = weight.astype(np.float32)
            weights[f"n{number}_{layer}_bias"] = bias.astype(np.float32)
    return weights


def main(count: int = TISSUES) -> None:
    """Draw, fit, and write ``scorer.npz`` beside ``detection/scorer.py``."""
    rng = np.random.default_rng(7)
    tissues = (training_images.random_tissue(rng) for _ in range(count))
    parts = [
        labelled_candidates(training_images.image_tissue(drawn, rng), rng)
        for drawn in tissues
        for _ in range(PHOTOGRAPHS)
    ]
    seen, label = np.vstack([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
    weights = fit_networks(seen, label, seed=0)
    stored = {name: array.astype(np.float16 if "weight" in name else np.float32) for name, array in weights.items()}
    np.savez_compressed(scorer.SHIPPED, **stored)
    sys.stdout.write(f"{len(label)} candidates of {count * PHOTOGRAPHS} fields, {100 * label.mean():.1f} % spines\n")


if __name__ == "__main__":
    main()
