"""What the pages say exists: links, anchors, pictures, columns of tables, messages; and generated parts are in step."""

import re
import sys
import tomllib
from pathlib import Path

import pytest

from ketaflow import assays
from ketaflow.core import cohort

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
sys.path.insert(0, str(ROOT / "workflow" / "maintenance"))

import write_messages_page  # noqa: E402
import write_settings_page  # noqa: E402
import write_table_columns  # noqa: E402

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
LINK = re.compile(r"(!?)\[[^\]]*\]\(([^)\s]+)\)")


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def without_code(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "", re.sub(r"```.*?```", "", text, flags=re.S))


def anchors(path: Path) -> set[str]:
    """Anchors of a page's headings, as GitHub and the site make them."""
    headings = re.findall(
        r"^#+ (.*)$", re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.S), flags=re.M
    )
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_every_link_leads_to_a_file_and_a_heading(page):
    lost = []
    for _, target in LINK.findall(without_code(page.read_text(encoding="utf-8"))):
        path, _, anchor = target.partition("#")
        if "://" in target or target.startswith("mailto:"):
            continue
        file = (page.parent / path).resolve() if path else page
        if not file.is_file() or (anchor and anchor not in anchors(file)):
            lost.append(target)
    assert not lost


def test_every_picture_of_the_documentation_is_used_and_has_a_description():
    used = {}
    for page in PAGES:
        for is_picture, target in LINK.findall(page.read_text(encoding="utf-8")):
            if is_picture:
                used.setdefault((page.parent / target).resolve(), []).append(page)
    assert set(used) == {path.resolve() for path in (DOCS / "images").iterdir()}
    bare = [relative(page) for page in PAGES if "![](" in page.read_text(encoding="utf-8")]
    assert not bare


def test_every_page_is_in_the_contents_of_the_site_and_of_the_folder():
    contents = (DOCS / "index.rst").read_text(encoding="utf-8")
    lines = re.findall(r"^   ([\w/-]+)$", contents, flags=re.M)
    listed = set(lines)
    assert len(lines) == len(listed)
    pages = {path.relative_to(DOCS).with_suffix("").as_posix() for path in DOCS.rglob("*.md")} - {"README"}
    assert listed == {page for page in pages if not page.startswith("decisions/0")}
    front = (DOCS / "README.md").read_text(encoding="utf-8")
    assert not [page for page in pages if f"({page}.md" not in front and not page.startswith("decisions/0")]


def test_how_to_cite_names_the_version_of_the_project():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert f"Version {version}." in (DOCS / "citing.md").read_text(encoding="utf-8")
    assert f"version: {version}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")


def test_the_settings_page_is_in_step_with_the_schemas():
    assert (DOCS / "settings.md").read_text(encoding="utf-8") == write_settings_page.page() + "\n", (
        "run make docs-pages"
    )


@pytest.mark.parametrize("page", write_table_columns.pages(), ids=relative)
def test_the_tables_of_columns_are_in_step_with_the_schemas(page):
    assert page.read_text(encoding="utf-8") == write_table_columns.pages()[page], "run make docs-pages"


def test_the_messages_page_is_in_step_with_the_code():
    assert (DOCS / "messages.md").read_text(encoding="utf-8") == write_messages_page.page() + "\n", (
        "run make docs-pages"
    )


@pytest.mark.parametrize("assay", assays.names())
def test_every_column_of_every_schema_is_named_on_the_page_of_its_assay(assay):
    page = (DOCS / "assays" / f"{assay}.md").read_text(encoding="utf-8")
    missing = [
        f"{table}.{column}"
        for table, schema in assays.described(assay, "tables.schema")["tables"].items()
        for column in [table, *schema["columns"]]
        if column not in page
    ]
    missing += [name for name in assays.described(assay, "measures") if f"`{name}`" not in page]
    assert not missing


def test_every_column_of_the_common_tables_is_named_on_the_page_of_the_cohort():
    page = (DOCS / "cohort.md").read_text(encoding="utf-8")
    assert not [name for schema in cohort.COMMON.values() for name in schema["columns"] if f"`{name}`" not in page]


@pytest.mark.parametrize("assay", assays.names())
def test_every_column_of_the_results_that_the_code_declares_is_described(assay):
    said = write_table_columns.result_columns(assay)
    declared = dict(write_table_columns.published(assay))
    assert not set(declared) - set(said), "describe the table in workflow/maintenance/result_columns.yaml"
    for table, columns in declared.items():
        assert not set(columns) - set(said[table]), (
            f"describe columns of {table} in workflow/maintenance/result_columns.yaml"
        )
        assert not columns or not set(said[table]) - set(columns), f"columns of {table} that no longer exist"
    assert all(text for columns in said.values() for text in columns.values())


def test_every_message_that_troubleshooting_explains_is_one_that_the_code_prints():
    printed = write_messages_page.page().replace("\\", "")
    # The last lines of a run are no errors, and not on the page of messages.
    sources = [*(ROOT / "workflow" / "rules").glob("*.smk"), *(ROOT / "workflow" / "ketaflow" / "engine").rglob("*.py")]
    code = printed + "".join(path.read_text(encoding="utf-8") for path in sources) + "command MissingOutputException"
    page = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
    lost = []
    for row in re.findall(r"^\| (.*?) \|", page, flags=re.M):
        for quoted in re.findall(r"`([^`]+)`", row):
            parts = [part.strip(" :'") for part in quoted.split("…")]
            lost += [quoted for part in parts if part and part not in code and not _is_of_the_system(quoted)]
    assert not lost


def _is_of_the_system(text: str) -> bool:
    """Whether the shell or Snakemake prints it."""
    return text.startswith(("command not found", "Error: No Snakefile", "Snakefile", "Config entry"))
