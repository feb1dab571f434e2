"""From motion to states and seconds: constructed traces, laws, and drawn videos that were not used for tuning."""

import functools
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
import drawn_videos
import realistic_videos
from swim_cases import SMALL, judged, measure, quantify_settings, read, value

from ketaflow.assays.forced_swim.model import Swim
from ketaflow.assays.forced_swim.scoring import bouts, measures

SETTINGS = quantify_settings(scoring_window_s=[0, 60])


def trace(still_s=(), climb_s=(), duration_s=60.0, rate_hz=12.5, missing_s=()):
    """A swim that moves except in the stretches given."""
    times_s = np.arange(0, duration_s, 1 / rate_hz)

    def inside(spans):
        return np.any([(times_s >= a) & (times_s < b) for a, b in spans] or [np.zeros(len(times_s))], axis=0)

    keep = ~inside(missing_s)
    table = {
        "time_s": times_s, "seen": True, "motion": np.where(inside(still_s), 0.005, 0.18), "speed": 0.0,
        "height": np.where(inside(climb_s), 1.0, 0.4), "depth": -0.2, "light": 1.0,
    }  # fmt: skip
    return pd.DataFrame(table)[keep].reset_index(drop=True)


def scored(table, settings=SETTINGS):
    swim = Swim("s1", "a1", None, 1, "", release_s=0.0, max_gap_s=0.5, trace=table)
    return measures.score_swim(swim, settings, settings.state_rules())


def bouts_of(result):
    return pd.DataFrame([vars(bout) for bout in result.states])


def test_a_four_second_float_is_one_bout():
    values = scored(trace(still_s=[(20, 24)])).values
    assert values["immobility_bout_count"] == 1
    assert values["immobility_s"] == pytest.approx(4, abs=0.2)
    assert values["latency_to_immobility_s"] == pytest.approx(20, abs=0.2)


def test_a_pause_shorter_than_the_shortest_bout_is_swimming():
    values = scored(trace(still_s=[(20, 20.7)])).values
    assert values["immobility_s"] == 0
    assert values["swimming_s"] == pytest.approx(60, abs=0.1)


def test_an_animal_that_never_stops_has_no_latency():
    result = scored(trace())
    assert result.values["immobility_s"] == 0
    assert np.isnan(result.values["latency_to_immobility_s"])
    assert "never immobile" in result.notes["latency_to_immobility_s"]


def test_an_animal_that_never_moves_is_immobile_throughout():
    values = scored(trace(still_s=[(0, 60)])).values
    assert values["immobility_pct"] == pytest.approx(100)
    assert values["longest_immobility_bout_s"] == pytest.approx(60, abs=0.2)


@pytest.mark.parametrize(
    ("still", "moving", "flag"),
    [(0.05, 0.15, "as mobile"), (0.002, 0.008, "as immobile"), (0.15, 0.15, ""), (0.004, 0.004, ""), (0.005, 0.18, "")],
)
def test_a_threshold_beside_two_levels_of_activity_is_flagged(still, moving, flag):
    table = trace(still_s=[(10, 40)])
    level = np.where(table["motion"] < 0.1, still, moving)
    table["motion"] = level * np.exp(np.random.default_rng(5).normal(0, 0.1, len(table)))
    found = scored(table)
    assert flag in found.flag
    assert bool(found.flag) is bool(flag)


def test_upright_at_the_wall_is_climbing():
    values = scored(trace(climb_s=[(10, 15)])).values
    assert values["climbing_s"] == pytest.approx(5, abs=0.5)


def test_a_gap_splits_a_bout_and_is_unscored():
    values = scored(trace(still_s=[(20, 40)], missing_s=[(28, 32)])).values
    assert values["unscored_s"] == pytest.approx(4, abs=0.2)
    assert values["immobility_s"] == pytest.approx(16, abs=0.3)
    assert values["immobility_bout_count"] == 2


def test_bouts_leave_no_gap_and_fill_the_window():
    result = scored(trace(still_s=[(5, 9), (20, 40)], climb_s=[(45, 50)], missing_s=[(28, 32)]))
    spans = bouts_of(result)
    np.testing.assert_allclose(spans["start_s"].iloc[1:], spans["stop_s"].iloc[:-1])
    assert sum(bouts.state_totals_s(bouts.clip_bouts(spans, 0, 60)).values()) == pytest.approx(60)


def test_a_swim_of_which_little_was_seen_has_no_values():
    table = trace(still_s=[(0, 60)], missing_s=[(10, 45)])
    result = scored(table)
    assert set(result.values) == {"unscored_s"}
    assert result.reason.startswith("58% of the scoring window was not seen")
    assert scored(table, quantify_settings(scoring_window_s=[0, 60], min_seen_pct=40)).values["immobility_s"] > 20


