"""The registry of index versions and builds, and each tenant's scoring profile."""

import uuid
from dataclasses import fields

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from recommendations.engine.feature_parameters import FeatureParameters
from recommendations.engine.weights import ScoringWeights
from sdr import clock
from sdr.accounts.models import Tenant

_SHARE = (MinValueValidator(0.0), MaxValueValidator(1.0))
_FIELD_WEIGHT = (MinValueValidator(0.0), MaxValueValidator(10.0))
_FIELDS = FeatureParameters().field_weights


class IndexVersion(models.Model):
    """One build of one tenant's index: where its artifact is, what it was made with, whether it serves."""

    class Status(models.TextChoices):
        BUILT = "built"
        ACTIVE = "active"
        RETIRED = "retired"
        REFUSED = "refused"
        WORSE = "worse"

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="index_versions")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.BUILT)
    is_pinned = models.BooleanField(default=False, help_text="Serves until somebody unpins it, whatever is built.")
    refusal = models.TextField(blank=True, help_text="What was wrong with the version when it was to serve.")
    artifact_name = models.CharField(max_length=100)
    checksum = models.CharField(max_length=64, help_text="SHA-256 of the manifest, which holds those of the arrays.")
    parameters = models.JSONField(default=dict)
    n_products = models.PositiveIntegerField()
    artifact_bytes = models.PositiveBigIntegerField(default=0)
    build_seconds = models.FloatField()
    # Everything committed before this transaction id is in the artifact.
    catalogue_marker = models.BigIntegerField()
    offline_metrics = models.JSONField(
        default=dict, blank=True, help_text="By scorer and metric, as fractions: how good its lists are by the archive."
    )
    n_cases = models.PositiveIntegerField(default=0, help_text="On how many cases of the archive that was found.")
    evaluated_at = models.DateTimeField(null=True, blank=True)
    evaluation_note = models.CharField(max_length=200, blank=True, help_text="Why there are no figures.")
    created_at = models.DateTimeField(auto_now_add=True)
    activated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at",)
        constraints = [
            models.UniqueConstraint(fields=["tenant", "artifact_name"], name="recommendations_artifact_per_tenant"),
            models.UniqueConstraint(
                fields=["tenant"], condition=Q(status="active"), name="recommendations_one_active_index_per_tenant"
            ),
            models.CheckConstraint(
                condition=Q(is_pinned=False) | Q(status="active"), name="recommendations_only_what_serves_is_pinned"
            ),
        ]

    def __str__(self) -> str:
        return self.artifact_name


class IndexBuilds(models.QuerySet["IndexBuild"]):
    def living(self) -> "IndexBuilds":
        return self.filter(state=IndexBuild.State.RUNNING, expires_at__gte=Now())

    def silent(self) -> "IndexBuilds":
        """Those that should be running, but whose builder was not heard of."""
        return self.filter(state=IndexBuild.State.RUNNING, expires_at__lt=Now())


class IndexBuild(models.Model):
    """The tenant's build: the one that runs, else the last one.

    While it runs it is a lease: ``token`` is known to the builder alone, who moves ``expires_at`` on. After that
    instant (by Postgres' clock) the builder counts as dead and anybody may take the place. A row and not a session's
    lock, so that it holds behind a pooling proxy, and for many workers at once.
    """

    class State(models.TextChoices):
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    tenant = models.OneToOneField(Tenant, on_delete=models.CASCADE, primary_key=True, related_name="index_build")
    token = models.UUIDField(default=uuid.uuid4)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DONE)
    started_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    step = models.CharField(max_length=20, blank=True)
    n_done = models.PositiveIntegerField(default=0)
    n_total = models.PositiveIntegerField(default=0)
    problem = models.TextField(blank=True, help_text="Why it failed.")
    # Of a build whose row blocks are spread over workers: where its draft is, and which blocks are done.
    draft_name = models.CharField(max_length=100, blank=True)
    catalogue_marker = models.BigIntegerField(default=0)
    n_blocks = models.PositiveIntegerField(default=0)
    blocks_done = ArrayField(models.PositiveIntegerField(), default=list)
    n_attempts = models.PositiveIntegerField(default=0)

    objects = IndexBuilds.as_manager()

    def __str__(self) -> str:
        return f"Build of {self.tenant}"

    @property
    def seconds(self) -> float:
        """How long it has been going on, or took."""
        if self.started_at is None:
            return 0.0
        return ((self.ended_at or clock.now()) - self.started_at).total_seconds()


