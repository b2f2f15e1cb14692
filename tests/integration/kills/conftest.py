"""Consumers, a Valkey and load of each test's own, beside one Apache Kafka."""

import contextlib
import os
import struct
import subprocess
import sys
import uuid

import msgpack
import psycopg2
import pytest
from django.conf import settings

from events.broker.ends import LogEnds
from events.broker.topics import incarnations
from events.kinds import TOPICS
from events.live import keys
from events.live.sequences import keys as sequence_keys
from tests.eventually import eventually
from tests.integration.kills.consumer import ConsumerProcess
from tests.integration.kills.load import Load, Mix, clicks_of, learned_from, week_of
from tests.integration.kills.valkey import OwnValkey

TENANT = "default"
SESSION_TIMEOUT_MS = "3000"  # a test does not wait ten seconds for a consumer that was killed


@pytest.fixture(scope="session")
def database_url():
    """The run's database outside of tests' transactions, where other processes find the default tenant."""
    url = settings.ENGINES.database_url
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, cwd=settings.BASE_DIR, env=os.environ | {"DATABASE_URL": url}, check=True, timeout=60)
    return url


@pytest.fixture
def directory():
    made = settings.VAR_DIR / f"kill-{uuid.uuid4().hex[:8]}"
    made.mkdir()
    return made


@pytest.fixture
def valkey(directory):
    made = OwnValkey(directory / "valkey")
    yield made
    made.client.close()
    made.stop()


