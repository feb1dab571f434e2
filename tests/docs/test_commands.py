"""Commands, tables and settings that the pages print: each could be typed as it is printed."""

import csv
import itertools
import re
import shlex
from pathlib import Path

import pytest
import yaml

from ketaflow import assays
from ketaflow.core import cohort
from ketaflow.engine import study
from ketaflow.engine.preparation import assay_tables
from ketaflow.statistics import plan

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
RULES = "".join(
    path.read_text(encoding="utf-8") for path in [*sorted((ROOT / "workflow/rules").glob("*.smk")), ROOT / "Snakefile"]
)
TARGETS = set(re.findall(r"^ *rule (\w+):", RULES, flags=re.M))
# One rule for every assay that has the module.
TARGETS |= {f"{stage}_{assay}" for stage in ("calibrate", "export") for assay in [*assays.with_module(stage), "<name>"]}
MAKE_TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.M))
# Options of snakemake that take a value, and those that take several.
WITH_VALUE = {"--cores", "--workflow-profile", "--snakefile"}
FOLDERS = re.compile(r"\b(?:benchmarks|tests|workflow/maintenance)/[\w./-]+")


def commands(page: Path) -> list[str]:
    """Commands in the code of a page: whole lines of code blocks, and code within sentences."""
    text = re.sub(r"\\\n\s*", " ", page.read_text(encoding="utf-8"))
    lines = re.findall(r"^ {4,}(.+)$", text, flags=re.M)
    inline = re.findall(r"`([^`\n]+)`", text)
    found = []
    for line in [*lines, *inline]:
        for part in re.split(r"\s+&&\s+|;\s+", re.sub(r"\s{2,}#.*$", "", line.strip())):
            if (
                re.match(r"(?:\w+=\S+ )*(?:make|snakemake|pytest|python|\.venv/bin/python) ", part + " ")
                and "…" not in part
            ):
                found.append(part)
    return found


ALL = sorted({(page.relative_to(ROOT).as_posix(), command) for page in PAGES for command in commands(page)})


def test_the_pages_print_commands():
    assert len(ALL) > 60


@pytest.mark.parametrize(("page", "command"), ALL, ids=lambda value: str(value)[:60])
def test_every_command_names_targets_and_files_that_exist(page, command):
    words = [word for word in shlex.split(command, comments=True) if not re.fullmatch(r"[A-Z_]+=\S*", word)]
    program, *rest = words
    if program == "make":
        assert {word for word in rest if not word.startswith("-")} <= MAKE_TARGETS
    if program == "snakemake":
        asked = _targets(rest)
        clips = {word for word in asked if re.search(r"/clips/[\w<>]+\.mp4$", word)}
        assert asked - clips <= TARGETS, asked
        profiles = [ROOT / after for word, after in itertools.pairwise(rest) if word == "--workflow-profile"]
        assert all(path.is_dir() for path in profiles)
    for path in FOLDERS.findall(command):
        assert (ROOT / path).exists(), path
    if "-m" in rest and program.endswith("python"):
        module = rest[rest.index("-m") + 1]
        assert (ROOT / "workflow" / Path(*module.split("."))).with_suffix(".py").is_file(), module


def _targets(words: list[str]) -> set[str]:
    """Words of a snakemake command that are targets."""
    asked, skip, after_config = set(), False, False
    for word in words:
        if skip:
            skip = False
        elif word in WITH_VALUE:
            skip = True
        elif word.startswith("-"):
            after_config = word == "--config"
        elif not (after_config and "=" in word):
            asked.add(word)
    return {word for word in asked if word not in ("...", "NAME")}


def printed_tables() -> list[tuple[str, list[str]]]:
    """Tables printed as CSV, with their page: blocks whose first line is a row of headings."""
    found = []
    for page in PAGES:
        for block in re.findall(r"(?:^ {4}\S.*\n)+", page.read_text(encoding="utf-8"), flags=re.M):
            lines = [line.strip() for line in block.splitlines()]
            if len(lines) > 1 and re.fullmatch(r"[a-z_]+(?:,[a-z_]+)+", lines[0]):
                found.append((page.relative_to(ROOT).as_posix(), lines))
    return found


def test_every_printed_table_has_the_columns_of_one_of_the_tables():
    schemas = {**cohort.COMMON, **assay_tables.table_schemas()}
    tables = printed_tables()
    assert len(tables) > 8
    for page, lines in tables:
        headings, *rows = csv.reader(lines)
        fitting = [
            name
            for name, schema in schemas.items()
            if set(headings) <= set(schema["columns"])
            and {column for column, rule in schema["columns"].items() if rule.get("required")} <= set(headings)
        ]
        is_a_result = "recording" in headings and "image" in headings
        assert fitting or is_a_result, (page, headings)
        assert all(len(row) == len(headings) for row in rows), (page, lines)


def test_every_setting_that_a_page_names_exists():
    schema = study.settings_schema()["properties"]
    blocks = "|".join(name for name, rule in schema.items() if "properties" in rule)
    lost = []
    for page in PAGES:
        for name in re.findall(rf"`((?:{blocks})\.\w+(?:\.\w+)?)`", page.read_text(encoding="utf-8")):
            if not _exists(schema, name.split(".")) and not name.endswith((".csv", ".py", ".md", ".xlsx", ".yaml")):
                lost.append((page.name, name))
    assert not lost


def _exists(schema: dict, path: list[str]) -> bool:
    for name in path:
        if name not in schema:
            return False
        schema = schema[name].get("properties", {})
    return True


def test_every_printed_plan_and_every_block_of_settings_is_valid():
    measured = {assay: assays.described(assay, "measures") for assay in assays.names()}
    seen = 0
    for page in PAGES:
        for text in re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.S):
            said = yaml.safe_load(text)
            if isinstance(said, dict) and "endpoints" in said:
                seen += 1
                path = Path(page.name)
                for endpoint in said["endpoints"].values():
                    assert endpoint["measure"] in measured[endpoint["assay"]], (path, endpoint)
                    assert set(endpoint) <= set(plan_keys()), (path, endpoint)
    assert seen >= 5


def plan_keys() -> set[str]:
    schema = yaml.safe_load((Path(plan.__file__).with_name("plan.schema.yaml")).read_text(encoding="utf-8"))
    (rule,) = [one for one in _walk(schema) if {"assay", "measure"} <= set(one.get("properties", {}))]
    return set(rule["properties"])


def _walk(schema):
    if isinstance(schema, dict):
        yield schema
        for part in schema.values():
            yield from _walk(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _walk(part)