class OverlaySegment(models.Model):
    """What some products were found to be since a version was built (see ``index.overlay.segment``)."""

    version = models.ForeignKey(IndexVersion, on_delete=models.CASCADE, related_name="segments")
    number = models.PositiveIntegerField()
    # Every change committed before this transaction id is in the version, or in this segment and those before it.
    marker = models.BigIntegerField()
    n_products = models.PositiveIntegerField()
    payload = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("number",)
        constraints = [
            models.UniqueConstraint(fields=["version", "number"], name="recommendations_segment_per_version"),
        ]

    def __str__(self) -> str:
        return f"Segment {self.number} of {self.version_id}"


class ScoringProfile(models.Model):
    """The weights that blend a tenant's scores. Saved values apply to requests within a second."""

    tenant = models.OneToOneField(Tenant, on_delete=models.CASCADE, related_name="scoring_profile")
    content = models.FloatField(
        default=0.8, validators=_SHARE, help_text="Product page: weight of how alike the texts are."
    )
    trend = models.FloatField(
        default=0.2, validators=_SHARE, help_text="Product page: weight of what is hot and well rated."
    )
    behaviour = models.FloatField(
        default=0.25,
        validators=_SHARE,
        help_text="Product page: how much of the score the shopper's own behaviour takes, where it is known.",
    )
    user_behaviour = models.FloatField(
        default=0.8, validators=_SHARE, help_text="User page: weight of the shopper's own behaviour."
    )
    user_trend = models.FloatField(
        default=0.2, validators=_SHARE, help_text="User page: weight of what is hot and well rated."
    )
    recent = models.FloatField(
        default=0.7, validators=_SHARE, help_text="Within behaviour: weight of the products met lately."
    )
    preference = models.FloatField(
        default=0.3, validators=_SHARE, help_text="Within behaviour: weight of the categories the shopper likes."
    )
    recency_decay = models.FloatField(
        default=0.8,
        validators=_SHARE,
        help_text="What each step back in the shopper's recent products leaves of its weight.",
    )
    n_recent = models.PositiveIntegerField(
        default=10, validators=[MaxValueValidator(50)], help_text="How many of the recent products are considered."
    )
    trend_clicks = models.FloatField(default=0.3, validators=_SHARE, help_text="Within the trend: weight of clicks.")
    trend_rating = models.FloatField(default=0.2, validators=_SHARE, help_text="Within the trend: weight of ratings.")
    min_peak_weight = models.FloatField(
        default=5.0,
        validators=[MinValueValidator(0.1)],
        help_text="Clicks of the last hour below which a category's hottest product does not count as a full trend.",
    )
    n_hot_candidates = models.PositiveIntegerField(
        default=200, validators=[MaxValueValidator(200)], help_text="How many of the category's hottest are considered."
    )
    sequence = models.FloatField(
        default=0.6,
        validators=_SHARE,
        help_text="Product page: how much of the score what shoppers went on to takes, where it is known.",
    )
    user_sequence = models.FloatField(
        default=0.5,
        validators=_SHARE,
        help_text="User page: how much of the score what shoppers went on to takes, where it is known.",
    )
    sequence_bought = models.FloatField(
        default=0.5,
        validators=_SHARE,
        help_text="Weight of what was bought together, beside 1 for what was viewed next.",
    )
    n_sequence = models.PositiveIntegerField(
        default=10,
        validators=[MinValueValidator(1), MaxValueValidator(20)],
        help_text="From how many of the products met last it is asked what shoppers went on to.",
    )
    sequence_decay = models.FloatField(
        default=0.5,
        validators=_SHARE,
        help_text="What each step back leaves of what shoppers went on to.",
    )
    min_sequence_weight = models.FloatField(
        default=2.0,
        validators=[MinValueValidator(0.1)],
        help_text="How often shoppers must have gone on to a product lately for it to count in full.",
    )
    field_name = models.FloatField(
        default=_FIELDS["name"],
        validators=_FIELD_WEIGHT,
        help_text="What a word in a product's name counts where texts are compared; from the next index on.",
    )
    field_category = models.FloatField(
        default=_FIELDS["category"], validators=_FIELD_WEIGHT, help_text="A word in its category."
    )
    field_tags = models.FloatField(default=_FIELDS["tags"], validators=_FIELD_WEIGHT, help_text="A tag.")
    field_description = models.FloatField(
        default=_FIELDS["description"], validators=_FIELD_WEIGHT, help_text="A word in its description."
    )
    hide_out_of_stock = models.BooleanField(default=True)
    hide_purchased = models.BooleanField(
        default=True, help_text="Do not show a shopper what the shopper has bought, in no variant."
    )

    def __str__(self) -> str:
        return f"Scoring of {self.tenant}"

    def weights(self) -> ScoringWeights:
        return ScoringWeights(**{field.name: getattr(self, field.name) for field in fields(ScoringWeights)})

    def features(self) -> FeatureParameters:
        """Return how an index is to read texts."""
        return FeatureParameters(field_weights={name: getattr(self, f"field_{name}") for name in _FIELDS})
