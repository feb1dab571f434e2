"""Numbers of the simulated dendrites, each with its unit and where it comes from.

Unless a source is given, a value was chosen so that drawings look like micrographs; no measurement depends on it.
"""

import numpy as np

# --- Dendrites and spines ---
# Step along lines (um).
STEP_UM = 0.06
# A spine can be counted where its tip lies this far off the shaft's surface in the plane of the image (um): the rule by
# which people count in projections (Holtmaat et al. 2009, Nat Protoc 4:1128), a little more than a microscope's blur.
COUNTED_UM = 0.4
# Spines that point this steeply (rad from the optical axis) lie over or under the shaft: a quarter of all directions.
STEEP_RAD = np.pi / 8
# Number of places that are tried for a spine that would merge with its neighbour.
TRIES = 500
# Spines share no spot closer than this (um), where they are drawn anywhere along a line.
SPOT_UM = 0.18
# Spines keep this distance from the ends of a line (um).
END_MARGIN_UM = 0.4

# --- The demonstration ---
# Size of a voxel: depth, height, width (um); number of planes; border around the dendrite (um).
VOXEL_UM = np.array([0.3, 0.1, 0.1])
PLANES = 14
BORDER_UM = 3.5
# Radius of the shaft (um).
SHAFT_RADIUS_UM = 0.4
# Full width at half maximum of the microscope's blur (um): a confocal microscope in the plane and in depth.
FWHM_XY_UM = 0.3
FWHM_Z_UM = 0.8
# Dendrites of each animal.
DENDRITES_PER_ANIMAL = 2  # count
# Spines per um of the control that can be counted, gain at a saturating dose (ratio), and dose of half that gain. The
# direction follows Li et al. 2010, Science 329:959; the sizes are assumed.
BASE_DENSITY_PER_UM = 0.75
GAIN = 0.45
HALF_DOSE_MG_PER_KG = 7.0
# Standard deviation of log density between animals, and between dendrites of one animal.
BETWEEN_ANIMALS = 0.10
BETWEEN_DENDRITES = 0.12
# Hidden spines for each one that can be counted: those that point steeply are a quarter of all directions.
HIDDEN = 1 / 3  # ratio
# Photons of a voxel of the shaft.
PHOTONS = 80.0

# --- Golgi stains in bright field ---
# Size of a pixel (um), and blur in focus (um, full width at half maximum): a 100x oil objective of aperture 1.3.
GOLGI_PIXEL_UM = 0.065
GOLGI_FWHM_UM = 0.3
# Blur of dendrites out of focus (um, sigma).
GOLGI_DEFOCUS_UM = (0.5, 2.5)
# Absorbance of impregnated cytoplasm (1/um): a shaft of 0.8 um lets through a tenth to a third of the light.
GOLGI_ABSORBANCE_PER_UM = (0.6, 1.2)
# Depth that holds a dendrite with its spines (um).
GOLGI_DEPTH_UM = 8.0
# Noise of a pixel over the light of the background, and grey level of the background.
GOLGI_NOISE = 0.015
GOLGI_WHITE = 205.0
# Spines per um, and shares of mushroom, thin, stubby, filopodium.
GOLGI_DENSITY_PER_UM = (0.4, 1.4)
GOLGI_CLASS_SHARES = (0.35, 0.4, 0.2, 0.05)
