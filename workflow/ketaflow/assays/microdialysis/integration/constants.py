"""Constants of the integration.

Lengths are in widths of the trace's peaks at half height. Heights and slopes are in multiples of the noise, or of the
ripple (noise, or slower fluctuation where that is larger), or a fraction of a peak. Unless a source is given they were
tuned on the drawn traces of ``benchmarks/microdialysis.py`` and on exports with the vendor's own areas.
"""

# Smoothing and noise (preprocessing)

# Standard deviation of the kernel that smooths a trace (widths).
SMOOTHING_WIDTHS = 0.1
# The same for the position and depth of valleys (widths): more would fill and shift a narrow one.
LIGHT_SMOOTHING_WIDTHS = 0.04
# Length over which ripple is measured (widths).
RIPPLE_WIDTHS = 3.0

# Widths of peaks (preprocessing)

# The typical width is that of at most so many peaks.
WIDTH_PEAKS = 10
# Peaks that are lower than this fraction of the trace's range do not count for the typical width.
WIDTH_PEAK_FRACTION = 0.005
# Nor do those lower than this many times the noise.
WIDTH_PEAK_NOISES = 6.0
# Two or three touching peaks together are no wider than this many times one of them; a wider one is a bow.
BOW_WIDTH_FACTOR = 4.0

# Slow drift (drift)

# A window is straight where it bends no more than this many standard errors beyond the median bend.
DRIFT_STRAIGHT_ERRORS = 3.0
# A maximum is visible if it rises by this many times the noise.
DRIFT_VISIBLE_NOISES = 6.0
# Degrees of the polynomial that are tried, the lowest first.
DRIFT_DEGREES = (2, 3, 4)
# A curve must meet this many more bare stretches than its degree.
DRIFT_SPARE_STRETCHES = 2
# Unless the bare stretches are more than this fraction of the trace.
DRIFT_BARE_FRACTION = 0.4
# Windows further from the curve than this many times the noise are feet and tails of peaks, and are left out.
DRIFT_NEAR_NOISES = 2.0
# Least fraction of the windows that must remain.
DRIFT_KEPT_FRACTION = 0.7
# Longest part of the run without a window (fraction of the run).
DRIFT_GAP_FRACTION = 0.4
# Rounds of fitting and leaving out.
DRIFT_ROUNDS = 6
# A curve that bows by less than this many times the ripple is as good as straight.
DRIFT_BOW_RIPPLES = 5.0

# Bare places of the baseline (baseline)

