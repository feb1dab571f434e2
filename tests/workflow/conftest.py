"""A copy of the workflow with one tiny assay of its own, and a cohort for it: the engine without the science.

The assay is added as a newcomer would add one, by a folder alone; so these tests also show that no line of
the workflow has to change for it.
"""

import compileall
import contextlib
import fcntl
import os
import py_compile
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
AUDIT = Path(__file__).resolve().parent / "audit"
# A module edited twice within a second would be taken from a compiled form that only holds its date.
UNCOMPILED = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}

NOSE_POKE = {
    "__init__.py": '"""Nose pokes: how often a mouse looks into a hole. One text file with one number a line."""\n',
    "tables.schema.yaml": """
title: Nose poke
group_by: {table: nose_poke, column: recording}
tables:
  nose_poke:
    title: One row per animal
    key: [recording]
    columns:
      recording: {type: name, required: true, description: name}
      animal: {type: name, required: true, references: animals, description: animal}
      log: {type: file, required: true, description: log}
  nose_poke_truth:
    title: What was drawn
    link: recording
    columns:
      recording: {type: name, required: true, description: name}
      pokes: {type: integer, required: true, description: pokes}
""",
    "settings.schema.yaml": """
type: object
additionalProperties: false
properties:
  ingest: {type: object, additionalProperties: false, properties: {}}
  quantify:
    type: object
    additionalProperties: false
    properties:
      minimum_s: {type: number, minimum: 0, default: 0.1, description: Shortest poke counted (seconds)}
  qc: {type: object, additionalProperties: false, properties: {}}
  jobs:
    type: object
    additionalProperties: false
    properties:
      batch_size: {type: integer, minimum: 1, default: 3, description: groups in one job}
      threads: {type: integer, minimum: 1, default: 1, description: processors}
      mem_mb: {type: integer, minimum: 1, default: 500, description: memory}
      runtime_min: {type: integer, minimum: 1, default: 5, description: minutes}
""",
    "measures.yaml": """
pokes:
  {title: Pokes, unit: count, direction: none, minimum: 0, maximum: null, endpoint: true, always: true, source: none}
""",
    "model.py": '''
"""What the stages hand on."""
from dataclasses import dataclass
from ketaflow.core.results import Measurement, table


@dataclass(frozen=True)
class LogRow:
    recording: str
    animal: str
    log: str


@dataclass(frozen=True)
class Settings:
    pass


@dataclass(frozen=True)
class QuantifySettings:
    minimum_s: float


@dataclass(frozen=True)
class Log:
    row: LogRow
    durations_s: list[float]


@dataclass(frozen=True)
class Count:
    recording: str
    pokes: int


@dataclass(frozen=True)
class Measured:
    measurements: list[Measurement] = table()
    counts: list[Count] = table()
''',
    "ingest.py": '''
"""Reads a log."""
from pathlib import Path
from ketaflow.assays.nose_poke.model import Log, LogRow, Settings
from ketaflow.core.errors import IngestError
from ketaflow.core.inputs import Rows


def ingest(rows: Rows, folder: Path, settings: Settings) -> Log:
    """One log."""
    (row,) = rows.of("nose_poke", LogRow)
    path = folder / row.log
    text = path.read_text()
    if not text:
        raise IngestError(f"{path.name}: the file is empty. Copy it again from the device.")
    return Log(row, [float(line) for line in text.split()])
''',
    "quantify.py": '''
"""Counts pokes."""
from ketaflow.assays.nose_poke.model import Count, Log, Measured, QuantifySettings
from ketaflow.core.results import measurement


def quantify(log: Log, settings: QuantifySettings) -> Measured:
    """How many pokes."""
    count = sum(duration >= settings.minimum_s for duration in log.durations_s)
    made = measurement("pokes", count, animal=log.row.animal, recording=log.row.recording)
    return Measured([made], [Count(log.row.recording, count)])
''',
    "qc.py": '''
"""Looks at pokes."""
from ketaflow.assays.nose_poke.model import Log, Measured, Settings
from ketaflow.core.results import Checked, Figure, check, within


def qc(log: Log, measured: Measured, settings: Settings) -> Checked:
    """Enough pokes?"""
    count, name = measured.counts[0].pokes, log.row.recording
    made = check("enough", count, recording=name, animal=log.row.animal, low=2, verdict=within(count, 2, None),
                 message="pokes in the log")
    return Checked([made], {name: [Figure("Pokes", "<svg xmlns='http://www.w3.org/2000/svg'/>")]})
''',
    "simulate.py": '''
"""Draws logs."""
from dataclasses import dataclass
from pathlib import Path
from ketaflow.assays.nose_poke.model import LogRow
from ketaflow.core.inputs import Rows


@dataclass(frozen=True)
class Truth:
    pokes: int


def draw(rows: Rows, folder: Path, *, seed: int) -> None:
    """One log."""
    count = rows.of("nose_poke_truth", Truth)[0].pokes
    path = folder / rows.of("nose_poke", LogRow)[0].log
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("0.5\\n" * count)
''',
}  # fmt: skip


