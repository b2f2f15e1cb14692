from django.apps import AppConfig


class IdempotencyConfig(AppConfig):
    name = "sdr.idempotency"
    label = "idempotency"
    verbose_name = "Idempotency keys"
