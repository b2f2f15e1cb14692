"""What web processes do without."""

import os
import subprocess
import sys

from django.conf import settings

WEB = """
import sys, django; django.setup()
from django.contrib import admin
admin.autodiscover()
import sdr.urls, recommendations.services
print("sklearn" in sys.modules)
"""


def test_a_web_process_does_not_load_what_builds_the_index():
    # 65 MB of each process, and a second of its start.
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "sdr.settings"}
    done = subprocess.run(
        [sys.executable, "-c", WEB], cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split()[-1] == "False"
