"""The demonstration cohort: what was drawn is measured, what was built in is found, and the review stays blind."""

import base64
import json
import re
import stat
import sys
from pathlib import Path

import pandas as pd
import pytest

from ketaflow import assays
from ketaflow.engine.collection import review_items
from ketaflow.review import blinding

ROOT = Path(__file__).resolve().parents[2]
COHORT = ROOT / "resources" / "demo_cohort"
sys.path.insert(0, str(ROOT / "workflow" / "maintenance"))

import write_table_columns  # noqa: E402

WINDOW_S = 240.0

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def results(demonstration) -> Path:
    return demonstration.results


@pytest.fixture(scope="module")
def measured(results) -> pd.DataFrame:
    return pd.read_csv(results / "measurements.csv")


def by_recording(measured: pd.DataFrame, measure: str) -> pd.Series:
    return measured[measured["measure"].eq(measure)].set_index("recording")["value"]


def drawn_seconds(states: str, behaviour: str) -> float:
    """Seconds of a behaviour drawn within the scoring window, 120 to 360 s after the animal entered the water."""
    bouts = [(name, float(a), float(b)) for name, a, b in re.findall(r"(\w+) ([\d.]+)-([\d.]+)", states)]
    start, stop = bouts[0][1] + 120, bouts[0][1] + 360
    return sum(max(0.0, min(b, stop) - max(a, start)) for name, a, b in bouts if name == behaviour)


def test_immobility_is_what_was_drawn_within_three_percent_of_the_window(measured):
    truth = pd.read_csv(COHORT / "forced_swim_truth.csv").set_index("recording")["states"]
    found = by_recording(measured, "immobility_s")
    assert set(found.index) == set(truth.index)
    errors = {name: found[name] - drawn_seconds(states, "immobility") for name, states in truth.items()}
    assert max(map(abs, errors.values())) <= 0.03 * WINDOW_S, errors


def test_every_measurement_has_the_unit_of_its_measure(measured):
    units = {
        (assay, name): facts["unit"]
        for assay in assays.names()
        for name, facts in assays.described(assay, "measures").items()
    }
    rows = measured[["assay", "measure", "unit"]].drop_duplicates()
    assert {(row.assay, row.measure): row.unit for row in rows.itertuples()} == {
        (row.assay, row.measure): units.get((row.assay, row.measure), "is not described") for row in rows.itertuples()
    }


def test_every_preference_is_exactly_what_was_drawn_and_the_leak_has_none(measured):
    truth = pd.read_csv(COHORT / "sucrose_preference_truth.csv").set_index("recording")
    found = by_recording(measured, "sucrose_preference_pct")
    leaking = truth.index[truth["fault"].eq("leak")]
    assert len(leaking) == 1
    assert found[leaking].isna().all()
    sound = truth["sucrose_preference_pct"].dropna().drop(leaking)
    assert found[sound.index].to_numpy() == pytest.approx(sound.to_numpy(), abs=1e-6)


def test_the_leak_and_the_stuck_sensor_are_named(results):
    truth = pd.read_csv(COHORT / "sucrose_preference_truth.csv").set_index("recording")["fault"].dropna()
    checks = pd.read_csv(results / "checks.csv")
    failed = checks[checks["verdict"].eq("fail")]
    for fault, check in (("leak", "leak_volume"), ("stuck_sensor", "sensor_stuck")):
        assert set(failed[failed["check"].eq(check)]["recording"]) == set(truth.index[truth.eq(fault)])


def test_effects_built_in_are_found_in_their_direction(results):
    table = pd.read_csv(results / "statistics" / "contrasts.csv")
    own = table[table["sensitivity"].isna() & table["contrast"].eq("dunnett") & table["level"].eq("ket20")]
    found = own.set_index("endpoint")["estimate"]
    assert found["fst_immobility"] < 0
    # Loading was drawn without an effect of dose; everything else rises.
    assert (found.drop(["fst_immobility", "gapdh_loading"]) > 0).all(), found
    loading = own.set_index("endpoint").loc["gapdh_loading"]
    assert loading["ci_low"] < 0 < loading["ci_high"]
    assert (own.set_index("endpoint")["p_adjusted"][["fst_immobility", "sucrose_preference"]] < 0.05).all()


def test_every_endpoint_of_the_plan_has_its_contrasts_with_animals_as_the_unit(results):
    import yaml

    planned = set(yaml.safe_load((COHORT / "plan.yaml").read_text(encoding="utf-8"))["endpoints"])
    table = pd.read_csv(results / "statistics" / "contrasts.csv")
    assert set(table["endpoint"]) == planned
    assert table["n"].max() <= 24


