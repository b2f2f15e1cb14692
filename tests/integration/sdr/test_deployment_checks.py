"""`manage.py check --deploy` as an operator runs it before a release."""

import os
import subprocess
import sys

import pytest
from django.conf import settings


def check(**environment):
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    production = {"DEBUG": "0", "ALLOWED_HOSTS": "sdr.example", "API_KEYS_REQUIRED": "1"}
    env = os.environ | production | {"SECRET_KEY": "0123456789abcdefghij" * 3}
    return subprocess.run(
        command, check=False, cwd=settings.BASE_DIR, env=env | environment, capture_output=True, text=True
    )


def test_production_behind_tls_has_nothing_to_remark():
    done = check(BEHIND_TLS_PROXY="1")
    assert (done.returncode, "no issues" in done.stdout + done.stderr) == (0, True)


@pytest.mark.parametrize(
    ("environment", "remark"),
    [
        ({"BEHIND_TLS_PROXY": "0"}, "security.W012"),
        ({"BEHIND_TLS_PROXY": "1", "ALLOWED_HOSTS": ""}, "security.W020"),
        ({"BEHIND_TLS_PROXY": "1", "SECRET_KEY": "short"}, "sdr.E001"),
        ({"BEHIND_TLS_PROXY": "1", "TRUSTED_PROXIES": "10.0.0.1/8"}, "sdr.E002"),
        ({"BEHIND_TLS_PROXY": "1", "API_KEYS_REQUIRED": "0"}, "sdr.W001"),
    ],
)
def test_what_is_missing_is_named(environment, remark):
    done = check(**environment)
    assert done.returncode == 1
    assert remark in done.stderr
