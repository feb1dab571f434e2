"""Values tried for the constants of elisa, sucrose_preference and core.images (elisa_sucrose_images_ablation.py).

The first of each is neutral where a rule can be off.
"""

from typing import Any

VALUES: dict[str, dict[str, tuple[Any, ...]]] = {
    "elisa_plates": {
        "SPARE_LEVELS": (0, 2), "RESPONSE_FLOOR": (1e-09, 0.002, 0.01, 0.02), "REWEIGHTING_PASSES": (1, 2, 20),
        "START_SLOPES": ((1.0,), (0.5, 1.0, 2.0)), "START_INFLECTIONS": (3, 10),
        "SHAPE_LIMITS": ((0.01, 100.0), (0.3, 4.0)), "INFLECTION_BEYOND_FACTOR": (1000000000000.0, 10.0),
        "GRID_POINTS": (101, 2001), "GRID_BEYOND_FACTOR": (1000000.0, 10.0), "OUTLIER_PROBABILITY": (0.0, 0.001, 0.05),
        "BLANK_PREDICTION_PCT": (50.0, 95.0, 99.9), "BLANK_EXCESS_MIN": (0.0, 0.1, 0.4),
        "EXCHANGE_REPLICATE_LOG": (1000000000.0, 0.5, 0.12), "EXCHANGE_ORDER_LOG": (0.0, 0.04, 0.16),
        "EXCHANGE_LEAST_REPAIRED": (1, 3), "EXCHANGE_SPAN_MIN": (0.0, 0.5, 0.9),
    },
    "elisa_files": {
        "WAVELENGTHS_NM": ((0.0, 1000000.0), (300.0, 800.0)), "FEWEST_WELLS": (1, 2, 8),
        "LONGEST_GAP_LINES": (0, 1, 20), "FEWEST_DELIMITED_LINES": (1, 2, 8),
    },
    "sucrose_logs": {
        "LEAST_INTAKE_PRECISIONS": (0, 1, 5), "CUMULATIVE_FALL_SHARE": (0.0, 0.03, 0.5),
        "INTERVAL_FALL_SHARE": (0.1, 0.9), "LEAST_INTAKE_ROWS": (0, 3, 12), "RHYTHM_QUANTILE": (0.1, 0.5),
        "RHYTHM_INTERVAL_S": ((0.0, 1000000000.0), (0.02, 1.0), (0.08, 0.25)), "TRAIN_FACTOR": (1.5, 3.0),
        "TRAIN_PROBABILITY": (1.0, 0.001, 0.05), "FIRST_STEP_FACTOR": (1.0, 2.0, 10.0), "UNIT_MIN_LICKS": (3, 12, 50),
        "SECONDS_BELOW": (0.0, 100.0), "REGULAR_MIN_INTERVALS": (1, 3, 30), "REGULAR_SHARE": (0.0, 0.4, 0.9),
        "REGULAR_TOLERANCE": (0.0, 0.25, 1.0), "GAP_INTERVALS": (1, 10),
    },
    "sucrose_files": {
        "MISSPELT_CONTENT_RATIO": (1.1, 0.6), "SUCROSE_DENSITY_SLOPE": (0.0,), "SUCROSE_DENSITY_CURVATURE": (0.0,),
        "MOST_CONTROL_SHARE": (1.0, 0.01), "MOST_LINES_OF_A_CELL": (1000000, 0),
        "BALANCE_FROM": (1000000000.0, 20.0, 120.0), "CONSUMED_TOLERANCE": (1000000000.0, 0.0, 0.5),
        "MOST_HEADING_WORDS": (1000000, 3), "MOST_TRANSPOSED_ROWS": (1000000000, 10),
        "LEAST_COVERED_SHARE": (0.0, 1.0), "REFILL_AMOUNT": (1000000000.0, 0.1),
        "LIQ_HD_BOUT_PAUSE_S": (0.0,), "MOST_TITLE_ROWS": (1000000000, 5), "MOST_BROKEN_SHARE": (1.0, 0.0),
        "MOST_SPOUTS": (1000000000, 8), "LONGEST_LOG_S": (1e+30, 2000000.0), "MIDNIGHT_STEP_S": (1, 80000),
        "REGULAR_MIN_INTERVALS": (3,),
        "SHORTEST_INTERVAL_S": (0.0,), "INTERVAL_SMOOTHING_MS": (0.01, 10.0),
    },
    "images": {
        "GREY_TOLERANCE": (0.0, 0.06, 0.25, 1.0), "GREY_QUANTILE": (1.0, 0.9), "MAX_UNNAMED_CHANNELS": (1000000000, 1),
        "TRANSPOSED_ASPECT": (1, 1000), "DETECTOR_BITS": ((), (8, 12, 16), (8, 10, 12, 16)),
        "PREVIEW_SHARE": (0.0, 0.6), "PACKED_BITS": ((), (12,)), "MAX_OUTSIDE": (1.0, 0.0),
        "PIXEL_SIZE_RANGE_UM": ((0.0, 1000000000.0), (0.05, 1.0)),
        "Z_STEP_RANGE_UM": ((0.0, 1000000000.0), (0.1, 2.0)), "SQUARE_TOLERANCE": (1000000000.0, 0.0),
        "ACQUISITION_TOLERANCE": (0.0, 0.1),
    },
}  # fmt: skip
