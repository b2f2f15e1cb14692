"""How OpenAPI describes the keys. Importing this module is enough: drf-spectacular keeps a list of such classes."""

from typing import TYPE_CHECKING, Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension

if TYPE_CHECKING:  # it imports DRF's generic views, which import the settings' classes, which import this
    from drf_spectacular.openapi import AutoSchema


class ApiKeyScheme(OpenApiAuthenticationExtension):
    target_class = "sdr.accounts.authentication.ApiKeyAuthentication"
    name = "ApiKey"

    def get_security_definition(self, auto_schema: "AutoSchema") -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A key made in the admin or by `manage.py create_api_key`.",
        }


class StaffScheme(OpenApiAuthenticationExtension):
    target_class = "sdr.accounts.authentication.StaffAuthentication"
    name = "Staff"

    def get_security_definition(self, auto_schema: "AutoSchema") -> dict[str, Any]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": settings.SESSION_COOKIE_NAME,
            "description": "Staff who signed in. Writes need the header X-CSRFToken, too.",
        }
