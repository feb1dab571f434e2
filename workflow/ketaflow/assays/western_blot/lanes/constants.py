"""Constants of finding lanes, their profiles and backgrounds.

What a user may want to change is a setting; these numbers are not. "Tuned" means chosen on drawn membranes of many
styles and on the real pictures of the benchmarks.
"""

import numpy as np

# detection.py
# Leans of the lanes that are tried (columns per row): up to 7 degrees.
LEANS = np.linspace(-0.12, 0.12, 25)
# Strips of rows from which the column profile is computed, and in which lanes are judged; tuned.
ROW_STRIPS = 24
# Wells for which a picture of a whole membrane has room at least; smallest usual comb.
FEWEST_WELLS = 5
# Lanes lean only if that makes the column profile sharper by this factor; tuned.
LEAN_GAIN = 1.05
# Distances between lanes that are tried; tuned.
PITCHES = 28  # count
# Cost of leaving the pitch by all of it (lanes); tuned.
COST_UNEVEN = 6.0
# Cost of a well that was skipped (lanes); tuned.
COST_SKIPPED = 0.25
# Cost of one lane's signal outside all lanes (lanes); tuned.
COST_OUTSIDE = 0.6
# Least distance between neighbours (pitches): crowded lanes.
NEAREST_NEIGHBOUR = 0.65
# Greatest distance between neighbours (pitches): three skipped wells.
FARTHEST_NEIGHBOUR = 4.4
# Part of the pitch that is certainly lane (fraction); tuned.
LANE_CORE = 0.6
# Part of the pitch that is certainly gap (fraction); tuned.
GAP_CORE = 0.12

# Heights of a row of bands that are tried (fractions of the membrane); a smile takes up to a tenth.
ROW_HEIGHTS = (0.08, 0.12, 0.18)
# Strength above which a column shows a band (fraction of the 95th percentile, compressed).
ROW_STRENGTH = 0.3
# Factor by which a later or taller row must cover more columns.
ROW_GAIN = 1.03

# lane_plausibility.py
# Distance from its centre up to which a lane reaches (pitches).
LANE_REACH = 0.55
# Strips below this fraction of the strongest are ignored; tuned.
FAINT_STRIP = 0.01
# Exponent of the signal by which strips are weighted; tuned.
STRIP_EXPONENT = 0.8
# Two lanes are one if the dip between them is below this fraction of the usual dip; tuned.
SHALLOW_DIP = 0.3
# One lane is two if the dip within it is above this fraction of the usual dip; tuned.
DEEP_DIP = 0.7
# The same, for the median over the lanes; tuned.
USUAL_DEEP_DIP = 0.4  # fraction
# Least dip that can divide a lane (fraction of its height); tuned.
LEAST_DIP = 0.12
# Lanes cannot be separated where the usual dip is below this fraction of their height; tuned.
LEAST_USUAL_DIP = 0.1
# Places without a dip between them are one lane if their bands correlate more than this; tuned.
SAME_LANE_CORRELATION = 0.4
# Least distance between neighbours (pitches); tuned.
LEAST_DISTANCE = 0.72
# Greatest distance of a lane from a whole number of wells (pitches); tuned.
GREATEST_OFFSET = 0.35
# A lane shows a signal if it has this fraction of the usual one; tuned.
LIT_FRACTION = 0.27
# Distance from a listed lane up to which unlisted ones are sought (pitches).
OUTSIDE_REACH = 3.0
# Least distance of a lane, or of a well that is not empty, between two listed lanes (pitches); tuned.
MIDWAY_DISTANCE = 0.4
# Signal beside a lane is another lane if it is this many times the dip before it; tuned.
FLANK_DIP = 1.3
# Or if it is this fraction of the lane beside it; tuned.
FLANK_FRACTION = 0.4
# Lanes weaker than this fraction of the usual one are no measure for others; tuned.
WEAKEST_FRACTION = 0.15
# Lanes below this fraction of the usual signal are too faint to look like two; tuned.
PLAIN_FRACTION = 0.5
# Rows in which two lanes reach this fraction of their strongest hold bands; rims of wells reach 0.14.
SHARED_FRACTION = 0.2

# A well between two listed lanes is empty below this fraction of the weakest listed lane; tuned.
SKIPPED_FRACTION = 0.05
# Fewest lanes by which the pitch is known; below it the limit of lanes that are not listed is a third.
FEWEST_FOR_PITCH = 3
# Distance from a lane's centre beyond which a deep dip shows that another lane begins (pitches).
CLOSE_REACH = 0.35
# Such a dip falls to this fraction of the signal beyond it, less than in bands with strong edges.
CLOSE_DIP = 1 / 3

