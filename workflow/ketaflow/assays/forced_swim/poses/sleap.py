"""Pose files of SLEAP: the analysis h5 and the analysis csv.

In: a file that SLEAP exported. Out: positions of the parts (nodes) of each track. The h5 holds ``tracks`` (tracks, 2,
nodes, frames), ``node_names``, ``track_names`` and ``point_scores``; the csv has the columns ``track``, ``frame_idx``,
``instance.score`` and for each node ``.x``, ``.y``, ``.score``.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ketaflow.assays.forced_swim.poses import constants
from ketaflow.assays.forced_swim.poses.cells import first_without_number, not_a_number, read_table
from ketaflow.assays.forced_swim.poses.model import PoseFile, PoseReader, Poses
from ketaflow.core.errors import IngestError

if TYPE_CHECKING:
    import h5py

PROGRAM = "SLEAP"
CSV_HEADINGS = ("track", "frame_idx")
H5_CONTENT = {"tracks", "node_names"}
EXPORT_AGAIN = "Export the analysis file in SLEAP again"


def recognises_text(first_lines: list[str]) -> bool:
    """Return whether a text begins with the headings of SLEAP's analysis csv."""
    cells = [cell.strip().lower() for cell in first_lines[0].split(",")] if first_lines else []
    return tuple(cells[:2]) == CSV_HEADINGS


def recognises_h5(file: "h5py.File") -> bool:
    """Return whether an h5 file holds what SLEAP's analysis file does."""
    return set(file) >= H5_CONTENT


def read_h5(file: "h5py.File", name: str) -> PoseFile:
    """Read an analysis h5."""
    tracks = np.asarray(file["tracks"][()], float)
    parts = tuple(decoded(one) for one in file["node_names"][()])
    shape_wanted = f"({{tracks}}, 2, {len(parts)}, {{frames}})"
    if tracks.ndim != 4 or tracks.shape[1:3] != (2, len(parts)) or tracks.shape[3] < 2:
        raise IngestError(
            f"{name}: tracks has the shape {tracks.shape}, {shape_wanted} was expected. {EXPORT_AGAIN} "
            "(Export Analysis HDF5)."
        )
    names = [decoded(one) for one in file["track_names"][()]] if "track_names" in file else []
    names = (
        names if len(names) == len(tracks) else [f"track {place}" * (len(tracks) > 1) for place in range(len(tracks))]
    )
    scores = np.asarray(file["point_scores"][()], float) if "point_scores" in file else np.full(1, np.nan)
    if scores.shape != (len(tracks), len(parts), tracks.shape[3]):
        scores = np.full((len(tracks), len(parts), tracks.shape[3]), np.nan)
    frames = np.arange(tracks.shape[3])
    return PoseFile(
        PROGRAM,
        [
            Poses(one, parts, frames, np.moveaxis(xy, 2, 0).transpose(0, 2, 1), score.T)
            for one, xy, score in zip(names, tracks, scores, strict=True)
        ],
    )


def decoded(text: object) -> str:
    """Return a name that h5 may hold as bytes."""
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)


def read_csv(path: Path) -> PoseFile:
    """Read an analysis csv; a frame with several instances without tracks is refused."""
    table = read_table(path, EXPORT_AGAIN)
    parts = tuple(name.removesuffix(".x") for name in map(str, table) if name.endswith(".x"))
    needed = [f"{part}.{axis}" for part in parts for axis in "xy"]
    missing = [name for name in needed if name not in table]
    if not parts or missing:
        raise IngestError(f"{path.name}: there is no column {missing[0] if missing else 'of a node'}. {EXPORT_AGAIN}.")
    scores = [f"{part}.score" for part in parts if f"{part}.score" in table]
    for column in ["frame_idx", *needed, *scores]:
        row = first_without_number(table[column], is_blank_missing=column != "frame_idx")
        if row is not None:
            where = f"{path.name}, row {row + 2}, column {column}"
            raise not_a_number(where, table[column].iloc[row], EXPORT_AGAIN)
    indices = table["frame_idx"].to_numpy(float)
    if not len(indices) or indices.min() < 0 or indices.max() > constants.MAX_FRAMES or (indices % 1).any():
        raise IngestError(
            f"{path.name}, column frame_idx: whole numbers from 0 to {constants.MAX_FRAMES:,} were expected, one for "
            f"each frame. {EXPORT_AGAIN}."
        )
    frames = np.arange(int(indices.max()) + 1)
    tracks = table["track"].astype("string").fillna("")
    found = []
    for name in dict.fromkeys(tracks):
        own = table[tracks == name]
        if own["frame_idx"].duplicated().any():
            frame = int(own["frame_idx"][own["frame_idx"].duplicated()].iloc[0])
            raise IngestError(
                f"{path.name}: frame {frame} holds several instances"
                + f" of track {name}" * bool(name)
                + ". Track the animals in SLEAP before the export, or use one video for each cylinder."
            )
        filled = own.set_index("frame_idx").reindex(frames)
        xy = np.stack([filled[[f"{part}.x", f"{part}.y"]].to_numpy(float) for part in parts], axis=1)
        sure = [
            filled[f"{part}.score"].to_numpy(float) if f"{part}.score" in filled else np.full(len(frames), np.nan)
            for part in parts
        ]
        found.append(Poses(name, parts, frames, xy, np.column_stack(sure)))
    return PoseFile(PROGRAM, found)


READER = PoseReader(recognises_text, recognises_h5, read_csv, read_h5)
