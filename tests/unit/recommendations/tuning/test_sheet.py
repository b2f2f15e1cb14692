"""Trials count what the engine would show: the same places, for any shop, any log and any weights."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.engine.pages import Shop, beside_product
from recommendations.engine.vocabulary import Vocabulary
from recommendations.engine.weights import ScoringWeights
from recommendations.evaluation.cases import next_steps
from recommendations.evaluation.following import FollowingParameters, OfflineLists, learn_viewed
from recommendations.evaluation.log import Interactions
from recommendations.evaluation.served import Blend
from recommendations.evaluation.trends import hotness_of
from recommendations.tuning.collect import all_asked, collect
from tests.unit.recommendations.factories import NOW, make_shop, shops

SHARE = st.floats(0, 1)
WEIGHTS = st.builds(
    ScoringWeights,
    content=SHARE, trend=SHARE, behaviour=SHARE, recency_decay=SHARE, trend_clicks=SHARE, trend_rating=SHARE,
    min_peak_weight=st.floats(0.1, 20), sequence=SHARE, sequence_bought=SHARE, n_sequence=st.integers(1, 20),
    sequence_decay=st.floats(0.1, 1), min_sequence_weight=st.floats(0.1, 10), hide_purchased=st.booleans(),
)  # fmt: skip


@given(shops(min_items=3), WEIGHTS, st.booleans(), st.data())
def test_a_target_stands_where_the_engine_lists_it(drawn, weights, novel, data):
    items, clicks = drawn
    step = st.tuples(st.integers(0, 4), st.integers(0, len(items) - 1), st.booleans())
    log = data.draw(st.lists(step, min_size=4, max_size=30))
    shop, lists, cases = what_there_is(items, clicks, log, weights)
    requests = list(Blend(shop, NOW, lists).requests(cases, novel=novel))
    for case, (row, filtering, shopper) in enumerate(requests):
        page = beside_product(shop, row, filtering, len(items), NOW, shopper)
        shown = {place.row: (n, place.score) for n, place in enumerate(page, start=1) if not place.is_fallback}
        target = cases.target_rows.item(case)
        sheet = collect(with_all_asked(shop), lists, cases.take(np.array([case])), NOW, novel=novel)
        assert [n for n in sheet.places(weights).tolist() if n] == ([shown[target][0]] if target in shown else [])
        if target in shown:
            assert sheet.scores(weights)[sheet.targets.item()] == pytest.approx(shown[target][1], abs=1e-6)


def what_there_is(items, clicks, log, weights):
    """Return a shop, what was learned from the first half of ``log``, and its second half as cases."""
    shop = make_shop(items)
    catalogue = replace(shop.catalogue, vocabulary=Vocabulary(np.arange(1, len(items) + 1)))  # as files' products
    shoppers, rows, purchases = zip(*log, strict=True)
    seconds = NOW - 60.0 * np.arange(len(log))[::-1]
    steps = Interactions.of(shoppers, rows, seconds, purchases=purchases)
    is_test = steps.seconds > np.median(seconds)
    train, parameters = steps.where(~is_test), FollowingParameters()
    clicked = Interactions.of(np.zeros(len(clicks)), clicks, NOW) if clicks else train
    hotness = hotness_of(clicked, catalogue, NOW)
    lists = OfflineLists(train, learn_viewed(train, len(items), NOW, parameters), NOW, parameters)
    return Shop(catalogue, shop.similarity, hotness, weights), lists, next_steps(steps, is_test)


def with_all_asked(shop):
    return Shop(shop.catalogue, shop.similarity, shop.hotness, all_asked(shop.weights))
