from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.engine import pages
from recommendations.engine.blend import product_page_blend
from recommendations.engine.explain import LIST_CODES
from recommendations.engine.filters import Filter, Rule
from recommendations.engine.kernel import ranking
from recommendations.engine.pages import around_category, beside_product, for_user, trending
from recommendations.engine.product_page import add_groups
from recommendations.engine.reasons import ReasonCode
from recommendations.engine.scorers import ContentScorer
from recommendations.engine.shopper import STRANGER, Shopper
from recommendations.engine.strategies import Strategy
from recommendations.engine.weights import ScoringWeights
from tests.unit.recommendations.factories import NOW, Item, click, make_shop, product_id, shops, trail

limits = st.integers(1, 30)


def beside(shop, row=0, limit=5):
    return beside_product(shop, row, Filter({Rule.ITSELF: {int(shop.catalogue.groups[row])}}), limit, NOW)


def trending_in(shop, category=None, limit=5):
    place = shop.catalogue.tree.everything if category is None else category
    return trending(shop, Filter(categories=(place,)), limit, NOW)


def user_page(shop, shopper, limit=5, filtering=None):
    return for_user(shop, shopper, filtering or Filter(), limit, NOW)


def pages_of(shop, limit, shopper=STRANGER, filtering=None):
    """Every page of a shop, each with the filter that holds on it."""
    filtering = filtering or Filter()
    beside_first = replace(filtering, left_out={**filtering.left_out, Rule.ITSELF: {int(shop.catalogue.groups[0])}})
    yield beside_first, beside_product(shop, 0, beside_first, limit, NOW, shopper)
    yield filtering, around_category(shop, int(shop.catalogue.categories[0]), filtering, limit)
    yield filtering, for_user(shop, shopper, filtering, limit, NOW)
    yield filtering, trending(shop, filtering, limit, NOW)


def rows_of(places):
    return [place.row for place in places]


@st.composite
def asked(draw):
    """Draw a shop, who asks, and what they do not want to see."""
    items, clicks = draw(shops())
    n_rows, shop = len(items), make_shop(items, clicks=clicks, weights=draw(any_weights))
    places = st.lists(st.integers(0, shop.catalogue.tree.everything - 1), max_size=2, unique=True)
    recent = draw(st.lists(st.integers(0, n_rows - 1), max_size=6).map(tuple))
    preferences = {place: draw(st.sampled_from([0.3, 1.0])) for place in draw(places)}
    lists = st.dictionaries(st.integers(0, n_rows + 2), st.sampled_from([0.5, 3.0, 40.0]), max_size=6)
    by_code = st.dictionaries(st.sampled_from(LIST_CODES), lists, max_size=3)
    steps = draw(st.just([]) | st.just([0]) | st.just([0, *recent]))
    before = trail(*((row, draw(by_code)) for row in steps))
    filtering = Filter(
        {Rule.EXCLUDED: draw(st.sets(st.integers(0, len(shop.catalogue.group_starts) - 2), max_size=8))},
        in_stock_only=draw(st.booleans()),
        categories=tuple(draw(places)),
        hidden_categories=tuple(draw(places)),
        min_price=draw(st.none() | st.just(20.0)),
    )
    return shop, Shopper(recent, preferences, before), draw(st.sampled_from([Filter(), filtering]))


any_weights = st.just(ScoringWeights()) | st.builds(
    ScoringWeights,
    **dict.fromkeys(
        ("content", "trend", "behaviour", "recent", "preference", "recency_decay", "trend_clicks", "user_trend",
         "sequence", "user_sequence", "sequence_bought", "sequence_decay"),
        st.sampled_from([0.0, 0.3, 1.0]),
    ),
)  # fmt: skip
strategies = st.sampled_from(Strategy)


def keeps_the_rules(shop, filtering, limit, places):
    rows, scores = np.array(rows_of(places), dtype=np.int32), [place.score for place in places]
    everywhere = np.arange(len(shop.catalogue.vocabulary), dtype=np.int32)
    assert filtering.allowed(shop.catalogue, rows).all()
    groups = shop.catalogue.groups[rows].tolist()
    assert len(set(groups)) == len(groups)
    allowed = set(shop.catalogue.groups[filtering.allowed(shop.catalogue, everywhere)].tolist())
    assert len(places) == min(limit, len(allowed))
    assert all(0 <= score <= 1 for score in scores)
    assert scores == sorted(scores, reverse=True)


