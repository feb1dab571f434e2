"""Teach the scorer with a laboratory's own positions: the target ``snakemake calibrate_dendritic_spines``.

In: the cohort's images and its table ``dendritic_spines_human_scores``. Out: a scorer, the lines of ``settings.yaml``
that bring it in, and how well it does on images it was not taught, beside the shipped scorer and beside people
among themselves. Half of the animals teach, the other half judge, and the other way round; the scorer that is
handed out is taught by all. Nothing is written into the cohort folder.
"""

import hashlib
import io
import zipfile
from collections.abc import Iterable

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from ketaflow.assays.dendritic_spines.detection import scorer
from ketaflow.assays.dendritic_spines.raters import agreement
from ketaflow.assays.dendritic_spines.raters.consensus import ACCEPTED_SHARE, consensus_positions
from ketaflow.assays.dendritic_spines.tracing import projection
from ketaflow.assays.dendritic_spines.training import scorer_training
from ketaflow.assays.dendritic_spines.training.scorer_training import RatedImage
from ketaflow.core.errors import IngestError
from ketaflow.core.records import ZIP_DATE, Record

MAIN, SCORES = "dendritic_spines", "dendritic_spines_human_scores"
SHIPPED, TAUGHT, PEOPLE = "shipped scorer", "retrained scorer", "consensus of raters"
RESAMPLED, MIN_RESAMPLED = 2000, 4


def calibrate(
    recordings: Iterable[Record], tables: dict[str, pd.DataFrame], settings: dict
) -> dict[str, pd.DataFrame | str | bytes]:
    """The taught scorer, its settings, the report, and what to do with them.

    ``report``: pairs over all images; ``left_out``: the same image by image; the scorers' rows are of images that the
    taught one had not seen. ``tables`` is not needed: candidates are looked for anew, for the scorer's own ones are
    among them.
    """
    # The networks are small: a second thread waits more than it works, and one gives the same weights everywhere.
    with threadpool_limits(1):
        return _calibrated(recordings, settings)


def _calibrated(recordings: Iterable[Record], settings: dict) -> dict[str, pd.DataFrame | str | bytes]:
    images, marks, unseen = _scored(recordings, settings)
    own, rules = settings["calibrate"], _rules(settings)
    if len(images) < own["min_images"]:
        raise IngestError(_too_few(len(images), own["min_images"], unseen))
    half = halves([image.animal for image in images], [len(image.spines_um) for image in images], own["seed"])
    by_scorers = _cross_validated(images, half, rules, settings)
    everyone = pd.concat([marks, *by_scorers], ignore_index=True)
    each = _compared(images, everyone, half, settings["cohort"]["match_um"])
    weights = scorer_training.fine_tune(images, **rules, **_schooling(own))
    name = f"scorer_{_fingerprint(weights)}.npz"
    report, gain = _report(each, own["seed"])
    return {
        name: _npz(weights),
        "settings.yaml": f"dendritic_spines:\n  ingest:\n    scorer_file: {name}\n",
        "report": report,
        "left_out": each.drop(columns="classes"),
        "summary.txt": _summary(name, images, report, gain, unseen),
    }


def _rules(settings: dict) -> dict[str, float]:
    return {
        "threshold": settings["quantify"]["score_threshold"],
        "match_um": settings["cohort"]["match_um"],
    }


def _schooling(own: dict) -> dict[str, int]:
    return {"passes": own["passes"], "seed": own["seed"]}


def _scored(recordings: Iterable[Record], settings: dict) -> tuple[list[RatedImage], pd.DataFrame, list[str]]:
    """Images with a dendrite that people scored, everybody's marks in them, and scored images that are of no use."""
    images, marks, unseen = [], [], []
    for record in recordings:
        rows = record.rows.get(SCORES, [])
        if not rows:
            continue
        made = None if record.status == "failed" else _one(record, rows, settings)
        if made is None:
            unseen.append(record.rows[MAIN][0]["image"])
            continue
        images.append(made)
        together = _marks(made, PEOPLE, made.spines_um)
        marks.append(pd.concat([pd.DataFrame(rows)[["image", "rater", "x_px", "y_px", "class"]], together]))
    return images, pd.concat(marks, ignore_index=True) if marks else pd.DataFrame(), unseen


