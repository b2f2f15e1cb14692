import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.repeats import with_ids

CLICK = {"product_id": 1, "user_id": "u-1"}
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=5),
    lambda below: st.lists(below, max_size=2) | st.dictionaries(st.text(max_size=3), below, max_size=2),
)


def ids(events, tenant="default", key="k-1"):
    return [event["event_id"] for event in with_ids(events, tenant=tenant, key=key)]


def test_the_same_request_again_has_the_same_ids_and_every_event_its_own():
    assert ids([CLICK, CLICK]) == ids([dict(reversed(CLICK.items())), CLICK])
    assert len(set(ids([CLICK, CLICK]))) == 2


@pytest.mark.parametrize(
    "other",
    [
        ids([CLICK], key="k-2"),
        ids([CLICK], tenant="books"),
        ids([CLICK | {"product_id": 2}]),
    ],
    ids=["key", "tenant", "event"],
)
def test_whatever_else_differs_makes_other_ids(other):
    assert ids([CLICK]) != other


def test_an_id_that_is_there_stays():
    assert ids([CLICK | {"event_id": "mine"}]) == ["mine"]


@pytest.mark.parametrize("odd", [10**30, "\ud800", float("nan"), ["deep"]])
def test_whatever_json_can_say_is_left_to_the_checks(odd):
    for depth in (1, 5000):
        value = odd
        for _ in range(depth if odd == ["deep"] else 0):
            value = [value]
        for name in ("sku", "colour"):
            assert len(with_ids([{"product_id": 1, name: value}], tenant="default", key="k")) == 1


@given(st.lists(json_values, max_size=4))
def test_what_is_no_event_is_left_to_the_checks(raw):
    assert len(with_ids(raw, tenant="default", key="k")) == len(raw)
