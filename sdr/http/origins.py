"""CORS: django-cors-headers, which calls that come from no page pass by."""

from typing import Any

from corsheaders import middleware
from django.http import HttpRequest
from django.utils.cache import patch_vary_headers


class CorsMiddleware(middleware.CorsMiddleware):
    def __call__(self, request: HttpRequest) -> Any:
        if "HTTP_ORIGIN" in request.META:
            return super().__call__(request)
        response: Any = self.get_response(request)
        # Caches must know, even so, that a page would get other headers.
        if request.path_info.startswith("/api/"):
            vary = response.headers.get("Vary")
            if vary == "Accept":
                response.headers["Vary"] = "Accept, origin"
            else:
                patch_vary_headers(response, ("origin",))
        return response
