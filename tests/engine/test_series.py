"""Series of one image are recordings of their own, from the cohort's table to the measurements."""

import numpy as np
import pandas as pd
import pytest
import tifffile

from ketaflow.core.errors import CohortError
from ketaflow.core.results import Measurement, frame
from ketaflow.engine import batch_files, batches, recordings, stages, study
from ketaflow.engine.batches import Job

STUDY = {
    "animals": "animal,sex\nM1,male\nM2,female\n",
    "arms": "arm,control,drug,dose_mg_per_kg\nvehicle,yes,saline,0\nket10,no,ketamine,10\n",
    "allocation": "animal,arm\nM1,vehicle\nM2,ket10\n",
}
TABLES = {
    "stained_cells": "image,series,animal,region,marker,channel\n{}",
    "dendritic_spines": "image,series,animal,region,channel\n{}",
    "synaptic_puncta": "image,series,animal,region,pre_marker,pre_channel\n{}",
}
CORRECTIONS = "image,series,action,x_px,y_px\n"


def spots(seed, count, shape):
    """Bright cells of 9 um on a dark ground, at 0.8 um a pixel."""
    rng = np.random.default_rng(seed)
    image = rng.normal(200, 8, shape)
    y, x = np.indices(shape)
    for number in range(count):
        centre = (25 + 40 * (number // 4), 25 + 40 * (number % 4))
        image += 900 * (np.hypot(y - centre[0], x - centre[1]) < 6)
    return image.astype(np.uint16)


@pytest.fixture
def folder(tmp_path):
    """A cohort whose one image has two series, of 3 and of 8 cells, and sizes that differ."""
    made = tmp_path / "cohort"
    made.mkdir()
    with tifffile.TiffWriter(made / "slices.ome.tif", ome=True) as file:
        for seed, count, shape in ((1, 3, (160, 180)), (2, 8, (200, 180))):
            facts = {"axes": "YX", "Name": f"field {seed}", "PhysicalSizeX": 0.8, "PhysicalSizeY": 0.8}
            file.write(spots(seed, count, shape), metadata=facts)
    for name, text in STUDY.items():
        (made / f"{name}.csv").write_text(text)
    return made


def rows_of(assay, *series):
    last = ",PSD95," if assay == "synaptic_puncta" else ",c-Fos," if assay == "stained_cells" else ","
    return "".join(
        f"slices.ome.tif,{name},{animal},mPFC{last}\n" for name, animal in zip(series, ("M1", "M2", "M2"), strict=False)
    )


def load(folder):
    given = {"cohort": str(folder), "results": str(folder.parent / "results")}
    return study.load(given | {"blinding_key_file": str(folder.parent / "key")}, {}, make_key=True)


@pytest.mark.parametrize("assay", list(TABLES))
def test_each_series_is_a_recording_of_its_own(folder, assay):
    (folder / f"{assay}.csv").write_text(TABLES[assay].format(rows_of(assay, "field 1", "2")))
    found = load(folder)
    groups = [group for members in found.batches[assay].values() for group in members]
    names = [recordings.named(assay, group) for group in groups]
    assert sorted(one.name for named in names for one in named) == ["slices.ome.tif#2", "slices.ome.tif#field 1"]
    assert {one.paths for named in names for one in named} == {("slices.ome.tif",)}
    assert "field 1" in found.hidden_words()
    read = run(found, assay, "ingest")
    assert all(outcome.status == "ok" for outcome in read.values()), [outcome.reason for outcome in read.values()]
    assert {name: shape_of(outcome.content) for name, outcome in read.items()} == {
        "slices.ome.tif#field 1": (160, 180),
        "slices.ome.tif#2": (200, 180),
    }


def shape_of(read):
    """Rows and columns of what an assay read."""
    if hasattr(read, "stack"):
        return read.stack.shape[-2:]
    (field,) = read.fields
    return (field.pre if hasattr(field, "pre") else field).pixels.shape


def run(found, assay, last):
    """The stages of an assay up to the last one over all its batches; what that wrote, by group."""
    outcomes = []
    for batch, groups in found.batches[assay].items():
        for stage in ("ingest", "quantify")[: 1 if last == "ingest" else 2]:
            output, cache = (found.results / f"{batch}_{what}.zip" for what in (stage, f"{stage}_cache"))
            job = Job(assay, stage, found.settings[assay][stage], "code", output, cache)
            if stage == "ingest":
                batches.ingest(job, groups, found.cohort.folder)
                before = output
            else:
                batches.follow(job, [before], recordings.groups_from(found.rows(assay, batch, stage)))
        outcomes += batch_files.read(output, stages.stage(assay, last).writes)
    return {one.name: one for one in outcomes}


def test_a_series_that_is_not_there_fails_alone_and_corrections_find_theirs(folder):
    rows = rows_of("stained_cells", "field 1", "2", "7")
    (folder / "stained_cells.csv").write_text(TABLES["stained_cells"].format(rows))
    (folder / "stained_cells_corrections.csv").write_text(CORRECTIONS + "slices.ome.tif,2,drop,25,25\n")
    done = run(load(folder), "stained_cells", "quantify")
    assert done["slices.ome.tif#7"].status == "failed"
    assert "no series '7'" in done["slices.ome.tif#7"].reason
    counts = {
        row.recording: row.value
        for name, outcome in done.items()
        if name != "slices.ome.tif#7"
        for row in outcome.content.measurements
        if row.measure == "cell_count"
    }
    assert counts == {"slices.ome.tif#field 1": 3, "slices.ome.tif#2": 7}
    cells = pd.concat([done[name].content.cells for name in counts])
    assert set(cells["image"]) == {"slices.ome.tif"}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("slices.ome.tif,,drop,1,1", "the cell is empty, and several are listed for 'slices.ome.tif'"),
        ("slices.ome.tif,5,drop,1,1", "'5' is not listed for 'slices.ome.tif'"),
    ],
)
def test_corrections_that_do_not_name_their_series_are_refused_before_any_job(folder, row, message):
    (folder / "stained_cells.csv").write_text(TABLES["stained_cells"].format(rows_of("stained_cells", "1", "2")))
    (folder / "stained_cells_corrections.csv").write_text(f"{CORRECTIONS}{row}\n")
    with pytest.raises(CohortError, match=message):
        load(folder)


