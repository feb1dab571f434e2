"""Every doubt a reviewer should see is a check; what is shown names nobody."""

import numpy as np
import pandas as pd
import pytest
import tifffile

from .conftest import lanes


@pytest.fixture(scope="module")
def reviewed(study):
    lab, rows = study
    record = lab.ingested(images=rows["images"], lanes=rows["lanes"])
    measured = lab.measured(record)
    return lab.checked(record, measured), rows


def test_a_good_blot_passes(reviewed):
    checks = reviewed[0].table("checks")
    doubtful = checks[checks["verdict"].ne("pass")]
    assert doubtful.empty, doubtful["message"].tolist()


def test_every_picture_is_shown_small_and_names_nobody(reviewed):
    record, rows = reviewed
    assert set(record.figures) == {row["image"] for row in rows["images"]}
    animals = {row["animal"] for row in rows["lanes"] if row["animal"]}
    for figures in record.figures.values():
        assert len(figures) == 2
        assert sum(len(figure.content) for figure in figures) < 80_000
        for figure in figures:
            words = f"{figure.title} {figure.caption}"
            words += figure.content if isinstance(figure.content, str) else ""
            assert not any(f">{animal}<" in words or f" {animal} " in words for animal in animals)


def drawn(study, change):
    """One picture of the study, changed, through all stages; its checks."""
    lab, rows = study
    images = [row for row in rows["images"] if row["target"] == "GAPDH"]
    record = lab.ingested(images=images, lanes=rows["lanes"])
    record.arrays["scan_0"] = change(record.arrays["scan_0"].copy())
    return lab.checked(record, lab.measured(record)).table("checks")


def verdicts(checks: pd.DataFrame, name: str) -> list[str]:
    return checks[checks["check"].eq(name)]["verdict"].tolist()


def test_a_copied_lane_is_pointed_at(study):
    def copied(signal):
        signal[:, 289:328] = signal[:, 188:227]
        return signal

    assert verdicts(drawn(study, copied), "near_identical_lanes") == ["warn"]
    assert verdicts(drawn(study, lambda signal: signal), "near_identical_lanes") == []


def test_a_splice_is_pointed_at(study):
    def spliced(signal):
        signal[:, 280:] += 400
        return signal

    assert verdicts(drawn(study, spliced), "seam") == ["warn"]


def test_saturated_lanes_are_named_with_their_animal(study):
    lab, rows = study
    images = [row for row in rows["images"] if row["target"] == "GAPDH"]
    record = lab.ingested(images=images, lanes=rows["lanes"])
    signal = record.arrays["scan_0"]
    ceiling = float(np.percentile(signal, 99.7))
    record.arrays["scan_0"] = np.minimum(signal, ceiling).astype(signal.dtype)
    record.facts["scans"][0]["ceiling"] = np.floor(ceiling)
    measured = lab.measured(record)
    checks = lab.checked(record, measured).table("checks")
    saturated = checks[checks["check"].eq("saturated")]
    assert len(saturated) >= 3 and saturated["animal"].notna().any()
    values = measured.table("measurements")
    assert values["reason"].str.contains("saturated").any()
    assert set(values[values["reason"].str.contains("saturated")]["status"]) == {"flagged"}


def test_jpeg_and_eight_bits_are_told(lab):
    from PIL import Image

    rows, columns = np.mgrid[0:160, 0:300]
    picture = 10 + 200 * np.exp(-((((columns - 30) % 60 - 30) / 18) ** 4) - ((rows - 80) / 6) ** 2)
    Image.fromarray(picture.astype(np.uint8)).save(lab.folder / "a.jpg", quality=90)
    images = [{"image": "a.jpg", "membrane": "B1", "target": "BDNF", "role": "target"}]
    record = lab.ingested(images=images, lanes=lanes("B1", 5))
    checks = lab.checked(record, lab.measured(record)).table("checks")
    assert verdicts(checks, "bit_depth") == ["warn"] and verdicts(checks, "lossless") == ["warn"]


def test_lanes_that_cannot_be_found_fail_the_check(lab):
    tifffile.imwrite(lab.folder / "a.tif", np.random.default_rng(0).normal(500, 8, (300, 400)).astype(np.uint16))
    images = [{"image": "a.tif", "membrane": "B1", "target": "BDNF", "role": "target"}]
    record = lab.ingested(images=images, lanes=lanes("B1", 8))
    checks = lab.checked(record, lab.measured(record)).table("checks")
    assert verdicts(checks, "lanes") == ["fail"]
