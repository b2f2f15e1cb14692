"""What Postgres keeps of events: the archive, how far it was written, and which dead letters were sent again."""

from django.contrib.postgres.indexes import BrinIndex
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from catalog.models import Product
from events.kinds import TREND_WEIGHTS, Kind
from sdr import clock
from sdr.accounts.models import Tenant, User
from sdr.accounts.preferences import is_storable

_WEIGHT = (MinValueValidator(0.0), MaxValueValidator(1000.0))


def kind_choices() -> list[tuple[str, str]]:
    return [(kind.value, kind.value) for kind in Kind]


class TrendWeights(models.Model):
    """What a tenant's events weigh in its trends, in clicks. Saved values count for events that come later."""

    tenant = models.OneToOneField(Tenant, on_delete=models.CASCADE, related_name="trend_weights")
    view = models.FloatField(default=TREND_WEIGHTS[Kind.VIEW], validators=_WEIGHT)
    click = models.FloatField(default=TREND_WEIGHTS[Kind.CLICK], validators=_WEIGHT)
    wishlist = models.FloatField(default=TREND_WEIGHTS[Kind.WISHLIST], validators=_WEIGHT)
    add_to_cart = models.FloatField(default=TREND_WEIGHTS[Kind.ADD_TO_CART], validators=_WEIGHT)
    purchase = models.FloatField(default=TREND_WEIGHTS[Kind.PURCHASE], validators=_WEIGHT)

    class Meta:
        verbose_name_plural = "trend weights"

    def __str__(self) -> str:
        return f"Trend weights of {self.tenant}"

    def weights(self) -> dict[Kind, float]:
        return {kind: getattr(self, kind.value) for kind in TREND_WEIGHTS}


class Shopper(User):
    """A user as the shop knows one; in the admin, apart from those who sign in there."""

    class Meta:
        proxy = True

    def clean(self) -> None:
        super().clean()
        if not is_storable(self.external_id or ""):
            raise ValidationError({"external_id": "It contains a NUL character."})


class PreferencesCopy(models.Model):
    """How often a tenant's preferences were copied to Redis, which keeps the same number while it has them all."""

    tenant = models.OneToOneField(Tenant, on_delete=models.CASCADE, primary_key=True, related_name="+")
    n_writes = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.tenant}: {self.n_writes}"


class PendingAct(models.Model):
    """What a shop decided about a shopper (a merge, an erasure), until every store has it.

    ``message`` names the shopper; the row goes within a minute, or as soon as the servers are back.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    message = models.TextField(help_text="As it travels through Kafka.")
    is_in_redis = models.BooleanField(default=False)
    is_in_kafka = models.BooleanField(default=False)
    made_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"Act {self.pk}"


class SessionMerge(models.Model):
    """A session whose shopper signed in. A rebuild gives the user what the session did, as long as it is remembered."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    session_id = models.CharField(max_length=200)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="session_merges")
    merged_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "session_id", "user"], name="events_session_merge_once")
        ]
        indexes = [models.Index(fields=["tenant", "merged_at"], name="events_session_merge_by_time")]

    def __str__(self) -> str:
        return f"{self.session_id}, {self.merged_at}"


class Interaction(models.Model):
    """One event, as it was archived; rows are only ever added. Postgres keeps one partition a month.

    No foreign key binds a row: checking three a row would cost more than writing it, and a product that was deleted
    must not fail a batch. The keys that Postgres does hold all contain ``occurred_at``, as a partitioned table asks.
    """

    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    event_id = models.UUIDField()
    kind = models.CharField(max_length=20, choices=kind_choices)
    product = models.ForeignKey(
        Product,
        models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
        null=True,
        help_text="Empty while no product has the SKU that the event named.",
    )
    sku = models.CharField(max_length=100, null=True, help_text="What the event named, if it named no id.")
    user = models.ForeignKey(User, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False, null=True)
    session_id = models.CharField(max_length=200, null=True)
    value = models.FloatField(null=True, help_text="The stars of a rating.")
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField()
    recommendation_id = models.CharField(max_length=200, null=True)
    position = models.PositiveIntegerField(null=True)
    # Where it stood in Kafka.
    topic = models.CharField(max_length=249)
    incarnation = models.CharField(max_length=50)
    partition = models.PositiveIntegerField()
    offset = models.BigIntegerField()

    class Meta:
        ordering = ("-occurred_at",)
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "event_id", "occurred_at"], name="events_interaction_once_per_tenant"
            )
        ]
        indexes = [
            models.Index(fields=["occurred_at"], name="events_interaction_by_time"),
            models.Index(fields=["user", "occurred_at"], name="events_interaction_by_user", condition=~Q(user=None)),
            models.Index(
                fields=["session_id", "occurred_at"],
                name="events_interaction_by_session",
                condition=~Q(session_id=None),
            ),
            # Few rows: those whose SKU no product has yet.
            models.Index(fields=["tenant", "sku"], name="events_interaction_unadopted", condition=Q(product=None)),
            # Rows come nearly in the order of offsets, so that a few ranges of pages tell where some of them are. Of
            # many values a range: the partitions' offsets lie side by side, and far apart.
            BrinIndex(
                fields=["offset"],
                name="events_interaction_by_offset",
                opclasses=["int8_minmax_multi_ops"],
                pages_per_range=64,
                autosummarize=True,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.event_id}"


class ArchiveOffset(models.Model):
    """How far the archive has come in one log: everything below ``next`` is in it. Moved with what it describes."""

    log = models.CharField(max_length=350, primary_key=True, help_text="topic@incarnation/partition")
    next = models.BigIntegerField()
    began_at = models.DateTimeField(default=clock.now, help_text="When the archive met this log.")

    def __str__(self) -> str:
        return f"{self.log}: {self.next}"


class ArchiveGap(models.Model):
    """Offsets that Kafka had deleted before they were archived: from ``first``, below ``next``."""

    log = models.CharField(max_length=350, help_text="topic@incarnation/partition")
    first = models.BigIntegerField()
    next = models.BigIntegerField()
    found_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [models.Index(fields=["log", "first"], name="events_archive_gap_by_log")]

    def __str__(self) -> str:
        return f"{self.log}: {self.first} to {self.next - 1}"


class ReplayedDeadLetter(models.Model):
    """A dead letter that was sent again, by where its message first stood, so that no second run sends it once more."""

    log = models.CharField(max_length=350, help_text="topic@incarnation/partition")
    offset = models.BigIntegerField()
    replayed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["log", "offset"], name="events_dead_letter_replayed_once")]

    def __str__(self) -> str:
        return f"{self.log}, offset {self.offset}"
