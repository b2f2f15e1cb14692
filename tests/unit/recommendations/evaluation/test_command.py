import gzip
import json

import pytest
from django.core.management import CommandError, call_command

TEAS = [
    {"sku": "T1", "name": "Green tea", "category": "Kitchen > Tea", "description": "loose leaves, green"},
    {"sku": "T2", "name": "Black tea", "category": "Kitchen > Tea", "description": "loose leaves, black"},
    {"sku": "T3", "name": "Teapot of glass", "category": "Kitchen > Pots", "description": "for loose leaves"},
    {"sku": "P1", "name": "Copper pan", "category": "Kitchen > Pans", "variant_group": "pan"},
    {"sku": "P2", "name": "Copper pan, large", "category": "Kitchen > Pans", "variant_group": "pan"},
    {"sku": "P3", "name": "Steel pan", "category": "Kitchen > Pans"},
]
# Who, what, on which day of November.
STEPS = [
    ("anna", "T1", 1), ("anna", "T3", 1), ("ben", "T1", 1), ("ben", "T3", 1), ("ben", "P1", 2), ("cleo", "T2", 2),
    ("anna", "T1", 3), ("anna", "T3", 3), ("cleo", "P3", 3), ("dora", "T1", 3),
]  # fmt: skip
ALL = [
    "popularity",
    "category_popularity",
    "item_knn",
    "session_knn",
    "content",
    "trend",
    "behaviour",
    "sequence",
    "blend",
]


@pytest.fixture
def evaluate(tmp_path, capsys):
    """Run the command on files; sockets are closed to unit tests, so it asks no server."""
    write_products(tmp_path / "teas.jsonl.gz", TEAS)
    write_steps(tmp_path / "steps.csv", STEPS)

    def run(*arguments):
        path = tmp_path / "report.json"
        arguments = [str(argument).replace("DIR/", f"{tmp_path}/") for argument in arguments]
        call_command("evaluate", *arguments, "--draws", "20", "--json", str(path))
        return json.loads(path.read_text())

    return run


def write_products(path, products):
    path.write_bytes(gzip.compress("".join(json.dumps(product) + "\n" for product in products).encode()))


def write_steps(path, steps):
    lines = [f"{who},,{sku},click,2026-11-{day:02}T10:00:00Z" for who, sku, day in steps]
    path.write_text("\n".join(["user_id,session_id,sku,kind,occurred_at", *lines]) + "\n")


def of(report, scorer):
    return next(row["metrics"] for row in report["rows"] if row["scorer"] == scorer)


ON_TEAS = ("--products", "DIR/teas.jsonl.gz", "--interactions", "DIR/steps.csv")


def test_every_scorer_and_metric_is_told(evaluate):
    report = evaluate(*ON_TEAS, "--test-days", 1)
    assert [row["scorer"] for row in report["rows"]] == ALL
    assert report["data"]["n_cases"] == 3
    assert report["data"]["n_test_interactions_of_strangers"] == 1
    for row in report["rows"]:
        wanted = {f"{name}@{k}" for name in ("hit_rate", "recall", "precision", "mrr", "ndcg") for k in (5, 10, 20)}
        assert wanted == row["intervals"].keys()
        assert wanted | {"coverage@20", "novelty@20", "diversity@20"} <= row["metrics"].keys()
        assert all(0 <= row["metrics"][name] <= 1 for name in wanted)


def test_figures_are_those_of_a_count_by_hand(evaluate):
    """Until day 2, T1 and T3 were met twice and P1 and T2 once. Asked: anna T1 after T3, T3 after T1; cleo P3."""
    report = evaluate(*ON_TEAS, "--test-days", 1)
    assert of(report, "popularity")["mrr@5"] == pytest.approx((1 + 1 / 2 + 0) / 3)
    # T3 is with T1 in both their sessions of day 1. T2 is with nobody.
    assert of(report, "item_knn")["mrr@5"] == pytest.approx((1 + 1 + 0) / 3)
    assert of(report, "sequence")["hit_rate@5"] == pytest.approx(2 / 3)


