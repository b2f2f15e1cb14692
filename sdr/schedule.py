"""What Celery beat does by itself: rows that staff edit in the admin, made once where they are missing."""

from typing import Any

from django.apps.registry import Apps
from django.apps.registry import apps as current_apps
from django.conf import settings


def ensure_schedule(*, using: str, apps: Apps = current_apps, **_kwargs: Any) -> None:
    """Make the entries of ``SCHEDULE``. Called after each ``migrate``; one that is there stays as staff have it."""
    if "periodictask" not in apps.all_models["django_celery_beat"]:  # migrated back to nothing
        return
    tasks = apps.get_model("django_celery_beat", "PeriodicTask").objects.using(using)
    intervals = apps.get_model("django_celery_beat", "IntervalSchedule").objects.using(using)
    crontabs = apps.get_model("django_celery_beat", "CrontabSchedule").objects.using(using)
    there = set(tasks.filter(name__in=settings.SCHEDULE).values_list("name", flat=True))
    for name, entry in settings.SCHEDULE.items():
        if name not in there:
            when: dict[str, Any] = {}
            if "daily_at" in entry:
                hour, minute = entry["daily_at"]
                when["crontab"], _ = crontabs.get_or_create(
                    hour=hour, minute=minute, day_of_week="*", day_of_month="*", month_of_year="*", timezone="UTC"
                )
            else:
                when["interval"], _ = intervals.get_or_create(every=entry["seconds"], period="seconds")
            tasks.create(name=name, task=entry["task"], description=entry["description"], **when)
