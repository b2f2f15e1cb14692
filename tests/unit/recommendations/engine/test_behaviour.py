import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.engine.behaviour import BehaviourScorer
from recommendations.engine.filters import Filter
from recommendations.engine.pages import beside_product, for_user
from recommendations.engine.reasons import Reason, ReasonCode
from recommendations.engine.shopper import STRANGER, Shopper
from recommendations.engine.weights import ScoringWeights
from tests.unit.recommendations.factories import NOW, Item, make_shop, shops

KITCHEN = [
    Item("copper kettle"),
    Item("copper kettle glass"),
    Item("rope", category="Sport"),
    Item("steel rope", category="Sport"),
    Item("mat", category="Sport"),
]


def behaviour_of(shop, rows, **arguments):
    scorer = BehaviourScorer.of(shop, Shopper(**arguments))
    return scorer.score(np.array(rows, dtype=np.int32)).tolist()


def user_page(shop, shopper, limit=5, filtering=None):
    return [(place.row, place.reason_code) for place in for_user(shop, shopper, filtering or Filter(), limit, NOW)]


@given(shops(), st.data())
def test_every_score_lies_between_zero_and_one(drawn, data):
    shop, rows = make_shop(drawn[0]), st.integers(0, len(drawn[0]) - 1)
    places = st.integers(0, shop.catalogue.tree.everything)
    shopper = Shopper(data.draw(st.lists(rows).map(tuple)), data.draw(st.dictionaries(places, st.floats(0, 1))))
    scores = BehaviourScorer.of(shop, shopper).score(np.arange(len(drawn[0]), dtype=np.int32))
    assert np.all((scores >= 0) & (scores <= 1))


def test_each_step_back_counts_less():
    shop = make_shop([Item("rope"), Item("rope"), Item("mat"), Item("pan")])
    newest, second, third = (behaviour_of(shop, [1], recent=recent)[0] for recent in [(0, 2, 3), (2, 0, 3), (2, 3, 0)])
    assert newest == pytest.approx(0.7)
    assert second == pytest.approx(0.7 * 0.8)
    assert third == pytest.approx(0.7 * 0.8 * 0.8)


def test_variants_are_one_step():
    shop = make_shop([Item("rope"), Item("rope"), Item("mat", group="m"), Item("mat", group="m")])
    assert behaviour_of(shop, [1], recent=(2, 3, 0)) == pytest.approx([0.7 * 0.8])


def test_a_recent_product_does_not_lead_to_itself_nor_to_its_variants():
    shop = make_shop([Item("rope", group="r"), Item("rope", group="r"), Item("rope")])
    assert behaviour_of(shop, [0, 1, 2], recent=(0,)) == pytest.approx([0, 0, 0.7])


def test_only_the_newest_are_considered():
    shop = make_shop([Item("rope"), Item("rope"), Item("mat")], weights=ScoringWeights(n_recent=1))
    assert behaviour_of(shop, [1], recent=(2, 0)) == [0]


def test_a_preference_holds_for_what_is_below_until_a_nearer_one_says_otherwise():
    shop = make_shop([Item(category="Home > Tea"), Item(category="Home > Pans"), Item(category="Sport")])
    tree, (tea, pans, _) = shop.catalogue.tree, shop.catalogue.categories.tolist()
    home = int(tree.parents[tea])
    assert behaviour_of(shop, [0, 1, 2], preferences={pans: 0.5, home: 1.0}) == pytest.approx([0.3, 0.15, 0])


def test_a_stranger_has_no_opinion_but_who_only_likes_or_only_looked_has():
    shop = make_shop(KITCHEN)
    known = [Shopper(recent=(0,)), Shopper(preferences={0: 1.0}), STRANGER, Shopper(preferences={0: 0.0})]
    assert [BehaviourScorer.of(shop, shopper).has_opinion for shopper in known] == [True, True, False, False]


def test_the_product_page_mixes_behaviour_in():
    shop = make_shop(KITCHEN)
    alone = beside_product(shop, 0, Filter(), 5, NOW)
    mixed = beside_product(shop, 0, Filter(), 5, NOW, Shopper(recent=(2,)))
    score = {place.row: place.score for place in alone}[1]
    assert {place.row: place.score for place in mixed}[1] == pytest.approx(0.75 * score, abs=1e-6)


def test_having_looked_at_the_page_itself_tells_nothing_new():
    shop = make_shop(KITCHEN)
    assert beside_product(shop, 0, Filter(), 5, NOW, Shopper(recent=(0,))) == beside_product(shop, 0, Filter(), 5, NOW)


def test_behaviour_is_the_reason_where_it_adds_most_and_names_the_product_that_led_there():
    items = [Item("copper kettle"), Item("copper pan glass rope spade"), Item("steel rope spade pan glass")]
    (first, *_) = beside_product(
        make_shop(items, weights=ScoringWeights(behaviour=0.9)), 0, Filter(), 5, NOW, Shopper(recent=(2,))
    )
    assert (first.row, first.reason) == (1, Reason(ReasonCode.BEHAVIOUR, because_of=2))


def test_a_user_is_shown_what_is_like_the_recent_products_before_what_is_merely_there():
    assert user_page(make_shop(KITCHEN), Shopper(recent=(2,)))[0] == (3, ReasonCode.BEHAVIOUR)


def test_a_user_is_shown_what_lies_in_liked_categories_even_where_nothing_happened_yet():
    shop = make_shop(KITCHEN)
    home = int(shop.catalogue.categories[0])
    assert user_page(shop, Shopper(preferences={home: 1.0}))[:2] == [
        (1, ReasonCode.PREFERENCE),
        (0, ReasonCode.PREFERENCE),
    ]


def test_recent_products_come_last_on_the_users_page():
    assert user_page(make_shop(KITCHEN), Shopper(recent=(2, 0)))[-2:] == [
        (2, ReasonCode.BEHAVIOUR),
        (0, ReasonCode.BEHAVIOUR),
    ]


def test_trends_move_the_users_page_too():
    quiet, busy = make_shop(KITCHEN), make_shop(KITCHEN, clicks=[4] * 9)
    shopper = Shopper(recent=(0,))
    assert user_page(busy, shopper).index((4, ReasonCode.TRENDING)) < [
        row for row, _ in user_page(quiet, shopper)
    ].index(3)


def test_a_stranger_gets_the_ladder():
    shop = make_shop(KITCHEN, clicks=[4, 4, 1])
    assert user_page(shop, STRANGER, 3) == [
        (4, ReasonCode.POPULAR),
        (1, ReasonCode.POPULAR),
        (3, ReasonCode.NEW),
    ]
