"""One serving process, from its start to its orderly end."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sdr import health
from sdr.collector import spare_what_is_there
from sdr.heartbeat import Heartbeat
from sdr.rpc import handover, tls
from sdr.rpc.metrics_server import MetricsServer
from sdr.rpc.server import RpcServer

HEARTBEAT = "grpc"
LOOK_AGAIN_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """How to serve on ``address`` (``host:port``), and how to leave.

    ``handover_seconds``: how old connections become, so that all have gone to a newer server on the port before this
    one leaves; 0: as old as callers like, and the port is ours alone. ``drain_seconds``: how long calls are still taken
    after health has said NOT_SERVING; ``grace_seconds``: how long those under way may take after that.
    """

    address: str
    max_workers: int = 10
    n_processes: int = 1
    handover_seconds: float = 0.0
    drain_seconds: float = 0.0
    grace_seconds: float = 10.0
    metrics_address: str | None = None

    @property
    def shares_port(self) -> bool:
        return self.n_processes > 1 or self.hands_over

    @property
    def hands_over(self) -> bool:
        return self.handover_seconds > 0


def start_server(options: ServeOptions) -> RpcServer:
    """Return a server that answers; raises AddressTakenError, ImproperlyConfigured."""
    files = tls.configured_files()
    server = RpcServer(
        options.address,
        max_workers=options.max_workers,
        credentials=tls.server_credentials(files) if files else None,
        shares_port=options.shares_port,
        connection_age_seconds=options.handover_seconds,
        heartbeat=Heartbeat(HEARTBEAT),
    )
    spare_what_is_there()
    server.start()
    return server


def serve(options: ServeOptions, stop: threading.Event, on_start: Callable[[RpcServer], None]) -> bool:
    """Serve until ``stop`` is set, then leave; return whether every call came to its end."""
    with exposed(options):
        server = start_server(options)
        on_start(server)
        while not stop.wait(LOOK_AGAIN_SECONDS):
            pass  # a signal that another thread took in, as after SIGCONT, is handled when this one wakes
        if options.hands_over:
            handover.give_away(server.port, options.n_processes)
            handover.wait_until_left(server.port, options.handover_seconds, ends_early=options.n_processes == 1)
        health.drain()
        server.leave()
        # Balancers look every few seconds: until they have, calls come, and are answered.
        threading.Event().wait(options.drain_seconds)
        return server.stop(options.grace_seconds)


@contextmanager
def exposed(options: ServeOptions) -> Iterator[None]:
    """Answer ``/metrics`` meanwhile, where the options name an address for it; raises AddressTakenError."""
    if options.metrics_address is None:
        yield
        return
    server = MetricsServer(options.metrics_address, shares_port=options.shares_port)
    try:
        yield
    finally:
        server.stop()
