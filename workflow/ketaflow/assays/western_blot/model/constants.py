"""Constants of the data models."""

# Fewest bits of a number for densitometry: detectors count with 10 to 16; 8 bits hold greys for a screen.
LEAST_BITS = 10
