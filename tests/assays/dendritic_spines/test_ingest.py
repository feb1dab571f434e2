"""Ingest: the file's own counts and a scale, or an error that says what to do."""

import io
from dataclasses import replace

import numpy as np
import pytest
import tifffile
from simulated_dendrites import INGEST, ROW

from ketaflow.assays.dendritic_spines import ingest
from ketaflow.assays.dendritic_spines.detection import scorer, scorer_file
from ketaflow.assays.dendritic_spines.model import MAIN
from ketaflow.assays.dendritic_spines.tracing import image_properties
from ketaflow.core.errors import IngestError
from ketaflow.core.inputs import Rows

DARK = replace(INGEST, dendrites="dark")


def rows_of(**changed) -> Rows:
    return Rows({MAIN: [{**ROW, **changed}]})


def test_the_stack_keeps_the_cameras_counts(run):
    np.testing.assert_array_equal(run.image.stack, run.stack)
    assert run.image.stack.dtype == np.uint16


def test_the_scale_comes_from_the_file(run):
    assert (run.image.pixel_size_um, run.image.z_step_um, run.image.scale_source) == (0.1, 0.3, "OME")
    assert run.image.saturation_level == 4095


def test_the_scale_in_the_table_overrides_the_file(run):
    image = ingest.ingest(rows_of(pixel_size_um=0.08), run.folder, INGEST)
    assert (image.pixel_size_um, image.scale_source) == (0.08, "table")


@pytest.mark.parametrize(
    ("cell", "dendrite", "sample"),
    [("n1", "d1", "n1/d1"), (None, "d1", "d1"), ("n1", None, "n1/a 1 (left).ome"), (None, None, "a 1 (left).ome")],
)
def test_the_sample_is_the_dendrite_or_the_image(run, cell, dendrite, sample):
    assert ingest.ingest(rows_of(cell=cell, dendrite=dendrite), run.folder, INGEST).sample == sample


def stored(weights: dict[str, np.ndarray]) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **weights)
    return buffer.getvalue()


def test_the_laboratorys_own_scorer_is_read_with_the_stack(run):
    (run.folder / "own.npz").write_bytes(scorer_file.encode(scorer.shipped_weights()))
    image = ingest.ingest(run.rows, run.folder, replace(INGEST, scorer_file="own.npz"))
    assert set(image.lab_weights) == set(scorer.shipped_weights())


@pytest.mark.parametrize("kept", [0.0, 0.2, 0.6, 0.97])
def test_a_truncated_scorer_is_refused_by_name(run, kept):
    whole = scorer_file.encode(scorer.shipped_weights())
    (run.folder / "own.npz").write_bytes(whole[: int(kept * len(whole))])
    with pytest.raises(IngestError, match=r"own\.npz.*scorer_file"):
        ingest.ingest(run.rows, run.folder, replace(INGEST, scorer_file="own.npz"))


@pytest.mark.parametrize("content", [b"nothing", stored({"other": np.zeros(3)})])
def test_a_file_that_is_no_scorer_is_refused_by_name(run, content):
    (run.folder / "own.npz").write_bytes(content)
    with pytest.raises(IngestError, match=r"own\.npz.*scorer_file"):
        ingest.ingest(run.rows, run.folder, replace(INGEST, scorer_file="own.npz"))


@pytest.mark.parametrize(("features", "words"), [
    (None, "inputs without names"),
    (np.array(scorer_file.FEATURE_NAMES[::-1]), "different: their order"),
    (np.array([*scorer_file.FEATURE_NAMES[:-1], "colour"]), "different: colour, residual_in_unevenness"),
])  # fmt: skip
def test_a_scorer_of_another_version_has_to_be_trained_again(run, features, words):
    named = {} if features is None else {"features": features}
    (run.folder / "own.npz").write_bytes(stored({**scorer.shipped_weights(), **named}))
    with pytest.raises(IngestError, match=rf"own\.npz.*{words}.*calibrate_dendritic_spines"):
        ingest.ingest(run.rows, run.folder, replace(INGEST, scorer_file="own.npz"))


def test_one_channel_of_several_is_read_and_its_name_kept(tmp_path):
    stack = np.random.default_rng(0).integers(0, 900, (3, 2, 20, 24)).astype(np.uint16)
    (tmp_path / "spines").mkdir()
    sizes = {"axes": "ZCYX", "PhysicalSizeX": 0.1, "PhysicalSizeY": 0.1, "PhysicalSizeZ": 0.3}
    names = {"Channel": {"Name": ["GFP", "tdTomato"]}}
    tifffile.imwrite(tmp_path / ROW["image"], stack, ome=True, metadata={**sizes, **names})
    image = ingest.ingest(rows_of(channel="tdTomato"), tmp_path, INGEST)
    np.testing.assert_array_equal(image.stack, stack[:, 1])
    assert image.channel == "tdTomato"
    with pytest.raises(IngestError, match="GFP, tdTomato"):
        ingest.ingest(rows_of(), tmp_path, INGEST)


@pytest.mark.parametrize("size", [264.55, 5.0, 0.001])
def test_an_impossible_scale_is_refused_before_anything_is_measured(run, size):
    with pytest.raises(IngestError, match=f"{size:.4g} um per pixel, expected 0.005 to 2"):
        ingest.ingest(rows_of(pixel_size_um=size), run.folder, INGEST)


@pytest.fixture
def golgi(run, tmp_path) -> Rows:
    """The simulated dendrite as a dark stain shows it: less light where there is more of it."""
    tifffile.imwrite(tmp_path / "golgi.tif", 4095 - run.stack)
    return rows_of(image="golgi.tif", pixel_size_um=0.1, z_step_um=0.3)


def test_dark_dendrites_on_light_are_refused_with_what_to_do(golgi, tmp_path):
    with pytest.raises(IngestError, match=r"golgi\.tif.*darker.*Invert.*ingest\.dendrites"):
        ingest.ingest(golgi, tmp_path, INGEST)


def test_dark_dendrites_are_inverted_and_noted_where_the_settings_say_so(golgi, run, tmp_path):
    image = ingest.ingest(golgi, tmp_path, DARK)
    np.testing.assert_array_equal(image.stack, run.stack - run.stack.min())
    assert any("dark" in note for note in image.notes)
    assert image.saturation_level is None


def test_fluorescence_in_a_cohort_of_dark_stains_is_refused(run):
    with pytest.raises(IngestError, match="brighter than what is around them"):
        ingest.ingest(run.rows, run.folder, DARK)


def test_noise_is_neither_dark_nor_bright():
    noise = np.random.default_rng(0).normal(100, 10, (5, 300, 300))
    assert not image_properties.is_dark_on_light(noise, 0.1)
    assert not image_properties.is_dark_on_light(noise.max() - noise, 0.1)
