"""Drawn dendrites, and records made by hand, for the tests of this folder."""

import numpy as np

from ketaflow.core.records import Record

ANY = {"channel": None, "pixel_size_um": None, "z_step_um": None, "cell": "n1", "dendrite": "d1"}
COUNTS = {"mushroom_count": 6, "thin_count": 0, "stubby_count": 0, "filopodium_count": 0}


def truth(length_um: float = 16.0, photons: float = 200.0, **counts: int) -> dict:
    return {"length_um": length_um, "photons": photons, **COUNTS, **counts}


def record_of(stack: np.ndarray, row: dict, pixel_um: float = 0.1, step_um: float | None = 0.3, **tables) -> Record:
    facts = {
        "pixel_size_um": pixel_um, "z_step_um": step_um, "ceiling": 4095.0, "scale_source": "OME", "channel": "1",
        "notes": [],
    }  # fmt: skip
    return Record(facts=facts, arrays={"stack": stack}, rows={"dendritic_spines": [row], **tables})


def values(measured: Record) -> dict[str, float]:
    return {entry["measure"]: entry["value"] for entry in measured.tables["measurements"]}