class Shop:
    """Kafka, Valkey and as many consumers as a test starts, and the reckoning at the end."""

    def __init__(self, directory, kafka, valkey, database_url):
        self.kafka, self.valkey = kafka, valkey
        self._directory = directory
        self._group = directory.name
        self._servers = {
            "DATABASE_URL": database_url,
            "REDIS_URL": valkey.url,
            "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
            "KAFKA_SESSION_TIMEOUT_MS": SESSION_TIMEOUT_MS,
        }
        self.consumers, self.archivers, self.erasers = [], [], []
        self.loads = []

    def start_consumer(self, *, is_ready=True, **variables):
        name = f"consumer-{len(self.consumers)}"
        made = ConsumerProcess(self._directory / name, self._servers | variables, self._group)
        self.consumers.append(made)
        if is_ready:
            made.wait_until_said("reading")
        return made

    def start_learner(self, *, is_ready=True):
        name = f"learner-{len(self.consumers)}"
        made = ConsumerProcess(self._directory / name, self._servers, self._group, "learn_sequences")
        self.consumers.append(made)
        if is_ready:
            made.wait_until_said("reading")
        return made

    def start_archiver(self):
        made = ConsumerProcess(self._directory / "archiver", self._servers, self._group, "archive_events")
        self.archivers.append(made)
        return made

    def start_eraser(self):
        """Start a process that will erase users as a web server does; starting takes it seconds."""
        command, servers = [sys.executable, "-m", "tests.integration.shoppers.eraser"], os.environ | self._servers
        self.erasers.append(
            subprocess.Popen(command, cwd=settings.BASE_DIR, env=servers, stdin=subprocess.PIPE, text=True)
        )

    def erase(self, *users):
        """Have the process that was started last erase these users."""
        self.erasers[-1].communicate("".join(f"={user}\n" for user in users), timeout=60)
        assert self.erasers[-1].returncode == 0

    def wait_until_archived(self, events):
        """Return when the archive in Postgres has all of these events."""
        url = self._servers["DATABASE_URL"]
        with contextlib.closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            ids = [str(event.event_id) for event in events]

            def n_archived():
                cursor.execute("SELECT count(*) FROM events_interaction WHERE event_id = ANY (%s::uuid[])", [ids])
                return cursor.fetchone()[0]

            eventually(lambda: n_archived() == len(ids))

    def start_load(self, mix=None):
        made = self.open_load(mix)
        made.start()
        return made

    def open_load(self, mix=None):
        """Return a load that sends only what it is told to."""
        made = Load(mix or Mix(), seed=len(self.loads))
        self.loads.append(made)
        return made

    def counted(self):
        return {int(p): int(n) for p, n in self.valkey.client.hgetall(keys.clicks(TENANT)).items()}

    def stored_offsets(self):
        return {log.decode(): int(n) for log, n in self.valkey.client.hgetall(keys.offsets(TENANT)).items()}

    def stored_offset(self, topic, number):
        """Return how far this partition is counted, of the topic as it is now."""
        return self.stored_offsets()[f"{topic}@{incarnations()[topic]}/{number}"]

    def wait_until_n_events(self, n):
        """Return when so many events were read, duplicates and garbage among them."""
        eventually(lambda: sum(self.stored_offsets().values()) >= n)

    def wait_until_exact(self, expected_events, *, seconds=15):
        """Return when every click is counted, while the consumers go on."""
        expected = clicks_of(expected_events)
        try:
            eventually(lambda: self.counted() == expected, seconds=seconds, every_seconds=0.1)
        except AssertionError:
            self.assert_exact(expected_events)  # tells what is wrong

    def wait_until_counted(self, expected, *, seconds=15):
        eventually(lambda: sum(self.counted().values()) >= sum(expected.values()), seconds=seconds, every_seconds=0.1)

    def wait_until_read(self, of, *, seconds=15):
        """Return when the state behind the keys ``of`` has every log to its end."""
        eventually(lambda: not self._unread(of), seconds=seconds, every_seconds=0.1)

    def stop_consumers(self):
        for consumer in self.consumers:
            if consumer.process.poll() is None:
                consumer.stop()

    def gaps(self):
        """Return how many records each gap is long that a consumer reported."""
        return [line["n_missing"] for consumer in self.consumers for line in consumer.said("offset outside the log")]

    def assert_exact(self, expected_events, *, gaps=(), seconds=15):
        """Lost 0, doubled 0: every counter, every trend, and every offset at the end of its log; no gap but these."""
        expected = clicks_of(expected_events)
        with contextlib.suppress(AssertionError):  # what is missing is told better below
            self.wait_until_counted(expected, seconds=seconds)
            self.wait_until_read(keys, seconds=seconds)
        self.stop_consumers()
        counted = self.counted()
        lost = {product: n - counted.get(product, 0) for product, n in expected.items() if counted.get(product, 0) < n}
        doubled = {product: n - expected[product] for product, n in counted.items() if n > expected[product]}
        found = (lost, doubled, self._unread(keys), self.gaps())
        assert found == ({}, {}, {}, list(gaps)), "\n".join(consumer.log() for consumer in self.consumers)
        trend = {int(p): s for p, s in self.valkey.client.zrange(keys.trend_week(TENANT), 0, -1, withscores=True)}
        assert trend == pytest.approx(week_of(expected_events), rel=1e-9)

    def assert_learned_exactly(self, events, *, seconds=15):
        """Every list and session as the oracle has it, and every offset at the end of its log."""
        with contextlib.suppress(AssertionError):  # what is missing is told better below
            self.wait_until_read(sequence_keys, seconds=seconds)
        self.stop_consumers()
        assert (self._unread(sequence_keys), self.gaps()) == ({}, [])
        oracle = learned_from(events)
        for shopper, steps in oracle.sessions.items():  # a doubled step would teach nothing, but it would stand here
            packed = self.valkey.client.get(sequence_keys.session(TENANT, shopper))
            assert msgpack.unpackb(packed) == [number for met in steps for number in met]
        for (kind, product), rows in oracle.lists.items():
            packed = self.valkey.client.get(sequence_keys.following(TENANT, kind, product)) or b""
            found = {follower: (score, count) for score, follower, count in struct.iter_unpack("<dqi", packed)}
            assert {p: n for p, (_, n) in found.items()} == {row.product_id: row.count for row in rows}
            assert {p: s for p, (s, _) in found.items()} == pytest.approx(
                {row.product_id: row.score for row in rows}, rel=0, abs=1e-6
            )

    def _unread(self, of):
        """Return the stored offset and the end of each log that was not read to its end."""
        ends = LogEnds(TOPICS)
        stored = {log.decode(): int(n) for log, n in self.valkey.client.hgetall(of.offsets(TENANT)).items()}
        behind = {log: (stored.get(log, 0), end) for log, (_, end) in ends.read().items() if stored.get(log, 0) < end}
        ends.close()
        return behind


@pytest.fixture
def shop(directory, apache_kafka, valkey, database_url):
    made = Shop(directory, apache_kafka, valkey, database_url)
    yield made
    for load in made.loads:
        load.stop()
    for process in made.consumers + made.archivers + made.erasers:
        process.kill()
