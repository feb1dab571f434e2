"""Constants of the checks of pictures, lanes and membranes.

What a user may want to change is a setting; these numbers are not. "Tuned" means chosen on drawn membranes of many
styles and on the real pictures of the benchmarks.
"""

import numpy as np

# image_checks.py
# Columns of a lane that are compared with other lanes (pixels); tuned for speed.
TWIN_COLUMNS = 48
# Rows of a lane that are compared with other lanes, and of a picture in which seams are sought; tuned for speed.
COMPARED_ROWS = 600
# Least half width of a crop with enough pixels to compare (pixels).
TWIN_LEAST_HALF_WIDTH = 3
# Half the width of a lane's crop (pitches).
TWIN_HALF_WIDTH = 0.3

# band_checks.py
# Ratio to the ladder's last band from which an extrapolated mass is doubtful; a convention.
FAR_BEYOND_LADDER = 1.25

# duplicated_lanes.py
# Fine structure: standard deviation of the narrower smoothing (rows); tuned on real and drawn lanes.
FINE_ROWS = 1.2
# Standard deviation of the wider smoothing (rows): below the height of bands.
COARSE_ROWS = 5.0
# Rows this many times the noise above the background are band; tuned on real and drawn lanes.
BAND_SNR = 5.0
# Rows beside a band that count as band.
BESIDE_BAND_ROWS = 3
# Window in which the strength is evened out (standard deviation, rows); tuned on real and drawn lanes.
EVEN_ROWS = 12.0
# Fine structure is limited to this many standard deviations.
FINE_LIMIT_SD = 3.0
# Rows kept on either side of the strongest band.
FINGERPRINT_REACH = 512
# Units of a byte per standard deviation of the fine structure.
BYTE_SCALE = 40.0
# Median correlation of lanes from which a pattern common to all, such as lines of the camera, is removed.
COMMON_CORRELATION = 0.05
# Quick search: sampled rows around a band, for pictures of USUAL_ROWS rows.
WINDOW_ROWS = np.arange(-162, 163, 3)
# Rows of a usual picture; the window grows with the picture.
USUAL_ROWS = 600
# Smoothing before the quick search (standard deviation, rows of a usual picture).
WINDOW_SMOOTHING = 1.5
# Stretches that are tried in the quick search: up to 1.2 times.
STRETCHES = np.exp(np.arange(0.0, 0.2, 0.02))
# Least correlation in the quick search of a pair that is compared closely.
QUICK_CORRELATION = 0.6
# Fewest known samples of a window.
FEWEST_SAMPLES = 30
# Lanes compared in one matrix product; bounds the memory.
BLOCK_LANES = 512
# Most pairs that are compared closely; bounds the time.
MOST_CANDIDATES = 2000
# Fewest rows that two lanes have in common.
FEWEST_ROWS = 60
# Rows that count as one independent observation, as smoothing makes neighbours alike.
ROWS_PER_OBSERVATION = 3.0
# Rounds of the close comparison: range of the stretch (fraction) and of the offset (rows), and steps of each.
LOOKS = ((0.015, 4.0, 5), (0.004, 1.0, 5), (0.001, 0.25, 3))

# membrane_checks.py
# Least volume of a loading control that has a logarithm (counts).
LEAST_VOLUME = 1e-9

# altered_pixels.py
# Parts of the height, six of which a seam must cross.
SEAM_PARTS = 8
# Columns around a step that give the usual step; tuned on real pictures.
SEAM_AROUND = 41
# Single steps are limited to this many times the usual one; tuned on real pictures.
SEAM_LIMIT = 3.0
# Lines of pixels in which JPEG blocks are sought; tuned for speed.
GRID_LINES = 500

# transfer_gradient.py
# Fewest amounts from which a gradient is computed; a convention.
FEWEST_PLACES = 5
# Level of the gradient's confidence interval.
CONFIDENCE = 0.95  # probability
# Parts of the height in which total protein and background are compared.
ROW_BINS = 8

# duplicate_checks.py
# Absolute logarithm of the stretch below which two lanes count as equally long.
NEAR_STRETCH = 0.01
