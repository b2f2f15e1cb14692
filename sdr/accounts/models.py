"""Who is asking: tenants, their staff and shoppers, and the keys of their backends."""

import uuid
from typing import Any

from django.apps import apps
from django.contrib.auth.models import AbstractUser
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models

from sdr.accounts.origins import validate_origin
from sdr.accounts.preferences import validate_preferences
from sdr.accounts.revisions import KEY_TRIGGERS, TENANT_TRIGGERS
from sdr.accounts.triggers import PREFERENCES_TRIGGERS

SALT_BYTES = 32
DEFAULT_TENANT = "default"
# Fixed, and made by the first migration: without a key, nobody has to ask Postgres whom a call is for.
DEFAULT_TENANT_ID = 1


class NewSalt(models.Func):
    """Some 244 random bits, made by Postgres, so that tenants made by SQL have theirs too."""

    template = "sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))"
    output_field = models.BinaryField()


class Tenant(models.Model):
    """One shop. Its slug is part of Redis keys, Kafka messages and artifact paths, so it never changes."""

    slug = models.CharField(
        max_length=50,
        unique=True,
        validators=[RegexValidator(r"^[a-z0-9][a-z0-9-]*$", "Lower-case letters, digits and hyphens only.")],
    )
    name = models.CharField(max_length=200)
    is_active = models.BooleanField(default=True)
    # Secret, and for good: without it, the tombstones of erased shoppers tell nothing, and match nobody.
    tombstone_salt = models.BinaryField(max_length=SALT_BYTES, db_default=NewSalt(), editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("slug",)
        triggers = TENANT_TRIGGERS

    def __str__(self) -> str:
        return self.name


def generated_username() -> str:
    return f"shopper-{uuid.uuid4().hex}"


class User(AbstractUser):
    """Staff who sign in, and shoppers: rows with the shop's own ``external_id`` and no password."""

    username = models.CharField(
        max_length=150, unique=True, default=generated_username, validators=[UnicodeUsernameValidator()]
    )
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="users", default=DEFAULT_TENANT_ID)
    external_id = models.CharField(max_length=200, null=True, blank=True, help_text="The shop's own id of this person.")
    preferences = models.JSONField(default=dict, blank=True, validators=[validate_preferences])

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "external_id"], name="accounts_user_external_id_per_tenant")
        ]
        triggers = PREFERENCES_TRIGGERS

    def __str__(self) -> str:
        return self.external_id or self.username

    def clean(self) -> None:
        super().clean()
        # The constraint says so too, but forms skip it where the tenant is not for the asking.
        namesakes = User.objects.filter(tenant=self.tenant_id, external_id=self.external_id).exclude(pk=self.pk)
        if self.external_id and namesakes.exists():
            raise ValidationError({"external_id": "Another user has this id."})

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.password:
            self.set_unusable_password()
        super().save(*args, **kwargs)

    @property
    def behavior_history(self) -> models.QuerySet[Any]:
        """What this person did, from the archive, newest first: a queryset of ``events.Interaction``."""
        # By name: the platform imports nothing of what stands on it.
        interactions: Any = apps.get_model("events", "Interaction")
        history: models.QuerySet[Any] = interactions.objects.filter(user=self)
        return history.order_by("-occurred_at", "-id")


class PreferencesChange(models.Model):
    """Whose preferences have changed since the copy in Redis was last written; a trigger adds the rows."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    external_id = models.CharField(max_length=200)

    class Meta:
        indexes = [models.Index(fields=["tenant", "id"], name="accounts_prefs_change_by_order")]

    def __str__(self) -> str:
        return f"Preferences changed, {self.pk}"


class Tombstone(models.Model):
    """A shopper who was erased, without the name: what was received until then is nobody's.

    ``name_hash``: SHA-256 of the tenant's salt and the name, ``u:<user id>`` or ``s:<session id>``.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="tombstones", db_index=False)
    name_hash = models.BinaryField(max_length=32)
    erased_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "name_hash"], name="accounts_tombstone_once")]

    def __str__(self) -> str:
        return f"{bytes(self.name_hash).hex()[:12]}…, {self.erased_at}"


class Scope(models.TextChoices):
    """What a key may do."""

    EVENTS_WRITE = "events:write"
    RECOMMENDATIONS_READ = "recommendations:read"
    CATALOG_WRITE = "catalog:write"
    USERS_READ = "users:read"
    USERS_WRITE = "users:write"


# What a key that anybody can read in a page's source may do, whatever scopes it was given.
PUBLIC_SCOPES = frozenset({Scope.EVENTS_WRITE, Scope.RECOMMENDATIONS_READ})


class ApiKey(models.Model):
    """A key of one tenant's backend. Only its SHA-256 is kept: the key itself is shown once, when it is made."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=200, blank=True, help_text="What it is for, to tell it by.")
    prefix = models.CharField(max_length=12, editable=False, help_text="How the key begins, to tell it by.")
    hashed_key = models.CharField(max_length=64, unique=True, editable=False)
    previous_hashed_key = models.CharField(max_length=64, null=True, unique=True, editable=False)
    previous_expires_at = models.DateTimeField(
        null=True, editable=False, help_text="Until when the secret before the last rotation still opens doors."
    )
    scopes = ArrayField(models.CharField(max_length=50, choices=Scope.choices))
    is_public = models.BooleanField(
        "public",
        default=False,
        help_text="Public keys may stand in a browser's page: they send events and read recommendations, nothing else.",
    )
    allowed_origins = ArrayField(
        models.CharField(max_length=200, validators=[validate_origin]),
        default=list,
        blank=True,
        help_text="The pages that may use the key, as https://shop.example with commas between them. None: any page.",
    )
    rate_limit = models.PositiveIntegerField(
        null=True, blank=True, help_text="Calls a second. Empty: RATE_LIMIT_KEY. 0: no limit."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ("-created_at",)
        verbose_name = "API key"
        triggers = KEY_TRIGGERS

    def __str__(self) -> str:
        return f"{self.prefix}… ({self.name or self.tenant.slug})"

    def clean(self) -> None:
        super().clean()
        if self.is_public and not PUBLIC_SCOPES.issuperset(self.scopes or ()):
            allowed = " and ".join(sorted(PUBLIC_SCOPES))
            raise ValidationError({"scopes": f"A public key may have {allowed} only."})


class AccessRevision(models.Model):
    """One row that moves on with every change to keys and tenants, so that looking for news is one small query.

    ``incarnation`` is the row's own: whoever empties the tables cannot bring an old revision back.
    """

    incarnation = models.UUIDField(default=uuid.uuid4)
    revision = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.incarnation}/{self.revision}"
