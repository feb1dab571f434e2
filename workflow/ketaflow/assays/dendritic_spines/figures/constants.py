"""Sizes and limits of the figures, each with its unit and where it comes from.

They change no value.
"""

# --- Projection with marks ---
# Length of the longer side of a drawing (units of the SVG); pages enlarge a drawing a little at most, so that a small
# field is drawn as wide as a large one.
DRAWN_PX = 720
# Longest side of the picture in it (pixels), and width of its lines (units).
WIDEST_PX = 640
LINE_PX = 1.8
# Largest figure (bytes); base64 adds one third to the picture. The picture is given at least the second.
MAX_BYTES = 78_000
MIN_PICTURE_BYTES = 12_000
# Qualities of the compressed picture that are tried in turn (WebP, 0 to 100).
QUALITIES = (70, 50, 30, 15, 5)  # quality, 0 to 100
# A picture of fewer rows or columns shows nothing.
MIN_BLOCKS = 16
# Margin around the dendrites (um).
MARGIN_UM = 4.0
# Quantiles of the pixels that are drawn black and white, and exponent that lifts dim spines.
BLACK_QUANTILE = 0.05
WHITE_QUANTILE = 0.998
GAMMA = 0.6
# Colour of saturated pixels (red, green, blue).
SATURATED_RGB = (255, 0, 255)
# Lengths of scale bars (um).
SCALE_BARS_UM = (1, 2, 5, 10, 20, 50)

# --- Agreement ---
# Limits of agreement: 95 % of differences lie within this many standard deviations of their mean (Bland and Altman
# 1986, Lancet 327:307, doi:10.1016/S0140-6736(86)90837-8).
LIMITS_IN_SD = 1.96
# Fewer images have no limits of agreement worth drawing.
MIN_FOR_LIMITS = 5
