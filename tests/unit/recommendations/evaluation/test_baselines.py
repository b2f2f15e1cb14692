import numpy as np
import pytest

from recommendations.evaluation.baselines import CategoryPopularity, ItemKnn, Popularity, SessionKnn
from recommendations.evaluation.cases import next_steps
from recommendations.evaluation.log import Interactions
from recommendations.evaluation.opinions import ShopRules, best

N = 6
ALONE = np.arange(N, dtype=np.int32)
# Four sessions of products 0 to 5.
TRAIN = Interactions.of([0, 0, 0, 1, 1, 2, 2, 3], [0, 1, 2, 0, 1, 1, 3, 4])


def case_after(*rows):
    """Return the one case of a shopper who met ``rows``; what comes next does not matter."""
    log = Interactions.of(np.zeros(len(rows) + 1), [*rows, 5])
    return next_steps(log, np.arange(len(rows) + 1) == len(rows))


def said(scorer, *rows):
    """Return what the scorer thinks after ``rows``, by product."""
    found = scorer.opinions(case_after(*rows))
    return dict(zip(found.rows.tolist(), found.scores.tolist(), strict=True))


def listed(scorer, *rows):
    (line,) = best(scorer.opinions(case_after(*rows)), ShopRules(ALONE, np.full((1, 1), -1)), 5).tolist()
    return [row for row in line if row >= 0]


def test_popularity_counts():
    assert listed(Popularity(TRAIN, ALONE), 4) == [1, 0, 2, 3, 4]


def test_item_knn_is_the_cosine_of_sessions_with_the_last_product():
    # 0 and 1 share two sessions; 0 is in two and 1 in three of them.
    assert said(ItemKnn(TRAIN, N), 4, 0) == pytest.approx({1: 2 / np.sqrt(2 * 3), 2: 1 / np.sqrt(2 * 1)})


def test_item_knn_has_no_opinion_of_a_product_alone():
    assert said(ItemKnn(TRAIN, N), 4) == {}


def test_a_product_twice_in_a_session_is_there_once():
    twice = Interactions.of([0, 0, 0], [0, 0, 1])
    assert said(ItemKnn(twice, N), 0) == pytest.approx({1: 1.0})


def test_session_knn_adds_up_the_cosines_of_the_sessions_that_have_a_product():
    alike = {0: 1 / np.sqrt(1 * 3), 1: 1 / np.sqrt(1 * 2)}  # with sessions 0 and 1 of the one product 0
    expected = {0: alike[0] + alike[1], 1: alike[0] + alike[1], 2: alike[0]}
    assert said(SessionKnn(TRAIN, N), 0) == pytest.approx(expected)


def test_category_popularity_begins_with_the_own_category_and_goes_on_with_the_shop():
    categories = np.array([0, 0, 1, 1, 1, 0], dtype=np.int32)
    scorer = CategoryPopularity(TRAIN, ALONE, categories)
    assert listed(scorer, 4) == [2, 3, 4, 1, 0]
    assert listed(scorer, 0) == [1, 0, 2, 3, 4]
