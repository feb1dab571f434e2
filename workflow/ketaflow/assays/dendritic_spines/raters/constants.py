"""Numbers of comparing spines with what people marked, each with its unit and where it comes from.

Unless a source is given, a value was tuned on drawn stacks and on two-photon and confocal images
(``benchmarks/dendritic_spines.py``, decision 19).
"""

# --- Matching ---
# Cost of a pair out of reach: far above any distance in an image.
OUT_OF_REACH = 1e6  # um

# --- Consensus ---
# A place that this share of its raters marked is a spine (ratio); one that fewer marked is undecided.
ACCEPTED_SHARE = 0.5

# --- Corrections ---
# A correction means the spine within this distance of its place (um).
CLICK_UM = 1.0
# An added spine within this distance of a found one is that one (um): heads nearer than their width are not resolved.
SAME_SPINE_UM = 0.5
# A person moves a spine no farther than this (um); beyond it, spines were renumbered since the row was written.
MAX_MOVE_UM = 6.0

# --- ImageJ regions ---
# A region dragged farther than this was moved (pixels); coordinates are stored as 32-bit floats.
MOVED_PX = 0.5
