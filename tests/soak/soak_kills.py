"""Everything is killed in random order, again and again, under load; then every counter and every list is compared."""

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
COMMANDS = ("consume_clicks", "learn_sequences")


class Chaos:
    """One misfortune at a time, each from a state in which the shop works or nearly does.

    ``command``: of the processes that are killed, and start others of their kind.
    """

    def __init__(self, shop, seed, command):
        self._shop, self._random, self._command = shop, random.Random(seed), command
        self._clock = threading.Event()
        self._has_copy = False
        self._ahead = []
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
        """Each once before any comes again, so that none is left out of a short reign."""
        self._ahead = self._ahead or self._random.sample(self.misfortunes, len(self.misfortunes))
        misfortune = self._ahead.pop()
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
        self._shop.start(self._command, is_ready=False)

    def a_consumer_comes_or_goes(self):
        if len(self._running()) < MAX_CONSUMERS:
            self._shop.start(self._command, is_ready=False)
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


@pytest.mark.parametrize(("command", "seed"), [(command, seed) for seed in (1, 2, 3) for command in COMMANDS])
def test_whatever_is_killed_every_event_counts_or_teaches_once(shop, duration, command, seed):
    shop.start_all(command, command)
    load = shop.start_load(MIX)
    load.wait_for(1000)
    chaos = Chaos(shop, seed, command)
    chaos.reign(load, duration)
    load.stop()
    assert chaos.done
    shop.assert_exact(load.acknowledged, seconds=SETTLE_SECONDS)


def test_topics_that_are_created_anew_again_and_again_are_read_exactly(shop, duration):
    shop.start_both()
    load, deadline, n_before = shop.open_load(Mix(in_pairs=True)), time.monotonic() + duration, 0
    while time.monotonic() < deadline:
        n_events = random.Random(n_before).choice([50, 500, 5000])
        load.send(n_events)
        shop.wait_until_exact(load.acknowledged, seconds=SETTLE_SECONDS)
        shop.wait_until_read(seconds=SETTLE_SECONDS)
        shop.delete_topics()
        ensure_topics()
        n_before += n_events
    load.send(500)
    shop.assert_exact(load.acknowledged, seconds=SETTLE_SECONDS)


def test_logs_that_are_trimmed_again_and_again_lack_exactly_what_was_trimmed(shop, duration):
    load, deadline, trimmed, gaps = shop.open_load(), time.monotonic() + duration, set(), []
    while time.monotonic() < deadline:
        shop.start_both()
        load.send(400)
        shop.wait_until_exact([e for e in load.acknowledged if e.event_id not in trimmed], seconds=SETTLE_SECONDS)
        shop.wait_until_read(seconds=SETTLE_SECONDS)
        shop.stop_consumers()
        load.send(400)
        lost = shop.trim(PRODUCT_CLICKS, 0, shop.stored_offset(PRODUCT_CLICKS, 0), 20)
        trimmed |= {codec.decode(value).event_id for value in lost}
        gaps += [20, 20]
    shop.start_both()
    expected = [event for event in load.acknowledged if event.event_id not in trimmed]
    shop.assert_exact(expected, gaps=gaps, seconds=SETTLE_SECONDS)
