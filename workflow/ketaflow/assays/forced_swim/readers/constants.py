"""Constants of the readers, by module.

Unless a source is given, a value was chosen on the exports and videos of
``tests/assays/forced_swim``.
"""

# video

# Bytes that FFmpeg is handed at a time; with 1 MiB, reading through Python costs -1 to 2 % of decoding.
READ_BUFFER_BYTES = 1 << 20
# Frames read to see whether some can be left undecoded.
PROBED_FRAMES = 24
# Fewer frames than this do not tell.
MIN_PROBED_FRAMES = 10
# Interval between key frames that are decoded, where the file gives no duration (s).
KEY_FRAME_INTERVAL_S = 5.0
# At most this many key frames are kept, relative to the number requested.
MAX_KEY_FRAMES_RATIO = 4

# review_film

# Frames of a review film in a second (Hz), height (pixels) and quality (CRF of x264).
FILM_RATE_HZ = 8.0
FILM_HEIGHT_PX = 200
FILM_CRF = 32
# How much earlier than due a frame may be shown (s).
FILM_SLACK_S = 0.01

# sheets

# Lines looked at to find the delimiter of a text.
DELIMITER_LINES = 60
# Base of times written as hours:minutes:seconds.
SEXAGESIMAL = 60

# ethovision, ethovision_statistics

# Longer intervals between samples are unscored (s): exports have 5 to 25 samples a second.
EXPORT_MAX_GAP_S = 0.5
# Endings of the text in which samples may be exported.
TEXT_ENDINGS = (".txt", ".csv", ".tsv", ".asc")
# Shortest header of a raw export (lines), and fewest samples of an arena.
MIN_HEADER_LINES = 3
MIN_SAMPLES = 10
# Titles of statistics fill at most this many rows.
MAX_TITLE_ROWS = 12
