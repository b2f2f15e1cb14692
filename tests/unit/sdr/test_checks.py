"""What is refused before anything starts."""

import pytest
from django.core.checks import Tags, run_checks

from sdr.checks import SETTINGS, check_half_life


@pytest.mark.parametrize(("days", "ids"), [(30.0, []), (1.0, []), (0.0, ["sdr.E003"]), (float("nan"), ["sdr.E003"])])
def test_a_half_life_of_less_than_a_day_is_refused(settings, days, ids):
    settings.SEQUENCE_HALF_LIFE_DAYS = days
    assert [error.id for error in check_half_life()] == ids


def test_the_admins_pages_are_well_made():
    assert run_checks(tags=[Tags.admin]) == []


def test_what_consumes_events_refuses_settings_that_are_wrong(settings):
    settings.SEQUENCE_HALF_LIFE_DAYS, settings.TRUSTED_PROXIES = 0.0, ["10.0.0.0/33"]
    assert {error.id for error in run_checks(tags=[SETTINGS])} == {"sdr.E002", "sdr.E003"}
