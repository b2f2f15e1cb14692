"""The operators' doors: /livez, /readyz and /metrics."""

import threading

import prometheus_client
from django.http import HttpRequest, HttpResponse, JsonResponse

from sdr import dependencies, exposition
from sdr.dependencies import register_dependency
from sdr.heartbeat import Heartbeat, is_alive

__all__ = ["Heartbeat", "drain", "is_alive", "livez", "metrics", "readyz", "register_dependency"]

_draining = threading.Event()


def drain() -> None:
    """Ask for no new requests: readiness fails from now on, so that load balancers go elsewhere."""
    _draining.set()


def livez(_request: HttpRequest) -> JsonResponse:
    """Answer while the process can answer at all."""
    return JsonResponse({"status": "ok"})


def readyz(_request: HttpRequest) -> JsonResponse:
    """Answer 200 while an index is loaded: one server's outage must not take every replica out of rotation."""
    found = dependencies.statuses()
    if _draining.is_set() or found["index"] != "ok":
        return JsonResponse(
            {"status": "draining" if _draining.is_set() else "unavailable", "dependencies": found}, status=503
        )
    degraded = any(status != "ok" for status in found.values())
    return JsonResponse({"status": "degraded" if degraded else "ok", "dependencies": found})


def metrics(_request: HttpRequest) -> HttpResponse:
    """Answer in Prometheus' text format, for all worker processes where they share a directory of counts."""
    text = prometheus_client.generate_latest(exposition.registry())
    return HttpResponse(text, content_type=prometheus_client.CONTENT_TYPE_LATEST)
