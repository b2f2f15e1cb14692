"""The gRPC server: SDR's services, health and reflection behind one port."""

from functools import partial

import grpc
import structlog
from django_grpc_framework.settings import grpc_settings
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from sdr import patience
from sdr.heartbeat import Heartbeat
from sdr.patience import Askers
from sdr.rpc import handlers
from sdr.rpc.health import HealthServicer
from sdr.rpc.interceptors import FIRST
from sdr.rpc.lane import LaneInterceptor
from sdr.rpc.ports import AddressTakenError
from sdr.rpc.readiness import Readiness
from sdr.workers import WorkerPool

log = structlog.get_logger(__name__)

# Calls that wait for a thread, per thread: more are refused with RESOURCE_EXHAUSTED, while all would come too late.
CALLS_PER_THREAD = 100
# Of calls that only compute, beside those of GRPC_THREADS.
LANE_THREADS = 4
# For what is left to do after the last call: a moment, and never for ever.
CLEAN_UP_SECONDS = 5.0
OPTIONS = [
    # Peers that vanished without a word are found, and with them the threads that their streams hold.
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    # Clients may ask as often whether we are there, also while no call is under way.
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
]


class RpcServer:
    """A server that listens from the start, serves after :meth:`start` and drains in :meth:`stop`."""

    def __init__(
        self,
        address: str,
        *,
        max_workers: int,
        credentials: grpc.ServerCredentials | None = None,
        shares_port: bool = False,
        connection_age_seconds: float = 0.0,
        heartbeat: Heartbeat | None = None,
    ) -> None:
        """Bind ``address`` (``host:port``; port 0: any free one); raises :class:`AddressTakenError`.

        ``credentials``: None for plain text. ``shares_port`` with other processes of ours; alone it has the port to
        itself, so that a second server fails instead of taking half of the calls. ``connection_age_seconds``: after
        about so long a caller is asked to open another connection, and loses no call by it; 0: never. ``heartbeat``
        beats while the server as a whole is SERVING.
        """
        # One thread of the lane is always left for those who need no Postgres, should it hang.
        n_lane = min(max_workers, LANE_THREADS)
        self._askers = Askers(max(1, n_lane - 1))
        self._pool = WorkerPool(max_workers)
        self._lane = WorkerPool(n_lane, "grpc-lane", partial(patience.let_ask, self._askers))
        self._server = grpc.server(
            self._pool,
            interceptors=[LaneInterceptor(self._lane), *_interceptors(max_workers)],
            options=[*OPTIONS, ("grpc.so_reuseport", int(shares_port)), *_age(connection_age_seconds)],
            maximum_concurrent_rpcs=max_workers * CALLS_PER_THREAD,
        )
        self._health = HealthServicer()
        self._services = handlers.service_classes()
        self._add_services()
        for name in ("", *(service.service_name for service in self._services)):
            self.set_serving(name, is_serving=False)
        self._readiness = Readiness(self._services, self._tell, heartbeat)
        self.port = self._bind(address, credentials)

    def start(self) -> None:
        """Answer calls. Health says SERVING once the services have what they need, which may take a moment."""
        self._server.start()
        self._readiness.start()

    def set_serving(self, service: str, *, is_serving: bool) -> None:
        """Tell health's callers whether to send calls of ``service`` here ("": any call)."""
        statuses = health_pb2.HealthCheckResponse
        self._health.set(service, statuses.SERVING if is_serving else statuses.NOT_SERVING)

    def wait(self) -> None:
        """Return when the server has stopped."""
        self._server.wait_for_termination()

    def leave(self) -> None:
        """Say NOT_SERVING from now on, so that balancers go elsewhere; calls that come are answered all the same."""
        self._readiness.stop()
        self._health.enter_graceful_shutdown()

    def stop(self, grace_seconds: float) -> bool:
        """Take no new calls, give those under way ``grace_seconds``, then cut them off.

        Return whether every call came to its end; one that hangs is left behind, for the process's end to end it.
        """
        self.leave()
        self._server.stop(grace_seconds).wait()
        self._shut_pools_down()
        has_ended = self._pool.join(CLEAN_UP_SECONDS) and self._lane.join(CLEAN_UP_SECONDS)
        self._askers.close()
        if not has_ended:
            log.error("grpc calls hang and are left behind", grace_seconds=grace_seconds)
        return has_ended

    def _shut_pools_down(self) -> None:
        for pool in (self._pool, self._lane):
            pool.shutdown(wait=False)

    def _tell(self, service: str, is_serving: bool) -> None:  # noqa: FBT001  a callback
        self.set_serving(service, is_serving=is_serving)

    def _add_services(self) -> None:
        grpc_settings.ROOT_HANDLERS_HOOK(self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        names = [service.service_name for service in self._services]
        reflection.enable_server_reflection((*names, health.SERVICE_NAME, reflection.SERVICE_NAME), self._server)

    def _bind(self, address: str, credentials: grpc.ServerCredentials | None) -> int:
        try:
            if credentials is None:
                return self._server.add_insecure_port(address)
            return self._server.add_secure_port(address, credentials)
        except RuntimeError as error:
            self._shut_pools_down()
            self._askers.close()
            raise AddressTakenError(address) from error


def _interceptors(max_workers: int) -> list[grpc.ServerInterceptor]:
    """Return what no server goes without, then what the settings add."""
    chosen = [interceptor() for interceptor in grpc_settings.SERVER_INTERCEPTORS or ()]
    return [*(make(max_workers) for make in FIRST), *chosen]


def _age(seconds: float) -> list[tuple[str, int]]:
    # Calls under way on an old connection may take as long as they like: there is no grace that would end them.
    return [("grpc.max_connection_age_ms", round(seconds * 1000))] if seconds else []