def test_samples_count_the_predominant_behaviour():
    values = scored(trace(still_s=[(0, 30)])).values
    assert values["immobility_samples"] == 6
    assert values["swimming_samples"] == 6


def test_bins_add_up_to_the_total():
    result = scored(trace(still_s=[(10, 33)]))
    assert sum(one.immobility_s for one in result.bins) == pytest.approx(result.values["immobility_s"])


@hypothesis_settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0.3, 8), min_size=1, max_size=8), st.floats(0.2, 4), st.floats(0.2, 4))
def test_a_longer_minimum_never_adds_bouts(lengths_s, first_s, second_s):
    starts = np.cumsum([1.0, *(length + 1.5 for length in lengths_s)])[:-1]
    table = trace(
        still_s=[(start, start + length) for start, length in zip(starts, lengths_s, strict=True)], duration_s=90
    )
    counts = []
    for least_s in sorted((first_s, second_s)):
        settings = quantify_settings(scoring_window_s=[0, 90], min_bout_s=least_s)
        counts.append(scored(table, settings).values["immobility_bout_count"])
    assert counts[0] >= counts[1]


@hypothesis_settings(max_examples=25, deadline=None)
@given(st.floats(0.01, 0.15), st.floats(0.01, 0.15))
def test_a_higher_threshold_never_lowers_immobility(first, second):
    rng = np.random.default_rng(4)
    table = trace()
    table["motion"] = np.repeat(rng.uniform(0, 0.2, 50), 15)
    seconds = []
    for threshold in sorted((first, second)):
        # The valley near two thresholds is found to 2 %, so it may be lower near the higher one.
        settings = quantify_settings(scoring_window_s=[0, 60], immobility_threshold=threshold, max_threshold_ratio=1.0)
        seconds.append(scored(table, settings).values["immobility_s"])
    assert seconds[0] <= seconds[1] + 1e-9


STYLES = {
    "plain": {"seed": 7},
    "grey_on_bright": {"body": 40, "room": 205, "water": 190, "length": 0.5, "seed": 1},
    "white_on_dark": {"body": 225, "room": 90, "water": 70, "noise": 5, "glass": 50, "length": 0.33, "seed": 2},
    "flicker_and_drift": {"body": 90, "room": 150, "water": 140, "noise": 6, "flicker": 0.06, "drift": 0.3, "seed": 3},
    "weak_strokes": {"body": 50, "length": 0.6, "tilt": 0.06, "speed": 0.5, "stroke": 0.7, "mirror": 0.6, "seed": 4},
    "restless_floating": {"body": 70, "zoom": 1.15, "float_speed": 0.15, "twitch": 0.6, "stroke_hz": 5.5, "seed": 5},
    "loud_and_rippled": {"body": 95, "noise": 6, "ripple": 20, "seed": 6},
}

SLOW = ("grey_on_bright", "weak_strokes", "restless_floating")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """A drawn film of a style by its name, made and scored once; what was scored and what was drawn."""

    @functools.cache
    def made(style):
        folder, rng = tmp_path_factory.mktemp(style), np.random.default_rng(len(style))
        truth = [drawn_videos.schedule(rng, 2 + i, 49, still) for i, still in enumerate((0.3, 0.7))]
        drawn_videos.make(folder / "swim.mp4", truth, 50, **{**SMALL, **STYLES[style]})
        measured = measure(read(folder, "swim.mp4"), (3, 45))
        return [judged(measured, f"s{index}", planned) for index, planned in enumerate(truth, start=1)]

    return made


@pytest.mark.parametrize("style", [pytest.param(s, marks=[pytest.mark.long] if s in SLOW else []) for s in STYLES])
def test_drawn_videos_not_used_for_tuning_are_scored_within_five_percent(drawn, style):
    for error, two, three in drawn(style):
        assert abs(error) < 5
        assert two >= 0.85
        assert three >= 0.7


# Videos of the second kind; results of all of them are in docs/assays/forced_swim.md.
FILMS = {"agouti_tilted": (480, 300), "hooded_rat": (240, 320), "white_mice": (320, 240)}
ANIMALS = [("agouti_tilted", 1), ("agouti_tilted", 2), ("agouti_tilted", 3), ("hooded_rat", 1), ("white_mice", 1),
           ("white_mice", 2)]  # fmt: skip
