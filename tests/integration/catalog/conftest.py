from typing import Any

import pytest
from django.test import Client


@pytest.fixture
def get(client: Client):
    """GET a path under /api/ with query parameters: the status and the JSON answered."""

    def get(path: str, **query: Any) -> tuple[int, Any]:
        response = client.get(f"/api/{path}", query)
        return response.status_code, response.json()

    return get


@pytest.fixture(autouse=True)
def _quick_hashes(settings: Any) -> None:
    # A password is hashed to be slow to guess: half a second for each that these tests make.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