def _one(record: Record, rows: list[dict], settings: dict) -> RatedImage | None:
    """Candidates of one image beside what people marked in it."""
    voxel_um = projection.voxel_size_um(record.facts)
    found = scorer_training.search_as_quantify(record.arrays["stack"], voxel_um, settings["quantify"])
    if found is None:
        return None
    by_rater = {
        str(rater): of_one[["y_px", "x_px"]].to_numpy(float) * voxel_um[1]
        for rater, of_one in pd.DataFrame(rows).groupby("rater")
    }
    places_um, share = consensus_positions(by_rater, settings["cohort"]["match_um"])
    agreed = share >= ACCEPTED_SHARE
    main = record.rows[MAIN][0]
    return RatedImage(main["image"], main["animal"], float(voxel_um[1]), *found, places_um[agreed], places_um[~agreed])


def _marks(image: RatedImage, rater: str, places_um: np.ndarray) -> pd.DataFrame:
    """Places (n, 2: y, x) um as rows like those of the table of human scores."""
    places_px = places_um / image.pixel_um
    return pd.DataFrame(
        {"image": image.image, "rater": rater, "x_px": places_px[:, 1], "y_px": places_px[:, 0], "class": None}
    )


def halves(animals: list[str], weights: list[int], seed: int) -> np.ndarray:
    """Which half (n,) each image belongs to, 0 or 1: images of one animal stay together, halves weigh about the same.

    With one animal its images are shared out one by one.
    """
    whose = np.array(animals if len(set(animals)) > 1 else np.arange(len(animals)).astype(str))
    names = np.random.default_rng(seed).permutation(np.unique(whose))
    heavy = {name: sum(weight for weight, of in zip(weights, whose, strict=True) if of == name) for name in names}
    half, filled = {}, [0, 0]
    for name in sorted(names, key=lambda name: -heavy[name]):
        half[name] = int(filled[1] < filled[0])
        filled[half[name]] += max(heavy[name], 1)
    return np.array([half[name] for name in whose])


def _cross_validated(images: list[RatedImage], half: np.ndarray, rules: dict, settings: dict) -> list[pd.DataFrame]:
    """What both scorers accept in every image, the taught one taught on the half that the image is not in."""
    when_clear = {name: settings["quantify"][name] for name in ("stricter_when_clear", "laxer_when_clear")}
    by_half = []
    for left_out in (0, 1):
        others = [image for image, of in zip(images, half, strict=True) if of != left_out]
        by_half.append(scorer_training.fine_tune(others, **rules, **_schooling(settings["calibrate"])))
    marks = []
    for image, of in zip(images, half, strict=True):
        shipped = scorer_training.accepted_positions(image, scorer.shipped_weights(), rules["threshold"], when_clear)
        taught = scorer_training.accepted_positions(image, by_half[of], rules["threshold"])
        marks += [_marks(image, SHIPPED, shipped), _marks(image, TAUGHT, taught)]
    return marks


def _compared(images: list[RatedImage], everyone: pd.DataFrame, half: np.ndarray, match_um: float) -> pd.DataFrame:
    """Image by image: both scorers against people together and each rater, and rater against rater."""
    by_image, rows = dict(list(everyone.groupby("image"))), []
    for image, of in zip(images, half, strict=True):
        marks = by_image[image.image]
        raters = sorted(set(marks["rater"]) - {SHIPPED, TAUGHT, PEOPLE})
        against = [PEOPLE, *(raters if len(raters) > 1 else [])]
        who = [(judge, other) for judge in (SHIPPED, TAUGHT) for other in against]
        who += [(one, two) for number, one in enumerate(raters) for two in raters[number + 1 :]]
        for pair in agreement.count_matches(marks, who, image.pixel_um, match_um):
            known = {"image": image.image, "recording": image.image, "animal": image.animal, "half": int(of) + 1}
            rows.append({**known, **agreement.with_rates(pair)})
    return pd.DataFrame(rows)


