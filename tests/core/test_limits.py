"""Files that declare more than the settings allow are refused before they are decoded."""

import csv
import io
import zipfile

import numpy as np
import pytest
import tifffile
from PIL import Image

from ketaflow.core import limits, tables
from ketaflow.core.errors import CohortError, IngestError
from ketaflow.core.limits import Limits
from ketaflow.engine import study

GREY = np.arange(64 * 100, dtype=np.uint8).reshape(64, 100)
COLOUR = np.stack([GREY] * 3, axis=-1)
ALLOWED = Limits(max_image_megapixels=COLOUR.size / 1e6)
TOO_SMALL = Limits(max_image_megapixels=(COLOUR.size - 1) / 1e6)


@pytest.mark.parametrize("ending", ["tif", "png", "jpg"])
def test_an_image_is_compared_with_the_setting(tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    Image.fromarray(COLOUR).save(path)
    with limits.applied(ALLOWED):
        limits.refuse_oversized(path)
    with limits.applied(TOO_SMALL), pytest.raises(IngestError, match=rf"a\.{ending}: .*limits\.max_image_megapixels"):
        limits.refuse_oversized(path)
    limits.refuse_oversized(path)


def test_all_pages_of_a_tiff_count(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.stack([GREY] * 4), photometric="minisblack")
    with limits.applied(ALLOWED), pytest.raises(IngestError, match="max_image_megapixels"):
        limits.refuse_oversized(tmp_path / "a.tif")


def test_files_of_a_folder_are_compared_too(tmp_path):
    (tmp_path / "run.D").mkdir()
    Image.fromarray(COLOUR).save(tmp_path / "run.D" / "a.png")
    with limits.applied(TOO_SMALL), pytest.raises(IngestError, match="max_image_megapixels"):
        limits.refuse_oversized(tmp_path / "run.D")


def workbook_of_zeros(n_bytes):
    """Bytes of an archive that unpacks to so many zeros."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", bytes(n_bytes))
    return made.getvalue()


def test_an_archive_is_compared_with_the_setting_by_what_it_unpacks_to(tmp_path):
    (tmp_path / "a.xlsx").write_bytes(workbook_of_zeros(3_000_000))
    with limits.applied(Limits(max_unpacked_mb=3)):
        limits.refuse_oversized(tmp_path / "a.xlsx")
    with limits.applied(Limits(max_unpacked_mb=2)), pytest.raises(IngestError, match=r"3 MB, .*limits\.max_unpacked"):
        limits.refuse_oversized(tmp_path / "a.xlsx")


def test_a_workbook_in_place_of_a_table_is_compared_as_well(tmp_path):
    (tmp_path / "animals.xlsx").write_bytes(workbook_of_zeros(3_000_000))
    (tmp_path / "settings.yaml").write_text("limits:\n  max_unpacked_mb: 2\n")
    with pytest.raises(CohortError, match=r"animals\.xlsx: unpacks to 3 MB, expected at most 2.*max_unpacked_mb"):
        study.load({"cohort": str(tmp_path)}, {"results": "nowhere"})


def test_the_length_of_a_cell_is_compared_with_the_setting_and_only_within_the_block(tmp_path):
    (tmp_path / "a.csv").write_text(f"animal,note\nm1,{'x' * 5000}\n")
    before = csv.field_size_limit()
    with limits.applied(Limits(max_cell_characters=4000)), pytest.raises(ValueError, match="4,000 characters"):
        tables.read_raw(tmp_path / "a.csv")
    assert csv.field_size_limit() == before
    with limits.applied(Limits(max_cell_characters=5000)):
        assert len(tables.read_raw(tmp_path / "a.csv").rows[0][1]["note"]) == 5000


def test_a_cell_longer_than_the_default_is_read_again_by_the_jobs_once_it_was_allowed(tmp_path):
    (tmp_path / "animals.csv").write_text(f"animal,species,notes\nm1,mouse,{'x' * 200_000}\n")
    found = study.cohort.read_common({"animals": tmp_path / "animals.csv"})
    assert found["animals"]["animal"].tolist() == ["m1"]


def test_a_faulty_setting_is_reported_and_the_default_limits_apply(tmp_path):
    (tmp_path / "settings.yaml").write_text("limits:\n  max_cell_characters: many\n")
    with pytest.raises(CohortError, match="max_cell_characters"):
        study.load({"cohort": str(tmp_path)}, {"results": "nowhere"})
