"""django-grpc-framework's root hook: every service of ``settings.GRPC_SERVICES`` becomes part of the server."""

import grpc
from django.conf import settings
from django.utils.module_loading import import_string

from sdr.rpc.services import Service


def service_classes() -> list[type[Service]]:
    return [import_string(path) for path in settings.GRPC_SERVICES]


def grpc_handlers(server: grpc.Server) -> None:
    for service in service_classes():
        service.add_to_server(service.as_servicer(), server)
