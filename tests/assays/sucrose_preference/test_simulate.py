"""A simulated study is recovered: every preference where one is due, none where a bottle leaked or a sensor stuck."""

import numpy as np
import pandas as pd
import pytest

from ketaflow.assays.sucrose_preference import simulate
from ketaflow.core.inputs import Rows


@pytest.fixture(scope="module")
def animals() -> pd.DataFrame:
    doses = [0, 5, 10, 20] * 4
    return pd.DataFrame({"animal": [f"M{n:02d}" for n in range(16)], "weight_g": 24.0, "dose_mg_per_kg": doses})


@pytest.fixture(scope="module")
def study(animals):
    """Tables of a study, as plain rows."""
    tables = simulate.design(animals, np.random.default_rng(7))
    return {name: table.astype(object).where(table.notna(), None).to_dict("records") for name, table in tables.items()}


def recordings(study) -> dict[str, dict]:
    """Rows of each recording, with the leak controls of its session, and its truth."""
    rows = [row | {"dummy": row["dummy"] == "yes"} for row in study["sucrose_preference"]]
    controls = [row for row in rows if row["dummy"]]
    made = {}
    for truth in study["sucrose_preference_truth"]:
        own = [row for row in rows if row["recording"] == truth["recording"]]
        own += [row for row in controls if row["session"] == own[0]["session"]]
        made[truth["recording"]] = {"rows": own, "truth": truth}
    return made


def test_every_simulated_preference_is_recovered_and_a_leak_gives_none(study, measure, animals, tmp_path):
    seen = 0
    for one in recordings(study).values():
        truth = one["truth"]
        if truth["sucrose_preference_pct"] is None:
            continue
        found = measure(one["rows"], tmp_path, weight_g=24.0)
        if truth["fault"] == "leak":
            assert found["sucrose_preference_pct"] is None
        else:
            assert found["sucrose_preference_pct"] == pytest.approx(truth["sucrose_preference_pct"], abs=1e-6)
            seen += 1
    assert seen == 2 * len(animals) - 1


def test_every_simulated_lick_is_counted_and_a_stuck_sensor_gives_no_preference(study, measure, tmp_path):
    logged = [one for one in recordings(study).values() if one["truth"]["sucrose_licks"] is not None]
    for number, one in enumerate(logged):
        given = Rows({"sucrose_preference": one["rows"], "sucrose_preference_truth": [one["truth"]]})
        simulate.draw(given, tmp_path, seed=number)
        found = measure(one["rows"], tmp_path)
        assert (found["sucrose_licks"], found["water_licks"]) == (
            one["truth"]["sucrose_licks"],
            one["truth"]["water_licks"],
        )
        assert (found["sucrose_lick_preference_pct"] is None) is (one["truth"]["fault"] == "stuck_sensor")
    assert len(logged) == 4 + 8


def test_every_simulated_burst_is_found(study, measure, tmp_path):
    timed = [one for one in recordings(study).values() if one["truth"]["sucrose_bursts"] is not None]
    for number, one in enumerate(timed):
        given = Rows({"sucrose_preference": one["rows"], "sucrose_preference_truth": [one["truth"]]})
        simulate.draw(given, tmp_path, seed=number)
        found, truth = measure(one["rows"], tmp_path), one["truth"]
        for content in ("sucrose", "water"):
            assert found[f"{content}_burst_count"] == truth[f"{content}_bursts"]
            per_burst = truth[f"{content}_licks"] / truth[f"{content}_bursts"]
            assert found[f"{content}_licks_per_burst"] == pytest.approx(per_burst)
        assert found["sucrose_lick_rate_hz"] == pytest.approx(7, abs=0.5)
        assert not found.doubts()
    assert len(timed) == 8


def test_the_same_seed_writes_the_same_log(study, tmp_path):
    one = next(one for one in recordings(study).values() if one["truth"]["sucrose_licks"] is not None)
    given = Rows({"sucrose_preference": one["rows"], "sucrose_preference_truth": [one["truth"]]})
    log = one["rows"][0]["log"]
    texts = []
    for name in ("a", "b"):
        simulate.draw(given, tmp_path / name, seed=3)
        texts.append((tmp_path / name / log).read_bytes())
    assert texts[0] == texts[1]


@pytest.mark.parametrize("evaporated_g", [0.0, 0.3])
@pytest.mark.parametrize("pull", [-10.0, 10.0])
def test_evaporation_and_a_side_habit_cancel_in_the_mean_over_a_swap(measure, pair, evaporated_g, pull):
    control = {"recording": "leak", "animal": None, "dummy": True, "side": "left", "content": "water", "start_g": 150.0,
               "end_g": 150.0 - evaporated_g}  # fmt: skip
    found = []
    for side, share in (("sucrose", 75 + pull), ("water", 75 - pull)):
        drunk = 6 * share / 100
        rows = pair(round(drunk + evaporated_g, 2), round(6 - drunk + evaporated_g, 2), left=side)
        found.append(measure([*rows, control])["sucrose_preference_pct"])
    assert np.mean(found) == pytest.approx(75, abs=0.5)
