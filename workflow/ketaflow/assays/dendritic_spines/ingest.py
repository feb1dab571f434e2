"""One image: microscope file in, checked stack with its scale out.

Also read here, because only this stage opens files: the laboratory's own scorer, where the settings name one.
"""

import zipfile
import zlib
from pathlib import Path

import numpy as np

from ketaflow.assays.dendritic_spines.tracing import image_properties
from ketaflow.core import images
from ketaflow.core.errors import IngestError
from ketaflow.core.records import Record

TABLE = "dendritic_spines"
DARK = "dark"
TURNED = (
    "dark dendrites were turned into bright ones; ketaflow has not been measured on such stains: mark the spines of "
    "some images yourself and look at agreement.csv"
)
# What NumPy says of a file that is missing, cut short, or something else.
UNREADABLE = (OSError, ValueError, KeyError, AttributeError, TypeError, EOFError, zipfile.BadZipFile, zlib.error)


def ingest(rows: dict[str, list[dict]], folder: Path, *, scorer_file: str, dendrites: str) -> Record:
    """Read one image, and the scorer to judge its spines by.

    The stack (z, y, x) keeps the file's own numbers, less its brightest where ``dendrites`` are dark; its scale stands
    in the facts.
    """
    row = rows[TABLE][0]
    image = images.read(
        folder / row["image"],
        channel=row.get("channel"),
        pixel_size_um=row.get("pixel_size_um"),
        z_step_um=row.get("z_step_um"),
    )
    stack = _as_bright(image.pixels, image.pixel_size_um, row["image"], dendrites)
    turned = dendrites == DARK
    facts = {
        "pixel_size_um": image.pixel_size_um,
        "z_step_um": None if np.isnan(image.z_step_um) else image.z_step_um,
        "ceiling": None if turned or np.isnan(image.saturation_level) else image.saturation_level,
        "scale_source": image.scale_source,
        "channel": image.channel,
        "notes": [*image.notes, *([TURNED] if turned else [])],
    }
    return Record(facts=facts, arrays={"stack": stack, **_lab_scorer(folder, scorer_file)})


def _as_bright(stack: np.ndarray, pixel_um: float, name: str, dendrites: str) -> np.ndarray:
    """The stack with its dendrites bright, whichever way they are; refused where the settings say otherwise."""
    found = DARK if image_properties.is_dark_on_light(stack, pixel_um) else "bright"
    if found == DARK and dendrites != DARK:
        raise IngestError(
            f"{name}: the dendrites are darker than what is around them (a Golgi stain, or an inverted image); "
            "expected fluorescence, bright on dark. If it is fluorescence, invert it back (in Fiji: Edit, Invert). If "
            "the stain is dark, put all such images into a cohort of their own and set "
            "dendritic_spines.ingest.dendrites to 'dark' there."
        )
    if dendrites != DARK:
        return stack
    if found != DARK:
        raise IngestError(
            f"{name}: the dendrites are brighter than what is around them, but dendritic_spines.ingest.dendrites says "
            "'dark'. Keep fluorescence and dark stains in cohorts of their own, and set it to 'bright' for this one."
        )
    return stack.max() - stack


def _lab_scorer(folder: Path, scorer_file: str) -> dict[str, np.ndarray]:
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
