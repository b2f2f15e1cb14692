"""What is known of users through both doors."""

import uuid
from datetime import UTC, datetime, timedelta

from google.protobuf.timestamp_pb2 import Timestamp

from events.models import Interaction
from protos.events.v1 import events_pb2
from protos.events.v1 import users_pb2 as messages
from protos.events.v1.users_pb2_grpc import UserServiceStub
from sdr import pagination
from sdr.accounts.models import User
from tests.integration.parity.doors import outcome

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def changed(doors, **fields):
    request = messages.UpdateUserPreferencesRequest(user_id="u-7", **fields)
    return doors.grpc(UserServiceStub, "UpdateUserPreferences", request)["preferences"]


def history(doors, **fields):
    return doors.grpc(
        UserServiceStub, "GetBehaviorHistory", messages.GetBehaviorHistoryRequest(user_id="u-7", **fields)
    )


def did(user, kind, minutes, **fields):
    at = NOON + timedelta(minutes=minutes)
    return Interaction.objects.create(
        tenant=user.tenant, user=user, kind=kind, event_id=uuid.uuid4(), product_id=12, occurred_at=at, received_at=at,
        topic="product_clicks", incarnation="first", partition=0, offset=minutes, **fields,
    )  # fmt: skip


def test_preferences_changed_at_one_door_hold_at_the_other(doors):
    path = "users/u-7/preferences"
    stranger = doors.grpc(UserServiceStub, "GetUser", messages.GetUserRequest(user_id="u-7"))["user"]
    assert stranger == {"user_id": "u-7", "preferences": doors.rest("GET", path)}
    changed(doors, favorite_categories={"slugs": ["tea"]}, category_weights={"tea": 0.5, "pans": 1.0})
    doors.rest("PATCH", path, {"hidden_categories": ["garden"], "category_weights": {"yoga": 0.25}})
    after = changed(doors, favorite_categories={}, removed_category_weights=["pans"])
    assert after == doors.rest("GET", path)
    assert after == {
        "favorite_categories": [],
        "category_weights": {"tea": 0.5, "yoga": 0.25},
        "hidden_categories": ["garden"],
    }


def test_both_doors_refuse_the_same_preferences_with_the_same_words(doors):
    for ours, theirs in [
        ({"category_weights": {"tea": 1.5}}, {"category_weights": {"tea": 1.5}}),
        ({"category_weights": {"": 0.5}}, {"category_weights": {"": 0.5}}),
        ({"hidden_categories": {"slugs": ["a", ""]}}, {"hidden_categories": ["a", ""]}),
        ({"hidden_categories": {"slugs": ["a\x00"]}}, {"hidden_categories": ["a\x00"]}),
    ]:
        refused = outcome(changed, doors, **ours)
        assert refused == outcome(doors.rest, "PATCH", "users/u-7/preferences", theirs)
        assert refused.status == 400
    assert not User.objects.filter(tenant=doors.tenant, external_id="u-7").exists()


def test_a_user_that_cannot_be_is_not_found(doors):
    request = messages.GetUserRequest(user_id="u" * 201)
    assert outcome(doors.grpc, UserServiceStub, "GetUser", request).status == 404
    assert outcome(doors.grpc, UserServiceStub, "GetUser", messages.GetUserRequest()).fields.keys() == {"user_id"}


def test_both_doors_tell_the_same_history_page_by_page(doors):
    user = User.objects.create(tenant=doors.tenant, external_id="u-7")
    did(user, "click", 1, session_id="s-1", recommendation_id="r", position=0)
    did(user, "rating", 2, value=4.5)
    did(user, "add_to_cart", 3, sku="K-1")
    cart, rating = events_pb2.EVENT_KIND_ADD_TO_CART, events_pb2.EVENT_KIND_RATING
    since = Timestamp(seconds=int((NOON + timedelta(minutes=2)).timestamp()))
    for ours, theirs in [
        ({}, {}),
        ({"page": 2, "page_size": 2}, {"page": 2, "page_size": 2}),
        ({"kinds": [cart, rating]}, {"kind": "add_to_cart,rating"}),
        ({"since": since}, {"since": "2026-11-20T12:02:00Z"}),
        ({"until": since}, {"until": "2026-11-20T12:02:00Z"}),
    ]:
        told, shown = history(doors, **ours), doors.rest("GET", "users/u-7/history", **theirs)
        assert [known(entry) for entry in told.pop("history")] == shown.pop("history")
        assert told == shown


def known(entry):
    return {name: value for name, value in entry.items() if value is not None}


def test_both_doors_refuse_the_same_pages(doors):
    for page in ({"page": 0}, {"page_size": 201}, {"page": 2}):
        refused = outcome(history, doors, **page)
        assert refused == outcome(doors.rest, "GET", "users/u-7/history", **page)
        assert refused.status in {400, 404}


def test_both_doors_go_so_deep_and_no_deeper(doors, monkeypatch):
    monkeypatch.setattr(pagination, "MAX_DEPTH", 1)
    user = User.objects.create(tenant=doors.tenant, external_id="u-7")
    for minutes in range(3):
        did(user, "click", minutes)
    for number, status in [(2, None), (3, 400), (4, 404)]:
        page = {"page": number, "page_size": 1}
        told = outcome(history, doors, **page)
        if status:
            assert (told.status, told) == (status, outcome(doors.rest, "GET", "users/u-7/history", **page))
        else:
            assert told["page"] == number


def test_a_stranger_did_nothing_at_either_door(doors):
    assert history(doors) == doors.rest("GET", "users/u-7/history")


def test_reading_and_writing_take_their_own_scopes(doors):
    reader = doors.with_scopes("users:read")
    assert outcome(changed, reader, category_weights={"tea": 1}).status == 403
    assert history(reader)["total"] == 0
