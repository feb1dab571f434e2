"""Numbers of training scorers that are no settings, each with its unit and where it comes from.

Unless a source is given, a value was tuned on two-photon images that no test uses, or chosen so that drawn tissues vary
more than real ones.
"""

import numpy as np

# --- Retraining on a laboratory's marks ---
# People click beside the middle of a head: a candidate nearer to a mark than the first (um) is a spine, one farther
# than the second from every mark is none.
MARK_NEAR_UM = 0.45
MARK_FAR_UM = 0.9
# Candidates that the shipped scorer scores lower are easy; one in so many of them is learned from.
EASY_SCORE = 0.02  # probability
EASY_KEPT_EVERY = 4  # count
# Thresholds that are tried (probability).
THRESHOLDS = np.linspace(0.02, 0.98, 49)
# Loss of F1 that is accepted for a count nearer to people's (ratio).
F1_TO_SPARE = 0.01
# Strength of the L2 penalty, size of a batch and learning rate of the retraining. Tuned on two-photon images.
RETRAINING_ALPHA = 3e-3  # dimensionless
RETRAINING_RATE = 4e-4  # dimensionless
BATCH = 256  # count

# --- Intervals of the calibration ---
# Draws of the bootstrap; with fewer animals than the second, images are drawn instead of animals.
RESAMPLES = 2000
MIN_RESAMPLED_ANIMALS = 4

# --- The shipped scorer ---
# A candidate nearer to a simulated head than the first (um, in the plane) is that spine; one farther than the second
# from all heads, and than the third from their surface, is none, nor is one on the shaft (within so many of its radii)
# that is not near: the root of a spine is not the spine.
HEAD_NEAR_UM = 0.35
HEAD_FAR_UM = 0.6
HEAD_RIM_UM = 0.2
ON_SHAFT_RADII = 0.8
# Hidden units of each layer, number of networks, passes through the examples, L2 penalty and learning rate.
LAYERS = (96, 32)
NETWORKS = 5
PASSES = 12
SHIPPED_ALPHA = 1e-2
SHIPPED_RATE = 1e-3
# Number of tissues drawn, images taken of each, and seeds of the drawing and of the networks.
TISSUES = 650
IMAGES_PER_TISSUE = 2
DRAWING_SEED = 7
NETWORK_SEED = 0
# Number of the first training images that the scorer's file describes.
DESCRIBED_IMAGES = 4
# Settings under which candidates are sought in the training images: the defaults of ``quantify``.
MIN_DENDRITE_UM = 6.0
FAINTEST_RATIO = 0.35
REACH_UM = 3.0

# --- Training images ---
# Side and depth of a field (um).
FIELD_UM = 22.0
DEPTH_UM = 6.0
# A spine that adds less light (in shafts) is invisible: beside the shaft, and over it.
MIN_LIGHT = 0.03
MIN_LIGHT_OVER_SHAFT = 0.2
# Sizes of the spines of a field in published sizes (``scene.SHAPES``). Blur, a wrong scale and the rescaling of shafts
# to an ordinary width make spines look larger more often than smaller.
MIN_SIZE = 0.8
MAX_SIZE = 2.2
# Radii of the shafts (um).
MIN_RADIUS_UM = 0.25
MAX_RADIUS_UM = 0.7
# Share of tissues that are clear: a lone labelled cell in cleared or cultured tissue, with next to nothing around it.
CLEAR_SHARE = 0.4
# Share of images that are stacks; the others are pictures that people projected and adjusted for display.
STACK_SHARE = 0.3
# Out-of-focus light: share of the images of tissue, mean number of layers, and their blur (um, sigma). A two-photon
# focus is about 2 um deep, and what lies 2 to 6 um away from it appears so wide at an aperture of 1.
OUT_OF_FOCUS_SHARE = 0.5
OUT_OF_FOCUS_LAYERS = 1.0
MIN_DEFOCUS_UM = 0.4
MAX_DEFOCUS_UM = 2.0
# Share of tissues with a bundle of thin fibres, and its half width (um, sigma).
BUNDLE_SHARE = 0.12
BUNDLE_WIDTH_UM = 0.8
