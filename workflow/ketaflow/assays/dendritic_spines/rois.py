"""Spines as ImageJ regions: ``python -m ketaflow.assays.dendritic_spines.rois RESULTS [FOLDER]`` (in ``workflow/``).

In: ``<results>/dendritic_spines/spines.csv``. Out: a zip of point regions for each image, to be opened in Fiji's ROI
manager over the stack: named by spine and class, at its plane. The byte layout is that of ImageJ 1.53 (header of
64 bytes, big-endian; type 10 is a point; RoiDecoder.java, read and not copied).
"""

import re
import struct
import sys
import zipfile
from pathlib import Path

import pandas as pd

VERSION, POINT, SUB_PIXEL = 227, 10, 128
HEADER_BYTES, HEADER2_BYTES = 64, 64


def point_roi(x_px: float, y_px: float, plane: int, name: str) -> bytes:
    """One point region; ``plane`` counts from 1, the point lies at (x, y) in pixels of the image."""
    left, top = int(x_px), int(y_px)
    header = struct.pack(">4shBBhhhhH", b"Iout", VERSION, POINT, 0, top, left, top + 1, left + 1, 1)
    header = header.ljust(50, b"\0") + struct.pack(">h", SUB_PIXEL)
    second = HEADER_BYTES + 4 + 8
    header = header.ljust(56, b"\0") + struct.pack(">ii", plane, second)
    corner = struct.pack(">hh", 0, 0) + struct.pack(">ff", x_px, y_px)
    encoded = name.encode("utf-16-be")
    more = struct.pack(">iiii", 0, 0, plane, 0) + struct.pack(">ii", second + HEADER2_BYTES, len(name))
    return header + corner + more.ljust(HEADER2_BYTES, b"\0") + encoded


def write_rois(spines: pd.DataFrame, folder: Path) -> list[Path]:
    """A zip of regions for each image of the table of spines."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for image, rows in spines.groupby("image"):
        path = folder / (re.sub(r"[^\w.-]+", "_", image) + "_rois.zip")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for row in rows.to_dict("records"):
                name = f"{int(row['spine']):04d}-{row['class']}"
                roi = point_roi(row["x_px"] + 0.5, row["y_px"] + 0.5, round(row["z_px"]) + 1, name)
                archive.writestr(f"{name}.roi", roi)
        written.append(path)
    return written


if __name__ == "__main__":
    results = Path(sys.argv[1])
    target = Path(sys.argv[2]) if len(sys.argv) > 2 else results / "export" / "imagej"
    made = write_rois(pd.read_csv(results / "dendritic_spines" / "spines.csv"), target)
    sys.stdout.write(f"{len(made)} files in {target}\n")