def test_nothing_but_what_was_drawn_faulty_failed(results):
    recordings = pd.read_csv(results / "recordings.csv")
    failed = set(recordings[recordings["status"].eq("failed")]["recording"])
    truth = pd.read_csv(COHORT / "sucrose_preference_truth.csv").set_index("recording")["fault"]
    assert failed == set(truth.index[truth.eq("leak")])


def test_the_review_page_tells_nothing_of_animal_arm_recording_or_file(results):
    page = (results / "report" / "qc.html").read_text(encoding="utf-8")
    payload = re.compile(r"base64,([A-Za-z0-9+/=]+)")
    words = payload.sub("", page)
    pictures = "".join(base64.b64decode(found).decode("latin-1") for found in payload.findall(page))
    arms = pd.read_csv(COHORT / "arms.csv")
    recordings = pd.read_csv(results / "recordings.csv")
    animals = set(pd.read_csv(COHORT / "animals.csv")["animal"])
    names = {*arms["arm"], *arms["label"], *recordings["recording"].dropna(), *recordings["path"].dropna()} - animals
    assert not [name for name in names if name in words]
    assert not re.findall(rf"\b({'|'.join(animals)})\b", words)
    # Three letters turn up by chance among five million bytes of pictures; a name of six or more does not.
    assert not [name for name in names if len(name) >= 6 and name in pictures]


def codes_on_the_page(results) -> set[str]:
    page = (results / "report" / "qc.html").read_text(encoding="utf-8")
    index = json.loads(re.search(r'id="review-content">(.*?)</script>', page, re.DOTALL)[1])["index"]
    return {code for code, *_ in index}


def test_attack_by_guessed_names_identifies_no_item(results):
    """All names are known, and every key that the program or the results publish is tried."""
    recordings = pd.read_csv(results / "recordings.csv")
    provenance = (results / "provenance.json").read_text(encoding="utf-8")
    keys = {"", "ketaflow", *re.findall(r'"([^"]{1,80})"', provenance)}
    named = recordings[["assay", "recording"]].dropna().drop_duplicates().itertuples(index=False)
    guessed = {blinding.code(assay, name, key) for assay, name in named for key in keys}
    assert len(codes_on_the_page(results)) > 400
    assert not guessed & codes_on_the_page(results)


def test_attack_by_fingerprints_identifies_no_item(results):
    """Fingerprints are computed from the tables as the program does, and with every published key."""
    recordings = pd.read_csv(results / "recordings.csv", keep_default_na=False, na_values=[""])
    measured = pd.read_csv(results / "measurements.csv")
    values = review_items.fingerprints(recordings, measured, {})
    shown = set(pd.read_csv(results / "review_key.csv")["item_sha256"])
    page = (results / "report" / "qc.html").read_text(encoding="utf-8")
    assert all(sha256 in page for sha256 in list(shown)[:20])
    guessed = {*values.values(), *(blinding.keyed_fingerprint(one, "ketaflow") for one in values.values())}
    assert not guessed & shown


def test_the_key_is_in_no_file_but_its_own(results):
    path = results.with_name(f"{results.name}.blinding_key")
    key = path.read_text(encoding="utf-8").strip()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    written = [file for file in results.rglob("*") if file.is_file()]
    assert len(written) > 100
    assert not [file for file in written if key.encode() in file.read_bytes()]


def test_results_name_versions_and_fingerprints(results):
    made = json.loads((results / "provenance.json").read_text(encoding="utf-8"))
    assert len(made["recordings"]) > 30
    fingerprints = [*made["recordings"].values(), *made["outputs"].values()]
    assert all(re.fullmatch(r"[0-9a-f]{64}", sha256) for sha256 in fingerprints)
    assert {"FFmpeg", "openpyxl", "pybaselines"} <= set(made["packages"])
    named = {assay: set(stages["qc"]) for assay, stages in made["made_by_run"]["recordings"].items()}
    assert set(named) == set(assays.names()) and all(named.values())


def test_every_column_of_every_table_of_an_assay_is_described_in_the_documentation(results):
    said = {assay: write_table_columns.result_columns(assay) for assay in assays.names()}
    tables = [path for assay in said for path in sorted((results / assay).glob("*.csv"))]
    undescribed = [
        f"{path.parent.name}/{path.name}: {column}"
        for path in tables
        for column in pd.read_csv(path, nrows=0).columns
        if column not in said[path.parent.name].get(path.stem, {})
    ]
    assert len(tables) > 25
    assert not undescribed


def test_every_column_with_values_has_an_example_in_the_documentation(results):
    filled = {(assay, table): set(columns) for assay, tables in write_table_columns.examples_of(results).items()
              for table, columns in tables.items()}  # fmt: skip
    shown = {(assay, table): set(columns) for assay, tables in write_table_columns.result_examples().items()
             for table, columns in tables.items()}  # fmt: skip
    assert filled == shown, "python workflow/maintenance/write_table_columns.py RESULTS"
