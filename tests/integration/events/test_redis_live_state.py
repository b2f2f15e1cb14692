"""Redis keeps the same contract, gives the oracle's numbers, and fails as a whole or not at all."""

import copy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.live import keys, parameters
from events.live.base import NO_OFFSET, Batch, Rejected, Step, WentBack
from events.live.memory import MemoryLiveState
from events.live.redis import RedisLiveState
from sdr import connections
from tests.unit.events.factories import LOG, START, make_batch, make_live_event
from tests.unit.events.live_state_contract import LiveStateContract, values

TENANT_KEYS = [keys.generation, keys.offsets, keys.trend_hour, keys.trend_week, keys.clicks, keys.seen, keys.feed]


@pytest.fixture
def state(redis_client):
    return RedisLiveState()


class TestRedisLiveState(LiveStateContract):
    """Its tests take the fixture above."""


@pytest.mark.parametrize("key", TENANT_KEYS)
def test_a_key_of_the_wrong_type_leaves_all_others_untouched(state, redis_client, key):
    state.apply(make_batch([make_live_event(7)]))
    name = key("default")
    redis_client.delete(name)
    redis_client.rpush(name, "not what belongs here")
    before = {k: redis_client.dump(k) for k in redis_client.scan_iter()}
    with pytest.raises(Rejected):
        state.apply(make_batch([make_live_event(8, 1)], expect=NO_OFFSET))
    assert {k: redis_client.dump(k) for k in redis_client.scan_iter()} == before


def test_large_calls_are_taken_whole(state):
    events = [make_live_event(product % 1700 + 1, product) for product in range(5000)]
    assert state.apply(make_batch(events)).n_applied == 5000
    assert sum(clicks for _, _, clicks in values(state).values()) == 5000


def test_only_two_buckets_of_ids_are_kept(state, redis_client):
    for offset, bucket in enumerate([100, 101, 102, 110]):
        state.apply(make_batch([make_live_event(7, offset)], bucket=bucket))
    assert [key.rpartition(b":")[2] for key in redis_client.keys(f"{keys.seen('default')}:*")] == [b"110"]


def test_only_the_state_of_shoppers_expires(state, redis_client):
    state.apply(make_batch([make_live_event(7, shoppers=("u:1",), mark="purchase:7")]))
    expiring = {key for key in redis_client.scan_iter() if redis_client.ttl(key) > 0}
    assert expiring == {keys.recent("default", "u:1").encode(), keys.marks("default", "u:1").encode()}


def test_a_shopper_who_comes_back_is_remembered_for_longer(state, redis_client):
    key = keys.recent("default", "u:1")
    state.apply(make_batch([make_live_event(7, shoppers=("u:1",))]))
    redis_client.expire(key, 1000)
    state.apply(make_batch([make_live_event(8, 1, shoppers=("u:1",))]))
    assert redis_client.ttl(key) > parameters.SHOPPER_TTL_SECONDS - 60


def test_times_that_an_earlier_version_kept_in_seconds_are_read_as_such(state, redis_client):
    redis_client.zadd(keys.recent("default", "u:1"), {"5": START - 10.5})
    state.apply(make_batch([make_live_event(7, shoppers=("u:1",))]))
    assert state.shopper("default", "u:1").recent == [(7, START), (5, START - 10.5)]


def test_a_shoppers_broken_key_fails_the_call_as_a_whole(state, redis_client):
    redis_client.set(keys.marks("default", "u:1"), "not what belongs here")
    before = redis_client.keys()
    with pytest.raises(Rejected):
        state.apply(make_batch([make_live_event(7, shoppers=("u:1",), mark="purchase:7")]))
    assert redis_client.keys() == before


