"""Answers, kept for callers that ask again."""

from django.db import models

from sdr.accounts.models import Tenant


class StoredAnswer(models.Model):
    """What a write with an ``Idempotency-Key`` was answered. ``request_digest`` tells whether it is the same write.

    ``about``: the shopper it was about, as tombstones call them, so that an erasure finds what was answered; else null.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    request_digest = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField(default=dict)
    body = models.BinaryField()
    about = models.BinaryField(max_length=32, null=True)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "key"], name="idempotency_key_per_tenant")]
        indexes = [models.Index(fields=["about"], name="idempotency_about", condition=~models.Q(about=None))]

    def __str__(self) -> str:
        return f"{self.key}: {self.status}"
