"""Threads that wait for Postgres in the place of others: how long, and what becomes of who asks meanwhile."""

import threading
import time
from contextlib import contextmanager

import pytest
from django.db import OperationalError

from sdr import patience
from sdr.accounts import entrance
from sdr.accounts.entrance import Call
from sdr.background import PerProcess
from sdr.patience import Askers
from sdr.quick_redis import QuickRedis, Script
from tests.eventually import eventually

LONG, SHORT = 60.0, 0.05


@pytest.fixture
def askers():
    made = Askers(1)
    yield made
    made.close()


@pytest.fixture
def answered():
    """What a question waits for that nobody answers before the test is over."""
    event = threading.Event()
    yield event
    event.set()


def test_a_question_is_answered_in_another_thread(askers):
    assert askers.ask(threading.get_ident) != threading.get_ident()


def test_what_goes_wrong_is_told_to_who_asks(askers):
    with pytest.raises(LookupError, match="no such thing"):
        askers.ask(lambda: refuse(LookupError("no such thing")))


def refuse(error):
    raise error


def test_who_asks_waits_no_longer_than_a_moment(askers, answered, monkeypatch):
    monkeypatch.setattr(patience, "SECONDS", SHORT)
    with pytest.raises(OperationalError):
        askers.ask(answered.wait)


def test_while_all_are_asking_another_waits_for_one_of_them_and_no_longer_than_for_an_answer(
    askers, answered, monkeypatch
):
    monkeypatch.setattr(patience, "SECONDS", LONG)
    monkeypatch.setattr(patience, "QUEUE_SECONDS", SHORT)
    first = threading.Thread(target=askers.ask, args=(answered.wait,))
    first.start()
    eventually(lambda: askers._asked_at)
    with pytest.raises(OperationalError):
        askers.ask(lambda: "too late")
    answered.set()
    first.join()
    assert askers.ask(lambda: "in time") == "in time"


def test_nobody_asks_while_an_answer_is_overdue_and_everybody_once_it_has_come(answered, monkeypatch):
    askers = Askers(2)
    monkeypatch.setattr(patience, "SECONDS", SHORT)
    with pytest.raises(OperationalError):
        askers.ask(answered.wait)
    eventually(lambda: askers._is_overdue(time.monotonic()))
    with pytest.raises(OperationalError):
        askers.ask(lambda: "one of two is free")
    monkeypatch.setattr(patience, "SECONDS", LONG)
    answered.set()
    assert askers.ask(lambda: "well again") == "well again"
    askers.close()


def test_a_thread_without_askers_asks_by_itself():
    assert patience.ask(threading.get_ident) == threading.get_ident()


class TestAtOnce:
    def test_what_waits_for_nobody_is_done(self):
        done = []
        assert patience.at_once(lambda: done.append("at once"))
        assert done == ["at once"]

    @pytest.mark.parametrize(
        "wait",
        [
            lambda: patience.ask(lambda: "of Postgres"),
            lambda: patience.Lock().held().__enter__(),
            lambda: QuickRedis("redis://127.0.0.1:1/0").run(Script("return 1"), [], [], timeout_seconds=SHORT),
            lambda: entrance.admit(Call("Bearer sdr_nobody", "10.0.0.1")),
            lambda: PerProcess(list, list.clear).get(),
        ],
    )
    def test_what_waits_is_given_up_before_it_does(self, wait):
        assert not patience.at_once(wait)

    def test_afterwards_the_thread_may_wait_again_whatever_came_of_it(self):
        patience.at_once(patience.about_to_wait)
        patience.about_to_wait()
        with pytest.raises(LookupError):
            patience.at_once(lambda: refuse(LookupError("no such thing")))
        patience.about_to_wait()

    def test_other_threads_may_wait_meanwhile(self):
        other = threading.Thread(target=patience.about_to_wait)
        assert patience.at_once(lambda: (other.start(), other.join()))


class TestLock:
    def test_who_must_not_wait_for_postgres_does_not_wait_for_a_holder_who_does(self, askers, answered, monkeypatch):
        monkeypatch.setattr(patience, "SECONDS", SHORT)
        lock = patience.Lock()
        with held_by_another(lock, lambda: patience.ask(answered.wait), answered):
            assert taken_hastily(lock, askers) == [False]
        assert taken_hastily(lock, askers) == [True]

    def test_who_must_not_wait_for_postgres_does_wait_for_a_holder_who_does_something_else(
        self, askers, answered, monkeypatch
    ):
        monkeypatch.setattr(patience, "SECONDS", SHORT)
        lock, later = patience.Lock(), threading.Timer(5 * SHORT, answered.set)
        later.start()
        with held_by_another(lock, answered.wait, answered):
            assert taken_hastily(lock, askers) == [True]


@contextmanager
def held_by_another(lock, does, ends):
    """Have a thread hold the lock while it ``does`` something, which ends with the event at the latest."""
    is_held = threading.Event()

    def hold():
        with lock.held():
            is_held.set()
            does()

    thread = threading.Thread(target=hold)
    thread.start()
    is_held.wait()
    yield
    ends.set()
    thread.join()


def taken_hastily(lock, askers):
    """Return whether a thread that must not wait for Postgres gets the lock."""
    found = []

    def take():
        patience.let_ask(askers)
        with lock.held() as is_ours:
            found.append(is_ours)

    thread = threading.Thread(target=take)
    thread.start()
    thread.join()
    return found