@given(asked(), limits)
def test_every_list_keeps_the_rules(question, limit):
    shop, shopper, wanted = question
    for filtering, places in pages_of(shop, limit, shopper, wanted):
        keeps_the_rules(shop, filtering, limit, places)


@given(asked(), limits, strategies)
def test_beside_a_product_every_strategy_keeps_the_rules(question, limit, strategy):
    shop, shopper, wanted = question
    filtering = replace(wanted, left_out={**wanted.left_out, Rule.ITSELF: {int(shop.catalogue.groups[0])}})
    keeps_the_rules(shop, filtering, limit, beside_product(shop, 0, filtering, limit, NOW, shopper, strategy))


@given(asked(), st.integers(1, 5))
def test_a_shorter_list_is_the_beginning_of_a_longer_one(question, limit):
    shop, shopper, filtering = question
    for (_, short), (_, long) in zip(
        pages_of(shop, limit, shopper, filtering), pages_of(shop, 30, shopper, filtering), strict=True
    ):
        assert rows_of(short) == rows_of(long)[:limit]


@given(asked(), st.integers(1, 6), st.booleans(), st.booleans())
def test_leaving_candidates_alone_leaves_the_list_as_it_is(question, limit, is_stranger, in_c):
    shop, shopper, wanted = question
    shopper = Shopper(trail=shopper.trail) if is_stranger else shopper
    with pytest.MonkeyPatch.context() as patch:
        if not in_c:
            patch.setattr(ranking, "library", lambda: None)
        filtering, page = next(pages_of(shop, limit, shopper, wanted))
    blend = product_page_blend(shop, 0, shopper, NOW)
    groups = set(shop.similarity.neighbours(0)[0].tolist())
    groups |= set(blend.sequence.groups.tolist()) if blend.sequence else set()
    for category in filtering.categories or (int(shop.catalogue.categories[0]),):
        groups |= set(shop.catalogue.groups[shop.hotness.hot[category]].tolist())
    rows = np.flatnonzero(np.isin(shop.catalogue.groups, list(groups - {0}))).astype(np.int32)
    rows = rows[filtering.allowed(shop.catalogue, rows)]
    totals = blend.parts(rows, blend.shares.content * ContentScorer.beside(shop, 0).score(rows)).total
    expected = {}
    for score, row in sorted(zip((-np.round(totals, 6)).tolist(), rows.tolist(), strict=True)):
        expected.setdefault(int(shop.catalogue.groups[row]), (row, -score))
    best = list(expected.values())[:limit]
    assert [(place.row, place.score) for place in page[: len(best)]] == best


@given(asked(), st.integers(1, 6))
def test_a_user_page_is_what_scoring_every_candidate_makes_of_it(question, limit):
    shop, shopper, filtering = question
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "add_promising", lambda builder, blend, groups, _limit: add_groups(builder, blend, groups))
        everyone_scored = for_user(shop, shopper, filtering, limit, NOW)
    assert for_user(shop, shopper, filtering, limit, NOW) == everyone_scored


def test_of_variants_with_one_score_the_first_by_id_stands_whichever_was_clicked():
    items = [Item("copper kettle"), Item("copper pan", group="pan"), Item("copper pan", group="pan")]
    shop = make_shop(items, clicks=[2], weights=ScoringWeights(trend=0.0))
    assert rows_of(beside(shop)) == [1]


@given(shops())
def test_candidates_with_one_score_stand_by_id(drawn):
    shop = make_shop(drawn[0], clicks=drawn[1])
    places = [place for place in beside(shop, 0, 30) if place.reason_code is ReasonCode.SIMILAR]
    assert places == sorted(places, key=lambda place: (-place.score, product_id(place.row)))


