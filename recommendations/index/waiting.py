"""Waiting for the first index, which another process may be building."""

import threading
from collections.abc import Callable

from recommendations.index import registry
from recommendations.models import IndexBuild
from sdr.accounts.models import Tenant

POLL_SECONDS = 0.5


def wait_for_index(tenant: Tenant, say: Callable[[str], object]) -> bool:
    """Return whether an index serves. While a builder lives, wait for it; one that was killed counts as dead soon."""
    pause = threading.Event()
    has_said = False
    while not registry.active_version(tenant.slug):
        if not IndexBuild.objects.living().filter(tenant=tenant).exists():
            return False
        if not has_said:
            say("Another process is building this index, or was killed at it; waiting.")
            has_said = True
        pause.wait(POLL_SECONDS)
    return True
