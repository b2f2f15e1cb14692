from django.apps import AppConfig


class SdrConfig(AppConfig):
    name = "sdr"
    verbose_name = "Platform"

    def ready(self) -> None:
        from sdr import checks, servers  # noqa: F401  checks register themselves

        servers.register_servers()
