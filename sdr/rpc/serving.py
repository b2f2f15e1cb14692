"""One serving process, from its start to its orderly end."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from sdr import health
from sdr.collector import spare_what_is_there
from sdr.heartbeat import Heartbeat
from sdr.rpc import tls
from sdr.rpc.server import RpcServer

HEARTBEAT = "grpc"


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """How to serve on ``address`` (``host:port``), and how to leave.

    ``drain_seconds``: how long calls are still taken after health has said NOT_SERVING; ``grace_seconds``: how long
    those under way may take after that.
    """

    address: str
    max_workers: int = 10
    drain_seconds: float = 0.0
    grace_seconds: float = 10.0
    shares_port: bool = False


def start_server(options: ServeOptions) -> RpcServer:
    """Return a server that answers; raises AddressTakenError, ImproperlyConfigured."""
    files = tls.configured_files()
    server = RpcServer(
        options.address,
        max_workers=options.max_workers,
        credentials=tls.server_credentials(files) if files else None,
        shares_port=options.shares_port,
        heartbeat=Heartbeat(HEARTBEAT),
    )
    spare_what_is_there()
    server.start()
    return server


def serve(options: ServeOptions, stop: threading.Event, on_start: Callable[[RpcServer], None]) -> bool:
    """Serve until ``stop`` is set, then drain; return whether every call came to its end."""
    server = start_server(options)
    on_start(server)
    stop.wait()
    health.drain()
    server.leave()
    # Balancers look every few seconds: until they have, calls come, and are answered.
    threading.Event().wait(options.drain_seconds)
    return server.stop(options.grace_seconds)
