"""Constants of the score files, by module.

Unless a source is given, a value was chosen on real exports of the programs.
"""

# behaviours

# No heading is longer (characters).
MAX_HEADING_LENGTH = 120

# event_logs

# An event may lie this much before the video begins (s): times are rounded, and keys pressed early.
EARLY_TOLERANCE_S = 0.05
# Frame rates from here on are mistakes (frames/s).
MAX_FPS = 1000

# key_logs

# JWatcher writes milliseconds.
MS_PER_S = 1000

# anymaze

# Rows above the headings of an export: titles of the report.
MAX_ROWS_ABOVE = 20

# dbscorer

# DBscorer decides once a second (s).
DBSCORER_STEP_S = 1.0

# tally_sheets

# Fewer intervals than this are no tally sheet.
MIN_INTERVALS = 6
# Shortest interval that a person can score by hand (s).
MIN_SAMPLE_S = 1.0
# Times that differ by less are equal (s).
SAME_TIME_S = 1e-3
# A label this far after a full minute, if it equals the interval, is the end of the first interval (s).
MINUTE_S = 60
