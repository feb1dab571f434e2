"""How well puncta and synapses are found, and how fast, compared with other detectors.

    python benchmarks/synaptic_puncta.py

Simulates fields of 1024 x 1024 pixels with known puncta over uneven background, some crowded. Prints F1 (a punctum is
found if a detection lies within 2.5 pixels, one to one), the synapse count over the true one, and CPU seconds. LoG is
given the width of the spots, blob_log a range of widths and a threshold in units of the noise; big-fish, if it is
installed, sets its own threshold.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree
from skimage.feature import blob_log, peak_local_max

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "workflow"))

from ketaflow import assays  # noqa: E402
from ketaflow.assays.synaptic_puncta.model import Channel, Field, Fields, QuantifySettings  # noqa: E402
from ketaflow.assays.synaptic_puncta.quantify import find_puncta, quantify  # noqa: E402
from ketaflow.assays.synaptic_puncta.simulation.fields import Scene, SimulatedField, simulate_field  # noqa: E402
from ketaflow.core import settings  # noqa: E402
from ketaflow.core.inputs import build  # noqa: E402

DEFAULTS = settings.with_defaults({}, assays.described("synaptic_puncta", "settings.schema"))
SETTINGS = build(QuantifySettings, DEFAULTS["quantify"])
PIXEL_UM = 0.1
WIDE = Scene(width_px=1024, height_px=1024, unevenness=1.2, sigma_um=0.16, brightness_cv=0)
Detector = Callable[[np.ndarray], np.ndarray]
FIELDS = {
    "SNR 3": {"snr": 3, "pre_alone": 1500},
    "SNR 6": {"snr": 6, "pre_alone": 1500},
    "SNR 12": {"snr": 12, "pre_alone": 1500},
    "SNR 6, brightness varies 40 %": {"snr": 6, "pre_alone": 1500, "brightness_cv": 0.4},
    "SNR 6, crowded (4,000)": {"snr": 6, "pre_alone": 4000},
    "SNR 6, small (sigma 1.2 px)": {"snr": 6, "pre_alone": 1500, "sigma_um": 0.12},
    "SNR 6, large (sigma 2.4 px)": {"snr": 6, "pre_alone": 1500, "sigma_um": 0.24},
}

# Synapses, lone puncta of each channel, SNR.
MIXTURES = (
    (500, 500, 6), (1000, 500, 6), (1500, 500, 6), (1000, 2000, 6), (2500, 1000, 6), (0, 1500, 6), (1000, 500, 3),
)  # fmt: skip


def ours(image: np.ndarray) -> np.ndarray:
    return find_puncta(image, (PIXEL_UM, PIXEL_UM), SETTINGS.puncta).puncta.positions_px


def log_peaks(image: np.ndarray) -> np.ndarray:
    response = -ndimage.gaussian_laplace(image.astype(np.float32), 1.6)
    noise = np.median(np.abs(response - np.median(response))) / 0.6745
    return peak_local_max(response, min_distance=2, threshold_abs=5 * noise)


def skimage_blobs(image: np.ndarray) -> np.ndarray:
    flat = image - ndimage.gaussian_filter(image.astype(np.float32), 10)
    noise = np.median(np.abs(flat)) / 0.6745
    return blob_log(flat / noise, min_sigma=1.2, max_sigma=2.4, num_sigma=4, threshold=1.0)[:, :2]


def big_fish(image: np.ndarray) -> np.ndarray:
    from bigfish import detection

    return detection.detect_spots(image, voxel_size=(100, 100), spot_radius=(160, 160))


def f1(found: np.ndarray, true: np.ndarray, tolerance_px: float = 2.5) -> float:
    if not len(found):
        return 0.0
    near = cKDTree(found).sparse_distance_matrix(cKDTree(true), tolerance_px, output_type="coo_matrix")
    rows, columns = set(), set()
    for index in np.argsort(near.data):
        if near.row[index] not in rows and near.col[index] not in columns:
            rows.add(near.row[index])
            columns.add(near.col[index])
    return 2 * len(rows) / (len(found) + len(true))


def detectors() -> dict[str, Detector]:
    found = {"ketaflow": ours, "LoG, 5 x MAD": log_peaks, "skimage blob_log": skimage_blobs}
    try:
        import bigfish  # noqa: F401
    except ImportError:
        return found
    return {**found, "big-fish": big_fish}


def compare_detection() -> None:
    tools = detectors()
    print(f"{'F1 (CPU s)':32}" + "".join(f"{name:>20}" for name in tools))
    for name, words in FIELDS.items():
        drawn = simulate_field(replace(WIDE, synapses=0, post_alone=0, **words), np.random.default_rng(1))
        cells = []
        for tool in tools.values():
            start = time.process_time()
            found = tool(drawn.pre[0])
            cells.append(f"{f1(found, drawn.pre_px[:, 1:]):.3f} ({time.process_time() - start:.2f})")
        print(f"{name:32}" + "".join(f"{cell:>20}" for cell in cells))


def as_fields(drawn: SimulatedField) -> Fields:
    channels = [Channel("drawn", name, pixels[0], 0.0) for name, pixels in (("pre", drawn.pre), ("post", drawn.post))]
    return Fields([Field("drawn", "M1", "", None, *channels, PIXEL_UM, None, "table", ())])


def compare_synapses() -> None:
    heads = ("synapses", "alone", "SNR", "found/drawn", "pairs/drawn", "less all chance", "CPU s")
    print("\n" + "".join(f"{head:>17}" for head in heads))
    for synapses, alone, snr in MIXTURES:
        scene = replace(WIDE, synapses=synapses, pre_alone=alone, post_alone=alone, snr=snr)
        fields = as_fields(simulate_field(scene, np.random.default_rng(2)))
        start = time.process_time()
        one = quantify(fields, SETTINGS).sections[0]
        spent = time.process_time() - start
        per = synapses or 1000
        shares = [one.synapses / per, one.pairs / per, (one.pairs - one.chance_pairs) / per]
        cells = [f"{synapses}", f"{alone}", f"{snr}", *(f"{share:.3f}" for share in shares), f"{spent:.2f}"]
        print("".join(f"{cell:>17}" for cell in cells))


if __name__ == "__main__":
    compare_detection()
    compare_synapses()
