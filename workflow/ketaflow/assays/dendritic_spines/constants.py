"""Numbers that several parts of the assay share, each with its unit and source."""

# Classes of spines, in the order of the columns of class probabilities.
CLASSES = ("mushroom", "thin", "stubby", "filopodium")
# Full width at half maximum of a Gaussian in standard deviations, as usually rounded (2 * sqrt(2 * log(2)) = 2.3548).
FWHM_PER_SIGMA = 2.355
# Median absolute deviation to standard deviation of a normal distribution.
SD_PER_MAD = 1.4826
