from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client


@pytest.fixture(autouse=True, scope="session")
def _static_root() -> None:
    # WhiteNoise warns where nothing was collected, and warnings are errors here.
    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)


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