# A place is straight, or level, where it bends, or rises, by less than this many of its standard errors.
BARE_ERRORS = 3.0
# Or by less than this fraction of the tallest peak nearby.
BARE_FRACTION = 0.0005
# Reach of "nearby" (widths).
NEARBY_WIDTHS = 6.0
# A maximum that rises by less than this many times the ripple hides no baseline.
VISIBLE_RIPPLES = 6.0
# A level place higher above the line through the others than this fraction of the lower neighbouring peak is a saddle.
SADDLE_FRACTION = 0.03
# But a place this low is no saddle (times the ripple).
SADDLE_RIPPLES = 4.0
# A straight place of this length is baseline at any slope (widths).
LONG_WIDTHS = 2.0
# Up to this height (fraction of the lower neighbouring peak).
SLOPING_FRACTION = 0.35
# A shorter one, of at least this length (widths), is baseline if it is gentle.
GENTLE_WIDTHS = 0.5
# Gentle: it rises over one width by no more than this fraction of the lower neighbouring peak.
GENTLE_FRACTION = 0.02
# A calm stretch of this length is baseline at any height (widths).
CALM_WIDTHS = 4.0
# Calm: it scatters about a parabola by no more than this many times the ripple.
CALM_RIPPLES = 1.3
# And rises and bends by no more than this many times the ripple.
CALM_CHANGE_RIPPLES = 2.0
# A place beside peaks is level over so many widths of the wider neighbour ...
LEVEL_WIDTHS = 3.0
# ... if it rises by less than this fraction of the lower neighbour, and scatters by less than half of it.
LEVEL_FRACTION = 0.04
# Maxima lower than this fraction of the lower neighbour do not count within the stretch.
BUMP_FRACTION = 0.1
# But they may not cover more than half of it.
LEVEL_COVERED = 0.5  # fraction
# Level places keep this distance from every visible maximum (its widths), where a Gaussian is at 0.001 % of its height.
CLEAR_WIDTHS = 2.0
# A level place beside a peak is searched in so many steps of a quarter of its width.
BESIDE_STEPS = 12
# Distance of both feet from the maximum (widths at half height) from which the signal left is not the peak's own: a
# Gaussian has 6 % of its height there. Compared with 1.2 and 1.5 on drawn humps.
HUMP_WIDTHS = 1.0
# Rounds in which the line is found again: drift counts as straight once the line is subtracted.
LINE_ROUNDS = 3
# The line is settled when it moves by less than this many times the ripple.
SETTLED_RIPPLES = 0.5
# A level place this many times the ripple above the line may be a clipped top.
TOP_RIPPLES = 100.0
# If it is this fraction of the highest point of the trace: a plateau beside taller peaks is baseline.
TOP_FRACTION = 0.5
# The tail of a peak is this many times as long as the way to a twentieth of its height.
TAIL_REACH = 2
# That twentieth (fraction of the height).
TAIL_LEVEL = 0.05
# Least fraction of a bare stretch that the tails leave to the line.
TAIL_KEPT_FRACTION = 0.25
# Samples per width from which the line is searched in means of several samples.
LINE_WIDTH_POINTS = 16
# The line bends down where the trace passes under it by this many times the ripple.
UNDER_RIPPLES = 3.0
# But not into a negative peak, beside which the trace keeps to the line within this fraction of the peak's depth.
BESIDE_FRACTION = 0.3

# Negative peaks (negative_peaks)

# Least depth of a negative peak (times the ripple).
DIP_RIPPLES = 20.0
# Reach within which the trace is level on both sides (widths).
DIP_REACH_WIDTHS = 6.0
# Level: within this fraction of the depth.
DIP_LEVEL_FRACTION = 0.1
# The two levels differ by less than this fraction of the depth.
DIP_UNEVEN_FRACTION = 0.5
# Beside a peak this many times taller than the dip is deep, the dip is the void.
VOID_HEIGHT_FACTOR = 2.0
# If it is deeper than this fraction of the trace's range.
VOID_DEPTH_FRACTION = 0.02
# A void lies below the lower quartile by this many times the distance from there to the 5th percentile.
VOID_QUARTILE_FACTOR = 4.0
# And this close to a peak taller than it is deep (widths).
VOID_REACH_WIDTHS = 3.0
# The climb out of it ends where the signal changes over one width by less than this fraction of the depth.
VOID_RISE_FRACTION = 0.02

# Limits of peaks (peak_bounds)

# A peak ends where it has fallen to this fraction of its height, or to the noise.
END_FRACTION = 0.001
# Then follows a foot of at most this length (widths): without it the smallest peaks lose some hundredths of their area.
FOOT_WIDTHS = 0.5
# A shoulder is where the fall slackens by this many times the noise over one width.
SHOULDER_NOISES = 20.0
# And by this fraction of the peak.
SHOULDER_TURN_FRACTION = 0.02
# Until the fall over one width is less than this fraction of the height there (two exports with the vendor's limits).
SHOULDER_LEVEL_FRACTION = 0.025
# Standard deviation of the kernel before the slope is taken (widths).
SLOPE_SMOOTHING_WIDTHS = 1 / 6
# A peak on the tail of one this many times as tall is skimmed (tangent_skim).
SKIM_HEIGHT_FACTOR = 10.0

# Peaks (peaks)

# Standard deviation of the kernel before the curvature is taken (widths).
CURVATURE_SMOOTHING_WIDTHS = 0.125
# A clipped top has at least this many samples near the highest value.
CLIPPED_POINTS = 5
# Near: within this fraction of the peak's range.
CLIPPED_FRACTION = 0.01
# And at least this share of the samples above half height; a Gaussian has 12 %.
CLIPPED_SHARE = 0.35
# A peak that ends this close to an end of the run, and has not come down, is cut by it (times its own width).
CUT_WIDTHS = 2.0

