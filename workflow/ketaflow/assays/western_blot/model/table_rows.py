"""Rows of the tables of the cohort folder."""

from dataclasses import dataclass
from typing import Literal

Role = Literal["target", "phospho", "total", "loading_control", "total_protein"]
Sample = Literal["animal", "ladder", "pool", "dilution", "blank"]
Polarity = Literal["bright", "dark"]

CONTROL_ROLES: tuple[Role, ...] = ("loading_control", "total_protein")


@dataclass(frozen=True)
class Target:
    """One row of the table ``western_blot_images``: a protein shown on a picture of a membrane.

    Attributes
    ----------
    image, membrane, target : str
        The picture's path, the membrane and the protein. The picture is the recording.
    kda : float or None
        Expected mass (kDa); after ``ingest`` looked up by the target's name where the table has none.
    channel : str or None
        Channel of the file that shows the protein.
    total_target, total_membrane : str or None
        For a phosphorylated protein: the target it is divided by, and the membrane that shows it.
    repeat, region : str or None
        Technical repeat; brain region or tissue.
    polarity : {"bright", "dark"} or None
        Whether bands are large or small numbers in the file; None: decided from the picture.
    superseded_by : str or None
        No column: after the exposures were compared, the picture whose exposure counts instead of this one.
    """

    image: str
    membrane: str
    target: str
    role: Role
    kda: float | None = None
    channel: str | None = None
    total_target: str | None = None
    total_membrane: str | None = None
    repeat: str | None = None
    region: str | None = None
    polarity: Polarity | None = None
    superseded_by: str | None = None

    @property
    def counts(self) -> bool:
        """Whether this picture is the only exposure of the blot, or the best one."""
        return self.superseded_by is None

    @property
    def is_control(self) -> bool:
        """Whether other targets are divided by this one."""
        return self.role in CONTROL_ROLES

    @property
    def sample_name(self) -> str:
        """Name of what lies below the animal: the membrane, with its repeat where the table has one."""
        return f"{self.membrane}_{self.repeat}" if self.repeat else self.membrane


@dataclass(frozen=True)
class Lane:
    """One row of the table ``western_blot_lanes``: what a lane of a membrane holds.

    Attributes
    ----------
    lane : int
        Number of the lane; 1 is the leftmost.
    load_ug : float or None
        Protein loaded (micrograms).
    ladder_kda : str or None
        Masses of the ladder's bands (kDa), as written by the lab: ``250 150 100 75``.
    """

    membrane: str
    lane: int
    sample: Sample
    animal: str | None = None
    load_ug: float | None = None
    ladder_kda: str | None = None


@dataclass(frozen=True)
class Box:
    """One row of the table ``western_blot_boxes``: a box that a person drew, in pixels of the file."""

    image: str
    lane: int
    target: str
    x_px: float
    y_px: float
    width_px: float
    height_px: float
    membrane: str | None = None


@dataclass(frozen=True)
class TruthRow:
    """One row of the table ``western_blot_truth``: a band to draw; ``volume`` in counts."""

    image: str
    lane: int
    target: str
    volume: float