# In a window of thirty seconds a single late start of immobility matters.
MISSED = pytest.mark.xfail(
    strict=True, reason="kappa 0.82: half of a gentle swim of 1.8 s between two bouts of immobility is missed"
)
# To draw and read these films takes a quarter of a minute.
LARGE = dict.fromkeys(("agouti_tilted", "white_mice"), pytest.mark.long)
STYLES_OF_FILMS = [pytest.param(style, marks=LARGE.get(style, [])) for style in FILMS]
FILMED = [pytest.param(*one, marks=LARGE.get(one[0], [])) for one in ANIMALS]
HELD = [
    pytest.param(*one, marks=[MISSED, pytest.mark.long] if one == ("white_mice", 2) else LARGE.get(one[0], []))
    for one in ANIMALS
]


@pytest.fixture(scope="module")
def filmed(tmp_path_factory):
    """A film by its name, made and scored once: the ingested record, the scores and the truth."""

    @functools.cache
    def made(style):
        folder, (width, height) = tmp_path_factory.mktemp(style), FILMS[style]
        truth = realistic_videos.film(
            realistic_videos.STYLES[style].at(width=width, height=height, seconds=45), folder / "swim.avi"
        )
        record = read(folder, "swim.avi", range(1, len(truth.bouts) + 1))
        return record, measure(record, (2, 32)), truth

    return made


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES_OF_FILMS)
def test_the_releasing_hand_does_not_shift_the_water_line(filmed, style):
    record, _, truth = filmed(style)
    for index, (_, _, line, _) in enumerate(truth.boxes, start=1):
        assert np.mean(record.swim(f"s{index}").view.water_px) == pytest.approx(line, abs=3)


@pytest.mark.slow
@pytest.mark.parametrize(("style", "index"), HELD)
def test_realistic_videos_are_scored_within_five_percent(filmed, style, index):
    _, measured, truth = filmed(style)
    error, two, three = judged(measured, f"s{index}", truth.bouts[index - 1])
    assert abs(error) < 5
    assert two >= 0.85
    assert three >= 0.7


@pytest.mark.slow
@pytest.mark.parametrize(("style", "index"), FILMED)
def test_realistic_videos_are_scored_within_one_bout(filmed, style, index):
    _, measured, truth = filmed(style)
    error, two, three = judged(measured, f"s{index}", truth.bouts[index - 1])
    assert abs(error) < 8  # one bout of two seconds in a window of thirty
    assert two >= 0.8
    assert three >= 0.7


RECORDINGS = {
    "11 per second": {"fps": 11},
    "two thirds of the size": {"width": 160, "height": 120},
    "half the size": {"width": 120, "height": 90},
    "25 per second": {"fps": 25},
    "30 per second": {"fps": 30},
    "60 per second": {"fps": 60},
    "twice the size": {"width": 480, "height": 360},
    "avi": {"codec": "mpeg4", "name": "swim.avi"},
    "wmv": {"codec": "wmv2", "name": "swim.wmv"},
    "pal8": {"codec": "rawvideo", "pix_fmt": "pal8", "name": "swim.avi"},
    "3 % lost": {"drop": 0.03},
}


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reference")
    return same_scene(folder, {})


def same_scene(folder, changes):
    changes = {"fps": 12.5, "width": 240, "height": 180, "seed": 11, **changes}
    name = changes.pop("name", "swim.mp4")
    truth = [drawn_videos.schedule(np.random.default_rng(8 + i), 3, 29, 0.6) for i in range(2)]
    drawn_videos.make(folder / name, truth, 30, **changes)
    measured = measure(read(folder, name), (1, 25))
    return np.array([value(measured, "s1"), value(measured, "s2")])


LONG = ("60 per second", "twice the size")


@pytest.mark.parametrize("kind", [pytest.param(k, marks=[pytest.mark.long] if k in LONG else []) for k in RECORDINGS])
def test_the_same_scene_in_another_format_gives_the_same_seconds(tmp_path, reference, kind):
    np.testing.assert_allclose(same_scene(tmp_path, RECORDINGS[kind]), reference, atol=0.03 * 24)


@pytest.mark.parametrize(("still", "expected_s"), [(True, 30), (False, 0)], ids=["never moves", "never rests"])
def test_animals_that_never_move_or_never_rest_are_scored_correctly(tmp_path, still, expected_s):
    state = "immobility" if still else "swimming"
    drawn_videos.make(tmp_path / "s.mp4", [[(state, 0, 39)]] * 2, 40, float_speed=0.003, twitch=0, **SMALL)
    measured = measure(read(tmp_path, "s.mp4"), (4, 34))
    assert value(measured, "s1") == pytest.approx(expected_s, abs=1)
    assert value(measured, "s2") == pytest.approx(expected_s, abs=1)
