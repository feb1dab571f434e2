"""Constants of the assay that are no settings, each with its unit and its source.

What a user may want to change is a setting (``settings.schema.yaml``). "Tuned on simulated fields" refers to the fields
of ``benchmarks/synaptic_puncta.py``.
"""

import math

# Reading -------------------------------------------------------------------------------------------------------------
# Pixel sizes of two files are equal within this share: metadata are rounded to three or four digits.
PIXEL_SIZE_TOLERANCE = 0.01

# Detection of puncta --------------------------------------------------------------------------------------------------
# Full width at half maximum of a Gaussian over its standard deviation.
FWHM_PER_SD = 2.0 * math.sqrt(2.0 * math.log(2.0))
# Smallest standard deviation of the spot filter (pixels); a narrower Gaussian is not sampled.
MIN_SIGMA_PX = 0.8
# Smallest side of a window in which the noise is estimated (pixels): enough pixels for its quantiles.
MIN_NOISE_WINDOW_PX = 48
# Width of the fine filter over that of a punctum (ratio); tuned on simulated fields.
FINE_SIGMA_RATIO = 0.7
# Ratio of two Gaussians at which their difference comes closest to a Laplacian of Gaussian (Marr and Hildreth 1980,
# doi:10.1098/rspb.1980.0020).
LAPLACIAN_SIGMA_RATIO = 1.6
# Candidates with a provisional z score above this are taken for puncta while the noise is estimated (SD of the noise,
# puncta included); tuned on simulated fields.
PROVISIONAL_PUNCTUM_Z = 3.5
# Half width of the area around such a candidate that is left out of the noise (SD of the punctum); tuned likewise.
FOOTPRINT_SD = 2.2
# Two peaks are one punctum if the saddle lies less than this below the lower one (SD of the noise); tuned on
# simulated fields.
MIN_SADDLE_DEPTH_SD = 1.0
# Smallest ratio of the two principal curvatures of a punctum; below it a peak lies on a fibre. 0.1 as in Lowe 2004
# (doi:10.1023/B:VISI.0000029664.99615.94).
MIN_CURVATURE_RATIO = 0.1

# Inner and outer radius of the ring around a punctum that gives its background (SD of the punctum). At 3 SD a Gaussian
# has 1 % of its height left.
RING_INNER_SD = 3.0
RING_OUTER_SD = 4.5

# Noise ----------------------------------------------------------------------------------------------------------------
# Share of a normal distribution that lies more than one standard deviation below its median; also the largest share of
# pixels at the lowest value of a channel, above which that quantile of the noise is clipped.
SHARE_BELOW_ONE_SD = 0.1587
# Smallest noise of a window over the median of all windows (ratio). Where the detector clips, there is no noise, and
# every speck of a dark area beside the tissue would be a punctum.
MIN_RELATIVE_NOISE = 0.25
# Smallest number of minima, or of background pixels, from which the noise of a window is estimated: the SD of 30 values
# has a standard error of 13 %.
MIN_NOISE_SAMPLES = 30
# Local minima of filtered noise: this share is less deep than so many SD of it, in images and in stacks (measured on
# simulated noise; filters of 0.8 to 4 pixels differ by 3 %).
MINIMA_SHARE = 0.97
MINIMA_DEPTH_SD_2D = 2.44
MINIMA_DEPTH_SD_3D = 2.79

# Tissue ---------------------------------------------------------------------------------------------------------------
# Pixel size of the tissue mask (um): fine enough for the edges of nuclei and capillaries, which are several um wide.
MASK_PIXEL_UM = 0.4
# Quantile of the smoothed field that counts as its darkest part.
DARKEST_QUANTILE = 0.005
# Gaussians that compare a hole with its surroundings: SD over the diameter of a hole (ratios).
HOLE_SIGMA_RATIO = 1 / 4
SURROUNDINGS_SIGMA_RATIO = 4
# The darkness of a hole is given in units of at least this many SD of the smoothed noise.
MIN_DARK_SIDE_SD = 4
# Median absolute deviation of a normal distribution with SD 1 (rounded).
MAD_PER_SD = 0.6745
# A dark part is a hole if it holds less than this share of the puncta per area outside it. Some puncta lie above or
# below a nucleus in focus. Tuned on simulated fields.
MAX_HOLE_PUNCTA_SHARE = 0.4

