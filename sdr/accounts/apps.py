from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "sdr.accounts"
    label = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        from sdr.accounts import cors  # noqa: F401  listens
        from sdr.accounts.default_tenant import ensure_default_tenant

        # The migration makes it; `manage.py flush`, which empties every table, must not lose it.
        post_migrate.connect(ensure_default_tenant, sender=self)
