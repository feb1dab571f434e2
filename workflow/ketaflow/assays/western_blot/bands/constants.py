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
# Peaks below this fraction of a band's height do not limit its box; tuned on drawn membranes.
SIDE_BAND_HEIGHT = 0.1
# Least distance at which a peak still belongs to a row (fraction of the membrane's height).
ROW_REACH = 0.012

# molecular_weight.py
# Greatest distance of a ladder's band from its mass (log10): 10 %, as prestained ladders vary between gels.
MASS_TOLERANCE_LOG10 = 0.04
# Fewest bands that make a ladder: one more than a parabola has parameters.
FEWEST_LADDER_BANDS = 4
# Strongest bands of a lane that are tried; limits the time of the search.
MOST_LADDER_BANDS = 16

# band_rows.py
# Rows of the reduced profiles in which lanes are brought into register; tuned for speed.
REGISTER_ROWS = 400
# Tilts of a membrane that are tried (rows per column): up to 8 degrees.
TILTS = np.linspace(-0.14, 0.14, 29)
# Smiles that are tried (rows at the outer lanes per column of the width).
SMILES = np.linspace(-0.06, 0.06, 13)
