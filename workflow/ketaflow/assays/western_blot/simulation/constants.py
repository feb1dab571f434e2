"""Constants of drawing blots: what the drawn study holds, and how its pictures are stored."""

# simulate.py
# Animals of one membrane, with a ladder and a pool: ten of the wells of a comb.
PER_MEMBRANE = 8
# target, role, total, kDa, largest rise over vehicle, dose of half the rise (mg/kg), spread between animals
PROTEINS = (
    ("p-mTOR", "phospho", "mTOR", 289.0, 1.1, 6.0, 0.14),
    ("mTOR", "total", None, 289.0, 0.0, 1.0, 0.10),
    ("BDNF", "target", None, 14.0, 0.45, 5.0, 0.12),
    ("GAPDH", "loading_control", None, 37.0, 0.0, 1.0, 0.0),
)
# Volume of a vehicle animal's band (counts).
USUAL_VOLUME = {"p-mTOR": 450_000, "mTOR": 1_100_000, "BDNF": 320_000, "GAPDH": 1_600_000}
# Standard deviation of loading between lanes, and of exposure between pictures (natural logarithm).
LOADING_SD = 0.12
EXPOSURE_SD = 0.2
# Size of a picture (pixels).
HEIGHT_PX = 420
WIDTH_PX = 560

# drawing.py
# Masses of the ladder's bands (kDa).
LADDER_KDA = (250.0, 150.0, 100.0, 75.0, 50.0, 37.0, 25.0, 20.0, 15.0, 10.0)
# Largest number of 16 bits (counts).
FULL_SCALE = 65535
