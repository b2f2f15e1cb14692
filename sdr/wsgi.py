"""The web server's way in."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sdr.settings")
application = get_wsgi_application()

from sdr.checks import refuse_to_serve_insecurely  # noqa: E402  needs the settings

refuse_to_serve_insecurely()
