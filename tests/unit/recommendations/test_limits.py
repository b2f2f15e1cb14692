import pytest

from recommendations.limits import DEFAULT_LIMIT, checked_limit
from sdr.exceptions import InvalidInput


@pytest.mark.parametrize("limit", [1, 100, "1", "100"])
def test_one_to_a_hundred_are_taken(limit):
    assert checked_limit(limit) == int(limit)


def test_a_missing_limit_is_the_default():
    assert checked_limit(None) == DEFAULT_LIMIT == 5


@pytest.mark.parametrize("limit", [0, -1, 101, 1000, "0", "1000", "abc", "", "5.0", "1e2", "1_0", "9" * 5000])
def test_anything_else_is_refused_and_named(limit):
    with pytest.raises(InvalidInput) as refusal:
        checked_limit(limit)
    assert refusal.value.field == "limit"
    assert "1 to 100" in refusal.value.message
    assert len(refusal.value.message) < 200
