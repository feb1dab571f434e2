"""Constants of the comparison with people, by module.

Unless a source is given, a value was tuned on the simulated cohorts of
``benchmarks/forced_swim_people.py``.
"""

# human_scores

# Longest name of a rater (characters), as for all names in a cohort.
MAX_NAME_LENGTH = 64

# agreement

# Number of standard deviations that hold 95 % of normally distributed values, as Bland and Altman (1986) write it.
SD_95 = 1.96
# Fewer recordings than this give no correlation and no limits.
MIN_RECORDINGS = 3
# Added where a variance may be 0.
TINY = 1e-12  # variance, any unit

# comparison

# A total belongs to the scoring window if the time it covers differs from it by at most this (s): programs that decide
# once a second leave out a part of one.
WINDOW_TOLERANCE_S = 1.5
# Names of programs among the scorers: thresholds are fitted to people alone.
PROGRAMS = ("ANY-maze", "DBscorer", "ezTrack", "EthoVision")

# rater_checks

# A rater whose seconds correlate less than the first with the others', although these correlate more than the second
# among themselves, does not fit. Chosen on the labels of Sturman 2020 (doi:10.1038/s41386-020-0776-y), where the odd
# rater has -0.5 and the others 0.9.
ODD_CORRELATION = 0.3
AGREEING_CORRELATION = 0.6
# Fewer recordings than this give no correlation worth testing.
MIN_CORRELATED = 4
# Fewer recordings than this give no bias of the automatic scores.
MIN_BIAS_RECORDINGS = 3
# Scores that fit another recording: kappa there, and its gain over the own recording, must exceed these. Chosen with
# the next on 25 simulated cohorts (benchmarks/forced_swim_people.py).
SWAPPED_KAPPA = 0.4
SWAPPED_GAIN = 0.3  # difference of kappa
# The same where two recordings fit each other's place: without it, 15 instead of 23 of these confusions are named.
MUTUAL_KAPPA = 0.2
MUTUAL_GAIN = 0.15
# Time shifts are tried up to the first, in steps of the second (s). One of at least the third is reported if it raises
# kappa by the fourth to more than the fifth: among so many shifts chance finds one that fits a little.
MAX_SHIFT_S = 60.0
SHIFT_STEP_S = 0.5
MIN_SHIFT_S = 2.0
SHIFT_GAIN = 0.15
SHIFT_KAPPA = 0.4
# A total further from the others than the limits between people times this looks like that of another recording.
OUTLYING_FACTOR = 2
# Recordings that are named as farthest apart.
NAMED_RECORDINGS = 2

# threshold_fitting

# Settings whose loss is within this factor and this many seconds of the smallest are as good. Tuned on simulated
# raters.
AS_GOOD_FACTOR = 1.05
AS_GOOD_S = 0.1

# calibrate

# Steps in which the limit of EthoVision's mobility is searched (percentage points).
LIMIT_GRID_PCT = 0.25
# Thresholds that differ by less are the same (fraction).
SAME_RATIO = 1e-9
