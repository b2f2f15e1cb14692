"""The bound that the package's docstring states, held against every order of calls and settlements."""

from hypothesis import given
from hypothesis import strategies as st

from sdr.ratelimits.lease import Bucket, Lease, largest_lease

TICK = 0.05


class Fleet:
    """Several processes that let one caller through, and the bucket they share. Answers come late, or never."""

    def __init__(self, rate: float, n_processes: int) -> None:
        self.now = 0.0
        self.bucket = Bucket(rate, 0.0, rate)
        self.leases = [Lease(rate) for _ in range(n_processes)]
        self.under_way: list[tuple | None] = [None] * n_processes
        self.let_through: list[float] = []

    def call(self, process: int, n: int) -> None:
        self.let_through += [self.now] * sum(self.leases[process].take() for _ in range(n))

    def ask(self, process: int) -> None:
        if self.under_way[process] is None and (settlement := self.leases[process].settlement()):
            self.under_way[process] = (settlement, *self.bucket.settle(settlement, self.now))

    def hear(self, process: int) -> None:
        if self.under_way[process] is not None:
            self.leases[process].settle(*self.under_way[process])
            self.under_way[process] = None
        elif self.leases[process].is_idle:
            self.leases[process] = Lease(self.bucket.rate)  # forgotten, and met again

    def lose(self, process: int) -> None:
        self.under_way[process] = None


def most_in_any_window(instants: list[float], seconds: float) -> int:
    return max((sum(begin <= at <= begin + seconds for at in instants) for begin in instants), default=0)


steps = st.lists(
    st.tuples(st.sampled_from(["call", "call", "ask", "hear", "lose", "wait"]), st.integers(0, 3), st.integers(1, 60)),
    max_size=120,
)


@given(steps, st.sampled_from([1.0, 20.0, 45.0, 300.0]), st.integers(1, 4), st.floats(0, 3))
def test_in_no_window_are_there_more_calls_than_the_stated_bound(happenings, rate, n_processes, seconds):
    fleet = Fleet(rate, n_processes)
    for what, who, how_much in happenings:
        process = who % n_processes
        if what == "call":
            fleet.call(process, how_much)
        elif what == "wait":
            fleet.now += how_much / 40
        else:
            getattr(fleet, what)(process)
    bound = rate * seconds + rate + 2 * n_processes * largest_lease(rate)
    assert most_in_any_window(fleet.let_through, seconds) <= bound + 1e-6


@given(st.sampled_from([20.0, 200.0, 1000.0]), st.floats(0.1, 0.9), st.integers(1, 4))
def test_who_keeps_to_the_limit_is_never_refused(rate, share, n_processes):
    fleet = Fleet(rate, n_processes)
    n_wanted, owed = 0, 0.0
    for tick in range(60):
        fleet.now = tick * TICK
        owed += rate * share * TICK
        for n in range(int(owed)):
            fleet.call((n + tick) % n_processes, 1)
        n_wanted, owed = n_wanted + int(owed), owed - int(owed)
        for process in range(n_processes):
            fleet.ask(process)
            fleet.hear(process)
    assert len(fleet.let_through) == n_wanted


def test_who_goes_on_calling_gets_the_limit_and_no_more():
    fleet = Fleet(100.0, 3)
    for tick in range(400):
        fleet.now = tick * TICK
        for process in range(3):
            fleet.call(process, 50)
            fleet.ask(process)
            fleet.hear(process)
    later = [at for at in fleet.let_through if 10 <= at < 20]
    assert 980 <= len(later) <= 1020


def test_the_quiet_give_back_what_they_leased():
    fleet = Fleet(100.0, 1)
    fleet.call(0, 10)
    for tick in range(4):
        fleet.now = tick * TICK
        fleet.ask(0)
        fleet.hear(0)
    assert fleet.leases[0].available == 0
    assert fleet.bucket.tokens >= 90


def test_who_has_to_wait_is_told_for_how_long():
    lease = Lease(2.0)
    lease.settle(lease.settlement() or _nothing(), 0.0, -5.0)
    assert not lease.take()
    assert (lease.remaining, lease.seconds_to_wait) == (0, 3)


def _nothing():
    from sdr.ratelimits.lease import Settlement

    return Settlement(0.0, 0.0)
