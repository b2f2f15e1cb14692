"""The short cut and the usual way say the same."""

import pytest
from django.test import Client
from django.urls import path

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

    def read(self, request, word):
        if word in ERRORS:
            raise ERRORS[word]
        if word == "broken":
            raise ZeroDivisionError
        return {"word": word, "tenant": access_of(request).tenant, "q": request.query_params.get("q")}


urlpatterns = [path("api/echo/<str:word>", EchoView.as_view()), *urlpatterns]  # noqa: F405


@pytest.fixture
def keys():
    tenant = Tenant.objects.get(slug="default")
    made = [services.create_key(tenant, scopes)[1] for scopes in (["recommendations:read"], [])]
    return {"good": made[0], "useless": made[1], "unknown": "sdr_x", "none": None}


def ask(word, key, accept, **headers):
    if key:
        headers["HTTP_AUTHORIZATION"] = f"Bearer {key}"
    client = Client(raise_request_exception=False)
    return client.get(f"/api/echo/{word}?q=1", HTTP_ACCEPT=accept, HTTP_X_REQUEST_ID="same", **headers)


def assert_alike(quick, usual):
    assert (quick.status_code, quick.json()) == (usual.status_code, usual.json())
    own_time = {"RateLimit-Remaining"}
    assert {name: quick[name] for name in set(quick.headers) - own_time} == {
        name: usual[name] for name in set(usual.headers) - own_time
    }
    assert not hasattr(quick.wsgi_request, "session")
    assert hasattr(usual.wsgi_request, "session")


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
    assert_alike(quick, usual)


def test_both_ways_promise_browsers_tls_where_there_is_some(keys, settings):
    settings.SECURE_HSTS_SECONDS = 60
    for header in ({"secure": True}, {}):
        quick = ask("hello", keys["good"], "*/*", **header)
        assert_alike(quick, ask("hello", keys["good"], "*/*;q=0.9", **header))
        assert ("Strict-Transport-Security" in quick) is bool(header)


def test_plain_http_is_sent_to_tls_where_there_is_some(keys, settings):
    settings.SECURE_SSL_REDIRECT = True
    assert ask("hello", keys["good"], "*/*").status_code == 301
    assert ask("hello", keys["good"], "*/*", secure=True).status_code == 200


def test_a_host_that_is_not_ours_is_refused(keys, settings):
    settings.ALLOWED_HOSTS = ["shop.example"]
    refused = ask("hello", keys["good"], "*/*", HTTP_HOST="evil.example")
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "parse_error")


def test_pages_of_other_origins_are_told_what_they_may_read(keys, settings):
    settings.CORS_ALLOWED_ORIGINS = ["https://shop.example"]
    answer = ask("hello", keys["good"], "*/*", HTTP_ORIGIN="https://shop.example")
    assert answer["Access-Control-Allow-Origin"] == "https://shop.example"


def test_a_browser_gets_its_page(keys):
    assert ask("hello", keys["good"], "text/html")["Content-Type"].startswith("text/html")


def test_a_head_and_an_options_are_answered(keys):
    client = Client(headers={"Authorization": f"Bearer {keys['good']}"})
    assert client.head("/api/echo/hello").status_code == 200
    assert client.options("/api/echo/hello").status_code == 200
    assert client.post("/api/echo/hello").status_code == 405
