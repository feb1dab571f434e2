"""Sizes and colours of the figures (pixels of the card, unless said otherwise).

They change no value.
"""

# Distance of wells of a plate with eight rows, and the rows that have it.
WELL_PX = 30.0
ROWS_SHOWN_FULL_SIZE = 8
# Room beside and below the wells, for margins of the chart.
SIDES_PX = 62
ENDS_PX = 46
# Radius of a well (share of their distance), and how far a ring reaches beyond it.
RADIUS_SHARE = 0.38
RING_PX = 3.0
# Colours of the lowest and highest response (red, green, blue; single-hue blue of ColorBrewer, Harrower and Brewer
# 2003).
LIGHT_RGB = (239, 243, 255)
DARK_RGB = (8, 69, 148)
NO_VALUE_COLOUR = "#dddddd"
# Share of the scale from which letters are white.
WHITE_INK_FROM = 0.55
# Responses that colours tell apart (highest over lowest).
COLOUR_RANGE = 100.0
MARKS = {"standard": "S", "blank": "B", "control": "C", "animal": "·"}
# Points of the drawn curve.
CURVE_POINTS = 120
# How far the curve is drawn beyond the standards (factor).
BEYOND_FACTOR = 1.6
WIDTH_PX = 560
CURVE_PX = 260
ERROR_PX = 150
# Largest read-back error shown (%).
LARGEST_ERROR_PCT = 60.0
