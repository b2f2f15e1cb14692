"""Archivers as an operator runs them, on a Postgres of their own that may be killed."""

import os
import signal
import subprocess
import sys
import threading
import uuid
from contextlib import closing
from pathlib import Path
from typing import Self

import psycopg2
from django.conf import settings

from events import codec
from events.broker.base import Outcome, Outgoing
from events.broker.producer import publisher
from events.kinds import PRODUCT_CLICKS
from sdr.embedded import postgres, processes
from sdr.embedded.following import following
from tests.eventually import eventually
from tests.unit.events.factories import make_event

BATCH = 50
EXIT_SECONDS = 20


class OwnPostgres:
    """A server with SDR's tables and a tenant for each test."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir()
        directory.chmod(0o711)
        self._directory = directory
        self._engine = postgres.start(directory, durable=True)
        self.url = self._engine.url
        run_command("migrate", "--verbosity", "0", database_url=self.url)

    def kill(self) -> None:
        """As the kernel does it when memory runs out."""
        os.kill(self._engine.pid, signal.SIGKILL)
        eventually(lambda: not processes.is_ours(self._engine.pid, self._engine.marker))

    def start(self) -> None:
        self._engine = postgres.start(self._directory, durable=True)

    def stop(self) -> None:
        postgres.stop(self._engine)

    def rows(self, sql: str, *parameters: object) -> list[tuple]:
        with closing(psycopg2.connect(self.url)) as connection, connection, connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall()

    def make_tenant(self) -> str:
        slug = f"t-{uuid.uuid4().hex[:8]}"
        sql = (
            "INSERT INTO accounts_tenant (slug, name, is_active, created_at) VALUES (%s, 'T', true, now()) RETURNING 1"
        )
        assert self.rows(sql, slug)
        return slug

    def archived(self, tenant: str) -> list[str]:
        sql = (
            "SELECT event_id::text FROM events_interaction i JOIN accounts_tenant t ON t.id = tenant_id WHERE slug = %s"
        )
        return [event_id for (event_id,) in self.rows(sql, tenant)]


class Archiver:
    """`manage.py archive_events` in a group of the test's own; its topics are the run's."""

    def __init__(self, database_url: str, group: str) -> None:
        self.log = settings.VAR_DIR / f"archiver-{uuid.uuid4().hex[:8]}.log"
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                following([sys.executable, "manage.py", "archive_events", "--group", group]),
                cwd=settings.BASE_DIR,
                env=_environment(database_url) | {"LOG_LEVEL": "info", "LOG_FORMAT": "json"},
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def wait_until_it_reads(self) -> None:
        self.wait_until_said('"reading"')

    def wait_until_said(self, words: str) -> None:
        def has_said() -> bool:
            assert self.process.poll() is None, self.log.read_text()
            return words in self.log.read_text()

        eventually(has_said, seconds=40)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(EXIT_SECONDS)


def run_command(*words: str, database_url: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=settings.BASE_DIR,
        env=_environment(database_url),
        capture_output=True,
        text=True,
        timeout=90,
        check=words[0] == "migrate",
    )


def _environment(database_url: str) -> dict[str, str]:
    # A test does not wait ten seconds for an archiver that was killed. The embedded broker takes three to hand out
    # partitions: members whose session is no longer than that lose theirs before they have got them.
    return os.environ | {"DATABASE_URL": database_url, "KAFKA_SESSION_TIMEOUT_MS": "4000"}


class Load:
    """Clicks of a tenant's shoppers, one in five sent twice, and a book of those that were acknowledged."""

    def __init__(self, tenant: str) -> None:
        self.acknowledged: list[str] = []
        self._tenant = tenant
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stopping.set()
        self._thread.join()

    def send(self) -> None:
        events = [make_event(n % 7 + 1, tenant=self._tenant, user_id=f"u-{n % 20}") for n in range(BATCH)]
        messages = [Outgoing(PRODUCT_CLICKS, e.shopper, codec.encode(e)) for e in (*events, *events[::5])]
        outcomes = publisher().publish(messages, timeout_seconds=20)
        assert set(outcomes) == {Outcome.ACCEPTED}
        self.acknowledged += [str(event.event_id) for event in events]

    def _run(self) -> None:
        while not self._stopping.wait(0.02):
            self.send()
