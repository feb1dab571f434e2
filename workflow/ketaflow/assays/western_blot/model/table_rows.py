"""Rows of the tables of the cohort folder."""

from dataclasses import dataclass, field
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
    """One row of the table ``western_blot_boxes``: a box that a person (``by``) drew, in pixels of the file."""

    image: str
    lane: int
    target: str
    x_px: float
    y_px: float
    width_px: float
    height_px: float
    membrane: str | None = None
    by: str | None = None


@dataclass(frozen=True)
class GivenRow:
    """One row of the table ``western_blot_rows``: between which rows of the file the bands of a target lie."""

    image: str
    target: str
    top_px: float
    bottom_px: float
    membrane: str | None = None
    by: str | None = None


@dataclass(frozen=True)
class Frame:
    """One row of the table ``western_blot_frames``: the part of a picture to which the lane map refers.

    ``left_px`` and ``right_px`` are the outer edges of the first and last lane at half the height of the frame;
    ``lean_px`` is how far lanes lean to the right from its top to its bottom. ``borders_px`` are the borders of the
    lanes as the lab writes them; see ``borders``.
    """

    image: str
    left_px: float
    right_px: float
    top_px: float | None = None
    bottom_px: float | None = None
    lean_px: float | None = None
    membrane: str | None = None
    borders_px: str | None = None
    by: str | None = None

    @property
    def borders(self) -> tuple[float, ...]:
        """Borders of the lanes at half the frame's height (pixels of the file); empty where none are given."""
        return borders_from(self.borders_px)

    @property
    def middle_px(self) -> float | None:
        """Row halfway down the frame; None where it has no upper and lower edge."""
        return None if self.top_px is None or self.bottom_px is None else (self.top_px + self.bottom_px) / 2


def borders_from(text: str | None) -> tuple[float, ...]:
    """Read the borders of lanes from a cell such as ``32 75 118``; raise ValueError if it holds no numbers."""
    return tuple(float(word) for word in (text or "").replace(";", " ").split())


@dataclass(frozen=True)
class Drawn:
    """What a person drew: boxes around bands, rows of bands, and the frame of the lanes."""

    boxes: list[Box] = field(default_factory=list)
    rows: list[GivenRow] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)

    def of_view(self, image: str, membrane: str, targets: list[str], extent: tuple[int, int] | None) -> "Drawn":
        """Return what was drawn for one membrane on one picture.

        Parameters
        ----------
        image, membrane : str
            The picture and the membrane.
        targets : list of str
            The proteins that the view shows.
        extent : (int, int) or None
            First row of the membrane in the file and the row after its last, where several membranes share the picture
            and what names no membrane belongs to the one it lies in; None where the membrane has the picture alone.
        """

        def here(one: Box | GivenRow | Frame, middle: float | None) -> bool:
            if one.image != image:
                return False
            if one.membrane:
                return one.membrane == membrane
            return extent is None or middle is None or extent[0] <= middle < extent[1]

        boxes = [box for box in self.boxes if here(box, box.y_px + box.height_px / 2) and box.target in targets]
        rows = [row for row in self.rows if here(row, (row.top_px + row.bottom_px) / 2) and row.target in targets]
        frames = [frame for frame in self.frames if here(frame, frame.middle_px)]
        # What names its membrane, as the review page writes it, counts before what does not.
        return Drawn(
            sorted(boxes, key=lambda box: box.membrane is not None),
            sorted(rows, key=lambda row: row.membrane is not None),
            sorted(frames, key=lambda frame: frame.membrane is None),
        )


@dataclass(frozen=True)
class TruthRow:
    """One row of the table ``western_blot_truth``: a band to draw; ``volume`` in counts."""

    image: str
    lane: int
    target: str
    volume: float