@given(asked(), st.data())
def test_an_event_never_lowers_its_product_on_anybodys_list(question, data):
    """On no page, whatever the filter: neither its score nor its place. The shopper is the same before and after."""
    shop, shopper, filtering = question
    row = data.draw(st.integers(0, len(shop.catalogue.vocabulary) - 1))
    before = [page for _, page in pages_of(shop, 30, shopper, filtering)]
    click(shop.hotness, row, weight=data.draw(st.sampled_from([0.2, 5.0])))
    after = [page for _, page in pages_of(shop, 30, shopper, filtering)]
    for earlier, later in zip(before, after, strict=True):
        if row in rows_of(earlier):
            assert row in rows_of(later)
            assert rows_of(later).index(row) <= rows_of(earlier).index(row)


@given(asked())
def test_the_same_question_has_the_same_answer(question):
    shop, shopper, filtering = question
    assert list(pages_of(shop, 30, shopper, filtering)) == list(pages_of(shop, 30, shopper, filtering))


def test_similar_products_come_first():
    shop = make_shop([Item("copper kettle"), Item("rope"), Item("copper pan"), Item("copper kettle glass")])
    assert rows_of(beside(shop))[:2] == [3, 2]


def test_enough_clicks_lift_a_product_of_the_category_that_reads_unlike():
    items = [Item("copper kettle"), Item("glass"), Item("rope"), Item("steel rope")]
    quiet, busy = make_shop(items), make_shop(items, clicks=[2] * 6)
    assert rows_of(beside(quiet)).index(2) > 0
    (first, *_) = beside(busy)
    assert (first.row, first.reason_code) == (2, ReasonCode.TRENDING)


def test_the_ladder_goes_from_the_parent_category_to_the_shop_to_the_best_rated_to_the_newest():
    items = [
        Item("kettle", category="Home > Tea"),
        Item(category="Home > Pans"),
        Item(category="Sport"),
        Item(category="Garden", rating=4.5),
        Item(category="Garden"),
    ]
    shop = make_shop(items, clicks=[1, 2, 2])
    assert [(place.row, place.reason_code) for place in beside(shop)] == [
        (1, ReasonCode.TRENDING),
        (2, ReasonCode.POPULAR),
        (3, ReasonCode.BEST_RATED),
        (4, ReasonCode.NEW),
    ]


def test_a_product_without_text_gets_the_ladder():
    assert rows_of(beside(make_shop([Item(""), Item("rope"), Item("pan")]))) == [2, 1]


def test_around_a_category_its_own_trends_come_first():
    items = [Item(category="Home > Tea"), Item(category="Home > Pans"), Item(category="Sport")]
    shop = make_shop(items, clicks=[2] * 9 + [1] * 2 + [0])
    tea = int(shop.catalogue.categories[0])
    assert rows_of(around_category(shop, tea, Filter(), 3)) == [0, 1, 2]


def test_trends_of_a_category_stay_inside_it():
    items = [Item(category="Home > Tea"), Item(category="Home"), Item(category="Sport"), Item(category=None)]
    shop = make_shop(items, clicks=[2] * 9 + [0])
    home = int(shop.catalogue.categories[1])
    assert rows_of(trending_in(shop, home)) == [0, 1]


def test_hot_products_trend_before_well_rated_ones():
    shop = make_shop([Item(rating=5.0, rating_count=99), Item()], clicks=[1] * 5)
    assert [(place.row, place.reason_code) for place in trending_in(shop)] == [
        (1, ReasonCode.TRENDING),
        (0, ReasonCode.BEST_RATED),
    ]


def test_in_a_quiet_shop_the_best_rated_trend():
    items = [Item(rating=3.0), Item(rating=5.0), Item()]
    assert rows_of(trending_in(make_shop(items))) == [1, 0, 2]


def test_what_is_merely_new_never_scores_like_a_trend():
    assert all(place.score < 0.5 for place in trending_in(make_shop([Item(), Item()])))


@pytest.mark.parametrize("limit", [1, 3])
def test_an_empty_catalogue_has_empty_pages(limit):
    shop = make_shop([])
    everything = shop.catalogue.tree.everything
    assert around_category(shop, everything, Filter(), limit) == []
    assert trending(shop, Filter(categories=(everything,)), limit, NOW) == []
    assert np.array(shop.hotness.hot, dtype=object).size == 0
