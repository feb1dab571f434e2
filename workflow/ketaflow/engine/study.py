"""A study as Snakemake sees it: the cohort, its settings, and the batches of every assay.

The one place that knows the assays and the core together. It reads and checks everything before any
job, and hands each job its rows as text, so that a changed row or setting reruns just that job.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ketaflow import assays
from ketaflow.core import cohort, files, grouping, limits, settings
from ketaflow.core.cohort import Cohort
from ketaflow.core.errors import CohortError, Problem
from ketaflow.core.inputs import Group
from ketaflow.core.limits import Limits
from ketaflow.engine import batches, digest, recordings
from ketaflow.engine.preparation import assay_tables, corrected_tables, plan_check, template
from ketaflow.engine.provenance import verify
from ketaflow.engine.provenance.verify import Difference
from ketaflow.review import blinding, blinding_key, decisions
from ketaflow.review.blinding_key import KeyFile

# For the estimate of a run's length: cores, the fixed time of a run (seconds, in the demonstration), and
# the CPU time of one group of an assay that does not state its own.
CORES = 2
RUN_S = 30.0
GROUP_CPU_S = 1.0
SETTINGS_FILE, PLAN_FILE = "settings.yaml", "plan.yaml"
# Without a plan, figures for papers are written in every run of so many recordings at most: a study of the usual size.
MOST_RECORDINGS_WITH_FIGURES = 500
BLOCKS = ("statistics", "report")


@dataclass(frozen=True)
class Study:
    """Everything the rules need to know."""

    cohort: Cohort
    settings: dict[str, Any]
    results: Path
    batches: dict[str, dict[str, list[Group]]]
    key_file: KeyFile

    @property
    def name(self) -> str:
        """The cohort's name as pages print it: its folder's."""
        return self.cohort.folder.resolve().name

    def stated_settings(self) -> dict[str, Any]:
        """All settings as pages and records state them: folders by their names, without the path on this machine."""
        return {**self.settings, "cohort": self.name, "results": self.results.name}

    @property
    def page_settings(self) -> dict[str, Any]:
        """Settings of the two pages, without the style of the figures for papers."""
        return {name: value for name, value in self.settings["report"].items() if name != "figures"}

    @property
    def writes_figures_in_every_run(self) -> bool:
        """Whether every run writes the figures for papers, or only ``snakemake figures``."""
        when = self.settings["report"]["figures"]["when"]
        if when == "usual":
            count = sum(sum(by_name.values()) for by_name in self.recording_counts().values())
            return (self.cohort.folder / PLAN_FILE).is_file() or count <= MOST_RECORDINGS_WITH_FIGURES
        return bool(when == "every_run")

    @property
    def assays(self) -> list[str]:
        """Assays this cohort has recordings of."""
        return list(self.batches)

    @property
    def notes(self) -> list[str]:
        """What was read although it was not written as documented, and what is not used."""
        return list(self.cohort.notes)

    def folder(self, assay: str, batch: str) -> Path:
        """Where the paths of a batch start: the cohort folder, or the folder it was drawn into."""
        return self.results / "drawn" / assay / batch if self.is_drawn(assay) else self.cohort.folder

    def is_drawn(self, assay: str) -> bool:
        """Whether the assay's recordings are simulated from its truth table."""
        return f"{assay}_truth" in self.cohort.tables

    def batch_of(self, assay: str, recording: str) -> str:
        """The batch that holds a recording; raise CohortError where none does."""
        for batch, groups in self.batches.get(assay, {}).items():
            if any(recording in recordings.names(assay, group) for group in groups):
                return batch
        table = self.cohort.files.get(recordings.main_table(assay), f"{recordings.main_table(assay)}.csv")
        remedy = "Recordings are listed in this table"
        raise CohortError([Problem(table, 0, "", f"no recording is named {recording}", remedy)])

    def batch_folders(self) -> dict[str, list[str]]:
        """Folders of all batches, by assay."""
        return {
            assay: [(self.results / assay / batch).as_posix() for batch in by_name]
            for assay, by_name in self.batches.items()
        }

    def hidden_words(self) -> list[str]:
        """Words that the review page leaves out: arms, and names that a laboratory may have derived from them.

        A membrane, a plate, a section, a cell or a file may be called after an animal or an arm; so its name goes too,
        and other text that a lab chose (``hidden: true`` in the schema, such as the name of a series).
        Names that say what was measured (``public: true`` in the schema, such as a session) stay.
        """
        arms = self.cohort.tables["arms"]
        words = {*arms["arm"].dropna(), *arms["label"].dropna()}
        schemas = assay_tables.table_schemas()
        for name, table in self.cohort.tables.items():
            columns = schemas.get(name, {}).get("columns", {})
            named = [
                column for column, rule in columns.items() if rule["type"] in ("name", "file") or rule.get("hidden")
            ]
            for column in named:
                if column in table and not columns[column].get("public"):
                    words |= {str(value) for value in table[column].dropna()}
        return sorted(words)

    def corrections(self) -> list[dict[str, Any]]:
        """Tables that reviewers can correct on the review page, with codes in place of names."""
        key = blinding_key.read(self.key_file.path) if self.key_file.fingerprint else ""
        return [asdict(table) for table in corrected_tables.editable(self.cohort, self.assays, key)]

    def recording_counts(self) -> dict[str, dict[str, int]]:
        """How many recordings each batch of each assay holds."""
        return {
            assay: {
                batch: sum(len(recordings.names(assay, group)) for group in groups) for batch, groups in by_name.items()
            }
            for assay, by_name in self.batches.items()
        }

    def overview(self) -> str:
        """Summary of valid tables: number of recordings of each assay, and about how long they take."""
        listed, cpu_s = [], 0.0
        for assay, by_name in self.batches.items():
            groups = [group for members in by_name.values() for group in members]
            count = sum(len(recordings.names(assay, group)) for group in groups)
            files_named = len({path for group in groups for path in group.files})
            in_files = f" in {files_named} file{'s' * (files_named != 1)}" if files_named else ""
            listed.append(f"{count} recording{'s' * (count != 1)} of {assays.title_in_text(assay)}{in_files}")
            cpu_s += len(groups) * assays.described(assay, "tables.schema").get("group_cpu_s", GROUP_CPU_S)
        imported = self.cohort.tables.get("measurements")
        if imported is not None:
            listed.append(f"{len(imported)} measurements made elsewhere")
        minutes = max(1, round((cpu_s / CORES + RUN_S) / 60))
        animals, arms = (len(self.cohort.tables[name]) for name in ("animals", "arms"))
        what = ", ".join(listed) or "no recordings"
        return (
            f"Tables are valid: {animals} animals in {arms} arms; {what}; about {minutes} "
            f"minute{'s' * (minutes != 1)} on {CORES} cores."
        )

    def table_sources(self) -> dict[str, dict[str, Any]]:
        """Path, fingerprint and size of every table of the cohort, by table name."""
        return {
            name: {
                "path": file,
                "sha256": files.sha256(self.cohort.folder / file),
                "bytes": (self.cohort.folder / file).stat().st_size,
            }
            for name, file in sorted(self.cohort.files.items())
        }

    def marks(self, assay: str, batch: str) -> str:
        """Fingerprint of size and date of a batch's files; empty where they are yet to be drawn."""
        if self.is_drawn(assay):
            return ""
        paths = sorted({path for group in self.batches[assay][batch] for path in group.files})
        absent = batches.times_absent(self.cache("ingest", assay, batch))
        return files.digest([[path, files.mark(self.cohort.folder / path)] for path in paths] + [absent] * (absent > 0))

    def cache(self, stage: str, assay: str, batch: str) -> Path:
        """Where a stage keeps its last output of a batch."""
        return self.results / "cache" / stage / assay / f"{batch}.zip"

    def rows(self, assay: str, batch: str, stage: str) -> str:
        """The rows that a stage of a batch is given, by group, as text (JSON).

        ``simulate`` is given every table, the truth included; the other stages the tables whose schema names them.
        """
        tables = _tables_for(assay, stage)
        if stage not in ("simulate", "ingest") and not tables:
            return "[]"
        groups = [
            {
                "name": group.name,
                "rows": {name: rows for name, rows in group.rows.items() if name in tables},
                "files": group.files,
            }
            for group in self.batches[assay][batch]
        ]
        if stage not in ("simulate", "ingest"):
            groups = [{**group, "files": []} for group in groups if group["rows"]]
        return json.dumps(groups)

    def later_files(self, assay: str) -> list[str]:
        """Files that only tables for later stages name, relative to the cohort folder."""
        tables = assays.described(assay, "tables.schema")["tables"]
        later = [name for name, schema in tables.items() if "ingest" not in recordings.stages_of(schema)]
        return sorted(
            {
                path
                for name in later
                if name in self.cohort.tables
                for column in recordings.file_columns(assay, name)
                for path in self.cohort.tables[name][column].dropna()
            }
        )

    def cohort_tables(self, assay: str) -> dict[str, str]:
        """Files of an assay's tables in the cohort folder, by table name; the truth of a simulation is left out."""
        tables = assays.described(assay, "tables.schema")["tables"]
        return {name: file for name, file in self.cohort.files.items() if name in tables and name != f"{assay}_truth"}


