"""Data of the western blot assay: rows of its tables, its settings, and what each stage hands to the next.

``ingest`` makes a ``Blot`` of the pictures of one membrane (or of those that share a picture), ``quantify`` a
``Measured`` of each ``Blot``. Rows are the direction of migration and count from the top of the picture, where the
wells are; columns count from its left edge. The fields of a settings class are the keys of its block in
``settings.schema.yaml``, where units, ranges and reasons are given.
"""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np

from ketaflow.core.results import Measurement, table

Role = Literal["target", "phospho", "total", "loading_control", "total_protein"]
Sample = Literal["animal", "ladder", "pool", "dilution", "blank"]
Polarity = Literal["bright", "dark"]
# Where a background was read: below the lane's own profile, or in the gaps beside the lane.
BackgroundMethod = Literal["lane", "gap"]
# How a box came about: around a band that was found, where the band should be, or drawn by a person.
BoxOrigin = Literal["found", "expected", "given"]

CONTROL_ROLES: tuple[Role, ...] = ("loading_control", "total_protein")


# Rows of the cohort tables.


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


# Settings.


@dataclass(frozen=True)
class IngestSettings:
    """Settings of ``ingest``."""

    polarity: Literal["auto", "bright", "dark"]
    unsure_polarity: float


@dataclass(frozen=True)
class QuantifySettings:
    """Settings of ``quantify``."""

    lane_margin: float
    lane_filled: float
    lane_outside: float
    background: Literal["auto", "lane", "gap"]
    background_length_pct: float
    min_snr: float
    min_share: float
    clear_share: float
    clear_contrast: float
    clear_snr: float
    foot: float
    max_slope: float
    ladder_kda: tuple[float, ...]
    kda_tolerance_pct: float
    detection_snr: float
    saturated_limit_pct: float
    specks_limit_pct: float
    background_error_limit_pct: float


@dataclass(frozen=True)
class QcSettings:
    """Settings of ``qc``."""

    background_difference_pct: float
    loading_cv_pct: float
    pool_cv_pct: float
    mass_off_pct: float
    twin_correlation: float
    splice_score: float
    jpeg_score: float
    least_snr: float
    histogram_gaps_pct: float
    transfer_change_pct: float
    background_change_pct: float


@dataclass(frozen=True)
class CohortSettings:
    """Settings of ``summarise``."""

    likeness_correlation: float
    likeness_score: float


# What ``ingest`` produces.


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
        Largest value after square-root coding was undone (counts); None where there is no such coding.
    """

    format: str
    bits: int
    lossy: bool = False
    colour: bool = False
    white_is_zero: bool = False
    full_scale: float | None = None


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

    @property
    def masses_kda(self) -> dict[str, float | None]:
        """Expected mass of each target (kDa), None where it is unknown."""
        return {target.target: target.kda for target in self.targets}


# What ``quantify`` produces.


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
        """Return the whole pixels by which the grid lies further right at these rows than at its middle row."""
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
    """

    rows: np.ndarray
    kda: np.ndarray
    spread_pct: float


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

    def holds(self, sample: Sample) -> np.ndarray:
        """Return which lanes hold this kind of sample, (n_lanes,) bool."""
        return np.array([lane.sample == sample for lane in self.lanes], bool)


@dataclass(frozen=True)
class Profiles:
    """Mean signal of every lane of a view along its rows, over the backgrounds below it.

    Attributes
    ----------
    signal, background, other_background : (n_lanes, n_rows) float32
        Profile, the background its bands were measured over, and the other estimate of the background (counts).
    methods : list of {"lane", "gap"}
        Where the background of each lane was read.
    shifts : list of float
        Rows by which each lane lies lower than the middle of the membrane.
    """

    signal: np.ndarray
    background: np.ndarray
    other_background: np.ndarray
    methods: list[BackgroundMethod]
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
    """

    view: View
    chosen: dict[str, str]
    lost: list[str]
    profiles: Profiles | None
    ladder: Ladder | None
    beyond_ladder: list[str]


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
    volume_other_background : float
        Volume over the other estimate of the background (counts).
    specks_pct : float
        Share of the box covered by dust, a scratch or a bubble (%).
    background_error_pct : float
        How far the background may be off: two standard errors (% of the volume).
    dilution_ug : float
        Load of the dilution lanes that gives this volume (micrograms).
    background_method : {"lane", "gap"}
        Where the background was read.
    box : {"found", "expected", "given"}
        Around a band that was found, where it should be, or as a person drew it.
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
    volume_other_background: float
    specks_pct: float
    background_error_pct: float
    dilution_ug: float
    background_method: BackgroundMethod
    box: BoxOrigin


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
