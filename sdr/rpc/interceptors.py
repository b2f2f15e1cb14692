"""What every call passes on its way in and out, outermost first: metrics, connections, errors, access."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import grpc
import structlog
from django.core.exceptions import PermissionDenied
from django.db import close_old_connections

from sdr.metrics import GRPC_REQUEST_SECONDS
from sdr.rpc import caller, handlers
from sdr.rpc.errors import status_of
from sdr.rpc.wrapping import CallInterceptor

logger = structlog.get_logger(__name__)


class MetricsInterceptor(CallInterceptor):
    """Measure each call, by method and status."""

    @contextmanager
    def around(self, method: str, context: grpc.ServicerContext) -> Iterator[None]:
        started_at = time.perf_counter()
        status = "CANCELLED"  # a caller who leaves a stream ends it without a code
        try:
            yield
            status = "OK"
        finally:
            code = context.code()
            seconds = time.perf_counter() - started_at
            GRPC_REQUEST_SECONDS.labels(method, code.name if code else status).observe(seconds)


class ConnectionInterceptor(CallInterceptor):
    """Give back database connections that are too old or broken.

    The framework does so too, but after a streaming method's first line instead of its last message, and after
    the access interceptor has already used the connection.
    """

    @contextmanager
    def around(self, method: str, context: grpc.ServicerContext) -> Iterator[None]:
        close_old_connections()
        try:
            yield
        finally:
            close_old_connections()


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
            context.abort(status.code, status.details)


class AccessInterceptor(CallInterceptor):
    """Let a call through whose key has the scope that the service asks for its method."""

    def __init__(self) -> None:
        super().__init__()
        self._scopes = {
            f"/{service.service_name}/{name}": scope
            for service in handlers.service_classes()
            for name, scope in service.required_scopes.items()
        }

    @contextmanager
    def around(self, method: str, context: grpc.ServicerContext) -> Iterator[None]:
        granted = caller.identify(context).scopes
        if method not in self._scopes:
            raise PermissionDenied("This method is closed: its service names no scope that opens it.")
        scope = self._scopes[method]
        if scope is not None and scope not in granted:
            raise PermissionDenied(f"This needs a key with the scope {scope}.")
        yield


def _is_grpcs_own(error: Exception, context: grpc.ServicerContext) -> bool:
    """Tell ``context.abort``, which raises a bare Exception, and a caller who left while we read its stream."""
    return (type(error) is Exception and context.code() is not None) or type(error) is grpc.RpcError
