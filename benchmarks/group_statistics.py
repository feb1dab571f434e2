"""Statistics: CPU per endpoint once everything is loaded, and mixed models beside statsmodels.

Run: .venv/bin/python benchmarks/group_statistics.py
"""

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

from threadpoolctl import threadpool_limits

from ketaflow import statistics
from ketaflow.statistics.models import mixed, model_matrix

ENDPOINTS, ANIMALS, ARMS, DENDRITES = 200, 40, 4, 20
CHECKS = pd.DataFrame(columns=["assay", "recording", "animal", "check", "value"])
SETTINGS = statistics.Settings(min_animals_per_arm=3, power=0.8)
DOSES = (0.0, 5.0, 10.0, 20.0)


def cohort():
    names = [f"ket{dose:g}" for dose in DOSES]
    arms = pd.DataFrame({
        "arm": names, "control": [True, False, False, False], "drug": ["saline"] + ["ketamine"] * 3,
        "dose_mg_per_kg": DOSES, "pretreatment": None, "stressor": None,
    })  # fmt: skip
    animals = pd.DataFrame({"animal": [f"m{i:02d}" for i in range(ANIMALS)]})
    animals = animals.assign(sex="male", cage=[f"c{i // 4}" for i in range(ANIMALS)], litter=None)
    return animals, arms, pd.DataFrame({"animal": animals["animal"], "arm": [names[i % ARMS] for i in range(ANIMALS)]})


def measurements(rng, count, samples):
    rows = []
    for endpoint in range(count):
        own = np.repeat(rng.normal(size=ANIMALS), samples)
        rows.append(pd.DataFrame({
            "animal": np.repeat([f"m{i:02d}" for i in range(ANIMALS)], samples), "assay": "assay",
            "measure": f"measure_{endpoint}", "unit": "u", "value": 10 + own + rng.normal(size=ANIMALS * samples),
            "sample": np.tile([f"d{i}" for i in range(samples)], ANIMALS) if samples > 1 else None,
        }))  # fmt: skip
    return pd.concat(rows, ignore_index=True)


def per_endpoint_ms(count, samples, **endpoint):
    animals, arms, allocation = cohort()
    plan = {"endpoints": {f"e{i}": {"assay": "assay", "measure": f"measure_{i}"} | endpoint for i in range(count)}}
    rows = measurements(np.random.default_rng(1), count, samples)
    start = time.process_time()
    statistics.analyse(statistics.StudyTables(rows, CHECKS, animals, arms, allocation), plan, {}, SETTINGS)
    return (time.process_time() - start) / count * 1000


def mixed_ratio():
    """CPU of one nested fit with degrees of freedom, ours and statsmodels' (which has none)."""
    import statsmodels.formula.api as smf

    rows = measurements(np.random.default_rng(2), 1, DENDRITES)
    rows["arm"] = np.repeat(cohort()[2]["arm"].to_numpy(), DENDRITES)
    levels = {"arm": sorted(rows["arm"].unique())}
    matrix = model_matrix.Coding((("arm",),), levels).matrix({"arm": rows["arm"].to_numpy()})
    grouping = mixed.Grouping("animal", pd.factorize(rows["animal"])[0], np.ones((len(rows), 1)))
    own = fastest(lambda: mixed.fit(matrix, rows["value"].to_numpy(), [grouping]))
    other = fastest(lambda: smf.mixedlm("value ~ arm", rows, groups=rows["animal"]).fit())
    return own * 1000, other * 1000


def fastest(call, repeats=5):
    with threadpool_limits(1):
        call()
        times = []
        for _ in range(repeats):
            start = time.process_time()
            call()
            times.append(time.process_time() - start)
    return min(times)


def main():
    per_endpoint_ms(2, 1)
    print(f"{ANIMALS} animals, {ARMS} arms; CPU per endpoint after start-up (ms); the aim is 50")
    whole = {
        "contrasts": ["dunnett", "trend"],
        "sensitivity": ["welch", "rank", "without_flagged"],
        "smallest_effect": 1,
    }
    for name, count, samples, endpoint in (
        ("Dunnett", ENDPOINTS, 1, {}),
        ("Dunnett, trend, three sensitivity analyses, power", ENDPOINTS, 1, whole),
        ("nested, 20 dendrites per animal", 40, DENDRITES, {"design": "nested"}),
        ("nested, cage as a random effect", 40, DENDRITES, {"design": "nested", "cluster": ["cage"]}),
    ):
        print(f"  {name:52s} {count:4d} endpoints {per_endpoint_ms(count, samples, **endpoint):8.1f}")
    own, other = mixed_ratio()
    print(
        f"one nested fit, {ANIMALS * DENDRITES} rows: ours with Satterthwaite {own:.1f} ms, statsmodels {other:.1f} ms,"
    )
    print(f"  ratio {other / own:.1f}")


if __name__ == "__main__":
    main()
