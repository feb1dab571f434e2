"""Constants of the figures: sizes, shades and places. They change no value."""

# blot_figures.py
# Longest side of the picture shown (pixels) and quality of its WebP (0 to 100): legible, and below 80 kB.
LONG_SIDE_PX = 760
QUALITY = 60
# Percentiles of the signal shown as white and black, the darkest grey's distance from white, and the exponent that
# makes faint bands visible.
WHITE_PCT = 2
BLACK_PCT = 99.7
GREY_RANGE = 235
GAMMA = 0.7
# Points of the profiles of all lanes together, height of a lane (pixels), and factor of the enlarged profile.
POINTS = 1300
LANE_HEIGHT_PX = 40
ENLARGED = 8
# Height of a profile within its lane's strip, and its lower margin (fractions).
PROFILE_HEIGHT = 0.88
PROFILE_MARGIN = 0.08
# Width and height of a cell of the map, and width of a target's name (pixels).
CELL_PX = 44
ROW_PX = 26
NAME_PX = 96

# correctable.py
# Where lanes start and end if none were found, and the height of a row that was not found (fractions of the membrane).
UNKNOWN_SIDES = (0.06, 0.94)
UNKNOWN_ROW = 0.06
# Column at which the masses of the ladder are written (pixels of the file), and how far below its last box the name of
# a target is (fraction of the membrane).
MASS_PX = 2.0
BELOW = 0.025
