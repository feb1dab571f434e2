"""Constants of the readers, by module."""

# video

# Frames read to see whether some can be left undecoded.
PROBED_FRAMES = 40
# Fewer frames than this do not tell.
MIN_PROBED_FRAMES = 10
# Largest interval that may remain between decoded frames, relative to the one requested. Tuned on drawn videos.
MAX_INTERVAL_RATIO = 1.3
# Interval between key frames that are decoded, where the file gives no duration (s).
KEY_FRAME_INTERVAL_S = 5.0
# At most this many key frames are kept, relative to the number requested.
MAX_KEY_FRAMES_RATIO = 4

# ethovision

# Longer intervals between samples are unscored (s): exports have 5 to 25 samples a second.
EXPORT_MAX_GAP_S = 0.5

# event_logs

# An event may lie this much before the video begins (s): times are rounded, and keys pressed early.
EARLY_TOLERANCE_S = 0.05
# Base of times written as hours:minutes:seconds.
SEXAGESIMAL = 60
# Frame rates from here on are mistakes (frames/s).
MAX_FPS = 1000
