"""Units of length and of time, as the metadata of image files spell them."""

# Micrometres per unit of length, as OME, ImageJ, MetaMorph and LIF spell the unit, in lower case.
UM_PER_UNIT = {
    "um": 1.0, "µm": 1.0, "μm": 1.0, "\\u00b5m": 1.0, "micron": 1.0, "microns": 1.0, "micrometer": 1.0,
    "nm": 1e-3, "pm": 1e-6, "mm": 1e3, "cm": 1e4, "m": 1e6, "inch": 25400.0, "in": 25400.0,
}  # fmt: skip
# Milliseconds per unit of time, as OME spells the unit.
MS_PER_UNIT = {"s": 1e3, "ms": 1.0, "µs": 1e-3, "μs": 1e-3, "ns": 1e-6, "min": 6e4}
