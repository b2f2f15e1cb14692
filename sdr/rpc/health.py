"""Health that does not hold its lock while it tells its watchers."""

from grpc_health.v1 import health, health_pb2


class HealthServicer(health.HealthServicer):
    """grpcio's, without its deadlock.

    Telling a watcher waits for gRPC's one completion thread, and a watcher that leaves at that moment has that thread
    wait for the lock. A server that shuts down would never end.
    """

    def __init__(self) -> None:
        # Without a thread per Watch: a handful of load balancers would use up the pool.
        super().__init__(experimental_non_blocking=True)

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
