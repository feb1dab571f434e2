"""Poses of drawn animals with a known truth, and files of DeepLabCut and SLEAP that hold them.

Not drawn by ketaflow's own simulation: a stick figure of ten parts whose paws go to and fro while it swims, and which
drifts and turns slowly while it floats. Positions have the jitter of a tracker.
"""

import pickle
from pathlib import Path

import numpy as np
import pandas as pd

# Places of the parts along and across the body (body lengths).
PARTS = {
    "nose": (0.5, 0.0), "neck": (0.3, 0.0), "bodycentre": (0.0, 0.0), "hipl": (-0.3, 0.08), "hipr": (-0.3, -0.08),
    "tailbase": (-0.5, 0.0), "pawfl": (0.25, 0.15), "pawfr": (0.25, -0.15), "pawhl": (-0.3, 0.18),
    "pawhr": (-0.3, -0.18), "tailtip": (-1.2, 0.0),
}  # fmt: skip
BODY_ALONE = ("nose", "neck", "bodycentre", "hipl", "hipr", "tailbase", "tailtip")


def schedule(rng: np.random.Generator, duration_s: float) -> list[tuple[str, float, float]]:
    """Alternating immobility and swimming, bouts of 3 to 15 s."""
    found, now, state = [], 0.0, "swimming"
    while now < duration_s:
        length = float(rng.uniform(3, 15))
        found.append((state, now, min(now + length, duration_s)))
        now, state = now + length, "immobility" if state == "swimming" else "swimming"
    return found


def positions(
    bouts: list[tuple[str, float, float]],
    rate_hz: float,
    *,
    seed=0,
    length_px=90.0,
    jitter=0.01,
    vigour=1.0,
    left_px=300.0,
) -> np.ndarray:
    """Positions (n_frames, n_parts, 2) in pixels."""
    rng = np.random.default_rng(seed)
    times_s = np.arange(0, bouts[-1][2], 1 / rate_hz)
    moves = np.zeros(len(times_s))
    for state, start_s, stop_s in bouts:
        if state == "swimming":
            moves[(times_s >= start_s) & (times_s < stop_s)] = 1
    stroke_hz, drift, travel = rng.uniform(3, 5), rng.uniform(0.02, 0.18), rng.uniform(0.5, 1.2)
    heading = np.cumsum(rng.normal(0, 1, len(times_s))) * 0.6 / np.sqrt(rate_hz)
    pace = np.where(moves > 0, travel * vigour, drift)
    steps = pace / rate_hz * np.array([np.cos(heading), np.sin(heading)])
    # The walls of the cylinder, two body lengths wide.
    centre = 1 - np.abs((np.cumsum(steps, axis=1) + rng.uniform(0.5, 1.5, (2, 1))) % 4 - 2) / 2
    axis = np.cumsum(np.where(moves > 0, rng.normal(0, 1.2, len(times_s)), 0.15) / rate_hz) + rng.uniform(0, 6)
    phase = 2 * np.pi * stroke_hz * times_s
    xy = np.zeros((len(times_s), len(PARTS), 2))
    for place, (name, (along, across)) in enumerate(PARTS.items()):
        stroke = 0.1 * vigour * moves * np.sin(phase + place * np.pi) * name.startswith("paw")
        heave = 0.02 * vigour * moves * np.sin(phase)
        a, b = along + stroke, across + 0.5 * stroke + heave
        xy[:, place, 0] = centre[0] + a * np.cos(axis) - b * np.sin(axis)
        xy[:, place, 1] = centre[1] + a * np.sin(axis) + b * np.cos(axis)
    return left_px + length_px * (xy + rng.normal(0, jitter, xy.shape))


def likelihoods(xy: np.ndarray) -> np.ndarray:
    return np.full(xy.shape[:2], 0.99)


def columns(individuals: dict[str, np.ndarray], parts=tuple(PARTS)) -> list[tuple[str, ...]]:
    single = list(individuals) == [""]
    return [
        ("DLC_net", *(() if single else (name,)), part, axis)
        for name in individuals
        for part in parts
        for axis in ("x", "y", "likelihood")
    ]


def cells(individuals: dict[str, np.ndarray], sure=None, parts=tuple(PARTS)) -> np.ndarray:
    places = [list(PARTS).index(part) for part in parts]
    blocks = []
    for name, xy in individuals.items():
        own = likelihoods(xy) if sure is None else sure[name]
        blocks.append(np.concatenate([xy, own[..., None]], axis=2)[:, places].reshape(len(xy), -1))
    return np.column_stack(blocks)


def deeplabcut_csv(path: Path, individuals: dict[str, np.ndarray], sure=None, parts=tuple(PARTS)) -> None:
    titles = columns(individuals, parts)
    levels = (
        ["scorer", "bodyparts", "coords"] if len(titles[0]) == 3 else ["scorer", "individuals", "bodyparts", "coords"]
    )
    lines = [",".join([level, *(title[place] for title in titles)]) for place, level in enumerate(levels)]
    body = pd.DataFrame(cells(individuals, sure, parts)).to_csv(header=False, float_format="%.3f")
    path.write_text("\n".join(lines) + "\n" + body)


def deeplabcut_h5(path: Path, individuals: dict[str, np.ndarray]) -> None:
    """As pandas writes a table through PyTables (seen in a file written by pandas 2)."""
    import h5py

    values, titles = cells(individuals), columns(individuals)
    content = np.zeros(len(values), [("index", "<i8"), ("values_block_0", "<f8", (values.shape[1],))])
    content["index"], content["values_block_0"] = np.arange(len(values)), values
    with h5py.File(path, "w") as file:
        group = file.create_group("df_with_missing")
        group.attrs["pandas_type"] = np.bytes_(b"frame_table")
        group.attrs["non_index_axes"] = np.bytes_(pickle.dumps([(1, titles)], 0))
        table = group.create_dataset("table", data=content)
        table.attrs["values_block_0_kind"] = np.bytes_(pickle.dumps(titles, 0))


def sleap_h5(path: Path, individuals: dict[str, np.ndarray]) -> None:
    import h5py

    with h5py.File(path, "w") as file:
        file["tracks"] = np.stack([xy.transpose(2, 1, 0) for xy in individuals.values()])
        file["node_names"] = np.array(list(PARTS), "S")
        file["track_names"] = np.array([name for name in individuals if name], "S")
        file["point_scores"] = np.stack([likelihoods(xy).T for xy in individuals.values()])


def sleap_csv(path: Path, individuals: dict[str, np.ndarray]) -> None:
    found = []
    for name, xy in individuals.items():
        own = {"track": name, "frame_idx": np.arange(len(xy)), "instance.score": 0.9}
        for place, part in enumerate(PARTS):
            own |= {f"{part}.x": xy[:, place, 0], f"{part}.y": xy[:, place, 1], f"{part}.score": 0.9}
        found.append(pd.DataFrame(own).dropna(subset=["nose.x"]))
    pd.concat(found).to_csv(path, index=False)
