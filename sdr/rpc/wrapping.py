"""Interceptors as context managers: one piece of code for unary and streaming calls alike."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import grpc

_MAKE_HANDLER = {
    # (request is a stream, response is a stream)
    (False, False): grpc.unary_unary_rpc_method_handler,
    (False, True): grpc.unary_stream_rpc_method_handler,
    (True, False): grpc.stream_unary_rpc_method_handler,
    (True, True): grpc.stream_stream_rpc_method_handler,
}


class CallInterceptor(grpc.ServerInterceptor):
    """Runs every call of SDR's own services inside ``around``, to its last message.

    ``grpc.*`` services pass untouched: everybody may ask for health and reflection, and a wrapper would hide the
    attributes that keep health's Watch from holding a thread.
    """

    def __init__(self) -> None:
        # gRPC asks anew for each call, on its only dispatch thread, which must do as little as possible.
        self._wrapped: dict[str, grpc.RpcMethodHandler] = {}

    def around(self, method: str, context: grpc.ServicerContext) -> AbstractContextManager[None]:
        """Return what a call of ``method`` (``/package.Service/Method``) runs inside."""
        raise NotImplementedError

    def intercept_service(
        self, continuation: Callable[[Any], grpc.RpcMethodHandler | None], handler_call_details: Any
    ) -> grpc.RpcMethodHandler | None:
        method = handler_call_details.method
        if method in self._wrapped:
            return self._wrapped[method]
        handler = continuation(handler_call_details)
        if handler is None or method.startswith("/grpc."):
            return handler
        wrapped = self._wrapped[method] = self.wrapped(method, handler)
        return wrapped

    def wrapped(self, method: str, handler: grpc.RpcMethodHandler) -> grpc.RpcMethodHandler:
        """Return what answers calls of ``method`` from now on."""
        return wrap(handler, partial(self.around, method))


def wrap(
    handler: grpc.RpcMethodHandler, around: Callable[[grpc.ServicerContext], AbstractContextManager[None]]
) -> grpc.RpcMethodHandler:
    """Return a handler that does what ``handler`` does, inside ``around(context)``."""
    behaviour = handler.unary_unary or handler.unary_stream or handler.stream_unary or handler.stream_stream

    def answer(request: Any, context: grpc.ServicerContext) -> Any:
        with around(context):
            return behaviour(request, context)

    def stream(request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        with around(context):
            yield from behaviour(request, context)

    make = _MAKE_HANDLER[handler.request_streaming, handler.response_streaming]
    return make(
        stream if handler.response_streaming else answer, handler.request_deserializer, handler.response_serializer
    )
