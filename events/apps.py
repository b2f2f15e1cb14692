from django.apps import AppConfig


class EventsConfig(AppConfig):
    name = "events"

    def ready(self) -> None:
        from django.db.models.signals import post_delete, post_save

        from events.models import Shopper
        from events.shoppers.preferences import copy_after_commit
        from sdr.accounts.models import User

        for signal in (post_save, post_delete):
            signal.connect(copy_after_commit, sender=User)
            signal.connect(copy_after_commit, sender=Shopper)
