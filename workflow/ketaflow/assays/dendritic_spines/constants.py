"""Numbers and words that several parts of the assay share; those of one part are in its own ``constants``.

Unless a source is given, a value was tuned on drawn stacks and on two-photon and confocal images
(``benchmarks/dendritic_spines.py``, decision 19).
"""

# Classes of spines, in the order of the columns of class probabilities.
CLASSES = ("mushroom", "thin", "stubby", "filopodium")
# Name of ketaflow among the raters.
MACHINE = "ketaflow"
# Date of the members of zip files, so that equal content gives equal bytes.
ZIP_DATE = (1980, 1, 1, 0, 0, 0)
# Full width at half maximum of a Gaussian in standard deviations, rounded as the shipped scorer was trained with
# (2 * sqrt(2 * log(2)) = 2.3548).
FWHM_PER_SIGMA = 2.355
# Standard deviation of a normal distribution in median absolute deviations, rounded likewise.
SD_PER_MAD = 1.4826

# --- Checks ---
# A stack of fewer planes has no depth to judge.
MIN_PLANES_OF_A_STACK = 3
# Fewer marks than this may all lie in a corner by chance.
MIN_MARKS_IN_CORNER = 4
# Share of the shaft in the first or last plane above which spines are lost outside the stack (%).
MAX_AT_STACK_EDGE_PCT = 10.0
# Parts of the names of channels (lower case) that hold nuclei: dyes that bind DNA, and what people call such channels.
NUCLEAR_STAINS = ("dapi", "hoechst", "h3342", "h33342", "h33258", "draq5", "draq7", "to-pro", "topro", "nucle")

# --- Tables ---
# Distance between the points of the table ``shafts`` (um).
SHAFT_POINT_UM = 0.5