# One partition's life: events (some sent twice) are read in runs that may be repeated, skipped back to or come from
# a consumer with an old belief; now and then Redis is restored from an earlier copy.
EVENTS = st.lists(
    st.tuples(
        st.integers(1, 5),
        st.sampled_from([0.0, 0.2, 1.0, 3.0, 5.0]),
        st.floats(-86_000, 300),
        st.integers(0, 30),
        st.booleans(),
        st.sampled_from([(), ("u:1",), ("s:1",), ("u:1", "s:2")]),
        st.sampled_from(["", "purchase", "dislike"]),
    ),
    min_size=1,
    max_size=40,
)
READS = st.lists(
    st.tuples(st.integers(0, 39), st.integers(1, 15), st.sampled_from(["read", "save", "restore", "forget", "merge"])),
    max_size=25,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(events=EVENTS, reads=READS, tenants=st.lists(st.sampled_from(["default", "other"]), min_size=40, max_size=40))
def test_random_histories_end_as_the_oracle_says(redis_client, events, reads, tenants):
    redis_client.flushall()
    log = [
        make_live_event(
            p,
            offset,
            weight=w,
            at=START + dt,
            event_id=bytes([n]) * 16,
            is_click=is_click,
            shoppers=shoppers,
            mark=mark and f"{mark}:{p}",
        )
        for offset, (p, w, dt, n, is_click, shoppers, mark) in enumerate(events)
    ]
    backends = [RedisLiveState(), MemoryLiveState()]
    for backend in backends:
        _live(backend, redis_client if backend is backends[0] else None, log, reads, tenants)
    for tenant in ("default", "other"):
        expected = values(backends[1], tenant)
        found = values(backends[0], tenant)
        assert set(found) == set(expected)
        for product, numbers in expected.items():
            assert found[product] == pytest.approx(numbers, rel=1e-6)
        for shopper in ("u:1", "s:1", "s:2"):
            assert backends[0].shopper(tenant, shopper) == backends[1].shopper(tenant, shopper)
        assert backends[0].offsets([tenant], [LOG]) == backends[1].offsets([tenant], [LOG])


def _live(state, redis_client, log, reads, tenants):
    saved = None
    for start, n, what in [*reads, (0, len(log), "read")]:
        if what == "save":
            saved = _dump(redis_client) if redis_client else copy.deepcopy(state.tenants)
        elif what == "restore" and saved is not None:
            if redis_client:
                _restore(redis_client, saved)
            else:
                state.tenants = copy.deepcopy(saved)
        elif what == "forget":
            state.forget("default", "u:1", START - 1000 * start)
        elif what == "merge":
            state.merge("default", "s:1", "u:1", START - 1000 * start)
        part = log[start : start + n]
        for tenant in ("default", "other"):
            own = [event for event in part if tenants[event.offset] == tenant]
            if part:
                # A belief that may be wrong: too far ahead is refused, behind is skipped over.
                step = Step(LOG, part[0].offset if start else NO_OFFSET, part[-1].offset + 1, 100)
                try:
                    state.apply(Batch(tenant, [step], START, own))
                except WentBack:
                    continue


def _dump(redis_client):
    return {key: redis_client.dump(key) for key in redis_client.scan_iter()}


def _restore(redis_client, saved):
    redis_client.flushall()
    for key, value in saved.items():
        redis_client.restore(key, 0, value)


def test_a_restored_redis_is_noticed_and_ends_exact(state, redis_client):
    events = [make_live_event(7, n) for n in range(10)]
    state.apply(make_batch(events[:3]))
    saved = _dump(redis_client)
    state.apply(make_batch(events[3:8], expect=3))
    _restore(redis_client, saved)
    with pytest.raises(WentBack):
        state.apply(make_batch(events[8:], expect=8))
    stored = state.offsets(["default"], [LOG])["default", LOG]
    assert state.apply(make_batch(events[stored:], expect=stored)).n_applied == 7
    assert values(state)[7][2] == 10


def test_every_change_is_in_the_feed(state):
    client = connections.redis_client()
    state.apply(make_batch([make_live_event(7), make_live_event(8, 1)]))
    (entry,) = client.xrange(keys.feed("default"))
    assert len(entry[1][b"v"]) == 2 * 32
