import pytest

from sdr.accounts import access
from sdr.accounts.models import DEFAULT_TENANT_ID, Scope


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "[::1]", "::ffff:127.0.0.1", "127.9.9.9"])
def test_without_a_key_this_machine_may_do_everything_for_the_default_tenant(settings, address):
    settings.API_KEYS_REQUIRED = False
    caller = access.authenticate(None, address)
    assert (caller.tenant_id, caller.scopes) == (DEFAULT_TENANT_ID, frozenset(Scope.values))


@pytest.mark.parametrize("address", ["10.0.0.1", "2001:db8::1", None])
def test_without_a_key_nobody_else_may_do_anything(settings, address):
    settings.API_KEYS_REQUIRED = False
    with pytest.raises(access.Unauthenticated):
        access.authenticate(None, address)


def test_where_keys_are_required_this_machine_needs_one_too(settings):
    settings.API_KEYS_REQUIRED = True
    with pytest.raises(access.Unauthenticated, match="API key is required"):
        access.authenticate(None, "127.0.0.1")


@pytest.mark.parametrize("header", ["Basic abc", "Bearer", "Bearer ", "abc"])
def test_a_header_that_is_no_key_is_refused(header):
    with pytest.raises(access.Unauthenticated, match="Bearer KEY"):
        access.authenticate(header, "127.0.0.1")
