"""The database connections of the thread we are in, without asking Django, which takes longer than most calls need."""

import threading
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created


class _Own(threading.local):
    def __init__(self) -> None:
        self.connections: list[BaseDatabaseWrapper] = []


_own = _Own()


def own_connections() -> list[BaseDatabaseWrapper]:
    """Return those that this thread has ever opened; some may be closed by now."""
    return _own.connections


def remember(connection: BaseDatabaseWrapper, **_signal: Any) -> None:
    """Note a connection that has just been opened, once: a thread keeps its wrappers and opens them again."""
    if connection not in _own.connections:
        _own.connections.append(connection)


def follow() -> None:
    """Hear of every connection that is opened from now on."""
    connection_created.connect(remember, dispatch_uid="sdr.rpc.connections")
