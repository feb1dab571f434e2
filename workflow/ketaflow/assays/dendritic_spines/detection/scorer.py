"""Probability that a candidate is a spine: by a small network shipped with ketaflow, or by a rule without learning.

The network was trained on simulated dendrites alone (``snakemake train_spine_scorer``); its weights lie
beside this file. It is the mean of a few perceptrons, each given a patch and its mirror image, because a spine has no
handedness.
"""

from functools import cache
from pathlib import Path

import numpy as np
from scipy.special import expit, logit

from ketaflow.assays.dendritic_spines.detection import constants, scorer_file
from ketaflow.assays.dendritic_spines.detection.candidates import Candidates, clearness
from ketaflow.assays.dendritic_spines.model import Weights

# Number of values that a network is given of each candidate.
INPUT_WIDTH = len(scorer_file.FEATURE_NAMES)
SHIPPED = Path(__file__).with_name("scorer.npz")


@cache
def shipped_weights() -> Weights:
    """Weights of the scorer that is part of ketaflow.

    Returns
    -------
    dict of str to (rows, columns) or (columns,) float32
        See ``Weights``.
    """
    return scorer_file.decode(SHIPPED)


def score_candidates(candidates: Candidates, weights: Weights) -> np.ndarray:
    """Score candidates with a network.

    Parameters
    ----------
    candidates : Candidates
        See ``candidate_search.find_candidates``.
    weights : dict of str to array
        See ``Weights``.

    Returns
    -------
    (n,) float
        Probability that each is a spine.
    """
    if not len(candidates):
        return np.zeros(0)
    both = [network_output(network_input(candidates, mirrored=mirrored), weights) for mirrored in (False, True)]
    return np.asarray(np.mean(both, axis=0))


def network_input(candidates: Candidates, *, mirrored: bool) -> np.ndarray:
    """Return what a network is given of each candidate.

    Parameters
    ----------
    candidates : Candidates
        The candidates.
    mirrored : bool
        Whether patches are mirrored along the shaft.

    Returns
    -------
    (n, ``INPUT_WIDTH``) float32
        The patch, row by row, and the descriptors, both compressed.
    """
    patches = candidates.patches[:, :, ::-1] if mirrored else candidates.patches
    flat = patches.reshape(len(candidates), patches.shape[1] * patches.shape[2])
    descriptors = compress(candidates.descriptors, constants.DESCRIPTOR_STEEPNESS)
    return np.hstack([compress(flat, constants.PATCH_STEEPNESS), descriptors])


def compress(values: np.ndarray, steepness: float) -> np.ndarray:
    """Compress values logarithmically, so that bright shafts do not drown dim heads.

    Parameters
    ----------
    values : array of any shape
        Descriptors or counts, of any sign.
    steepness : float
        Values beyond 1 / ``steepness`` are compressed.

    Returns
    -------
    array
        Of the same shape, with the same signs.
    """
    return np.sign(values) * np.log1p(steepness * np.abs(values))


def network_output(inputs: np.ndarray, weights: Weights) -> np.ndarray:
    """Return the mean output of all networks.

    Parameters
    ----------
    inputs : (n, ``INPUT_WIDTH``) float
        See ``network_input``.
    weights : dict of str to array
        See ``Weights``.

    Returns
    -------
    (n,) float
        Probability that each is a spine.
    """
    standard = (inputs - weights["mean"]) / weights["scale"]
    outputs = []
    for network in network_names(weights):
        signal = standard
        depth = layer_count(weights, network)
        for layer in range(depth):
            signal = signal @ weights[f"{network}_{layer}_weight"] + weights[f"{network}_{layer}_bias"]
            if layer < depth - 1:
                signal = np.maximum(signal, 0)
        outputs.append(expit(signal[:, 0]))
    return np.asarray(np.mean(outputs, axis=0))


def network_names(weights: Weights) -> list[str]:
    """Names of the networks among weights.

    Parameters
    ----------
    weights : dict of str to array
        See ``Weights``.

    Returns
    -------
    list of str
        Names in alphabetical order; the entries of a network begin with its name.
    """
    return sorted({name.split("_")[0] for name in weights if "_" in name})


def layer_count(weights: Weights, network: str) -> int:
    """Number of layers of a network.

    Parameters
    ----------
    weights : dict of str to array
        See ``Weights``.
    network : str
        One of ``network_names``.

    Returns
    -------
    int
        Layers, each with a matrix of weights and a vector of biases.
    """
    return sum(name.startswith(f"{network}_") for name in weights) // 2


def adjust_for_clear_image(
    probabilities: np.ndarray, candidates: Candidates, *, stricter_when_clear: float, laxer_when_clear: float
) -> np.ndarray:
    """Adjust probabilities to how clear the image is: unchanged in tissue, by distance from the shaft in a clear image.

    Parameters
    ----------
    probabilities : (n,) float
        Scores of the candidates.
    candidates : Candidates
        All candidates of the image.
    stricter_when_clear : float
        In a clear image the odds of candidates on the shaft are divided by this.
    laxer_when_clear : float
        In a clear image the odds of candidates beside the shaft are multiplied by this.

    Returns
    -------
    (n,) float
        Adjusted probabilities.

    Notes
    -----
    In a clear image lumps of the shaft are as sharp as spines, but whatever is bright beside the shaft can hardly be
    anything but a spine, however dim. Clearness is taken from the surroundings of the candidates, never from how many
    of them score high, which would depend on the treatment.
    """
    if not len(candidates):
        return probabilities
    log_odds = np.interp(
        candidates.descriptor("distance_in_radii"),
        (constants.ON_SHAFT_RADII, constants.BESIDE_SHAFT_RADII),
        (-np.log(stricter_when_clear), np.log(laxer_when_clear)),
    )
    before = logit(np.clip(probabilities, 1e-6, 1 - 1e-6))
    return np.asarray(expit(before + clearness(candidates) * log_odds))


def classical_score(candidates: Candidates) -> np.ndarray:
    """Score candidates without learning: a blob of a spine's size that lies outside the shaft.

    Parameters
    ----------
    candidates : Candidates
        The candidates.

    Returns
    -------
    (n,) float
        From 0 to 1; about one half where the contrast of the blob is one tenth of the shaft's brightness and it lies
        just outside the shaft.
    """
    contrast = np.maximum(candidates.descriptor("middle_blob"), candidates.descriptor("small_blob"))
    distance = candidates.descriptor("distance_in_radii")
    outside = expit(constants.CLASSICAL_STEEPNESS * (distance - constants.CLASSICAL_RADII))
    clear = contrast / np.maximum(contrast + constants.CLASSICAL_CONTRAST, 1e-6)
    noise = np.maximum(candidates.descriptor("noise_in_shafts") * constants.CLASSICAL_BLOB_NOISE, 1e-6)
    return np.asarray(outside * clear * expit(contrast / noise - constants.CLASSICAL_SNR))
