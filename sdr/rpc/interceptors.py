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

from sdr.metrics import GRPC_REQUEST_SECONDS
from sdr.patience import MustWait
from sdr.rpc import caller, handlers, requests
from sdr.rpc.connections import own_connections
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

    def around(self, method: str, context: grpc.ServicerContext) -> AbstractContextManager[None]:
        return _Recording(self, method, context)

    def record(self, method: str, status: str, seconds: float, context: grpc.ServicerContext) -> None:
        histogram = self._measured.get((method, status))
        if histogram is None:
            histogram = self._measured[method, status] = GRPC_REQUEST_SECONDS.labels(method, status)
        histogram.observe(seconds)
        if self._logs_calls:
            access_log.info("call", method=method, status=status, ms=round(seconds * 1e3, 3), peer=context.peer())


class _Recording:
    """One call. These managers are classes: what ``contextmanager`` makes of a generator costs three times as much."""

    __slots__ = ("_context", "_method", "_recorder", "_started_at")

    def __init__(self, recorder: RecordInterceptor, method: str, context: grpc.ServicerContext) -> None:
        self._recorder, self._method, self._context = recorder, method, context

    def __enter__(self) -> None:
        self._started_at = time.perf_counter()
        requests.begin(self._context)

    def __exit__(self, kind: type[BaseException] | None, *_error: object) -> None:
        if kind is MustWait:  # answered for the second time, it is recorded
            return
        context = self._context
        if (code := context.code()) is not None:
            status = code.name
        else:  # a caller who leaves ends a call without a code
            status = "OK" if kind is None and context.is_active() else "CANCELLED"
        self._recorder.record(self._method, status, time.perf_counter() - self._started_at, context)


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

    def around(self, method: str, context: grpc.ServicerContext) -> AbstractContextManager[None]:
        return _Telling(method, context)


class _Telling:
    """One call whose errors are told to its caller."""

    __slots__ = ("_context", "_method")

    def __init__(self, method: str, context: grpc.ServicerContext) -> None:
        self._method, self._context = method, context

    def __enter__(self) -> None:
        """Wait for what goes wrong."""

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if not isinstance(error, Exception) or _is_grpcs_own(error, self._context):
            return
        status = status_of(error)
        if status.code is grpc.StatusCode.INTERNAL:
            logger.error("grpc call failed", method=self._method, exc_info=error)
        refuse(self._context, status)


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
    """A context manager without a state of its own, for all calls."""

    def __enter__(self) -> None:
        for connection in own_connections():
            connection.queries_log.clear()
            connection.close_if_unusable_or_obsolete()

    def __exit__(self, *_error: object) -> None:
        for connection in own_connections():
            connection.close_if_unusable_or_obsolete()


_CONNECTIONS: Final = _Connections()
_NOTHING: Final = nullcontext()
_TOO_MANY_STREAMS = Status(
    grpc.StatusCode.RESOURCE_EXHAUSTED, "too_many_streams", "Too many streams are open; try again.", {}, 1.0
)


def _is_grpcs_own(error: Exception, context: grpc.ServicerContext) -> bool:
    """Tell ``context.abort``, which raises a bare Exception, and a caller who left while we read its stream."""
    return (type(error) is Exception and context.code() is not None) or type(error) is grpc.RpcError
