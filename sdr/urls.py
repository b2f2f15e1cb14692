"""Where each door leads."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularRedocView, SpectacularSwaggerView

from sdr import health
from sdr.api import DoorsView

urlpatterns = [
    path("admin/", admin.site.urls),
    path("livez", health.livez),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("api/", DoorsView.as_view(), name="doors"),
    path("api/schema", SpectacularAPIView.as_view(permission_classes=[]), name="schema"),
    path("api/docs", SpectacularSwaggerView.as_view(permission_classes=[]), name="swagger"),
    path("api/redoc", SpectacularRedocView.as_view(permission_classes=[]), name="redoc"),
    path("api/", include("catalog.urls")),
    path("api/", include("events.urls")),
    path("api/", include("recommendations.urls")),
]
handler404 = "sdr.api.not_found"
handler500 = "sdr.api.server_error"
