import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from recommendations.parsing import parsed_conditions
from recommendations.queries import Conditions
from sdr.exceptions import InvalidInput

FIELDS = ["limit", "user_id", "session_id", "exclude", "category", "min_price", "max_price", "in_stock", "evidence"]


def test_nothing_asked_for_is_the_defaults():
    assert Conditions(**parsed_conditions(QueryDict(""))) == Conditions()
    assert Conditions(**parsed_conditions(QueryDict("&".join(f"{field}=" for field in FIELDS)))) == Conditions()


def test_everything_can_be_asked_for_at_once():
    whom, what = "user_id=u&session_id=s", "exclude=1,2&exclude=3&category=c&min_price=1&max_price=2.5&in_stock=0"
    assert Conditions(**parsed_conditions(QueryDict(f"limit=7&{whom}&{what}&evidence=1"))) == Conditions(
        limit=7, user_id="u", session_id="s", exclude=(1, 2, 3), category="c",
        min_price=1.0, max_price=2.5, in_stock=False, evidence=True,
    )  # fmt: skip


@given(st.sampled_from(FIELDS), st.text(max_size=30))
def test_whatever_is_sent_is_taken_or_refused_by_name(field, text):
    params = QueryDict(mutable=True)
    params[field] = text
    refused = None
    try:
        Conditions(**parsed_conditions(params))
    except InvalidInput as refusal:
        refused = refusal.field
    assert refused in {None, field}


@pytest.mark.parametrize("n", [1000, 1001])
def test_a_thousand_may_be_excluded(n):
    params = QueryDict("exclude=" + ",".join(map(str, range(1, n + 1))))
    if n > 1000:
        with pytest.raises(InvalidInput):
            Conditions(**parsed_conditions(params))
    else:
        assert len(Conditions(**parsed_conditions(params)).exclude) == n