# Squares that the tissue is divided into to see where puncta are: puncta in each if they were spread evenly (fewer than
# 0.4 of these are there in 2 % of the squares by chance), the smallest number of squares, and the quantile of their
# densities that is the usual one. In ten drawn sound fields 90 to 100 % of the area is covered, in real cultures 67 to
# 90 %, in fields of which half is empty 48 %.
PUNCTA_PER_SQUARE = 16
MIN_SQUARES = 10
USUAL_QUANTILE = 0.9
# Blur of a mask channel before its threshold (SD, um): about the width of a thin dendrite.
MASK_BLUR_UM = 0.3

# Colocalisation -------------------------------------------------------------------------------------------------------
# Sets of puncta whose sizes differ by less than this share count as equal; the general solution divides by that
# difference.
EQUAL_SIZES_TOLERANCE = 1e-9
# Half width of a 95 % interval of a normal distribution (SD).
NORMAL_95_SD = 1.96
# Quantiles that bound 95 % of the shifts.
CHANCE_QUANTILES = (0.025, 0.975)
# Angle between successive shifts (radians): the golden angle spreads any number of them evenly.
GOLDEN_ANGLE = math.pi * (3 - math.sqrt(5))

# Crosstalk ------------------------------------------------------------------------------------------------------------
# Bleed-through is measured at this share of a channel's puncta, its brightest.
BRIGHTEST_SHARE = 0.25
# Quantile of the other channel's light at these puncta. Bleed-through raises all of them, a partner only some: as long
# as a tenth has no partner, this quantile shows the other channel's level without one.
UNPAIRED_QUANTILE = 0.1
# Smallest number of bright puncta, or of pairs, for an estimate.
MIN_CROSSTALK_PUNCTA = 20

# Figures --------------------------------------------------------------------------------------------------------------
# Colours as fractions of full intensity: magenta and green, which red-green colour blind readers can tell apart.
PRE_COLOUR = (1.0, 0.25, 1.0)
POST_COLOUR = (0.25, 1.0, 0.25)
# Colours of rings and outlines.
PAIRED_COLOUR = "#ffffff"
UNPAIRED_COLOUR = "#ffbe00"
OUTLINE_COLOUR = "#ffdc3c"
# Quantiles of a channel that are shown as black and as full intensity.
DISPLAY_QUANTILES = (0.01, 0.997)
# Longest side of the whole field as shown (pixels of the figure), and enlargement of its part.
FIELD_FIGURE_PX = 400
ENLARGEMENT = 2
# How far a ring lies outside the edge of the punctum (pixels of the image).
RING_MARGIN_PX = 1.5
# Largest size of a stored picture (bytes).
FIELD_PICTURE_MAX_BYTES = 14_000
PART_PICTURE_MAX_BYTES = 10_000

# Simulation -----------------------------------------------------------------------------------------------------------
# Offset of the simulated camera (counts) and SD of its read noise (photons).
CAMERA_OFFSET = 100.0
READ_NOISE_SD = 6.0
# Distance that simulated puncta keep from the edge of the field (SD of a punctum).
EDGE_MARGIN_SD = 2.0
# A punctum is drawn as far as this (SD of it).
PUNCTUM_REACH_SD = 4
# Uneven background: grid of random clouds, their weight beside the slope, and the lowest relative light.
CLOUD_GRID = 6  # count per side
CLOUD_WEIGHT = 0.2  # fraction
MIN_RELATIVE_LIGHT = 0.2
# Light inside a nucleus over that of the neuropil, and blur of its edge (pixels).
NUCLEUS_RELATIVE_LIGHT = 0.35
NUCLEUS_BLUR_PX = 2.0
# Synapses per square micrometre of simulated vehicle animals, what 20 mg/kg adds (ratio), and the SD between animals
# (of the logarithm).
VEHICLE_DENSITY_PER_UM2 = 0.20
GAIN_AT_HIGHEST_DOSE = 0.35
HIGHEST_DOSE_MG_PER_KG = 20
BETWEEN_ANIMAL_SD = 0.12
