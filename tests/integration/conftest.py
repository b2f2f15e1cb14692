"""What tests with real servers share."""

from collections.abc import Iterator

import pytest

from events.broker import offhand
from events.broker.producer import close_publisher
from tests.apache import _apache_kafka, apache_kafka  # noqa: F401  fixtures


@pytest.fixture(scope="session", autouse=True)
def _publisher_ends_with_the_run() -> Iterator[None]:
    """The broker stops with the run; a producer that outlived it would go on looking for it."""
    yield
    close_publisher()
    offhand.close()
