"""How the shipped scorer is made: the target ``snakemake train_spine_scorer``.

It simulates images (``training_images``), finds candidates in them as ``quantify`` does, labels those near a simulated
head as spines and those far from all heads as none, and fits the networks. No photograph is used. It takes about five
minutes on one idle core.
"""

import warnings

import numpy as np
from threadpoolctl import threadpool_limits

from ketaflow.assays.dendritic_spines.detection import candidate_search, scorer, scorer_file
from ketaflow.assays.dendritic_spines.detection.candidates import Candidates
from ketaflow.assays.dendritic_spines.model import Weights
from ketaflow.assays.dendritic_spines.tracing.projection import project_stack
from ketaflow.assays.dendritic_spines.tracing.tracer import trace_dendrites
from ketaflow.assays.dendritic_spines.training import constants
from ketaflow.assays.dendritic_spines.training.training_images import TrainingImage, image_tissue, random_tissue


def labelled_candidates(image: TrainingImage, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Find and label the candidates of one training image.

    Parameters
    ----------
    image : TrainingImage
        The image.
    rng : numpy.random.Generator
        Decides whether the whole image is mirrored.

    Returns
    -------
    inputs : (n, inputs) float16
        What the network is given of each candidate whose label is certain.
    labels : (n,) bool
        Whether each is a spine.
    """
    projection = project_stack(image.pixels[None], image.voxel_um)
    tracing = trace_dendrites(
        projection, min_dendrite_um=constants.MIN_DENDRITE_UM, faintest_ratio=constants.FAINTEST_RATIO
    )
    if not tracing.dendrites:
        return np.zeros((0, scorer.INPUT_WIDTH), np.float16), np.zeros(0, bool)
    found = candidate_search.find_candidates(projection, tracing, reach_um=constants.REACH_UM)
    heads_um, widths_um = image.heads_um * tracing.scale_factor, image.widths_um * tracing.scale_factor
    labels, certain = label_by_head(found, heads_um, widths_um, image.hidden)
    kept = np.flatnonzero(certain)
    mirrored = bool(rng.random() < 0.5)
    return scorer.network_input(found.subset(kept), mirrored=mirrored).astype(np.float16), labels[kept]


def label_by_head(
    candidates: Candidates, heads_um: np.ndarray, widths_um: np.ndarray, hidden: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Label candidates by their distance to simulated heads.

    Parameters
    ----------
    candidates : Candidates
        The candidates.
    heads_um : (m, 3) float
        Middles of the heads: depth, y, x (um).
    widths_um : (m,) float
        Diameters of the heads (um).
    hidden : (m,) bool
        Heads that cannot be seen.

    Returns
    -------
    spine : (n,) bool
        Whether each candidate is a spine.
    certain : (n,) bool
        Whether that is certain.
    """
    if not len(heads_um):
        return np.zeros(len(candidates), bool), np.ones(len(candidates), bool)
    away = np.linalg.norm(candidates.positions_um[:, None, 1:] - heads_um[None, :, 1:], axis=2)
    near = away.min(1) < constants.HEAD_NEAR_UM
    beside = candidates.descriptor("distance_in_radii") >= constants.ON_SHAFT_RADII
    rim = (away - widths_um / 2).min(1) < constants.HEAD_RIM_UM
    doubtful = ~near & ((away.min(1) < constants.HEAD_FAR_UM) | rim) & beside
    if hidden.any():
        doubtful |= away[:, hidden].min(1) < constants.HEAD_FAR_UM
    return near, ~doubtful


def fit_networks(inputs: np.ndarray, labels: np.ndarray, *, seed: int, networks: int) -> Weights:
    """Fit a scorer from scratch.

    Parameters
    ----------
    inputs : (n, inputs) float
        What the network is given of each candidate.
    labels : (n,) bool
        Whether each is a spine.
    seed : int
        Seed of the first network; the next ones follow.
    networks : int
        Number of networks.

    Returns
    -------
    dict of str to array
        Weights.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    mean, scale = inputs.mean(0, dtype=np.float64), inputs.std(0, dtype=np.float64) + 1e-3
    weights = {"mean": mean.astype(np.float32), "scale": scale.astype(np.float32)}
    standard = ((inputs - weights["mean"]) / weights["scale"]).astype(np.float32)
    for number in range(networks):
        network = MLPClassifier(
            constants.LAYERS,
            alpha=constants.SHIPPED_ALPHA,
            batch_size=constants.BATCH,
            learning_rate_init=constants.SHIPPED_RATE,
            max_iter=constants.PASSES,
            random_state=seed + number,
        )
        with warnings.catch_warnings():
            # The number of passes is meant as a limit.
            warnings.simplefilter("ignore", ConvergenceWarning)
            network.fit(standard, labels)
        for layer, (weight, bias) in enumerate(zip(network.coefs_, network.intercepts_, strict=True)):
            weights[f"n{number}_{layer}_weight"] = weight.astype(np.float32)
            weights[f"n{number}_{layer}_bias"] = bias.astype(np.float32)
    return weights


def train(tissues: int = constants.TISSUES) -> tuple[bytes, str]:
    """Simulate images, find candidates in them, and fit the networks, all on one thread.

    Parameters
    ----------
    tissues : int
        Number of tissues drawn.

    Returns
    -------
    scorer : bytes
        The file ``detection/scorer.npz``; the same bytes at each run with the same versions of the packages on the same
        kind of processor.
    summary : str
        Number of candidates and images.
    """
    with threadpool_limits(1):
        examples = [part for number in range(tissues) for part in tissue_examples(number)]
        inputs, labels = zip(*examples, strict=True)
        every, spine = np.vstack(inputs), np.concatenate(labels)
        weights = fit_networks(every, spine, seed=constants.NETWORK_SEED, networks=constants.NETWORKS)
    summary = f"{len(spine)} candidates of {len(labels)} images, {100 * spine.mean():.1f} % spines"
    return scorer_file.encode(shipped_form(weights), first_images(examples)), summary


def tissue_examples(number: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Simulate one tissue and return what there is to learn from each of its images.

    Parameters
    ----------
    number : int
        Number of the tissue. Its images depend on it and ``constants.DRAWING_SEED`` alone.

    Returns
    -------
    list of (inputs, labels)
        See ``labelled_candidates``; one pair for each image.
    """
    rng = np.random.default_rng([constants.DRAWING_SEED, number])
    tissue = random_tissue(rng)
    return [labelled_candidates(image_tissue(tissue, rng), rng) for _ in range(constants.IMAGES_PER_TISSUE)]


def first_images(examples: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Describe the first training images, for the scorer's file.

    Parameters
    ----------
    examples : list of (inputs, labels)
        What there is to learn from each image, in order.

    Returns
    -------
    (images, 3) float64
        Candidates, spines and mean of the inputs of the first ``constants.DESCRIBED_IMAGES`` images.
    """
    first = examples[: constants.DESCRIBED_IMAGES]
    means = [float(inputs.mean(dtype=np.float64)) if inputs.size else 0.0 for inputs, _ in first]
    counts = [(len(labels), int(labels.sum())) for _, labels in first]
    return np.column_stack([np.array(counts, np.float64).reshape(-1, 2), means])


def shipped_form(weights: Weights) -> Weights:
    """Round fitted weights to half precision, as they are shipped.

    Parameters
    ----------
    weights : dict of str to array
        From ``fit_networks``.

    Returns
    -------
    dict of str to array
        Weights in half, everything else in single precision.
    """
    return {name: array.astype(np.float16 if "weight" in name else np.float32) for name, array in weights.items()}
