"""Spines as ImageJ regions, and regions as rows of the cohort tables. Commands, to be run in ``workflow/``:

    python -m ketaflow.assays.dendritic_spines.raters.regions corrections RESULTS IMAGE ROIS.zip --by NAME
    python -m ketaflow.assays.dendritic_spines.raters.regions scores IMAGE ROIS.zip --rater NAME

``export.py`` writes a zip of point regions for each image, named by number and class and at their planes. Open it in
Fiji's ROI manager over the stack, delete, add, drag or rename regions, and save them. ``corrections`` prints the
changes as rows of ``dendritic_spines_corrections``. ``scores`` prints regions marked on a bare image as rows of
``dendritic_spines_human_scores``.
"""

import argparse
import csv
import io
import re
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import pandas as pd

from ketaflow.assays.dendritic_spines.constants import ZIP_DATE
from ketaflow.assays.dendritic_spines.model import Correction
from ketaflow.assays.dendritic_spines.raters import constants
from ketaflow.assays.dendritic_spines.raters.imagej import RoiPoint, encode_point, read_points
from ketaflow.assays.dendritic_spines.raters.matching import match_points
from ketaflow.core.inputs import recording_name

# Names of exported regions: number and class.
EXPORTED = re.compile(r"(\d{4})-(\w+)")
CORRECTION_COLUMNS = ("action", "x_px", "y_px", "z_px", "class", "by")
SCORE_COLUMNS = ("rater", "x_px", "y_px", "z_px", "class")


def roi_archives(spines: pd.DataFrame) -> dict[str, bytes]:
    """Encode the spines of every image as a zip of regions.

    Parameters
    ----------
    spines : data frame
        The table ``spines``: ``recording``, ``spine``, ``x_px``, ``y_px``, ``z_px``, ``class``.

    Returns
    -------
    dict of str to bytes
        Zip of each image by file name; equal spines give equal bytes.
    """
    made: dict[str, bytes] = {}
    for recording, rows in spines.groupby("recording"):
        stem = re.sub(r"[^\w.-]+", "_", str(recording))
        # Two images may have names that differ only in characters that no file name may hold.
        taken = sum(name.startswith(f"{stem}_rois") for name in made)
        made[f"{stem}_rois{f'_{taken + 1}' if taken else ''}.zip"] = _archive(rows)
    return made


def corrections_from_rois(spines: pd.DataFrame, points: list[RoiPoint], by: str) -> list[Correction]:
    """Find the corrections that turn the spines of one image into edited regions.

    Parameters
    ----------
    spines : data frame
        The spines of the image: ``spine``, ``x_px``, ``y_px``, ``class``.
    points : list of RoiPoint
        The edited regions.
    by : str
        Who edited them.

    Returns
    -------
    list of Correction
        A spine that was moved is dropped at its old place and added at the new one, because places outlive a new
        detection and numbers do not.

    Notes
    -----
    A region is the spine whose number its name begins with, else the nearest spine within ``constants.MOVED_PX``.
    """
    by_number = {int(found[1]): point for point in points if (found := EXPORTED.match(point.name))}
    numbers = set(spines["spine"].astype(int))
    loose = [point for point in points if not (EXPORTED.match(point.name) and int(point.name[:4]) in numbers)]
    without = spines[~spines["spine"].isin(by_number)]
    left, right = match_points(without[["x_px", "y_px"]].to_numpy(float), _positions(loose), constants.MOVED_PX)
    stayed = {int(without["spine"].iloc[one]): loose[other] for one, other in zip(left, right, strict=True)}
    rows: list[Correction] = []
    for spine in spines.to_dict("records"):
        x_px, y_px = float(spine["x_px"]), float(spine["y_px"])
        point = by_number.get(int(spine["spine"])) or stayed.get(int(spine["spine"]))
        if point is None or np.hypot(point.x_px - x_px, point.y_px - y_px) > constants.MOVED_PX:
            rows.append(Correction("drop", x_px=x_px, y_px=y_px, by=by))
            rows += [] if point is None else [_addition(point, by)]
        elif point.spine_class and point.spine_class != spine["class"]:
            rows.append(Correction("reclass", x_px=x_px, y_px=y_px, spine_class=point.spine_class, by=by))
    taken = {id(point) for point in stayed.values()}
    return rows + [_addition(point, by) for point in loose if id(point) not in taken]


def main(words: list[str]) -> None:
    """Run one of the two commands."""
    given = _parser().parse_args(words)
    points = read_points(given.rois)
    # The column series is printed only where it is needed: an image with one series has none.
    place: tuple[str, ...] = (given.image, given.series) if given.series else (given.image,)
    columns = ("image", "series")[: len(place)]
    if given.command == "scores":
        marks = [(*place, given.rater, *_place(point), point.spine_class) for point in points]
        return _write((*columns, *SCORE_COLUMNS), marks, sys.stdout)
    spines = pd.read_csv(given.results / "dendritic_spines" / "spines.csv")
    own = spines[spines["recording"].eq(recording_name(given.image, given.series))]
    rows = corrections_from_rois(own, points, given.by)
    changes = [(*place, row.action, row.x_px, row.y_px, row.z_px, row.spine_class, row.by) for row in rows]
    return _write((*columns, *CORRECTION_COLUMNS), changes, sys.stdout)


def _archive(rows: pd.DataFrame) -> bytes:
    """Encode the spines of one image as a zip of point regions."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for row in rows.to_dict("records"):
            name = f"{int(row['spine']):04d}-{row['class']}"
            roi = encode_point(row["x_px"] + 0.5, row["y_px"] + 0.5, round(row["z_px"]) + 1, name)
            archive.writestr(zipfile.ZipInfo(f"{name}.roi", ZIP_DATE), roi, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _addition(point: RoiPoint, by: str) -> Correction:
    """Correction that adds a spine where a region lies."""
    x_px, y_px, z_px = _place(point)
    return Correction("add", x_px=x_px, y_px=y_px, z_px=z_px, spine_class=point.spine_class, by=by)


def _place(point: RoiPoint) -> tuple[float, float, int | None]:
    """Place of a region as it is written into a table: x, y, plane."""
    return round(point.x_px, 2), round(point.y_px, 2), point.z_px


def _positions(points: list[RoiPoint]) -> np.ndarray:
    """Places of regions (n, 2): x, y (pixels)."""
    return np.array([[point.x_px, point.y_px] for point in points]).reshape(-1, 2)


def _write(columns: tuple[str, ...], rows: Iterable[tuple[Any, ...]], out: TextIO) -> None:
    """Write rows as CSV, ready for a table of the cohort."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)


def _parser() -> argparse.ArgumentParser:
    """Parser of the two commands."""
    parser = argparse.ArgumentParser(description="Spines as ImageJ regions, and regions as rows of the cohort tables.")
    commands = parser.add_subparsers(dest="command", required=True)
    changed = commands.add_parser("corrections", help="print what was changed in Fiji as rows of the corrections")
    scores = commands.add_parser("scores", help="print regions marked on a bare image as rows of the human scores")
    changed.add_argument("results", type=Path, help="results folder of ketaflow")
    for command in (changed, scores):
        command.add_argument("image", help="the image as in dendritic_spines")
        command.add_argument("--series", help="its series, where the table names one")
        command.add_argument("rois", type=Path, help="zip saved by Fiji's ROI manager, or one .roi file")
    changed.add_argument("--by", default="", help="who changed it")
    scores.add_argument("--rater", required=True, help="who marked it")
    return parser


if __name__ == "__main__":
    main(sys.argv[1:])
