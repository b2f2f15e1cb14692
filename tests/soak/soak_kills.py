"""Everything is killed in random order, again and again, under load; then every counter is compared."""

import random
import threading
import time

import pytest

from events import codec
from events.broker.topics import ensure_topics
from events.kinds import PRODUCT_CLICKS
from tests.integration.kills.load import Mix

MIX = Mix(garbage=0.01, duplicates=0.2, late_seconds=600)
SETTLE_SECONDS = 40
SESSION_SECONDS = 3
MAX_CONSUMERS = 3


class Chaos:
    """One misfortune at a time, each from a state in which the shop works or nearly does.

    ``start_consumer``: of the kind that is killed, without waiting until it is ready.
    """

    def __init__(self, shop, seed, start_consumer):
        self._shop, self._random, self._start_consumer = shop, random.Random(seed), start_consumer
        self._clock = threading.Event()
        self._has_copy = False
        self.done = []
        self.misfortunes = [
            self.a_consumer_is_killed,
            self.a_consumer_comes_or_goes,
            self.a_consumer_is_paused_past_its_session,
            self.valkey_is_killed,
            self.valkey_loses_its_end,
            self.valkey_is_copied_or_restored,
            self.kafka_is_killed,
        ]

    def strike(self):
        misfortune = self._random.choice(self.misfortunes)
        misfortune()
        self.done.append(misfortune.__name__)

    def reign(self, load, seconds):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.strike()
            self.let_pass(3)
            load.wait_for(200)

    def let_pass(self, seconds):
        self._clock.wait(seconds)

    def a_consumer_is_killed(self):
        self._some_consumer().kill()
        self._start_consumer(is_ready=False)

    def a_consumer_comes_or_goes(self):
        if len(self._running()) < MAX_CONSUMERS:
            self._start_consumer(is_ready=False)
        else:
            self._some_consumer().stop()

    def a_consumer_is_paused_past_its_session(self):
        zombie = self._some_consumer()
        zombie.pause()
        self.let_pass(SESSION_SECONDS * self._random.uniform(1, 2))
        zombie.resume()

    def valkey_is_killed(self):
        self._shop.valkey.kill()
        self.let_pass(self._random.uniform(0, 3))
        self._shop.valkey.start()

    def valkey_loses_its_end(self):
        self._shop.valkey.lose_the_end(self._random.randrange(1000, 50_000))

    def valkey_is_copied_or_restored(self):
        if self._has_copy:
            self._shop.valkey.restore_copy()
        else:
            self._shop.valkey.save_copy()
        self._has_copy = not self._has_copy

    def kafka_is_killed(self):
        self._shop.kafka.kill()
        self.let_pass(self._random.uniform(0, 3))
        self._shop.kafka.start()

    def _running(self):
        return [consumer for consumer in self._shop.consumers if consumer.process.poll() is None]

    def _some_consumer(self):
        return self._random.choice(self._running())


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whatever_is_killed_every_event_counts_once(shop, duration, seed):
    for _ in range(2):
        shop.start_consumer()
    load = shop.start_load(MIX)
    load.wait_for(1000)
    chaos = Chaos(shop, seed, shop.start_consumer)
    chaos.reign(load, duration)
    load.stop()
    assert chaos.done
    shop.assert_exact(load.acknowledged, seconds=SETTLE_SECONDS)


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_is_killed_every_step_teaches_once(shop, duration, seed):
    for _ in range(2):
        shop.start_learner()
    load = shop.start_load(Mix(n_sessions=300, garbage=0.01, duplicates=0.1))
    load.wait_for(1000)
    chaos = Chaos(shop, seed, shop.start_learner)
    chaos.misfortunes.remove(chaos.kafka_is_killed)  # what is sent again would come late, and be learned elsewhere
    chaos.reign(load, duration)
    load.stop()
    assert chaos.done
    shop.assert_learned_exactly(load.acknowledged, seconds=SETTLE_SECONDS)


def test_topics_that_are_created_anew_again_and_again_are_read_exactly(shop, duration):
    shop.start_consumer()
    load, deadline, n_before = shop.open_load(), time.monotonic() + duration, 0
    while time.monotonic() < deadline:
        n_events = random.Random(n_before).choice([50, 500, 5000])
        load.send(n_events)
        shop.wait_until_exact(load.acknowledged, seconds=SETTLE_SECONDS)
        shop.kafka.delete_topics()
        ensure_topics()
        n_before += n_events
    load.send(500)
    shop.assert_exact(load.acknowledged, seconds=SETTLE_SECONDS)


def test_logs_that_are_trimmed_again_and_again_lack_exactly_what_was_trimmed(shop, duration):
    load, deadline, trimmed, gaps = shop.open_load(), time.monotonic() + duration, set(), []
    while time.monotonic() < deadline:
        consumer = shop.start_consumer()
        load.send(400)
        shop.wait_until_exact([e for e in load.acknowledged if e.event_id not in trimmed], seconds=SETTLE_SECONDS)
        consumer.stop()
        load.send(400)
        first = shop.stored_offset(PRODUCT_CLICKS, 0)
        lost = shop.kafka.records(PRODUCT_CLICKS, 0, first, first + 20)
        trimmed |= {codec.decode(value).event_id for value in lost}
        shop.kafka.trim({(PRODUCT_CLICKS, 0): first + 20})
        gaps.append(20)
    shop.start_consumer()
    expected = [event for event in load.acknowledged if event.event_id not in trimmed]
    shop.assert_exact(expected, gaps=gaps, seconds=SETTLE_SECONDS)
