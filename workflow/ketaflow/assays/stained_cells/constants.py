"""Constants of the assay that are no settings, each with its unit and its source.

What a user may want to change is a setting (``settings.schema.yaml``). "Tuned on simulated fields" refers to the fields
of ``benchmarks/stained_cells.py``.
"""

# Units and files ------------------------------------------------------------------------------------------------------
# Square micrometres per square millimetre, and micrometres per centimetre, the unit of the resolution of a TIFF.
UM2_PER_MM2 = 1e6
UM_PER_CM = 1e4
# Distance of planes assumed where the file states none (um): a projection does not depend on it.
ANY_Z_STEP_UM = 1.0

# Scale of the analysis ------------------------------------------------------------------------------------------------
# Pixels are averaged until one is as wide as this share of the smallest cell; tuned on simulated fields: 1/6 and 1/8
# give the same counts.
WORKING_PIXEL = 1 / 6

# Optical density ------------------------------------------------------------------------------------------------------
# Blocks whose median is compared for the white level: their side (largest diameters of a cell), samples per side, and
# how many of the brightest are averaged.
WHITE_BLOCK = 2.0
WHITE_SAMPLES_PER_SIDE = 16
WHITE_BLOCKS = 3
# Glass is grey: its channels differ by at most this share. Tissue that absorbs an optical density of 0.02 along DAB
# differs by more.
MAX_GREY_DIFFERENCE = 0.02
# Every so many pixels along each axis are enough for the median of a whole field (0.3 of 2.1 s are saved).
MEDIAN_STEP = 3
# Light of a black pixel (counts): half of the smallest number.
DARKEST_COUNTS = 0.5
# A pixel of a DAB image is black if its darkest channel lies below this share of the full scale: an optical density
# above 2 is not proportional to the stain.
BLACK_SHARE = 0.01

# Background and noise -------------------------------------------------------------------------------------------------
# SD of the Gaussian that suppresses noise (smallest diameters of a cell); tuned on simulated fields.
SMOOTHING = 1 / 5
# Diameter of the disc of the opening (largest diameters of a cell): wider than a cell.
OPENING = 1.0
# SD of the Gaussian that smooths the opening (its radius); without it, noise remains
# (simulated fields).
OPENING_SMOOTHING = 0.5
# Side of a window in which the noise is estimated (largest diameters of a cell).
NOISE_WINDOW = 1.5
# Shares of a normal distribution that lie more than 2 and 1 SD below its median.
LOW_QUANTILES = (0.0228, 0.1587)
# Distance of the median from the quantile at 1 SD below it, in SD of the background, where cells cover 30 % of a
# window: the quantiles of a normal distribution at 0.5 / 0.7 and 0.1587 / 0.7.
COVERED_SPREAD = 1.32
# Smallest SD of the background: a simulated or clipped background may have none.
MIN_NOISE = 1e-6

# Cells ----------------------------------------------------------------------------------------------------------------
# SD of the smoothing of the distance and of the height (smallest diameters of a cell), and power of the height; tuned
# on simulated fields.
DISTANCE_SMOOTHING = 1 / 12
BROAD_SMOOTHING = 0.3
HEIGHT_POWER = 0.3
# Quantile of the heights of an object's pixels that counts as its height: noise raises the highest pixel. 0.9 is within
# 7 % of the peak of a Gaussian down to half of its height.
HEIGHT_QUANTILE = 0.9
# Cells lower than this many thresholds are near it.
NEAR_THRESHOLD = 1.5  # ratio

# Checks ---------------------------------------------------------------------------------------------------------------
# Smallest number of fields whose median is a reference: with two, neither is the odd one.
MIN_COMPARED_FIELDS = 3
# Fewer objects that are no cells by their size are specks: a field without cells has up to four (drawn fields of
# 0.06 mm2), one at a wrong scale tens.
MIN_OUT_OF_SIZE = 5

