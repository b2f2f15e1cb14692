"""What the documents say of the settings is complete."""

import re

from django.conf import settings


def test_every_variable_that_the_settings_read_is_documented():
    read = set(re.findall(r'env(?:\.\w+)?\(\s*"([A-Z_]+)"', (settings.BASE_DIR / "sdr" / "settings.py").read_text()))
    documented = set(re.findall(r"`([A-Z_]+)`", (settings.BASE_DIR / "docs" / "configuration.md").read_text()))
    assert read - documented == set()
