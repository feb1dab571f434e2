"""Weights of a scorer as a file: NumPy's npz with the names of the inputs, the same bytes for the same weights.

The names are checked when a file is read: weights that were trained on other inputs, or on the same ones in another
order, would give scores without meaning. The versions of the packages that weights depend on are stored too.
"""

import io
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import IO

import numpy as np

from ketaflow.assays.dendritic_spines.constants import ZIP_DATE
from ketaflow.assays.dendritic_spines.detection.candidates import ALONG_UM, DESCRIPTORS, OUTWARD_UM
from ketaflow.assays.dendritic_spines.model import Weights

# Name of the array that holds the names of the inputs.
FEATURES = "features"
# Name of the array that holds the versions of the packages that weights depend on, and these packages.
TRAINED_WITH = "trained_with"
PACKAGES = ("numpy", "scipy", "scikit-image", "scikit-learn")
# Name of the array that records the first training images of the shipped scorer.
FIRST_IMAGES = "first_images"
# Names of the inputs of a network, in their order: the patch, row by row, and the descriptors.
FEATURE_NAMES = (
    *(f"patch_outward_{outward:.2f}_along_{along:.2f}_um" for outward in OUTWARD_UM for along in ALONG_UM),
    *DESCRIPTORS,
)


def encode(weights: Weights, first_images: np.ndarray | None = None) -> bytes:
    """Encode weights as NumPy's npz.

    Parameters
    ----------
    weights : dict of str to array
        Weights of a scorer.
    first_images : (images, 3) float64, optional
        Candidates, spines and mean of the inputs of the first training images, by which a later version of ketaflow
        can tell whether it would still train the same weights.

    Returns
    -------
    bytes
        With the names of the inputs and the versions of the packages; neither date nor compression, so that equal
        weights give equal bytes.
    """
    described = {FEATURES: np.array(FEATURE_NAMES), TRAINED_WITH: np.array(installed_versions())}
    if first_images is not None:
        described[FIRST_IMAGES] = first_images
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, array in sorted({**weights, **described}.items()):
            content = io.BytesIO()
            np.save(content, array)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", ZIP_DATE), content.getvalue())
    return buffer.getvalue()


def installed_versions() -> list[str]:
    """Return the packages that weights depend on with their installed versions, such as ``numpy 2.4.0``."""
    return [f"{package} {version(package)}" for package in PACKAGES]


def versions_trained_with(file: Path | IO[bytes]) -> list[str]:
    """Return the packages and versions with which the weights of a file were trained; none in older files."""
    with np.load(file, allow_pickle=False) as stored:
        return [str(one) for one in stored[TRAINED_WITH]] if TRAINED_WITH in stored.files else []


def first_images_of(file: Path | IO[bytes]) -> np.ndarray:
    """Return what a file records about its first training images.

    Parameters
    ----------
    file : path or binary file
        What ``encode`` wrote.

    Returns
    -------
    (images, 3) float64
        Candidates, spines and mean of the inputs; no rows where the file does not tell.
    """
    with np.load(file, allow_pickle=False) as stored:
        return stored[FIRST_IMAGES] if FIRST_IMAGES in stored.files else np.zeros((0, 3))


def decode(file: Path | IO[bytes]) -> Weights:
    """Read weights and check the names of their inputs.

    Parameters
    ----------
    file : path or binary file
        What ``encode`` wrote.

    Returns
    -------
    dict of str to array
        Weights as float32.

    Raises
    ------
    ValueError
        If it holds no weights, or weights that were trained on other inputs.
    """
    with np.load(file, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    if "mean" not in arrays:
        raise ValueError("it holds no weights")
    for about in (TRAINED_WITH, FIRST_IMAGES):
        arrays.pop(about, None)
    names = tuple(str(name) for name in arrays.pop(FEATURES, ()))
    if names != FEATURE_NAMES:
        differing = sorted(set(names) ^ set(FEATURE_NAMES)) or ["their order"]
        found = f"{len(names)} named inputs" if names else "inputs without names"
        raise ValueError(
            f"it was trained on {found} by another version of ketaflow, expected {len(FEATURE_NAMES)}; "
            f"different: {', '.join(differing[:3])}{', ...' if len(differing) > 3 else ''}"
        )
    return {name: array.astype(np.float32) for name, array in arrays.items()}
