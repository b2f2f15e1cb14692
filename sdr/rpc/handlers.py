"""django-grpc-framework's root hook: every service of ``settings.GRPC_SERVICES`` becomes part of the server."""

from collections.abc import Mapping
from typing import Any

import grpc
from django.conf import settings
from django.utils.module_loading import import_string

from sdr.rpc.services import Service


def service_classes() -> list[type[Service]]:
    return [import_string(path) for path in settings.GRPC_SERVICES]


def grpc_handlers(server: grpc.Server) -> None:
    for service in service_classes():
        service.add_to_server(service.as_servicer(), _Additions(server, service.answers_bytes))


class _Additions:
    """The server as generated code sees it, which would have every answer be a message."""

    def __init__(self, server: grpc.Server, answers_bytes: frozenset[str]) -> None:
        self._server, self._answers_bytes = server, answers_bytes

    def add_generic_rpc_handlers(self, handlers: Any) -> None:
        self._server.add_generic_rpc_handlers(handlers)

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, grpc.RpcMethodHandler]) -> None:
        # Calls of registered methods come here; the generic handlers are for what is not registered.
        own = {name: _of_bytes(handlers[name]) for name in self._answers_bytes}
        self._server.add_registered_method_handlers(service, dict(handlers) | own)


def _of_bytes(handler: grpc.RpcMethodHandler) -> grpc.RpcMethodHandler:
    return grpc.unary_unary_rpc_method_handler(handler.unary_unary, handler.request_deserializer, None)
