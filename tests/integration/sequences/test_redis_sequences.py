"""Redis keeps the same contract, gives the oracle's numbers, and fails as a whole or not at all."""

import copy

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.kinds import Kind
from events.live.base import NO_OFFSET, Batch, Rejected, Step, WentBack
from events.live.sequences import keys, parameters
from events.live.sequences.feed import changed_lists
from events.live.sequences.kinds import Following
from events.live.sequences.lists import FollowingList, pack, read_lists
from events.live.sequences.memory import MemorySequences
from events.live.sequences.redis import RedisSequences
from sdr import clock
from tests.unit.events.factories import START, make_batch
from tests.unit.events.sequence_state_contract import SequenceStateContract, clicks, make_step

LOGS = ("product_clicks@first/0", "user_behavior@first/0")
KINDS = [Kind.VIEW, Kind.CLICK, Kind.ADD_TO_CART, Kind.WISHLIST, Kind.PURCHASE]
OWN_KEYS = [keys.generation, keys.offsets, keys.seen, keys.feed]
PACKED_KEYS = [
    lambda tenant: keys.session(tenant, "s:1"),
    lambda tenant: keys.following(tenant, Following.VIEWED, 1),
    lambda tenant: keys.following(tenant, Following.BOUGHT, 2),
    lambda tenant: keys.following(tenant, Following.ENDED, 1),
]


@pytest.fixture
def state(redis_client):
    return RedisSequences()


class TestRedisSequences(SequenceStateContract):
    """Its tests take the fixture above."""


def dump(redis_client):
    return {key: redis_client.dump(key) for key in redis_client.scan_iter()}


def restore(redis_client, saved):
    redis_client.flushall()
    for key, value in saved.items():
        redis_client.restore(key, 0, value)


STEPS_OF_ALL_KINDS = [make_step(product, kind=kind) for product in (1, 2) for kind in (Kind.CLICK, Kind.PURCHASE)]


@pytest.mark.parametrize("key", [*OWN_KEYS, *PACKED_KEYS])
def test_a_key_of_the_wrong_type_leaves_all_others_untouched(state, redis_client, key):
    redis_client.zadd(key("default"), {"not what belongs here": 1})
    assert_refused_whole(state, redis_client)


@pytest.mark.parametrize("key", PACKED_KEYS)
def test_a_string_that_is_something_else_leaves_all_others_untouched(state, redis_client, key):
    redis_client.set(key("default"), "not what belongs here")
    assert_refused_whole(state, redis_client)


def assert_refused_whole(state, redis_client):
    before = dump(redis_client)
    with pytest.raises(Rejected):
        state.apply(make_batch(STEPS_OF_ALL_KINDS))
    assert dump(redis_client) == before


def test_large_calls_are_taken_whole(state):
    steps = [make_step(n % 700 + 1, n, session=f"s:{n % 90}", at=START + n / 10) for n in range(5000)]
    assert state.apply(make_batch(steps)).n_applied == 5000
    assert len(state.following("default", Following.VIEWED, 1)) > 0


def test_an_id_is_not_found_where_other_numbers_look_like_it(state, redis_client):
    # Packed, the end of this id and the beginning of this count are the bytes of id 1.
    listed = FollowingList(np.array([256]), np.array([480.0]), np.array([256], np.int32))
    redis_client.set(keys.following("default", Following.VIEWED, 2), pack(listed))
    state.apply(make_batch(clicks(2, 1)))
    found = state.following("default", Following.VIEWED, 2)
    assert (found.product_ids.tolist(), found.counts.tolist()) == ([256, 1], [256, 1])


def test_every_list_that_changed_is_in_the_feed_and_can_be_read(state):
    position = changed_lists("default", None).position
    state.apply(make_batch([make_step(1), make_step(2, 1, kind=Kind.PURCHASE)]))
    state.apply(make_batch([make_step(3, 2)], expect=2))
    assert changed_lists("default", position).is_everything  # it was followed from before the feed began
    state.apply(make_batch([make_step(4, 3)], expect=3))
    first = changed_lists("default", None).position
    state.apply(make_batch([make_step(9, 4, session="s:2"), make_step(4, 5, session="s:2")], expect=4))
    news = changed_lists("default", first)
    assert sorted(zip(news.kind_numbers.tolist(), news.product_ids.tolist(), strict=True)) == [(0, 4), (0, 9)]
    found = read_lists("default", [(Following.VIEWED, 9), (Following.ENDED, 1)], timeout_seconds=2)
    assert [listed.product_ids.tolist() for listed in found.values()] == [[4], [2]]


