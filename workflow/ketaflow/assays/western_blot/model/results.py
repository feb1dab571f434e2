"""What ``quantify`` measures and publishes: bands, dilution lanes, targets, fingerprints of lanes."""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from ketaflow.assays.western_blot.model.membranes import BackgroundMethod, View, ViewSummary
from ketaflow.assays.western_blot.model.table_rows import Role
from ketaflow.core.results import Measurement, table

# How a box came about: around a band that was found, where the band should be, or drawn by a person.
BoxOrigin = Literal["found", "expected", "given"]


@dataclass(frozen=True)
class BoxVolume:
    """Signal of a box.

    Attributes
    ----------
    net, background : float
        Signal less background, and the background, summed over the box (counts).
    uncertainty : float
        Root sum of squares of the largest difference between the admissible backgrounds, of the largest change if the
        box is drawn 10 % larger or smaller, and of two standard errors from the noise of the pixels (counts).
    method : {"border", "gap", "lane"}
        Where the background was read.
    """

    net: float
    background: float
    uncertainty: float
    method: BackgroundMethod


@dataclass(frozen=True)
class Band:
    """One row of ``bands.csv``: a band, or the box of a target in a lane, in pixels of the file.

    Attributes
    ----------
    recording, image : str
        The picture.
    animal : str or None
        The animal of the lane.
    target : str or None
        The protein; None for a band that belongs to no target.
    volume : float
        Signal less background, summed over the box (counts).
    background : float
        The background that was subtracted (counts).
    snr : float
        Height of the band over the noise of the lane's profile.
    saturated_pct : float
        Share of the box at or above the saturation level (%).
    kda : float or None
        Mass at which the band runs, by the ladder.
    volume_uncertainty : float
        Root sum of squares of the largest difference between the admissible backgrounds, of the largest change of the
        volume if the box is drawn 10 % larger or smaller, and of two standard errors from pixel noise (counts).
    overlap_pct : float
        Signal at the box's upper or lower end, where it meets a neighbouring band, whichever is larger (% of the
        band's height).
    specks_pct : float
        Share of the box covered by dust, a scratch or a bubble (%).
    dilution_ug : float
        Load of the dilution lanes that gives this volume (micrograms).
    background_method : {"border", "lane", "gap"}
        Where the background was read: around the box, below the lane's profile, or in the gaps beside the lane.
    box : {"found", "expected", "given"}
        Around a band that was found, where it should be, or as a person drew it.
    given_by : str
        Who gave the box, the row of the target or the lanes; empty if nobody did.
    """

    recording: str
    animal: str | None
    image: str
    membrane: str
    channel: str | None
    lane: int
    target: str | None
    x_px: int
    y_px: int
    width_px: int
    height_px: int
    volume: float
    background: float
    snr: float
    saturated_pct: float
    kda: float | None
    volume_uncertainty: float
    overlap_pct: float
    specks_pct: float
    dilution_ug: float
    background_method: BackgroundMethod
    box: BoxOrigin
    given_by: str = ""

    @property
    def uncertainty_pct(self) -> float:
        """Uncertainty of the volume (%); NaN for a band without signal."""
        return 100.0 * self.volume_uncertainty / self.volume if self.volume > 0 else float("nan")


@dataclass(frozen=True)
class Dilution:
    """One row of ``dilutions.csv``: how the signal of a target follows the load of the dilution lanes.

    The fields from ``slope`` to ``bend`` are those of ``linear_range.Linearity``; ``lowest_volume`` and
    ``highest_volume`` (counts) bound the volumes within the linear range.
    """

    recording: str
    image: str
    membrane: str
    target: str
    slope: float
    intercept: float
    intercept_low: float
    intercept_high: float
    r2: float
    aicc_gain: float
    saturating: bool
    lowest_ug: float
    highest_ug: float
    linear_to_ug: float
    start: float
    bend: float
    through_zero: bool
    lowest_volume: float
    highest_volume: float


@dataclass(frozen=True)
class TargetSummary:
    """One row of ``targets.csv``: how a target of a picture was read.

    Attributes
    ----------
    expected_kda, seen_kda : float or None
        Expected mass, and median mass of the bands taken for the target (kDa).
    chosen_by : str or None
        How its row of bands was chosen.
    loading_controls, background_method : str
        Names joined by ``+``; empty where there is none.
    reference : str
        What values were divided by: ``pool`` or ``membrane mean``.
    lanes, animal_lanes, pool_lanes, ladder_lanes, dilution_lanes, animals : int
        How many the membrane has of each.
    superseded_by : str or None
        The picture whose exposure counts instead.
    boxes_drawn : int
        Boxes drawn by a person.
    picture_sha256 : str
        Fingerprint of the view's pixels.
    """

    recording: str
    image: str
    membrane: str
    channel: str | None
    target: str
    role: Role
    total_target: str | None
    repeat: str | None
    region: str | None
    expected_kda: float | None
    seen_kda: float | None
    chosen_by: str | None
    loading_controls: str
    reference: str
    background_method: str
    lanes: int
    animal_lanes: int
    pool_lanes: int
    ladder_lanes: int
    dilution_lanes: int
    animals: int
    superseded_by: str | None
    boxes_drawn: int
    bits: int
    format: str
    picture_sha256: str

    @property
    def view(self) -> "ViewKey":
        """The view that shows the target."""
        return ViewKey(self.image, self.membrane, self.channel or "")

    @property
    def sample_name(self) -> str:
        """Name of what lies below the animal: the membrane, with its repeat where the table has one."""
        return f"{self.membrane}_{self.repeat}" if self.repeat else self.membrane


class ViewKey(NamedTuple):
    """A view by its picture, membrane and channel (empty where the picture has one)."""

    image: str
    membrane: str
    channel: str


@dataclass(frozen=True)
class Fingerprint:
    """The fine structure of a lane's profile outside its bands, which no two lanes share.

    Attributes
    ----------
    rows : int
        Rows of the picture the lane comes from.
    anchor, second : float or None
        Rows of the strongest band, and of another nearly as strong, counted in ``fine``.
    fine : str
        Fine structure of up to 1024 rows as signed bytes in base64; 0: in a band, no information.
    """

    image: str
    membrane: str
    channel: str | None
    lane: int
    rows: int
    anchor: float
    second: float | None
    fine: str

    @property
    def view(self) -> ViewKey:
        """The view that shows the lane."""
        return ViewKey(self.image, self.membrane, self.channel or "")


@dataclass(frozen=True)
class Measured:
    """What ``quantify`` makes of a blot.

    Attributes
    ----------
    measurements, bands, dilutions, targets, fingerprints : list
        Published tables.
    views : list of ViewSummary
        For the checks and figures.
    """

    measurements: list[Measurement] = table()
    bands: list[Band] = table()
    dilutions: list[Dilution] = table()
    targets: list[TargetSummary] = table()
    fingerprints: list[Fingerprint] = table()
    views: list[ViewSummary] = field(default_factory=list)

    def bands_of(self, view: View) -> list[Band]:
        """Return the bands of one view."""
        key = (view.image, view.membrane, view.channel)
        return [band for band in self.bands if (band.image, band.membrane, band.channel) == key]
