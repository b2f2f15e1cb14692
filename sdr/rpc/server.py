"""The gRPC server: SDR's services, health and reflection behind one port."""

import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
from django.db import connections
from django_grpc_framework.settings import grpc_settings
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from sdr.rpc import handlers
from sdr.rpc.health import HealthServicer
from sdr.rpc.interceptors import ConnectionInterceptor, MetricsInterceptor

OPTIONS = [
    # One process has the port to itself: a second server must fail, not take half of the calls.
    ("grpc.so_reuseport", 0),
]


class AddressTakenError(Exception):
    """The server cannot listen on the address it was given."""


class RpcServer:
    """A server that listens from the start, serves after :meth:`start` and drains in :meth:`stop`."""

    def __init__(self, address: str, *, max_workers: int) -> None:
        """Bind ``address`` (``host:port``; port 0: any free one); raises :class:`AddressTakenError`."""
        self._max_workers = max_workers
        self._pool = ThreadPoolExecutor(max_workers, thread_name_prefix="grpc")
        self._server = grpc.server(self._pool, interceptors=_interceptors(), options=OPTIONS)
        self._health = HealthServicer()
        self._services = [service.service_name for service in handlers.service_classes()]
        self._add_services()
        self.set_serving(False)
        self.port = self._bind(address)

    def start(self) -> None:
        self._server.start()
        self.set_serving(True)

    def set_serving(self, is_serving: bool) -> None:  # noqa: FBT001  reads as a setter does
        """Tell health's callers whether to send calls here, for the server and for each service."""
        statuses = health_pb2.HealthCheckResponse
        for name in ("", *self._services):
            self._health.set(name, statuses.SERVING if is_serving else statuses.NOT_SERVING)

    def wait(self) -> None:
        """Return when the server has stopped."""
        self._server.wait_for_termination()

    def stop(self, grace_seconds: float) -> None:
        """Take no new calls, give those under way ``grace_seconds``, and return when the last thread has ended."""
        self._health.enter_graceful_shutdown()
        self._server.stop(grace_seconds).wait()
        self._close_connections()
        self._pool.shutdown()

    def _close_connections(self) -> None:
        """Close the database connection of each thread, which only the thread itself may do."""
        # None is done before all have begun, so that every thread takes exactly one.
        together = threading.Barrier(self._max_workers)

        def close() -> None:
            together.wait()
            connections.close_all()

        for _ in range(self._max_workers):
            self._pool.submit(close)

    def _add_services(self) -> None:
        grpc_settings.ROOT_HANDLERS_HOOK(self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        reflection.enable_server_reflection(
            (*self._services, health.SERVICE_NAME, reflection.SERVICE_NAME), self._server
        )

    def _bind(self, address: str) -> int:
        try:
            return self._server.add_insecure_port(address)
        except RuntimeError as error:
            raise AddressTakenError(f"gRPC cannot listen on {address}: another server may have it.") from error


def _interceptors() -> list[grpc.ServerInterceptor]:
    """Return what no server goes without, then what the settings add."""
    chosen = [interceptor() for interceptor in grpc_settings.SERVER_INTERCEPTORS or ()]
    return [MetricsInterceptor(), ConnectionInterceptor(), *chosen]
