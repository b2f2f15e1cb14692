"""An outage of Kafka must not take every thread of a server."""

import pytest

from events.broker.admission import Admission
from sdr.exceptions import Unavailable


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def admission(clock):
    return Admission(2, 5.0, clock=clock)


def is_let_in(admission):
    try:
        with admission.waiting():
            return True
    except Unavailable:
        return False


def test_only_so_many_may_wait_at_once(admission):
    with admission.waiting(), admission.waiting():
        assert not is_let_in(admission)
    assert is_let_in(admission)


def test_after_a_wait_in_vain_callers_are_turned_away_at_once(admission, clock):
    admission.report(was_acknowledged=False)
    assert not is_let_in(admission)
    clock.now = 4.9
    assert not is_let_in(admission)


def test_then_one_at_a_time_may_try_until_one_succeeds(admission, clock):
    admission.report(was_acknowledged=False)
    clock.now = 5.0
    with admission.waiting():
        assert not is_let_in(admission)
    admission.report(was_acknowledged=True)
    with admission.waiting():
        assert is_let_in(admission)


def test_a_failed_try_turns_callers_away_again(admission, clock):
    admission.report(was_acknowledged=False)
    clock.now = 5.0
    with admission.waiting():
        pass
    admission.report(was_acknowledged=False)
    assert not is_let_in(admission)
    clock.now = 10.0
    assert is_let_in(admission)


def test_the_answer_says_when_to_come_again(admission):
    admission.report(was_acknowledged=False)
    with pytest.raises(Unavailable) as caught, admission.waiting():
        pass
    assert caught.value.retry_after_seconds > 0
