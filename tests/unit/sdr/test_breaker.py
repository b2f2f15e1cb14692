"""A server that failed to answer is left alone for a moment, and then asked by one."""

from sdr.breaker import Breaker


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_nobody_is_held_up_while_all_goes_well():
    breaker = Breaker(Clock())
    breaker.succeeded()
    assert all(breaker.lets_pass() for _ in range(3))


def test_after_a_failure_one_caller_tries_after_a_pause_and_the_others_wait_for_it():
    clock = Clock()
    breaker = Breaker(clock)
    breaker.failed()
    assert not breaker.lets_pass()
    clock.now += 0.11
    assert [breaker.lets_pass() for _ in range(3)] == [True, False, False]
    breaker.succeeded()
    assert breaker.lets_pass()


def test_callers_that_failed_together_are_one_failure():
    clock = Clock()
    breaker = Breaker(clock)
    for _ in range(8):
        breaker.failed()
    clock.now += 0.11
    assert breaker.lets_pass()


def test_failures_in_a_row_lengthen_the_pause_up_to_a_second():
    clock = Clock()
    breaker = Breaker(clock)
    for pause in (0.1, 0.2, 0.4, 0.8, 1.0, 1.0):
        assert breaker.lets_pass()
        breaker.failed()
        clock.now += pause - 0.01
        assert not breaker.lets_pass()
        clock.now += 0.02


def test_one_who_tries_and_never_comes_back_shuts_nobody_out_for_good():
    clock = Clock()
    breaker = Breaker(clock)
    breaker.failed()
    clock.now += 0.11
    assert breaker.lets_pass()
    clock.now += 1.01
    assert breaker.lets_pass()
