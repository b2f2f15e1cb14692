"""What Postgres' errors mean to the archive."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import Error, connection, transaction

from sdr.exceptions import Unavailable

# Classes of SQLSTATE that the same rows meet again, however often they are tried: bad data, a broken constraint,
# a limit of Postgres' own, an exception that somebody's trigger raised.
DETERMINISTIC = frozenset({"22", "23", "54", "P0"})


class Refused(Exception):
    """Postgres does not take these rows, and never will; the text says why."""


@contextmanager
def one_transaction() -> Iterator[None]:
    """Run the block as one transaction. Raises Refused for what its rows are, Unavailable for everything else.

    After a commit whose answer was lost, either may be true; who calls again with the same offsets finds out.
    """
    try:
        with transaction.atomic():
            yield
    except Error as error:
        if _sqlstate(error)[:2] in DETERMINISTIC:
            raise Refused(str(error).strip()) from error
        connection.close()  # it may be to a server that is gone; the next call makes a new one
        raise Unavailable(f"Postgres: {str(error).strip()}") from error


def _sqlstate(error: BaseException) -> str:
    return getattr(error.__cause__, "pgcode", None) or ""