def test_corrections_of_the_only_series_need_not_name_it(folder):
    (folder / "stained_cells.csv").write_text(TABLES["stained_cells"].format(rows_of("stained_cells", "2")))
    (folder / "stained_cells_corrections.csv").write_text(f"{CORRECTIONS}slices.ome.tif,,drop,25,25\n")
    (outcome,) = run(load(folder), "stained_cells", "quantify").values()
    assert [row.value for row in outcome.content.measurements if row.measure == "cell_count"] == [7]


def test_the_same_series_twice_is_refused(folder):
    rows = rows_of("dendritic_spines", "2", "2")
    (folder / "dendritic_spines.csv").write_text(TABLES["dendritic_spines"].format(rows))
    with pytest.raises(CohortError, match=r"image 'slices\.ome\.tif', series '2' is already in row 2"):
        load(folder)


PUNCTA = "image,animal,region,pre_marker,post_marker\n{}"


@pytest.mark.parametrize(
    ("row", "measure", "analyte"),
    [
        ("slices.ome.tif,M1,mPFC,PSD95,", "puncta_density_per_um2", "PSD95"),
        ("slices.ome.tif,M1,mPFC,VGluT1,PSD95", "synapse_density_per_um2", None),
    ],
    ids=["one marker", "two markers"],
)
def test_a_failed_recording_is_listed_under_the_measure_that_its_row_gives(folder, row, measure, analyte):
    (folder / "synaptic_puncta.csv").write_text(PUNCTA.format(f"{row}\n"))
    (group,) = next(iter(load(folder).batches["synaptic_puncta"].values()))
    (named,) = recordings.named("synaptic_puncta", group)
    assert [(one.measure, one.analyte, one.region) for one in named.expected] == [(measure, analyte, "mPFC")]


def test_one_series_listed_under_two_names_is_flagged(folder):
    rows = rows_of("stained_cells", "field 2", "2", "1")
    (folder / "stained_cells.csv").write_text(TABLES["stained_cells"].format(rows))
    found = load(folder)
    done = run(found, "stained_cells", "quantify")
    named = [one for group in found.batches["stained_cells"].values() for each in group
             for one in recordings.named("stained_cells", each)]  # fmt: skip
    measured = frame([row for outcome in done.values() for row in outcome.content.measurements], Measurement)
    checks = recordings.repeated_parts(named, measured)
    assert {(one.recording, one.verdict) for one in checks} == {
        ("slices.ome.tif#2", "warn"), ("slices.ome.tif#field 2", "warn"),
    }  # fmt: skip
    assert recordings.repeated_parts(named[-1:], measured) == []
