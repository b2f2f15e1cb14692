"""Keys in memory: what a process knows, how soon it hears of changes, and what it says without Postgres."""

from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import connection

from sdr import clock
from sdr.accounts import access, key_copy, keys, services
from sdr.accounts.callers import Unauthenticated
from sdr.accounts.keys import KeyTable
from sdr.accounts.models import ApiKey, Tenant
from sdr.exceptions import Unavailable
from tests.eventually import eventually
from tests.factories import make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant():
    return make_tenant()


@pytest.fixture
def row_and_key(tenant):
    return services.create_key(tenant, ["recommendations:read"])


@pytest.fixture
def key(row_and_key):
    return row_and_key[1]


@pytest.fixture
def warm(key, monkeypatch):
    """A process as it runs: its thread looks for news, and the key has been seen."""
    monkeypatch.setattr(keys, "REFRESH_SECONDS", 0.05)
    assert is_open(key)


@pytest.fixture
def without_postgres(warm, monkeypatch):
    monkeypatch.setattr(keys, "RETRY_SECONDS", 0.0)
    keys._keys.get().end()  # the test takes the thread's place: both share nothing but the table
    close_postgres(monkeypatch)
    yield
    connection.close()


def close_postgres(monkeypatch):
    connection.close()
    database = key_copy._database()
    monkeypatch.setattr(key_copy, "_database", lambda: database)  # it has not moved
    monkeypatch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
    monkeypatch.setitem(connection.settings_dict, "PORT", "1")


@pytest.fixture
def place(settings, tmp_path):
    """A machine of the test's own, where no process has run yet."""
    settings.VAR_DIR = tmp_path
    return key_copy.path()


@pytest.fixture
def start_without_postgres(place, key, monkeypatch):
    """Return what starts a process on a machine where one has run, whose Postgres is away by now."""
    monkeypatch.setattr(keys, "REFRESH_SECONDS", 1000)
    KeyTable().step()

    def start():
        close_postgres(monkeypatch)
        table = KeyTable()
        with suppress(Unavailable):
            table.refresh(since=0)
        return table

    yield start
    connection.close()


def is_open(key: str) -> bool:
    try:
        access.authenticate(f"Bearer {key}", None)
    except Unauthenticated:
        return False
    return True


@pytest.mark.usefixtures("warm")
def test_a_known_key_needs_no_query(key, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert is_open(key)


@pytest.mark.usefixtures("warm")
@pytest.mark.parametrize(
    "close",
    [
        lambda row: services.revoke_keys([row]),
        lambda row: row.delete(),
        lambda row: Tenant.objects.filter(pk=row.tenant_id).update(is_active=False),
        lambda row: ApiKey.objects.filter(pk=row.pk).update(expires_at=clock.now() - timedelta(seconds=1)),
    ],
    ids=["revoked", "deleted", "tenant closed", "expired"],
)
def test_a_closed_key_is_refused_within_a_second(row_and_key, close):
    row, key = row_and_key
    close(row)
    eventually(lambda: not is_open(key), seconds=1)


@pytest.mark.usefixtures("warm")
def test_a_new_key_opens_at_once(tenant):
    assert is_open(services.create_key(tenant, [])[1])


def test_a_key_that_has_run_out_is_refused_without_anybody_telling(row_and_key, monkeypatch, django_assert_num_queries):
    _row, key = row_and_key
    ApiKey.objects.update(expires_at=clock.now() + timedelta(hours=1))
    assert is_open(key)
    monkeypatch.setattr(keys, "REFRESH_SECONDS", 1000)
    later = clock.now_seconds() + 3601
    monkeypatch.setattr(clock, "now_seconds", lambda: later)
    with django_assert_num_queries(0):
        assert not is_open(key)


def test_after_a_rotation_both_secrets_open_for_a_while_and_then_the_new_one(row_and_key, monkeypatch):
    row, old = row_and_key
    new = services.rotate_key(row, overlap=timedelta(hours=1))
    assert is_open(old)
    assert is_open(new)
    later = clock.now_seconds() + 3601
    monkeypatch.setattr(clock, "now_seconds", lambda: later)
    assert not is_open(old)
    assert is_open(new)


def test_a_second_rotation_ends_the_first_secret(row_and_key):
    row, first = row_and_key
    second, third = services.rotate_key(row), services.rotate_key(row)
    assert [is_open(key) for key in (first, second, third)] == [False, True, True]


@pytest.mark.usefixtures("without_postgres")
def test_without_postgres_known_keys_go_on_and_of_others_nobody_can_tell(key):
    assert is_open(key)
    for _ in range(2):
        with pytest.raises(Unavailable):
            is_open("sdr_whoever")


def test_a_process_that_starts_without_postgres_goes_by_what_was_known_there_last(start_without_postgres, key):
    table = start_without_postgres()
    assert table.find(key).access.scopes == {"recommendations:read"}
    with pytest.raises(Unavailable):
        table.find("sdr_whoever")


def test_a_key_that_was_revoked_is_not_known_there(start_without_postgres, row_and_key):
    row, key = row_and_key
    services.revoke_keys([row])
    KeyTable().step()
    with pytest.raises(Unavailable):
        start_without_postgres().find(key)


@pytest.mark.parametrize("is_redis_there", [True, False])
def test_a_key_that_was_revoked_on_another_machine_is_not_known_there_while_redis_answers(
    start_without_postgres, row_and_key, place, settings, is_redis_there
):
    row, key = row_and_key
    services.revoke_keys([row])
    here, settings.VAR_DIR = settings.VAR_DIR, settings.VAR_DIR / "another"
    KeyTable().step()
    settings.VAR_DIR = here
    if is_redis_there:
        with pytest.raises(Unavailable):
            start_without_postgres().find(key)
    else:
        settings.REDIS_URL = "redis://127.0.0.1:1/0"
        assert start_without_postgres().find(key)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda place: place.chmod(0o644),
        lambda place: place.write_bytes(place.read_bytes()[:-7]),
        lambda place: place.unlink(),
    ],
    ids=["others may read it", "half of it", "none"],
)
def test_a_copy_that_cannot_be_believed_is_not(start_without_postgres, key, place, spoil):
    assert place.stat().st_mode & 0o777 == 0o600
    spoil(place)
    with pytest.raises(Unavailable):
        start_without_postgres().find(key)


