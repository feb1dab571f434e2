"""Every picture of a group of membranes: parts, lanes, bands.

In: the scans ingest left and the cohort's rows. Out: a ``Reading`` per picture, channel and membrane. Lanes that cannot
be found with certainty on one picture are taken from another of the same membrane and size, where they were.
"""

from dataclasses import dataclass

import numpy as np

from ketaflow.assays.western_blot.bands.densitometry import Reading, read
from ketaflow.assays.western_blot.images.band_enhancement import Relief, relief
from ketaflow.assays.western_blot.images.membrane_split import parts
from ketaflow.assays.western_blot.lanes.detection import Comb, comb
from ketaflow.core.records import Record

BLANK = "blank"


@dataclass
class View:
    """One membrane on one channel of one picture; ``top`` and ``bottom`` are its rows in the file."""

    image: str
    channel: str | None
    membrane: str
    scan: dict
    top: int
    bottom: int
    lane_map: list[dict]
    targets: list[dict]
    boxes: list[dict]
    comb: Comb | None = None
    refusal: str = ""
    borrowed: bool = False
    reading: Reading | None = None


def views(recording: Record, *, lane_margin: float, lane_filled: float, lane_outside: float) -> list[View]:
    """All views of a recording with their lanes, not yet measured."""
    limits = {"lane_margin": lane_margin, "lane_filled": lane_filled, "lane_outside": lane_outside}
    rows = recording.rows["western_blot_images"]
    found = []
    for scan in recording.facts["scans"]:
        of_image = [row for row in rows if row["image"] == scan["image"]]
        membranes = list(dict.fromkeys(row["membrane"] for row in of_image))
        shown = {
            row["membrane"]: lane_map(recording, row["membrane"])
            for row in of_image
            if row["channel"] == scan["channel"]
        }
        raised = relief(recording.arrays[scan["key"]], max(len(lanes) for lanes in shown.values()))
        for place, membrane in enumerate(membranes):
            if membrane not in shown:
                continue
            top, bottom = parts(raised, len(membranes), scan["height_px"])[place]
            boxes = _boxes(recording, scan["image"], membrane, top, bottom, len(membranes))
            view = View(
                scan["image"], scan["channel"], membrane, scan, top, bottom, shown[membrane],
                _targets(recording, scan, membrane), boxes,
            )  # fmt: skip
            view.comb, view.refusal = sure_comb(raised.part(top, bottom), view.lane_map, **limits)
            found.append(view)
    for view in found:
        _borrow(view, found)
    return found


def lane_map(recording: Record, membrane: str) -> list[dict]:
    """The lanes of a membrane from left to right; numbers the table leaves out are blank."""
    listed = {
        int(row["lane"]): row for row in recording.rows.get("western_blot_lanes", []) if row["membrane"] == membrane
    }
    blank = {"membrane": membrane, "sample": BLANK, "animal": None, "load_ug": None, "ladder_kda": None}
    return [listed.get(lane, {**blank, "lane": lane}) for lane in range(1, max(listed, default=0) + 1)]


def sure_comb(
    raised: Relief, lanes: list[dict], *, lane_margin: float, lane_filled: float, lane_outside: float
) -> tuple[Comb | None, str]:
    """The comb of a membrane's lanes if it is certain, else None and the reason."""
    expected = np.array([row["sample"] != BLANK for row in lanes])
    fit = comb(raised, expected) if len(lanes) else None
    if fit is None:
        return None, "no lane stands out from the background"
    if fit.filled < lane_filled:
        return None, f"only {100 * fit.filled:.0f} % of {int(expected.sum())} lanes show a signal"
    if fit.doubt:
        return None, fit.doubt
    if fit.margin < lane_margin:
        return None, "the lanes fit as well in another place"
    if fit.outside > lane_outside:
        return None, f"a lane that the lane map does not list lies beside its {len(lanes)} lanes"
    return fit, ""


def _targets(recording: Record, scan: dict, membrane: str) -> list[dict]:
    """Targets shown on one channel of one picture of a membrane, with the masses known."""
    masses = recording.facts["kda"]
    return [
        {**row, "kda": masses[row["target"]]}
        for row in recording.rows["western_blot_images"]
        if (row["image"], row["channel"], row["membrane"]) == (scan["image"], scan["channel"], membrane)
    ]


def _boxes(recording: Record, image: str, membrane: str, top: int, bottom: int, sharing: int) -> list[dict]:
    """Boxes of this view; where several membranes share the picture, those that name it or lie within it."""
    own = []
    for box in recording.rows.get("western_blot_boxes", []):
        centre = box["y_px"] + box["height_px"] / 2
        here = box.get("membrane") == membrane if box.get("membrane") else sharing == 1 or top <= centre < bottom
        if box["image"] == image and here:
            own.append(box)
    return own


def _borrow(view: View, others: list[View]) -> None:
    """Take the lanes of another picture of the same membrane and size where this one's are not certain."""
    if view.comb is not None:
        return
    size = (view.scan["height_px"], view.scan["width_px"], view.top, view.bottom)
    for other in sorted(others, key=lambda other: other.image != view.image):
        same = (other.scan["height_px"], other.scan["width_px"], other.top, other.bottom) == size
        if other.membrane == view.membrane and other.comb is not None and not other.borrowed and same:
            view.comb, view.borrowed = other.comb, True
            return


def measured(recording: Record, view: View, **settings: object) -> Reading:
    """Measure one view; ``settings`` are those of ``membrane.read``. Boxes come back in pixels of the file."""
    signal = recording.arrays[view.scan["key"]][view.top : view.bottom]
    shown = {row["target"] for row in view.targets}
    boxes = [{**box, "y_px": box["y_px"] - view.top} for box in view.boxes if box["target"] in shown]
    length = settings.pop("background_length_pct") / 100 * signal.shape[0]
    reading = read(
        signal, view.comb, view.refusal, view.lane_map, view.targets, boxes,
        ceiling=view.scan["ceiling"], length=max(length, 12.0), **settings,
    )  # fmt: skip
    for band in reading.bands:
        band["y_px"] += view.top
    return reading
