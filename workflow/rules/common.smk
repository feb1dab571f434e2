"""The study behind the rules, and the helpers they share."""

import webbrowser
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger

from ketaflow import assays
from ketaflow.engine import study as studies
from ketaflow.engine import digest, lock, progress
from ketaflow.core.errors import CohortError

logger.addFilter(progress.is_said)
if workflow.is_main_process:
    progress.watch_interrupts()

ASKED = set(sys.argv[1:]) if workflow.is_main_process else set()

try:
    if "template" in ASKED:
        print(studies.write_template(config), file=sys.stderr)
        raise SystemExit(0)
    if "verify" in ASKED:
        found, told = studies.verified(
            config, workflow.config_settings.overwrite_config
        )
        print(told, file=sys.stderr)
        raise SystemExit(1 if found else 0)
    study = studies.load(
        config,
        workflow.config_settings.overwrite_config,
        make_key=workflow.is_main_process
        and not workflow.dryrun
        and not {"check", "open"} & ASKED,
    )
except CohortError as error:
    raise SystemExit(f"\n{error}\n") from None

if workflow.is_main_process and study.notes:
    print(progress.notes(study.notes), file=sys.stderr)

if "open" in ASKED:
    pages = [study.results / "report" / name for name in ("qc.html", "results.html")]
    there = [page.resolve() for page in pages if page.is_file()]
    for page in there:
        print(page, file=sys.stderr)
        webbrowser.open(page.as_uri())
    if not there:
        print(f"There are no pages in {study.results} yet", file=sys.stderr)
    raise SystemExit(0 if there else 1)

if "check" in ASKED:
    print(study.overview(), file=sys.stderr)
    raise SystemExit(0)


pathvars:
    results=study.results.as_posix(),


wildcard_constraints:
    assay="[a-z_]+",
    batch="b[01]*",


def batch_files(name, *only):
    """Files of that name from every batch of every assay, or of the assays named."""
    return [
        f"<results>/{assay}/{batch}/{name}"
        for assay in only or study.assays
        for batch in study.batches.get(assay, {})
    ]


def batch_of(name):
    """Input: the file of that name from the batch that holds a recording."""
    return (
        lambda wildcards: f"<results>/{wildcards.assay}/{_batch_of(wildcards)}/{name}"
    )


def folder_of_recording(wildcards):
    """Param: where the paths of a recording's batch start."""
    return study.folder(wildcards.assay, _batch_of(wildcards)).as_posix()


def _batch_of(wildcards):
    try:
        return study.batch_of(wildcards.assay, wildcards.recording)
    except CohortError as error:
        raise WorkflowError(str(error)) from None


def drawn(wildcards):
    """Input: the folder a simulated batch is drawn into; nothing where the recordings are there already."""
    path = study.folder(wildcards.assay, wildcards.batch).as_posix()
    return [path] if study.is_drawn(wildcards.assay) else []


def marks(wildcards):
    """Param: sizes and dates of a batch's recordings, so that an exchanged one is read again."""
    return study.marks(wildcards.assay, wildcards.batch)


def folder(wildcards):
    """Param: where the paths of a batch start."""
    return study.folder(wildcards.assay, wildcards.batch).as_posix()


def rows(stage):
    """Param: the batch's rows of the cohort tables that a stage is given, as text."""
    return lambda wildcards: study.rows(wildcards.assay, wildcards.batch, stage)


def settings(stage):
    """Param: the assay's settings for one stage."""
    return lambda wildcards: study.settings[wildcards.assay].get(stage, {})


def code_digest(stage):
    """Param: fingerprint of the code that runs one stage of the assay."""
    return lambda wildcards: digest.code(stage, wildcards.assay)


def cache(stage):
    """Param: where a stage keeps its last output of a batch."""
    return lambda wildcards: study.cache(
        stage, wildcards.assay, wildcards.batch
    ).as_posix()


def needs(what):
    """Threads, memory or time of one job, from the assay's settings."""
    asked = lambda wildcards: study.settings[wildcards.assay]["jobs"][what]
    return asked if what == "threads" else doubled_on_retry(asked)


def doubled_on_retry(amount):
    """Memory (MB) or time (min) of a job, doubled each time it is tried again."""
    first = amount if callable(amount) else lambda wildcards: amount
    return lambda wildcards, attempt: first(wildcards) * 2 ** (attempt - 1)


def cohort_table(name):
    """Input: the file of one of the cohort's tables; nothing where there is none."""
    file = study.cohort.files.get(name)
    return [(study.cohort.folder / file).as_posix()] if file else []


def tables_of_assays(*only):
    """Input: the tables of every assay, or of those named, and the files that only tables for later stages name."""
    files = {
        file
        for assay in only or study.assays
        for file in [*study.cohort_tables(assay).values(), *study.later_files(assay)]
    }
    return [(study.cohort.folder / file).as_posix() for file in sorted(files)]


def published_for_revision():
    """Input: what quantify published, of the assays that compute values again after a review."""
    return [
        file
        for assay in assays.with_module("revise")
        for file in batch_files("measurements.zip", assay)
    ]


def cohort_folder(wildcards):
    """Param: the cohort folder."""
    return study.cohort.folder.as_posix()


def cohort_file(name):
    """Input: a file of the cohort folder; nothing where there is none."""
    path = study.cohort.folder / name
    return [path.as_posix()] if path.is_file() else []


def after_review():
    """Input: measurements without what reviewers rejected; nothing where nobody decided."""
    decided = bool(cohort_table("qc_decisions"))
    return ["<results>/measurements_reviewed.csv"] if decided else []


def paper_figures():
    """Input: the figures for papers, where every run writes them or once they were asked for; then they stay up to date."""
    folder = study.results / "export" / "figures"
    is_wanted = (
        study.writes_figures_in_every_run or "figures" in ASKED or folder.is_dir()
    )
    return [folder.as_posix()] if is_wanted else []


def withdraw_old_page():
    """Remove the results page of an earlier run that this run is going to replace, so that none looks current."""
    if any(job.rule.name == "results" for job in workflow.dag.needrun_jobs()):
        (study.results / "report" / "results.html").unlink(missing_ok=True)


def claim_results():
    """Stop where another run is at work in the same results folder."""
    if taken := lock.claim(study.results):
        raise SystemExit(f"\n{taken}\n")


def tell_plan():
    """The first line of a run: what it is going to work on."""
    jobs = list(workflow.dag.needrun_jobs())
    named = [
        (job.rule.name, job.wildcards.assay, job.wildcards.batch)
        for job in jobs
        if job.rule.name in ("ingest", "quantify", "qc")
    ]
    rules = sorted({job.rule.name for job in jobs})
    logs = study.results / "logs"
    print(progress.begin(logs, named, study.recording_counts(), rules), file=sys.stderr)


def tell_failure():
    """The last words of a run that did not get to its end."""
    print(progress.failure_summary(study.results), file=sys.stderr)


def tell_summary():
    """The last lines of a run: what was measured, what failed, where to look."""
    path = study.results / "summary.txt"
    if path.is_file():
        told = progress.last_lines(study.results, path.read_text(encoding="utf-8"))
        print(f"{told}\n", file=sys.stderr)
