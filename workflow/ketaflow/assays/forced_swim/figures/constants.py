"""Constants of the figures, by module: sizes and numbers of points. They change no value."""

# Colours of states and of the scene (red, green, blue): Okabe & Ito (2008), https://jfly.uni-koeln.de/color/
BLUE = (0, 114, 178)
ORANGE = (213, 94, 0)
GREEN = (0, 158, 115)
YELLOW = (240, 228, 66)
PINK = (204, 121, 167)

# review_figures

# Grey of swimming and of other cylinders, and of the words below the images of a filmstrip (red, green, blue).
GREY = (110, 110, 110)
WORDS_INK = (60, 60, 60)

# Images of a filmstrip, at least so many of each state.
STRIP_IMAGES = 10
MIN_IMAGES_PER_STATE = 2
# An image is shown if its bout began and ends at least this long before and after it (s).
INSIDE_AFTER_START_S = 0.3
INSIDE_BEFORE_STOP_S = 0.5
# Distance between images, and height of the words below them (px).
STRIP_GAP_PX = 3
STRIP_WORDS_PX = 32
# Points of the lines of activity and light.
ACTIVITY_POINTS = 600
LIGHT_POINTS = 200
# Lost and repeated frames are drawn at least this wide (fraction of the axis).
MIN_MARK_FRACTION = 1 / 400
# Percentile of the activity, and number of thresholds, that the axis holds at least.
ACTIVITY_PERCENTILE = 99
AXIS_THRESHOLDS = 2
# Height of the chart of light (px), and quality of pictures (WebP, 0 to 100).
LIGHT_HEIGHT_PX = 92
WEBP_QUALITY = 60

# annotated_frame: side of the panel of an animal, and heights of the margin, the bars and the words (pixels).
PANEL_PX = 112
MARGIN_PX = 10
BAR_PX = 14
STATES_PX = 10
WORDS_PX = 24
# Background of the panel, its words and lines, and what has no state (red, green, blue).
DARK = (24, 26, 30)
PALE = (225, 225, 225)
GRID = (90, 94, 100)
# The panel shows activity up to this many thresholds at least, and up to this percentile of the clip.
PANEL_THRESHOLDS = 4.0
PANEL_PERCENTILE = 95
# The frame is drawn this far outside the cylinder, so that it hides no animal (px).
FRAME_PX = 4

# bland_altman

# Fewer recordings than this give no figure.
MIN_RECORDINGS = 3
# Size of a panel (px), and panels side by side.
PANEL_WIDTH_PX = 260
PANEL_HEIGHT_PX = 190
PANEL_COLUMNS = 2

# calibration_curve: size of the chart (pixels).
CURVE_WIDTH_PX = 520
CURVE_HEIGHT_PX = 240
