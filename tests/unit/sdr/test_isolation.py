import socket

import pytest
import pytest_socket
from django.db import connection


@pytest.mark.filterwarnings("ignore:A test tried to use socket")
@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_UNIX])
def test_a_unit_test_cannot_open_a_socket(family):
    with pytest.raises(pytest_socket.SocketBlockedError):
        socket.socket(family)


def test_a_unit_test_cannot_reach_the_database():
    with pytest.raises(RuntimeError, match="Database access not allowed"):
        connection.ensure_connection()