def test_sessions_expire_after_a_day_and_lists_never(state, redis_client):
    state.apply(make_batch(clicks(1, 2), as_of=clock.now_seconds()))
    assert 24 * 3600 < redis_client.ttl(keys.session("default", "s:1")) <= parameters.SESSION_TTL_SECONDS
    assert redis_client.ttl(keys.following("default", Following.VIEWED, 1)) == -1


def test_sessions_of_long_ago_make_room_soon(state, redis_client):
    state.apply(make_batch(clicks(1, 2), as_of=clock.now_seconds() - 30 * 24 * 3600))
    assert 0 < redis_client.ttl(keys.session("default", "s:1")) <= parameters.HISTORY_TTL_SECONDS


def test_a_generation_that_is_being_built_is_nobodys_to_follow_and_forgets_with_the_other(state, redis_client):
    redis_client.set(keys.rebuilding("default"), "g1:")
    RedisSequences("g1:").apply(make_batch(clicks(1, 2)))
    assert not redis_client.exists(keys.feed("default"))
    assert len(RedisSequences("g1:").session("default", "s:1")) == 2
    state.forget("default", "s:1", float("inf"))
    assert RedisSequences("g1:").session("default", "s:1") == []


# Close enough for robots, exactly half an hour apart, and farther.
TIMES = st.integers(-12, 12).map(lambda n: 150 * n) | st.integers(-5000, 5000)
STEPS = st.lists(
    st.tuples(
        st.integers(1, 6),
        st.sampled_from(KINDS),
        TIMES,
        st.integers(0, 40),
        st.sampled_from(["s:1", "s:2", "u:1"]),
        st.integers(0, 1),
    ),
    min_size=1,
    max_size=50,
)
READS = st.lists(
    st.tuples(st.integers(0, 49), st.integers(1, 15), st.sampled_from(["read", "save", "restore", "forget"])),
    max_size=25,
)


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(steps=STEPS, reads=READS, tenants=st.lists(st.sampled_from(["default", "other"]), min_size=50, max_size=50))
@pytest.mark.parametrize(("max_steps", "max_listed"), [(50, 50), (5, 3)])
def test_random_histories_end_as_the_oracle_says(
    redis_client, monkeypatch, max_steps, max_listed, steps, reads, tenants
):
    monkeypatch.setattr(parameters, "MAX_STEPS", max_steps)
    monkeypatch.setattr(parameters, "MAX_LISTED", max_listed)
    redis_client.flushall()
    log = [
        make_step(p, offset, kind=kind, at=START + dt, event_id=bytes([n]) * 16, session=session, log=LOGS[number])
        for offset, (p, kind, dt, n, session, number) in enumerate(steps)
    ]
    backends = [RedisSequences(), MemorySequences()]
    for backend in backends:
        live(backend, redis_client if backend is backends[0] else None, log, reads, tenants)
    for tenant in ("default", "other"):
        for kind in Following:
            for product in range(1, 7):
                found, expected = (as_dict(backend.following(tenant, kind, product)) for backend in backends)
                assert {follower: n for follower, (_, n) in found.items()} == {f: n for f, (_, n) in expected.items()}
                for follower, (score, _) in expected.items():
                    assert found[follower][0] == pytest.approx(score, rel=0, abs=1e-6)
        for session in ("s:1", "s:2", "u:1"):
            assert backends[0].session(tenant, session) == backends[1].session(tenant, session)
        assert backends[0].offsets([tenant], LOGS) == backends[1].offsets([tenant], LOGS)


def as_dict(listed):
    rows = zip(listed.product_ids.tolist(), listed.scores.tolist(), listed.counts.tolist(), strict=True)
    return {follower: (score, count) for follower, score, count in rows}


def live(state, redis_client, log, reads, tenants):
    """Two partitions' life: read in runs that may be repeated, skipped back to or come from one with an old belief."""
    saved = None
    for start, n, what in [*reads, (0, len(log), "read")]:
        if what == "save":
            saved = dump(redis_client) if redis_client else copy.deepcopy(state.tenants)
        elif what == "restore" and saved is not None:
            if redis_client:
                restore(redis_client, saved)
            else:
                state.tenants = copy.deepcopy(saved)
        elif what == "forget":
            state.forget("default", "s:1", START - 1000 + 100 * start)
        part = log[start : start + n]
        for tenant in ("default", "other"):
            own = [event for event in part if tenants[event.offset] == tenant]
            if part:
                belief = start or NO_OFFSET
                steps = [Step(name, belief, part[-1].offset + 1, 100) for name in LOGS]
                try:
                    state.apply(Batch(tenant, steps, START, own))
                except WentBack:
                    continue
