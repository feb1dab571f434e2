"""Pose files of DeepLabCut: csv, and h5 as pandas writes it.

In: a file as DeepLabCut wrote it (one or several individuals). Out: positions of the parts of each individual. The
columns have three or four rows of headings: scorer, individuals, bodyparts, coords (x, y, likelihood). In h5 these are
pickled; they are read without executing anything.
"""

import io
import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ketaflow.assays.forced_swim.poses import constants
from ketaflow.assays.forced_swim.poses.cells import first_without_number, not_a_number, read_table
from ketaflow.assays.forced_swim.poses.model import PoseFile, PoseReader, Poses
from ketaflow.core.errors import IngestError

if TYPE_CHECKING:
    import h5py

PROGRAM = "DeepLabCut"
# The individual under which DeepLabCut keeps parts that no animal has, such as marks of the scene.
UNIQUE_PARTS = "single"
ANALYSE_AGAIN = "Analyse the video in DeepLabCut again, or copy the file again"
LABELLED = (
    "the rows are named images, so these are hand-labelled frames, not the poses of a video. Use the file that "
    "analyze_videos wrote"
)


class PlainUnpickler(pickle.Unpickler):
    """Reads lists, tuples, text and numbers alone; anything else is refused."""

    def find_class(self, module: str, name: str) -> Any:
        """Refuse every class."""
        raise pickle.UnpicklingError(f"{module}.{name} is not plain data")


def recognises_text(first_lines: list[str]) -> bool:
    """Return whether a text begins with the headings of DeepLabCut."""
    firsts = tuple(line.replace(";", ",").split(",")[0].strip().lower() for line in first_lines)
    return firsts[:3] == constants.HEADINGS or firsts[:4] == constants.HEADINGS_OF_SEVERAL


def recognises_h5(file: "h5py.File") -> bool:
    """Return whether an h5 file holds a table that pandas wrote."""
    return any("pandas_type" in file[name].attrs for name in file)


def read_csv(path: Path) -> PoseFile:
    """Read a csv, whose delimiter may be a semicolon (with decimal comma)."""
    with path.open(encoding="utf-8", errors="replace") as lines:
        head = [line.rstrip("\r\n") for line, _ in zip(lines, range(4), strict=False)]
    delimiter = ";" if head[0].count(";") > head[0].count(",") else ","
    count = 4 if head[1].split(delimiter)[0].strip().lower() == "individuals" else 3
    decimal = "," if delimiter == ";" else "."
    table = read_table(path, ANALYSE_AGAIN, header=None, skiprows=count, sep=delimiter, decimal=decimal)
    levels = [[cell.strip() for cell in line.split(delimiter)] for line in head[:count]]
    if len({len(level) for level in levels} | {table.shape[1]}) != 1:
        raise IngestError(f"{path.name}: the rows of headings and of values differ in length. {ANALYSE_AGAIN}.")
    names = list(zip(*(level[1:] for level in levels[1:]), strict=True))
    frames, values = table.iloc[:, 0], table.iloc[:, 1:]
    for place, column in enumerate(table):
        row = None if pd.api.types.is_numeric_dtype(table[column]) else first_without_number(table[column])
        if row is not None:
            text = str(table[column].iloc[row])
            if place == 0 and (text.lower().startswith("labeled") or "/" in text or "\\" in text):
                raise IngestError(f"{path.name}: {LABELLED}.")
            title = " ".join(names[place - 1]) if place else "frame"
            raise not_a_number(f"{path.name}, row {row + count + 1}, column {title}", text, ANALYSE_AGAIN)
    return individuals_of(frames.to_numpy(), values.to_numpy(float), names, path.name)


