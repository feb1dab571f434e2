"""Constants of the readers: what a chromatogram can be. Layouts of files and patterns of text are in the readers."""

# Fewer points are no chromatogram (a status message, a half-written header).
LEAST_POINTS = 20
# No detector gives such a value (counts, or any unit): it was damaged on the way. Eight-byte numbers of ChemStation
# that are larger throughout are four-byte ones, each after four other bytes.
SIGNAL_MAX = 1e18
# Rounding of the last time in an export, and of "Time Max." in its header (minutes).
END_ROUNDING_MIN = 0.1
# Times without a unit that reach further are seconds: HPLC runs last 1 to 180 min.
RUN_MAX_MIN = 180
# So are those with longer steps (minutes): detectors give at least one value every 3 s.
STEP_MAX_MIN = 0.05
# A run whose unit is minutes may last a day (minutes).
STATED_RUN_MAX_MIN = 1440
# A longer pause between two time stamps is an interruption (seconds).
STAMP_PAUSE_S = 60.0
# Lines in which the header of a file and the headings of a peak table are searched.
HEADING_LINES = 60
# A longer text is no heading (letters); the longest of the vendors' has 40.
HEADING_LETTERS = 200
# A container may not unpack to more (bytes): a run of hours at 100 Hz has 10 MB.
UNPACKED_MAX_BYTES = 1 << 30
# ChemStation: sampling intervals are exact to this fraction; times are whole milliseconds or four-byte floats.
INTERVAL_TOLERANCE = 2e-4
