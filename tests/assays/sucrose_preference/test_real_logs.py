"""Real logs give the numbers that other programs print."""

import pandas as pd
import pytest

pytestmark = pytest.mark.shared

SIPPER = {
    "SIP004_101119_00": (482, 20926.9, 528, 171.8),
    "SIP004_101319_00": (334, 604.3, 81, 16.4),
    "SIP005_021220_03": (202, 529.5, 208, 233.1),
}
# Bursts and licks per burst, gap and minimum (trompy 0.17.1 and lickcalc).
BURSTS = [
    ("spt_sucrose_licks_s.txt", None, 0.5, 1, 3705, 291, 12.732),
    ("spt_water_licks_s.txt", None, 0.5, 1, 1336, 143, 9.343),
    ("spt_sucrose_licks_s.txt", None, 1.0, 3, 3705, 195, 18.667),
    ("spt_water_licks_s.txt", None, 1.0, 3, 1336, 74, 16.959),
    ("med_array.txt", "L", 0.5, 1, 537, 60, 8.95),
    ("med_array.txt", "R", 0.5, 1, 1470, 85, 17.294),
    ("csv_test.csv", None, 0.5, 1, 3815, 294, 12.976),
    ("km_test.csv", None, 0.5, 1, 4466, 109, 40.972),
    ("km_test.csv", None, 0.5, 3, 4466, 104, 42.875),
]


def both(left: str, right: str, **more) -> list[dict]:
    pairs = (("left", "sucrose", left), ("right", "water", right))
    return [{"side": side, "content": what, "log": file, **more} for side, what, file in pairs]


def sipper(name: str) -> list[dict]:
    return [row | {"channel": row["side"]} for row in both(*[f"sipper/{name}.CSV"] * 2)]


@pytest.mark.parametrize("name", SIPPER)
def test_sippers_give_the_totals_of_their_counters(measure, shared, name):
    found = measure(sipper(name), shared / "sucrose")
    totals = [found[f"{what}_{unit}"] for what in ("sucrose", "water") for unit in ("licks", "contact_s")]
    assert totals == pytest.approx(SIPPER[name], abs=0.06)


@pytest.mark.parametrize("name", ["SIP004_101119_00", "SIP002_020320_00"])
def test_stuck_sensors_are_flagged_and_give_no_preference(measure, shared, name):
    found = measure(sipper(name), shared / "sucrose")
    assert {"sensor_stuck", "log_gap"} <= found.doubts()
    assert found["sucrose_lick_preference_pct"] is None
    assert "stuck" in found.reason("sucrose_lick_preference_pct")


def test_a_clock_that_was_never_set_is_flagged(measure, shared):
    assert "clock_not_set" in measure(sipper("event_variant_SIP000_010100_09"), shared / "sucrose").doubts()


def test_the_lick_preference_of_the_published_mouse(measure, shared):
    folder = shared / "sucrose" / "lick_timestamps"
    found = measure(both("spt_sucrose_licks_s.txt", "spt_water_licks_s.txt"), folder)
    assert found["sucrose_lick_preference_pct"] == pytest.approx(73.497, abs=5e-4)


@pytest.mark.parametrize(("file", "channel", "gap_s", "minimum", "licks", "bursts", "per_burst"), BURSTS)
def test_bursts_equal_those_of_other_programs(measure, shared, file, channel, gap_s, minimum, licks, bursts, per_burst):
    rows = [{"side": "left", "content": "sucrose", "log": file, "channel": channel}]
    found = measure(rows, shared / "sucrose" / "lick_timestamps", burst_gap_s=gap_s, burst_min_licks=minimum)
    assert (found["sucrose_licks"], found["sucrose_burst_count"]) == (licks, bursts)
    assert found["sucrose_licks_per_burst"] == pytest.approx(per_burst, abs=6e-4)


def test_the_modal_rate_equals_that_of_lickcalc(measure, shared):
    rows = [{"side": "left", "content": "sucrose", "log": "km_test.csv"}]
    found = measure(rows, shared / "sucrose" / "lick_timestamps")
    assert found["sucrose_lick_rate_hz"] == pytest.approx(6.494, abs=1e-3)


@pytest.mark.parametrize(
    ("file", "channel"),
    [("dd_test.txt", None), ("ls_test1.txt", None), ("ohrbets-test.csv", None), ("med_test1.med", "e")],
)
def test_every_other_format_is_read(measure, shared, file, channel):
    rows = [{"side": "left", "content": "sucrose", "log": file, "channel": channel}]
    assert measure(rows, shared / "sucrose" / "lick_timestamps")["sucrose_licks"] > 100


SHEET = "saccharin_two_bottle_24h.csv"


@pytest.fixture(scope="module")
def saccharin(measure, shared) -> pd.DataFrame:
    """Preference of every animal and day of the public bottle sheet, read as the lab kept it."""
    folder = shared / "sucrose" / "bottle_volumes"
    sheet = pd.read_csv(folder / SHEET, sep=";", decimal=",")
    found = []
    for animal, begin, end in zip(sheet["Mouse ID"], sheet["Start"], sheet["Finish"], strict=True):
        days = [f"{day[6:]}-{day[3:5]}-{day[:2]} 09:00:00" for day in (begin, end)]
        more = {"animal": animal, "log": SHEET, "start_time": days[0], "end_time": days[1]}
        rows = [
            {"side": "left", "content": "saccharin", "concentration_pct": 0.1, "channel": "saccharin", **more},
            {"side": "right", "content": "water", "channel": "water", **more},
        ]
        one = measure(rows, folder, volume_scale="removed", sheet_unit="ml")
        found.append((animal, begin, one["sucrose_preference_pct"], one.reason("sucrose_preference_pct")))
    drunk = {name: sheet[f"{name}.finish"] - sheet[f"{name}.start"] for name in ("Water", "Saccharin")}
    return pd.DataFrame(found, columns=["animal", "day", "preference_pct", "reason"]).assign(**drunk)


def test_implausible_rows_of_the_public_sheet_are_refused_and_the_others_exact(saccharin):
    refused = saccharin[saccharin["preference_pct"].isna()]
    assert set(zip(refused["animal"], refused["day"], strict=True)) == {("389M", "13.03.2019"), ("392M", "27.03.2019")}
    assert refused["reason"].str.contains("leaked").all()
    kept = saccharin[saccharin["preference_pct"].notna()]
    expected = 100 * kept["Saccharin"] / (kept["Saccharin"] + kept["Water"])
    # Volumes become grams by the density of water, which leaves the share as it was.
    assert kept["preference_pct"].to_numpy() == pytest.approx(expected.to_numpy(), abs=1e-9)


def test_means_of_the_public_sheet_equal_those_of_its_authors(saccharin, shared):
    info = pd.read_csv(shared / "sucrose" / "bottle_volumes" / "animals_info.csv").set_index("Animal")
    groups = [saccharin["day"], saccharin["animal"].map(info["Genotype"])]
    means = saccharin.groupby(groups)["preference_pct"].mean().round(2)
    published = {
        "13.03.2019": {"control": 72.37, "mutant": 88.54},
        "27.03.2019": {"control": 79.83, "mutant": 88.29},
        "11.04.2019": {"control": 82.71, "mutant": 88.54},
    }
    assert {day: means[day].to_dict() for day in published} == published
