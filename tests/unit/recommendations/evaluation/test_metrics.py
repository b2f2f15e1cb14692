import numpy as np
import pytest
import pytrec_eval
from hypothesis import given, settings
from hypothesis import strategies as st

from recommendations.evaluation.cases import Cases
from recommendations.evaluation.log import Interactions
from recommendations.evaluation.metrics import BY_CASE, CUTS, DEPTH, by_case, find_hits

MANY = 60
# What trec_eval calls what we call; its reciprocal rank looks at the whole run, so it is given k places of it.
TREC = {"hit_rate": "success", "recall": "recall", "precision": "P", "ndcg": "ndcg_cut"}


def cases_with(targets):
    """Return cases with these targets, of shoppers of whom nothing else matters."""
    ends = np.arange(1, len(targets) + 1)
    log = Interactions.of(np.arange(len(targets) + 1), np.zeros(len(targets) + 1))
    starts = np.concatenate([[0], np.cumsum([len(wanted) for wanted in targets])])
    return Cases(log, ends - 1, ends, starts, np.concatenate([sorted(wanted) for wanted in targets]).astype(np.int32))


def measured(lists, targets):
    full = np.full((len(lists), DEPTH), -1, dtype=np.int32)
    for line, rows in zip(full, lists, strict=True):
        line[: len(rows)] = rows
    cases = cases_with(targets)
    return by_case(find_hits(full, cases), cases.n_targets)


def test_one_target_in_the_third_place():
    found = measured([[7, 8, 9, 1, 2]], [{9}])
    assert found["hit_rate@5"] == 1
    assert found["recall@5"] == 1
    assert found["precision@5"] == pytest.approx(1 / 5)
    assert found["precision@20"] == pytest.approx(1 / 20)
    assert found["mrr@5"] == pytest.approx(1 / 3)
    assert found["ndcg@5"] == pytest.approx(1 / 2)  # 1 / log2(3 + 1)


def test_two_of_three_targets_in_the_first_and_the_third_place():
    found = measured([[7, 8, 9, 1, 2]], [{9, 7, 55}])
    assert found["hit_rate@5"] == 1
    assert found["recall@5"] == pytest.approx(2 / 3)
    assert found["precision@5"] == pytest.approx(2 / 5)
    assert found["mrr@5"] == 1
    assert found["ndcg@5"] == pytest.approx((1 + 1 / 2) / (1 + 1 / np.log2(3) + 1 / 2))


def test_a_target_below_the_cut_is_none():
    found = measured([[1, 2, 3, 4, 5, 6]], [{6}])
    assert [found[f"{name}@5"].item() for name in BY_CASE] == [0] * 5
    assert found["mrr@10"] == pytest.approx(1 / 6)


def test_an_empty_list_hits_nothing():
    assert not any(values.any() for values in measured([[]], [{1}]).values())


def test_one_cases_targets_are_no_hits_of_another():
    assert measured([[1], [2]], [{2}, {1}])["hit_rate@5"].tolist() == [0, 0]


questions = st.lists(
    st.tuples(
        st.lists(st.integers(0, MANY), unique=True, max_size=DEPTH),
        st.sets(st.integers(0, MANY), min_size=1, max_size=30),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=30)
@given(questions)
def test_every_metric_is_what_trec_eval_says(drawn):
    lists, targets = zip(*drawn, strict=True)
    found = measured(lists, targets)
    for case, (rows, wanted) in enumerate(drawn):
        for k in CUTS:
            said = by_trec_eval(rows, wanted, k)
            for name in BY_CASE:
                assert found[f"{name}@{k}"][case] == pytest.approx(said[name], abs=1e-9), (name, k)


def by_trec_eval(rows, wanted, k):
    relevant = {"q": {str(row): 1 for row in wanted}}
    run = {"q": {str(row): float(-place) for place, row in enumerate(rows[:k])}}
    names = {*(f"{name}.{k}" for name in TREC.values()), "recip_rank"}
    # Of an empty run it tells nothing.
    said = pytrec_eval.RelevanceEvaluator(relevant, names).evaluate(run).get("q", {})
    return {ours: said.get(f"{its}_{k}", 0.0) for ours, its in TREC.items()} | {"mrr": said.get("recip_rank", 0.0)}


@settings(max_examples=30)
@given(questions)
def test_a_longer_list_is_never_worse_but_for_its_precision(drawn):
    lists, targets = zip(*drawn, strict=True)
    found = measured(lists, targets)
    for name in ("hit_rate", "recall", "mrr"):
        assert (found[f"{name}@5"] <= found[f"{name}@10"]).all()
        assert (found[f"{name}@10"] <= found[f"{name}@20"]).all()
    assert all(((values >= 0) & (values <= 1 + 1e-12)).all() for values in found.values())


@settings(max_examples=30)
@given(questions)
def test_what_is_wanted_first_is_perfect(drawn):
    _, targets = zip(*drawn, strict=True)
    found = measured([sorted(wanted)[:DEPTH] for wanted in targets], targets)
    assert found["ndcg@20"] == pytest.approx(np.ones(len(targets)))
    assert found["mrr@5"] == pytest.approx(np.ones(len(targets)))
