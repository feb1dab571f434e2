"""ro-crate-metadata.json: the facts of provenance.json as a research-object crate, for repositories that read them.

The crate follows RO-Crate 1.1 and the Workflow Run Crate profile 0.5 (https://w3id.org/ro/wfrun/workflow/0.5), and is
made with the library rocrate. Outputs lie beside it; inputs lie in the cohort folder and carry a ``contentUrl``.
"""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from rocrate.model.contextentity import ContextEntity
from rocrate.model.file import File
from rocrate.rocrate import ROCrate

PROFILES = (
    ("https://w3id.org/ro/wfrun/process/0.5", "Process Run Crate"),
    ("https://w3id.org/ro/wfrun/workflow/0.5", "Workflow Run Crate"),
    ("https://w3id.org/workflowhub/workflow-ro-crate/1.0", "Workflow RO-Crate"),
)
LICENCE = "https://spdx.org/licenses/GPL-3.0-or-later"
SNAKEMAKE = "https://w3id.org/workflowhub/workflow-ro-crate#snakemake"
# Where the crate keeps a copy of the workflow's contents page.
WORKFLOW = "workflow/Snakefile"
FORMATS = {
    ".csv": "text/csv", ".json": "application/json", ".html": "text/html", ".svg": "image/svg+xml",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".zip": "application/zip",
    ".txt": "text/plain", ".tiff": "image/tiff", ".tif": "image/tiff", ".png": "image/png", ".mp4": "video/mp4",
}  # fmt: skip


def crate(made: Mapping[str, Any], cohort: str) -> dict[str, Any]:
    """Describe a results folder as a research-object crate.

    Parameters
    ----------
    made : mapping
        Content of provenance.json.
    cohort : str
        Path of the cohort folder, relative to the results folder.

    Returns
    -------
    dict
        Content of ro-crate-metadata.json.
    """
    built = ROCrate(gen_preview=False, init=False)
    root = built.root_dataset
    root["name"] = "ketaflow results"
    root["description"] = "Measurements, checks, group statistics and reports of one cohort"
    root["datePublished"] = made["made_at"]
    root["license"] = _entity(built, LICENCE, "CreativeWork", name="GNU General Public License v3.0 or later")
    root["conformsTo"] = [
        _entity(built, address, "CreativeWork", name=name, version=address.rsplit("/", 1)[1])
        for address, name in PROFILES
    ]
    results = [_file(built, path, sha256) for path, sha256 in made["outputs"].items() if path != WORKFLOW]
    sources = {one["path"]: one["sha256"] for one in made["tables"].values()} | dict(made["recordings"])
    inputs = [_file(built, f"cohort/{path}", sha256, f"{cohort}/{path}") for path, sha256 in sorted(sources.items())]
    workflow = _workflow(built, made)
    root["mainEntity"] = workflow
    root["mentions"] = _entity(
        built, "#run", "CreateAction",
        name="ketaflow run", endTime=made["made_at"], instrument=workflow, object=inputs, result=results,
    )  # fmt: skip
    content: dict[str, Any] = built.metadata.generate()
    return content


def _workflow(built: ROCrate, made: Mapping[str, Any]) -> File:
    language = _entity(built, SNAKEMAKE, "ComputerLanguage", name="Snakemake", version=made["packages"]["snakemake"])
    properties = {
        "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow"],
        "name": "ketaflow",
        "version": made["ketaflow"],
        "sha256": made["outputs"].get(WORKFLOW, ""),
        "identifier": made["code"].get("commit", ""),
    }
    workflow = built.add(File(built, None, WORKFLOW, properties=properties))
    workflow["programmingLanguage"] = language
    workflow["license"] = built.get(LICENCE)
    return workflow


def _file(built: ROCrate, path: str, sha256: str, elsewhere: str = "") -> File:
    """A file of the results, or one elsewhere."""
    properties = {"name": PurePosixPath(path).name, "sha256": sha256}
    if ending := FORMATS.get(PurePosixPath(path).suffix.lower()):
        properties["encodingFormat"] = ending
    if elsewhere:
        properties["contentUrl"] = quote(elsewhere)
    return built.add(File(built, None, path, properties=properties))


def _entity(built: ROCrate, identifier: str, kind: str, **properties: object) -> ContextEntity:
    entity = built.add(ContextEntity(built, identifier, properties={"@type": kind}))
    for name, value in properties.items():
        entity[name] = value
    return entity
