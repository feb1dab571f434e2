"""Do the results still match the inputs and the code they were made from? Reads provenance.json, changes nothing."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ketaflow.core import files
from ketaflow.engine.provenance import facts

# Most differences of one kind that are listed one by one.
MOST_LISTED = 20


@dataclass(frozen=True)
class Difference:
    """One input, output or module that has changed.

    Attributes
    ----------
    kind : {"input", "output", "code"}
    name : str
        Path of the file, or stage and assay of the code.
    what : str
        What became of it.
    """

    kind: str
    name: str
    what: str


def differences(results: Path, cohort: Path, code: Mapping[str, str]) -> list[Difference]:
    """Compare the results with what provenance.json says of them.

    Parameters
    ----------
    results, cohort : Path
        The two folders.
    code : mapping of str to str
        Fingerprint of the code of each job as it is now, by name: ``quantify of western_blot``, ``statistics``.

    Returns
    -------
    list of Difference

    Raises
    ------
    FileNotFoundError
        If the results hold no provenance.json.
    """
    made = json.loads((results / "provenance.json").read_text(encoding="utf-8"))
    return [*_inputs(made, results, cohort), *_outputs(made, results), *_code(made, code)]


def report(found: list[Difference], made_of: str) -> str:
    """Return the text for the terminal."""
    if not found:
        return f"{made_of}: every input, output and piece of code is what it was."
    lines = [f"{made_of}: {len(found)} difference{'s' * (len(found) != 1)}:"]
    for kind in ("input", "output", "code"):
        of_kind = [one for one in found if one.kind == kind]
        lines += [f"  {kind} {one.name}: {one.what}" for one in of_kind[:MOST_LISTED]]
        if len(of_kind) > MOST_LISTED:
            lines.append(f"  and {len(of_kind) - MOST_LISTED} more of this kind")
    return "\n".join(lines)


def _inputs(made: Mapping[str, Any], results: Path, cohort: Path) -> Iterator[Difference]:
    known = {table["path"]: table["sha256"] for table in made["tables"].values()} | made["recordings"]
    for path, sha256 in known.items():
        drawn = sorted((results / "drawn").glob(f"*/*/{path}")) if not (cohort / path).exists() else []
        yield from _compared("input", path, drawn[0] if drawn else cohort / path, sha256)


def _outputs(made: Mapping[str, Any], results: Path) -> Iterator[Difference]:
    for path, sha256 in made["outputs"].items():
        yield from _compared("output", path, results / path, sha256)
    for path in sorted(set(facts.outputs(results)) - set(made["outputs"])):
        yield Difference("output", path, "was added")


def _code(made: Mapping[str, Any], now: Mapping[str, str]) -> Iterator[Difference]:
    by_run = made["made_by_run"]
    used = {
        f"{stage} of {assay}": set(groups.values())
        for assay, stages in by_run["recordings"].items()
        for stage, groups in stages.items()
    } | {rule: {run} for rule, run in by_run["study"].items()}
    for name, runs in used.items():
        then = {made["runs"][run].get("code_sha256") for run in runs}
        if name in now and then - {now[name]}:
            yield Difference("code", name, "was edited since the results were made")


def _compared(kind: str, name: str, path: Path, sha256: str) -> Iterator[Difference]:
    if not path.exists():
        yield Difference(kind, name, "is not there any more")
    elif files.sha256(path) != sha256:
        yield Difference(kind, name, "has changed")
