"""Events per second of one archiver, from messages to rows in Postgres, beside a bare COPY of the same rows."""

import io
import time

import psutil

from benchmarks import Bench
from benchmarks._live import hm_clicks

N_EVENTS, N_IN_FULL = 50_000, 100_000
AT_ONCE = 10_000
LOG = "product_clicks@bench/0"


def run(bench: Bench) -> None:
    n = N_IN_FULL if bench.is_full else N_EVENTS
    archiver = _Archiver(bench, n)
    first_rate, *_ = archiver.archive(first=0)
    rate, own_seconds, server_seconds = archiver.archive(first=n)
    copied, indexed = _bare_copy(""), _bare_copy("INCLUDING INDEXES")
    bench.record("one archiver", rate, "events/s", rate / indexed, f"COPY into the same five indexes, {indexed:,.0f}")
    bench.record("COPY into five indexes", indexed, "rows/s", indexed / copied, f"COPY without any, {copied:,.0f}")
    bench.record("one archiver, a third of shoppers new", first_rate, "events/s", first_rate / rate, "one archiver")
    bench.record("its processor time", own_seconds * 1e6 / n, "µs/event", limit="decoding, lines for COPY")
    bench.record("Postgres' processor time", server_seconds * 1e6 / n, "µs/event", limit="five B-trees, known ids")


class _Archiver:
    """The sink of `archive_events`, given what Kafka would hand over."""

    def __init__(self, bench: Bench, n_events: int) -> None:
        from django.db import connection

        from events.sinks.archive import ArchiveSink
        from events.tenants import TenantDirectory

        self._data_dir, self._n = bench.data_dir, n_events
        self._sink = ArchiveSink(TenantDirectory(), _nobody)
        self._sink.positions([LOG])
        connection.ensure_connection()
        self._server = psutil.Process(connection.connection.info.backend_pid)

    def archive(self, *, first: int) -> tuple[float, float, float]:
        """Return events per second, and the processor seconds of this process and of its Postgres backend."""
        from events.broker.base import Partition, Record
        from events.sinks.base import LogRecord

        now_ms = int(time.time() * 1000)
        values = (value for _, value in hm_clicks(self._data_dir, self._n))
        records = [
            LogRecord(LOG, Record(Partition("product_clicks", 0), offset, now_ms, value))
            for offset, value in enumerate(values, start=first)
        ]
        own, server, started = time.process_time(), self._server_seconds(), time.perf_counter()
        for n in range(0, self._n, AT_ONCE):
            self._sink.write(records[n : n + AT_ONCE])
        rate = self._n / (time.perf_counter() - started)
        return rate, time.process_time() - own, self._server_seconds() - server

    def _server_seconds(self) -> float:
        times = self._server.cpu_times()
        return float(times.user + times.system)


def _nobody():  # noqa: ANN202
    raise AssertionError("there are no dead letters among these")


def _bare_copy(including: str) -> float:
    """Return rows per second of COPY of the archived rows into a table of the same columns, as much at once."""
    from django.db import connection, transaction

    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE bare (LIKE events_interaction {including})")
        out = io.BytesIO()
        cursor.copy_expert("COPY (SELECT * FROM events_interaction) TO STDOUT", out)
        lines = out.getvalue().splitlines(keepends=True)
        parts = [b"".join(lines[n : n + AT_ONCE]) for n in range(0, len(lines), AT_ONCE)]
        started = time.perf_counter()
        for part in parts:
            with transaction.atomic():
                cursor.copy_expert("COPY bare FROM STDIN", io.BytesIO(part))
        rate = len(lines) / (time.perf_counter() - started)
        cursor.execute("DROP TABLE bare")
    return rate