class Clone:
    """A copy of the workflow, its cohort, and the means to run it."""

    # The workflow with its modules compiled, to copy from.
    compiled: Path

    def __init__(self, folder: Path):
        self.folder = folder
        self.cohort = folder / "cohort"
        self.results = folder / "out"
        # What each job of an audited run opened.
        self.opened = folder / "opened"
        if (folder / "Snakefile").is_file():
            return
        shutil.copytree(self.compiled, folder / "workflow")
        shutil.copytree(ROOT / "profiles", folder / "profiles")
        shutil.copytree(ROOT / "resources" / "reference", folder / "resources" / "reference")
        for name in ("Snakefile", "config.yaml", "environment.yml"):
            shutil.copy(ROOT / name, folder / name)
        # Figures for papers are drawn by their own test, and not in each of the many runs.
        with (folder / "config.yaml").open("a", encoding="utf-8") as config:
            config.write("report: {figures: {when: on_demand}}\n")

    def only(self, assay: str, files: dict[str, str]) -> None:
        """Replace the assays by this one."""
        assays = self.folder / "workflow" / "ketaflow" / "assays"
        for path in assays.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
        (assays / assay).mkdir()
        for name, text in files.items():
            (assays / assay / name).write_text(text)

    def table(self, name: str, header: str, rows: list[str]) -> None:
        """Write one of the cohort's tables."""
        (self.cohort / f"{name}.csv").write_text("\n".join([header, *rows]) + "\n")

    def run(
        self, *words: str, ok: bool | None = True, config: tuple[str, ...] = (), env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess:
        """Run snakemake; ``ok`` says whether it must succeed, fail, or may do either."""
        done = subprocess.run(
            self._command(words, config), cwd=self.folder, capture_output=True, text=True, timeout=1500,
            stdin=subprocess.DEVNULL, env={**UNCOMPILED, **(env or {})},
        )  # fmt: skip
        if ok is not None:
            assert (done.returncode == 0) is ok, done.stdout + done.stderr
        return done

    def start(self, *words: str) -> subprocess.Popen:
        """A run that goes on by itself, in a process group of its own; what it says goes into ``said.txt``."""
        with (self.folder / "said.txt").open("w") as said:
            return subprocess.Popen(
                self._command(words, ()), cwd=self.folder, start_new_session=True, stdin=subprocess.DEVNULL,
                stdout=said, stderr=said, env=UNCOMPILED,
            )  # fmt: skip

    def said(self) -> str:
        """What the run that was started has said so far."""
        return (self.folder / "said.txt").read_text()

    def _command(self, words: tuple[str, ...], config: tuple[str, ...]) -> list[str]:
        # From the folder of the clone, so that a copy of a finished clone is finished too.
        start = f"{self.folder}{os.sep}"
        words = tuple(word.removeprefix(start) for word in words)
        cohort, results = (str(path).removeprefix(start) for path in (self.cohort, self.results))
        told = [f"cohort={cohort}", f"results={results}", *config]
        return [sys.executable, "-m", "snakemake", "--cores", "2", *words, "--config", *told]

    def planned(self, *words: str, config: tuple[str, ...] = ()) -> dict[str, int]:
        """Jobs a run would do, by rule."""
        text = self.run("--dry-run", "--quiet", "host", *words, config=config).stdout
        table = text.split("Job stats:")[1].split("\n\n")[0] if "Job stats:" in text else ""
        counts = [line.split() for line in table.splitlines()[3:] if len(line.split()) == 2]
        return {rule: int(count) for rule, count in counts if rule not in ("total", "all")}


@pytest.fixture(scope="session", autouse=True)
def compiled_workflow(tmp_path_factory) -> None:
    """Compile the library once for all runs; the compiled forms hold the hashes of the modules, which tests edit."""
    folder = tmp_path_factory.mktemp("compiled") / "workflow"
    shutil.copytree(ROOT / "workflow", folder, ignore=shutil.ignore_patterns("__pycache__"))
    mode = py_compile.PycInvalidationMode.CHECKED_HASH
    assert compileall.compile_dir(folder / "ketaflow", quiet=1, invalidation_mode=mode)
    Clone.compiled = folder


@pytest.fixture(scope="session")
def new_clone() -> type[Clone]:
    """To make a copy of the whole workflow with."""
    return Clone


@contextlib.contextmanager
def made_once(tmp_path_factory, worker_id: str, name: str) -> Iterator[Path]:
    """A folder that the first test process to come fills, while the others wait."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / name
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory, worker_id) -> Clone:
    """The demonstration cohort, run once for all tests, whichever process they are in."""
    with made_once(tmp_path_factory, worker_id, "demonstration") as folder:
        made = Clone(folder)
        made.cohort = ROOT / "resources" / "demo_cohort"
        if not (made.results / "summary.txt").is_file():
            made.opened.mkdir(exist_ok=True)
            made.run(env={"PYTHONPATH": str(AUDIT), "OPENED_FILES": str(made.opened)})
    return made


@pytest.fixture(scope="session")
def finished_study(tmp_path_factory, worker_id) -> Clone:
    """The nose poke study, run once for all tests that only look at it."""
    with made_once(tmp_path_factory, worker_id, "finished_study") as folder:
        made = Clone(folder) if folder.is_dir() else nose_poke_study(folder)
        if not (folder / "said.txt").is_file():
            # In the year 2023.
            (folder / "said.txt").write_text(made.run(env={"SOURCE_DATE_EPOCH": "1700000000"}).stderr)
    return made


@pytest.fixture
def finished(finished_study, tmp_path) -> Clone:
    """A copy of the finished nose poke study, to change and run again."""
    return Clone(Path(shutil.copytree(finished_study.folder, tmp_path / "finished")))


@pytest.fixture
def clone(tmp_path) -> Clone:
    """The workflow with the nose poke assay, and 8 animals in two arms."""
    return nose_poke_study(tmp_path / "clone")


@pytest.fixture(scope="session")
def new_study() -> Callable[[Path], Clone]:
    """To make such a clone in any folder."""
    return nose_poke_study


def nose_poke_study(folder: Path) -> Clone:
    """The workflow with the nose poke assay, and 8 animals in two arms."""
    made = Clone(folder)
    made.only("nose_poke", NOSE_POKE)
    logs = made.cohort / "logs"
    logs.mkdir(parents=True)
    animals = [f"A{number}" for number in range(8)]
    for number, animal in enumerate(animals):
        (logs / f"{animal}.txt").write_text("0.5\n" * (number + 2))
    made.table("animals", "animal,sex", [f"{animal},female" for animal in animals])
    arms = ["vehicle,yes,saline,0", "ket10,no,ketamine,10"]
    made.table("arms", "arm,control,drug,dose_mg_per_kg", arms)
    halves = [f"{animal},{'vehicle' if number % 2 else 'ket10'}" for number, animal in enumerate(animals)]
    made.table("allocation", "animal,arm", halves)
    made.table("nose_poke", "recording,animal,log", [f"r{a},{a},logs/{a}.txt" for a in animals])
    return made
