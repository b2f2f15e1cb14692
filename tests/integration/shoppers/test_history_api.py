"""A user's history over REST: what the archive has, newest first."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from events.models import Interaction
from sdr.accounts.models import Tenant, User
from tests.factories import make_tenant

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def did(user, kind="click", *, minutes=0, **fields):
    at = NOON + timedelta(minutes=minutes)
    place = {"topic": "product_clicks", "incarnation": "first", "partition": 0, "offset": minutes}
    return Interaction.objects.create(
        tenant=user.tenant, user=user, kind=kind, event_id=uuid.uuid4(), product_id=12, occurred_at=at, received_at=at,
        **place, **fields,
    )  # fmt: skip


@pytest.fixture
def user():
    return User.objects.create(external_id="u-7")


def history(client, user="u-7", **query):
    answer = client.get(f"/api/users/{user}/history", query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_a_stranger_did_nothing(client):
    assert history(client) == {"history": [], "total": 0, "page": 1, "page_size": 50}


def test_what_a_user_did_comes_newest_first_in_pages(client, user):
    did(User.objects.create(external_id="u-8"), minutes=99)
    for minute in (1, 3, 2):
        did(user, minutes=minute)
    first, second = (history(client, page=page, page_size=2) for page in (1, 2))
    assert (first["total"], len(first["history"])) == (3, 2)
    times = [entry["occurred_at"] for entry in first["history"] + second["history"]]
    assert times == [f"2026-11-20T12:0{minute}:00Z" for minute in (3, 2, 1)]
    assert list(user.behavior_history.values_list("offset", flat=True)) == [3, 2, 1]


def test_an_entry_says_what_is_known(client, user):
    event = did(user, "rating", session_id="s", value=4.5)
    (entry,) = history(client)["history"]
    assert entry == {
        "event_id": str(event.event_id),
        "kind": "rating",
        "product_id": 12,
        "session_id": "s",
        "value": 4.5,
        "occurred_at": "2026-11-20T12:00:00Z",
        "received_at": "2026-11-20T12:00:00Z",
    }


def test_kinds_and_spans_are_chosen(client, user):
    for minute, kind in enumerate(["view", "click", "purchase", "click"]):
        did(user, kind, minutes=minute)

    def kinds(**query):
        return [entry["kind"] for entry in history(client, **query)["history"]]

    assert kinds(kind="click") == ["click", "click"]
    assert kinds(kind="purchase,view") == ["purchase", "view"]
    assert kinds(since="2026-11-20T13:01:00+01:00", until="2026-11-20T12:03:00Z") == ["purchase", "click"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"kind": "stare"}, "kind"),
        ({"since": "2026-11-20T12:00:00"}, "since"),
        ({"until": "yesterday"}, "until"),
        ({"until": "2026-13-20T12:00:00Z"}, "until"),
        ({"page": "0"}, "page"),
    ],
)
def test_a_question_that_makes_no_sense_names_its_field(client, query, field):
    answer = client.get("/api/users/u-7/history", query)
    assert answer.status_code == 400
    assert field in answer.json()["error"]["fields"]


def test_another_tenants_user_of_the_same_name_is_another(client, user):
    did(User.objects.create(external_id="u-9", tenant=make_tenant()))
    assert history(client, "u-9")["total"] == 0
    assert Tenant.objects.count() == 2