def load(config: dict[str, Any], overrides: dict[str, Any], *, make_key: bool = False) -> Study:
    """Read cohort and settings; raise CohortError with every problem found.

    ``config`` is ``config.yaml`` as Snakemake read it, ``overrides`` what the command line gave: the
    cohort's own ``settings.yaml`` comes between the two. ``make_key``: whether to make the key of the review page
    where there is none yet.
    """
    schema = settings_schema()
    config, overrides = settings.typed(config, schema), settings.typed(overrides, schema)
    problems = settings.problems(config, schema, "config.yaml")
    folder = Path(str(config.get("cohort", "")))
    own, faults = settings.read(folder / SETTINGS_FILE)
    problems += faults + settings.problems(own, schema, SETTINGS_FILE)
    merged = settings.merged(settings.merged(config, own), overrides)
    filled = settings.with_defaults({} if problems else merged, schema)
    with limits.applied(Limits(**filled["limits"])):
        found, faults = cohort.read(folder, assay_tables.table_schemas(), assay_tables.reshaped)
    problems += faults + _results_problems(folder, Path(str(merged.get("results", ""))))
    known_key = blinding_key.find(filled["blinding_key_file"], Path(filled["results"]), make=False)
    key = blinding_key.read(known_key.path) if known_key.fingerprint else ""
    found, faults = corrected_tables.with_names(found, key)
    problems += faults
    problems += _assay_problems(found)
    faults, used = plan_check.checked(found)
    problems += faults
    if problems:
        raise CohortError(problems)
    more = [*cohort.unused_by_plan(found, used), *cohort.stray_files(found, assay_tables.table_schemas())]
    found = assay_tables.completed(replace(found, notes=(*found.notes, *more)))
    results = Path(filled["results"])
    key_file = blinding_key.find(filled["blinding_key_file"], results, make=make_key)
    loaded = Study(found, filled, results, _batches(found, filled), key_file)
    if problems := _decision_problems(loaded):
        raise CohortError(problems)
    return loaded


