"""What every REST view of SDR shares. The parts live in modules of their own; this is the name they go by."""

import re
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, URLResolver, get_resolver
from django.views import defaults
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from sdr.accounts import schema as _schema  # noqa: F401  tells drf-spectacular about our keys
from sdr.accounts.authentication import AddressThrottle
from sdr.errors import error_body, exception_handler
from sdr.exceptions import NotFound
from sdr.pagination import PageNumberPagination

__all__ = [
    "DoorsView",
    "PageNumberPagination",
    "UnknownDoorView",
    "bad_request",
    "error_body",
    "exception_handler",
    "not_found",
    "server_error",
    "validated_query",
]
API_ROOT = "/api/"
_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")

Checked = TypeVar("Checked", bound=serializers.Serializer[Any])


def validated_query(request: Request, serializer_class: type[Checked]) -> dict[str, Any]:
    """Return the query's parameters as ``serializer_class`` makes them; raises ValidationError naming the field.

    An empty parameter counts as missing, and an unknown one is ignored.
    """
    serializer = serializer_class(data={name: value for name, value in request.query_params.items() if value})
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


class DoorsSerializer(serializers.Serializer[Any]):
    doors = serializers.DictField(child=serializers.CharField())


class DoorsView(APIView):
    """The list of doors: where everything is. Names in braces stand for something of yours."""

    authentication_classes = ()
    throttle_classes = (AddressThrottle,)
    serializer_class = DoorsSerializer  # read by drf-spectacular, whose decorator would import DRF in a circle here

    def get(self, request: Request) -> Response:
        host = request.build_absolute_uri("/").rstrip("/")
        return Response({"doors": {name: host + path for name, path in _doors()}})


def _doors() -> list[tuple[str, str]]:
    return [(name, path) for name, path in _named_paths(get_resolver(), "/") if path.startswith(API_ROOT)]


def _named_paths(resolver: URLResolver, prefix: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for pattern in resolver.url_patterns:
        path = prefix + _PARAMETER.sub(r"{\1}", str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            found += _named_paths(pattern, path)
        elif isinstance(pattern, URLPattern) and pattern.name:
            found.append((pattern.name, path))
    return found


class UnknownDoorView(APIView):
    """The last route under /api/: says so in the one shape of errors, whatever DEBUG is."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = (AddressThrottle,)

    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise NotFound(f"There is nothing at {request.path}.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if not request.path.startswith(API_ROOT):
        return defaults.page_not_found(request, exception)
    return JsonResponse(error_body("not_found", f"There is nothing at {request.path}."), status=404)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer for what is refused before any view is asked, a host that is not ours for example."""
    if not request.path.startswith(API_ROOT):
        return defaults.bad_request(request, exception)
    return JsonResponse(error_body("parse_error", "This is not a request that can be answered."), status=400)


def server_error(request: HttpRequest) -> HttpResponse:
    if not request.path.startswith(API_ROOT):
        return defaults.server_error(request)
    return JsonResponse(error_body("error", "Something went wrong on our side."), status=500)
