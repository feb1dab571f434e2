"""Constants of the assay that are no settings, each with its unit and its source.

What a user may want to change is a setting (``settings.schema.yaml``). Here are properties of the solutions, of the
devices' file formats, and of the drawn demonstration data.
"""

# Solutions ------------------------------------------------------------------------------------------------------------
WATER = "water"
SUCROSE = "sucrose"
# Solutions used in two-bottle tests. Any other name needs a concentration to be accepted.
SOLUTIONS = frozenset(
    (
        "sucrose", "water", "saccharin", "glucose", "fructose", "sucralose", "maltodextrin", "lactose", "trehalose",
        "quinine", "ethanol", "saline", "nacl", "intralipid", "denatonium", "milk", "casein", "malt", "polycose",
        "aspartame", "acesulfame", "citric_acid", "monosodium_glutamate",
    )
)  # fmt: skip
# Entries that leave the content open, even with a concentration.
UNNAMED_CONTENTS = frozenset(
    (
        "?", "??", "unknown", "unclear", "other", "solution", "solutions", "bottle", "mixed", "mix", "tbd", "test", "x",
        "a", "b", "1", "2",
    )
)  # fmt: skip
# Similarity (difflib ratio, 0 to 1) from which an unknown content is taken for a misspelt sucrose or water.
MISSPELT_CONTENT_RATIO = 0.8
# Density of water at 20 degrees Celsius (g/ml).
WATER_G_PER_ML = 0.9982
# Density of sucrose solutions at 20 degrees: linear and quadratic coefficient of the rise above water (g/ml per per
# cent by weight, and per square of it). Fitted to the CRC Handbook of Chemistry and Physics (1.0021, 1.0060, 1.0178
# and 1.0381 g/ml at 1, 2, 5 and 10 %); within 0.0002 g/ml up to 10 %.
SUCROSE_DENSITY_SLOPE = 0.00389
SUCROSE_DENSITY_CURVATURE = 1.0e-5
# Intake up to this multiple of the balance's precision gives no preference: both bottles are read with that error.
LEAST_INTAKE_PRECISIONS = 2

# Files ----------------------------------------------------------------------------------------------------------------
# Share of control characters from which a file is no text: half of the bytes of a binary file are, while a logger that
# lost power leaves a few hundred zero bytes in a text of 100 kB or more.
MOST_CONTROL_SHARE = 0.1
# Lines over which a quoted cell may go on; a quotation mark that is never closed ends after them.
MOST_LINES_OF_A_CELL = 3

# Bottle sheets --------------------------------------------------------------------------------------------------------
# Readings above this with a fraction were weighed, if the sheet names no unit: measuring cylinders of 100 ml and more
# are divided into whole millilitres (ISO 4788), and drinking tubes hold at most 50 ml.
BALANCE_FROM = 60.0
# A consumption written beside both readings may differ from theirs by this (in their unit): the rounding of each.
CONSUMED_TOLERANCE = 0.15  # g or ml
# A heading with more words is a remark.
MOST_HEADING_WORDS = 6
# Most rows of a sheet that is read with rows and columns exchanged: a long list is no such sheet.
MOST_TRANSPOSED_ROWS = 200

# Cages that weigh what is drunk ---------------------------------------------------------------------------------------
# Share of the bottle's time that the record has to cover without remark.
LEAST_COVERED_SHARE = 0.95
# A bottle that gains more than this at once (g or ml) was refilled or touched; scales drift by less.
REFILL_AMOUNT = 1.0
# Falls as a share of the rises of a series: below the first it is cumulative (a scale that drifts), above the second it
# holds amounts per interval, which return to zero. Between them it is refused.
CUMULATIVE_FALL_SHARE = 0.1
INTERVAL_FALL_SHARE = 0.5
# A first value of a cumulative series this many times larger than every later step was reached before the record; a
# smaller one was drunk in the first interval, when an animal that just got its bottles drinks most (factor). Tuned on
# drawn series.
FIRST_STEP_FACTOR = 3.0
# Fewest rows of a series that never falls.
LEAST_INTAKE_ROWS = 6

# Lickometer logs ------------------------------------------------------------------------------------------------------
# LIQ HD closes and writes a bout this long after its last lick (s): ``bout_cutoff`` of its firmware (Petersen et al.).
LIQ_HD_BOUT_PAUSE_S = 3.0
# Milliseconds in a second.
MS_PER_S = 1000
# The column format of Med Associates starts with this value, the version of the format.
MED_COLUMN_MARK = 0.3  # version
# Arrays A to Z of a Med Associates program; the lengths of all follow the mark.
MED_ARRAY_COUNT = 26
# Plain lists of lick times: the quantile of the intervals that shows the rhythm of licking, and the range it has to
# lie in (s). 2 to 20 Hz holds the 6 to 8 Hz of rats and mice (Davis and Smith 1992) and the 5 to 15 Hz of 17 public
# channels.
RHYTHM_QUANTILE = 0.25
RHYTHM_INTERVAL_S = (0.05, 0.5)
# Licks belong to trains if more intervals than by chance are within this factor of that quantile (one-sided binomial
# test; probability). In public channels 66 to 96 % are, of licks at random times 30 %.
TRAIN_FACTOR = 2.0
TRAIN_PROBABILITY = 0.01
# Intervals between licks shorter than this (s) at that quantile are no licks: 50 per second.
SHORTEST_INTERVAL_S = 0.02
# Lick times a channel must hold before its rhythm is used to find the unit.
UNIT_MIN_LICKS = 6
# Fewer licks with fractions are seconds if no interval is longer: milliseconds are logged as whole numbers, and
# intervals of less than 10 ms are no licks.
SECONDS_BELOW = 10.0
# Rows at the top of a list of lick times that may hold a title, the animal and the date.
MOST_TITLE_ROWS = 20
# Rows that may be cut short in a list of lick times, as a share of all (at least one): more are no damage of a log.
MOST_BROKEN_SHARE = 0.05
# Different spouts that an event table may name; a column with more numbers is no spout.
MOST_SPOUTS = 64
# OHRBETS event codes of spout n: 30 + n lick, 330 + n lick while the valve is open, 80 + n end of lick; 0 end of the
# session.
OHRBETS_SPOUTS = range(1, 10)
OHRBETS_LICK = 30  # event code
OHRBETS_LICK_VALVE_OPEN = 330  # event code
OHRBETS_LICK_END = 80  # event code
OHRBETS_SESSION_END = 0  # event code
# Longest log (s): one year. Longer ones have a damaged time or a wrong unit.
LONGEST_LOG_S = 31_536_000.0
# Clock times that fall by more than this (s) have passed midnight.
MIDNIGHT_STEP_S = 43_200
# A log is written at fixed times if it has at least this many intervals (count), and if this share of them differs from
# the median by no more than this part of it (fractions). Tuned on the public Sipper logs.
REGULAR_MIN_INTERVALS = 10
REGULAR_SHARE = 0.6
REGULAR_TOLERANCE = 0.5
# An interval is a gap only if it is also longer than this many usual intervals.
GAP_INTERVALS = 3

