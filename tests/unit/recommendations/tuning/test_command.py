"""A small shop in which others of a kind read alike, and shoppers always go on to something else."""

import json

import pytest
from django.core.management import CommandError, call_command

from recommendations.tuning import offline
from recommendations.tuning.search import search

N = 26
PRODUCTS = [
    {"sku": f"{kind}{n}", "name": name, "category": "Home"}
    for kind, name in (("A", "Kettle of copper"), ("B", "Yoga mat"))
    for n in range(N)
]


def steps(day, ahead=0):
    """Return the lines of a day on which each A led to the B of its number, or of so many further on."""
    pairs = [(f"A{n}", f"B{(n + ahead) % N}") for n in range(N)]
    return [
        f"day{day}-{n},,{sku},click,2026-11-{day:02}T10:{minute:02}:00Z"
        for n, pair in enumerate(pairs)
        for minute, sku in enumerate(pair)
    ]


THREE_DAYS = [*steps(1), *steps(2), *steps(3)]


@pytest.fixture
def tune(tmp_path, capsys):
    """Run the command on files; sockets are closed to unit tests, so it asks no server."""
    (tmp_path / "shop.jsonl").write_text("".join(json.dumps(product) + "\n" for product in PRODUCTS))

    def run(*arguments, log=THREE_DAYS):
        (tmp_path / "log.csv").write_text("\n".join(["user_id,session_id,sku,kind,occurred_at", *log]) + "\n")
        path = tmp_path / "found.json"
        words = [str(argument).replace("DIR/", f"{tmp_path}/") for argument in ON_FILES + arguments]
        call_command("tune", *words, "--trials", "25", "--draws", "20", "--json", str(path))
        return json.loads(path.read_text()), capsys.readouterr().out

    return run


ON_FILES = ("--products", "DIR/shop.jsonl", "--interactions", "DIR/log.csv", "--novel")
HIT = "hit_rate@20"


def of(report, scorer):
    return next(row["metrics"] for row in report["rows"] if row["scorer"] == scorer)


def test_weights_are_found_that_show_what_shoppers_went_on_to(tune):
    report, said = tune("--test-days", 1, "--dials", "sequence")
    assert of(report, "before")[HIT] == 0  # 25 others read alike, and each pair was seen once
    assert of(report, "blend")[HIT] == 1
    assert report["found"]["changes"]["sequence"][1] > 0.6
    assert "ndcg@20 +" in said


def test_the_test_part_tells_the_search_nothing(tune):
    before_it = [*steps(1), *steps(2)]
    one, other = (tune("--test-days", 1, log=[*before_it, *steps(3, ahead)])[0] for ahead in (0, 5))
    assert one == other
    assert one["data"]["n_training_interactions"] == len(steps(1))


def test_a_test_file_is_not_even_opened(tune):
    report, _ = tune("--test", "DIR/nowhere.csv", log=[*steps(1), *steps(2)])
    assert of(report, "blend")[HIT] == 1


def test_ctrl_c_ends_the_search_and_its_best_is_told(tune, monkeypatch):
    def interrupted(objective, *arguments, **options):
        trials = iter(range(9))

        def asked(weights):
            if next(trials, None) is None:
                raise KeyboardInterrupt
            return objective(weights)

        return search(asked, *arguments, **options)

    monkeypatch.setattr(offline, "search", interrupted)
    report, said = tune("--test-days", 1)
    assert report["found"]["is_cut_short"]
    assert report["found"]["n_trials"] == 8
    assert "cut short" in said


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--test-days", 1, "--save"], "--save needs --tenant"),
        (["--test-days", 1, "--dials", "magic"], "no such dial: magic"),
        (["--test-days", 2], "nothing to learn from"),
        (["--test-days", 1, "--last"], "one of --test-days"),
    ],
)
def test_what_cannot_be_tuned_is_said(tune, arguments, says):
    with pytest.raises(CommandError, match=says):
        tune(*arguments)
