from typing import Any

from django.apps import AppConfig, apps
from django.contrib import admin
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core import checks
from django.db.models.signals import post_migrate


class SdrConfig(AppConfig):
    name = "sdr"
    default = True
    verbose_name = "Platform"

    def ready(self) -> None:
        from sdr import checks, servers  # noqa: F401  checks register themselves
        from sdr.schedule import ensure_schedule

        servers.register_servers()
        # The signal is sent for apps with models; these are the ones that the schedule consists of.
        post_migrate.connect(ensure_schedule, sender=apps.get_app_config("django_celery_beat"))


class AdminConfig(SimpleAdminConfig):
    """The admin, whose pages urls.py looks for, and checks of them do: who serves none does without."""

    def ready(self) -> None:
        checks.register(check_dependencies, checks.Tags.admin)
        checks.register(check_admin_pages, checks.Tags.admin)


def check_admin_pages(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    admin.autodiscover()
    return check_admin_app(app_configs, **kwargs)
