"""Constants of reading pictures, enhancing bands and dividing membranes.

What a user may want to change is a setting; these numbers are not. "Tuned" means chosen on drawn membranes of many
styles and on the real pictures of the benchmarks.
"""

# membrane_split.py
# Distance from an even division within which a membrane ends (membranes); tuned on gels with two combs.
SPLIT_REACH = 0.3

# band_enhancement.py
# Width of the reduced picture in which dots are sought, and least width for lanes (pixels); tuned for speed.
WORK_WIDTH_PX = 480
# Longest side of the picture from which surroundings are computed (pixels); tuned for speed.
SURROUNDINGS_PX = 120
# Least width of a lane in the reduced picture (pixels); tuned.
PX_PER_LANE = 36
# Lanes of a picture whose lane width limits what counts as dust; tuned.
USUAL_LANES = 10
# A pixel is hot if it is this many standard deviations of the noise above both its neighbours; tuned.
HOT_PIXEL_SD = 8.0
# A rise below this many standard deviations of its floor is noise; tuned.
RISE_FLOOR_SD = 4.0
# Least floor of the rise (fraction of the range): one step of 8 bits.
RISE_FLOOR_FRACTION = 0.004
# Exponent by which the rise is compressed: bands 100 times apart count 6 : 1; tuned.
RISE_EXPONENT = 0.4
# Objects at the edge of the picture taller than this are towels, paper or corners (fraction of its height); tuned.
EDGE_OBJECT_HEIGHT = 0.12
# A large area this far from the median to the brightest pixels is no membrane (fraction); tuned.
SHEET_LEVEL = 0.3
# Least height of a sheet beside the lanes (fraction of the picture); tuned.
SHEET_HEIGHT = 0.25
# Greatest width of a sheet beside the lanes (fraction of the picture); tuned.
SHEET_WIDTH = 0.4
# Least step at the rim of a sheet (fraction of its height above the median); tuned.
SHEET_RIM_STEP = 0.6
# Window over which the rim of a sheet is smoothed (fraction of the rows); tuned.
SHEET_RIM_WINDOW = 0.5
# Least area of a dark table around a membrane (fraction of the picture); tuned.
TABLE_AREA = 0.05
# Greatest area between the levels of table and membrane (fraction of the picture); tuned.
BETWEEN_AREA = 0.06
# Least step from table to membrane (fraction of the range); tuned.
TABLE_STEP = 0.1
# Greatest level of the table (fraction of the membrane's): real tables 0.11 to 0.42, spliced pictures 0.75.
TABLE_LEVEL = 0.6
# A towel that touches the membrane over less than this is a separate object (fraction of the width); tuned.
NECK_WIDTH = 0.06

# intensity_scale.py
# Fewest pixels at one extreme value that are a plateau of clipping; tuned on real pictures.
PLATEAU_PIXELS = 12
# Least ratio of the pixels at the extreme value to those expected from values beside it; tuned on real pictures.
PLATEAU_EXCESS = 8.0
# Longest side of the picture from which the polarity is decided (pixels); tuned for speed.
PREVIEW_PX = 160

# readers.py
# Least height and width of a picture (pixels).
LEAST_SIDE_PX = 16
# Files of imagers that are not read, by their ending.
NOT_READ = {".scn": "Bio-Rad's format .scn", ".mscn": "Bio-Rad's format .mscn"}
# What to export instead of them.
EXPORT_TIFF = (
    "In Image Lab choose File > Export > Export for Analysis, in Quantity One File > Export to TIFF Image, and enter "
    "the 16-bit TIFF in western_blot_images."
)
# Private TIFF tag of Molecular Dynamics: coding of the values (libtiff's list of tags).
MD_FILE_TAG = 33445  # code
# Private TIFF tag of Molecular Dynamics: factor of the values (libtiff's list of tags).
MD_SCALE_TAG = 33446
# Value of the coding tag for square roots; 128 is linear (libtiff's list of tags).
MD_SQUARE_ROOT = 2  # code
# Value of the TIFF tag PhotometricInterpretation for white as zero (TIFF 6.0).
WHITE_IS_ZERO = 0  # code
# Greatest mean difference between the colours of a grey picture (fraction of the range); tuned on real pictures.
GREY_DIFFERENCE = 0.05
# Least correlation of the colours of a tinted grey picture: scans 0.99, coloured markers below 0.95.
TINT_CORRELATION = 0.98
# Rows and columns from which the correlation of colours is computed; tuned for speed.
COLOUR_SAMPLE_PX = 400

# biorad.py (Clapp 2017, File Specification for Bio-Rad 1sc Files)
# First bytes of a .1sc file.
BIO_RAD_START = b"\xaf\xafStable File Version"
# Kinds of the blocks that name the fields of the scan header, hold their values, and hold the pixels.
SCAN_FIELDS = 128
SCAN_VALUES = 129
PIXELS = 130
# Bytes of a field before its content.
FIELD_HEADER_BYTES = 8
# Types of whole numbers: signed or unsigned is not known; those of pictures are not negative.
NUMBER_TYPES = {3: "<H", 4: "<H", 5: "<I", 6: "<I"}  # code: struct format
