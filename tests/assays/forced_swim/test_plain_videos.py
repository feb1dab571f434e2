"""Plain videos of the third kind are scored to within 5 % of the window."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
import drawn_videos
import plain_videos as plain
from swim_cases import judged, measure, measurement, read

STYLES = {
    "thin_paws": plain.Style(paw=3.0),
    "white": plain.Style(wall=90, outside=40, water=60, line=110, fur=220),
    "uneven_light": plain.Style(shade=60, noise=5, flicker=0.03),
    "in_its_place": plain.Style(speed=0.0, stays=True),
}
DURATION_S = 18


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES)
def test_plain_videos_are_scored_within_five_percent(tmp_path, style):
    seeds = np.random.SeedSequence(sorted(STYLES).index(style)).spawn(plain.CYLINDERS)
    truth = [drawn_videos.schedule(np.random.default_rng(seed), 0, DURATION_S, 0.5, climb_share=0.5) for seed in seeds]
    plain.film(tmp_path / "swim.mp4", STYLES[style], truth)
    record = read(tmp_path, "swim.mp4", more={"release_s": 0.0})
    measured = measure(record, (2, DURATION_S - 2))
    for number, bouts in enumerate(truth, start=1):
        error, two, three = judged(measured, f"s{number}", bouts)
        assert abs(error) < 5, (number, error)
        assert two >= 0.85, (number, two)
        if {state for state, _, _ in bouts} == {"climbing"}:
            # Posture does not tell an animal that climbs throughout from one that swims upright.
            row = measurement(measured, f"s{number}", "climbing_s")
            assert row.value is None
            assert "upright nearly all the time" in row.reason
        else:
            assert three >= 0.7, (number, three)
        water = record.swim(f"s{number}").view.water_px
        np.testing.assert_allclose(water, plain.SURFACE, atol=5)
