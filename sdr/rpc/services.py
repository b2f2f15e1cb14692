"""What SDR's gRPC services have in common."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django_grpc_framework import services

from sdr.accounts.callers import Access
from sdr.rpc import caller


class Service(services.Service):
    """A django-grpc-framework service, and what the server must know to let calls through to it.

    ``settings.GRPC_SERVICES`` lists the subclasses.
    """

    service_name: ClassVar[str]
    """The full name in the proto file: ``sdr.recommendations.v1.RecommendationService``."""

    add_to_server: "ClassVar[staticmethod[[Any, Any], Any]]"
    """The generated function ``add_<service>Servicer_to_server``."""

    required_scopes: ClassVar[Mapping[str, str | None]]
    """Scope by method, None: any caller. A method that is missing here is closed to everybody."""

    answers_bytes: ClassVar[frozenset[str]] = frozenset()
    """Unary methods that return their answer's bytes, where making a message would cost more than the answer."""

    computes: ClassVar[Mapping[str, Callable[[Any], bool]]] = {}
    """Unary methods that hardly ever wait for anybody, see :mod:`sdr.rpc.lane`; each with a test for requests that are
    light: they take well below a millisecond, and as a rule no server."""

    needs: ClassVar[frozenset[str]] = frozenset()
    """Names of ``sdr.dependencies`` without which health says NOT_SERVING. Only what no answer can do without."""

    @property
    def caller(self) -> Access:
        return caller.current()
