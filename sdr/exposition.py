"""The metrics of this process, or of all that share a directory of counts, as Prometheus reads them."""

import prometheus_client
from django.conf import settings
from prometheus_client import CollectorRegistry, multiprocess


def registry() -> CollectorRegistry:
    """Return what to expose: with ``PROMETHEUS_MULTIPROC_DIR`` what every process that writes there has counted."""
    if not settings.PROMETHEUS_MULTIPROC_DIR:
        return prometheus_client.REGISTRY
    shared = CollectorRegistry()
    multiprocess.MultiProcessCollector(shared, path=settings.PROMETHEUS_MULTIPROC_DIR)
    return shared


def forget(pid: int | None) -> None:
    """Leave out what a process that has ended said of its own moment; what it counted stays in the sums."""
    if settings.PROMETHEUS_MULTIPROC_DIR and pid is not None:
        multiprocess.mark_process_dead(pid, path=settings.PROMETHEUS_MULTIPROC_DIR)
