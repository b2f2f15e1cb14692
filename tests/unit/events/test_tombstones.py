"""What consumers know of erased shoppers, and what they leave of an event."""

from datetime import UTC, datetime, timedelta

import pytest

from events import acts
from events.acts import Erasure, Merge
from events.tombstones import TombstoneDirectory, _Tenant
from tests.unit.events.factories import START, make_event

ERASED_AT = datetime.fromtimestamp(START, UTC)


@pytest.fixture
def erased():
    """u:7 and s:1 were erased, of one tenant."""
    directory = TombstoneDirectory()
    directory._tenants = {"default": _Tenant(b"salt"), "other": _Tenant(b"other salt")}
    for name in ("u:7", "s:1"):
        directory.add(Erasure(tenant="default", shopper=name, at=ERASED_AT))
    return directory


def event(user_id=None, session_id=None, *, occurred=0, received=0, tenant="default"):
    made = make_event(at=START + occurred, received_at=START + received, tenant=tenant, user_id=user_id)
    return type(made)(**{name: getattr(made, name) for name in made.__struct_fields__} | {"session_id": session_id})


@pytest.mark.parametrize(
    ("user_id", "session_id", "left"),
    [
        ("7", None, ()),
        ("7", "2", ()),  # the session is the erased user's, too
        (None, "1", ()),
        ("8", "1", ("u:8",)),
        ("8", "2", ("u:8", "s:2")),
    ],
)
def test_names_of_erased_shoppers_are_left_out(erased, user_id, session_id, left):
    assert erased.names_left(event(user_id, session_id)) == left


@pytest.mark.parametrize(
    ("occurred", "received", "is_left"), [(-9, -5, 0), (-9, 5, 0), (5, -5, 0), (0, 0, 0), (5, 5, 1)]
)
def test_what_occurred_or_was_received_until_then_is_nobodys(erased, occurred, received, is_left):
    assert len(erased.names_left(event("7", occurred=occurred, received=received))) == is_left


def test_another_tenants_shopper_of_that_name_is_another(erased):
    assert erased.names_left(event("7", tenant="other")) == ("u:7",)
    assert erased.names_left(event("7", tenant="younger than the directory")) == ("u:7",)


def test_an_older_erasure_takes_nothing_back(erased):
    erased.add(Erasure(tenant="default", shopper="u:7", at=ERASED_AT - timedelta(days=1)))
    assert erased.is_erased("default", "u:7", ERASED_AT)


@pytest.mark.parametrize(
    "act",
    [
        Erasure(tenant="default", shopper='u:"kind":"merge"', at=ERASED_AT),
        Merge(tenant="default", user_id="7", session_id="ü\\", at=ERASED_AT),
    ],
)
def test_an_act_comes_out_as_it_went_in(act):
    assert acts.decode(acts.encode(act)) == act


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"{}",
        b'{"kind":"erasure"}',
        b'{"kind":"erasure","tenant":"t","shopper":"x:7","at":"2026-01-01T00:00:00Z"}',
    ],
)
def test_what_is_no_act_is_none(value):
    assert acts.decode(value) is None