def write_template(config: Mapping[str, Any]) -> str:
    """Write a cohort folder to fill in, and say what to do next."""
    folder = Path(str(config.get("cohort", "")))
    written = template.write(folder, assay_tables.table_schemas())
    return f"{len(written)} files in {folder}, for {template.titles()}. Read README.txt there."


def verified(config: dict[str, Any], overrides: dict[str, Any]) -> tuple[list[Difference], str]:
    """Compare results with the inputs and the code they were made from.

    Parameters
    ----------
    config, overrides : dict
        As for `load`. The tables of the cohort are not read: they may be what has changed.

    Returns
    -------
    differences : list of Difference
    told : str
        What to say about them.
    """
    schema = settings_schema()
    folder = Path(str(config.get("cohort", "")))
    own, _ = settings.read(folder / SETTINGS_FILE)
    merged = settings.merged(settings.merged(config, own), overrides)
    results = Path(str(settings.with_defaults(merged, schema)["results"]))
    if not (results / "provenance.json").is_file():
        what, remedy = (
            "there is no provenance.json",
            "Finish the run first, or name the folder: --config results=FOLDER",
        )
        raise CohortError([Problem(str(results), 0, "", what, remedy)])
    found = verify.differences(results, folder, digest.code_of_jobs())
    return found, verify.report(found, str(results))


