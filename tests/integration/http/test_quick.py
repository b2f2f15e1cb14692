"""The short cut and the usual way say the same."""

import pytest
from django.test import Client
from django.urls import path
from rest_framework.response import Response

from sdr.accounts import services
from sdr.accounts.authentication import access_of
from sdr.accounts.models import Tenant
from sdr.exceptions import InvalidInput, Unavailable
from sdr.quick import QuickReads
from sdr.urls import *  # noqa: F403

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]
ERRORS = {"invalid": InvalidInput("x", "is wrong"), "away": Unavailable("later", retry_after_seconds=7)}


class EchoView(QuickReads):
    required_scope = "recommendations:read"

    def get(self, request, word):
        if word in ERRORS:
            raise ERRORS[word]
        if word == "broken":
            raise ZeroDivisionError
        return Response({"word": word, "tenant": access_of(request).tenant, "q": request.query_params.get("q")})


urlpatterns = [path("api/echo/<str:word>", EchoView.as_view()), *urlpatterns]  # noqa: F405


@pytest.fixture
def keys():
    tenant = Tenant.objects.get(slug="default")
    made = [services.create_key(tenant, scopes)[1] for scopes in (["recommendations:read"], [])]
    return {"good": made[0], "useless": made[1], "unknown": "sdr_x", "none": None}


def ask(word, key, accept):
    headers = {"HTTP_AUTHORIZATION": f"Bearer {key}"} if key else {}
    client = Client(raise_request_exception=False)
    return client.get(f"/api/echo/{word}?q=1", HTTP_ACCEPT=accept, HTTP_X_REQUEST_ID="same", **headers)


@pytest.mark.parametrize(
    ("word", "key"),
    [
        ("hello", "good"),
        ("invalid", "good"),
        ("away", "good"),
        ("broken", "good"),
        ("hello", "useless"),
        ("hello", "unknown"),
        ("hello", "none"),
    ],
)
def test_both_ways_answer_alike(word, key, keys, settings):
    settings.API_KEYS_REQUIRED = True
    quick = ask(word, keys[key], "application/json")
    usual = ask(word, keys[key], "application/json;q=0.9")
    assert (quick.status_code, quick.json()) == (usual.status_code, usual.json())
    own_time = {"RateLimit-Remaining"}
    assert {name: quick[name] for name in set(quick.headers) - own_time} == {
        name: usual[name] for name in set(usual.headers) - own_time
    }


def test_a_browser_gets_its_page(keys):
    assert ask("hello", keys["good"], "text/html")["Content-Type"].startswith("text/html")


def test_a_head_and_an_options_are_answered(keys):
    client = Client(headers={"Authorization": f"Bearer {keys['good']}"})
    assert client.head("/api/echo/hello").status_code == 200
    assert client.options("/api/echo/hello").status_code == 200
    assert client.post("/api/echo/hello").status_code == 405
