"""The registry of index versions, and each tenant's scoring profile."""

from dataclasses import fields

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from recommendations.engine.weights import ScoringWeights
from sdr.accounts.models import Tenant

_SHARE = (MinValueValidator(0.0), MaxValueValidator(1.0))


class IndexVersion(models.Model):
    """One build of one tenant's index: where its artifact is, what it was made with, whether it serves."""

    class Status(models.TextChoices):
        BUILT = "built"
        ACTIVE = "active"
        RETIRED = "retired"

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="index_versions")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.BUILT)
    artifact_name = models.CharField(max_length=100)
    checksum = models.CharField(max_length=64, help_text="SHA-256 of the manifest, which holds those of the arrays.")
    parameters = models.JSONField(default=dict)
    n_products = models.PositiveIntegerField()
    build_seconds = models.FloatField()
    # Everything committed before this transaction id is in the artifact.
    catalogue_marker = models.BigIntegerField()
    offline_metrics = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    activated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at",)
        constraints = [
            models.UniqueConstraint(fields=["tenant", "artifact_name"], name="recommendations_artifact_per_tenant"),
            models.UniqueConstraint(
                fields=["tenant"], condition=Q(status="active"), name="recommendations_one_active_index_per_tenant"
            ),
        ]

    def __str__(self) -> str:
        return self.artifact_name


class ScoringProfile(models.Model):
    """The weights that blend a tenant's scores. Saved values apply to requests within a second."""

    tenant = models.OneToOneField(Tenant, on_delete=models.CASCADE, related_name="scoring_profile")
    content = models.FloatField(default=0.8, validators=_SHARE, help_text="Weight of how alike the texts are.")
    trend = models.FloatField(default=0.2, validators=_SHARE, help_text="Weight of what is hot and well rated.")
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
    hide_out_of_stock = models.BooleanField(default=True)

    def __str__(self) -> str:
        return f"Scoring of {self.tenant}"

    def weights(self) -> ScoringWeights:
        return ScoringWeights(**{field.name: getattr(self, field.name) for field in fields(ScoringWeights)})
