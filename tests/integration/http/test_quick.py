"""The short cut and the usual way say the same."""

import io
import json
import sys
from dataclasses import dataclass

import pytest
from django.core import signals
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import Client, RequestFactory
from django.urls import path
from prometheus_client import REGISTRY

from sdr.accounts import entrance, services
from sdr.accounts.authentication import access_of
from sdr.accounts.models import Tenant
from sdr.exceptions import InvalidInput, Unavailable
from sdr.quick import QuickLane, QuickReads
from sdr.urls import *  # noqa: F403

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]
ERRORS = {"invalid": InvalidInput("x", "is wrong"), "away": Unavailable("later", retry_after_seconds=7)}
OF_ITS_OWN = {"X-Request-ID", "RateLimit-Remaining"}


class EchoView(QuickReads):
    required_scope = "recommendations:read"

    def read(self, request, word):
        if word in ERRORS:
            raise ERRORS[word]
        if word == "broken":
            raise ZeroDivisionError
        return {"word": word, "tenant": access_of(request).tenant, "q": request.query_params.get("q")}


urlpatterns = [path("api/echo/<str:word>", EchoView.as_view()), *urlpatterns]  # noqa: F405


@dataclass
class Answer:
    status: int
    headers: dict
    body: object


class Lane:
    """Django as a web server sees it, with the short cut beside it, and who took the usual way."""

    def __init__(self):
        self.n_usual = 0
        self._django = get_wsgi_application()
        self._lane = QuickLane(self._usual)

    def ask(self, word="hello", key=None, **headers):
        """Return the answer, and whether it came by the short cut."""
        n_usual = self.n_usual
        answer = self._send(self._lane, word, key, headers)
        return answer, self.n_usual == n_usual

    def ask_the_usual_way(self, word="hello", key=None, **headers):
        return self._send(self._usual, word, key, headers)

    def _usual(self, environ, start_response):
        self.n_usual += 1
        return self._django(environ, start_response)

    def _send(self, application, word, key, headers):
        if key:
            headers["HTTP_AUTHORIZATION"] = f"Bearer {key}"
        path = f"/api/echo/{word}".encode().decode("latin-1")  # as WSGI has it
        headers = {"PATH_INFO": path, "QUERY_STRING": "q=1"} | headers
        environ = RequestFactory()._base_environ(**headers)
        told = {}

        def start(status, headers):
            assert len(dict(headers)) == len(headers)
            told.update(status=int(status[:3]), headers=dict(headers))

        body = b"".join(application(environ | {"wsgi.errors": io.StringIO()}, start))
        assert told["headers"].get("Content-Length") in {str(len(body)), None}
        return Answer(told["status"], told["headers"], json.loads(body))


@pytest.fixture(autouse=True)
def _one_connection():
    """Requests do not close the connection of the test that makes them, as with Django's own client."""
    signals.request_started.disconnect(close_old_connections)
    signals.request_finished.disconnect(close_old_connections)
    yield
    signals.request_started.connect(close_old_connections)
    signals.request_finished.connect(close_old_connections)


@pytest.fixture
def lane():
    return Lane()


@pytest.fixture
def keys():
    tenant = Tenant.objects.get(slug="default")
    made = [services.create_key(tenant, scopes)[1] for scopes in (["recommendations:read"], [])]
    return {"good": made[0], "useless": made[1], "unknown": "sdr_x", "none": None}


def assert_alike(quick, usual):
    assert (quick.status, quick.body) == (usual.status, usual.body)
    assert {name: value for name, value in quick.headers.items() if name not in OF_ITS_OWN} == {
        name: value for name, value in usual.headers.items() if name not in OF_ITS_OWN
    }
    assert quick.headers.keys() == usual.headers.keys()


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_what_was_told_once_is_told_again_by_the_short_cut(lane, keys, settings, scheme):
    settings.API_KEYS_REQUIRED, settings.SECURE_HSTS_SECONDS = True, 60
    lane = Lane()  # Django's middlewares look at these settings once
    server = {"wsgi.url_scheme": scheme, "HTTP_ACCEPT": "application/json"}
    _, was_quick = lane.ask("first", keys["good"], **server)
    quick, is_quick = lane.ask("hello", keys["good"], HTTP_X_REQUEST_ID="own", **server)
    assert (was_quick, is_quick) == (False, True)
    assert_alike(quick, lane.ask_the_usual_way("hello", keys["good"], **server))
    assert quick.headers["X-Request-ID"] == "own"
    assert ("Strict-Transport-Security" in quick.headers) is (scheme == "https")
    assert quick.headers["Vary"] == "Accept, origin"


