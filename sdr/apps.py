from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class SdrConfig(AppConfig):
    name = "sdr"
    verbose_name = "Platform"

    def ready(self) -> None:
        from sdr import checks, servers  # noqa: F401  checks register themselves
        from sdr.schedule import ensure_schedule

        servers.register_servers()
        # The signal is sent for apps with models; these are the ones that the schedule consists of.
        post_migrate.connect(ensure_schedule, sender=apps.get_app_config("django_celery_beat"))
