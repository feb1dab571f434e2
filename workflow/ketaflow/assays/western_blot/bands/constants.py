"""Constants of finding bands, their masses and volumes.

What a user may want to change is a setting; these numbers are not. "Tuned" means chosen on drawn membranes of many
styles and on the real pictures of the benchmarks.
"""

import numpy as np

# densitometry.py
# Shortest changes that may be taken for background, whatever the setting (rows).
SHORTEST_BACKGROUND_ROWS = 12.0
# Least height of a band's box (fraction of the usual one in its row); tuned on drawn membranes.
LEAST_OF_ROW = 0.85
# Greatest height of a band's box (fraction of the usual one in its row); tuned on drawn membranes.
MOST_OF_ROW = 1.3
# Least distance at which a peak still belongs to a row (fraction of the membrane's height).
ROW_REACH = 0.012

# molecular_weight.py
# Greatest distance of a ladder's band from its mass (log10): 10 %, as prestained ladders vary between gels.
MASS_TOLERANCE_LOG10 = 0.04
# Fewest bands that make a ladder: one more than a parabola has parameters.
FEWEST_LADDER_BANDS = 4
# Strongest bands of a lane that are tried; limits the time of the search.
MOST_LADDER_BANDS = 16

# ladders.py
# Products that leave this many more bands unexplained than the best one are not considered.
MISSED_BANDS = 1
# Least spread of a ladder's bands about their curve (% of mass): the error of a row's place.
LEAST_SPREAD_PCT = 0.5

# band_rows.py
# Rows of the reduced profiles in which lanes are brought into register; tuned for speed.
REGISTER_ROWS = 400
# Tilts of a membrane that are tried (rows per column): up to 8 degrees.
TILTS = np.linspace(-0.14, 0.14, 29)
# Smiles that are tried (rows at the outer lanes per column of the width).
SMILES = np.linspace(-0.06, 0.06, 13)

# box_column.py
# Least width of the gap beside a box, and of the border around it (pixels).
BESIDE_LEAST_PX = 2

# box_volume.py
# Distance above and below a box up to which the gaps are read (heights of the box).
GAP_REACH = 10.0
# Width of the border around a box (fraction of the root of its area); LI-COR and Bio-Rad use 1 to 5 pixels.
BORDER_WIDTH = 0.1
# Distance of the further border from the box (fraction of the root of its area).
BORDER_DISTANCE = 0.1
# The near border is not used if it is brighter than the further one by more than this (fraction of the band's height):
# what is left of a band where its box ends, as in the setting foot.
BORDER_FOOT = 0.03
# Greatest number of segments of each side of the border; half of all must lie on the membrane. 8 and 32 do as well.
BORDER_SEGMENTS = 20
# Greatest number of rounds of the plane's fit, and change of the weights at which it has converged.
BORDER_ROUNDS = 30
BORDER_CHANGE = 1e-3
# Factors by which a box is resized for its uncertainty.
RESIZED = (1.1, 0.9)  # ratio
# Standard errors of pixel noise in the uncertainty: about 95 %.
STANDARD_ERRORS = 2.0
# A lane is smeared if it is this far above the border at both ends of a box (fraction of the band's height).
SMEAR_HEIGHT = 0.1
# A box cuts through its band if its border is this far above the lane's baseline (fraction of the band's height).
CUT_HEIGHT = 0.25
# Bands adjoin if the profile rises again by this much (fraction of the band's height).
ADJOIN_RISE = 0.12
# Above a valley of this height over the gaps (fraction of the band's height).
ADJOIN_VALLEY = 0.05
# Smoothing before that is decided (standard deviation, heights of the box).
ADJOIN_SMOOTHING = 0.05
# Distance from a box up to which other bands adjoin (heights of the box).
ADJOIN_REACH = 0.5
