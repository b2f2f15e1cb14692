"""Health that does not hold its lock while it tells its watchers."""

from collections.abc import Callable
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2


class HealthServicer(health.HealthServicer):
    """grpcio's, without its deadlock.

    Telling a watcher waits for gRPC's one completion thread, and a watcher that leaves at that moment has that thread
    wait for the lock. A server that shuts down would never end.
    """

    def __init__(self) -> None:
        # Without a thread per Watch: a handful of load balancers would use up the pool.
        super().__init__(experimental_non_blocking=True)

    def Watch(  # noqa: N802  the proto's name
        self,
        request: health_pb2.HealthCheckRequest,
        context: grpc.ServicerContext,
        send_response_callback: Callable[[Any], None],
    ) -> None:
        leave = self._on_close_callback(send_response_callback, request.service)
        with self._lock:
            self._send_response_callbacks.setdefault(request.service, set()).add(send_response_callback)
        if not context.add_callback(leave):
            leave()  # the watcher has left already
            return
        told = None
        while (status := self._status_of(request.service)) != told:  # what was told meanwhile may have overtaken us
            send_response_callback(health_pb2.HealthCheckResponse(status=status))
            told = status

    def _status_of(self, service: str) -> int:
        with self._lock:
            return self._server_status.get(service, health_pb2.HealthCheckResponse.SERVICE_UNKNOWN)

    def set(self, service: str, status: int) -> None:
        with self._lock:
            if self._gracefully_shutting_down:
                return
            self._server_status[service] = status
            watchers = list(self._send_response_callbacks.get(service, ()))
        for tell in watchers:
            tell(health_pb2.HealthCheckResponse(status=status))

    def enter_graceful_shutdown(self) -> None:
        for service in list(self._server_status):
            self.set(service, health_pb2.HealthCheckResponse.NOT_SERVING)
        with self._lock:
            self._gracefully_shutting_down = True