def test_what_was_seen_is_neither_asked_for_nor_listed(evaluate):
    report = evaluate(*ON_TEAS, "--test-days", 1, "--novel")
    assert report["data"]["n_cases"] == 1  # cleo's P3
    assert of(report, "popularity")["hit_rate@20"] == 0  # nobody had met P3
    assert of(report, "content")["hit_rate@20"] == 0
    assert of(report, "blend")["hit_rate@20"] == 1  # its ladder goes on to what is new


def test_the_last_interaction_of_each(evaluate):
    report = evaluate(*ON_TEAS, "--last")
    assert report["data"]["n_cases"] == report["data"]["n_shoppers"] == 3
    assert report["data"]["n_training_interactions"] == len(STEPS) - 3


def test_all_of_a_shoppers_test_part_at_once(evaluate):
    report = evaluate(*ON_TEAS, "--test-days", 1, "--targets", "rest")
    assert report["data"]["n_cases"] == 2
    assert of(report, "popularity")["recall@5"] == pytest.approx((1 + 0) / 2)
    assert of(report, "popularity")["precision@5"] == pytest.approx((2 / 5 + 0) / 2)


def test_one_file_to_learn_from_and_one_to_ask_for(evaluate, tmp_path):
    write_steps(tmp_path / "later.csv", [("ben", "P3", 4), ("eve", "T1", 4), ("eve", "T3", 4)])
    report = evaluate(*ON_TEAS, "--test", "DIR/later.csv")
    assert report["data"]["n_training_interactions"] == len(STEPS)
    assert report["data"]["n_cases"] == 2
    assert of(report, "item_knn")["hit_rate@5"] == pytest.approx(1 / 2)


def test_sessions_without_a_catalogue(evaluate, tmp_path):
    (tmp_path / "train.tsv").write_text("1\ta b c\n2\ta b\n")
    (tmp_path / "test.tsv").write_text("1\ta b c\n")  # numbers of sessions start anew
    report = evaluate("--sessions", "DIR/train.tsv", "DIR/test.tsv")
    assert [row["scorer"] for row in report["rows"]] == [
        "popularity", "item_knn", "session_knn", "trend", "sequence", "blend",
    ]  # fmt: skip
    assert report["data"]["n_cases"] == 2
    assert of(report, "item_knn")["mrr@5"] == pytest.approx((1 + 1 / 2) / 2)
    assert report["data"]["n_products"] == 3


def test_a_draw_of_cases_is_the_same_again(evaluate):
    one, again = (evaluate(*ON_TEAS, "--test-days", 1, "--limit", 2, "--seed", 3) for _ in range(2))
    assert one == again
    assert one["data"]["n_cases"] == 2


def test_rows_that_nobody_can_read_are_counted(evaluate, tmp_path):
    lines = (tmp_path / "steps.csv").read_text() + "anna,,T1,click,yesterday\nanna,,GONE,click,2026-11-03T10:00:00Z\n"
    (tmp_path / "steps.csv").write_text(lines)
    data = evaluate(*ON_TEAS, "--test-days", 1)["data"]
    assert (data["n_bad_rows"], data["n_rows_of_unknown_products"]) == (1, 1)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "either --interactions FILE or --sessions"),
        (["--interactions", "DIR/steps.csv"], "one of --test-days N, --last and --test FILE"),
        (["--interactions", "DIR/steps.csv", "--last", "--test-days", "1"], "one of --test-days N"),
        (["--sessions", "DIR/a", "DIR/b", "--last"], "leave out"),
        (["--interactions", "DIR/no.csv", "--last"], "no.csv: No such file"),
        (["--interactions", "DIR/teas.jsonl.gz", "--last"], "must name the columns"),
        (["--interactions", "DIR/steps.csv", "--test-days", "40"], "nothing to learn from"),
        (["--interactions", "DIR/steps.csv", "--last", "--scorers", "magic"], "No scorer for this data: magic"),
    ],
)
def test_what_cannot_be_answered_is_said(evaluate, arguments, says):
    with pytest.raises(CommandError, match=says):
        evaluate(*arguments)
