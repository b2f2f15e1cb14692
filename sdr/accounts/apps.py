from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "sdr.accounts"
    label = "accounts"
    verbose_name = "Accounts"
