"""Simulated dendrites, images made by hand and settings, for the tests of this folder."""

from dataclasses import replace
from typing import Any

import numpy as np

from ketaflow import assays
from ketaflow.assays.dendritic_spines.model import (
    CORRECTIONS,
    HUMAN_SCORES,
    AssaySettings,
    CohortSettings,
    DendriteImage,
    IngestSettings,
    Measured,
    QcSettings,
    QuantifySettings,
    TruthRow,
)
from ketaflow.assays.dendritic_spines.simulation import optics, scene
from ketaflow.assays.dendritic_spines.tracing.projection import Projection, project_stack
from ketaflow.assays.dendritic_spines.tracing.tracer import Tracing, trace_dendrites
from ketaflow.core import settings
from ketaflow.core.inputs import Rows, build

BLOCKS = settings.with_defaults({}, assays.described("dendritic_spines", "settings.schema"))
INGEST = build(IngestSettings, BLOCKS["ingest"])
QUANTIFY = build(QuantifySettings, BLOCKS["quantify"])
QC = build(QcSettings, BLOCKS["qc"])
COHORT = build(CohortSettings, BLOCKS["cohort"])
ASSAY = build(AssaySettings, BLOCKS)

ROW = {
    "image": "spines/a 1 (left).ome.tif", "animal": "mouse-107", "region": "mPFC", "cell": "n1", "dendrite": "d1",
    "channel": None, "pixel_size_um": None, "z_step_um": None,
}  # fmt: skip
COUNTS = {"mushroom_count": 6, "thin_count": 0, "stubby_count": 0, "filopodium_count": 0}


def truth(length_um: float = 16.0, photons: float = 200.0, **counts: int) -> TruthRow:
    return TruthRow(length_um=length_um, photons=photons, **{**COUNTS, **counts})


def image_of(stack: np.ndarray, **changed: Any) -> DendriteImage:
    image = DendriteImage(
        recording=ROW["image"],
        image=ROW["image"],
        animal=ROW["animal"],
        region=ROW["region"],
        sample="n1/d1",
        stack=stack,
        pixel_size_um=0.1,
        z_step_um=0.3,
        saturation_level=4095.0,
        scale_source="OME",
        channel="1",
        notes=[],
        lab_weights={},
    )
    return replace(image, **changed)


def corrections(*rows: dict[str, Any]) -> Rows:
    empty = {"spine": None, "x_px": None, "y_px": None, "z_px": None, "class": None, "by": None}
    return Rows({CORRECTIONS: [{**empty, **row} for row in rows]})


def human_scores(*rows: dict[str, Any]) -> Rows:
    return Rows({HUMAN_SCORES: list(rows)})


def values(measured: Measured) -> dict[str, float | None]:
    return {one.measure: one.value for one in measured.measurements}


def detector(photons: float, ceiling: int = 65535) -> optics.Detector:
    return optics.Detector(photons=photons, background=2, read_noise=2, gain=12, offset=100, ceiling=ceiling)


# A straight shaft of radius 0.4 um through the middle of a small image, for tests of single steps.
VOXEL_UM, SHAPE = np.array([0.3, 0.1, 0.1]), (14, 80, 160)
MIDDLE_UM = np.array([2.1, 4.0])
STRAIGHT_UM = np.column_stack([np.full(281, 2.1), np.full(281, 4.0), np.linspace(-2, 18, 281)])


def sphere(x_um: float, away_um: float, radius_um: float = 0.3, brightness: float = 1.0) -> scene.Spheres:
    """A sphere beside the straight shaft."""
    centre = np.array([[MIDDLE_UM[0], MIDDLE_UM[1] + away_um, x_um]])
    return scene.Spheres(centre, np.array([radius_um]), np.array([brightness]))


def straight_shaft(*parts: scene.Spheres, photons: float = 2000.0) -> Projection:
    """The projection of a straight shaft and these spheres."""
    shaft = scene.Spheres(STRAIGHT_UM, np.full(len(STRAIGHT_UM), 0.4), np.ones(len(STRAIGHT_UM)))
    light = optics.rasterise(scene.Spheres.concatenate([shaft, *parts]), SHAPE, VOXEL_UM)
    blurred = optics.blur(light, VOXEL_UM, 0.3, 0.8)
    return project_stack(optics.detect(blurred, detector(photons), np.random.default_rng(0)), VOXEL_UM)


def traced(projection: Projection) -> Tracing:
    return trace_dendrites(projection, min_dendrite_um=6.0, faintest_ratio=0.35)
