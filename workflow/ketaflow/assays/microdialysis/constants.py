"""Constants of calibration, response, checks, figures, simulation; ``integration`` and ``readers`` have their own."""

# Calibration

# Integrated traces that are kept for the next animal of a batch: all animals have the standards in common.
KEPT_TRACES = 256
# Shape of a peak whose area a person set in the instrument's software.
BY_HAND = "by hand"
# Shape of a peak integrated between the limits of microdialysis_limits.
SET_LIMITS = "set limits"
# A line needs this many different concentrations; with fewer it goes through zero.
LEAST_LEVELS = 3
# LOD and LOQ in standard deviations of the response over the slope (ICH Q2(R1)).
LOD_SDS = 3.3
LOQ_SDS = 10
# Standards up to this many times the lowest one give the scatter at the low end of the line.
LOW_STANDARDS_FACTOR = 2
# The lowest standard must read back within this fraction (ICH M10).
LOQ_ERROR_FRACTION = 0.2
# The LOQ is at least the lowest standard over this factor.
LOQ_EXTRAPOLATION_FACTOR = 3
# Concentrations this close above the highest standard are within the range (a factor): rounding.
RANGE_ROUNDING_FACTOR = 1.0001
# Shape of a peak integrated between the same limits as in every other injection.
EQUAL_LIMITS = "equal limits"
# Equal limits are used if the standards then scatter about their line by less than this fraction of before.
EQUAL_LIMITS_GAIN = 0.7
# And scattered by at least this before (a fraction of the concentration): less needs no remedy.
EQUAL_LIMITS_SCATTER = 0.03
# Equal limits hold a peak if the trace has fallen to this fraction of its height at both, in every injection.
EQUAL_LIMITS_HEIGHT_FRACTION = 0.25
# A peak that ends higher than this fraction of its height is cut off from its neighbour (as OVERLAP_FRACTION).
CUT_FRACTION = 0.05
# A neighbour that rises above the shared limit by less than this fraction of its height is a shoulder.
SHOULDER_RISE_FRACTION = 0.05
# Peaks lower than this fraction of the median height have little weight when a run's shift is found.
SMALL_PEAK_FRACTION = 0.1
# Analytes whose shifts give the local shift of a retention.
LOCAL_SHIFT_ANALYTES = 3
# Among equally good shifts the smaller one is taken: the largest allowed shift costs this fraction of the tallest peak.
SHIFT_COST_FRACTION = 0.1

# Response

# A fraction may reach this far across the dose and still count as before or after it (minutes).
EDGE_MIN = 0.05
# An area is flagged if more of its window was interpolated (%): about half of a usual fraction in 120 min.
INTERPOLATED_MAX_PCT = 10.0
# Uncertainty of a gap (times the scatter of the baseline): a lost fraction would have scattered as the baseline does,
# and so do its neighbours, from which it is interpolated. Together with the difference between a cubic and a straight
# line this gives 95 % intervals that held 91 to 97 % of 160 drawn areas of each of six smooth courses, and 71 to 87 %
# where the only fraction at a sharp or late top was lost.
GAP_SCATTER_FACTOR = 1.5
# No-net-flux: fewer perfused concentrations do not show whether the loss follows a line.
LEAST_PERFUSED = 3  # count
# Confidence of the intervals of a no-net-flux line.
CONFIDENCE = 0.95  # probability

# Checks

# A drift of the baseline counts where chance gives such a slope with a lower probability.
TREND_P_MAX = 0.05
# A run shorter than this fraction of the animal's median run is flagged.
SHORT_RUN_FRACTION = 0.95
# The lowest standard may read back this much further off than the others (percentage points; ICH M10: 20 for 15 %).
LOWEST_STANDARD_EXTRA_PCT = 5
# Two files with this many peaks, all equal, are one file.
EQUAL_PEAKS = 3

# Figures

# Points drawn of a trace: more than its width in pixels, so that every spike is visible.
DRAWN_POINTS_MAX = 700
# Standards that read back further off than this are labelled with their error (%).
LABELLED_ERROR_PCT = 5.0

# Simulation: an OPA chromatogram as the demonstration draws it

# Retention (minutes), width (standard deviation, seconds), tail (seconds) and response (uV x s per uM).
SIMULATED_ANALYTES = {
    "glutamate": (3.10, 4.0, 2.0, 90_000.0),
    "glutamine": (4.60, 4.5, 2.2, 60_000.0),
    "gaba": (7.40, 5.5, 2.8, 120_000.0),
}
# What else it shows: retention (minutes) and area (uV x s).
SIMULATED_OTHERS = ((2.30, 260_000.0), (3.85, 150_000.0), (5.40, 420_000.0), (6.30, 310_000.0))
# Sampling interval (seconds) and length (minutes) of a run, and its noise (standard deviation, uV).
SIMULATED_STEP_S = 0.5
SIMULATED_LENGTH_MIN = 9.0
SIMULATED_NOISE_UV = 18.0
# Concentrations of the standards (uM).
SIMULATED_LEVELS_UM = (0.05, 0.2, 0.5, 2.0, 5.0, 10.0)
# Start and stop of ten fractions (minutes from the dose), flow (ul/min), and volume from the probe to the tube (ul).
SIMULATED_FRACTIONS_MIN = tuple((-80 + 20 * index, -60 + 20 * index) for index in range(10))
SIMULATED_FLOW_UL_PER_MIN = 1.5
SIMULATED_DEAD_VOLUME_UL = 9.0
# Mean concentrations in the dialysate before the dose (uM).
SIMULATED_BASELINE_UM = {"glutamate": 1.2, "glutamine": 4.0, "gaba": 0.25}