def test_a_copy_is_believed_for_a_day(start_without_postgres, key, monkeypatch):
    later = clock.now_seconds() + key_copy.MAX_AGE_SECONDS + 1
    monkeypatch.setattr(clock, "now_seconds", lambda: later)
    with pytest.raises(Unavailable):
        start_without_postgres().find(key)


def test_no_secret_is_in_the_copy(start_without_postgres, key, place):
    assert key.encode() not in place.read_bytes()


@pytest.mark.usefixtures("place")
def test_while_postgres_answers_the_copy_is_not_asked(row_and_key, monkeypatch):
    row, key = row_and_key
    KeyTable().step()
    services.revoke_keys([row])  # while no process runs here
    monkeypatch.setattr(keys, "REFRESH_SECONDS", 1000)
    monkeypatch.setattr(keys, "FIRST_READ_SECONDS", 30)
    assert not is_open(key)


@pytest.mark.usefixtures("warm")
def test_unknown_keys_leave_nothing_behind():
    n_held = len(keys.table().snapshot.keys)
    assert not any(is_open(f"sdr_{number}") for number in range(20))
    assert len(keys.table().snapshot.keys) == n_held


@pytest.mark.usefixtures("warm")
def test_the_use_of_a_key_is_written_later_and_all_at_once(row_and_key, django_assert_num_queries):
    row, key = row_and_key
    keys._keys.get().end()
    for _ in range(3):
        is_open(key)
    row.refresh_from_db()
    assert row.last_used_at is None
    revision = keys.table().snapshot.revision
    with django_assert_num_queries(1):
        keys.table().uses.write()
    row.refresh_from_db()
    assert abs((clock.now() - row.last_used_at).total_seconds()) < 60
    keys.table().refresh(since=float("inf"))
    assert keys.table().snapshot.revision == revision  # which would have every process read its table again


def test_a_public_key_gets_no_more_than_the_public_scopes(tenant):
    _, key = services.create_key(tenant, ["events:write", "users:read", "catalog:write"], is_public=True)
    assert access.authenticate(f"Bearer {key}", None).scopes == {"events:write"}


def test_a_key_for_some_pages_is_refused_from_others_and_from_none(tenant):
    _, key = services.create_key(tenant, ["events:write"], is_public=True, allowed_origins=["https://shop.example"])
    assert access.authenticate(f"Bearer {key}", None, origin="https://shop.example")
    for origin in ("https://evil.example", None):
        with pytest.raises(Unauthenticated, match="other pages"):
            access.authenticate(f"Bearer {key}", None, origin=origin)
