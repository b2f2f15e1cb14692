"""What signals are made with is searched where it matters, told as it is, and found on what the test part never saw."""

import json

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from catalog.rows import ProductRow, completed
from recommendations.engine.feature_parameters import FeatureParameters
from recommendations.evaluation.log import Interactions
from recommendations.evaluation.shop import make_shop
from recommendations.evaluation.splits import NothingToAsk, Targets, split
from recommendations.tuning.folds import folds_of, joined
from recommendations.tuning.making import Making

N = 26
DAY = 24 * 3600.0
# All A have six tags in common, all B six others; A1 and B1 are named alike, A2 and B2, and so on.
NAMED_ALIKE = [
    {"sku": f"{kind}{n}", "name": f"word{n}x", "tags": [f"{kind.lower()}tag{i}" for i in range(6)]}
    for kind in "AB"
    for n in range(N)
]


def session(name, when, *skus):
    return [f"{name},,{sku},click,{when}:{minute:02}:00Z" for minute, sku in enumerate(skus)]


def pairs(day, follower="B", times=1):
    return [
        line
        for n in range(N)
        for i in range(times)
        for line in session(f"{day}-{i}-{n}", f"{day}T10", f"A{n}", f"{follower}{n}")
    ]


@pytest.fixture
def tune(tmp_path, capsys):
    def run(*arguments, log, products=()):
        (tmp_path / "log.csv").write_text("\n".join(["user_id,session_id,sku,kind,occurred_at", *log]) + "\n")
        (tmp_path / "shop.jsonl").write_text("".join(json.dumps(product) + "\n" for product in products))
        of_products = ["--products", f"{tmp_path}/shop.jsonl"] if products else []
        words = ["--interactions", f"{tmp_path}/log.csv", "--test-days", "1", "--novel", *of_products, *arguments]
        call_command("tune", *words, "--draws", "0", "--json", f"{tmp_path}/found.json")
        return json.loads((tmp_path / "found.json").read_text()), capsys.readouterr().out

    return run


def ndcg(report, scorer):
    return next(row["metrics"]["ndcg@20"] for row in report["rows"] if row["scorer"] == scorer)


def test_fields_are_weighed_by_what_shoppers_went_on_to(tune):
    alone = [
        line for product in NAMED_ALIKE for line in session(f"one-{product['sku']}", "2026-11-01T10", product["sku"])
    ]
    log = [*alone, *pairs("2026-11-02"), *pairs("2026-11-03")]
    report, said = tune("--search", "fields", "--remakes", "12", log=log, products=NAMED_ALIKE)
    assert ndcg(report, "before") == 0  # twenty-five others have the same tags
    assert ndcg(report, "blend") > 0.9
    changes = report["remade"]["changes"]
    assert changes.keys() <= {"name", "tags"}  # nothing else is filled in
    assert report["found"]["changes"] == {}
    assert "tags" in said


def test_a_half_life_is_found_under_which_the_old_fades(tune):
    """Two months ago eight went on to C, yesterday one to B, as all do today."""
    log = [*pairs("2026-09-01", "C", times=8), *pairs("2026-11-01"), *pairs("2026-11-02"), *pairs("2026-11-03")]
    report, said = tune("--search", "half_lives", "--remakes", "10", log=log)
    before, after = report["remade"]["changes"]["sequence_days"]
    assert (before, after) == (30, pytest.approx(10, abs=10))
    assert ndcg(report, "before") < 0.7
    assert ndcg(report, "blend") > 0.9
    assert f"SEQUENCE_HALF_LIFE_DAYS={after:g}" in said


def test_weights_are_searched_with_what_was_found(tune):
    log = [*pairs("2026-09-01", "C", times=8), *pairs("2026-11-01"), *pairs("2026-11-02"), *pairs("2026-11-03")]
    report, _ = tune("--search", "blend,half_lives", "--remakes", "10", "--trials", "5", log=log)
    assert report["found"]["start_value"] == pytest.approx(report["remade"]["searches"][0]["value"], abs=1e-9)
    assert report["found"]["n_trials"] == 5


@pytest.mark.parametrize(
    ("search", "says"),
    [("fields", "no fields of texts"), ("magic", "nothing to search: magic")],
)
def test_what_cannot_be_searched_is_said(tune, search, says):
    log = [line for day in (1, 2, 3) for line in pairs(f"2026-11-0{day}")]
    with pytest.raises(CommandError, match=says):
        tune("--search", search, log=log)


LOGS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5), st.integers(1, 40)), min_size=6, max_size=40)


@given(LOGS, st.integers(1, 5))
def test_each_part_of_the_questions_is_asked_with_nothing_of_its_own_time_known(steps, n_folds):
    shoppers, rows, hours = zip(*steps, strict=True)
    log = Interactions.of(shoppers, rows, 3600.0 * np.array(hours))
    try:
        asked = split(log, log.seconds > np.median(log.seconds), Targets.NEXT, novel=False)
    except NothingToAsk:
        return
    folds = folds_of(asked, n_folds)
    assert 1 <= len(folds) <= n_folds
    for fold in folds:
        asked_at = log.seconds[fold.cases.ends]
        assert fold.train.end_seconds < fold.now_seconds == asked_at.min()
        assert sorted(fold.train.rows) == sorted(log.rows[log.seconds < asked_at.min()])
    ends = np.concatenate([fold.cases.ends for fold in folds])
    assert sorted(ends) == sorted(asked.cases.ends)
    assert joined(asked, folds).cases.ends.tolist() == ends.tolist()


def test_a_log_without_times_tells_nothing_of_half_lives():
    log = Interactions.of([0, 0, 1, 1], [0, 1, 0, 1])
    asked = split(log, np.array([False, False, True, True]), Targets.NEXT, novel=False)
    with pytest.raises(NothingToAsk, match="without times"):
        folds_of(asked, 3)


def test_texts_read_anew_by_the_same_weights_read_alike():
    rows = [
        completed(ProductRow(sku=f"{n}", name=f"Teapot {'abc'[n % 3]}lue", tags=["tea", f"t{n % 4}"]))
        for n in range(12)
    ]
    shop = make_shop(rows)
    same, other = shop.with_features(FeatureParameters(), np.array([3, 4])), Making(name=0.0).features()
    old, new = shop.index.similarity, same.index.similarity
    assert new.neighbour_ids[[3, 4]].tolist() == old.neighbour_ids[[3, 4]].tolist()
    assert (new.neighbour_ids[5] == -1).all()
    assert same.vectors().toarray().tolist() == shop.vectors().toarray().tolist()
    assert shop.with_features(other, np.array([3])).index.similarity.n_terms < old.n_terms


def test_only_the_proportions_of_fields_matter():
    assert Making(name=2.0, tags=3.0, category=2.5, description=1.0).key == Making(1, 30, 4.0, 5.0, 6.0, 2.0).key
    assert Making(name=2.1).key != Making().key
    assert not Making(name=0, category=0, tags=0, description=0).has_text
