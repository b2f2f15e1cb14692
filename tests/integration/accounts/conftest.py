from pathlib import Path
from typing import Any

import pytest
from django.conf import settings


@pytest.fixture(autouse=True, scope="session")
def _static_root() -> None:
    # WhiteNoise warns where nothing was collected, and warnings are errors here.
    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)


@pytest.fixture(autouse=True)
def _quick_hashes(settings: Any) -> None:
    # A password is hashed to be slow to guess: half a second for each that these tests make.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
