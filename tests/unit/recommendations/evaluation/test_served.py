"""What is measured is what is served, and each signal alone is the engine's own."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recommendations.engine.behaviour import BehaviourScorer
from recommendations.engine.filters import Filter, Rule
from recommendations.engine.hotness import Hotness
from recommendations.engine.pages import Shop, beside_product
from recommendations.engine.shopper import Shopper
from recommendations.engine.vocabulary import Vocabulary
from recommendations.evaluation.cases import next_steps
from recommendations.evaluation.following import FollowingParameters, OfflineLists, learn_viewed
from recommendations.evaluation.log import Interactions
from recommendations.evaluation.opinions import ShopRules, best
from recommendations.evaluation.served import Blend
from recommendations.evaluation.signals import Behaviour
from tests.unit.recommendations.factories import NOW, Item, make_shop, shops

PANS = [Item(text=text) for text in ("copper pan", "copper kettle", "steel pan", "glass mat", "copper pan steel")]


def case_after(*rows, purchased=()):
    log = Interactions.of(np.zeros(len(rows) + 1), [*rows, 0], purchases=[row in purchased for row in (*rows, -1)])
    return next_steps(log, np.arange(len(rows) + 1) == len(rows))


def listed(lists):
    return [row for row in lists[0].tolist() if row >= 0]


def test_the_blend_is_the_page_of_the_last_product_for_who_met_the_others():
    shop = make_shop(PANS, clicks=[1, 1, 3])
    page = beside_product(shop, 0, Filter({Rule.ITSELF: {0}}), 20, NOW, Shopper((0, 2)))
    assert listed(Blend(shop, NOW).lists(case_after(2, 0), novel=False)) == [place.row for place in page]


def test_what_was_bought_is_not_shown_again():
    shop = make_shop(PANS)
    assert 2 in listed(Blend(shop, NOW).lists(case_after(2, 0), novel=False))
    assert 2 not in listed(Blend(shop, NOW).lists(case_after(2, 0, purchased=[2]), novel=False))


def test_what_was_just_seen_is_not_shown_where_only_the_new_is_asked_for():
    assert 2 not in listed(Blend(make_shop(PANS), NOW).lists(case_after(2, 0), novel=True))


def test_what_shoppers_went_on_to_is_told_as_serving_tells_it():
    shop = Shop(**shop_parts(make_shop(PANS)))
    log = Interactions.of(np.repeat(np.arange(9), 2), [0, 3] * 9)
    parameters = FollowingParameters()
    lists = OfflineLists(log, learn_viewed(log, len(PANS), 0.0, parameters), 0.0, parameters)
    case = case_after(0)
    assert listed(Blend(shop, 0.0).lists(case, novel=False))[0] == 4  # reads most alike
    assert listed(Blend(shop, 0.0, lists).lists(case, novel=False))[0] == 3


def shop_parts(shop):
    """Return the parts of the shop, its products numbered as files' are."""
    catalogue = replace(shop.catalogue, vocabulary=Vocabulary(np.arange(1, len(PANS) + 1)))
    parts = {name: getattr(shop, name) for name in ("similarity", "weights")}
    return parts | {"catalogue": catalogue, "hotness": Hotness.cold(catalogue)}


@given(shops(min_items=2), st.data())
def test_behaviour_alone_orders_groups_as_the_engine_does(drawn, data):
    items, clicks = drawn
    shop = make_shop(items, clicks=clicks)
    rows = data.draw(st.lists(st.integers(0, len(items) - 1), min_size=1, max_size=4, unique=True))
    (line,) = best(
        Behaviour(shop).opinions(case_after(*rows)), ShopRules(shop.catalogue.groups, np.full((1, 1), -1)), 5
    )
    groups = shop.catalogue.groups[line[line >= 0]]
    engine = BehaviourScorer.of(shop, Shopper(tuple(reversed(rows))))
    said = engine.recents(line[line >= 0])
    assert len(set(groups.tolist())) == len(groups)
    if len({int(shop.catalogue.groups[row]) for row in rows}) == len(rows):  # the engine counts variants as one step
        assert (np.diff(said) <= 1e-6).all()
