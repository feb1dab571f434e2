"""Run ImageJ on pictures under a virtual display: what a person would click, as a macro.

Needs Java, xvfb-run and ImageJ 1.x (Debian packages imagej and xvfb); IMAGEJ_JAR names another ij.jar. Times are those
of the commands alone (elapsed), as ImageJ states them, without its start.
"""

import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import tifffile

JAR = Path(os.environ.get("IMAGEJ_JAR", "/usr/share/java/ij.jar"))
# Time after which ImageJ is stopped: a dialog waits for ever (s).
LIMIT_S = 120
PROMINENCES = (0.3, 0.5, 0.7, 1, 1.4, 2, 3, 5)
START = """
setBatchMode(true);
given = split(getArgument(), "\\n");
open(given[0]);
"""
# Smooth by about the size of a punctum, then maxima at several prominences, in units of the noise (given[1]).
MAXIMA = """
run("32-bit");
start = getTime();
run("Gaussian Blur...", "sigma=1.2");
spent = getTime() - start;
steps = split(given[2], ",");
for (step = 0; step < steps.length; step++) {
    run("Clear Results");
    start = getTime();
    run("Find Maxima...", "prominence=" + (parseFloat(steps[step]) * parseFloat(given[1])) + " output=List");
    print("=at " + steps[step] + " " + (spent + getTime() - start));
    for (row = 0; row < nResults; row++) print("=" + getResult("Y", row) + " " + getResult("X", row));
}
"""
# Integrated density of each box after a rolling ball of 50 pixels.
BOXES = """
run("32-bit");
start = getTime();
run("Subtract Background...", "rolling=50");
for (box = 1; box < given.length; box++) {
    at = split(given[box], " ");
    makeRectangle(at[0], at[1], at[2], at[3]);
    print("=" + getValue("RawIntDen"));
}
print("=ms " + (getTime() - start));
"""
# Rolling ball, Otsu's threshold, watershed, particles above a smallest area (given[1], pixels).
PARTICLES = """
start = getTime();
run("Subtract Background...", "rolling=50");
run("Median...", "radius=2");
setAutoThreshold("Otsu dark");
setOption("BlackBackground", true);
run("Convert to Mask");
run("Fill Holes");
run("Watershed");
run("Set Measurements...", "centroid redirect=None decimal=3");
run("Analyze Particles...", "size=" + given[1] + "-Infinity pixel clear");
spent = getTime() - start;
for (row = 0; row < nResults; row++) print("=" + getResult("Y", row) + " " + getResult("X", row));
print("=ms " + spent);
"""


@cache
def version() -> str:
    """Version of ImageJ, empty where it cannot be run here."""
    if not (JAR.is_file() and shutil.which("java") and shutil.which("xvfb-run")):
        return ""
    try:
        return _run("", 'print("=" + getVersion());')[0]
    except (OSError, IndexError, subprocess.SubprocessError):
        return ""


def maxima(image: np.ndarray, noise: float) -> dict[str, tuple[np.ndarray, float]]:
    """Maxima (row, column) at each prominence (in units of the noise), and seconds."""
    steps = ",".join(map(str, PROMINENCES))
    found: dict[str, tuple[list[list[float]], float]] = {}
    for line in _with_image(image, MAXIMA, f"{noise:g}", steps):
        if line.startswith("at "):
            _, step, spent_ms = line.split()
            found[step] = ([], float(spent_ms) / 1000)
        else:
            found[next(reversed(found))][0].append([float(part) for part in line.split()])
    return {step: (np.reshape(places, (-1, 2)), spent) for step, (places, spent) in found.items()}


def box_volumes(image: np.ndarray, boxes: list[tuple[int, int, int, int]]) -> tuple[np.ndarray, float]:
    """Integrated density of boxes (left, top, width, height; pixels) above the rolling ball, and seconds."""
    *volumes, spent = _with_image(image, BOXES, *(" ".join(map(str, box)) for box in boxes))
    return np.array(volumes, float), float(spent.split()[1]) / 1000


def particles(image: np.ndarray, smallest_px: float) -> tuple[np.ndarray, float]:
    """Centroids (row, column) of particles, and seconds."""
    *places, spent = _with_image(image, PARTICLES, f"{smallest_px:.0f}")
    return np.reshape([line.split() for line in places], (-1, 2)).astype(float), float(spent.split()[1]) / 1000


def _with_image(image: np.ndarray, macro: str, *given: str) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.tif"
        tifffile.imwrite(path, image, photometric="minisblack")
        return _run("\n".join([str(path), *given]), START + macro)


def _run(argument: str, macro: str) -> list[str]:
    """Lines that a macro prints with a leading "="; ImageJ prints tables of its own between them."""
    with tempfile.NamedTemporaryFile("w", suffix=".ijm") as file:
        file.write(macro)
        file.flush()
        command = ["xvfb-run", "-a", "java", "-jar", str(JAR), "-batch", file.name, argument]
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=True)
    return [line[1:] for line in done.stdout.splitlines() if line.startswith("=")]
