"""Where each door leads."""

from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path, re_path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from sdr import health
from sdr.accounts.authentication import AddressThrottle
from sdr.api import DoorsView, UnknownDoorView
from sdr.http.pages import RedocView

# The documentation is for everybody, keys or not.
OPEN: dict[str, list[type]] = {
    "authentication_classes": [],
    "permission_classes": [],
    "throttle_classes": [AddressThrottle],
}

admin.autodiscover()
urlpatterns = [
    # First what is asked most: every pattern above it would be tried each time.
    path("api/", include("recommendations.urls")),
    path("api/", include("events.urls")),
    path("api/", include("catalog.urls")),
    path("admin/", admin.site.urls),
    # Signing in and out, for staff on the browsable API's pages.
    path("auth/", include("rest_framework.urls")),
    # Asked for beside every page that people look at.
    path("favicon.ico", RedirectView.as_view(url=static("sdr/favicon.svg"))),
    path("livez", health.livez),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("api/", DoorsView.as_view(), name="doors"),
    path("api/schema", SpectacularAPIView.as_view(**OPEN), name="schema"),
    path("api/docs", SpectacularSwaggerSplitView.as_view(**OPEN), name="swagger"),
    path("api/redoc", RedocView.as_view(**OPEN), name="redoc"),
    re_path(r"^api/", UnknownDoorView.as_view()),
]
handler400 = "sdr.api.bad_request"
handler404 = "sdr.api.not_found"
handler500 = "sdr.api.server_error"
