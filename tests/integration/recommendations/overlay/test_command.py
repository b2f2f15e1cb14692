"""`manage.py follow_catalogue` as an operator runs it."""

import os
import signal
import subprocess
import sys

import pytest
from django.core.files.storage import storages
from django.db import connection

from catalog.models import Product
from recommendations.index.holder import Holder
from sdr.embedded.following import following
from tests.eventually import eventually

EXIT_SECONDS = 20


@pytest.fixture
def start(settings, indexed_shop):
    """Start a follower of the test's own database and artifacts."""
    begun = []
    environment = os.environ | {
        "DATABASE_URL": settings.ENGINES.database_url.replace("/sdr?", f"/{connection.settings_dict['NAME']}?"),
        "REDIS_URL": settings.REDIS_URL,
        "VAR_DIR": os.path.dirname(storages["index"].location),  # noqa: PTH120
    }

    def run():
        begun.append(
            subprocess.Popen(
                following([sys.executable, "manage.py", "follow_catalogue"]), cwd=settings.BASE_DIR, env=environment
            )
        )
        return begun[-1]

    yield run
    for process in begun:
        process.kill()
        process.wait()


def price_seen(holder, sku):
    holder.refresh()
    index = holder.current("default").index
    return float(index.catalogue.prices[index.row_of(None, sku)])


def test_a_follower_that_is_killed_loses_nothing_to_the_next(start, indexed_shop):
    holder, process = Holder(), start()
    for price in range(1, 4):
        Product.objects.filter(sku="mat").update(price=price)
        if price == 2:
            eventually(lambda: price_seen(holder, "mat") == 2, seconds=60)
            Product.objects.filter(sku="wok").update(price=70)  # it may be at this when it is killed
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
    indexed_shop.put({"sku": "late", "name": "Late mat", "tags": ["mat"]})
    start()
    eventually(lambda: [price_seen(holder, sku) for sku in ("mat", "wok")] == [3, 70], seconds=60)
    eventually(lambda: holder.refresh() or holder.current("default").index.row_of(None, "late") is not None)


def test_sigterm_ends_it_well(start, indexed_shop):
    holder, process = Holder(), start()
    Product.objects.filter(sku="mat").update(price=5)
    eventually(lambda: price_seen(holder, "mat") == 5, seconds=60)
    process.terminate()
    assert process.wait(EXIT_SECONDS) == 0
