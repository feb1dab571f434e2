"""Spines as ImageJ regions, there and back. Commands, to be run in ``workflow/``:

    python -m ketaflow.assays.dendritic_spines.raters.regions corrections RESULTS IMAGE ROIS.zip --by NAME
    python -m ketaflow.assays.dendritic_spines.raters.regions scores IMAGE ROIS.zip --rater NAME

A zip of point regions for each image (``export.py``) is opened in Fiji's ROI manager over the stack: named by number
and class, at its plane. Delete, add, drag or rename regions there and save them; ``corrections`` prints what changed
as rows of ``dendritic_spines_corrections``. ``scores`` prints regions marked on a bare image as rows of
``dendritic_spines_human_scores``.
"""

import argparse
import csv
import io
import re
import sys
import zipfile
from pathlib import Path
from typing import TextIO

import numpy as np
import pandas as pd

from ketaflow.assays.dendritic_spines.raters.imagej import RoiPoint, encode_point, read_points
from ketaflow.assays.dendritic_spines.raters.matching import match_points
from ketaflow.core.records import ZIP_DATE

# A region dragged farther than this was moved (pixels); coordinates are stored as 32-bit floats.
MOVED_PX = 0.5
EXPORTED = re.compile(r"(\d{4})-(\w+)")


def roi_archives(spines: pd.DataFrame) -> dict[str, bytes]:
    """A zip of regions for each image of the table of spines, by file name; equal spines give equal bytes."""
    made: dict[str, bytes] = {}
    for image, rows in spines.groupby("image"):
        own = re.sub(r"[^\w.-]+", "_", image)
        # Two images whose names differ only in what no file name may hold.
        again = sum(name.startswith(f"{own}_rois") for name in made)
        made[f"{own}_rois{f'_{again + 1}' if again else ''}.zip"] = _archive(rows)
    return made


def _archive(rows: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for row in rows.to_dict("records"):
            name = f"{int(row['spine']):04d}-{row['class']}"
            roi = encode_point(row["x_px"] + 0.5, row["y_px"] + 0.5, round(row["z_px"]) + 1, name)
            archive.writestr(zipfile.ZipInfo(f"{name}.roi", ZIP_DATE), roi, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def corrections_from_rois(spines: pd.DataFrame, marks: list[RoiPoint], by: str) -> list[dict]:
    """Rows that turn the spines of one image into the marks.

    A mark is the spine whose number its name begins with, else the nearest one within ``MOVED_PX``. What was moved is
    dropped at the old place and added at the new one: places outlive a new detection, numbers do not.
    """
    of_number = {int(found[1]): mark for mark in marks if (found := EXPORTED.match(mark.name))}
    numbers = set(spines["spine"].astype(int))
    loose = [mark for mark in marks if not (EXPORTED.match(mark.name) and int(mark.name[:4]) in numbers)]
    without = spines[~spines["spine"].isin(of_number)]
    left, right = match_points(without[["x_px", "y_px"]].to_numpy(float), _places(loose), MOVED_PX)
    stayed = {int(without["spine"].iloc[one]): loose[other] for one, other in zip(left, right, strict=True)}
    rows, about = [], {"image": None if spines.empty else spines["image"].iloc[0], "by": by}
    for spine in spines.to_dict("records"):
        mark = of_number.get(int(spine["spine"])) or stayed.get(int(spine["spine"]))
        there = {**about, "x_px": spine["x_px"], "y_px": spine["y_px"]}
        if mark is None or np.hypot(mark.x_px - spine["x_px"], mark.y_px - spine["y_px"]) > MOVED_PX:
            rows.append({**there, "action": "drop"})
            rows += [] if mark is None else [_addition(mark, about)]
        elif mark.spine_class and mark.spine_class != spine["class"]:
            rows.append({**there, "action": "reclass", "class": mark.spine_class})
    taken = {id(mark) for mark in stayed.values()}
    return rows + [_addition(mark, about) for mark in loose if id(mark) not in taken]


def _addition(mark: RoiPoint, about: dict) -> dict:
    place = {"x_px": round(mark.x_px, 2), "y_px": round(mark.y_px, 2), "z_px": mark.z_px}
    return {**about, "action": "add", **place, "class": mark.spine_class}


def _places(marks: list[RoiPoint]) -> np.ndarray:
    return np.array([[mark.x_px, mark.y_px] for mark in marks]).reshape(-1, 2)


def write_rows(rows: list[dict], columns: list[str], out: TextIO) -> None:
    """Rows as CSV, ready for a table of the cohort."""
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def main(words: list[str]) -> None:
    """Do one of the two commands."""
    given = _parser().parse_args(words)
    if given.command == "scores":
        marks = read_points(given.rois)
        rows = [{**_addition(mark, {"image": given.image}), "rater": given.rater} for mark in marks]
        columns = ["image", "rater", "x_px", "y_px", "z_px", "class"]
        return write_rows([{name: row[name] for name in columns} for row in rows], columns, sys.stdout)
    spines = pd.read_csv(given.results / "dendritic_spines" / "spines.csv")
    own = spines[spines["image"].eq(given.image)]
    rows = [{**row, "image": given.image} for row in corrections_from_rois(own, read_points(given.rois), given.by)]
    return write_rows(rows, ["image", "action", "x_px", "y_px", "z_px", "class", "by"], sys.stdout)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Spines as ImageJ regions, there and back.")
    commands = parser.add_subparsers(dest="command", required=True)
    changed = commands.add_parser("corrections", help="what was changed in Fiji, as rows of the corrections")
    scores = commands.add_parser("scores", help="regions marked on a bare image, as rows of the human scores")
    changed.add_argument("results", type=Path, help="results folder of ketaflow")
    for command in (changed, scores):
        command.add_argument("image", help="the image as in dendritic_spines")
        command.add_argument("rois", type=Path, help="zip that Fiji's ROI manager saved, or one .roi file")
    changed.add_argument("--by", default="", help="who changed it")
    scores.add_argument("--rater", required=True, help="who looked")
    return parser


if __name__ == "__main__":
    main(sys.argv[1:])
