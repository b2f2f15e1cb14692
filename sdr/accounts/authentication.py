"""REST's door-keeper: a thin cover over :mod:`sdr.accounts.access`."""

from typing import cast

from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from sdr.accounts import access


class ApiKeyAuthentication(BaseAuthentication):
    """Give the request an :class:`~sdr.accounts.access.Access` as its user."""

    def authenticate(self, request: Request) -> tuple[access.Access, None]:
        try:
            caller = access.authenticate(request.META.get("HTTP_AUTHORIZATION"), request.META.get("REMOTE_ADDR"))
        except access.Unauthenticated as error:
            raise exceptions.AuthenticationFailed(str(error), code=error.code) from error
        return caller, None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def access_of(request: Request) -> access.Access:
    """Return who calls, as this authentication found out."""
    return cast("access.Access", request.user)
