from django.apps import AppConfig
from django.db import close_old_connections, reset_queries


class RpcConfig(AppConfig):
    name = "sdr.rpc"
    label = "rpc"
    verbose_name = "gRPC"

    def ready(self) -> None:
        from django_grpc_framework.signals import grpc_request_finished, grpc_request_started

        from sdr.rpc import connections

        connections.follow()
        # ConnectionInterceptor does it once for each call, at the right moments.
        for receiver in (close_old_connections, reset_queries):
            grpc_request_started.disconnect(receiver)
        grpc_request_finished.disconnect(close_old_connections)
