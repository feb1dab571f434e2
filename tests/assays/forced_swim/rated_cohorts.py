"""Cohorts with human scores: tables on disk, and EthoVision exports whose mobility follows given bouts."""

from pathlib import Path

import numpy as np

from ketaflow.engine import batches, recordings, study
from ketaflow.engine.batch_files import Source
from ketaflow.engine.batches import Job
from ketaflow.engine.collection import collect
from ketaflow.engine.preparation import assay_tables

RATE_HZ = 5.0


def followed(bouts: list[tuple[float, float]], duration_s: float) -> np.ndarray:
    """Mobility (percent) of an animal that rests in the bouts: 5 % in them, 30 % elsewhere."""
    times_s = np.arange(0, duration_s, 1 / RATE_HZ)
    still = np.zeros(len(times_s), bool)
    for start_s, stop_s in bouts:
        still |= (times_s >= start_s) & (times_s < stop_s)
    return np.where(still, 5.0, 30.0)


def wandering(seed: int, duration_s: float) -> np.ndarray:
    """Mobility (percent) that wanders slowly between rest and strokes."""
    steps = np.random.default_rng(seed).standard_normal(round(duration_s * RATE_HZ))
    walk = np.zeros(len(steps))
    for i in range(1, len(steps)):
        walk[i] = 0.97 * walk[i - 1] + 0.24 * steps[i]
    return np.minimum(15 * np.exp(0.7 * walk), 99)


def workbook(path: Path, mobility: dict[int, np.ndarray]) -> None:
    """An EthoVision raw export with one arena for each number."""
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    for arena, values in mobility.items():
        sheet = book.create_sheet(f"Track-Arena {arena}")
        lines = [["Number of header lines:", 5], ["Arena name", f"Arena {arena}"], ["Recording after", "0.0"]]
        for line in [*lines, ["Recording time", "Mobility"], ["s", "%"]]:
            sheet.append(line)
        for place, value in enumerate(values):
            sheet.append([place / RATE_HZ, float(value)])
    book.save(path)


def cohort(folder: Path, recordings: list[str], video: str = "swims.xlsx", *, window_s=(0, 240), sample_s=5) -> Path:
    """The tables a study needs, one animal for each recording, all arenas in one export."""
    folder.mkdir(parents=True, exist_ok=True)
    animals = [f"m{number}" for number in range(len(recordings))]
    tables = {
        "forced_swim": ["recording,animal,video,cylinder"]
        + [f"{name},{animal},{video},{i}" for i, (name, animal) in enumerate(zip(recordings, animals, strict=True), 1)],
        "animals": ["animal,sex", *(f"{animal},male" for animal in animals)],
        "arms": ["arm,control,drug,dose_mg_per_kg", "vehicle,yes,saline,0", "ket10,no,ketamine,10"],
        "allocation": ["animal,arm", *(f"{a},{'vehicle' if i % 2 else 'ket10'}" for i, a in enumerate(animals))],
    }
    for name, lines in tables.items():
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
    settings = f"{{scoring_window_s: {list(window_s)}, sample_s: {sample_s}}}"
    (folder / "settings.yaml").write_text(f"forced_swim: {{quantify: {settings}}}\n")
    return folder


def carried_out(folder: Path, results: Path) -> tuple[collect.Collected, list[Path], study.Study]:
    """All stages over a cohort's swims, without Snakemake: the tables, the batch folders, and the study."""
    loaded = study.load({"cohort": str(folder), "results": str(results)}, {})
    assay, block, folders = "forced_swim", loaded.settings["forced_swim"], []
    outputs = {"ingest": "recordings.zip", "quantify": "measurements.zip", "qc": "checks.zip"}
    for batch in loaded.batches[assay]:
        made = results / batch
        jobs = {
            stage: Job(assay, stage, block[stage], "", made / name, results / "cache" / stage / f"{batch}.zip")
            for stage, name in outputs.items()
        }
        groups = {stage: recordings.groups_from(loaded.rows(assay, batch, stage)) for stage in outputs}
        batches.ingest(jobs["ingest"], groups["ingest"], loaded.folder(assay, batch))
        batches.follow(jobs["quantify"], [jobs["ingest"].output], groups["quantify"])
        batches.follow(jobs["qc"], [jobs["ingest"].output, jobs["quantify"].output], groups["qc"])
        folders.append(made)
    given = collect.AssayInput(
        folders, block, Source(**loaded.table_sources()[assay]),
        cohort=assay_tables.read_tables(assay, folder, loaded.cohort_tables(assay)),
    )  # fmt: skip
    collected = collect.collect({assay: given}, animals=loaded.cohort.tables["animals"], imported=None)
    return collected, folders, loaded