# Separation of overlapping peaks (deconvolution)

# A valley higher than this fraction of the smaller peak is an overlap.
OVERLAP_FRACTION = 0.05
# The same in groups of more than MAX_FITTED_PEAKS.
CROWDED_OVERLAP_FRACTION = 0.35
# Peaks that are fitted together at most.
MAX_FITTED_PEAKS = 4
# A fit is accepted if its residual is below this fraction of the smallest peak, or twice the noise.
ACCEPTED_RESIDUAL_FRACTION = 0.005
# Samples per peak that the fit uses.
FITTED_PEAK_POINTS = 30
# A turn of curvature this strong (fraction of the strongest one) may be a hidden peak.
HIDDEN_CURVATURE_FRACTION = 0.15
# If the trace there is this many times the noise.
HIDDEN_NOISES = 30.0
# A fitted hidden peak smaller than this fraction of the group's area is not accepted.
HIDDEN_AREA_FRACTION = 0.1
# Shape of a peak that hides an analyte which no fitted shape separates from it.
NOT_SEPARATED = "not separated"
# Standard deviation of the distance between two known retentions (typical widths): they are given to about 0.01 min.
SEEDED_APART_WIDTHS = 0.025
# The same for the shift of the run that is left once that of the other analytes is removed (typical widths); it is one
# width where there is no other analyte.
SEEDED_SHIFT_WIDTHS = 0.25
# Neighbouring peaks have nearly the same plate number, so that their widths differ little (standard deviation of the
# logarithm) ...
NEIGHBOUR_WIDTH_LOG_SD = 0.2
# ... and so do their forms (fraction of the form, which counts as LEAST_FORM at least).
NEIGHBOUR_FORM_SD = 0.3
LEAST_FORM = 0.1
# Standard errors on each side of an area in its 95 % interval.
INTERVAL_SDS = 1.96
# Widths (logarithm) and forms (fraction) of a peak differ by this much from injection to injection of a series.
SERIES_WIDTH_LOG_SD = 0.02
SERIES_FORM_SD = 0.05
# Forms from which such a fit starts (dimensionless).
SEEDED_FORMS = {"emg": (0.3, 1.0), "skew_normal": (0.5,)}
# Fits further than this from the known values are rejected (standard deviations).
PRIOR_MISSED_SDS = 5.0
# Fits whose residual is less than this many times that of the best one are as good.
AS_GOOD_FACTOR = 1.2
# Peaks tail exponentially: the skew normal is taken where its residual is this much smaller.
SHAPE_PENALTY = {"skew_normal": 1.25}  # ratio
# Relative change at which such a fit ends, and its most steps.
SEEDED_GAIN = 1e-6
SEEDED_STEPS = 60
# Largest starting width of a peak that is fitted from a known retention (typical widths of the trace): the typical
# width is that of merged pairs as well.
SEEDED_WIDTHS = 0.7
# A first fit this many times worse than what is accepted ends the search.
HOPELESS_FACTOR = 2.0
# A fit whose residual is this many times the noise needs no better one.
WHITE_NOISES = 1.1
# Peaks with a form each must leave this much of the residual of peaks with one form: neighbours tail alike.
FREE_FORM_GAIN = 0.7  # ratio
# Most steps of a search.
MAX_STEPS = 20
# Relative gain at which it ends.
LEAST_STEP_GAIN = 2e-2  # fraction
# Widths may change by a factor of e to this power.
WIDTH_LOG_RANGE = 1.2
# Keeps the equations solvable where two shapes coincide, or one has left the stretch (fraction of the trace).
RIDGE = 1e-12
# Lowest argument of erfcx that does not overflow; the shape is zero there.
ERFCX_LOWEST = -25.0  # dimensionless
# Forms and points of the curve from which the maximum of a shape is read (count).
MODE_FORMS = 241
MODE_POINTS = 4001
