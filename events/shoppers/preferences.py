"""What a shopper likes and hides, read and changed by the shop."""

from functools import partial
from typing import Any

from django.db import transaction

from events.shoppers.copying import copy_soon
from sdr.accounts import preferences
from sdr.accounts.models import Tenant, User


def preferences_of(tenant_id: int, external_id: str) -> dict[str, Any]:
    """Return all three preferences; a stranger's are empty."""
    stored = User.objects.filter(tenant=tenant_id, external_id=external_id).values_list("preferences", flat=True)
    return preferences.complete(stored.first() or {})


@transaction.atomic
def change_preferences(tenant_id: int, external_id: str, patch: Any) -> dict[str, Any]:
    """Merge ``patch`` into the user's preferences and return them; a stranger becomes a user.

    They hold from the next request on; if Redis is away, a few seconds after it is back. Raises InvalidInput naming
    the field, and then nothing has changed.
    """
    User.objects.get_or_create(tenant_id=tenant_id, external_id=external_id)
    user = User.objects.select_for_update().get(tenant_id=tenant_id, external_id=external_id)
    user.preferences = preferences.merge(user.preferences, patch)
    user.save(update_fields=["preferences"])
    return preferences.complete(user.preferences)


def copy_after_commit(instance: User, **_kwargs: Any) -> None:
    """Receive the signals of saved and deleted users: whoever changed them, the copy follows at once."""
    if instance.external_id is not None:
        tenant: Tenant = instance.tenant
        transaction.on_commit(partial(copy_soon, tenant))
