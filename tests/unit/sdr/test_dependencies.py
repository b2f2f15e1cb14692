import threading

import pytest

from sdr import dependencies


@pytest.fixture
def ask(monkeypatch):
    """Register checks by name in a world without others, and ask them."""
    monkeypatch.setattr(dependencies, "_checks", {})
    monkeypatch.setattr(dependencies, "_asker", dependencies._Asker())

    def register_and_ask(**checks):
        for name, check in checks.items():
            dependencies.register_dependency(name, check)
        return dependencies.statuses()

    return register_and_ask


def fail():
    raise ConnectionError("connection refused\nIs the server running?")


def test_a_check_that_is_content_reads_ok(ask):
    assert ask(index=lambda: None)["index"] == "ok"


def test_a_check_says_what_is_wrong(ask):
    assert ask(index=lambda: "no index is loaded")["index"] == "no index is loaded"


def test_an_exception_is_told_by_its_first_line(ask):
    assert ask(postgres=fail)["postgres"] == "connection refused"


def test_what_nobody_registered_is_missing(ask):
    assert ask() == dict.fromkeys(dependencies.REQUIRED, "missing")


def test_a_dependency_of_one_installation_is_listed_too(ask):
    assert ask(storage=lambda: None)["storage"] == "ok"


def test_a_check_that_hangs_is_waited_for_no_longer_than_the_time_limit(ask, monkeypatch):
    monkeypatch.setattr(dependencies, "TIMEOUT_SECONDS", 0.05)
    answer = threading.Event()
    found = ask(redis=answer.wait, index=lambda: None)
    answer.set()
    assert found["redis"] == "no answer within 0.05 s"
    assert found["index"] == "ok"


def test_a_check_that_hangs_is_not_asked_again(ask, monkeypatch):
    monkeypatch.setattr(dependencies, "TIMEOUT_SECONDS", 0.05)
    monkeypatch.setattr(dependencies, "REMEMBERED_SECONDS", 0.0)
    answer, calls = threading.Event(), []

    def hang():
        calls.append(1)
        answer.wait()

    ask(redis=hang)
    dependencies.statuses()
    answer.set()
    assert len(calls) == 1


def test_answers_are_remembered_for_a_second(ask):
    calls = []
    ask(index=lambda: calls.append(1))
    dependencies.statuses()
    assert len(calls) == 1
