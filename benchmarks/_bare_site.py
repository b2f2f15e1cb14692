"""What `rest` compares with: the least that Django REST framework can be, a constant answer."""

import os

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="of no use here",  # noqa: S106  nothing is signed
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],  # for Content-Length
    INSTALLED_APPS=["rest_framework"],
    LOGGING_CONFIG=None,
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": [],
        "DEFAULT_PERMISSION_CLASSES": [],
        "UNAUTHENTICATED_USER": None,
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    },
)
django.setup()

from django.core.handlers.wsgi import WSGIHandler  # noqa: E402  needs the settings
from django.urls import path  # noqa: E402
from rest_framework.request import Request  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402

CONSTANT = {"answer": "x" * (int(os.environ.get("BARE_BYTES", "1000")) - len('{"answer":""}'))}


class ConstantView(APIView):
    def get(self, request: Request) -> Response:
        return Response(CONSTANT)


urlpatterns = [path("constant", ConstantView.as_view())]
application = WSGIHandler()
