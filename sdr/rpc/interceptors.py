"""What every call passes on its way in and out, outermost first: record, streams, connections, errors, access."""

import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Final

import grpc
import structlog
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import close_old_connections, reset_queries

from sdr.metrics import GRPC_REQUEST_SECONDS
from sdr.rpc import caller, handlers, requests
from sdr.rpc.errors import Status, status_of
from sdr.rpc.wrapping import CallInterceptor

if TYPE_CHECKING:
    from prometheus_client import Histogram

logger = structlog.get_logger(__name__)
access_log = structlog.get_logger("sdr.rpc.access")


class RecordInterceptor(CallInterceptor):
    """Give each call an id, measure it by method and status, and log it where the settings ask for that."""

    def __init__(self, _max_workers: int) -> None:
        super().__init__()
        # A look-up here is three times as quick as Histogram.labels.
        self._measured: dict[tuple[str, str], Histogram] = {}
        self._logs_calls = settings.GRPC_ACCESS_LOG

    @contextmanager
    def around(self, method: str, context: grpc.ServicerContext) -> Iterator[None]:
        started_at = time.perf_counter()
        requests.begin(context)
        status = "CANCELLED"  # a caller who leaves ends a call without a code
        try:
            yield
            if context.is_active():
                status = "OK"
        finally:
            code = context.code()
            self._record(method, code.name if code else status, time.perf_counter() - started_at, context)

    def _record(self, method: str, status: str, seconds: float, context: grpc.ServicerContext) -> None:
        histogram = self._measured.get((method, status))
        if histogram is None:
            histogram = self._measured[method, status] = GRPC_REQUEST_SECONDS.labels(method, status)
        histogram.observe(seconds)
        if self._logs_calls:
            access_log.info("call", method=method, status=status, ms=round(seconds * 1e3, 3), peer=context.peer())


class StreamInterceptor(CallInterceptor):
    """Keep half of the threads for single calls: a stream holds one for as long as the caller likes."""

    def __init__(self, max_workers: int) -> None:
        super().__init__()
        self._places = threading.BoundedSemaphore(max(1, max_workers // 2))

    def wrapped(self, method: str, handler: grpc.RpcMethodHandler) -> grpc.RpcMethodHandler:
        is_stream = handler.request_streaming or handler.response_streaming
        return super().wrapped(method, handler) if is_stream else handler

    @contextmanager
    def around(self, method: str, context: grpc.ServicerContext) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            refuse(context, _TOO_MANY_STREAMS)
        try:
            yield
        finally:
            self._places.release()


class ConnectionInterceptor(CallInterceptor):
    """Give back database connections that are too old or broken.

    The framework did so too (see ``apps.py``), but after a streaming method's first line instead of its last message.
    """

    def __init__(self, _max_workers: int) -> None:
        super().__init__()

    def around(self, method: str, context: grpc.ServicerContext) -> AbstractContextManager[None]:
        return _CONNECTIONS


class ErrorInterceptor(CallInterceptor):
    """Turn exceptions into statuses; what nobody foresaw is logged here and told to the caller as INTERNAL."""

    @contextmanager
    def around(self, method: str, context: grpc.ServicerContext) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            if _is_grpcs_own(error, context):
                raise
            status = status_of(error)
            if status.code is grpc.StatusCode.INTERNAL:
                logger.exception("grpc call failed", method=method)
            refuse(context, status)


class AccessInterceptor(CallInterceptor):
    """Let a call through whose key has the scope that the service asks for its method."""

    def __init__(self) -> None:
        super().__init__()
        self._scopes = {
            f"/{service.service_name}/{name}": scope
            for service in handlers.service_classes()
            for name, scope in service.required_scopes.items()
        }

    def around(self, method: str, context: grpc.ServicerContext) -> AbstractContextManager[None]:
        granted = caller.identify(context).scopes
        if method not in self._scopes:
            raise PermissionDenied("This method is closed: its service names no scope that opens it.")
        scope = self._scopes[method]
        if scope is not None and scope not in granted:
            raise PermissionDenied(f"This needs a key with the scope {scope}.")
        return _NOTHING


FIRST = (RecordInterceptor, StreamInterceptor, ConnectionInterceptor)
"""What no server goes without; each is made with the number of threads."""


def refuse(context: grpc.ServicerContext, status: Status) -> None:
    """End the call with ``status``: raises, as ``context.abort`` does."""
    context.set_trailing_metadata((*context.trailing_metadata(), *status.trailing_metadata()))
    context.abort(status.code, status.message)


class _Connections:
    """A context manager without a state, for all calls."""

    def __enter__(self) -> None:
        reset_queries()
        close_old_connections()

    def __exit__(self, *_error: object) -> None:
        close_old_connections()


_CONNECTIONS: Final = _Connections()
_NOTHING: Final = nullcontext()
_TOO_MANY_STREAMS = Status(
    grpc.StatusCode.RESOURCE_EXHAUSTED, "too_many_streams", "Too many streams are open; try again.", {}, 1.0
)


def _is_grpcs_own(error: Exception, context: grpc.ServicerContext) -> bool:
    """Tell ``context.abort``, which raises a bare Exception, and a caller who left while we read its stream."""
    return (type(error) is Exception and context.code() is not None) or type(error) is grpc.RpcError
