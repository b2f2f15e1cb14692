"""What a row says: the shopper, the product, the texts."""

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.models import Interaction
from sdr.accounts.models import User
from tests.factories import make_product, make_tenant
from tests.integration.events.archiving import archive, dead_letters, make_broker, of_user, send, work_off
from tests.unit.events.factories import make_event

pytestmark = pytest.mark.django_db


@pytest.fixture
def broker():
    return make_broker()


def test_a_shopper_is_made_once_and_never_signs_in(broker):
    for n in range(60):
        send(broker, of_user(f"u-{n % 3}"), partition=n % 2)
    archive(broker)
    people = User.objects.filter(external_id__startswith="u-")
    assert sorted(person.external_id for person in people) == ["u-0", "u-1", "u-2"]
    assert not any(person.has_usable_password() or person.is_staff for person in people)
    assert Interaction.objects.filter(user__in=people).count() == 60


def test_one_who_is_known_keeps_the_row(broker):
    known = User.objects.create(external_id="u-1", preferences={"hidden_categories": ["x"]})
    send(broker, of_user("u-1"))
    archive(broker)
    assert Interaction.objects.get().user == known
    known.refresh_from_db()
    assert known.preferences == {"hidden_categories": ["x"]}


def test_two_tenants_have_people_of_their_own(broker):
    other = make_tenant()
    for tenant in ("default", other.slug):
        send(broker, msgspec.structs.replace(make_event(1, user_id="u-1"), tenant=tenant))
    archive(broker)
    assert {row.user.tenant_id == row.tenant_id for row in Interaction.objects.select_related("user")} == {True}
    assert User.objects.filter(external_id="u-1").count() == 2


def test_a_session_without_a_user_makes_none(broker):
    n_before = User.objects.count()
    send(broker, make_event(1))
    archive(broker)
    assert Interaction.objects.get().user is None
    assert User.objects.count() == n_before


def test_who_was_erased_and_comes_back_is_somebody_new(broker):
    send(broker, of_user("u-1"))
    pipeline, source = archive(broker)
    User.objects.filter(external_id="u-1").delete()
    send(broker, of_user("u-1"))
    work_off(pipeline, source)
    assert Interaction.objects.filter(user__external_id="u-1").count() == 1


def test_a_sku_becomes_its_product(broker):
    product, _ = make_product(sku="A"), make_product(sku="A", tenant_id=make_tenant().pk)
    send(broker, make_event(None, sku="A"))
    archive(broker)
    row = Interaction.objects.get()
    assert (row.product, row.sku) == (product, "A")


def test_an_unknown_sku_is_kept_to_be_joined_later(broker):
    send(broker, make_event(None, sku="tomorrow's"))
    archive(broker)
    row = Interaction.objects.get()
    assert (row.product_id, row.sku) == (None, "tomorrow's")
    assert dead_letters(broker) == []


def test_an_id_that_no_product_has_is_no_poison(broker):
    send(broker, make_event(2**53))
    archive(broker)
    assert Interaction.objects.get().product_id == 2**53


TEXTS = [
    "\t",
    "a\tb\nc\rd",
    "\\",
    "\\N",
    "\\.",
    "\\x41",
    "😀👩‍👩‍👧",
    "𠜎𠜱",
    "é\u0301",
    "'; DROP TABLE",
    '"',
    "\x01\x7f",
    "x" * 200,
    "😀" * 200,
]


@pytest.mark.parametrize("text", TEXTS)
def test_ids_come_out_of_postgres_as_they_went_in(broker, text):
    send(broker, of_user(text, session_id=text))
    archive(broker)
    row = Interaction.objects.select_related("user").get()
    assert (row.user.external_id, row.session_id) == (text, text)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=10), max_size=8
    )
)
def test_whatever_ids_a_shop_makes_up(broker, texts):
    events = {event.event_id: event for event in (of_user(text, session_id=text) for text in texts)}
    for event in events.values():
        send(broker, event)
    archive(broker)
    rows = Interaction.objects.filter(event_id__in=events).values_list("event_id", "user__external_id", "session_id")
    assert {row[0]: row[1:] for row in rows} == {i: (e.user_id, e.session_id) for i, e in events.items()}
