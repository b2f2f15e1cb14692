"""What concerns shoppers and could not be done at once."""

from celery import shared_task

from events.shoppers.settling import settle


@shared_task
def settle_shoppers() -> None:
    """Bring Redis and Kafka up to date with what shops decided. Celery beat calls this every few seconds."""
    settle()