def read_h5(file: "h5py.File", name: str) -> PoseFile:
    """Read a table that pandas wrote, as DeepLabCut does."""
    groups = [file[key] for key in file if "pandas_type" in file[key].attrs]
    save_csv = "Save it as csv in DeepLabCut (analyze_videos_converth5_to_csv) and name that file"
    if len(groups) != 1 or "table" not in groups[0]:
        raise IngestError(f"{name}: {len(groups)} tables of pandas, none in the form DeepLabCut writes. {save_csv}.")
    group, table = groups[0], groups[0]["table"]
    try:
        axes = unpickled(group.attrs["non_index_axes"])
        columns = [tuple(str(part) for part in column) for column in axes[0][1]]
        blocks = [
            (key, [tuple(str(part) for part in column) for column in unpickled(table.attrs[f"{key}_kind"])])
            for key in table.dtype.names
            if key != "index"
        ]
    except (KeyError, IndexError, TypeError, pickle.UnpicklingError, EOFError, ValueError) as error:
        raise IngestError(f"{name}: its headings cannot be read ({error}). {save_csv}.") from error
    content = table[:]
    values = {column: content[key][:, place] for key, held in blocks for place, column in enumerate(held)}
    if not columns or set(columns) != set(values) or len({len(column) for column in columns}) != 1:
        raise IngestError(f"{name}: headings and values do not fit. {save_csv}.")
    if not np.issubdtype(content["index"].dtype, np.number):
        raise IngestError(f"{name}: {LABELLED}.")
    stacked = np.column_stack([values[column] for column in columns]).astype(float)
    return individuals_of(content["index"], stacked, [column[1:] for column in columns], name)


def unpickled(content: Any) -> Any:
    """Return plain data that pandas pickled into an attribute."""
    return PlainUnpickler(io.BytesIO(bytes(content))).load()


def individuals_of(frames: np.ndarray, values: np.ndarray, names: list[tuple[str, ...]], file: str) -> PoseFile:
    """Sort columns into individuals and parts.

    Parameters
    ----------
    frames : (n_frames,) number
        Numbers of the frames.
    values : (n_frames, n_columns) float
        The cells.
    names : list of tuple of str
        Headings of the columns: (individual,) part, coordinate.
    file : str
        Name of the file, for messages.

    Returns
    -------
    PoseFile
        The poses of each individual: places (pixels) and likelihood of its parts (0 to 1; NaN where the file has none).

    Raises
    ------
    IngestError
        If a part lacks a coordinate, a heading is repeated, the frames do not rise, or individuals have other parts.
    """
    numbers = frames.astype(float)
    if len(numbers) < 2 or (np.diff(numbers) <= 0).any() or (numbers % 1).any():
        where = int(np.flatnonzero(np.diff(numbers) <= 0)[0]) + 1 if len(numbers) > 1 else 0
        raise IngestError(
            f"{file}: the numbers of the frames do not rise (at frame {where} of the table). {ANALYSE_AGAIN}."
        )
    if len(set(names)) != len(names):
        raise IngestError(f"{file}: a heading is repeated. {ANALYSE_AGAIN}.")
    place = {("", *name)[-3:]: column for column, name in enumerate(names)}
    found = []
    every = list(dict.fromkeys(key[0] for key in place))
    for individual in [name for name in every if name != UNIQUE_PARTS or len(every) == 1]:
        parts = tuple(dict.fromkeys(key[1] for key in place if key[0] == individual))
        missing = [f"{part} {axis}" for part in parts for axis in "xy" if (individual, part, axis) not in place]
        if missing:
            raise IngestError(f"{file}: there is no column {missing[0]}. {ANALYSE_AGAIN}.")
        xy = np.stack([values[:, [place[individual, part, axis] for axis in "xy"]] for part in parts], axis=1)
        sure = [
            values[:, place[individual, part, "likelihood"]]
            if (individual, part, "likelihood") in place
            else np.full(len(values), np.nan)
            for part in parts
        ]
        found.append(Poses(individual, parts, numbers.astype(int), xy, np.column_stack(sure)))
    if len({one.parts for one in found}) > 1:
        raise IngestError(f"{file}: the individuals have different parts. {ANALYSE_AGAIN}.")
    return PoseFile(PROGRAM, found)


READER = PoseReader(recognises_text, recognises_h5, read_csv, read_h5)