# Figures --------------------------------------------------------------------------------------------------------------
# Colours: counted cells, other objects, region of interest; distinct for red-green colour blind readers.
COUNTED_FLUORESCENCE_COLOUR = "#ffd700"
COUNTED_DAB_COLOUR = "#005aff"
UNCOUNTED_COLOUR = "#e600c8"
ROI_COLOUR = "#00c8dc"
# Quantiles of fluorescence that are shown as black and as full intensity.
DISPLAY_QUANTILES = (0.01, 0.999)
# Longest side of the whole field as shown and radius of a dot (pixels of the figure), and enlargement of its part.
FIELD_FIGURE_PX = 420
DOT_RADIUS_PX = 1.8
ENLARGEMENT = 2
# Largest size of a stored picture (bytes): a page of 250 fields stays below 10 MB.
FIELD_PICTURE_MAX_BYTES = 14_000
PART_PICTURE_MAX_BYTES = 11_000

# Demonstration cohort -------------------------------------------------------------------------------------------------
# Cells per mm2 of simulated vehicle animals, what 20 mg/kg adds (ratio), the SD between animals (of the logarithm), and
# the share of cells that touch another.
VEHICLE_DENSITY_PER_MM2 = 220.0
GAIN_AT_HIGHEST_DOSE = 0.6
HIGHEST_DOSE_MG_PER_KG = 20
BETWEEN_ANIMAL_SD = 0.15
TOUCHING_SHARE = 0.2
# pS6 somata beside the density of c-Fos nuclei (ratio), and optical density of the tissue between them: pale enough to
# pass for glass.
PS6_RATIO = 0.8
BACKGROUND_DENSITY = 0.01

# Simulation -----------------------------------------------------------------------------------------------------------
# Mean background of the simulated camera and SD of its read noise (photons), and its offset (counts).
PHOTONS = 250.0
READ_NOISE_SD = 6.0
CAMERA_OFFSET = 100.0
# Distance of a cell's edge from the edge of the image (pixels), and tries to find a free place.
DRAWN_MARGIN_PX = 2.0
PLACING_ATTEMPTS = 400
# Distance of the centres of touching cells over the sum of their radii.
PAIR_DISTANCE = (0.85, 1.0)  # ratio
# A cell is drawn as far as this (its long half axis).
DRAWN_REACH = 2.6  # long half axes
# Grain of chromatin: size (um) and SD over the mean.
CHROMATIN_UM = 0.5
CHROMATIN_CV = 0.3
# Nucleus of a soma: diameter over that of the soma, and share of the stain it lacks.
NUCLEUS_RATIO = 0.55
NUCLEUS_DEPTH = 0.6
# Process of a soma: half width (um), and height over that of the soma.
PROCESS_UM = 1.0
PROCESS_HEIGHT = 0.6
# SD of a cell out of focus (diameters of a cell), and grain of the background (um).
HAZE_DIAMETERS = 1.5
TEXTURE_UM = 0.8
# Uneven background: grid of random clouds, their weight beside the slope, and the lowest relative light.
CLOUD_GRID = 5  # count per side
CLOUD_WEIGHT = 0.2  # fraction
MIN_RELATIVE_LIGHT = 0.2
# Vectors of DAB and haematoxylin (red, green, blue): Ruifrok and Johnston 2001, Anal Quant Cytol Histol 23:291.
DRAWN_DAB = (0.27, 0.57, 0.78)  # optical density
DRAWN_HAEMATOXYLIN = (0.65, 0.70, 0.29)  # optical density
# Optical density of the counterstain, and diameter of counterstained nuclei (um).
COUNTERSTAIN_DENSITY = 0.35
COUNTERSTAINED_UM = 7.0
# Equal noise of the three channels makes noise along DAB that is this much smaller than 1 / (norm of the row of the
# inverse of both vectors and their normal): 1 / 1.665.
CHANNEL_NOISE = 0.6006  # ratio
