"""One image: microscope file in, checked stack with its scale out.

Also read here, because only this stage opens files: the laboratory's own scorer, where the settings name one.
"""

import zipfile
import zlib
from pathlib import Path

import numpy as np

from ketaflow.core import images
from ketaflow.core.errors import IngestError
from ketaflow.core.records import Record

TABLE = "dendritic_spines"
# What NumPy says of a file that is missing, cut short, or something else.
UNREADABLE = (OSError, ValueError, KeyError, AttributeError, TypeError, EOFError, zipfile.BadZipFile, zlib.error)


def ingest(rows: dict[str, list[dict]], folder: Path, *, scorer_file: str) -> Record:
    """Read one image, and the scorer to judge its spines by.

    The stack (z, y, x) keeps the file's own numbers; its scale stands in the facts.
    """
    row = rows[TABLE][0]
    image = images.read(
        folder / row["image"],
        channel=row.get("channel"),
        pixel_size_um=row.get("pixel_size_um"),
        z_step_um=row.get("z_step_um"),
    )
    facts = {
        "pixel_size_um": image.pixel_size_um,
        "z_step_um": None if np.isnan(image.z_step_um) else image.z_step_um,
        "ceiling": None if np.isnan(image.ceiling) else image.ceiling,
        "scale_source": image.scale_source,
        "channel": image.channel,
        "notes": image.notes,
    }
    return Record(facts=facts, arrays={"stack": image.pixels, **_own_scorer(folder, scorer_file)})


def _own_scorer(folder: Path, scorer_file: str) -> dict[str, np.ndarray]:
    """Weights of the laboratory's scorer by ``scorer_<name>``; none where the settings name no file."""
    if not scorer_file:
        return {}
    try:
        with np.load(folder / scorer_file, allow_pickle=False) as stored:
            weights = {name: stored[name] for name in stored.files}
        if "mean" not in weights:
            raise ValueError("it holds no weights")
    except UNREADABLE as error:
        raise IngestError(
            f"{scorer_file}: cannot be read as a scorer ({error}). Expected the file that the calibration wrote, in "
            "the cohort folder; mend dendritic_spines.ingest.scorer_file in the settings, or leave it empty."
        ) from error
    return {f"scorer_{name}": array for name, array in weights.items()}
