"""Which version is active, written beside the artifacts: a process that starts while Postgres is down needs it."""

from django.core.files.base import ContentFile
from django.core.files.storage import storages

from recommendations.index import store


def write(tenant: str, version: str) -> None:
    store.put(f"{tenant}/active", ContentFile(version.encode()))


def read(tenant: str) -> str | None:
    """Return the version's name, None if there never was one."""
    name = f"{tenant}/active"
    if not storages["index"].exists(name):
        return None
    with storages["index"].open(name) as file:
        return file.read().decode() or None
