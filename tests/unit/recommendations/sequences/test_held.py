import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from events.live.sequences.kinds import Following
from recommendations.engine.next_lists import NextList
from recommendations.sequences.held import HeldLists, list_at, place_of, places_of

A, B, C = (place_of(Following.VIEWED, product_id) for product_id in (1, 2, 3))


def hold(held, *places):
    lists = {place: NextList.empty() for place in places}
    with held.reading(places) as reading:
        held.keep(lists, reading)
    return lists


@given(st.sampled_from(Following), st.integers(1, 2**53))
def test_a_place_tells_its_kind_and_its_product(kind, product_id):
    place = place_of(kind, product_id)
    assert list_at(place) == (kind, product_id)
    assert places_of(np.array([kind.number]), np.array([product_id])) == {place}


def test_what_was_read_is_held_empty_lists_too():
    held = HeldLists(10)
    assert held.find([A, B]) == ({}, [A, B])
    lists = hold(held, A)
    assert held.find([A, B]) == (lists, [B])


def test_those_make_room_that_nobody_asked_for_the_longest():
    held = HeldLists(2)
    hold(held, A, B)
    held.find([A])
    hold(held, C)
    assert held.find([A, B, C])[1] == [B]


def test_only_what_is_held_is_read_again():
    held = HeldLists(10)
    hold(held, A, B)
    assert held.changed({B, C}) == [B]
    newer = NextList.empty()
    held.replace({B: newer, C: newer})
    assert held.find([B, C]) == ({B: newer}, [C])


def test_what_changed_while_it_was_read_is_not_held():
    held = HeldLists(10)
    with held.reading([A, B]) as reading:
        assert held.changed({A}) == []
        held.keep({A: NextList.empty(), B: NextList.empty()}, reading)
    assert held.find([A, B])[1] == [A]


def test_what_was_being_read_when_all_was_let_go_is_not_held():
    held = HeldLists(10)
    hold(held, C)
    with held.reading([A]) as reading:
        held.let_go()
        held.keep({A: NextList.empty()}, reading)
    assert len(held) == 0
    hold(held, A)
    assert len(held) == 1


def test_some_can_be_let_go():
    held = HeldLists(10)
    hold(held, A, B)
    held.let_go([A, C])
    assert held.find([A, B])[1] == [A]
