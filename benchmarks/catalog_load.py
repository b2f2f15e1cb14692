"""Loading a catalogue: the whole command on H&M's 105,542 articles, twice, beside a bare COPY of the same rows."""

import csv
import gzip
import io
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import msgspec
from django.conf import settings
from django.db import connection

N_PRODUCTS = 105_542
MAX_SECONDS = 60
MAX_PEAK_MB = 300
COLUMNS = ("sku", "name", "category", "price", "currency", "tags", "description", "variant_group")


class Measured(NamedTuple):
    seconds: float
    peak_mb: float


def run(bench: Any) -> None:
    """Record seconds, rows a second and peak memory of a load and of a reload."""
    path = bench.data_dir / "products" / "hm.jsonl.gz"
    _empty_the_catalogue()
    first, again = _load(path), _load(path)
    copy_seconds = _copy(path)
    cost = f"{copy_seconds:.1f} s"
    bench.record(
        "load", first.seconds, "s", ratio=first.seconds / copy_seconds, limit=f"< {MAX_SECONDS} s; bare COPY {cost}"
    )
    bench.record("load rate", N_PRODUCTS / first.seconds, "rows/s", limit=f"bare COPY {N_PRODUCTS / copy_seconds:,.0f}")
    bench.record("load peak memory", first.peak_mb, "MB", limit=f"< {MAX_PEAK_MB} MB")
    bench.record("reload, nothing changed", again.seconds, "s", ratio=again.seconds / first.seconds, limit="the load")
    bench.record("bare COPY", copy_seconds, "s", limit="no index, no trigger, no check, no full text")


def _empty_the_catalogue() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE catalog_product, catalog_category, catalog_productchange CASCADE")


def _load(path: Path) -> Measured:
    """Run the command in a process of its own, from start to end, and have it say how large it became."""
    command = [sys.executable, "-m", "benchmarks._memory", "load_catalog", str(path)]
    started_at = time.monotonic()
    environment = os.environ | _servers()
    done = subprocess.run(command, cwd=settings.BASE_DIR, env=environment, stdout=subprocess.PIPE, check=True)
    return Measured(time.monotonic() - started_at, float(done.stdout.split()[-1]))


def _servers() -> dict[str, str]:
    """Lead the command to the database of this run; it uses no other server, so none must be started for it."""
    at = connection.get_connection_params()
    place = urlencode({key: at[key] for key in ("host", "port") if at.get(key)})
    login = f"{quote(at.get('user', ''))}:{quote(at.get('password', ''))}"
    url = f"postgresql://{login}@/{quote(at['dbname'])}?{place}"
    unused = {"REDIS_URL": "redis://unused", "KAFKA_BOOTSTRAP_SERVERS": "unused"}
    return {"DATABASE_URL": url, "DEBUG": "1", **unused}


def _copy(path: Path) -> float:
    """Return the seconds for reading the same rows and sending them into a table that does nothing with them."""
    started_at = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMP TABLE bare ({', '.join(f'{column} text' for column in COLUMNS)})")
        cursor.copy_expert("COPY bare FROM STDIN WITH (FORMAT csv)", _as_csv(path))
        seconds = time.monotonic() - started_at
        cursor.execute("DROP TABLE bare")
    return seconds


def _as_csv(path: Path) -> io.StringIO:
    text = io.StringIO()
    writer = csv.writer(text)
    with gzip.open(path) as lines:
        for line in lines:
            row = msgspec.json.decode(line)
            writer.writerow(row[column] for column in COLUMNS)
    text.seek(0)
    return text
