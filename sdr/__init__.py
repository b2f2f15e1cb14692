"""The platform that every app of SDR stands on."""

from sdr.celery import app as celery_app

__all__ = ["celery_app"]