# Licks ----------------------------------------------------------------------------------------------------------------
DAY_S = 86_400.0
HOUR_S = 3_600.0
MINUTE_S = 60
# Standard deviation of the Gaussian that smooths the density of intervals (ms): single milliseconds are noise even
# among 4,000 licks. Reproduces the modal rate that lickcalc gives for its example.
INTERVAL_SMOOTHING_MS = 5.0

# Cohort ---------------------------------------------------------------------------------------------------------------
# Standard deviation of a normal distribution in units of its median absolute deviation, 1/z(0.75), to the digits in use
# (Iglewicz and Hoaglin 1993).
MAD_TO_SD = 1.4826

# Figures --------------------------------------------------------------------------------------------------------------
# Points of a cumulative curve: more than the chart is wide (pixels).
CURVE_POINTS = 400
# Logs shorter than this are drawn with minutes on the axis (s).
SHORT_LOG_S = 7_200.0
# Widths of the bins of the preference chart (s): the first of which the log holds at least two.
PREFERENCE_BINS_S = (86_400.0, 14_400.0)
# Bins of that chart where the log is shorter than any of them allows.
PREFERENCE_BIN_COUNT = 6

# Least width of the chart of all sessions, and its growth with each session (px).
CHART_WIDTH_PX = 420
SESSION_WIDTH_PX = 90
# Most animals whose sessions are joined by lines: more lines hide each other.
MOST_LINES = 60

# Simulation -----------------------------------------------------------------------------------------------------------
# Mean preference of the vehicle arm (%), and the rise above it at each dose. Invented, of the size an experiment hopes
# to find.
VEHICLE_PREFERENCE_PCT = 70.0
DOSES_MG_PER_KG = (0, 5, 10, 20)
PREFERENCE_RISE_PCT = (0, 5, 10, 15)
# Standard deviation of preference between animals (points), and how far an animal's side habit moves it (points).
PREFERENCE_SD_PCT = 5.0
SIDE_HABIT_PCT = 3.0
# Bounds of an animal's preference (%).
LOWEST_PREFERENCE_PCT = 40
HIGHEST_PREFERENCE_PCT = 97
# Daily intake per gram of body weight (g), and its relative standard deviation from day to day.
DAILY_INTAKE_PER_G = 0.24
DAILY_INTAKE_SD = 0.1
# Loss of a leak-control bottle (g/day): 0.1 ml in well-made tubes (Tordoff).
CONTROL_LOSS_G = 0.10
# What the leaking bottle loses besides (g).
LEAK_G = 24.0
# Weight of a full bottle, and the spread of it to either side (g).
FULL_BOTTLE_G = 150
FULL_BOTTLE_SPREAD_G = 3
# Weight of a full leak-control bottle (g).
CONTROL_BOTTLE_G = 151.0
# Every how many animals one is recorded with a lickometer.
LOG_EVERY = 4  # count
# Every how many animals one is recorded with a lickometer that times every lick.
TIMED_EVERY = 2  # count
# Mean licks of a burst at sucrose and at water, the rise at sucrose with each dose, and the standard deviation between
# animals. Invented, of the size of published bursts of mice.
SUCROSE_BURST_LICKS = 14.0
WATER_BURST_LICKS = 7.0
BURST_RISE_LICKS = (0, 2, 4, 6)
BURST_SD_LICKS = 1.5
# Interval of licks within a burst and length of a lick with their standard deviations, and the shortest pause between
# bursts (s): 7 licks per second.
LICK_INTERVAL_S = 0.14
LICK_INTERVAL_SD_S = 0.015
LICK_S = 0.06
LICK_SD_S = 0.01
LEAST_PAUSE_S = 1.0
# Length of a drawn log (h) and interval of its rows (s).
LOG_HOURS = 12
LOG_ROW_S = 60
# Licks per hour at both spouts, and contact per lick (s).
LICKS_PER_H = 60.0
LICK_CONTACT_S = 0.12
# Contact that the stuck sensor adds to each row (s).
STUCK_CONTACT_S = 40.0
# Voltage of the logger's battery at the start (V), and its fall with each row (V).
BATTERY_V = 4.1
BATTERY_FALL_V = 0.0002
