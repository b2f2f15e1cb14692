"""Pages that may call the API from a browser, beside those of ``CORS_ALLOWED_ORIGINS``: what keys name."""

from typing import Any

from corsheaders.signals import check_request_enabled
from django.dispatch import receiver
from django.http import HttpRequest

from sdr.accounts import keys


@receiver(check_request_enabled)
def is_named_by_a_key(request: HttpRequest, **_kwargs: Any) -> bool:
    """Return whether some key is for pages of this origin. A browser's preflight carries no key that would say more."""
    origin = request.META.get("HTTP_ORIGIN")
    return bool(origin) and request.path_info.startswith("/api/") and origin in keys.table().snapshot.origins
