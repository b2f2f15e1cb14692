"""Preferences over REST: merged, checked by name, and in Redis before the answer."""

import json

import pytest

from events.live import keys
from events.live.shoppers import read_shopper
from sdr.accounts import access
from sdr.accounts.models import Tenant, User
from sdr.accounts.preferences import Preferences
from tests.factories import make_tenant

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("redis_client"),
]
# Faster, where nothing has to be committed.
in_one_transaction = pytest.mark.django_db(transaction=False)
EMPTY = {"favorite_categories": [], "category_weights": {}, "hidden_categories": []}


def patch(client, body, user="u-7", **headers):
    return client.patch(f"/api/users/{user}/preferences", json.dumps(body), "application/json", **headers)


def copy_of(user, tenant="default"):
    return read_shopper(tenant, user, None, timeout_seconds=5).preferences


@in_one_transaction
def test_a_stranger_has_none_and_is_not_created_by_asking(client):
    assert client.get("/api/users/u-7/preferences").json() == EMPTY
    assert not User.objects.filter(external_id="u-7").exists()


def test_the_first_change_creates_the_user_and_holds_at_once(client):
    answer = patch(client, {"hidden_categories": ["garden", "garden"]})
    assert (answer.status_code, answer.json()) == (200, EMPTY | {"hidden_categories": ["garden"]})
    assert copy_of("u-7") == Preferences(hidden_categories=["garden"])
    assert not User.objects.get(external_id="u-7").has_usable_password()


def test_changes_are_merged(client):
    patch(client, {"category_weights": {"home": 0.5, "toys": 1}, "favorite_categories": ["home"]})
    patch(client, {"category_weights": {"home": None, "café & co": 0.25}, "hidden_categories": ["garden"]})
    expected = {
        "favorite_categories": ["home"],
        "category_weights": {"toys": 1, "café & co": 0.25},
        "hidden_categories": ["garden"],
    }
    assert client.get("/api/users/u-7/preferences").json() == expected
    assert patch(client, dict.fromkeys(expected)).json() == EMPTY
    assert copy_of("u-7") is None


@in_one_transaction
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"favourites": []}, "favourites"),
        ({"hidden_categories": "garden"}, "hidden_categories"),
        ({"hidden_categories": ["a", 5]}, "hidden_categories.1"),
        ({"hidden_categories": [""]}, "hidden_categories.0"),
        ({"hidden_categories": ["x\0"]}, "hidden_categories.0"),
        ({"hidden_categories": ["\ud800"]}, "hidden_categories.0"),
        ({"hidden_categories": [str(n) for n in range(1001)]}, "hidden_categories"),
        ({"category_weights": ["home"]}, "category_weights"),
        ({"category_weights": {"home": 1.5}}, "category_weights.home"),
        ({"category_weights": {"home": "much"}}, "category_weights.home"),
        ({"category_weights": {"": 1}}, "category_weights."),
        (["garden"], "preferences"),
    ],
)
def test_a_mistake_is_named_and_changes_nothing(client, body, field):
    answer = patch(client, body)
    assert answer.status_code == 400
    assert field in answer.json()["error"]["fields"]
    assert not User.objects.filter(external_id="u-7").exists()


@in_one_transaction
@pytest.mark.parametrize("user", ["x" * 201, "a%00b"])
def test_an_id_nobody_can_have_is_not_found(client, user):
    assert patch(client, {}, user).status_code == 404
    assert client.get(f"/api/users/{user}/preferences").status_code == 404


def test_scopes_are_asked_for_and_tenants_kept_apart(client, settings):
    settings.API_KEYS_REQUIRED = True
    other = make_tenant("other")
    _, reader = access.create_key(Tenant.objects.get(slug="default"), ["users:read"])
    _, writer = access.create_key(other, ["users:write"])
    as_reader, as_writer = ({"HTTP_AUTHORIZATION": f"Bearer {key}"} for key in (reader, writer))
    assert patch(client, {}, **as_reader).status_code == 403
    assert client.get("/api/users/u-7/preferences", **as_writer).status_code == 403
    assert client.get("/api/users/u-7/preferences").status_code == 401
    assert patch(client, {"hidden_categories": ["garden"]}, **as_writer).status_code == 200
    assert client.get("/api/users/u-7/preferences", **as_reader).json() == EMPTY
    assert (copy_of("u-7"), copy_of("u-7", "other")) == (None, Preferences(hidden_categories=["garden"]))


def test_a_users_name_in_redis_is_spelled_in_one_place(client, redis_client):
    patch(client, {"hidden_categories": ["garden"]}, "u 7:é")
    assert redis_client.exists(keys.preferences("default", "u:u 7:é"))
