"""Health that follows what the services need: SERVING where an index is loaded, and not a moment before."""

import threading
from collections.abc import Callable, Iterable

import structlog
from django.db import connections

from sdr import dependencies
from sdr.heartbeat import Heartbeat
from sdr.rpc.services import Service

log = structlog.get_logger(__name__)

# While something is missing, and once all is well.
ASK_AGAIN_SECONDS, LOOK_AGAIN_SECONDS = 0.2, 1.0
STOP_SECONDS = 2.0
# As /readyz: without an index the server as a whole is of no use to a balancer.
SERVER_NEEDS = frozenset({"index"})


class Readiness:
    """A thread that asks the services' dependencies and tells ``tell(service, is_serving)``."""

    def __init__(
        self, services: Iterable[type[Service]], tell: Callable[[str, bool], None], heartbeat: Heartbeat | None = None
    ) -> None:
        self._heartbeat = heartbeat
        self._needs = {"": SERVER_NEEDS} | {service.service_name: service.needs for service in services}
        self._tell = tell
        self._told: dict[str, bool] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="grpc-readiness", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Tell no more. A check that hangs is not waited for."""
        self._stopping.set()
        if self._thread.ident is not None:  # it was started
            self._thread.join(STOP_SECONDS)
        if self._heartbeat:
            self._heartbeat.stop()

    def step(self) -> bool:
        """Ask once and tell what changed; return whether the server as a whole is ready."""
        problems = {name: dependencies.ask(name) for name in frozenset().union(*self._needs.values())}
        for service, needs in self._needs.items():
            is_ready = not any(problems[name] for name in needs)
            if self._told.get(service) != is_ready and not self._stopping.is_set():
                self._told[service] = is_ready
                self._tell(service, is_ready)
                log.info("grpc health", service=service or "all", is_serving=is_ready)
        is_ready = self._told.get("", False)
        if self._heartbeat and is_ready and not self._stopping.is_set():
            self._heartbeat.beat()
        return is_ready

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                is_ready = self.step()
            except Exception:  # without this thread health would say for ever what it says now
                log.exception("readiness not known")
                is_ready = False
            self._stopping.wait(LOOK_AGAIN_SECONDS if is_ready else ASK_AGAIN_SECONDS)
        connections.close_all()
