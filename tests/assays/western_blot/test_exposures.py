"""Several exposures of one blot give one value for each animal, from the exposure that can be trusted most."""

import numpy as np
import pytest

from .drawn import lane_map, picture, summarised, write

ANIMALS = [f"M{number}" for number in range(1, 9)]
AMOUNTS = np.random.default_rng(4).lognormal(0, 0.4, 8)


@pytest.fixture
def exposed(lab):
    """BDNF in a short, a good and a saturated exposure; the camera clips at 4000 counts."""
    images = []
    for seed, (name, volume) in enumerate({"short": 3e4, "good": 4e5, "long": 3e6}.items(), start=1):
        plane = np.minimum(picture(list(volume * AMOUNTS), 37.0, seed), 4000)
        images.append({"image": write(lab.folder, f"{name}.tif", plane), "membrane": "B1", "target": "BDNF"})
    images = [{**row, "role": "target", "kda": 37.0} for row in images]
    record = lab.ingested(images=images, lanes=lane_map("B1", ANIMALS))
    return lab, record, lab.measured(record)


def test_every_animal_has_one_value_from_the_exposure_without_saturation(exposed):
    _, _, measured = exposed
    values = measured.table("measurements").query("measure == 'normalised_density'")
    assert values["recording"].tolist() == ["good.tif"] * 8
    found, drawn = (np.log(part) - np.log(part).mean() for part in (values["value"].to_numpy(float), AMOUNTS))
    np.testing.assert_allclose(found, drawn, atol=0.04)


def test_the_other_exposures_are_told_and_have_no_legend(exposed):
    lab, record, measured = exposed
    checks = lab.checked(record, measured).table("checks")
    assert set(checks[checks["check"].eq("exposure")]["recording"]) == {"short.tif", "long.tif"}
    assert len(summarised([(record, measured)])["legends"]) == 1


def test_the_order_of_the_table_does_not_matter(exposed):
    lab, record, _ = exposed
    record.rows["western_blot_images"].reverse()
    again = lab.measured(record).table("measurements").query("measure == 'normalised_density'")
    assert set(again["recording"]) == {"good.tif"}


def test_repeats_stay_values_of_their_own(exposed):
    lab, record, _ = exposed
    for number, row in enumerate(record.rows["western_blot_images"], start=1):
        row["repeat"] = str(number)
    values = lab.measured(record).table("measurements").query("measure == 'normalised_density'")
    assert sorted(set(values["sample"])) == ["B1_1", "B1_2", "B1_3"]
