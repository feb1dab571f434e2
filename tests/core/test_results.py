"""An undefined value is never a number, and always has a reason."""

import pytest

from ketaflow.core import results


@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
def test_an_undefined_value_is_empty_failed_and_explained(value):
    row = results.measurement("immobility_s", value, animal="M1", recording="r1", reason="black frames")
    assert (row.value, row.status, row.reason) == (None, "failed", "black frames")


def test_an_undefined_value_without_a_reason_is_a_fault_of_ours():
    with pytest.raises(ValueError, match="reason"):
        results.measurement("immobility_s", None, animal="M1", recording="r1")


def test_a_column_the_contract_lacks_is_refused():
    with pytest.raises(TypeError, match="speed"):
        results.measurement("immobility_s", 1.0, animal="M1", recording="r1", speed=2)


@pytest.mark.parametrize(
    ("value", "verdict"),
    [(1.0, "pass"), (0.0, "pass"), (-0.1, "warn"), (2.1, "warn"), (None, "warn"), (float("nan"), "warn")],
)
def test_a_value_passes_inside_its_limits_and_undefined_never(value, verdict):
    assert results.within(value, 0.0, 2.0) == verdict
