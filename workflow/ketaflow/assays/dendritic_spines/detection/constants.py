"""Numbers of detecting and measuring spines that are no settings, each with its unit and where it comes from.

Unless a source is given, a value was tuned on drawn stacks and on two-photon and confocal images
(``benchmarks/dendritic_spines.py``, decision 19).
"""

# --- Candidates ---
# Blobs are the differences between projections blurred to neighbours of these widths (um, sigma): heads of 0.25 to
# 0.9 um, blurred by a microscope.
BLOB_SIGMAS_UM = (0.12, 0.2, 0.33, 0.54)
# Index of the width at which bulges of the shaft are sought: about the smallest resolved head.
BULGE_SCALE = 1  # index of BLOB_SIGMAS_UM
# Two peaks nearer than this (um) are one: 0.61 wavelengths over the aperture (Rayleigh), of 520 nm and 1.3.
RAYLEIGH_UM = 0.25
# Limit of detection in tissue (standard deviations of the blobs beside the shafts): three, as IUPAC defines it (Long
# and Winefordner 1983, Anal Chem 55:712A). On the first half of the two-photon images F1 is 0.73 without it, and 0.74,
# 0.75, 0.74 at 2, 3, 4. In clear images it would remove none of the confocal spines, and one in ten of simulated ones
# in the noise of 20 photons.
DETECTION_LIMIT = 3.0
# Fainter blobs are no candidates: in standard deviations of a pixel's noise, and as a share of the faintest shaft.
MIN_BLOB_IN_NOISE = 0.25
MIN_BLOB_IN_SHAFTS = 0.015

# --- Patches and descriptors ---
# Patch around a candidate (um): outwards from the shaft, and along it, in steps of half a microscope's resolution.
PATCH_INWARD_UM = -1.8
PATCH_OUTWARD_UM = 1.2
PATCH_ALONG_UM = 1.5
PATCH_STEP_UM = 0.15
# Range of a patch (in shafts): brighter is no spine of this dendrite, darker is overshoot of a sharpened image.
PATCH_MIN = -0.5
PATCH_MAX = 2.0
# Clutter is measured between these distances from the line (um): where spines are, and a little beyond.
CLUTTER_FROM_UM = 1.2
CLUTTER_TO_UM = 4.0
# Clutter that is assumed where there is none, as beside a dendrite that was cut out of its image (in shafts).
MIN_CLUTTER = 0.002

# Steepness of the logarithmic compression of patches and of descriptors (per unit): values beyond its inverse are
# compressed. The shipped weights were trained with these.
PATCH_STEEPNESS = 8  # 1 / shafts
DESCRIPTOR_STEEPNESS = 4  # 1 / shafts

# --- Clear images ---
# Surroundings of candidates brighter than the first share of the shaft's brightness are tissue, darker than the second
# are clear (ratio). Tuned on two-photon and cut-out confocal images.
HAZE_OF_TISSUE = 0.05
HAZE_OF_CLEAR = 0.02
# Up to the first distance from the line (in radii of the shaft) a place lies on the shaft, from the second on beside
# it.
ON_SHAFT_RADII = 1.2
BESIDE_SHAFT_RADII = 2.2

# --- Merging ---
# Blur under which a dip between two candidates is sought (um, sigma): it removes some noise, and adds next to nothing
# to a microscope's own blur, which leaves little of the dip between two heads.
DIP_BLUR_UM = 0.06
# There is a dip where less than this share of the fainter candidate's brightness is left (ratio): one tenth is what is
# left of two points at the Rayleigh distance when they are a little uneven or noisy.
DIP = 0.9
# Points at which the light between two candidates is sampled.
DIP_SAMPLES = 16
# Two candidates this far apart (um) are two even without a dip, in tissue and in a clear image: the widest heads are
# 0.9 um, plus some blur.
WIDEST_IN_TISSUE_UM = 0.8
WIDEST_IN_CLEAR_UM = 1.2
# A candidate is the root of another if it lies within this distance of that one's way to the shaft (um, along the
# shaft) ...
ROOT_ALONG_UM = 0.3
# ... and no farther from it than this (um).
ROOT_REACH_UM = 1.6
# In clear images a candidate is also the neck of another if it lies this much nearer to the shaft (um), while this
# share of the light goes on between them (ratio). In clear images such pairs were one spine, in tissue as often two.
NECK_LOWER_UM = 0.5
NECK_LIGHT = 0.5

# --- The classical rule ---
# Contrast of a blob that scores one half (in shafts).
CLASSICAL_CONTRAST = 0.1
# Distance from the line that scores one half (in radii of the shaft), and the steepness of that edge (per radius).
CLASSICAL_RADII = 0.8
CLASSICAL_STEEPNESS = 8  # 1 / radii
# Noise of a blob in the noise of a pixel (ratio), and the contrast in noise that scores one half.
CLASSICAL_BLOB_NOISE = 0.3
CLASSICAL_SNR = 3

# --- Size ---
# Step of profiles through a spine (um).
PROFILE_STEP_UM = 0.05
# Profiles outwards begin this far below the head and end this far above it, profiles along reach as far as the first.
PROFILE_BELOW_UM = 1.0
PROFILE_ABOVE_UM = 1.5
# Blur in depth over blur in the plane (ratio); confocal and two-photon microscopes have 2.2 to 4.
AXIAL_RATIO = 2.7
# Imaged widths of spheres are tabulated up to this diameter, from drawings in these steps (both in widths of the blur
# at half height); wider spheres hardly feel the blur.
WIDEST_IN_BLURS = 8.0
STEP_IN_BLURS = 0.05
# A head narrower than this many widths of the blur is below resolution (ratio).
RESOLVED_IN_BLURS = 1.1

# --- Class ---
# Errors of length and head diameter (um, root mean square) on 203 simulated spines: the softness of the rule's edges.
LENGTH_ERROR_UM = 0.11
HEAD_ERROR_UM = 0.12
