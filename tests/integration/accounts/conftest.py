from pathlib import Path

import pytest
from django.conf import settings


@pytest.fixture(autouse=True, scope="session")
def _static_root() -> None:
    # WhiteNoise warns where nothing was collected, and warnings are errors here.
    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)
