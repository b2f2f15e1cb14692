"""Waiting, with an end, for what another process must have ready."""

import time
from collections.abc import Callable

import grpc
from django.conf import settings
from grpc_health.v1 import health_pb2, health_pb2_grpc

from sdr import clock
from sdr.heartbeat import is_alive
from sdr.stack.commands import CONSUMER, GRPC
from sdr.stack.errors import StackError

ASK_EVERY_SECONDS = 0.1


def wait_for(names: list[str], timeout_seconds: float) -> None:
    """Return once all of ``names`` (consumer, grpc) are ready; raises StackError naming those that are not in time."""
    since, deadline = clock.now_seconds(), time.monotonic() + timeout_seconds
    waiting = list(names)
    while waiting := [name for name in waiting if not CONDITIONS[name](since)]:
        if time.monotonic() > deadline:
            missing = " and ".join(MISSING[name]() for name in waiting)
            raise StackError(
                f"Waited {timeout_seconds:g} s in vain: {missing}. Look at its lines above for the reason."
            )
        time.sleep(ASK_EVERY_SECONDS)


def consumer_holds_partitions(since: float) -> bool:
    """The consumer beats only while it holds its partitions; a sign older than ``since`` is of an earlier run."""
    return is_alive(CONSUMER, since=since)


def grpc_serves(since: float) -> bool:
    if settings.GRPC_TLS_CERT:  # who asks would need a certificate of its own, and trust in the server's
        return is_alive(GRPC, since=since)
    with grpc.insecure_channel(_grpc_address()) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        try:
            answer = stub.Check(health_pb2.HealthCheckRequest(), timeout=1)
        except grpc.RpcError:  # not listening yet
            return False
    return answer.status == health_pb2.HealthCheckResponse.SERVING


def _grpc_address() -> str:
    return f"127.0.0.1:{settings.GRPC_PORT}"


CONDITIONS: dict[str, Callable[[float], bool]] = {CONSUMER: consumer_holds_partitions, GRPC: grpc_serves}
MISSING: dict[str, Callable[[], str]] = {
    CONSUMER: lambda: f"the consumer holds no partitions (no new sign of life in {settings.VAR_DIR / 'run'})",
    GRPC: lambda: f"gRPC does not serve on {_grpc_address()}",
}
