"""Membranes on pictures: where the lanes are, their profiles, and the ladder."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from ketaflow.assays.western_blot.model.table_rows import Lane, Sample, Target

# Where a background was read: around the box, below the lane's own profile, or in the gaps beside the lane.
BackgroundMethod = Literal["border", "lane", "gap"]


@dataclass(frozen=True)
class LaneGrid:
    """Where the lanes of one membrane lie, in pixels of the file.

    At row ``y`` of the membrane every lane lies ``lean * (y - middle)`` columns further right than at row ``middle``.

    Attributes
    ----------
    centres : (n_lanes,) float
        Columns of the lanes' centres at row ``middle``.
    borders : (n_lanes, 2) float
        Columns of the left and right border of each lane at row ``middle``.
    lean : float
        Columns per row by which the lanes lean to the right.
    middle : float
        Row of the membrane to which ``centres`` and ``borders`` refer.
    pitch : float
        Distance from one well to the next.
    margin : float
        How much better this grid fits than the next best one (lanes).
    filled : float
        Fraction of the lanes expected to hold a signal that do.
    outside : float
        Strongest lane that the lane map does not list, as a fraction of the weakest lane that it lists.
    doubt : str
        What else speaks against the grid; empty if nothing does.
    """

    centres: np.ndarray
    borders: np.ndarray
    lean: float
    middle: float
    pitch: float
    margin: float
    filled: float
    outside: float
    doubt: str

    def shift(self, rows: np.ndarray) -> np.ndarray:
        """Whole pixels by which the leaning grid lies further right than at its middle row.

        Parameters
        ----------
        rows : (n,) array
            Rows of the file.

        Returns
        -------
        (n,) int
            Shift at each row (pixels); negative to the left.
        """
        return np.rint(self.lean * (np.asarray(rows) - self.middle)).astype(int)


@dataclass(frozen=True)
class Ladder:
    """Bands of the ladder with their masses.

    Attributes
    ----------
    rows : (n_bands,) float
        Rows of the bands, ascending, with the displacement of the ladder's lane taken out.
    kda : (n_bands,) float
        Their masses (kDa), descending.
    spread_pct : float
        How far the bands lie from a smooth line through them (% of mass).
    product : str
        The product that fits best, where nobody named the ladder; empty if its masses were given.
    alternatives : tuple of str
        Other products that fit as well.
    """

    rows: np.ndarray
    kda: np.ndarray
    spread_pct: float
    product: str = ""
    alternatives: tuple[str, ...] = ()

    @property
    def doubt(self) -> str:
        """Why masses read off the ladder are doubtful; empty if its masses were given."""
        if not self.product:
            return ""
        if self.alternatives:
            return f"the ladder is not named and fits {', '.join((self.product, *self.alternatives))}: enter ladder_kda"
        return f"the ladder is not named and was taken for {self.product}: confirm it in ladder_kda"


@dataclass(frozen=True)
class View:
    """One membrane on one channel of one picture: its place, what it shows, and its lanes.

    Attributes
    ----------
    top, bottom : int
        First row of the membrane in the file, and the row after its last.
    picture_shape : tuple of int
        Rows and columns of the whole picture.
    lanes : list of Lane
        The lane map, from left to right, without gaps.
    targets : list of Target
        The proteins this view shows.
    grid : LaneGrid or None
        Where the lanes are; None where that is not certain.
    refusal : str
        Why the lanes of this picture are not certain; empty if they are.
    borrowed : bool
        Whether the grid was taken from another picture of the membrane.
    proposed : LaneGrid or None
        The lanes that fit best where they are not certain. Nothing is measured in them.
    lanes_given : {"", "frame", "rows"}
        Whether a person gave the frame of the lanes, or the row of bands from which they were found.
    lanes_given_by : str
        Who gave it.
    """

    image: str
    channel: str | None
    membrane: str
    top: int
    bottom: int
    picture_shape: tuple[int, int]
    lanes: list[Lane]
    targets: list[Target]
    grid: LaneGrid | None = None
    refusal: str = ""
    borrowed: bool = False
    proposed: LaneGrid | None = None
    lanes_given: Literal["", "frame", "rows"] = ""
    lanes_given_by: str = ""

    def holds(self, sample: Sample) -> np.ndarray:
        """Which lanes hold one kind of sample.

        Parameters
        ----------
        sample : Sample
            The kind of sample.

        Returns
        -------
        (n_lanes,) bool
            True for the lanes that hold it.
        """
        return np.array([lane.sample == sample for lane in self.lanes], bool)


@dataclass(frozen=True)
class Profiles:
    """Mean signal of every lane of a view along its rows, over the backgrounds below it.

    Attributes
    ----------
    signal, background, other_background : (n_lanes, n_rows) float32
        Profile, the background over which its bands were found, and the other baseline (below the lane, or below the
        gaps beside it; counts).
    shifts : list of float
        Rows by which each lane lies lower than the middle of the membrane.
    """

    signal: np.ndarray
    background: np.ndarray
    other_background: np.ndarray
    shifts: list[float]


@dataclass(frozen=True)
class ViewSummary:
    """What the checks and figures need to know of a measured view.

    Attributes
    ----------
    chosen : dict of str to str
        How the row of bands of each target was chosen.
    lost : list of str
        Targets for which no row of bands was found.
    profiles : Profiles or None
        None where the lanes were not found.
    ladder : Ladder or None
        None where no ladder could be read.
    beyond_ladder : list of str
        Targets whose expected mass lies outside the ladder.
    rows_given_by : dict of str to str
        Who gave the row of a target, for each target whose row was given.
    """

    view: View
    chosen: dict[str, str]
    lost: list[str]
    profiles: Profiles | None
    ladder: Ladder | None
    beyond_ladder: list[str]
    rows_given_by: dict[str, str] = field(default_factory=dict)
