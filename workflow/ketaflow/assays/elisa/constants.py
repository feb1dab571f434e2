"""Constants of the assay, each with its unit and source. What a lab may want to change is a setting instead.

Unless a source is given, a value was tuned on the drawn plates of ``tests/assays/elisa/drawn_plates.py`` (decision 20).
"""

# Plates that readers export: rows and columns of wells (ANSI SLAS 4-2004).
PLATE_FORMATS = ((8, 12), (16, 24))

# Logistic curves: parameters of each model.
PARAMETERS = {"4pl": 4, "5pl": 5}  # count
# Fewest standard levels above zero for a curve: one more than parameters, so that a misfit can show (count).
SPARE_LEVELS = 1
# Responses below this share of the largest standard count as this share for the weights, since a plate reader resolves
# 0.001 and repeats to about 0.003 in absorbance, 0.2 % of a top standard of 2 (fraction).
WEIGHT_FLOOR = 0.002
# Weights follow the measured response up to this factor from the fitted one. A well that is off by more cannot
# attract the curve; replicates of a sound standard differ by less even near the blank (factor).
WEIGHT_RESPONSE_FACTOR = 2.0
# Passes of reweighting, needed only where a response is beyond that factor (count).
REWEIGHTING_PASSES = 6
# Starting grid: slopes of immunoassays lie between 0.5 and 2.5 (Findlay and Dillard 2007); inflections from a
# tenth of the lowest standard to thirty times the highest; asymmetries of the five-parameter curve (factor).
START_SLOPES = (0.4, 0.6, 0.8, 1.0, 1.2, 1.5, 1.9, 2.5, 3.5)
START_INFLECTION_FACTORS = (0.1, 30.0)
START_INFLECTIONS = 40
START_ASYMMETRIES = (0.4, 0.7, 1.0, 1.5, 2.5)
# Limits of the fit: a slope or asymmetry beyond these is a step or a straight line, and the inflection is no longer
# determined by the standards (dimensionless; factor beyond the lowest and highest standard).
SLOPE_LIMITS = (0.1, 10.0)
ASYMMETRY_LIMITS = (0.1, 10.0)
INFLECTION_BEYOND_FACTOR = 1e3
# Grid on which intervals are inverted: points, an odd number with the estimate in the middle, and how far they reach on
# either side (factor). Linear interpolation in the logarithm is then within 0.02 % of the limit.
GRID_POINTS = 401
GRID_BEYOND_FACTOR = 100.0

# A standard well or level is an outlier if an F test of its deletion, corrected for the number of wells and levels
# tested (Bonferroni), is below this (probability). Cook and Weisberg 1982, ISBN 978-0412242809, section 2.2.
OUTLIER_PROBABILITY = 0.01
# A blank well lies above the curve at concentration zero if it exceeds the one-sided prediction limit of this level
# (%).
BLANK_PREDICTION_PCT = 99.0
# Only a blank this far above the lower end of the curve, in parts of the response there, can be contaminated;
# below it the difference is within the pipetting error of a kit (fraction; 20 %, as for replicates in ICH M10).
BLANK_EXCESS_MIN = 0.2

# Search for exchanged rows or columns. Replicates differ if one deviates from their mean by more than the first
# number, and a standard level is out of order if it deviates from a monotonic sequence by more than the second
# (natural logarithms of the response): five times the noise of a sound plate of 5 %, and twice that of a mean of two.
# An exchange is reported if it repairs at least so many groups and levels (count), and half of all. Tuned on 600 drawn
# plates of tests/assays/elisa/drawn_plates.py.
EXCHANGE_REPLICATE_LOG = 0.25
EXCHANGE_ORDER_LOG = 0.08
EXCHANGE_LEAST_REPAIRED = 2
# Most exchanges that may repair a plate equally well; with replicates below one another, two do (count).
EXCHANGE_MOST_ALTERNATIVES = 4
# Share of the wells of the table that must have a value after an exchange (fraction).
EXCHANGE_WELLS_MIN = 0.8
# Responses below this share of the largest count as this share: below it, noise dominates (fraction).
LOG_FLOOR = 0.005

# Fewest replicate groups for the search of a pattern over the plate (count).
PATTERN_LEAST_GROUPS = 8

# Words a plate reader prints for a saturated well, and for one without a value.
SATURATED_WORDS = frozenset(
    (
        "ovrflw",
        "overflow",
        "over",
        "ovr",
        "ovflw",
        "sat",
        "saturated",
        ">max",
        "> max",
        "max",
        "+++",
        "*****",
        "####",
        "high",
    )
)
BELOW_WORDS = frozenset(("<min", "< min", "under", "undrflw", "underflow", "low"))
MISSING_WORDS = frozenset(
    ("", "-", "--", "---", "–", "n/a", "na", "nan", "none", "null", "missed", "?????", "error", "err", "masked",
    "empty", "x", ".")
)  # fmt: skip

# Wavelengths that a plate reader measures (nm).
WAVELENGTHS_NM = (200.0, 1100.0)
# Lines above a block of values in which its heading is looked for (count).
HEADING_LINES = 30
# Fewest wells in a row for a block of values (count): a partial plate has three columns or more.
LEAST_WELLS_IN_ROW = 3
