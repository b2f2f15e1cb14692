"""A gRPC server under every kind of load for minutes on end: its memory is flat, and nobody is turned away."""

import itertools
import os
import subprocess
import sys
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from statistics import median

import grpc
import psutil
import pytest
from django.conf import settings
from grpc_health.v1 import health_pb2, health_pb2_grpc

from protos.catalog.v1 import catalog_pb2 as catalog
from protos.catalog.v1.catalog_pb2_grpc import ProductServiceStub
from protos.events.v1 import events_pb2 as events
from protos.events.v1.events_pb2_grpc import EventServiceStub
from protos.recommendations.v1 import recommendations_pb2 as messages
from protos.recommendations.v1.recommendations_pb2_grpc import RecommendationServiceStub
from sdr.stack.preparation import sample_files
from tests.integration.rpc.test_grpcrunserver import address_of, start

SAMPLE_SECONDS = 1.0
# What the last fifth of the run may have on top of the middle one; until then caches and the allocator's heaps fill. Of
# ten minutes that is less than 1 MB a minute, some 100 bytes a call.
MOST_GROWTH, MOST_NEW_DESCRIPTORS = 0.03, 10
EXPECTED = {grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.CANCELLED}


@pytest.fixture
def server(database_url):
    """A server with the sample catalogue and its index, as an operator starts it."""
    environment = os.environ | {"DATABASE_URL": database_url}
    for words in (["load_catalog", *sample_files()], ["rebuild_index"]):
        subprocess.run([sys.executable, "manage.py", *words], cwd=settings.BASE_DIR, env=environment, check=True)
    quiet = {"DEBUG": "0", "RATE_LIMIT_ANONYMOUS": "0", "DATABASE_URL": database_url}
    with start("127.0.0.1:0", **quiet) as process:
        yield process
        process.terminate()
        assert process.wait(30) == 0


class Load:
    """Callers of every kind, until they are told to end. Counts what was answered; keeps what nobody expects."""

    def __init__(self, address):
        self._address, self._is_over = address, threading.Event()
        self.n_answered, self.surprises = itertools.count(), []

    def end(self):
        self._is_over.set()

    def run(self, step):
        """Call ``step(channel, n)`` again and again, on another connection every so often."""
        numbers = itertools.count()
        while not self._is_over.is_set() and not self.surprises:
            with grpc.insecure_channel(self._address, [("grpc.use_local_subchannel_pool", 1)]) as channel:
                for n in itertools.islice(numbers, 500):
                    if self._is_over.is_set() or self.surprises:
                        return
                    self._call(step, channel, n)

    def _call(self, step, channel, n):
        try:
            step(channel, n)
        except grpc.RpcError as error:
            if error.code() not in EXPECTED:
                self.surprises.append(error)
        next(self.n_answered)


def recommendations(channel, n):
    """Beside every product in turn, for strangers and for shoppers, and beside one that does not exist."""
    known = {"user_id": f"u-{n % 300}"} if n % 3 == 0 else {}
    product = {"product_id": 10**9 + n} if n % 50 == 0 else {"sku": f"HOM-{n % 245 + 1:04}"}
    request = messages.GetRecommendationsRequest(**product, **known, evidence=n % 10 == 0, limit=n % 20 + 1)
    RecommendationServiceStub(channel).GetRecommendations(request, timeout=30)


def streams(channel, n):
    """Lists that are read to their end or left half-way, and events that are sent or broken off."""
    listed = ProductServiceStub(channel).List(catalog.ListRequest())
    for _ in itertools.islice(listed, None if n % 2 else 10):
        pass
    listed.cancel()
    sent = (events.Event(event_id=str(uuid.uuid4()), sku=f"HOM-{k + 1:04}", user_id=f"u-{k}") for k in range(100))
    tracked = EventServiceStub(channel).TrackEvents.future(events.TrackEventsRequest(event=event) for event in sent)
    if n % 2:
        assert tracked.result(30).accepted == 100
    else:
        tracked.cancel()


def others(channel, n):
    """What is hot, why a product is shown, what is wrong, and health, which is watched and left."""
    stub, health = RecommendationServiceStub(channel), health_pb2_grpc.HealthStub(channel)
    stub.GetTrendingProducts(messages.GetTrendingProductsRequest(limit=10), timeout=30)
    watch = health.Watch(health_pb2.HealthCheckRequest())
    next(watch)
    watch.cancel()
    shown = messages.GetRecommendationsRequest(sku="HOM-0001")
    stub.ExplainRecommendation(messages.ExplainRecommendationRequest(list=shown, candidate_sku="HOM-0002"), timeout=30)
    stub.GetRecommendations(messages.GetRecommendationsRequest(limit=-n), timeout=30)


def test_memory_is_flat_under_every_kind_of_load(server, duration):
    load, process, used, n_open = Load(address_of(server)), psutil.Process(server.pid), [], []
    with ThreadPoolExecutor(5) as threads:
        callers = [
            threads.submit(load.run, step)
            for step in (recommendations, recommendations, recommendations, streams, others)
        ]
        until, pause = time.monotonic() + duration, threading.Event()
        while time.monotonic() < until and not load.surprises:
            used.append(process.memory_full_info().uss)
            n_open.append(process.num_fds())
            pause.wait(SAMPLE_SECONDS)
        load.end()
        for caller in callers:
            caller.result(60)
    course = ", ".join(f"{bytes_ / 2**20:.1f}" for bytes_ in used[:: max(1, len(used) // 12)])
    sys.stdout.write(
        f"{next(load.n_answered):,} calls in {duration:g} s; {process.num_threads()} threads, {n_open[-1]} files; "
        f"MB: {course}\n"
    )
    assert load.surprises == []
    assert last_fifth(used) <= middle_fifth(used) * (1 + MOST_GROWTH)
    assert last_fifth(n_open) <= middle_fifth(n_open) + MOST_NEW_DESCRIPTORS


def middle_fifth(samples):
    return median(samples[2 * len(samples) // 5 : 3 * len(samples) // 5])


def last_fifth(samples):
    return median(samples[4 * len(samples) // 5 :])
