"""What shows only when all membranes are seen: copies, pictures used twice, legends."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy import ndimage

from ketaflow.assays.western_blot.images.readers import read_picture
from ketaflow.assays.western_blot.integrity import duplicated_lanes
from ketaflow.assays.western_blot.lanes.lane_crops import LaneCrop
from ketaflow.assays.western_blot.lanes.lane_profile import lane_profile, rows_on_membrane
from ketaflow.assays.western_blot.model import Fingerprint, Measured, View
from ketaflow.core.results import frame
from ketaflow.engine import batch_files
from ketaflow.engine.batch_files import Outcome

from .conftest import COHORT
from .drawn import lane_map, legend_of, picture, summarised, write

ANIMALS = [f"M{number}" for number in range(1, 9)]
# The third lane of nine, and where the seventh begins.
LANE, SEVENTH = slice(140, 196), 364


def volumes(seed: int) -> list[float]:
    return list(600_000 * np.random.default_rng(seed).lognormal(0, 0.3, len(ANIMALS)))


def image(name: str, membrane: str, target: str = "GAPDH", **more: object) -> dict:
    return {"image": name, "membrane": membrane, "target": target, "role": "target", "kda": 37.0, **more}


def run(lab, planes: dict[tuple[str, str, str], np.ndarray]) -> list:
    """Records of pictures given by (file, membrane, target); every membrane is a group of its own."""
    blots = []
    for membrane in dict.fromkeys(membrane for _, membrane, _ in planes):
        own = [
            (write(lab.folder, name, plane), name, target)
            for (name, m, target), plane in planes.items()
            if m == membrane
        ]
        rows = [image(name, membrane, target) for _, name, target in own]
        blot = lab.ingested(images=rows, lanes=lane_map(membrane, ANIMALS))
        blots.append((blot, lab.measured(blot)))
    return blots


def alike(lab, planes: dict) -> list[str]:
    checks = summarised(run(lab, planes)).checks
    return [check.message for check in checks if check.check == "near_identical_lanes"]


def moved(lane: np.ndarray, rows: int) -> np.ndarray:
    return np.roll(lane, rows, axis=0)


CHANGES = {
    "as it is": lambda lane: lane,
    "mirrored": lambda lane: lane[:, ::-1],
    "brighter": lambda lane: lane * 1.6 + 150,
    "darker in the middle": lambda lane: (lane / lane.max()) ** 1.3 * lane.max(),
    "stretched": lambda lane: ndimage.zoom(lane, (1.12, 1.0), order=1)[: len(lane)],
    "narrower": lambda lane: ndimage.zoom(lane, (1.0, 0.9), order=1),
    "moved down": lambda lane: moved(lane, 25),
    "upside down": lambda lane: lane[::-1],
    "mirrored, stretched and brighter": lambda lane: (
        ndimage.zoom(lane[:, ::-1], (1.08, 1.0), order=1)[: len(lane)] * 1.4
    ),
}


@pytest.mark.parametrize("how", CHANGES)
def test_a_lane_copied_into_another_file_is_pointed_at(lab, how):
    first, second = picture(volumes(1), 37.0, 1), picture(volumes(2), 37.0, 2)
    lane = CHANGES[how](first[:, LANE].astype(float))
    second = second.astype(float)
    second[: len(lane), SEVENTH : SEVENTH + lane.shape[1]] = lane
    told = alike(lab, {("a.tif", "B1", "GAPDH"): first, ("b.tif", "B2", "GAPDH"): second.astype(np.uint16)})
    assert len(told) == 2 and all("please check" in message for message in told)
    assert all("lanes 3 and 7" in message for message in told)


def test_different_lanes_of_one_protein_are_not(lab):
    planes = {(f"{seed}.tif", f"B{seed}", "GAPDH"): picture(volumes(seed), 37.0, seed) for seed in range(1, 5)}
    assert alike(lab, planes) == []


def test_a_reprobe_and_another_exposure_of_the_membrane_are_not(lab):
    plane = picture(volumes(1), 37.0, 1).astype(float)
    smooth = ndimage.gaussian_filter(plane, 2)
    noise = np.random.default_rng(5).normal(0, 9, plane.shape)
    reprobed = picture(volumes(3), 37.0, 9).astype(float) * 0.3 + smooth
    planes = {
        ("a.tif", "B1", "GAPDH"): plane.astype(np.uint16),
        ("b.tif", "B1", "GAPDH"): (1.7 * smooth + noise).astype(np.uint16),
        ("c.tif", "B1", "actin"): reprobed.astype(np.uint16),
    }
    assert alike(lab, planes) == []


def test_one_picture_for_two_proteins_is_pointed_at_though_it_was_changed(lab):
    plane = picture(volumes(1), 37.0, 1)
    noise = np.random.default_rng(5).normal(0, 3, plane.shape)
    changed = (1.3 * plane + 40 + noise).astype(np.uint16)
    told = alike(lab, {("a.tif", "B1", "GAPDH"): plane, ("b.tif", "B1", "actin"): changed})
    assert len(told) == 2 and all("one picture under two names" in message for message in told)


def test_the_same_pixels_under_two_names_are_pointed_at(lab):
    plane = picture(volumes(1), 37.0, 1)
    checks = summarised(run(lab, {("a.tif", "B1", "GAPDH"): plane, ("b.tif", "B2", "GAPDH"): plane})).checks
    assert {check.check for check in checks} == {"same_picture"}
    assert {check.recording for check in checks} == {"a.tif", "b.tif"}


def test_every_target_of_every_membrane_has_one_legend(study):
    lab, rows = study
    blot = lab.ingested(images=rows["images"], lanes=rows["lanes"])
    legends = legend_of(summarised([(blot, lab.measured(blot))]))
    assert sorted(legends.index) == [
        "BDNF, membrane B1",
        "GAPDH, membrane B1",
        "mTOR, membrane B1",
        "p-mTOR, membrane B1",
    ]
    bdnf, ratio, control = (legends[f"{name}, membrane B1"] for name in ("BDNF", "p-mTOR", "GAPDH"))
    assert "8 lanes with one animal each" in bdnf and "1 pooled reference and 1 ladder" in bdnf
    order = [bdnf.rindex(step) for step in ("less background", "loading (GAPDH)", "pooled reference", "n = 8")]
    assert order == sorted(order)
    assert "divided by mTOR of the same lane" in ratio and "n = 8 animals." in ratio
    assert "loading control by which the other targets" in control


def test_the_summary_is_the_same_from_a_batch_file(lab):
    """Columns that are empty throughout, as batch files hold them, change nothing."""
    found = run(lab, {("a.tif", "B1", "GAPDH"): picture(volumes(1), 37.0, 1)})
    path = lab.folder / "batch.zip"
    batch_files.write([Outcome("B1", measured) for _, measured in found], Measured, path)
    read = [(blot, again.content) for (blot, _), again in zip(found, batch_files.read(path, Measured), strict=True)]
    assert legend_of(summarised(read)).equals(legend_of(summarised(found)))


def test_a_legend_counts_what_is_marked(study):
    lab, rows = study
    images = [row for row in rows["images"] if row["target"] in ("BDNF", "GAPDH")]
    blot = lab.ingested(images=images, lanes=rows["lanes"])
    bdnf, *others = sorted(blot.scans, key=lambda scan: "BDNF" not in scan.image)
    level = np.floor(float(np.percentile(bdnf.pixels, 99.8)))
    clipped = replace(bdnf, pixels=np.minimum(bdnf.pixels, level).astype(bdnf.pixels.dtype), saturation_level=level)
    blot = replace(blot, scans=[clipped, *others])
    legend = legend_of(summarised([(blot, lab.measured(blot))]))["BDNF, membrane B1"]
    assert "marked and kept" in legend and "saturated at the detector" in legend


def cut(signal: np.ndarray, edges: list[tuple[float, float]]) -> list:
    """Lanes between these columns of a picture, as the assay cuts them."""
    made = []
    for lane, (left, right) in enumerate(edges, start=1):
        pixels = signal[:, round(left) : round(right)].astype(np.float32)
        beside, length = pixels[:, [0, -1]].mean(axis=1), 0.25 * len(pixels)
        extent = rows_on_membrane(pixels.mean(axis=1), beside)
        cut = LaneCrop(lane, round(left), pixels, 0.0, beside, pixels, 0)
        made.append(lane_profile(cut, extent, "lane", length=length, min_snr=6.0, foot=0.03))
    return made


@pytest.mark.shared
def test_lanes_of_real_pictures_are_not_accused(shared):
    blots = shared / "blot"
    boxes = pd.read_csv(blots / "antiActin_imagej_values.csv").query("band == 'upper'")
    actin = next(iter(read_picture(blots / "antiActin_IQ800_16bit.tif").planes.values()))
    views = [cut(actin, [(row.x, row.x + row.w) for row in boxes.itertuples()])]
    for row in pd.read_csv(blots / "pgk1_westerns" / "roi_frames.csv").itertuples():
        plane = next(iter(read_picture(blots / "pgk1_westerns" / row.image).planes.values())).astype(float)
        edges = np.linspace(row.x0 + 8, row.x1 - 8, 7)
        views.append(cut(plane.max() - plane, list(pairwise(edges))))
    view = View("a.tif", None, "B1", 0, 1, (1, 1), [], [])
    found = frame([row for lanes in views for row in duplicated_lanes.fingerprints(view, lanes)], Fingerprint)
    places = [found[name].to_numpy(float) for name in ("anchor", "second", "rows")]
    fine = duplicated_lanes.decoded(list(found["fine"]))
    pairs = duplicated_lanes.matching_lanes(fine, *places, least=0.3, least_score=0.0)
    assert len(found) == 44
    limits = COHORT.likeness_correlation, COHORT.likeness_score
    assert not [pair for pair in pairs if pair.correlation >= limits[0] and pair.score >= limits[1]]
    assert max((pair.correlation for pair in pairs), default=0.0) < 0.8


@pytest.mark.shared
def test_two_real_pictures_that_are_one_are_pointed_at(shared, lab):
    """Among the gels at hand one picture lies twice, under two names."""
    lab.folder = shared / "blot" / "gelgenie_masks"
    blots = []
    for number, name in enumerate(["UVP01938May142019.jpg", "UVP01940May142019.jpg", "Pair_1_Wk10_GelRed.jpg"]):
        lanes = lane_map(f"B{number}", ["M1", "M2", "M3"], ladder=False)
        blot = lab.ingested(images=[image(name, f"B{number}", "DNA")], lanes=lanes)
        blots.append((blot, lab.measured(blot)))
    checks = summarised(blots).checks
    assert sorted(check.recording for check in checks) == ["UVP01938May142019.jpg", "UVP01940May142019.jpg"]
    assert {check.check for check in checks} == {"same_picture"}
