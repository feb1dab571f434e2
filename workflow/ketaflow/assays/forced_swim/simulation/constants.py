"""Constants of the simulated swims. Sizes, rates and angles are plausible for a mouse but unverified."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Gait:
    """How a mouse moves in one state; lengths in body lengths.

    Attributes
    ----------
    strokes_hz, stroke_rad : float
        Rate and amplitude of the limbs.
    pitch_rad : float
        Angle of the trunk, nose up.
    speed_per_s : float
        Speed along the wall (body lengths/s).
    rise : float
        Height of the trunk's middle above its floating position.
    """

    strokes_hz: float
    stroke_rad: float
    pitch_rad: float
    speed_per_s: float
    rise: float


@dataclass(frozen=True)
class Habits:
    """How a rater scores.

    Attributes
    ----------
    delay_s, jitter_s : float
        Mean delay and standard deviation of each key press.
    min_bout_s : float
        Shorter bouts go unnoticed.
    """

    delay_s: float
    jitter_s: float
    min_bout_s: float


# simulated_mouse

# Mice paddle at about 3 to 6 Hz (read off laboratories' recordings by eye; unverified).
GAITS = {
    "immobility": Gait(strokes_hz=0.0, stroke_rad=0.0, pitch_rad=0.28, speed_per_s=0.0, rise=0.0),
    "swimming": Gait(strokes_hz=3.6, stroke_rad=0.65, pitch_rad=0.2, speed_per_s=0.9, rise=0.02),
    "climbing": Gait(strokes_hz=4.6, stroke_rad=0.8, pitch_rad=1.3, speed_per_s=0.1, rise=0.1),
}
# Time a change of state takes (s).
TRANSITION_S = 0.25

# simulated_raters

# Two raters, their habits (s): they differ by some seconds of immobility per swim, as trained people do (Sturman 2020,
# doi:10.1038/s41386-020-0776-y). Unverified as a description of any person.
RATERS = {
    "ada": Habits(delay_s=0.3, jitter_s=0.3, min_bout_s=0.8),
    "ben": Habits(delay_s=0.6, jitter_s=0.4, min_bout_s=1.5),
}

# rendering

# Frames whose animals are drawn together.
CHUNK_FRAMES = 48
# Noise is drawn once, larger than a frame by this margin, and shifted from frame to frame (px).
NOISE_MARGIN_PX = 64
# Flicker of a lamp at twice the mains frequency, as a camera sees it (Hz).
FLICKER_HZ = 100.07
BLACK_LEVEL = 16
HAND_LEVEL = 120
# Time from the hand's entry to the release, and to its exit (s).
HAND_S = 1.0

# encoding

# Bit rate of encoders other than H.264 (bit/s), and frames between key frames.
VIDEO_BIT_RATE = 2_000_000
GOP_FRAMES = 50

# demonstration cohort

# Release of the first animal, delay of each further one, length of a swim, and rest of the video (s).
RELEASE_S = 4.0
RELEASE_STEP_S = 2.0
SWIM_S = 360.0
TAIL_S = 2.0
CYLINDERS = 4
HOURS_AFTER_DOSE = 24
# Every so-many-th swim is scored by people.
RATED_EVERY = 3  # count
# Immobility in the last four minutes: of vehicle animals, its largest fall, the dose of half the fall (mg/kg), its
# standard deviation, and its limits (s). A fall of 39 % at 20 mg/kg, of the size that is used to plan studies.
VEHICLE_IMMOBILITY_S = 165
MAX_FALL_S = 90
HALF_DOSE_MG_PER_KG = 8
IMMOBILITY_SD_S = 20
MIN_IMMOBILITY_S = 30
MAX_IMMOBILITY_S = 220
