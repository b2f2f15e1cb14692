"""Reading what follows what, and hearing which lists changed."""

import numpy as np
import pytest

from events.live import keys as live_keys
from events.live.sequences import keys
from events.live.sequences.feed import START, changed_lists
from events.live.sequences.kinds import Following
from events.live.sequences.lists import FollowingList, pack, read_lists
from sdr import quick_redis
from sdr.exceptions import Unavailable

LISTED = FollowingList(np.array([7, 2**53]), np.array([480.5, -1.0]), np.array([3, 1], np.int32))


def tell(redis_client, *changed):
    pairs = np.array([(kind.number, product) for kind, product in changed], "<i8")
    return redis_client.xadd(keys.feed("default"), {"v": pairs.tobytes()})


@pytest.mark.parametrize("generation", ["", "g1:"])
def test_lists_of_several_kinds_come_together_from_the_generation_in_force(redis_client, generation):
    redis_client.set(keys.following("default", Following.BOUGHT, 5, generation), pack(LISTED))
    if generation:
        redis_client.set(keys.generation("default"), generation)
    found = read_lists("default", [(Following.BOUGHT, 5), (Following.VIEWED, 5)], timeout_seconds=2)
    own = found[Following.BOUGHT, 5]
    assert (own.product_ids.tolist(), own.scores.tolist(), own.counts.tolist()) == ([7, 2**53], [480.5, -1.0], [3, 1])
    assert len(found[Following.VIEWED, 5]) == 0
    assert read_lists("default", []) == {}


def test_lists_that_cannot_be_read_in_time_are_unavailable(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    quick_redis._quick_redis.cache_clear()
    with pytest.raises(Unavailable):
        read_lists("default", [(Following.VIEWED, 5)])


def test_whoever_follows_hears_which_lists_changed(redis_client):
    begun = changed_lists("default", None)
    assert (begun.position, begun.is_everything) == (START, True)
    assert changed_lists("default", START).product_ids.tolist() == []
    tell(redis_client, (Following.VIEWED, 7))
    since = changed_lists("default", None).position
    tell(redis_client, (Following.ENDED, 8), (Following.VIEWED, 9))
    last = tell(redis_client, (Following.BOUGHT, 8))
    news = changed_lists("default", since)
    assert (news.position, news.is_everything) == (last, False)
    assert news.kind_numbers.tolist() == [2, 0, 1]
    assert news.product_ids.tolist() == [8, 9, 8]
    assert changed_lists("default", last).product_ids.tolist() == []


def test_whoever_was_away_for_too_long_takes_it_that_everything_changed(redis_client):
    first = tell(redis_client, (Following.VIEWED, 7))
    last = tell(redis_client, (Following.VIEWED, 8))
    redis_client.xtrim(keys.feed("default"), maxlen=1, approximate=False)
    news = changed_lists("default", first)
    assert (news.is_everything, news.position) == (True, last)


def test_a_rebuild_of_the_live_state_leaves_sequences_alone():
    assert live_keys.of_no_generation("default", keys.following("default", Following.VIEWED, 7, "g1:"))