def _report(each: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, tuple[float, float, float]]:
    """Pairs over all images with an interval of F1, and what teaching gained in F1 (gain, low, high).

    The intervals (95 %) come from drawing animals anew (bootstrap, percentiles); with fewer than
    ``FEWEST_RESAMPLED`` animals from drawing images anew, which makes them too narrow where images of one are alike.
    """
    report = agreement.pooled(each)
    unit = "animal" if each["animal"].nunique() >= MIN_RESAMPLED else "image"
    report["images"] = each.groupby(["first", "second"], sort=False)["image"].nunique().to_numpy()
    drawn = {pair: _resampled_f1(rows, unit, seed) for pair, rows in each.groupby(["first", "second"], sort=False)}
    limits = [
        np.nanpercentile(drawn[pair], [2.5, 97.5]) for pair in zip(report["first"], report["second"], strict=True)
    ]
    report["f1_low"], report["f1_high"] = np.transpose(limits)
    gained = drawn[TAUGHT, PEOPLE] - drawn[SHIPPED, PEOPLE]
    f1 = report.set_index(["first", "second"])["f1"]
    gain = f1[TAUGHT, PEOPLE] - f1[SHIPPED, PEOPLE]
    return report.drop(columns=["n_classed", "n_same_class"]), (gain, *np.percentile(gained, [2.5, 97.5]))


def _resampled_f1(rows: pd.DataFrame, unit: str, seed: int) -> np.ndarray:
    """F1 of a pair in ``RESAMPLED`` draws of animals (or images) with replacement, the same draws for every pair."""
    sums = rows.groupby(unit)[["n_first", "n_second", "n_matched"]].sum().to_numpy(float)
    draws = np.random.default_rng(seed).integers(0, len(sums), (RESAMPLED, len(sums)))
    first, second, both = sums[draws].sum(1).T
    return 2 * both / np.maximum(first + second, 1)


def _too_few(found: int, fewest: int, unseen: list[str]) -> str:
    more = f" In {len(unseen)} scored images no dendrite was found ({', '.join(unseen[:3])})." if unseen else ""
    return (
        f"{SCORES}: {found} images with a dendrite and marked spines, expected {fewest} or more.{more} Mark every "
        f"spine of at least {fewest} images, of several animals if you can, and enter them in {SCORES}.csv (image, "
        "rater, x_px, y_px)."
    )


def _summary(
    name: str, images: list[RatedImage], report: pd.DataFrame, gain: tuple[float, float, float], unseen: list[str]
) -> str:
    """What was found, for the one who has to decide."""
    animals, marked = len({image.animal for image in images}), sum(len(image.spines_um) for image in images)
    lines = [
        f"The spine scorer was taught with {marked} spines that people marked in {len(images)} images of {animals} "
        f"animal{'s' * (animals != 1)}.",
        "On images it was not taught (each half of the animals taught, the other judged):",
        *[_line(row) for row in report.to_dict("records")],
        f"Teaching changed F1 by {gain[0]:+.3f} (95 % of resamples {gain[1]:+.3f} to {gain[2]:+.3f}).",
    ]
    if animals == 1:
        lines.append("All images are of one animal: on another animal it may do worse.")
    if unseen:
        lines.append(f"Of no use, for they could not be read or show no dendrite: {', '.join(unseen)}.")
    if gain[0] <= 0:
        lines.append("It does no better than the shipped scorer: leave the settings as they are, or mark more images.")
    else:
        lines.append(f"To use it, copy {name} into the cohort folder and put into the cohort's settings.yaml:\n"
                     f"dendritic_spines:\n  ingest:\n    scorer_file: {name}")  # fmt: skip
    return "\n".join(lines) + "\n"


def _line(row: dict) -> str:
    return (
        f"  {row['first']} against {row['second']}: F1 {row['f1']:.3f} ({row['f1_low']:.3f} to {row['f1_high']:.3f}), "
        f"precision {row['precision']:.2f}, recall {row['recall']:.2f}, count {row['count_bias_pct']:+.0f} %, "
        f"{row['images']} images"
    )


def _fingerprint(weights: scorer.Weights) -> str:
    return hashlib.sha256(b"".join(weights[name].tobytes() for name in sorted(weights))).hexdigest()[:8]


def _npz(weights: scorer.Weights) -> bytes:
    """Weights as NumPy's npz; equal weights give equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(weights):
            content = io.BytesIO()
            np.save(content, weights[name])
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", ZIP_DATE), content.getvalue(), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
