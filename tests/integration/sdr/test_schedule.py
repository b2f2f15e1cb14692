"""What beat does by itself is made once, and is staff's to edit."""

import pytest
from django.conf import settings
from django.core.management import call_command
from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler

from sdr.celery import app

REBUILD = "rebuild-changed-indexes"


@pytest.mark.django_db
def test_a_new_installation_rebuilds_changed_indexes_every_five_minutes():
    entry = PeriodicTask.objects.get(name=REBUILD)
    assert (entry.enabled, entry.interval.every, entry.interval.period) == (True, 300, "seconds")


def test_every_entry_names_a_task():
    app.loader.import_default_modules()
    assert {entry["task"] for entry in settings.SCHEDULE.values()} <= set(app.tasks)


@pytest.mark.django_db(transaction=True)  # beat ends transactions and closes connections
def test_an_edited_entry_survives_migrations_and_restarts_of_beat():
    PeriodicTask.objects.filter(name=REBUILD).update(enabled=False)
    entry = PeriodicTask.objects.get(name=REBUILD)
    entry.interval.every = 60
    entry.interval.save()
    call_command("migrate", verbosity=0)
    DatabaseScheduler(app=app).setup_schedule()
    entry = PeriodicTask.objects.get(name=REBUILD)
    assert (entry.enabled, entry.interval.every) == (False, 60)


@pytest.mark.django_db
def test_quality_is_looked_at_once_a_night():
    entry = PeriodicTask.objects.get(name="evaluate-indexes")
    assert (entry.crontab.hour, entry.crontab.minute, entry.crontab.day_of_week) == ("3", "17", "*")
