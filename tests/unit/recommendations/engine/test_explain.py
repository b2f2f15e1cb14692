import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.engine.blend import product_page_blend, user_page_blend
from recommendations.engine.explain import break_down, shared_terms, why_dropped
from recommendations.engine.filters import Filter, Rule
from recommendations.engine.pages import beside_product, for_user
from recommendations.engine.reasons import ReasonCode
from recommendations.engine.shopper import Shopper
from tests.unit.recommendations.engine.test_pages import asked, strategies
from tests.unit.recommendations.factories import NOW, Item, make_shop, shops, trail

ALSO_VIEWED, BOUGHT_TOGETHER = ReasonCode.ALSO_VIEWED, ReasonCode.BOUGHT_TOGETHER


def added_up(terms):
    return round(sum(term.contribution for term in terms), 6)


def leaves(terms):
    return [leaf for term in terms for leaf in (term.parts or [term])]


@given(asked(), st.integers(1, 30), strategies)
def test_the_terms_of_what_is_served_add_up_to_its_score(question, limit, strategy):
    shop, shopper, filtering = question
    beside = product_page_blend(shop, 0, shopper, NOW, strategy, filtering.categories)
    pages = [
        (beside_product(shop, 0, filtering, limit, NOW, shopper, strategy), beside, 0),
        (for_user(shop, shopper, filtering, limit, NOW), user_page_blend(shop, shopper, NOW), None),
    ]
    for places, blend, page_row in pages:
        for place in places:
            if not place.is_fallback:
                found = break_down(blend, place.row, page_row)
                assert found.score == place.score == added_up(found.terms)
                for term in found.terms:
                    assert not term.parts or added_up(term.parts) == term.contribution
                for leaf in leaves(found.terms):
                    assert 0 <= leaf.value <= 1 + 1e-12
                    assert leaf.contribution == pytest.approx(leaf.weight * leaf.value, abs=2e-6)
                    assert not leaf.leads or sum(lead.worth for lead in leaf.leads) == pytest.approx(leaf.value)


@given(asked(), st.integers(1, 5), strategies)
def test_what_is_not_in_a_list_has_a_reason_that_is_true(question, limit, strategy):
    shop, shopper, wanted = question
    filtering = Filter(
        {**wanted.left_out, Rule.ITSELF: {int(shop.catalogue.groups[0])}},
        wanted.in_stock_only,
        wanted.categories,
        wanted.hidden_categories,
        wanted.min_price,
    )
    places = beside_product(shop, 0, filtering, limit, NOW, shopper, strategy)
    blend = product_page_blend(shop, 0, shopper, NOW, strategy, filtering.categories)
    shown = {place.row for place in places}
    for row in set(range(len(shop.catalogue.vocabulary))) - shown:
        score = break_down(blend, row, 0).score
        drop = why_dropped(blend, filtering, places, row, 0, score, strategy)
        may = bool(filtering.allowed(shop.catalogue, np.array([row], dtype=np.int32))[0])
        assert may == (drop.stage != "filter")
        if drop.stage == "variants":
            assert drop.shown_row in shown
            assert shop.catalogue.groups[drop.shown_row] == shop.catalogue.groups[row]
        if drop.stage == "ranking":
            assert score <= drop.to_beat
            assert len(places) == limit


@given(shops(min_items=2))
def test_the_shared_terms_of_two_texts_add_up_to_their_cosine(drawn):
    shop = make_shop(drawn[0])
    cosine = float(shop.similarity.cosines(0, shop.catalogue.groups[[1]])[0])
    assert added_up(shared_terms(shop, 0, 1, cosine)) == round(cosine, 6)


def test_the_weightiest_shared_term_comes_first():
    shop = make_shop([Item("copper kettle pan"), Item("kettle kettle pan"), Item("pan rope"), Item("pan mat")])
    first, second = shared_terms(shop, 0, 1, float(shop.similarity.cosines(0, np.array([1], dtype=np.int32))[0]))
    assert first.contribution > second.contribution > 0


def test_the_sequence_tells_which_product_led_there_and_how_often():
    shop = make_shop([Item("rope"), Item("mat"), Item("pan"), Item("hose")])
    shopper = Shopper(trail=trail((0, {ALSO_VIEWED: {1: 4.0, 2: 8.0}}), (3, {BOUGHT_TOGETHER: {1: 6.0}})))
    *_, sequence = break_down(product_page_blend(shop, 0, shopper, NOW), 1, 0).terms
    viewed, bought = sequence.parts
    assert [term.name for term in (sequence, viewed, bought)] == ["sequence", "also_viewed", "bought_together"]
    assert [(lead.row, lead.position, lead.times, lead.value) for part in sequence.parts for lead in part.leads] == [
        (0, 0, 3, pytest.approx(0.5)),
        (3, 1, 3, pytest.approx(1.0)),
    ]
    assert sequence.weight == shop.weights.sequence
    assert viewed.value == pytest.approx(0.5)
    assert bought.value == pytest.approx(0.5 * shop.weights.sequence_decay)


def test_without_behaviour_there_is_no_term_for_it():
    shop = make_shop([Item("rope"), Item("rope"), Item("mat")])
    names = {
        shopper: [term.name for term in break_down(product_page_blend(shop, 0, shopper, NOW), 1, 0).terms]
        for shopper in (Shopper(), Shopper(recent=(2,)))
    }
    assert list(names.values()) == [["content", "trend"], ["content", "trend", "behaviour"]]
