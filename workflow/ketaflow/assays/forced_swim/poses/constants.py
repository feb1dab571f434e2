"""Constants of the poses, by module.

Unless a source is given, a value was tuned on poses of drawn videos.
"""

import re

# deeplabcut

# Rows of headings at the top of a file, by whether it holds several individuals.
HEADINGS = ("scorer", "bodyparts", "coords")
HEADINGS_OF_SEVERAL = ("scorer", "individuals", "bodyparts", "coords")

# sleap

# Largest number of a frame (count): twenty hours at 60 frames/s.
MAX_FRAMES = 5_000_000

# motion

# Parts that are not the body: the tail, which floats and whips passively (its base is kept), and marks of the scene, by
# the names of the public set of Sturman et al. 2020 (t, b, l, r and their corners) and usual words.
LEFT_OUT = re.compile(
    r"^(tail(?!.*base).*|[tblr]|c?[tb][lr]|[lr][tb]|.*(maze|corner|wall|water|cylinder|beaker|arena|surface|led).*)$"
)
# Fewest parts whose speeds are averaged.
MIN_PARTS = 2
# Window over which positions are smoothed (s), and its least length (frames): a stroke of 4 Hz keeps three quarters of
# its speed, the jitter of single positions half.
SMOOTHING_S = 0.1
MIN_SMOOTHING_FRAMES = 3
# Exponent of the mean over parts, as in the motion of videos: a stroke is fast in few parts, jitter is slow in all. On
# drawn poses, 1 and 2 were worse with and without paws (tests/assays/forced_swim/posed_animals.py, seeds 0 to 19).
MEAN_EXPONENT = 4
# A position further than the second from the median of the first number of frames is a jump (frames, body lengths).
JUMP_FRAMES = 5
JUMP_LENGTHS = 0.5
# The body's length is this percentile of the largest distance between two parts, of the frames in which it is below the
# second times its median: in a public file, parts are scattered over the scene before the animal is there.
LENGTH_PERCENTILE = 90
SCATTERED_RATIO = 2
# A body this much longer is implausible (ratio).
LONG_RATIO = 1.5
# An animal counts as seen while at least this fraction of its parts is: a hand has one or two that look like parts.
MIN_SEEN_FRACTION = 0.5
# Longer intervals without positions are unscored (s).
MAX_GAP_S = 0.5
# The animal is released at the first moment from which it is seen for this long (s).
RELEASE_SEEN_S = 2.0
# Fewest frames in which an individual is seen (s): shorter tracks are errors of the tracker.
MIN_TRACK_S = 1.0

# individuals

# The middle of an animal lies between these percentiles of its horizontal positions.
LEFT_PERCENTILE = 10
RIGHT_PERCENTILE = 90
# Tracks that share at most this fraction of their frames, and whose joined horizontal reach is at most this many body
# lengths, are one animal: two animals are seen together nearly always, and a cylinder is 20 cm wide for a mouse of 9 cm
# (Can 2012, doi:10.3791/3638).
MAX_COMMON_FRACTION = 0.1
MAX_REACH_LENGTHS = 2.0
# An animal is seen in at least this fraction of the frames in which any is; else its tracks are broken.
MIN_PRESENT_FRACTION = 0.5

# sketch

# Side of a sketch (pixels), what it shows (body lengths), and how much later its second image is (s).
SKETCH_SIDE_PX = 72
SKETCH_LENGTHS = 1.6
SKETCH_LATER_S = 0.25
# Radius of a part (pixels), and the grey levels of lines and paper.
SKETCH_DOT_PX = 2
INK = 70
PAPER = 255

# pose_files

# Most that the arrays of an h5 may declare (MB): ten hours of 25 parts at 60 frames/s with likelihood need 1,300.
MAX_H5_MB = 2000
BYTES_PER_MB = 1_000_000
# Least likelihood of a position where the settings give none: DeepLabCut's own pcutoff. SLEAP writes no position below
# its peak threshold.
MIN_LIKELIHOOD = {"DeepLabCut": 0.6, "SLEAP": 0.0}
