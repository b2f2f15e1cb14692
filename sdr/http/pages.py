"""What browsers may do with our pages (Content-Security-Policy): ours only, and framed by nobody.

JSON gets a policy too: nobody should be able to make a page of it.
"""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularRedocView
from rest_framework.request import Request

POLICY = "Content-Security-Policy"
NOTHING = "default-src 'none'; frame-ancestors 'none'"
# Inline styles are in every one of these pages; inline scripts in none.
_PAGE = (
    "default-src 'self'; script-src 'self'{scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data:{images}; "
    "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'none'"
)
PAGE = _PAGE.format(scripts="", images="")
# unfold's menus and tabs are Alpine.js, which makes functions from attributes; products' images stand on other hosts.
ADMIN = _PAGE.format(scripts=" 'unsafe-eval'", images=" https:")

NOTHING_FROM_OTHERS = PAGE.replace("img-src 'self' data: https:", "img-src 'self' data:")


class RedocView(SpectacularRedocView):
    """Redoc, which would ask its makers for their logo."""

    template_name = "sdr/redoc.html"

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        response = super().get(request, *args, **kwargs)
        response[POLICY] = NOTHING_FROM_OTHERS
        return response


class PagePolicyMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        headers = response.headers
        if POLICY not in headers:
            headers[POLICY] = policy_of(request.path_info, headers.get("Content-Type", ""))
        return response


def policy_of(path: str, content_type: str) -> str:
    if not content_type.startswith("text/html"):
        return NOTHING
    return ADMIN if path.startswith("/admin/") else PAGE
