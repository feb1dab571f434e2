"""Constants of the tracking, by module. "Tuned" names the drawn videos on which a value was chosen.

Lengths are pixels of the video unless the name says otherwise; a "fraction of the width" refers to the distance between
the walls of a cylinder, the body's size is the square root of its area.
"""

# scene

# Height of the band at the upper and lower edge of the frame in which a clock may be displayed (fraction of its rows).
CLOCK_BAND_FRACTION = 0.15
# A frame without a brighter pixel is black (grey levels; video black is 16).
BLACK_LEVEL = 30

# background

# Noise, and the strongest contrast of an animal, are measured in every n-th pixel of every n-th row.
NOISE_SAMPLING_PX = 4
CONTRAST_SAMPLING_PX = 2
# Side of the square around an animal that its soft rim and the bright meniscus at its body reach (fraction of the
# width). Tuned.
ANIMAL_RIM_FRACTION = 0.12
# A pixel this unlike the first estimate of the background belongs to an animal (fraction of the animals' contrast).
OUTLINE_FRACTION = 0.25
# The background of a pixel is the median of at least this number of key frames without an animal near it: an animal
# that rests for 95 % of the time leaves its place in two of 40.
MIN_CLEAR_FRAMES = 2
# A pixel whose range is at least this fraction of the largest one in its cylinder is covered by the animal at times.
# Tuned on animated photographs.
COVERED_FRACTION = 0.35
# A resting animal is inpainted at about this number of pixels; a larger one is reduced first.
INPAINTED_PX = 1500
# A patch of the background this unlike its row may be a resting animal (fraction of the contrast of animals). Tuned.
RESTING_CONTRAST_FRACTION = 0.7
# Margin that is replaced around a resting animal (fraction of the width). Tuned.
RESTING_MARGIN_FRACTION = 0.04
# A difference of normally distributed values has this standard deviation per median absolute deviation: 1/Phi^-1(3/4).
SD_PER_MAD = 1.4826

# cylinder_detection

# Clusters of movement are joined to the number of cylinders in the table if there are up to this many more, and if all
# cylinders are then about equally wide (largest ratio of widths; two cylinders joined are twice as wide).
MAX_JOINED = 3
MAX_WIDTH_RATIO = 1.3
# Smallest gap between the parts of one animal that are joined (pixels).
MIN_GAP_PX = 3
# Most pixels of a still image vary by less than this (grey levels).
STILL_RANGE = 2
# Two animals are in different cylinders if an upright edge between them is at least this strong, relative to the outer
# walls. Tuned.
WALL_BETWEEN_FRACTION = 0.6
# Movement seems to reach beyond the walls by up to this fraction of its width (blur, waves, tail). Of 0.06 to 0.22,
# tried on 36 drawn videos, the larger values found more walls.
OVERHANG_FRACTION = 0.2
# Weight of movement outside a pair of walls (as a fraction of all movement) against the strength of the walls. Of 0 to
# 50, tried on 89 drawn videos, values from 25 on found the same walls: 4 of 196 cylinders wrong.
OUTSIDE_WEIGHT = 25.0
# Rows in which something is seen less often than this (relative to the busiest row) belong to a hand. Tuned.
HAND_FRACTION = 0.25
# Largest gap between the parts of an animal above and below the surface (fraction of the width). Tuned.
SURFACE_GAP_FRACTION = 0.12
# Largest roll of the camera (tangent; 6 degrees), and about how many rows of the edges show it.
MAX_ROLL = 0.1
SHEARED_ROWS = 60

# water_line

# Distance from the water line within which its coherence is measured (pixels).
COHERENCE_REACH_PX = 3
# A tilted line is preferred to a more level one if it is stronger by this factor. Tuned on a drawn level surface.
BETTER_TILT = 1.02

# The surface is at most this far below the upper end of the movement (fraction of the width). Tuned.
MAX_SURFACE_DEPTH_FRACTION = 0.3
# An edge that continues at this distance outside both walls is the edge of a table (fraction of the width). Tuned.
OUTSIDE_NEAR_FRACTION = 0.03
OUTSIDE_FAR_FRACTION = 0.08

# body_mask

# A smaller body is undefined (pixels after reduction).
MIN_BODY_PX = 4
# Blurred mask below which a place belongs to no body, and above which it does entirely. Together with the blur they
# keep limbs, and remove a tail alone. Tuned.
BODY_SUPPORT_NONE = 0.15  # fraction
BODY_SUPPORT_FULL = 0.3  # fraction
# Standard deviation of that blur (fraction of the body's size). Tuned.
BODY_BLUR_FRACTION = 0.24

# illumination

# Horizontal bands in which the light is measured.
LIGHT_BANDS = 6
# Pixels measured in each band: camera noise of a few grey levels then moves its light by less than 0.2 %.
LIGHT_PIXELS_PER_BAND = 250

# motion

