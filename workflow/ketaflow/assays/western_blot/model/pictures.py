"""What ``ingest`` produces: scans with the tables that belong to them."""

from dataclasses import dataclass

import numpy as np

from ketaflow.assays.western_blot.model.constants import LEAST_BITS
from ketaflow.assays.western_blot.model.table_rows import Lane, Polarity, Target


@dataclass(frozen=True)
class Storage:
    """How a picture is stored in its file.

    Attributes
    ----------
    format : str
        TIFF, zip of TIFF, PNG, JPEG ...
    bits : int
        Bits of a number.
    lossy, colour : bool
        Whether compression changed the numbers; whether the file holds colours.
    white_is_zero : bool
        What the TIFF tag says. It is kept for the record only, as some imagers write it wrongly.
    full_scale : float or None
        Largest value that the detector or the coding of the file can give (counts): after square-root coding was
        undone, or as the file says; None where it follows from the bits.
    """

    format: str
    bits: int
    lossy: bool = False
    colour: bool = False
    white_is_zero: bool = False
    full_scale: float | None = None

    @property
    def display_doubt(self) -> str:
        """Why the numbers are no counts of a detector but greys for a screen; empty if they may be counts."""
        if self.full_scale is not None or not (self.bits < LEAST_BITS or self.lossy):
            return ""
        stored = "JPEG" if self.lossy else f"{self.bits}-bit {self.format}"
        return f"display-scaled: {stored} holds greys for a screen, not counts; export the 16-bit picture of the imager"


@dataclass(frozen=True)
class Scan:
    """One channel of one picture, with more protein as a larger number.

    Attributes
    ----------
    image : str
        Path of the picture.
    channel : str or None
        Channel as the table names it.
    plane : str
        Channel as the file names it.
    pixels : (n_rows, n_columns) array
        Signal in the file's own counts.
    storage : Storage
        How the picture is stored.
    polarity : {"bright", "dark"}
        Whether bands were large or small numbers in the file.
    polarity_source : str
        Who decided it: the table, the settings, or the picture.
    polarity_clearness : float
        How clearly the picture shows its polarity, 0 to 1.
    polarity_unsure : bool
        Whether it was decided from a picture that shows it less clearly than the setting asks.
    saturation_level : float
        Counts at which the detector clips.
    saturation_source : str
        How that level was determined.
    noise_sd : float
        Standard deviation of the pixels' noise (counts).
    histogram_gaps_pct : float
        Share of values that no pixel has (%); NaN where this cannot be judged.
    """

    image: str
    channel: str | None
    plane: str
    pixels: np.ndarray
    storage: Storage
    polarity: Polarity
    polarity_source: str
    polarity_clearness: float
    polarity_unsure: bool
    saturation_level: float
    saturation_source: str
    noise_sd: float
    histogram_gaps_pct: float

    @property
    def film_doubt(self) -> str:
        """Why the signal may not follow the amount of protein; empty for a picture with bright bands."""
        if self.polarity == "bright":
            return ""
        return "dark bands, as on film: film is not linear, and no dilution lanes show its response"


@dataclass(frozen=True)
class Blot:
    """The pictures of one membrane, or of the membranes that share a picture, with their tables.

    Attributes
    ----------
    scans : list of Scan
        One for each picture and channel that could be read.
    targets : list of Target
        The proteins shown, in the order of the table, with known masses filled in.
    lanes : list of Lane
        The lane maps of all membranes.
    unreadable : dict of str to str
        Pictures that could not be read, and why.
    """

    scans: list[Scan]
    targets: list[Target]
    lanes: list[Lane]
    unreadable: dict[str, str]

    def scan(self, image: str, channel: str | None) -> Scan:
        """Return the scan of a picture and channel."""
        return next(scan for scan in self.scans if (scan.image, scan.channel) == (image, channel))

    def lane_map(self, membrane: str) -> list[Lane]:
        """Return the lanes of a membrane from left to right; numbers that the table leaves out are blank."""
        listed = {lane.lane: lane for lane in self.lanes if lane.membrane == membrane}
        numbers = range(1, max(listed, default=0) + 1)
        return [listed.get(number, Lane(membrane, number, "blank")) for number in numbers]

    def animals_of(self, membrane: str) -> list[str]:
        """Return the animals of a membrane in the order of their lanes, each once."""
        lanes = self.lane_map(membrane)
        return list(dict.fromkeys(lane.animal for lane in lanes if lane.sample == "animal" and lane.animal))
