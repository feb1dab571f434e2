"""Give files to the first stage of an assay, each in a process of its own, and print how each ended.

    python run_reader.py ASSAY FOLDER SEED COUNT < group.json

FOLDER holds the good files of the group. Prints one line of JSON for each file tried: kind, ending, status, reason,
seconds and megabytes.
"""

import contextlib
import io
import json
import os
import resource
import shutil
import sys
import tempfile
from pathlib import Path

import hostile
import openpyxl  # noqa: F401
import PIL.Image  # noqa: F401
import tifffile  # noqa: F401

from ketaflow.core import settings as settings_of
from ketaflow.core.inputs import Group
from ketaflow.core.limits import Limits
from ketaflow.engine import batch_files, batches, study
from ketaflow.engine.stages import stage

MAX_S, MAX_BYTES = 20, 3 << 30


def main(assay: str, good: Path, seed: int, count: int) -> None:
    """Try every hostile content under every ending of the assay's files, and ``count`` damaged copies of the good."""
    told = json.load(sys.stdin)
    group = Group(told["name"], told["rows"], told["files"])
    endings = told["endings"]
    every = settings_of.with_defaults({}, study.settings_schema())
    # What a reader imports is loaded here, once, and not in every process.
    path = group.files[0]
    sound = _ingested(assay, group, good, Path(path).suffix, (good / path).read_bytes(), every)
    assert sound["status"] != "failed", sound
    cases = [(kind, ending, content) for kind, content in hostile.contents().items() for ending in endings]
    for path in group.files if count else []:
        content = (good / path).read_bytes()
        cases += [(kind, Path(path).suffix, made) for kind, made in hostile.mutations(content, count, seed)]
    for kind, ending, content in cases:
        print(
            json.dumps({"kind": kind, "ending": ending, **_tried(assay, group, good, ending, content, every)}),
            flush=True,
        )


def _tried(assay: str, group: Group, good: Path, ending: str, content: bytes, every: dict) -> dict:
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.close(read)
        resource.setrlimit(resource.RLIMIT_AS, (MAX_BYTES, MAX_BYTES))
        resource.setrlimit(resource.RLIMIT_CPU, (MAX_S, MAX_S + 1))
        try:
            found = _ingested(assay, group, good, ending, content, every)
        except BaseException as error:
            found = {"status": "raised", "reason": f"{type(error).__name__}: {error}"[:300]}
        os.write(write, json.dumps(found).encode()[:60_000])
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        answer = pipe.read()
    _, status, usage = os.wait4(child, 0)
    killed = {"status": "killed", "reason": f"signal {-os.waitstatus_to_exitcode(status)}"}
    found = json.loads(answer) if answer else killed
    return {**found, "cpu_s": round(usage.ru_utime + usage.ru_stime, 2), "megabytes": usage.ru_maxrss // 1024}


def _ingested(assay: str, group: Group, good: Path, ending: str, content: bytes, every: dict) -> dict:
    """Put the content in place of the group's first file, run the stage, and return how the recording ended."""
    said = io.StringIO()
    with tempfile.TemporaryDirectory() as name, contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        folder, output, cache = (Path(name) / part for part in ("cohort", "out.zip", "cache/b.zip"))
        shutil.copytree(good, folder)
        old = group.files[0]
        new = str(Path(old).with_suffix(ending))
        (folder / new).parent.mkdir(parents=True, exist_ok=True)
        (folder / new).write_bytes(content)
        rows = json.loads(json.dumps(group.rows).replace(json.dumps(old), json.dumps(new)))
        files = [new if path == old else path for path in group.files]
        limits = Limits(**every["limits"])
        job = batches.Job(assay, "ingest", every[assay]["ingest"], "", output, cache, limits)
        batches.ingest(job, [Group(group.name, rows, files)], folder)
        (made,) = batch_files.read(job.output, stage(assay, "ingest").writes)
        return {"status": made.status, "reason": made.reason}


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
