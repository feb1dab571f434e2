"""Constants of dilution lanes and parallel membranes.

What a user may want to change is a setting; these numbers are not. "Tuned" means chosen on drawn membranes of many
styles and on the real pictures of the benchmarks.
"""

import numpy as np

# linear_range.py
# Fewest dilution lanes: one more than the hyperbola and its variance have parameters.
FEWEST_DILUTION_LANES = 4
# Difference in AICc from which a model is clearly the better one (Burnham, Anderson 2002).
CLEAR_AICC_GAIN = 4.0  # difference of AICc
# Greatest loss against proportionality that is still linear (ICH M10, 2022: calibration standards; unverified).
STILL_LINEAR_LOSS = 0.15  # fraction
# Rounds of the reweighted line; it usually converges in about ten.
LINE_ROUNDS = 30
# Bends of the hyperbola that are tried (multiples of one over the largest load).
BENDS = np.concatenate([[0.0], np.geomspace(0.01, 100.0, 81)])

# phospho_total.py
# Least fraction of the animals that a parallel membrane shares; a convention.
SHARED_FRACTION = 0.5
# Fewest animals that a parallel membrane shares; a convention.
SHARED_ANIMALS = 2
