"""Writes that are sent again: done once, answered alike. The views are the test's own; the rest is as it is."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import path
from rest_framework.response import Response
from rest_framework.views import APIView

from sdr import clock
from sdr.accounts import services
from sdr.accounts.models import Tenant
from sdr.exceptions import InvalidInput
from sdr.idempotency import tasks
from sdr.idempotency.models import StoredAnswer
from sdr.urls import *  # noqa: F403
from tests.factories import make_tenant

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls(__name__)]


class ShopsView(APIView):
    """Makes a shop, which is a row as good as any."""

    required_scope = "catalog:write"
    is_under_way = threading.Event()
    may_answer = threading.Event()

    def post(self, request):
        shop = Tenant.objects.create(slug=request.data["slug"], name="x")
        if request.data.get("wait"):
            self.is_under_way.set()
            self.may_answer.wait(20)
        if request.data.get("fail") == "politely":
            raise InvalidInput("slug", "not this one")
        if request.data.get("fail"):
            raise RuntimeError
        return Response({"id": shop.pk}, status=201, headers={"Location": f"/shops/{shop.pk}", "X-Other": "1"})


urlpatterns = [path("api/shops", ShopsView.as_view()), *urlpatterns]  # noqa: F405


@pytest.fixture
def key():
    return services.create_key(make_tenant(), ["catalog:write"])[1]


def post(key, idempotency_key="k-1", **body):
    client = Client(raise_request_exception=False)
    headers = {"HTTP_AUTHORIZATION": f"Bearer {key}"}
    if idempotency_key is not None:
        headers["HTTP_IDEMPOTENCY_KEY"] = idempotency_key
    return client.post("/api/shops", body, content_type="application/json", **headers)


def n_shops(slug):
    return Tenant.objects.filter(slug__startswith=slug).count()


def test_a_repeated_write_is_done_once_and_answered_as_the_first_time(key):
    first, second = post(key, slug="a"), post(key, slug="a")
    assert (first.status_code, first.content, first["Location"]) == (201, second.content, second["Location"])
    assert second.status_code == 201
    assert ("Idempotency-Replayed" in first, second["Idempotency-Replayed"]) == (False, "true")
    assert "X-Other" not in second
    assert n_shops("a") == 1


def test_without_a_key_nothing_is_kept(key):
    assert post(key, idempotency_key=None, slug="a").status_code == 201
    assert not StoredAnswer.objects.exists()


def test_another_write_with_the_same_key_is_refused(key):
    post(key, slug="a")
    refused = post(key, slug="b")
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "idempotency_key_reused")
    assert n_shops("b") == 0


def test_keys_of_two_tenants_have_nothing_to_do_with_each_other(key):
    other = services.create_key(make_tenant(), ["catalog:write"])[1]
    assert [post(key, slug="a").status_code, post(other, slug="b").status_code] == [201, 201]


@pytest.mark.parametrize(("fail", "status"), [("politely", 400), ("badly", 500)])
def test_what_failed_changed_nothing_and_may_come_again_mended(key, fail, status):
    assert post(key, slug="a", fail=fail).status_code == status
    assert n_shops("a") == 0
    assert post(key, slug="a").status_code == 201


def test_a_write_that_is_under_way_is_not_begun_again(key):
    ShopsView.may_answer.clear()
    answers = []

    def write():
        answers.append(post(key, slug="a", wait=True).status_code)
        connection.close()

    first = threading.Thread(target=write)
    first.start()
    ShopsView.is_under_way.wait(20)
    refused = post(key, slug="a")
    ShopsView.may_answer.set()
    first.join()
    assert answers == [201]
    assert refused.status_code == 409
    assert refused.json()["error"]["code"] == "idempotency_in_progress"
    assert refused["Retry-After"] == "1"
    assert n_shops("a") == 1


def test_a_caller_without_the_scope_reads_no_stored_answer(key):
    post(key, slug="a")
    tenant = StoredAnswer.objects.get().tenant
    reader = services.create_key(tenant, ["recommendations:read"])[1]
    assert post(reader, slug="a").status_code == 403


@pytest.mark.parametrize("given", ["", "x" * 201, "käse", "a\tb"])
def test_a_key_that_is_none_is_refused_by_its_name(key, given):
    refused = post(key, idempotency_key=given, slug="a")
    assert (refused.status_code, list(refused.json()["error"]["fields"])) == (400, ["Idempotency-Key"])


def test_after_a_day_a_key_is_new_again(key):
    post(key, slug="a")
    StoredAnswer.objects.update(created_at=clock.now() - timedelta(hours=24, seconds=1))
    assert post(key, slug="b").status_code == 201
    assert StoredAnswer.objects.count() == 1


def test_old_answers_are_forgotten_and_so_are_the_oldest_of_too_many(key, monkeypatch):
    for number in range(4):
        post(key, idempotency_key=f"k-{number}", slug=f"a{number}")
    StoredAnswer.objects.filter(key="k-1").update(created_at=clock.now() - timedelta(hours=25))
    tasks.forget_old_answers()
    assert set(StoredAnswer.objects.values_list("key", flat=True)) == {"k-0", "k-2", "k-3"}
    monkeypatch.setattr(tasks, "MAX_ANSWERS", 2)
    tasks.forget_old_answers()
    assert set(StoredAnswer.objects.values_list("key", flat=True)) == {"k-2", "k-3"}


def test_without_postgres_a_write_with_a_key_is_told_to_come_again(key, monkeypatch):
    from sdr.accounts import keys

    monkeypatch.setattr(keys, "REFRESH_SECONDS", 1000)  # the key itself is known
    post(key, idempotency_key=None, slug="a")
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
    monkeypatch.setitem(connection.settings_dict, "PORT", "1")
    refused = post(key, slug="b")
    connection.close()
    assert (refused.status_code, refused["Retry-After"]) == (503, "1")
