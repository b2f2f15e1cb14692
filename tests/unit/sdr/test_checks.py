"""What is refused before anything starts."""

import pytest

from sdr.checks import check_half_life


@pytest.mark.parametrize(("days", "ids"), [(30.0, []), (1.0, []), (0.0, ["sdr.E003"]), (float("nan"), ["sdr.E003"])])
def test_a_half_life_of_less_than_a_day_is_refused(settings, days, ids):
    settings.SEQUENCE_HALF_LIFE_DAYS = days
    assert [error.id for error in check_half_life()] == ids
