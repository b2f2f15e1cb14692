"""What processes do without."""

import os
import subprocess
import sys

from django.conf import settings

WEB = """
import sys, django; django.setup()
import sdr.urls, recommendations.services
print("sklearn" in sys.modules)
"""

CONSUMER = """
import django; django.setup()
from django.core.checks import run_checks
from sdr.checks import SETTINGS
import events.consumers, sys
run_checks(tags=[SETTINGS])
print(sorted({"scipy", "unfold.admin", "rest_framework.views"} & sys.modules.keys()))
"""

CHECKER = """
import django; django.setup()
from django.contrib import admin
from django.core.checks import run_checks
looked_at = []
admin.ModelAdmin.check = lambda self: looked_at.append(self.model.__name__) or []
run_checks(tags=["admin"])
print("Product" in looked_at)
"""


def test_a_web_process_does_not_load_what_builds_the_index():
    # 65 MB of each process, and a second of its start.
    assert said_by(WEB) == "False"


def test_a_consumer_loads_neither_pages_nor_what_ranks():
    # A second and a half of its start.
    assert said_by(CONSUMER) == "[]"


def test_who_checks_the_admins_pages_loads_them():
    assert said_by(CHECKER) == "True"


def said_by(program):
    """Return the last line of a process of its own."""
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "sdr.settings"}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1]