# Stroke rate at which the change between frames is scaled to be independent of their distance (Hz). Mice paddle at
# about 3 to 6 Hz (unverified).
STROKE_HZ = 4.0
# Frames further apart than this on average are not compared (s).
MAX_LAG_S = 0.3
# Changes of the water are capped per pixel, so that an animal in front of it counts little (grey levels).
MAX_WATER_CHANGE = 12
# Water that changes by less (mean, grey levels) is the same frame coded again. Tuned.
REPEATED_WATER_CHANGE = 0.04
# Bodies are analysed at about this size (pixels after reduction); larger ones are reduced, which also averages noise.
ANALYSIS_SIZE_PX = 25
# The body is sampled through Gaussian apertures: their standard deviation, their distance, and the side of the square
# around the body's centre that they cover (fractions of the body's size). Tuned.
APERTURE_SD_FRACTION = 0.12
APERTURE_STEP_FRACTION = 0.12
APERTURE_SQUARE_FRACTION = 3.2
# Smallest standard deviation of an aperture (pixels after reduction): narrower ones do not average the noise of single
# pixels. Of 0.8, 1.0 and 1.3, tried on a mouse of 13 pixels, the larger two gave the seconds of the scene at full size.
MIN_APERTURE_SD_PX = 1.3
# Changes are averaged over the body by this power, so that a stroke (strong, in few places) counts more than turning,
# waves and noise (weak, everywhere). Of 1 to 6, tried on 34 drawn swims, 4 and 6 agreed best with the truth.
CHANGE_POWER = 4
# Frames that are analysed together.
BLOCK_FRAMES = 32
# The body mask rises from 0 at the larger of these: standard deviations of the noise, and fraction of the contrast ...
MASK_NOISE_SDS = 4.0
MASK_LOW_FRACTION = 0.15
# ... to 1 at this fraction of the contrast. Tuned.
MASK_FULL_FRACTION = 0.5
# Contrast is assumed to be at least this fraction of the usual, where the background is as dark as the fur. Tuned.
MIN_CONTRAST_FRACTION = 0.4

# trace

# An animal does not travel faster than this (median, body lengths/s); noise jumps about. The fastest of the drawn and
# animated animals reach 1.
MAX_MEDIAN_SPEED_PER_S = 3.0
# Fewer frames with an animal give no median speed.
MIN_TRACKED_FRAMES = 20
# A body whose area lies between these (relative to the usual area) is the animal alone. Tuned.
MIN_AREA_FRACTION = 0.3
MAX_AREA_FRACTION = 2.2
# Number of frames that may differ although nothing moves, because codecs redraw the scene around a key frame.
KEY_FRAME_TOLERANCE = 3
# An animal filmed from the side moves up and down by less than this (fraction of the width). Tuned.
MAX_VERTICAL_RANGE_FRACTION = 0.3
# Weight of the oscillation of the body's centre (per body length) against motion of the body's parts: an animal that
# climbs with its back to the camera hides its paws but heaves itself up 2 to 3 times a second. Of 3 to 8, tried on
# drawn videos, 5 agreed best with the truth.
HEAVING_WEIGHT = 5.0
# An animal breathes: its highest point is deeper than this (body lengths) in less than that fraction of the frames. Of
# 106 drawn swims none exceeded 0.07, a mouse filmed from above reached 0.84.
SUBMERGED_DEPTH = 0.12
SUBMERGED_FRACTION = 0.5
# Percentile of the lengths seen that is taken for the length of the body; one seen from behind is short.
BODY_LENGTH_PERCENTILE = 80
# Bodies this far apart (fraction of the width) in more than that fraction of the frames are two animals. Tuned.
SEPARATION_FRACTION = 0.06
SEPARATED_FRAMES_FRACTION = 0.15
# The animal has been released once it was in the water for nine tenths of this time (s).
SETTLED_S = 2.0
# Window over which the centre is averaged before its speed is taken (s).
SPEED_WINDOW_S = 0.4

# Width of an image of the filmstrip, and of the scene, as the reviewer sees them (pixels).
STRIP_WIDTH_PX = 72
BACKGROUND_WIDTH_PX = 480
# The second image of a pair follows after about one stroke, so that what moved is visible (s).
PAIR_LAG_S = 0.24

# video_tracking

# Largest interval between decoded frames, relative to the one requested, if some are left undecoded. Tuned on drawn
# videos.
MAX_INTERVAL_RATIO = 1.3
# Slower videos do not show strokes of 3 to 6 Hz at all (frames/s).
MIN_FRAME_RATE_HZ = 5.0
# Fewer key frames than this do not show the scene without animals; other frames are decoded as well. A swim of six
# minutes with a key frame every 15 s has as many.
MIN_KEY_FRAMES = 24
# Two frames are equal if every n-th pixel of every n-th row is.
REPEAT_SAMPLING_PX = 8
# Lost frames are listed up to this number of gaps.
MAX_LOST_LISTED = 500
# Smallest gain by which a frame is divided, so that a dark frame stays dark.
MIN_GAIN = 0.05
