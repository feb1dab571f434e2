"""Constants of the scoring, by module. "Tuned" means chosen on drawn videos (docs/assays/forced_swim.md)."""

# bouts

# Times that differ by less than this are the same (s).
SAME_TIME_S = 1e-9

# valley

# The distribution of the logarithm of activity is taken within this ratio of the threshold, in this step, and smoothed
# by a Gaussian of this standard deviation (natural logarithm): 10 % of activity.
VALLEY_RANGE = 12.0
VALLEY_STEP = 0.02
VALLEY_SMOOTHING = 0.1
# A valley is at most this frequent relative to the lower of the peaks on its sides (half of it), with at least this
# share of the frames on either side. Depths that differ by less than the last value are the same.
VALLEY_DEPTH = 0.5
MIN_VALLEY_SHARE = 0.02
SAME_DEPTH = 0.01

# states

# Motion that travel of one body length per second beyond drifting adds (fraction of the body per body length/s). Tuned.
TRAVEL_WEIGHT_S = 0.05
# Added before the logarithm: smaller motion cannot be distinguished from none (fraction of the body). Tuned.
MIN_MOTION = 0.003
# The end of a bout of immobility is searched this long before and after the crossing of the threshold (s). Tuned.
SEARCH_WINDOW_S = 1.0
# A stroke shows this much too early and too long, because a frame is compared with those before and after it (s).
STROKE_SPREAD_S = 0.09
# Motion between the threshold and the threshold times the hysteresis belongs to immobility that begins within this time
# (the body spins on, waves die away), or that ended within that time (the first stroke is sharp) (s). Tuned.
RUN_OUT_S = 1.0
SHARP_START_S = 0.3
# Posture, depth and speed are averaged over this time (s): of 0.4 and 0.8, tried on drawn videos, the shorter agreed
# better with the truth.
POSTURE_WINDOW_S = 0.4
# The posture of swimming is this percentile of the vertical extent of a mobile animal, so that one that climbs up to
# nine tenths of its mobile time is measured.
SWIMMING_POSTURE_PERCENTILE = 10
# A gap up to this long takes the state before it (s): one or two frames in which the animal was missed.
BRIDGED_GAP_S = 0.25

# measures

# Change of the threshold that shows how much immobility depends on it: a fraction of the threshold of activity, or
# percentage points of the limit of EthoVision's mobility; and in words.
THRESHOLD_STEP_FRACTION = 0.2
THRESHOLD_STEP = "20 %"
LIMIT_STEP_PCT = 1.0
LIMIT_STEP = "1 percentage point"

# flags

# Shorter darkness, or a shorter stretch of a hung camera, does not explain unscored time (s).
MIN_CAUSE_S = 1
# An animal last seen this long before the end of the window was removed early (s).
REMOVED_EARLY_S = 2

# pose_states

# Added to the speed of body parts before its logarithm (body lengths/s), so that repeated frames do not count as rest:
# half the speed that the jitter of positions gives in two public files of mice.
MIN_POSE_SPEED = 0.05
