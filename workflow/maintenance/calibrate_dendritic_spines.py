"""Teach the spine scorer with the positions of your own people.

    python workflow/maintenance/calibrate_dendritic_spines.py COHORT

In: a cohort folder whose table ``dendritic_spines_human_scores`` tells where people saw spines; nothing is written
into it. Out: a file ``spine_scorer_<fingerprint>.npz``, to be put into the cohort folder and named in its settings, and
how well it does on images it was not taught, beside the shipped scorer and beside people among themselves.
"""

import argparse
import hashlib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import pandas as pd

from ketaflow import assays
from ketaflow.assays.dendritic_spines import calibrate, cohort, image_facts, ingest
from ketaflow.core import cohort as cohort_folder
from ketaflow.core import settings
from ketaflow.core.errors import CohortError, Problem

MAIN, SCORES = "dendritic_spines", "dendritic_spines_human_scores"
# Fewer scored images than this teach nothing that can be checked.
FEWEST = 4


def from_cohort(folder: Path, block: dict) -> tuple[list[calibrate.Taught], pd.DataFrame]:
    """Images of a cohort that people have scored, and how raters agree with one another on them."""
    schemas = assays.described("dendritic_spines", "tables.schema")["tables"]
    found, problems = cohort_folder.read(folder, schemas)
    problems += cohort_folder.missing_files(found, schemas)
    if problems or SCORES not in found.tables:
        raise CohortError(problems or [Problem(f"{SCORES}.csv", 0, "", "this table is missing", "Add it")])
    scores, images, sizes = found.tables[SCORES], [], []
    for row in found.tables[MAIN].astype(object).where(found.tables[MAIN].notna(), None).to_dict("records"):
        marked = scores[scores["image"].eq(row["image"])]
        if not len(marked):
            continue
        record = ingest.ingest({MAIN: [row]}, folder, **{**block["ingest"], "scorer_file": ""})
        sizes.append({"image": row["image"], "pixel_size_um": record.facts["pixel_size_um"]})
        first = marked[marked["rater"].eq(sorted(marked["rater"].unique())[0])]
        made = calibrate.taught(row["image"], record.arrays["stack"], image_facts.voxel_size_um(record.facts),
                                first[["y_px", "x_px"]].to_numpy(float), block["quantify"])  # fmt: skip
        images += [made] if made else []
    told = cohort.summarise({"dendrites": pd.DataFrame(sizes)}, {SCORES: scores}, **block["cohort"]).get("agreement")
    return images, pd.DataFrame() if told is None else told[told["image"].isna() & told["first"].ne("ketaflow")]


def main() -> None:
    """Teach, write, and print how well it does."""
    parser = argparse.ArgumentParser(description="Teach the spine scorer with the positions of your own people.")
    parser.add_argument("cohort", type=Path, help=f"cohort folder with {MAIN} and {SCORES}")
    parser.add_argument("--out", type=Path, default=Path(), help="folder to write the scorer to (here)")
    parser.add_argument("--seed", type=int, default=0, help="which images are left out, and the order of teaching")
    given = parser.parse_args()
    own = settings.read(given.cohort / "settings.yaml")[0].get("dendritic_spines")
    block = settings.with_defaults(own, assays.described("dendritic_spines", "settings.schema"))
    try:
        images, people = from_cohort(given.cohort, block)
    except CohortError as error:
        sys.exit(str(error))
    if len(images) < FEWEST:
        sys.exit(f"{len(images)} scored images with a dendrite; {FEWEST} are the fewest that teach anything.")
    rules = {"threshold": block["quantify"]["score_threshold"], "apart_um": block["quantify"]["min_distance_um"]}
    report = calibrate.left_out(images, **rules, match_um=block["cohort"]["match_um"], seed=given.seed)
    weights = calibrate.fitted(images, **rules, seed=given.seed)
    content = b"".join(weights[name].tobytes() for name in sorted(weights))
    path = given.out / f"spine_scorer_{hashlib.sha256(content).hexdigest()[:8]}.npz"
    np.savez_compressed(path, **weights)
    sys.stdout.write(f"On images left out, half and half:\n{report.round(3).to_string(index=False)}\n")
    if len(people):
        sys.stdout.write(f"People among themselves:\n{people.round(3).to_string(index=False)}\n")
    sys.stdout.write(f"Written: {path}. Put it into the cohort folder, and into its settings.yaml:\n"
                     f"dendritic_spines:\n  ingest:\n    scorer_file: {path.name}\n")  # fmt: skip


if __name__ == "__main__":
    main()
