"""A statement that takes too long is cancelled in servers, and the connection goes on."""

import pytest
from django.db import OperationalError, connections

from sdr.connections import limit_statements


@pytest.fixture
def made_anew(settings, monkeypatch, db):
    """Return a connection with what servers ask of theirs."""
    own = connections.settings["default"]
    monkeypatch.setitem(own, "OPTIONS", dict(own["OPTIONS"]))
    made = []

    def connect(timeout_ms):
        settings.DATABASE_STATEMENT_TIMEOUT_MS = timeout_ms
        limit_statements()
        made.append(connections["default"].copy())
        made[-1].settings_dict["OPTIONS"] = dict(own["OPTIONS"])
        return made[-1]

    yield connect
    for connection in made:
        connection.close()


def test_a_statement_that_takes_too_long_is_cancelled(made_anew):
    connection = made_anew(50)
    with connection.cursor() as cursor, pytest.raises(OperationalError, match="statement timeout"):
        cursor.execute("SELECT pg_sleep(60)")
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("50ms",)


def test_nought_is_no_limit(made_anew):
    with made_anew(0).cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)