@pytest.mark.parametrize(
    ("word", "key", "status"),
    [
        ("invalid", "good", 400),
        ("away", "good", 503),
        ("hello", "useless", 403),
        ("hello", "unknown", 401),
        ("hello", "none", 401),
    ],
)
def test_what_goes_wrong_is_told_the_usual_way_and_counts_once(lane, keys, settings, monkeypatch, word, key, status):
    settings.API_KEYS_REQUIRED = True
    lane.ask("hello", keys["good"])
    calls, admit = [], entrance.admit
    monkeypatch.setattr(entrance, "admit", lambda call: calls.append(call) or admit(call))
    wrong, is_quick = lane.ask(word, keys[key])
    assert (wrong.status, is_quick, len(calls)) == (status, False, 1)
    assert_alike(wrong, lane.ask_the_usual_way(word, keys[key]))


@pytest.mark.parametrize("word", ["Käse ☃", "invalid ☃"])
def test_paths_of_any_letters_are_read_the_same_way_on_both(lane, monkeypatch, word):
    monkeypatch.setitem(ERRORS, "invalid ☃", InvalidInput("☃", "is wrong"))
    told = [lane.ask(word)[0] for _ in range(2)] + [lane.ask_the_usual_way(word)]
    lane.ask("hello")
    told.append(lane.ask(word)[0])
    assert {answer.status for answer in told} == {400 if word in ERRORS else 200}
    assert all(answer.body == told[0].body for answer in told)
    assert "☃" in str(told[0].body)


def test_what_nobody_foresaw_meets_django(lane, keys):
    lane.ask("hello", keys["good"])
    with pytest.raises(ZeroDivisionError):
        Client().get("/api/echo/broken")
    broken, is_quick = lane.ask("broken", keys["good"])
    assert (broken.status, is_quick) == (500, False)


def test_a_host_that_is_not_ours_is_refused(lane, keys, settings):
    settings.ALLOWED_HOSTS = ["shop.example"]
    lane.ask("hello", keys["good"], HTTP_HOST="shop.example")
    refused, _ = lane.ask("hello", keys["good"], HTTP_HOST="evil.example")
    assert (refused.status, refused.body["error"]["code"]) == (400, "parse_error")


@pytest.mark.parametrize(
    "more",
    [
        {"HTTP_ORIGIN": "https://shop.example"},
        {"HTTP_ACCEPT": "application/json, text/html"},
        {"HTTP_COOKIE": "sessionid=x"},
        {"SCRIPT_NAME": "/shop"},
        {"QUERY_STRING": "format=json"},
    ],
)
def test_who_is_more_than_a_backend_takes_the_usual_way(lane, more):
    lane.ask("hello")
    assert lane.ask("hello")[1]
    assert not lane.ask("hello", **more)[1]


def test_quick_answers_are_measured_by_their_route(lane, keys):
    labels = {"method": "GET", "route": "api/echo/<str:word>", "status": "200"}
    lane.ask("hello", keys["good"])
    before = REGISTRY.get_sample_value("sdr_http_request_seconds_count", labels)
    assert lane.ask("hello", keys["good"])[1]
    assert REGISTRY.get_sample_value("sdr_http_request_seconds_count", labels) == before + 1


def test_the_short_cut_takes_a_fraction_of_the_calls_of_the_usual_way(lane):
    for _ in range(3):  # what is worked out once
        lane.ask()
        lane.ask_the_usual_way()
    bare = n_calls(lambda: lane._send(lambda _environ, start: start("200 OK", {}) or [b"{}"], "hello", None, {}))
    quick, usual = n_calls(lane.ask) - bare, n_calls(lane.ask_the_usual_way) - bare
    assert quick < 170 < usual / 3


def n_calls(work):
    """Return how many functions ``work`` calls, Python's and C's."""
    n = 0

    def count(_frame, event, _argument):
        nonlocal n
        n += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return n


def test_a_browser_gets_its_page(keys):
    page = Client().get("/api/echo/hello", HTTP_ACCEPT="text/html")
    assert page["Content-Type"].startswith("text/html")


def test_a_head_and_an_options_are_answered(keys):
    client = Client(headers={"Authorization": f"Bearer {keys['good']}"})
    assert client.head("/api/echo/hello").status_code == 200
    assert client.options("/api/echo/hello").status_code == 200
    assert client.post("/api/echo/hello").status_code == 405
