import pytest
from django.core.exceptions import ValidationError

from sdr.accounts.preferences import validate_preferences


@pytest.mark.parametrize(
    "value",
    [{}, {"favorite_categories": ["knives"], "category_weights": {"knives": 0.5, "gone": 1}, "hidden_categories": []}],
)
def test_what_a_shopper_may_prefer(value):
    validate_preferences(value)


@pytest.mark.parametrize(
    "value",
    [
        [],
        {"favourite": []},
        {"category_weights": {"knives": 1.1}},
        {"hidden_categories": [""]},
        {"hidden_categories": "x"},
    ],
)
def test_what_is_no_preference(value):
    with pytest.raises(ValidationError):
        validate_preferences(value)
