"""Constants of the model and of the stages ``qc`` and ``clip``; each sub-package has constants of its own.

Unless a source is given, a value was tuned on drawn videos
(``benchmarks/forced_swim.py``, decision 17).
"""

# model

# Limit of EthoVision's mobility below which people call 5 s immobile, where the export states no limit (percent): it
# gives 35 and 60 s where a person scored 45 and 55 s in two rats (2051289v/score_forced_swim_test_activity, CC0).
DEFAULT_LIMIT_PCT = 11.0
# The same relative to the limit that the lab set for EthoVision's own states, 9 % in these exports: a state holds for a
# single sample, in which a floating animal is often below its usual mobility.
SAMPLE_LIMIT_RATIO = 11 / 9

# tracking and scoring

# Light below this (relative to the usual) is darkness.
DARK_FRACTION = 0.4

# qc

# People may score until this long after the last frame (s): the last key is pressed late.
SCORES_END_TOLERANCE_S = 1.0
# Frame rates may differ by this fraction: 29.97 frames/s are written as 30.
FRAME_RATE_TOLERANCE = 0.02
# The camera's noise is taken to be at least this (grey levels): a video without noise has a finite contrast to noise.
MIN_NOISE_SD = 0.3
# Window over which flicker is averaged out (frames).
FLICKER_FRAMES = 25

# clip

# Times of a clip are written in thousandths of a second, whatever the time base of the video.
TICKS_HZ = 1000
# Decoding begins this long before the clip, so that a key frame lies before it (s).
SEEK_MARGIN_S = 1
# Bit rate where there is no encoder of H.264 (bit/s).
MPEG4_BIT_RATE = 2_000_000
