"""Loaded by every job's interpreter: writes down which files the job reads, and what its rule declares."""

import atexit
import json
import os
import sys

opened = set()


def note(event, arguments):
    if event != "open" or not isinstance(arguments[0], (str, bytes)):
        return
    _, _, flags = arguments
    if not (flags or 0) & (os.O_WRONLY | os.O_RDWR):
        opened.add(os.path.realpath(os.fsdecode(arguments[0])))


def write():
    job = getattr(sys.modules.get("__main__"), "snakemake", None)
    if job is None:
        return
    declared = [*job.input, *job.output, *job.log]
    facts = {
        "rule": job.rule,
        "assay": getattr(job.wildcards, "assay", ""),
        "declared": [os.path.realpath(str(path)) for path in declared],
        "cache": os.path.dirname(os.path.realpath(str(getattr(job.params, "cache", "")))),
        "rows": str(getattr(job.params, "rows", "")),
        "opened": sorted(opened),
    }
    with open(os.path.join(os.environ["OPENED_FILES"], f"{os.getpid()}.json"), "w") as file:
        json.dump(facts, file)


if "OPENED_FILES" in os.environ:
    sys.addaudithook(note)
    atexit.register(write)
