"""The archive in the admin: to be looked at, never to be changed."""

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from events.models import Interaction
from tests.factories import make_staff, make_tenant
from tests.integration.events.archiving import archive, make_broker, of_user, send
from tests.unit.events.factories import make_event

pytestmark = pytest.mark.django_db
LIST = reverse("admin:events_interaction_changelist")


@pytest.fixture
def client(client):
    client.force_login(make_staff(is_superuser=True))
    return client


@pytest.fixture
def events():
    broker = make_broker()
    sent = [of_user("u-7", session_id="s-7"), of_user("u-8", session_id="s-8"), make_event(None, sku="unknown")]
    for event in sent:
        send(broker, event)
    archive(broker)
    return sent


def test_the_list_shows_what_happened(client, events):
    page = client.get(LIST).content.decode()
    assert "u-7" in page
    assert "unknown" in page


@pytest.mark.parametrize("term", ["u-7", "s-7", "event id"])
def test_a_whole_id_finds_its_events(client, events, term):
    page = client.get(LIST, {"q": str(events[0].event_id) if term == "event id" else term}).content.decode()
    assert "u-7" in page
    assert "u-8" not in page


def test_nothing_can_be_added_changed_or_deleted(client, events):
    assert client.get(reverse("admin:events_interaction_add")).status_code == 403
    row = Interaction.objects.first()
    assert client.get(reverse("admin:events_interaction_change", args=[row.pk])).status_code == 200
    assert client.post(reverse("admin:events_interaction_change", args=[row.pk]), {"kind": "view"}).status_code == 403
    assert client.post(reverse("admin:events_interaction_delete", args=[row.pk])).status_code == 403
    assert Interaction.objects.count() == 3


def test_staff_of_one_shop_see_no_other_shops_events(client, events):
    staff = make_staff(tenant=make_tenant())
    staff.user_permissions.add(Permission.objects.get(codename="view_interaction"))
    client.force_login(staff)
    assert "u-7" not in client.get(LIST).content.decode()
