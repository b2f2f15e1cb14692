from django.apps import AppConfig


class SdrConfig(AppConfig):
    name = "sdr"
    verbose_name = "Platform"

    def ready(self) -> None:
        from sdr import checks  # noqa: F401  registers itself
