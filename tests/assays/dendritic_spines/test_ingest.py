"""Ingest: the file's own numbers and a scale, or an error that says what to do."""

import io

import numpy as np
import pytest
import tifffile

from ketaflow.assays.dendritic_spines import ingest
from ketaflow.assays.dendritic_spines.detection import lab_scorer, scorer
from ketaflow.assays.dendritic_spines.tracing import image_properties
from ketaflow.core.errors import IngestError


def test_the_stack_keeps_the_cameras_numbers(drawn):
    np.testing.assert_array_equal(drawn["recording"].arrays["stack"], drawn["stack"])
    assert drawn["recording"].arrays["stack"].dtype == np.uint16


def test_the_scale_comes_from_the_file(drawn):
    facts = drawn["recording"].facts
    assert (facts["pixel_size_um"], facts["z_step_um"], facts["scale_source"]) == (0.1, 0.3, "OME")
    assert facts["ceiling"] == 4095


def test_the_tables_scale_overrules_the_files(drawn, row, defaults):
    rows = {"dendritic_spines": [{**row, "pixel_size_um": 0.08}]}
    record = ingest.ingest(rows, drawn["folder"], **defaults["ingest"])
    assert (record.facts["pixel_size_um"], record.facts["scale_source"]) == (0.08, "table")


def stored(weights: dict[str, np.ndarray]) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **weights)
    return buffer.getvalue()


def test_the_laboratorys_own_scorer_travels_with_the_stack(drawn):
    (drawn["folder"] / "own.npz").write_bytes(stored(scorer.shipped_weights()))
    record = ingest.ingest(drawn["rows"], drawn["folder"], scorer_file="own.npz", dendrites="bright")
    assert {name.removeprefix("scorer_") for name in record.arrays} == {"stack", *scorer.shipped_weights()}


@pytest.mark.parametrize("kept", [0.0, 0.2, 0.6, 0.97])
def test_a_scorer_cut_short_is_refused_by_name(drawn, kept):
    whole = stored(scorer.shipped_weights())
    (drawn["folder"] / "own.npz").write_bytes(whole[: int(kept * len(whole))])
    with pytest.raises(IngestError, match=r"own\.npz.*scorer_file"):
        ingest.ingest(drawn["rows"], drawn["folder"], scorer_file="own.npz", dendrites="bright")


@pytest.mark.parametrize("content", [b"nothing", stored({"other": np.zeros(3)})])
def test_a_file_that_is_no_scorer_is_refused_by_name(drawn, content):
    (drawn["folder"] / "own.npz").write_bytes(content)
    with pytest.raises(IngestError, match=r"own\.npz.*scorer_file"):
        ingest.ingest(drawn["rows"], drawn["folder"], scorer_file="own.npz", dendrites="bright")


def test_a_scorer_taught_with_another_version_is_to_be_taught_again():
    with pytest.raises(IngestError, match=r"7 numbers.*calibrate_dendritic_spines"):
        lab_scorer.weights({"stack": np.zeros((1, 2, 2)), "scorer_mean": np.zeros(7)})
    assert lab_scorer.weights({"stack": np.zeros((1, 2, 2))}) == {}


def test_one_channel_of_several_is_read_and_its_name_kept(tmp_path, row, defaults):
    stack = np.random.default_rng(0).integers(0, 900, (3, 2, 20, 24)).astype(np.uint16)
    (tmp_path / "spines").mkdir()
    sizes = {"axes": "ZCYX", "PhysicalSizeX": 0.1, "PhysicalSizeY": 0.1, "PhysicalSizeZ": 0.3}
    names = {"Channel": {"Name": ["GFP", "tdTomato"]}}
    tifffile.imwrite(tmp_path / row["image"], stack, ome=True, metadata={**sizes, **names})
    record = ingest.ingest({"dendritic_spines": [{**row, "channel": "tdTomato"}]}, tmp_path, **defaults["ingest"])
    np.testing.assert_array_equal(record.arrays["stack"], stack[:, 1])
    assert record.facts["channel"] == "tdTomato"
    with pytest.raises(IngestError, match="GFP, tdTomato"):
        ingest.ingest({"dendritic_spines": [row]}, tmp_path, **defaults["ingest"])


@pytest.mark.parametrize("size", [264.55, 5.0, 0.001])
def test_an_impossible_scale_is_refused_before_anything_is_measured(drawn, row, defaults, size):
    rows = {"dendritic_spines": [{**row, "pixel_size_um": size}]}
    with pytest.raises(IngestError, match=f"{size:.4g} um per pixel, expected 0.005 to 2"):
        ingest.ingest(rows, drawn["folder"], **defaults["ingest"])


@pytest.fixture
def golgi(drawn, row, tmp_path) -> dict:
    """The drawn dendrite as a dark stain shows it: less light where there is more of it."""
    stack = drawn["stack"]
    tifffile.imwrite(tmp_path / "golgi.tif", 4095 - stack)
    named = {**row, "image": "golgi.tif", "pixel_size_um": 0.1, "z_step_um": 0.3}
    return {"folder": tmp_path, "rows": {"dendritic_spines": [named]}, "stack": stack}


def test_dark_dendrites_on_light_are_refused_with_what_to_do(golgi, defaults):
    with pytest.raises(IngestError, match=r"golgi\.tif.*darker.*Invert.*ingest\.dendrites"):
        ingest.ingest(golgi["rows"], golgi["folder"], **defaults["ingest"])


def test_dark_dendrites_are_measured_as_bright_ones_where_the_settings_say_so_and_marked(golgi, drawn, defaults):
    turned = ingest.ingest(golgi["rows"], golgi["folder"], **{**defaults["ingest"], "dendrites": "dark"})
    np.testing.assert_array_equal(turned.arrays["stack"], golgi["stack"] - golgi["stack"].min())
    assert any("dark" in note for note in turned.facts["notes"])
    assert turned.facts["ceiling"] is None


def test_fluorescence_in_a_cohort_of_dark_stains_is_refused(drawn, defaults):
    with pytest.raises(IngestError, match="brighter than what is around them"):
        ingest.ingest(drawn["rows"], drawn["folder"], **{**defaults["ingest"], "dendrites": "dark"})


def test_noise_is_neither_dark_nor_bright():
    noise = np.random.default_rng(0).normal(100, 10, (5, 300, 300))
    assert not image_properties.is_dark_on_light(noise, 0.1)
    assert not image_properties.is_dark_on_light(noise.max() - noise, 0.1)