# lane_contents.py
# Fewest bands that make a ladder of a lane: products have 7 to 13.
LADDER_BANDS = 5
# And this many times the usual number of bands of the samples.
LADDER_EXCESS = 2.0
# Least height of an unlisted ladder (fraction of the samples' usual highest band): blocks of a JPEG reach 0.02.
LADDER_SHARE = 0.05
# Distances beyond the outer lanes at which an unlisted ladder is sought (pitches).
LADDER_BESIDE = (0.8, 0.9, 1.0, 1.1, 1.2, 1.4, 1.6, 1.8, 2.0)
# Part of the pitch over which a lane's contents are read (fraction): bands are wider.
CONTENT_WIDTH = 0.5
# Least height of a band in a lane (multiples of the noise of its rows); tuned.
BAND_SNR = 6.0
# Below this a lane is empty (multiples of the noise of its rows): noise reaches 4.3 in drawn membranes.
EMPTY_SNR = 4.5
# Distance from its centre at which a lane beside an empty one has ended (pitches).
EDGE_REACH = 0.6
# Part of the pitch over which that is read (fraction).
EDGE_WIDTH = 0.1
# There it has fallen to this fraction of its height.
EDGE_SHARE = 0.5
# Quantile of a lane's rows that is its background: bands of a ladder take up to half of them.
CONTENT_LEVEL = 0.3
# Least noise of a lane (fraction of the picture's strongest band).
LEAST_NOISE = 0.001
# Least prominence of a band (fraction of the lane's highest).
BAND_PROMINENCE = 0.15
# Height from which a row of a lane is a band (fraction of the lane's highest).
ROW_HEIGHT = 0.2
# Rows by which bands of neighbours may differ (fraction of the membrane's height): tilt and smile.
ROW_TOLERANCE = 0.08
# Neighbours with which an outer lane is compared.
ROW_NEIGHBOURS = 3  # count
# Least height of an outer lane in the rows of its neighbours (fraction of its own highest).
ROW_SHARE = 0.1

# dot_blots.py
# Greatest sizes of a dot that are tried (fraction of the shorter side of the picture): two rows and their margins need
# the rest, of the picture or of a membrane in a third of it.
DOT_SIZES = (0.34, 0.12)
# Least rise of a dot above what a square of that size leaves (multiples of the pixels' noise).
DOT_NOISE = 8.0
# And as a fraction of the highest rise; the glare of dots stays below.
DOT_LEAST_RISE = 0.05
# Least area of a spot in the reduced picture (pixels); smaller ones are dust.
DOT_LEAST_PX = 9
# Fewest spots that are a dot blot: two rows of two.
FEWEST_DOTS = 4
# Greatest ratio of height and width of a dot (natural logarithm): 1.35; bands reach 0.7.
DOT_ASPECT_LOG = 0.3
# Greatest deviation of a dot's size from the usual one (natural logarithm), as the wells of a manifold are alike.
DOT_SIZE_LOG = 0.3
# Least fraction of the signal of all spots that such dots hold; tuned.
DOT_FRACTION = 0.7
# Greatest ratio of the grid's two pitches (natural logarithm): 1.2; manifolds have 9 mm both ways.
DOT_PITCH_LOG = 0.2

# Fewest rows that show that slots are evenly spaced.
FEWEST_SLOT_ROWS = 3
# Greatest deviation of a distance between rows of slots from the usual one (fraction): rows of a manifold are milled.
SLOT_UNEVENNESS = 0.05
# Least fraction of the grid that slots fill: some samples are empty.
SLOT_FRACTION = 0.7

# profile_baseline.py
# Greatest number of rounds of arPLS; it usually converges in about ten.
ARPLS_ROUNDS = 30
# Greatest distance of a band's foot from its peak (half-widths); a Gaussian reaches 3 % of its height at 2.25.
FOOT_HALF_WIDTHS = 3.0

