"""What every answer carries, and what of it ends up in logs and metrics."""

import io
import json
import logging
from contextlib import contextmanager

import pytest
from django.test import Client
from prometheus_client import REGISTRY

from sdr.accounts import services
from sdr.accounts.models import Tenant
from sdr.logs import logging_config

pytestmark = pytest.mark.django_db


class TestRequestIds:
    def test_a_callers_own_id_comes_back(self, client):
        assert client.get("/livez", HTTP_X_REQUEST_ID="trace-7.a_b")["X-Request-ID"] == "trace-7.a_b"

    @pytest.mark.parametrize("given", ["", "two words", "x" * 101, 'a"b', "a\nb"])
    def test_one_that_would_be_more_than_an_id_in_a_log_is_replaced(self, client, given):
        answer = client.get("/livez", HTTP_X_REQUEST_ID=given)
        assert len(answer["X-Request-ID"]) == 32

    def test_what_is_logged_meanwhile_carries_the_id(self, client):
        with json_logs() as written:
            client.get("/api/products/1000000", HTTP_X_REQUEST_ID="trace-7")
        lines = [json.loads(line) for line in written.getvalue().splitlines()]
        assert [line["request_id"] for line in lines if "Not Found" in line["event"]] == ["trace-7"]


class TestMetrics:
    def count(self, **labels):
        return REGISTRY.get_sample_value("sdr_http_request_seconds_count", labels) or 0

    def test_an_answer_is_measured_by_the_routes_pattern(self, client):
        labels = {"method": "GET", "route": "api/products/<int:product_id>", "status": "404"}
        before = self.count(**labels)
        client.get("/api/products/1000000")
        client.get("/api/products/1000001")
        assert self.count(**labels) == before + 2

    def test_callers_cannot_make_up_series(self, client):
        n_before = n_series()
        for number in range(5):
            client.generic(f"MAKE{number}", f"/nowhere/{number}")
        assert n_series() - n_before <= 1
        assert self.count(method="other", route="none", status="404") >= 5


def n_series():
    return sum(
        sample.name == "sdr_http_request_seconds_count" for family in REGISTRY.collect() for sample in family.samples
    )


class TestBodies:
    def test_a_body_that_says_it_is_too_large_is_refused_unread(self, client, settings):
        settings.MAX_BODY_BYTES = 10
        refused = client.post("/api/events", "x" * 11, content_type="application/json")
        assert (refused.status_code, refused.json()["error"]["code"]) == (413, "too_large")
        assert client.post("/api/events", "x" * 10, content_type="application/json").status_code == 400

    def test_files_for_the_admin_may_be_larger(self, client, settings):
        settings.MAX_BODY_BYTES = 10
        assert client.post("/admin/login/", {"username": "x" * 100}).status_code == 200


class TestPages:
    @pytest.mark.parametrize("path", ["/admin/login/", "/api/docs", "/api/redoc"])
    def test_pages_run_nothing_but_our_scripts_and_are_framed_by_nobody(self, client, path):
        page = client.get(path, HTTP_ACCEPT="text/html")
        policy = page["Content-Security-Policy"]
        assert "script-src 'self'" in policy
        assert "script-src 'self' 'unsafe-inline'" not in policy
        assert ("'unsafe-eval'" in policy) is path.startswith("/admin/")
        assert "frame-ancestors 'none'" in policy
        assert "<script>" not in page.content.decode()

    def test_json_is_no_page(self, client):
        assert client.get("/api/categories")["Content-Security-Policy"].startswith("default-src 'none'")

    def test_documentation_asks_no_other_host(self, client):
        for path in ("/api/docs", "/api/redoc"):
            assert "https://" not in client.get(path, HTTP_ACCEPT="text/html").content.decode()


class TestOrigins:
    def preflight(self, client, origin):
        headers = {"HTTP_ORIGIN": origin, "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "POST"}
        return client.options("/api/events", **headers).get("Access-Control-Allow-Origin")

    def test_pages_that_the_environment_names_may_call(self, client, settings):
        settings.CORS_ALLOWED_ORIGINS = ["https://shop.example"]
        assert self.preflight(client, "https://shop.example") == "https://shop.example"
        assert self.preflight(client, "https://evil.example") is None

    def test_pages_that_a_public_key_names_may_call(self, client):
        services.create_key(Tenant.objects.get(), [], is_public=True, allowed_origins=["https://shop.example"])
        client.get("/api/products", HTTP_AUTHORIZATION="Bearer sdr_x")  # any call: the table is read with it
        assert self.preflight(client, "https://shop.example") == "https://shop.example"
        assert self.preflight(client, "https://evil.example") is None
        assert "Access-Control-Allow-Origin" not in client.get("/admin/login/", HTTP_ORIGIN="https://shop.example")


@contextmanager
def json_logs():
    """Log everything as in production, to where the test looks."""
    line = logging_config("DEBUG", "json")["formatters"]["line"]
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(line.pop("()")(**line))
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield written
    root.removeHandler(handler)
    root.setLevel(level)


def test_a_key_is_in_no_line_of_the_logs():
    _, key = services.create_key(Tenant.objects.get(), ["catalog:write"])
    with json_logs() as written:
        client = Client(raise_request_exception=False)
        for bearer in (key, f"{key}x"):
            for path in ("/api/products", "/api/products/7", "/api/nowhere", "/api/events", f"/api/trending?key={key}"):
                client.get(path, HTTP_AUTHORIZATION=f"Bearer {bearer}")
                client.post(path, "{", content_type="application/json", HTTP_AUTHORIZATION=f"Bearer {bearer}")
    logged = written.getvalue()
    assert "/api/nowhere" in logged
    assert key.removeprefix("sdr_") not in logged
