"""Several exposures of one blot give one value for each animal, from the exposure that can be trusted most."""

from dataclasses import replace

import numpy as np
import pytest

from .conftest import Lab, values_of
from .drawn import lane_map, legend_of, picture, summarised, write

ANIMALS = [f"M{number}" for number in range(1, 9)]
AMOUNTS = np.random.default_rng(4).lognormal(0, 0.4, 8)


@pytest.fixture(scope="module")
def exposed(tmp_path_factory):
    """BDNF in a short, a good and a saturated exposure; the camera clips at 4000 counts."""
    lab, images = Lab(tmp_path_factory.mktemp("exposures")), []
    for seed, (name, volume) in enumerate({"short": 3e4, "good": 4e5, "long": 3e6}.items(), start=1):
        plane = np.minimum(picture(list(volume * AMOUNTS), 37.0, seed), 4000)
        images.append({"image": write(lab.folder, f"{name}.tif", plane), "membrane": "B1", "target": "BDNF"})
    images = [{**row, "role": "target", "kda": 37.0} for row in images]
    blot = lab.ingested(images=images, lanes=lane_map("B1", ANIMALS))
    return lab, blot, lab.measured(blot)


def test_every_animal_has_one_value_from_the_exposure_without_saturation(exposed):
    _, _, measured = exposed
    values = values_of(measured).query("measure == 'normalised_density'")
    assert values["recording"].tolist() == ["good.tif"] * 8
    found, drawn = (np.log(part) - np.log(part).mean() for part in (values["value"].to_numpy(float), AMOUNTS))
    np.testing.assert_allclose(found, drawn, atol=0.04)


def test_the_other_exposures_are_told_and_have_no_legend(exposed):
    lab, blot, measured = exposed
    checks = lab.checks(blot)
    assert set(checks[checks["check"].eq("exposure")]["recording"]) == {"short.tif", "long.tif"}
    assert len(legend_of(summarised([(blot, measured)]))) == 1


def test_the_order_of_the_table_does_not_matter(exposed):
    lab, blot, _ = exposed
    again = lab.values(replace(blot, targets=blot.targets[::-1])).query("measure == 'normalised_density'")
    assert set(again["recording"]) == {"good.tif"}


def test_repeats_stay_values_of_their_own(exposed):
    lab, blot, _ = exposed
    targets = [replace(target, repeat=str(number)) for number, target in enumerate(blot.targets, start=1)]
    values = lab.values(replace(blot, targets=targets)).query("measure == 'normalised_density'")
    assert sorted(set(values["sample"])) == ["B1_1", "B1_2", "B1_3"]
