import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from recommendations.engine import decay
from recommendations.engine.hotness import Hotness
from recommendations.engine.scorers import ContentScorer, TrendScorer, rising
from recommendations.engine.weights import ScoringWeights
from tests.unit.recommendations.factories import NOW, Item, click, make_catalogue, make_shop, product_id, shops

shares = st.floats(0, 1)


def trend_of(shop, row=0, *, now=NOW, **arguments):
    (score,) = TrendScorer(shop, now, **arguments).score(np.array([row], dtype=np.int32))
    return score


def clicks_of(shop, row=0, *, now=NOW):
    (share,) = TrendScorer(shop, now).clicks(np.array([row], dtype=np.int32))
    return share


@given(shares, shares)
@example(0.5, 0.6303354416292627)
def test_clicks_and_ratings_share_one_and_no_more(trend_clicks, trend_rating):
    weights = ScoringWeights(trend_clicks=trend_clicks, trend_rating=trend_rating)
    assert weights.clicks_share + weights.rating_share in (0, 1)


@given(shops(), shares, shares, st.floats(0, 10 * decay.HOUR_SECONDS))
def test_every_score_lies_between_zero_and_one(shop, trend_clicks, trend_rating, later):
    items, clicked = shop
    shop = make_shop(
        items, clicks=clicked, weights=ScoringWeights(trend_clicks=trend_clicks, trend_rating=trend_rating)
    )
    rows = np.arange(len(items), dtype=np.int32)
    content = ContentScorer.beside(shop, 0).score(rows)
    trend = TrendScorer(shop, NOW + later).score(rows)
    for scores in (content, trend):
        assert scores.shape == rows.shape
        assert np.all((scores >= 0) & (scores <= 1))


def test_content_is_the_cosine_of_the_groups():
    shop = make_shop([Item("copper kettle"), Item("copper kettle"), Item("rope"), Item("rope")])
    scores = ContentScorer.beside(shop, 0).score(np.array([1, 2], dtype=np.int32))
    assert scores == pytest.approx([1, 0])


@pytest.mark.parametrize(("n_clicks", "share"), [(0, 0), (1, 0.2), (5, 1), (9, 1)])
def test_one_click_in_a_quiet_category_is_no_trend(n_clicks, share):
    assert clicks_of(make_shop([Item(), Item()], clicks=[0] * n_clicks)) == pytest.approx(share)


def test_the_hottest_of_the_category_sets_the_scale():
    shop = make_shop([Item(), Item(), Item(category="Sport")], clicks=[1] * 10 + [0] * 4 + [2] * 5)
    assert clicks_of(shop) == pytest.approx(0.4)


def test_the_hottest_of_all_asked_for_categories_sets_the_scale():
    shop = make_shop([Item(), Item(category="Sport")], clicks=[0] * 5 + [1] * 10)
    everything = shop.catalogue.tree.everything
    assert trend_of(shop, peak_categories=(everything,)) < trend_of(shop)


def test_a_trend_halves_within_the_hour():
    shop = make_shop([Item()], clicks=[0] * 4)
    assert clicks_of(shop, now=NOW + decay.HOUR_SECONDS) == pytest.approx(0.4)


def test_clicks_weigh_three_and_ratings_two():
    shop = make_shop([Item(rating=5.0, rating_count=10**9), Item(rating=0.0, rating_count=0)], clicks=[1] * 5)
    assert [trend_of(shop, row) for row in (0, 1)] == pytest.approx([0.4, 0.6])


def test_an_unknown_rating_is_the_shrunken_mean():
    # Ten ratings of 5 and the prior of ten at 2.5 make 3.75.
    shop = make_shop([Item(), Item(rating=5.0, rating_count=10)])
    assert trend_of(shop, 0) == pytest.approx(0.4 * 3.75 / 5)


def test_weights_of_zero_are_no_error():
    shop = make_shop([Item(rating=5.0)], weights=ScoringWeights(trend_clicks=0, trend_rating=0))
    assert trend_of(shop) == 0


def test_steady_is_one():
    hotness = Hotness.cold(make_catalogue([Item()]))
    rate = 1 / 600
    for half_life, name in ((decay.HOUR_SECONDS, "hour"), (decay.WEEK_SECONDS, "week")):
        held = rate / decay.rate_constant(half_life)
        getattr(hotness, name)[0] = np.log(held) + decay.rate_constant(half_life) * NOW
    assert rising(hotness, np.array([0]), NOW) == pytest.approx(1.0)


def test_where_nothing_happens_nothing_rises():
    assert rising(Hotness.cold(make_catalogue([Item()])), np.array([0]), NOW) == 1.0


def test_a_sudden_click_rises_and_an_old_one_sinks():
    hotness = Hotness.cold(make_catalogue([Item(), Item()]))
    click(hotness, 0)
    click(hotness, 1, at=NOW - 2 * 24 * 3600)
    sudden, old = rising(hotness, np.array([0, 1]), NOW)
    assert old < 1 < sudden


def test_ids_are_no_rows():
    # The other tests address rows; this one sees to it that factories keep the two apart.
    assert make_catalogue([Item(), Item()]).vocabulary.row_of(product_id(1)) == 1