def settings_schema() -> dict[str, Any]:
    """The schema of all settings: the study's own and a block for each assay, the statistics, the report."""
    return settings.study_schema(_blocks())


def measures() -> dict[str, dict[str, dict[str, Any]]]:
    """Every measure of every assay as its ``measures.yaml`` describes it: ``{assay: {measure: facts}}``."""
    return {assay: assays.described(assay, "measures") for assay in assays.names()}


def _tables_for(assay: str, stage: str) -> set[str]:
    """Tables whose rows a stage is given; the animals go wherever the main table goes."""
    tables = assays.described(assay, "tables.schema")["tables"]
    if stage == "simulate":
        return {*tables, "animals"}
    truth = f"{assay}_truth"
    own = {name for name, schema in tables.items() if stage in recordings.stages_of(schema) and name != truth}
    return own | {"animals"} if stage == "ingest" else own


def _blocks() -> dict[str, dict[str, Any]]:
    import yaml

    here = Path(__file__).parents[1]
    blocks = {assay: assays.described(assay, "settings.schema") for assay in assays.names()}
    for name in BLOCKS:
        path = here / name / "settings.schema.yaml"
        if path.is_file():
            blocks[name] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return blocks


def _results_problems(folder: Path, results: Path) -> list[Problem]:
    """Results inside the cohort folder, which is never written to."""
    inside = folder.is_dir() and results.resolve().is_relative_to(folder.resolve())
    remedy = "Write them elsewhere: snakemake --config results=FOLDER"
    return [Problem(str(results), 0, "", "the results would lie inside the cohort folder", remedy)] if inside else []


def _assay_problems(found: Cohort) -> list[Problem]:
    problems = []
    for assay in assays.names():
        described = assays.described(assay, "tables.schema")
        if recordings.main_table(assay) not in found.tables:
            continue
        if f"{assay}_truth" not in found.tables:
            problems += cohort.missing_files(found, described["tables"])
        problems += grouping.part_problems(found, described["tables"], described["group_by"])
        if assays.has(assay, "tables"):
            problems += assays.stage(assay, "tables").problems(found)
    return problems


def _decision_problems(loaded: Study) -> list[Problem]:
    """Reviewers' decisions on what is no recording of this cohort."""
    judged = loaded.cohort.tables.get("qc_decisions")
    if judged is None:
        return []
    if not loaded.key_file.fingerprint:
        what = "the decisions cannot be matched with recordings without the key they were made with"
        remedy = "Put the key file back, or name it in the settings (blinding_key_file)"
        return [Problem(str(loaded.key_file.path), 0, "", what, remedy)]
    key = blinding_key.read(loaded.key_file.path)
    codes = {
        blinding.code(assay, name, key)
        for assay, by_name in loaded.batches.items()
        for groups in by_name.values()
        for group in groups
        for name in recordings.names(assay, group)
    }
    return decisions.problems(judged.astype(object).where(judged.notna(), ""), codes)


def _batches(found: Cohort, filled: dict[str, Any]) -> dict[str, dict[str, list[Group]]]:
    made: dict[str, dict[str, list[Group]]] = {}
    for assay in assays.names():
        described = assays.described(assay, "tables.schema")
        if recordings.main_table(assay) in found.tables:
            groups = grouping.groups(found, described["tables"], described["group_by"])
            jobs, scale = filled[assay]["jobs"], filled["batch_scale"]
            load = _megabytes(found, groups) / jobs["batch_mb"] if "batch_mb" in jobs else 0.0
            made[assay] = batches.batched(groups, jobs["batch_size"] * scale, load=load)
    return {assay: by_name for assay, by_name in made.items() if by_name}


def _megabytes(found: Cohort, groups: list[Group]) -> float:
    """Size of the groups' files; those that are not there, or yet to be drawn, weigh nothing."""
    paths = {found.folder / path for group in groups for path in group.files}
    return sum(path.stat().st_size for path in paths if path.is_file()) / 1e6
