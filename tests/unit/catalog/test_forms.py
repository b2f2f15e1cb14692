from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from catalog.forms import PriceField, TagsField


@given(st.lists(st.text('abc, "é', min_size=1, max_size=8).map(str.strip).filter(bool), unique=True, max_size=6))
def test_tags_come_back_from_the_form_as_they_went_in(tags):
    field = TagsField(required=False)
    assert field.clean(field.prepare_value(tags)) == tags


def test_tags_that_were_not_touched_have_not_changed():
    field = TagsField(required=False)
    assert not field.has_changed(["wool", "a, b"], 'wool,"a, b"')


def test_too_many_tags_are_refused():
    with pytest.raises(ValidationError):
        TagsField().clean(",".join(str(n) for n in range(101)))


@pytest.mark.parametrize(
    ("stored", "shown"), [("12.50000000", "12.5"), ("100.00000000", "100"), ("0.00845763", "0.00845763")]
)
def test_a_price_is_edited_without_trailing_zeros(stored, shown):
    assert PriceField().prepare_value(Decimal(stored)) == shown
