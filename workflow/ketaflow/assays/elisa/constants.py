"""Constants of the assay, each with its unit and source or reason. What a lab may want to change is a setting instead.

Unless a source or a reason is given, a value was tuned on the drawn plates of ``tests/assays/elisa/drawn_plates.py``;
decision 20 says which carry weight. Places of cells in exports of SoftMax Pro are in its reader.
"""

# Files ----------------------------------------------------------------------------------------------------------------
# Plates that readers export: rows and columns of wells (ANSI SLAS 4-2004).
PLATE_FORMATS = ((8, 12), (16, 24))
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

# Wavelengths that a plate reader measures (nm); other numbers in headings are years and numbers of runs.
WAVELENGTHS_NM = (200.0, 1100.0)
# Fewest wells of a block or a list of values (count): a partial plate has three columns or more.
FEWEST_WELLS = 3
# Lines without a well within a list, such as a line of units or a mean, after which it still goes on (count).
LONGEST_GAP_LINES = 3
# Fewest lines with a sign for it to be the delimiter (count): a title may hold one, a plate has eight rows.
FEWEST_DELIMITED_LINES = 3

# Calibration ----------------------------------------------------------------------------------------------------------
# Logistic curves: parameters of each model.
PARAMETERS = {"4pl": 4, "5pl": 5}  # count
# Fewest standard levels above zero for a curve: one more than parameters, so that a misfit can show (count).
SPARE_LEVELS = 1
# Responses below this share of the largest count as this share, for the weights and in logarithms (fraction): a plate
# reader repeats to about 0.003 in absorbance, which is all that is left of a well near zero once the background is
# subtracted. Tuned on drawn plates without background.
RESPONSE_FLOOR = 0.005
# Most passes of reweighting in the search of outliers (count); two or three are usual.
REWEIGHTING_PASSES = 6
# Starting grid: slopes of immunoassays lie between 0.5 and 2.5 (Findlay and Dillard 2007; dimensionless), and points
# from the lowest to the highest standard (count).
START_SLOPES = (0.4, 0.6, 0.8, 1.0, 1.2, 1.5, 1.9, 2.5, 3.5)
START_INFLECTIONS = 40
# Limits of the fit: with a slope or asymmetry beyond these the curve is a step or a straight line, and beyond this
# factor from the standards they no longer determine the inflection (dimensionless).
SHAPE_LIMITS = (0.1, 10.0)
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

# Plate ----------------------------------------------------------------------------------------------------------------
# Search for exchanged rows or columns. Replicates differ if one deviates from their mean by more than the first
# number, and a standard level is out of order if it deviates from a monotonic sequence by more than the second
# (natural logarithms of the response): five times the noise of a sound plate of 5 %, and twice that of a mean of two.
# An exchange is reported if it repairs at least so many groups and levels (count), and half of all. Tuned on 600 drawn
# plates of tests/assays/elisa/drawn_plates.py.
EXCHANGE_REPLICATE_LOG = 0.25
EXCHANGE_ORDER_LOG = 0.08
EXCHANGE_LEAST_REPAIRED = 2
# Share of the range of the standards (logarithms) that an exchange must leave: empty wells are never out of order, but
# have no range (fraction).
EXCHANGE_SPAN_MIN = 0.75
# Figures: pixels of the card, unless said otherwise -------------------------------------------------------------------
# Distance of wells of a plate with eight rows, and the rows that have it.
WELL_PX = 30.0
ROWS_SHOWN_FULL_SIZE = 8
# Room beside and below the wells, for margins of the chart.
SIDES_PX = 62
ENDS_PX = 46
# Radius of a well (share of their distance), and how far a ring reaches beyond it.
RADIUS_SHARE = 0.38
RING_PX = 3.0
# Colours of the lowest and highest response (red, green, blue; single-hue blue of ColorBrewer, Harrower and Brewer
# 2003).
LIGHT_RGB = (239, 243, 255)
DARK_RGB = (8, 69, 148)
NO_VALUE_COLOUR = "#dddddd"
# Share of the scale from which letters are white.
WHITE_INK_FROM = 0.55
# Responses that colours tell apart (highest over lowest).
COLOUR_RANGE = 100.0
MARKS = {"standard": "S", "blank": "B", "control": "C", "animal": "·"}
# Points of the drawn curve (count), and the level of its band (%), as the caption says.
CURVE_POINTS = 120
BAND_LEVEL_PCT = 95.0
# How far the curve is drawn beyond the standards (factor).
BEYOND_FACTOR = 1.6
WIDTH_PX = 560
CURVE_PX = 260
ERROR_PX = 150
# Largest read-back error shown (%).
LARGEST_ERROR_PCT = 60.0

# Simulation -----------------------------------------------------------------------------------------------------------
# A sandwich ELISA of BDNF with TMB: absorbance at 450 nm less 570 nm at concentration zero and at saturation,
# inflection (pg/ml), slope (dimensionless). Invented, of the size that data sheets of such kits show.
CURVE_BOTTOM_AU = 0.055
CURVE_TOP_AU = 3.1
CURVE_INFLECTION_PG_PER_ML = 820.0
CURVE_SLOPE = 1.12
# Relative standard deviation of a well, as of sound replicates (fraction).
NOISE_FRACTION = 0.04
# Absorbance of plastic and buffer, and its standard deviation; the upper limit of the reader.
PLASTIC_AU = 0.042
PLASTIC_SD_AU = 0.003
READER_LIMIT_AU = 4.0
# What a faulty well reads against a sound one (factor), and what a contaminated blank holds (pg/ml).
BAD_DUPLICATE_FACTOR = 0.45
CONTAMINATION_PG_PER_ML = 90.0
# Concentrations of the standards: halved from one to the next, as kits do; and of the controls.
LEVELS_PG_PER_ML = (1000.0, 500.0, 250.0, 125.0, 62.5, 31.25, 15.625, 7.8125)
CONTROLS_PG_PER_ML = {"low": 60.0, "high": 300.0}
# Time of the sampling (minutes from dosing; Haile et al. 2014), wavelengths of TMB and of its reference (nm).
TIME_MIN = 240.0
WAVELENGTH_NM = 450
REFERENCE_NM = 570
# Protein of a tissue extract, and its coefficient of variation between animals (fraction). Invented.
PROTEIN_MG_PER_ML = 2.2
PROTEIN_CV = 0.12
