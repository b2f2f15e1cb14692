"""The Celery application: `celery -A sdr worker`, `celery -A sdr beat`."""

import os
from typing import Any

from celery import Celery
from celery.signals import heartbeat_sent, setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sdr.settings")

app = Celery("sdr")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def _keep_django_logging(**_kwargs: Any) -> None:
    """Leave logging as settings.LOGGING has it: a receiver here stops Celery from replacing it."""


@heartbeat_sent.connect
def _tell_readiness(**_kwargs: Any) -> None:
    """Say that a worker lives, for `/readyz`."""
    from sdr import servers

    servers.worker_beats()
