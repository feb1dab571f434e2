"""How likely a candidate is a spine: a small network shipped with ketaflow, or a rule without learning.

The network has seen drawn dendrites alone (``training.shipped_scorer`` tells how it was made); its weights lie beside
this file in ``scorer.npz``. It is a mean of a few perceptrons, each asked about the patch and its mirror image, for a
spine has no handedness.
"""

from functools import cache
from pathlib import Path

import numpy as np
from scipy.special import expit, logit

from ketaflow.assays.dendritic_spines.detection.candidates import (
    ALONG_UM,
    DESCRIPTORS,
    OUTWARD_UM,
    Candidates,
    clearness,
)

# Up to the first of these distances (in the shaft's radii) a place lies on the shaft, from the second on beside it.
ON_AND_BESIDE = (1.2, 2.2)

Weights = dict[str, np.ndarray]
SHIPPED = Path(__file__).with_name("scorer.npz")
INPUT_WIDTH = len(OUTWARD_UM) * len(ALONG_UM) + len(DESCRIPTORS)


@cache
def shipped_weights() -> Weights:
    """The weights that come with ketaflow."""
    with np.load(SHIPPED) as stored:
        return {name: stored[name].astype(np.float32) for name in stored.files}


def score_candidates(found: Candidates, weights: Weights) -> np.ndarray:
    """Probability (n,) that each candidate is a spine."""
    if not len(found):
        return np.zeros(0)
    both = [network_output(network_input(found, mirrored), weights) for mirrored in (False, True)]
    return np.mean(both, axis=0)


def network_input(found: Candidates, mirrored: bool) -> np.ndarray:
    """What the network sees of each candidate: its patch, row by row, and its facts (n, features)."""
    patches = found.patches[:, :, ::-1] if mirrored else found.patches
    return np.hstack([compress(patches.reshape(len(found), -1), 8), compress(found.descriptors, 4)])


def compress(values: np.ndarray, steepness: float) -> np.ndarray:
    """Values on a scale on which ratios of 2 and of 20 do not drown each other, nor dim heads in bright shafts."""
    return np.sign(values) * np.log1p(steepness * np.abs(values))


def network_output(seen: np.ndarray, weights: Weights) -> np.ndarray:
    """Mean of the networks' outputs (n,); layers are named ``<network>_<layer>_weight`` and ``_bias``."""
    standard = (seen - weights["mean"]) / weights["scale"]
    outputs = []
    for network in network_names(weights):
        signal = standard
        depth = layer_count(weights, network)
        for layer in range(depth):
            signal = signal @ weights[f"{network}_{layer}_weight"] + weights[f"{network}_{layer}_bias"]
            if layer < depth - 1:
                signal = np.maximum(signal, 0)
        outputs.append(expit(signal[:, 0]))
    return np.mean(outputs, axis=0)


def network_names(weights: Weights) -> list[str]:
    """Names of the networks that weights hold."""
    return sorted({name.split("_")[0] for name in weights if "_" in name})


def layer_count(weights: Weights, network: str) -> int:
    """How many layers of weights a network has."""
    return sum(name.startswith(f"{network}_") for name in weights) // 2


def adjust_for_clear_image(
    probabilities: np.ndarray, found: Candidates, *, stricter_when_clear: float, laxer_when_clear: float
) -> np.ndarray:
    """Probabilities (n,) as they are to be read in this image: in tissue as they stand, in a clear one by distance.

    In a clear image lumps of the shaft are as sharp as spines, but what stands off the shaft in the dark can
    hardly be anything else than a spine, be it ever so dim. So the odds of places on the shaft are divided by
    ``stricter_when_clear``, those of places beside it multiplied by ``laxer_when_clear``. Clear is told by the
    surroundings of the candidates, never by how many score how well, which would follow the treatment.
    """
    if not len(found):
        return probabilities
    away = found.descriptors[:, DESCRIPTORS.index("distance_in_radii")]
    log_odds = np.interp(away, ON_AND_BESIDE, (-np.log(stricter_when_clear), np.log(laxer_when_clear)))
    return expit(logit(np.clip(probabilities, 1e-6, 1 - 1e-6)) + clearness(found) * log_odds)


def classical_score(found: Candidates) -> np.ndarray:
    """A score (n,) without learning: a blob of a spine's size that stands off the shaft.

    It is one half where the blob's contrast is a tenth of the shaft's brightness and it lies just outside.
    """
    facts = dict(zip(DESCRIPTORS, found.descriptors.T, strict=True))
    contrast = np.maximum(facts["middle_blob"], facts["small_blob"])
    outside = expit(8 * (facts["distance_in_radii"] - 0.8))
    clear = contrast / np.maximum(contrast + 0.1, 1e-6)
    above_noise = expit(contrast / np.maximum(facts["noise_in_shafts"] * 0.3, 1e-6) - 3)
    return outside * clear * above_noise
