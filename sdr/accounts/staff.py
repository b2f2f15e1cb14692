"""What staff may do over REST: Django's permissions, read as scopes."""

from sdr.accounts.callers import Access, Unauthenticated
from sdr.accounts.models import Scope, User

PERMISSIONS = {
    Scope.EVENTS_WRITE: ("events.add_interaction",),
    Scope.RECOMMENDATIONS_READ: ("catalog.view_product",),
    Scope.CATALOG_WRITE: ("catalog.add_product", "catalog.change_product", "catalog.delete_product"),
    Scope.USERS_READ: ("accounts.view_user",),
    Scope.USERS_WRITE: ("accounts.change_user",),
}


def permissions_of(scope: str) -> tuple[str, ...]:
    """Return the permissions that give staff this scope."""
    return PERMISSIONS[Scope(scope)] if scope in PERMISSIONS else ("no permission there is",)


def access_of(user: User) -> Access:
    """Return what ``user``, who is active staff, may do in their tenant; raises Unauthenticated if that is closed."""
    if not user.tenant.is_active:
        raise Unauthenticated("This shop is closed.")
    scopes = frozenset(scope for scope, permissions in PERMISSIONS.items() if user.has_perms(permissions))
    return Access(user.tenant.pk, user.tenant.slug, scopes, name=user.get_username())
