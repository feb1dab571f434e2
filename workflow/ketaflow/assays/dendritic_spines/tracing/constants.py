"""Numbers of projecting and tracing that are no settings, each with its unit and where it comes from.

Unless a source is given, a value was tuned on drawn stacks and on two-photon and confocal images
(``benchmarks/dendritic_spines.py``, decision 19).
"""

# --- Projection ---
# Quantile of the pixels that is taken for background: dendrites fill little of a field, even a crowded one.
BACKGROUND_QUANTILE = 0.3
# Blur of a stack before it is projected (um, sigma). In depth: a confocal microscope of aperture 1.3, whose focus is
# 0.7 um long at half height.
DEPTH_BLUR_UM = 0.3
# In the plane: half of that microscope's own blur, which widens the image of a point by one sixth.
PLANE_BLUR_UM = 0.07

# --- Polarity ---
# Dendrites and spines are between these widths (um, sigma).
FINE_STRUCTURE_UM = 0.4
COARSE_STRUCTURE_UM = 1.2
# An image is dark on light where its dark structure exceeds its bright structure by this factor (ratio). In 140
# fluorescence images, real and simulated, the ratio is 0.4 to 0.8; inverted, above 1.2; in noise, 1.
DARK_RATIO = 1.15

# --- Ridges ---
# A ridge of fewer pixels than this share of the shortest dendrite is left out: ends of a shaft fade.
MIN_RIDGE_SHARE = 0.8
# Lowest strength of a ridge over the strongest, so that a path crosses a gap at a finite cost (ratio).
MIN_RELATIVE_RIDGE = 0.02
# Branches of one round are the same shaft where this share of one lies so near to another (ratio, um): about the width
# of a shaft.
MAX_PARALLEL_SHARE = 0.3
PARALLEL_UM = 1.0
# Widths of ridges (um, sigma): from a thin oblique dendrite, blurred, to an apical trunk.
RIDGE_SIGMAS_UM = (0.25, 0.45, 0.8)
# Ridges below this many standard deviations of the ridges of noise alone may be noise. Tuned on noise without
# structure.
NOISE_DEVIATIONS = 6.0
# Standard deviation of the ridges of white noise, times their width in pixels, in standard deviations of a pixel:
# sqrt(3 / (16 pi)), from the second derivative of a Gaussian times its squared width.
RIDGE_OF_NOISE = 0.244
# In smaller pixels (um) neighbours share their noise, by the microscope's or our own blur; the noise that second
# differences give is then too small by the square of the ratio.
CORRELATED_NOISE_UM = 0.1

# --- Cell bodies ---
# A place that is bright this far around it (um) is a cell body; no dendrite is that wide.
SOMA_RADIUS_UM = 2.5
# Rim about a cell body that is left out with it (um).
SOMA_RIM_UM = 0.5
# Resolution at which cell bodies are looked for (um).
SOMA_STEP_UM = 0.25

# --- Centreline ---
# Step along the centreline (um).
LINE_STEP_UM = 0.1
# Smoothing of the centreline in the plane and in depth (um, sigma).
SMOOTH_UM = 0.9
SMOOTH_DEPTH_UM = 1.5
# An end of a dendrite is looked for within this distance of the end of its ridge (um).
END_UM = 1.5
# The last part of a path (um) may lead from the middle into a corner of the ridge: the radius of a wide shaft.
CORNER_UM = 0.6

# --- Surfaces of the shaft ---
# The surface is looked for up to this far from the line, in these steps (um).
SURFACE_REACH_UM = 2.0
SURFACE_STEP_UM = 0.05
# The surface is this quantile of where the light ends, over this length of line (um): it holds while spines take up
# less than two thirds of a side. The length is twice the spacing of dense spines.
SURFACE_QUANTILE = 0.3
SURFACE_WINDOW_UM = 3.0
# Number of times the line is moved to the middle, and the most it is moved each time (um).
CENTRING_ROUNDS = 2
MAX_SHIFT_UM = 0.4

# --- Dendrites ---
# A branch thinner and dimmer than this share of the longest dendrite is an axon (ratio).
AXON_RATIO = 0.65
# Radii of blurred shafts (um, half width at half height) within which an image is not rescaled.
MIN_ORDINARY_RADIUS_UM = 0.3
MAX_ORDINARY_RADIUS_UM = 0.6
# A trace on a scale that is wrong by more than this factor is repeated on the right one.
RETRACE_FACTOR = 1.25

# --- The shaft without its spines ---
# Distances from the line, to both sides, at which the bare shaft is estimated (um).
ACROSS_UM = 2.0
ACROSS_STEP_UM = 0.1
# Stubby spines end within this distance of the shaft's surface (um); longer ones have a peak of their own.
BULGE_REACH_UM = 0.8
# Bulges fainter than this share of the shaft's brightness are its own unevenness (ratio).
MIN_BULGE = 0.08
