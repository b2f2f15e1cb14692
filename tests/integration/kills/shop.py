"""Kafka, Valkey and as many consumers as a test starts, and the reckoning at the end."""

import contextlib
import os
import subprocess
import sys

import psycopg2
from django.conf import settings

from events.broker.ends import LogEnds
from events.broker.topics import incarnations
from events.kinds import TOPICS
from events.live import keys
from events.live.sequences import keys as sequence_keys
from sdr.exceptions import Unavailable
from tests.eventually import eventually
from tests.integration.kills.consumer import ConsumerProcess, stop_all
from tests.integration.kills.expected import LogBook, clicks_of
from tests.integration.kills.load import Load, Mix
from tests.integration.kills.reckoning import TENANT, assert_counted, assert_learned, counted

SESSION_TIMEOUT_MS = "3000"  # a test does not wait ten seconds for a consumer that was killed
STATES = {"consume_clicks": keys, "learn_sequences": sequence_keys}


class Shop:
    """What is exact is the state of every kind of process that was started: trends by consumers, lists by learners."""

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
        self._log_book = LogBook()
        self.consumers, self.archivers, self.erasers, self.loads = [], [], [], []

    def close(self):
        for process in self.consumers + self.archivers + self.erasers:
            process.kill()
        for load in self.loads:
            load.stop()

    def start(self, command, *, is_ready=True, **variables):
        """Start `manage.py` with this command, which reads and keeps a state."""
        made = self._start(command, len(self.consumers), variables)
        self.consumers.append(made)
        if is_ready:
            made.wait_until_said("reading")
        return made

    def start_consumer(self, **options):
        return self.start("consume_clicks", **options)

    def start_learner(self, **options):
        return self.start("learn_sequences", **options)

    def start_all(self, *commands):
        """Start these side by side, which takes little longer than to start one."""
        started = [self.start(command, is_ready=False) for command in commands]
        for process in started:
            process.wait_until_said("reading")
        return started

    def start_both(self):
        """Start a consumer and a learner: both states are to be exact."""
        return self.start_all("consume_clicks", "learn_sequences")

    def start_archiver(self):
        self.archivers.append(self._start("archive_events", len(self.archivers), {}))

    def _start(self, command, number, variables):
        return ConsumerProcess(self._directory / f"{command}-{number}", self._servers | variables, self._group, command)

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

    def start_load(self, mix=None):
        made = self.open_load(mix)
        made.start()
        return made

    def open_load(self, mix=None):
        """Return a load that sends only what it is told to."""
        made = Load(self._group, mix or Mix(), seed=len(self.loads))
        self.loads.append(made)
        return made

    def delete_topics(self):
        """Delete them; what was in them is still to be in the states."""
        self._log_book.note()
        self.kafka.delete_topics()

    def trim(self, topic, number, first, n_offsets):
        """Have Kafka forget what lies before so many offsets after ``first``; return the messages that stood there."""
        self._log_book.note()
        trimmed = self.kafka.records(topic, number, first, first + n_offsets)
        self.kafka.trim({(topic, number): first + n_offsets})
        assert len(trimmed) == n_offsets
        return trimmed

    def stored_offset(self, topic, number):
        """Return how far this partition is in the states, of the topic as it is now: all of them as far."""
        log = f"{topic}@{incarnations()[topic]}/{number}"
        (offset,) = {self._stored(state)[log] for state in self._states()}
        return offset

    def wait_until_n_events(self, n):
        """Return when so many events were read, duplicates and garbage among them."""
        eventually(lambda: all(sum(self._stored(state).values()) >= n for state in self._states()))

    def wait_until_read(self, *, seconds=30):
        """Return when the states have every log to its end."""
        ends = self._log_ends()
        eventually(lambda: not self._unread(ends), seconds=seconds, every_seconds=0.1)

    def wait_until_exact(self, expected_events, *, seconds=15):
        """Return when every click is counted, while the consumers go on."""
        expected = clicks_of(expected_events)
        try:
            eventually(lambda: counted(self.valkey.client) == expected, seconds=seconds, every_seconds=0.1)
        except AssertionError:
            self.assert_exact(expected_events)  # tells what is wrong

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

    def stop_consumers(self):
        stop_all(self.consumers)

    def gaps(self):
        """Return how many records each gap is long that a consumer reported."""
        return [line["n_missing"] for consumer in self.consumers for line in consumer.said("offset outside the log")]

    def assert_exact(self, expected_events, *, gaps=(), seconds=30):
        """Lost 0, doubled 0: every counter, trend, session and list, every log read to its end; no gap but these."""
        with contextlib.suppress(AssertionError):  # what is missing is told better below
            self.wait_until_read(seconds=seconds)
        self._log_book.note()
        in_order = self._log_book.in_order(expected_events)
        unread = self._unread(self._log_ends())
        self.stop_consumers()
        logs = "\n".join(consumer.log() for consumer in self.consumers)
        assert (unread, self.gaps()) == ({}, list(gaps)), logs
        for state in self._states():
            check = assert_counted if state is keys else assert_learned
            check(self.valkey.client, in_order, logs)

    def _states(self):
        """Return how the keys are spelled of each state that somebody was started for."""
        return [STATES[command] for command in sorted({consumer.command for consumer in self.consumers})]

    def _stored(self, state):
        return {log.decode(): int(n) for log, n in self.valkey.client.hgetall(state.offsets(TENANT)).items()}

    def _log_ends(self):
        """Return where each log ends that is not empty."""
        with contextlib.closing(LogEnds(TOPICS)) as ends:

            def read():
                with contextlib.suppress(Unavailable):  # for a second: asked again
                    return ends.read()

            return {log: end for log, (_, end) in eventually(read).items() if end}

    def _unread(self, ends):
        """Return the stored offset and the end of each log that a state does not have to its end."""
        stored = [(state.__name__, self._stored(state)) for state in self._states()]
        return {
            (name, log): (offsets.get(log, 0), end)
            for name, offsets in stored
            for log, end in ends.items()
            if offsets.get(log, 0) < end
        }
