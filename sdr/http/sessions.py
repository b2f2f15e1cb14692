"""Django's middlewares for people who sign in, which calls of the API without a session pass by."""

from typing import Any

from django.conf import settings
from django.contrib.auth import middleware as auth
from django.contrib.messages import middleware as messages
from django.contrib.sessions import middleware as sessions
from django.http import HttpRequest
from django.middleware import csrf


def has_no_session(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/") and settings.SESSION_COOKIE_NAME not in request.COOKIES


class ForSessions:
    """In front of a middleware: makes it pass on what has no session as it is."""

    get_response: Any

    def __call__(self, request: HttpRequest) -> Any:
        usual: Any = super()
        return self.get_response(request) if has_no_session(request) else usual.__call__(request)


class SessionMiddleware(ForSessions, sessions.SessionMiddleware):
    pass


class CsrfViewMiddleware(ForSessions, csrf.CsrfViewMiddleware):
    """Without a session there is nobody in whose name a page of others could write."""


class AuthenticationMiddleware(ForSessions, auth.AuthenticationMiddleware):
    pass


class MessageMiddleware(ForSessions, messages.MessageMiddleware):
    pass
