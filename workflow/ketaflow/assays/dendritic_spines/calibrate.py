"""Retrain the scorer on a laboratory's marks: the target ``snakemake calibrate_dendritic_spines``.

In: the cohort's images and its table ``dendritic_spines_human_scores``. Out: a scorer, the lines of ``settings.yaml``
that select it, and how well it does on images it was not trained on, beside the shipped scorer and beside agreement
between raters. Half of the animals train and the other half test, and the other way round; the scorer that is written
was trained on all. Nothing is written into the cohort folder.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from ketaflow.assays.dendritic_spines.detection import scorer_file
from ketaflow.assays.dendritic_spines.detection.scorer import shipped_weights
from ketaflow.assays.dendritic_spines.model import HUMAN_SCORES, AssaySettings, DendriteImage, Weights
from ketaflow.assays.dendritic_spines.raters import agreement
from ketaflow.assays.dendritic_spines.raters.consensus import consensus_positions
from ketaflow.assays.dendritic_spines.raters.constants import ACCEPTED_SHARE
from ketaflow.assays.dendritic_spines.training.constants import MIN_RESAMPLED_ANIMALS, RESAMPLES
from ketaflow.assays.dendritic_spines.training.scorer_training import (
    ClearImages,
    RatedImage,
    Training,
    accepted_positions,
    retrain,
    search_as_quantify,
)
from ketaflow.core.errors import IngestError
from ketaflow.core.inputs import recording_names
from ketaflow.core.results import Tables

# Names in the report.
SHIPPED = "shipped scorer"
RETRAINED = "retrained scorer"
CONSENSUS = "consensus of raters"


class Rated(NamedTuple):
    """Images that people rated.

    Attributes
    ----------
    images : list of RatedImage
        Those with a dendrite.
    marks : data frame
        All marks in them, those of the consensus of raters too: ``image``, ``rater``, ``x_px``, ``y_px``, ``class``.
    without_dendrite : list of str
        Names of rated images without a dendrite.
    """

    images: list[RatedImage]
    marks: pd.DataFrame
    without_dendrite: list[str]


class Gain(NamedTuple):
    """Gain of F1 by retraining, and its 95 % interval."""

    value: float
    low: float
    high: float


def calibrate(
    recordings: Iterable[DendriteImage], tables: Tables, cohort: Tables, settings: AssaySettings
) -> Mapping[str, pd.DataFrame | str | bytes]:
    """Retrain the scorer and report how well it does.

    Parameters
    ----------
    recordings : iterable of DendriteImage
        Images that were read.
    tables : mapping of str to data frame
        What ``quantify`` published; not used, because candidates that were no spines are needed too.
    cohort : mapping of str to data frame
        Tables of the cohort; ``dendritic_spines_human_scores`` is used.
    settings : AssaySettings
        Settings of the method, of matching and of training.

    Returns
    -------
    mapping of str to data frame, str or bytes
        By file name: the scorer, ``settings.yaml``, ``summary.txt``, ``report`` (pairs pooled over all images) and
        ``left_out`` (the same image by image). Rows of the scorers are about images that the retrained one was not
        trained on.

    Raises
    ------
    IngestError
        If too few images were rated.
    """
    # The networks are small: a second thread waits more than it works, and one gives the same weights everywhere.
    with threadpool_limits(1):
        return _calibrated(recordings, cohort.get(HUMAN_SCORES, pd.DataFrame()), settings)


def animal_halves(animals: list[str], weights: list[int], seed: int) -> np.ndarray:
    """Split images into two halves of about the same weight that share no animal.

    Parameters
    ----------
    animals : list of str
        Animal of each image.
    weights : list of int
        Weight of each image: its number of spines.
    seed : int
        Order in which equally heavy animals are assigned.

    Returns
    -------
    (n,) int
        0 or 1 for each image. With a single animal, its images are assigned one by one.
    """
    whose = np.array(animals if len(set(animals)) > 1 else np.arange(len(animals)).astype(str))
    names = np.random.default_rng(seed).permutation(np.unique(whose))
    heavy = {name: sum(weight for weight, of in zip(weights, whose, strict=True) if of == name) for name in names}
    half, filled = {}, [0, 0]
    for name in sorted(names, key=lambda name: -heavy[name]):
        half[name] = int(filled[1] < filled[0])
        filled[half[name]] += max(heavy[name], 1)
    return np.array([half[name] for name in whose])


def _calibrated(
    recordings: Iterable[DendriteImage], scores: pd.DataFrame, settings: AssaySettings
) -> Mapping[str, pd.DataFrame | str | bytes]:
    """Retrain, test and report."""
    own, match_um = settings.calibrate, settings.cohort.match_um
    rated = _rated(recordings, scores, settings)
    images = rated.images
    if len(images) < own.min_images:
        raise IngestError(_too_few(rated, own.min_images))
    training = Training(settings.quantify.score_threshold, match_um, own.passes, own.seed)
    half = animal_halves([image.animal for image in images], [len(image.spines_um) for image in images], own.seed)
    everyone = pd.concat([rated.marks, *_cross_validated(images, half, training, settings)], ignore_index=True)
    each = _compared(images, everyone, half, match_um)
    weights = retrain(images, training)
    name = f"scorer_{_fingerprint(weights)}.npz"
    report, gain = _report(each, own.seed)
    return {
        name: scorer_file.encode(weights),
        "settings.yaml": f"dendritic_spines:\n  ingest:\n    scorer_file: {name}\n",
        "report": report,
        "left_out": each.drop(columns="classes"),
        "summary.txt": _summary(name, rated, report, gain),
    }


def _rated(recordings: Iterable[DendriteImage], scores: pd.DataFrame, settings: AssaySettings) -> Rated:
    """Find the candidates of every rated image, beside what people marked in it."""
    by_image: dict[str, pd.DataFrame] = {}
    if len(scores):
        named = scores.assign(image=recording_names(scores, pd.DataFrame(columns=["image", "recording"])))
        by_image = {str(image): rows for image, rows in named.groupby("image")}
    images, marks, without = [], [], []
    for recording in recordings:
        # Scores that name no series belong to the only series of their image.
        scored = recording.recording if recording.recording in by_image else recording.image
        rows = by_image.pop(scored, None)
        if rows is None:
            continue
        rows = rows.assign(image=recording.recording)
        image = _rated_image(recording, rows, settings)
        if image is None:
            without.append(recording.recording)
            continue
        images.append(image)
        marks += [rows[["image", "rater", "x_px", "y_px", "class"]], _marks(image, CONSENSUS, image.spines_um)]
    # Images left over could not be read.
    everyone = pd.concat(marks, ignore_index=True) if marks else pd.DataFrame()
    return Rated(images, everyone, without + list(by_image))


def _rated_image(recording: DendriteImage, rows: pd.DataFrame, settings: AssaySettings) -> RatedImage | None:
    """Find the candidates of one image; None without a dendrite."""
    search = search_as_quantify(recording.stack, recording.voxel_um, settings.quantify)
    if search is None:
        return None
    pixel_um = recording.pixel_size_um
    by_rater = {
        str(rater): of_one[["y_px", "x_px"]].to_numpy(float) * pixel_um for rater, of_one in rows.groupby("rater")
    }
    positions_um, share = consensus_positions(by_rater, settings.cohort.match_um)
    agreed = share >= ACCEPTED_SHARE
    return RatedImage(
        recording.recording, recording.animal, pixel_um, search, positions_um[agreed], positions_um[~agreed]
    )


def _marks(image: RatedImage, rater: str, positions_um: np.ndarray) -> pd.DataFrame:
    """Places (n, 2: y, x) um as rows like those of the table of human scores."""
    places_px = positions_um / image.pixel_um
    return pd.DataFrame(
        {"image": image.image, "rater": rater, "x_px": places_px[:, 1], "y_px": places_px[:, 0], "class": None}
    )


def _cross_validated(
    images: list[RatedImage], half: np.ndarray, training: Training, settings: AssaySettings
) -> list[pd.DataFrame]:
    """Find what both scorers accept in every image, the retrained one trained on the half without that image."""
    adjustment = ClearImages(settings.quantify.stricter_when_clear, settings.quantify.laxer_when_clear)
    by_half = [
        retrain([image for image, of in zip(images, half, strict=True) if of != left_out], training)
        for left_out in (0, 1)
    ]
    marks = []
    for image, of in zip(images, half, strict=True):
        shipped = accepted_positions(image, shipped_weights(), training.threshold, adjustment)
        retrained = accepted_positions(image, by_half[of], training.threshold)
        marks += [_marks(image, SHIPPED, shipped), _marks(image, RETRAINED, retrained)]
    return marks


def _compared(images: list[RatedImage], everyone: pd.DataFrame, half: np.ndarray, match_um: float) -> pd.DataFrame:
    """Compare, image by image, both scorers with the consensus and each rater, and rater with rater."""
    by_image, parts = dict(list(everyone.groupby("image"))), []
    for image, of in zip(images, half, strict=True):
        marks = by_image[image.image]
        raters = sorted(set(marks["rater"]) - {SHIPPED, RETRAINED, CONSENSUS})
        against = [CONSENSUS, *(raters if len(raters) > 1 else [])]
        pairs = [(scorer, other) for scorer in (SHIPPED, RETRAINED) for other in against]
        pairs += [(one, two) for number, one in enumerate(raters) for two in raters[number + 1 :]]
        counts = agreement.count_matches(marks, pairs, pixel_um=image.pixel_um, match_um=match_um)
        known = {"image": image.image, "recording": image.image, "animal": image.animal, "half": int(of) + 1}
        parts.append(pd.concat([pd.DataFrame(known, index=counts.index), counts], axis=1))
    return agreement.with_rates(pd.concat(parts, ignore_index=True))


def _report(each: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, Gain]:
    """Pool pairs over all images, with intervals of F1, and the gain of F1 by retraining.

    The intervals (95 %, percentiles) come from a bootstrap over animals; with fewer than ``MIN_RESAMPLED_ANIMALS`` from
    one over images, which makes them too narrow where images of one animal are alike.
    """
    report = agreement.pooled(each)
    unit = "animal" if each["animal"].nunique() >= MIN_RESAMPLED_ANIMALS else "image"
    grouped = each.groupby(["first", "second"], sort=False)
    report["images"] = grouped["image"].nunique().to_numpy()
    f1 = {pair: _resampled_f1(rows, unit, seed) for pair, rows in grouped}
    limits = [np.nanpercentile(f1[pair], [2.5, 97.5]) for pair in zip(report["first"], report["second"], strict=True)]
    report["f1_low"], report["f1_high"] = np.transpose(limits)
    gained = f1[RETRAINED, CONSENSUS] - f1[SHIPPED, CONSENSUS]
    pooled = report.set_index(["first", "second"])["f1"]
    gain = float(pooled[RETRAINED, CONSENSUS] - pooled[SHIPPED, CONSENSUS])
    low, high = np.percentile(gained, [2.5, 97.5])
    return report.drop(columns=["n_classed", "n_same_class"]), Gain(gain, float(low), float(high))


def _resampled_f1(rows: pd.DataFrame, unit: str, seed: int) -> np.ndarray:
    """F1 of a pair in draws of animals (or images) with replacement, the same draws for every pair."""
    sums = rows.groupby(unit)[["n_first", "n_second", "n_matched"]].sum().to_numpy(float)
    draws = np.random.default_rng(seed).integers(0, len(sums), (RESAMPLES, len(sums)))
    first, second, both = sums[draws].sum(1).T
    return np.asarray(2 * both / np.maximum(first + second, 1))


def _too_few(rated: Rated, fewest: int) -> str:
    """Message that too few images were rated."""
    without = rated.without_dendrite
    more = f" In {len(without)} rated images no dendrite was found ({', '.join(without[:3])})." if without else ""
    return (
        f"{HUMAN_SCORES}: found {len(rated.images)} images with a dendrite and marked spines, expected {fewest} or "
        f"more.{more} Mark every spine of at least {fewest} images, of several animals if possible, and enter them "
        f"in {HUMAN_SCORES}.csv (image, rater, x_px, y_px)."
    )


def _summary(name: str, rated: Rated, report: pd.DataFrame, gain: Gain) -> str:
    """Summarise the calibration for the person who decides on the scorer."""
    images = rated.images
    animals, marked = len({image.animal for image in images}), sum(len(image.spines_um) for image in images)
    lines = [
        f"The spine scorer was retrained on {marked} spines that people marked in {len(images)} images of {animals} "
        f"animal{'s' * (animals != 1)}.",
        "On images it was not trained on (half of the animals trained, the other half tested, and vice versa):",
        *report.apply(_summary_line, axis=1),
        f"Retraining changed F1 by {gain.value:+.3f} (95 % interval {gain.low:+.3f} to {gain.high:+.3f}).",
    ]
    if animals == 1:
        lines.append("All images are of one animal: expect less on other animals.")
    if rated.without_dendrite:
        lines.append(f"Not used (unreadable, or without a dendrite): {', '.join(rated.without_dendrite)}.")
    if gain.value <= 0:
        lines.append("It does no better than the shipped scorer: leave the settings as they are, or mark more images.")
    else:
        lines.append(f"To use it, copy {name} into the cohort folder and add to the cohort's settings.yaml:\n"
                     f"dendritic_spines:\n  ingest:\n    scorer_file: {name}")  # fmt: skip
    return "\n".join(lines) + "\n"


def _summary_line(row: pd.Series) -> str:
    """Summarise one pair of the report."""
    return (
        f"  {row['first']} against {row['second']}: F1 {row['f1']:.3f} ({row['f1_low']:.3f} to {row['f1_high']:.3f}), "
        f"precision {row['precision']:.2f}, recall {row['recall']:.2f}, count {row['count_bias_pct']:+.0f} %, "
        f"{row['images']} images"
    )


def _fingerprint(weights: Weights) -> str:
    """Fingerprint of weights, for the name of their file."""
    return hashlib.sha256(b"".join(weights[name].tobytes() for name in sorted(weights))).hexdigest()[:8]
