from django.apps import AppConfig


class RpcConfig(AppConfig):
    name = "sdr.rpc"
    label = "rpc"
    verbose_name = "gRPC"
