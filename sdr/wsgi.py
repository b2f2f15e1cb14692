"""The web server's way in."""

import os
from importlib import import_module

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sdr.settings")
_django = get_wsgi_application()

from django.conf import settings  # noqa: E402  needs the environment

from sdr.checks import refuse_to_serve_insecurely  # noqa: E402  needs the settings
from sdr.collector import spare_what_is_there  # noqa: E402
from sdr.connections import limit_statements  # noqa: E402
from sdr.http.bodies import measured  # noqa: E402
from sdr.quick import QuickLane  # noqa: E402

application = measured(QuickLane(_django), most=settings.MAX_BODY_BYTES)
refuse_to_serve_insecurely()
limit_statements()
import_module(settings.ROOT_URLCONF)  # every view, now and not by the first request
spare_what_is_there()