# lane_crops.py
# A lane ends where its bands fall below this fraction of their strongest column; tuned.
LANE_EDGE = 0.05
# The same for the core, from which the slope of the bands is read; tuned.
LANE_CORE_LEVEL = 0.3  # fraction
# Levels between which the flanks of a lane are read (fractions of its strongest column); tuned.
FLANK_LEVELS = (0.2, 0.4)
# Columns kept beside a lane (fraction of its width): gap and border of a box 10 % wider.
MARGIN_WIDTH = 0.25
# Least number of those columns (pixels).
MARGIN_LEAST_PX = 4
# Width of the gap beside a lane or box (fraction of its width); tuned.
GAP_WIDTH = 0.15
# Greatest distance of that gap from the lane (fraction of the lane's width); tuned.
GAP_DISTANCE = 0.25
# Lanes whose width differs more than this from the usual one are centred by the grid (fraction); tuned.
WIDTH_TOLERANCE = 0.25
# A pixel is a speck if it leaves its row's range by this many standard deviations of the noise; tuned.
SPECK_SD = 8.0
# Upper end of a row's range (multiples of its median above background); tuned.
ROW_CREST = 2.5
# Greatest share of a row that specks take up (fraction); tuned.
SPECK_WIDTH = 0.2
# Wider spots are dust if they are this tall (fraction of their width): round.
SPOT_ROUNDNESS = 0.8
# And rise this far above their rows (fraction of the lane's highest band), which matters for volumes.
SPOT_HEIGHT = 0.25
# Quantile of a row's pixels that a hole leaves unchanged.
HOLE_ROW_QUANTILE = 0.75
# Percentile of the rows around that is taken for background beside a hole; tuned.
HOLE_BACKGROUND_PCT = 20
# Rows from which that percentile is read; tuned for speed.
HOLE_WINDOW_ROWS = 60
# Greatest height of a hole (fraction of the length of background changes); tuned.
HOLE_HEIGHT = 0.5
# Columns from which the brightness of a row is read; tuned for speed.
SAMPLED_COLUMNS = 24
# Rows from which a lane's place and noise are read; tuned for speed.
SAMPLED_ROWS = 500

# background.py
# Points of the coarse profile in which the membrane's edges are sought; tuned for speed.
EDGE_POINTS = 250
# Least step at an edge of the membrane (fraction of all changes of the running median); tuned.
EDGE_STEP = 0.4
# Least step at an edge of the membrane (fraction of the highest band); tuned.
EDGE_STEP_OF_BAND = 0.15
# Greatest length of a stretch between steps that may be a band (fraction of the rows); tuned.
BUMP_LENGTH = 0.25
# Window of the running median (fraction of the rows); tuned.
MEDIAN_WINDOW = 0.12
# A step to the lowest level within this distance of an end is the table (fraction of the rows); tuned.
OUTER_ROWS = 0.25
# Stiffness of the gaps' baseline (fraction of a lane's), as gaps hold no bands; tuned.
GAP_LENGTH = 0.5
# A lane's baseline climbs bands where it is nearer to the top of the highest band than to the gaps (fraction).
CLIMB_HEIGHT = 0.5
# And by this many times the unevenness of the gaps; tuned.
CLIMB_UNEVENNESS = 10.0
# Greatest length over which that is allowed (fraction of the length of background changes); tuned.
CLIMB_LENGTH = 0.5
# Factors by which the baseline is then made stiffer, in turn; tuned.
STIFFENING = (1.0, 2.0, 4.0)  # ratio
# A stripe shows in all gaps but this percentage; tuned.
STRIPE_PERCENTILE = 10.0
# Least height of a stripe (multiples of the gaps' noise); the usual detection limit.
STRIPE_SNR = 3.0

# lane_profile.py
# A baseline is corrected beside a band where it is off by this many times the noise; tuned on drawn membranes.
CORRECTION_SNR = 2.0
# And by this fraction of the band's height; the glare of a strong band reaches 0.02.
CORRECTION_FRACTION = 0.05
# Least fraction of a peak's height that the gaps beside the lane do not show; tuned.
LEAST_OWN_FRACTION = 0.1
# Least stiffness of the baseline (heights of the usual band); tuned on drawn membranes.
STIFFNESS_PER_BAND = 4.0
# Greatest factor by which that makes it stiffer than the setting; tuned on drawn membranes.
MOST_STIFFENING = 2.0
# Least factor for which a second baseline is drawn; tuned for speed.
LEAST_STIFFENING = 1.15
# Smoothing of stripes (heights of the usual band): half the standard deviation of a Gaussian band.
STRIPE_SMOOTHING = 1 / 12
# A peak is broad from this many heights of the usual band; tuned on drawn membranes.
BROAD_ROWS = 3.0
# Least height of a broad peak (fraction of the strongest); lower ones are uneven background.
BROAD_HEIGHT = 0.3
# Percentile of a profile above the gaps that is taken for its strongest band.
STRONGEST_PERCENTILE = 99.5
